"""Releases: the published months. Publish one, mend what is derived from the register, open one, compare two.

What belongs here: the files under `<home>/published` and `<home>/review`, and what of earlier months a close reads again. What does not:
who may see which rows (`scope.py`), when a month may be published (`orchestration/close.py`), what was published and approved
(`register.py`), and what the numbers follow from (`fingerprint.py`).

The register's row is the act of publishing. A release's file stands complete under its own name before that row is written; `releases.csv`
and then `CURRENT` follow from it. So a process killed at any instant leaves the earlier release in force, or the new one, whole; what it
leaves lying about, `mend` clears away under the lock of the home, at the beginning of the next command that writes.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from warehouse.errors import ReleaseError
from warehouse.periods import Period
from warehouse.register import Register, ReleaseRow
from warehouse.settings import Settings
from warehouse.shapes import TableShape, reporting_shapes, tables_read_from_earlier_releases

# What every release holds, whatever else joins it.
CONTRACTED_TABLES = (
    "release_info",
    "indicator_values",
    "institution_values",
    "measure_values",
    "report_cells",
    "check_results",
    "headcount_bridge",
    "duplicate_cases",
    "deliveries",
)
# A release's own name, time and versions differ between any two releases and say nothing about a number.
_BOOKKEEPING = {"release_info": {"release", "built_at", "code_version", "rule_set_version", "warehouse_fingerprint"}}
_LISTING = ("period", "release", "state", "built_at", "sha256")


@dataclass(frozen=True)
class CellDifference:
    """One cell that two releases show differently.

    Attributes:
        table: of schema `reporting`.
        keys: the row, by the columns of its grain.
        column: which cell of the row; None where a table without a grain has the row in one of the two alone.
        old: what the first release shows; None where it is null or has no such row.
        new: what the second shows.
    """

    table: str
    keys: tuple[tuple[str, object], ...]
    column: str | None
    old: object
    new: object

    @property
    def key(self) -> str:
        """The cell in words: `period=2025-06 division_code=990100 … value`."""
        named = " ".join(f"{name}={'' if value is None else value}" for name, value in self.keys)
        return f"{named} {self.column}" if self.column else named


# Publishing


def publish(
    settings: Settings,
    register: Register,
    con: duckdb.DuckDBPyConnection,
    period: Period,
    *,
    fingerprint: str,
    code_version: str,
    rule_set_version: str,
    without: tuple[str, ...],
    in_force: tuple[str, ...],
    who: str,
    run: str,
) -> ReleaseRow:
    """Publish what stands in schema `reporting` of the working warehouse as the month's next release.

    The caller holds the lock of the home, and has called `mend` and `attach_earlier` under it.

    Args:
        settings: the home.
        register: open for writing.
        con: the working warehouse.
        period: the month.
        fingerprint: of everything that the numbers follow from.
        code_version: of the code.
        rule_set_version: of seeds and rules.
        without: offices that the month was closed without.
        in_force: offices whose accepted delivery was used although a newer one was refused.
        who: the person who publishes.
        run: the run that publishes.

    Returns:
        The release, in force.

    Raises:
        ReleaseError: the working warehouse holds another month, or not what a release must hold.
    """
    tables = _tables(con, "reporting")
    _refuse_unfit(con, tables, period)
    earlier = _attached(con)
    in_force_now = _earlier_in_force(register, period)
    if earlier != [row.release for row in in_force_now]:
        message = (
            f"{period}: the working warehouse rests on {', '.join(earlier) or 'no earlier release'}, but in force are "
            f"{', '.join(row.release for row in in_force_now) or 'none'}: close {period} again"
        )
        raise ReleaseError(message)
    number = register.next_number(str(period))
    release = f"{period}-r{number:02d}"
    built_at = datetime.now(UTC).replace(microsecond=0)
    path = settings.published / f"{release}.duckdb"
    _write_database(con, settings.review / path.name, "review", _tables(con, "review"), mode=0o440)
    info = {
        "release": release,
        "built_at": built_at.replace(tzinfo=None),
        "code_version": code_version,
        "rule_set_version": rule_set_version,
        "warehouse_fingerprint": fingerprint,
    }
    _write_database(con, path, "reporting", tables, mode=0o444, release_info=info)
    row = register.publish(
        period=str(period),
        release=release,
        number=number,
        file=path.name,
        sha256=sha256_of(path),
        built_at=built_at.isoformat(),
        warehouse_fingerprint=fingerprint,
        code_version=code_version,
        rule_set_version=rule_set_version,
        without=without,
        in_force=in_force,
        earlier_releases=tuple(earlier),
        who=who,
        run=run,
    )
    _derive(settings, register)
    return row


def _tables(con: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    found = con.execute(
        "select table_name from information_schema.tables "
        "where table_catalog = current_database() and table_schema = ? order by table_name",
        [schema],
    ).fetchall()
    return [name for (name,) in found]


def _refuse_unfit(con: duckdb.DuckDBPyConnection, tables: list[str], period: Period) -> None:
    missing = [table for table in CONTRACTED_TABLES if table not in tables]
    if missing:
        message = f"{period}: the working warehouse has no table reporting.{', reporting.'.join(missing)}, which every release holds"
        raise ReleaseError(message)
    months = [month for (month,) in con.execute("select period from reporting.release_info").fetchall()]
    if months != [str(period)]:
        message = (
            f"{period}: reporting.release_info is about {', '.join(str(month) for month in months) or 'no month'}: close {period} again"
        )
        raise ReleaseError(message)


def _write_database(
    con: duckdb.DuckDBPyConnection, path: Path, schema: str, tables: list[str], *, mode: int, release_info: dict[str, object] | None = None
) -> None:
    """Copy the tables of a schema into a new file, rows in order of their columns, and put it under its name when it is safely on disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    _remove(temporary)
    con.execute(f"attach {_literal(temporary)} as release_written")
    try:
        # One transaction waits for the disk once, not once for each table.
        with _transaction(con):
            con.execute(f"create schema release_written.{_name(schema)}")
            for table in tables:
                _copy_table(con, schema, table, release_info or {} if table == "release_info" else {})
        con.execute("checkpoint release_written")
    except BaseException:
        con.execute("detach release_written")
        _remove(temporary)
        raise
    con.execute("detach release_written")
    if _log_of(temporary).exists():
        message = (
            f"{path.name}: its write-ahead log was not folded into the file, so the file alone would not be whole; nothing is published"
        )
        raise ReleaseError(message)
    temporary.chmod(mode)
    _settle(temporary, path)


def _copy_table(con: duckdb.DuckDBPyConnection, schema: str, table: str, replaced: dict[str, object]) -> None:
    columns = ", ".join(
        f"cast(${column} as {'timestamp' if column == 'built_at' else 'varchar'}) as {_name(column)}" for column in replaced
    )
    # A grain stands first in every table, so this is the order of the grain, and of the whole row where none is declared.
    con.execute(
        f"create table release_written.{_name(schema)}.{_name(table)} as "
        f"select * {f'replace ({columns})' if columns else ''} from {_name(schema)}.{_name(table)} order by all",
        replaced,
    )


@contextmanager
def _transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    con.execute("begin transaction")
    try:
        yield
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit")


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _settle(temporary: Path, path: Path) -> None:
    """Onto the disk, then under its name, then the name onto the disk."""
    _sync(temporary)
    temporary.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.wal")


def _remove(path: Path) -> None:
    for one in (path, _log_of(path)):
        one.unlink(missing_ok=True)


# What follows from the register


def mend(settings: Settings, register: Register) -> tuple[str, ...]:
    """Bring `releases.csv` and `CURRENT` to what the register says, and clear away what a publish that was cut short has left.

    The caller holds the lock of the home: a file half written by a publish that is still at work would be taken for one left behind.

    Returns:
        What was mended, one sentence each; empty where everything stood as it should.

    Raises:
        ReleaseError: a published release is missing or is not the file that was published, or the register does not know of releases that
            were published: a backup must be restored before anything else is written.
    """
    rows = register.releases()
    _refuse_forgotten(settings, {row.release for row in rows})
    for row in rows:
        path = settings.published / row.file
        if row.is_in_force:
            _verify(path, row)
        elif not path.exists():
            raise ReleaseError(_is_missing(path, row))
    return (*_clear_away(settings, {row.file for row in rows}), *_derive(settings, register))


def _refuse_forgotten(settings: Settings, known: set[str]) -> None:
    listed = {line["release"] for line in _listed(settings)}
    current = _current(settings)
    forgotten = sorted((listed | ({Path(current).stem} if current else set())) - known)
    if forgotten:
        message = (
            f"{settings.register} does not know of {', '.join(forgotten)}, which {settings.published} lists as published: "
            "restore the register from the backup made after that"
        )
        raise ReleaseError(message)


def _verify(path: Path, row: ReleaseRow) -> None:
    if not path.exists():
        raise ReleaseError(_is_missing(path, row))
    found = sha256_of(path)
    if found != row.sha256:
        message = (
            f"{path}: its sha256 is {found}, but {row.release} was published with {row.sha256}: the file was changed or damaged since; "
            "restore it from the backup"
        )
        raise ReleaseError(message)


def _is_missing(path: Path, row: ReleaseRow) -> str:
    return f"{path} is missing, but {row.release} was published on {row.built_at[:10]} and must stay readable: restore it from the backup"


def _clear_away(settings: Settings, published: set[str]) -> list[str]:
    """Files of a publish that was cut short: temporary ones, and those that no row of the register followed."""
    cleared = []
    for folder in (settings.published, settings.review):
        if not folder.exists():
            continue
        for path in sorted(folder.glob(".*.tmp*")):
            path.unlink()
            cleared.append(f"{path.name}: left half written, removed")
        unpublished = [path for path in sorted(folder.glob("*.duckdb")) if path.name not in published]
        if len(unpublished) > 1:
            # A publish that is cut short leaves one such file and is cleared away before the next begins; several are no such accident.
            message = (
                f"{settings.register} does not know of {', '.join(path.name for path in unpublished)} in {folder}: "
                "restore the register from the backup made after they were published, or move the files away"
            )
            raise ReleaseError(message)
        for path in unpublished:
            _remove(path)
            cleared.append(f"{path.name}: written but never published, removed")
    return cleared


def _derive(settings: Settings, register: Register) -> list[str]:
    """Write `releases.csv`, then `CURRENT`, each where it differs from what the register says."""
    rows = register.releases()
    if not rows:
        return []
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_LISTING)
    writer.writerows([getattr(row, column) for column in _LISTING] for row in rows)
    newest = next(row for row in reversed(rows) if row.is_in_force)
    written = []
    for name, content in (("releases.csv", text.getvalue()), ("CURRENT", newest.file)):
        path = settings.published / name
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            _replace_text(path, content)
            written.append(f"{name}: brought to what the register says")
    return written


def _replace_text(path: Path, content: str) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(content, encoding="utf-8", newline="")
    temporary.chmod(0o644)
    _settle(temporary, path)


def _listed(settings: Settings) -> list[dict[str, str]]:
    path = settings.published / "releases.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _current(settings: Settings) -> str | None:
    with suppress(FileNotFoundError):
        return (settings.published / "CURRENT").read_text(encoding="utf-8").strip()
    return None


# Earlier months


def attach_earlier(con: duckdb.DuckDBPyConnection, settings: Settings, register: Register, period: Period) -> list[str]:
    """Fill schema `published` of the working warehouse: rows of earlier months, each month from its own release in force.

    Tables have the shapes of their namesakes in `reporting` and stand there empty where no earlier month is closed. Of a table with a
    column `period` the months from January of last year are taken, of each release its own month alone. A table without one (the
    duplicate cases as each month saw them) is taken whole, of every earlier month, with the month in a further column `release_period`.

    Returns:
        The releases copied from, by month; `publish` records them.

    Raises:
        ReleaseError: a release in force is missing or is not the file that was published.
    """
    rows = _earlier_in_force(register, period)
    shapes = reporting_shapes(settings.dbt_project)
    tables = [shapes[name] for name in tables_read_from_earlier_releases(settings.dbt_project) if name in shapes]
    oldest = f"{period.year - 1}-01"
    attached: list[str] = []
    try:
        for row in rows:
            path = settings.published / row.file
            _verify(path, row)
            con.execute(f"attach {_literal(path)} as {_name(row.release)} (read_only)")
            attached.append(row.release)
        with _transaction(con):
            con.execute("create schema if not exists published")
            con.execute("create or replace table published.attached_releases (period varchar, release varchar, sha256 varchar)")
            for row in rows:
                con.execute("insert into published.attached_releases values (?, ?, ?)", [row.period, row.release, row.sha256])
            for shape in tables:
                has_period = "period" in shape.columns
                columns = {**shape.columns, **({} if has_period else {"release_period": "varchar"})}
                listed = ", ".join(f"{_name(column)} {kind}" for column, kind in columns.items())
                con.execute(f"create or replace table published.{_name(shape.name)} ({listed})")
                for row in rows:
                    if not has_period or row.period >= oldest:
                        _copy_month(con, shape, row, has_period=has_period)
    finally:
        for release in attached:
            con.execute(f"detach {_name(release)}")
    return [row.release for row in rows]


def _copy_month(con: duckdb.DuckDBPyConnection, shape: TableShape, row: ReleaseRow, *, has_period: bool) -> None:
    # An older release may lack a column, or a table, that joined later: it is null there.
    present = _columns(con, row.release, shape.name)
    taken = ", ".join(_name(column) for column in shape.columns if column in present)
    if taken:
        con.execute(
            f"insert into published.{_name(shape.name)} by name select {taken}{'' if has_period else ', $period as release_period'} "
            f"from {_name(row.release)}.reporting.{_name(shape.name)} {'where period = $period' if has_period else ''}",
            {"period": row.period},
        )


def _earlier_in_force(register: Register, period: Period) -> list[ReleaseRow]:
    return [row for month, row in register.all_in_force().items() if month < str(period)]


def _attached(con: duckdb.DuckDBPyConnection) -> list[str]:
    if "attached_releases" not in _tables(con, "published"):
        message = (
            "the working warehouse was not told which earlier releases it rests on (published.attached_releases): close the month again"
        )
        raise ReleaseError(message)
    return [release for (release,) in con.execute("select release from published.attached_releases order by period").fetchall()]


# Reading


def find_release(settings: Settings, which: str | Period | None = None) -> ReleaseRow:
    """The release meant: by name (`2025-06-r01`), by month (its release in force), or the newest month's.

    Raises:
        ReleaseError: there is none.
    """
    text = None if which is None else str(which).removesuffix(".duckdb")
    with Register(settings.register, read_only=True) as register:
        if text is None:
            row = next(reversed(register.all_in_force().values()), None)
        elif "-r" in text:
            row = next((one for one in register.releases() if one.release == text), None)
        else:
            row = register.in_force(text)
        if row is not None:
            return row
        standing = ", ".join(one.release for one in register.releases())
    wanted = "no month is closed yet" if text is None else f"{text}: no such release"
    message = f"{settings.home}: {wanted}; published are: {standing or 'none'}"
    raise ReleaseError(message)


def open_release(settings: Settings, which: str | Period | None = None) -> duckdb.DuckDBPyConnection:
    """A read-only connection to a release, for one query or a few; close it, or use it in a `with`.

    Raises:
        ReleaseError: there is no such release, or its file is missing.
    """
    row = find_release(settings, which)
    path = settings.published / row.file
    if not path.exists():
        raise ReleaseError(_is_missing(path, row))
    return duckdb.connect(str(path), read_only=True)


def diff(settings: Settings, old: str, new: str) -> list[CellDifference]:
    """Every cell that two releases show differently, over all their tables, by table, row and column.

    Whether a month was computed or copied makes no difference, nor do a release's own name, time and versions. A row that one of the two
    lacks differs in each cell that is not null.

    Raises:
        ReleaseError: one of them does not exist.
    """
    rows = [find_release(settings, name) for name in (old, new)]
    if rows[0].release == rows[1].release:
        return []
    shapes = reporting_shapes(settings.dbt_project)
    with duckdb.connect(":memory:") as con:
        for alias, row in zip(("old", "new"), rows, strict=True):
            path = settings.published / row.file
            if not path.exists():
                raise ReleaseError(_is_missing(path, row))
            con.execute(f"attach {_literal(path)} as release_{alias} (read_only)")
        tables = [
            name
            for (name,) in con.execute(
                "select distinct table_name from information_schema.tables "
                "where table_schema = 'reporting' and table_catalog in ('release_old', 'release_new') order by table_name"
            ).fetchall()
        ]
        differences: list[CellDifference] = []
        for table in tables:
            grain = shapes[table].grain if table in shapes else ()
            differences += _differences(con, table, grain)
    return differences


def _differences(con: duckdb.DuckDBPyConnection, table: str, grain: tuple[str, ...]) -> list[CellDifference]:
    sides = {alias: _columns(con, f"release_{alias}", table) for alias in ("old", "new")}
    # A table or column that joined later is compared with nulls of its own type.
    columns = {**sides["old"], **sides["new"]}
    for alias, present in sides.items():
        selected = ", ".join(
            _name(column) if column in present else f"cast(null as {kind}) as {_name(column)}" for column, kind in columns.items()
        )
        other = "new" if alias == "old" else "old"
        source = f"release_{alias if present else other}.reporting.{_name(table)} {'' if present else 'where false'}"
        con.execute(f"create or replace temp view side_{alias} as select {selected if present else '*'} from {source}")
    if not grain or not set(grain) <= set(columns):
        return _rows_in_one_alone(con, table, tuple(columns))
    compared = [column for column in columns if column not in grain and column not in _BOOKKEEPING.get(table, set())]
    if not compared:
        return []
    on = " and ".join(f"side_old.{_name(column)} is not distinct from side_new.{_name(column)}" for column in grain)
    keys = ", ".join(f"coalesce(side_new.{_name(column)}, side_old.{_name(column)}) as {_name(column)}" for column in grain)
    cells = ", ".join(
        f"side_old.{_name(column)} as {_name(f'old {column}')}, side_new.{_name(column)} as {_name(f'new {column}')}" for column in compared
    )
    differs = " or ".join(_differs(column, f"side_old.{_name(column)}", f"side_new.{_name(column)}") for column in compared)
    con.execute(
        f"create or replace temp table differing as select {keys}, {cells} from side_old full outer join side_new on {on} where {differs}"
    )
    listed = ", ".join(_name(column) for column in grain)
    found: list[tuple[tuple[str, ...], int, CellDifference]] = []
    for place, column in enumerate(compared):
        old, new = _name(f"old {column}"), _name(f"new {column}")
        for row in con.execute(f"select {listed}, {old}, {new} from differing where {_differs(column, old, new)}").fetchall():
            named = tuple(zip(grain, row[:-2], strict=True))
            found.append((tuple(str(value) for value in row[:-2]), place, CellDifference(table, named, column, row[-2], row[-1])))
    return [cell for _, _, cell in sorted(found, key=lambda one: one[:2])]


def _differs(column: str, old: str, new: str) -> str:
    if column == "origin":
        old, new = (f"case {side} when 'copied' then 'computed' else {side} end" for side in (old, new))
    return f"{old} is distinct from {new}"


def _rows_in_one_alone(con: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...]) -> list[CellDifference]:
    """Of a table without a declared grain: the rows that stand in one of the two alone."""
    differences = []
    for mine, other, old, new in (("side_old", "side_new", "row", None), ("side_new", "side_old", None, "row")):
        rows = con.execute(f"select * from {mine} except all select * from {other} order by all").fetchall()
        differences += [CellDifference(table, tuple(zip(columns, row, strict=True)), None, old, new) for row in rows]
    return differences


def _columns(con: duckdb.DuckDBPyConnection, catalog: str, table: str) -> dict[str, str]:
    found = con.execute(
        "select column_name, data_type from information_schema.columns "
        "where table_catalog = ? and table_schema = 'reporting' and table_name = ? order by ordinal_position",
        [catalog, table],
    ).fetchall()
    return dict(found)


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
