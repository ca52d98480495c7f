"""The stages of a close as plain functions: `tongchou close` and Dagster's assets call the same ones.

What belongs here: one function per stage, from deliveries on record to a package of reports, each of which may be repeated. What does
not: when a month may be closed and what a run says (`close.py`), and how a part does its own work (`warehouse/`, `reports/`).

The working warehouse is opened by one stage at a time, under the lock of the home (`locked`).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.case_steps import record_case_steps
from orchestration.dbt_runner import TOO_LARGE, DbtFailedError, DbtOutcome, OnEvent, run_dbt
from orchestration.expected import CITY, UNASSIGNED, Office
from warehouse import releases
from warehouse.contracts import load_contracts
from warehouse.errors import CloseRefusedError, ReleaseError
from warehouse.fingerprint import code_version, rule_set_version, warehouse_fingerprint
from warehouse.identity import MatchResult, match
from warehouse.identity.decisions import OVERRULED_ZH, overruled_answers
from warehouse.identity.persons import record_events
from warehouse.landing import deliveries, files_in_force, months_on_record, rejects_in_force
from warehouse.periods import Period
from warehouse.register import CaseState, Register, ReleaseRow
from warehouse.settings import PROJECT_ROOT, Settings

_TYPES = {"text": "varchar", "date": "date", "month": "varchar", "whole": "bigint", "number": "decimal(28, 6)"}


@dataclass(frozen=True)
class CloseOptions:
    """What a close was told.

    Attributes:
        without: offices excused for this month alone.
        in_force: offices whose accepted delivery is used although a newer one was refused.
    """

    without: tuple[Office, ...] = ()
    in_force: tuple[Office, ...] = ()

    @classmethod
    def parse(cls, without: Iterable[str] = (), in_force: Iterable[str] = ()) -> CloseOptions:
        """Read offices as they are typed, `rural/990104`.

        Raises:
            UsageError: a text is no office.
        """
        return cls(
            without=tuple(sorted({Office.parse(text) for text in without})),
            in_force=tuple(sorted({Office.parse(text) for text in in_force})),
        )

    @property
    def without_texts(self) -> tuple[str, ...]:
        """The excused offices as they are typed."""
        return tuple(str(office) for office in self.without)

    @property
    def in_force_texts(self) -> tuple[str, ...]:
        """The offices whose accepted delivery is used, as they are typed."""
        return tuple(str(office) for office in self.in_force)


@contextmanager
def locked(settings: Settings) -> Iterator[None]:
    """Hold the home: whoever writes the working warehouse, from whatever process, does it alone.

    Raises:
        CloseRefusedError: another process holds it.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    with settings.lock.open("a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip() or "unknown"
            message = f"{settings.home}: another close holds this home (process {holder}); wait for it to end, then repeat the command"
            raise CloseRefusedError(message) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        try:
            yield
        finally:
            handle.truncate(0)


def fingerprint_of(settings: Settings, register: Register, period: Period, options: CloseOptions) -> str:
    """The hash of everything that the month's numbers follow from."""
    return warehouse_fingerprint(
        settings,
        register,
        period,
        without=options.without_texts,
        in_force=options.in_force_texts,
    )


def prepare(settings: Settings, register: Register, period: Period, options: CloseOptions) -> int:
    """Lay out what dbt reads: landed rows in force, what this close is about, and earlier months as they were published.

    What other stages left in the working warehouse counts for nothing from here on: each asks for the stage before it.

    Returns:
        Rows of the closing month's deliveries in force.
    """
    with duckdb.connect(str(settings.warehouse)) as con:
        _lay_out_landing(con, settings, period)
        _lay_out_rejects(con, settings, period)
        rows = _write_control(con, settings, register, period, options)
        releases.attach_earlier(con, settings, register, period)
        con.execute("create or replace table control.stages_done (stage varchar)")
        _done(con, "prepare")
    return rows


def _done(con: duckdb.DuckDBPyConnection, stage: str) -> None:
    con.execute("insert into control.stages_done values (?)", [stage])


def _ask_for(settings: Settings, stage: str, period: Period | None = None) -> None:
    """Refuse to build on what another run laid out meanwhile (Dagster's steps let go of the home between them)."""
    if settings.warehouse.exists():
        with duckdb.connect(str(settings.warehouse)) as con:
            tables = {name for (name,) in con.execute("select table_name from duckdb_tables() where schema_name = 'control'").fetchall()}
            if {"stages_done", "close_period"} <= tables:
                done = con.execute("select 1 from control.stages_done where stage = ?", [stage]).fetchone()
                (held,) = con.execute("select period from control.close_period").fetchone()
                if done and (period is None or held == str(period)):
                    return
    message = (
        f"the working warehouse is not as {period or 'this month'} left it after stage {stage}: another close has begun, or this one was "
        "interrupted; nothing is published: close the month again from its beginning"
    )
    raise CloseRefusedError(message)


def _lay_out_landing(con: duckdb.DuckDBPyConnection, settings: Settings, period: Period) -> None:
    con.execute("create schema if not exists landing")
    files = files_in_force(settings, period)
    for system, contract in load_contracts().items():
        for name, table in contract.tables.items():
            paths = files[(system, name)]
            view = f'landing."{system}__{name}"'
            if paths:
                listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
                con.execute(f"create or replace view {view} as select * from read_parquet([{listed}])")
                continue
            columns = [
                (column.name, f"decimal(18, {column.scale})" if column.type == "money" else _TYPES[column.type]) for column in table.columns
            ]
            columns += [(f"_{part}", "varchar") for part in ("system", "period", "office", "delivery_id")] + [("_line", "bigint")]
            shaped = ", ".join(f'cast(null as {kind}) as "{column}"' for column, kind in columns)
            con.execute(f"create or replace view {view} as select {shaped} where false")


def _lay_out_rejects(con: duckdb.DuckDBPyConnection, settings: Settings, period: Period) -> None:
    listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in rejects_in_force(settings, period))
    con.execute(f"create or replace view landing.rejected_rows as select * from read_parquet([{listed}])")


def _write_control(con: duckdb.DuckDBPyConnection, settings: Settings, register: Register, period: Period, options: CloseOptions) -> int:
    ledger = deliveries(settings, through=period)
    months = sorted({*(month for month in months_on_record(settings) if month <= period), period})
    excused = [(str(period), office.system, office.office) for office in options.without]
    for month, row in register.all_in_force().items():
        if month < str(period):
            excused += [(month, *text.split("/", 1)) for text in row.without]
    previous = period.shift(-1)
    con.execute("create schema if not exists control")
    con.execute(
        """
        create or replace table control.close_period as
        select
            $period as period,
            cast($first_day as date) as first_day,
            cast($last_day as date) as last_day,
            cast($year as bigint) as year,
            $month_number as month_number,
            $previous as previous_period,
            cast($previous_on_record as boolean) as previous_on_record,
            $first_period as first_period,
            $city as city_code,
            $unassigned as unassigned_code,
            $code_version as code_version,
            $rule_set_version as rule_set_version,
            $fingerprint as warehouse_fingerprint,
            cast($without as varchar[]) as without_offices,
            cast($in_force as varchar[]) as in_force_offices
        """,
        {
            "period": str(period),
            "first_day": period.first_day,
            "last_day": period.last_day,
            "year": period.year,
            "month_number": f"{period.month:02d}",
            "previous": str(previous),
            "previous_on_record": previous in months,
            "first_period": str(months[0]),
            "city": CITY,
            "unassigned": UNASSIGNED,
            "code_version": code_version(),
            "rule_set_version": rule_set_version(),
            "fingerprint": fingerprint_of(settings, register, period, options),
            "without": list(options.without_texts),
            "in_force": list(options.in_force_texts),
        },
    )
    _fill(
        con, "months", "period varchar, first_day date, last_day date", [(str(month), month.first_day, month.last_day) for month in months]
    )
    _fill(con, "excused_offices", "period varchar, system varchar, office varchar", sorted(set(excused)))
    _fill(
        con,
        "deliveries",
        "delivery_id varchar, system varchar, period varchar, office varchar, delivery_no bigint, status varchar, received_at timestamp, "
        "rows_delivered bigint, rows_landed bigint, rows_rejected bigint, reason varchar, note varchar, is_in_force boolean",
        [
            (
                row.delivery_id, row.system, row.period, row.office, row.delivery_no, row.status, row.received_at,
                row.rows_delivered, row.rows_landed, row.rows_rejected, row.reason, row.note, row.is_in_force,
            )
            for row in ledger
        ],
    )  # fmt: skip
    _fill(
        con,
        "case_answers",
        "scheme_a varchar, relation_id_a varchar, scheme_b varchar, relation_id_b varchar, answer varchar, status varchar, "
        "retained_relation_id varchar, answered_at timestamp, answered_facts_hash varchar, sent_at timestamp, is_contested boolean, "
        "note varchar",
        [
            (
                *state.key, state.answer, state.status, state.retained_relation_id, _moment(state.answered_at), state.answered_facts_hash,
                _moment(state.sent_at), state.is_contested, state.note,
            )
            for state in standing_cases(register)
        ],
    )  # fmt: skip
    _fill(
        con,
        "check_exceptions",
        "check_code varchar, period varchar, division_code varchar, until varchar, name varchar, reason varchar",
        [(row.check_code, row.period, row.division_code, row.until, row.name, row.reason) for row in register.exceptions(str(period))],
    )
    return sum(row.rows_landed or 0 for row in ledger if row.is_in_force and row.period == str(period))


def standing_cases(register: Register) -> list[CaseState]:
    """How every case stands on record. That two records are two persons is no answer any more where a reviewer has overruled it."""
    overruled = overruled_answers(register)
    return [
        replace(state, status="sent", answer=None, is_contested=True, note=OVERRULED_ZH)
        if state.answer == "wrong_match" and state.case_id in overruled
        else state
        for state in register.case_states().values()
    ]


def _moment(at: str | None) -> str | None:
    """A moment of the register as a timestamp without its zone, which is UTC."""
    return None if at is None else at[:26]


def _fill(con: duckdb.DuckDBPyConnection, table: str, columns: str, rows: list[tuple[object, ...]]) -> None:
    con.execute(f"create or replace table control.{table} ({columns})")
    if rows:
        # A statement a row would take minutes where a city has many cases.
        filled = pa.table([pa.array(column) for column in zip(*rows, strict=True)], names=[str(number) for number in range(len(rows[0]))])
        con.register("filled_rows", filled)
        con.execute(f"insert into control.{table} select * from filled_rows")
        con.unregister("filled_rows")


def build_records(settings: Settings, on_event: OnEvent | None = None) -> DbtOutcome:
    """The first half of the dbt project: everything that does not need to know who is who.

    Seeds and the views of staging are the same in every month. They, and the tests of seeds, are a third of all nodes, so they are made
    where the working warehouse holds others, or none.
    """
    _ask_for(settings, "prepare")
    kinds = ["resource_type:seed", "resource_type:model", "tag:grain"]
    excluded = ["source:identity+"]
    digest = _standing_digest(settings)
    if _standing(settings) == digest:
        excluded += ["path:seeds", "path:models/staging"]
    outcome = _gated(
        settings, run_dbt(settings, ["build", "--select", *kinds, "--exclude", *excluded, "--indirect-selection", "empty"], on_event)
    )
    with duckdb.connect(str(settings.warehouse)) as con:
        con.execute("create or replace table control.standing as select $digest as digest", {"digest": digest})
        _done(con, "records")
    return outcome


def match_persons(settings: Settings, period: Period) -> MatchResult:
    """Say who is who (`identity.person_links`), between the two halves of the dbt project."""
    _ask_for(settings, "records", period)
    with duckdb.connect(str(settings.warehouse)) as con:
        found = match(con, settings, str(period))
        _done(con, "persons")
    return found


def build_numbers(settings: Settings, on_event: OnEvent | None = None) -> DbtOutcome:
    """The second half of the dbt project: everything that follows from who is who."""
    _ask_for(settings, "persons")
    selected = ["source:identity+,resource_type:model", "source:identity+,tag:grain"]
    outcome = _gated(settings, run_dbt(settings, ["build", "--select", *selected, "--indirect-selection", "empty"], on_event))
    with duckdb.connect(str(settings.warehouse)) as con:
        _done(con, "numbers")
    return outcome


def run_all_tests(settings: Settings, on_event: OnEvent | None = None) -> DbtOutcome:
    """Every data test and unit test that the close itself does not gate on (`close --full`)."""
    return _gated(settings, run_dbt(settings, ["test", "--exclude", "tag:grain"], on_event))


def _gated(settings: Settings, outcome: DbtOutcome) -> DbtOutcome:
    if outcome.failed:
        named = "; ".join(f"{node.split('.', 2)[-1]}: {said}" for node, said in sorted(outcome.failed.items())[:8])
        message = f"{len(outcome.failed)} models or tests failed, nothing is published: {named}"
        if TOO_LARGE in outcome.failed.values():
            message += _largest_numbers(settings)
        raise DbtFailedError(message)
    return outcome


def _largest_numbers(settings: Settings, *, from_size: int = 10**12, listed: int = 5) -> str:
    """Where the largest numbers of the deliveries in force stand, for a message: one of them is what did not fit."""
    largest: list[tuple[object, ...]] = []
    with duckdb.connect(str(settings.warehouse), read_only=True) as con:
        for system, contract in load_contracts().items():
            for name, table in contract.tables.items():
                for column in table.columns:
                    if column.type in {"money", "number"}:
                        value = f'cast("{column.name}" as decimal(38, 6))'
                        largest += con.execute(
                            f'select abs({value}), _delivery_id, $table, _line, $column, "{column.name}" from landing."{system}__{name}" '
                            f"where abs({value}) >= {from_size} order by 1 desc, 2, 4 limit {listed}",
                            {"table": name, "column": column.name},
                        ).fetchall()
    if not largest:
        return ""
    places = "; ".join(
        f"{delivery}, {table} line {line}, {column} {value}"
        for _, delivery, table, line, column, value in sorted(largest, key=lambda row: (-row[0], *map(str, row[1:])))[:listed]
    )
    return f". The largest numbers delivered are: {places}. Have what is wrong among them sent again"


def _standing_digest(settings: Settings) -> str:
    """What seeds and the views of staging are made of: their files, the macros they call, the contracts that landing follows."""
    digest = hashlib.sha256()
    project = settings.dbt_project
    folders = [project / "seeds", project / "macros", project / "models" / "staging", PROJECT_ROOT / "warehouse" / "contracts"]
    for path in [*(path for folder in folders for path in sorted(folder.rglob("*"))), project / "dbt_project.yml"]:
        if path.is_file() and path.suffix != ".pyc":
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _standing(settings: Settings) -> str | None:
    """The digest of the seeds and views that the working warehouse holds."""
    with duckdb.connect(str(settings.warehouse)) as con:
        if not con.execute("select 1 from duckdb_tables() where schema_name = 'control' and table_name = 'standing'").fetchone():
            return None
        return con.execute("select digest from control.standing").fetchone()[0]


@dataclass(frozen=True)
class CheckSummary:
    """How the checks of the closing month came out.

    Attributes:
        passed, failed, not_run: rows of `reporting.check_results` of the month.
        ours_failed: checks of our own arithmetic that do not hold, in words; any of them stops the close.
        theirs_failed: checks of what the sources say that do not hold, by code.
    """

    passed: int
    failed: int
    not_run: int
    ours_failed: tuple[str, ...]
    theirs_failed: dict[str, int]


def gate(settings: Settings, period: Period) -> CheckSummary:
    """Read the checks of the month.

    Raises:
        CloseRefusedError: a check of our own arithmetic does not hold.
    """
    with duckdb.connect(str(settings.warehouse), read_only=True) as con:
        counted = dict(
            con.execute("select outcome, count(*) from reporting.check_results where period = ? group by outcome", [str(period)]).fetchall()
        )
        ours = con.execute(
            """
            select check_code, row_code, scheme, division_code, left_value, right_value
            from reporting.check_results
            where period = ? and kind = 'ours' and outcome = 'failed' and severity = 'error'
            order by check_code, row_code, scheme, division_code
            """,
            [str(period)],
        ).fetchall()
        theirs = dict(
            con.execute(
                """
                -- Checks over rows say how many rows fail; of others each line that does not hold is one.
                select
                    check_code,
                    cast(sum(case when check_code in (select check_code from review.failing_rows) then left_value else 1 end) as bigint)
                from reporting.check_results
                where period = ? and kind = 'theirs' and outcome = 'failed'
                group by check_code
                order by check_code
                """,
                [str(period)],
            ).fetchall()
        )
    summary = CheckSummary(
        passed=counted.get("passed", 0),
        failed=counted.get("failed", 0),
        not_run=counted.get("not run", 0),
        ours_failed=tuple(f"{code} {row} {scheme} {division}: {left} against {right}" for code, row, scheme, division, left, right in ours),
        theirs_failed=theirs,
    )
    if summary.ours_failed:
        listed = "; ".join(summary.ours_failed[:8]) + (" …" if len(ours) > 8 else "")
        message = (
            f"{period}: {len(ours)} checks of our own arithmetic do not hold, nothing is published: {listed}. "
            "This is a fault of the program, not of the data: keep the home as it is and report these lines"
        )
        raise CloseRefusedError(message)
    return summary


def publish(settings: Settings, register: Register, period: Period, *, who: str, run: str) -> tuple[ReleaseRow, bool]:
    """Publish what the working warehouse holds as the month's provisional release.

    Returns:
        The release in force now, and whether it is new: with the fingerprint of the one before, nothing is published.

    Raises:
        CloseRefusedError: the working warehouse holds another month, or another run has begun meanwhile.
    """
    _ask_for(settings, "numbers", period)
    with duckdb.connect(str(settings.warehouse)) as con:
        fingerprint, without, in_force = con.execute(
            "select warehouse_fingerprint, without_offices, in_force_offices from control.close_period"
        ).fetchone()
        options = CloseOptions.parse(without, in_force)
        standing = register.in_force(str(period))
        if standing is not None and standing.warehouse_fingerprint == fingerprint:
            record_case_steps(settings, register, standing, who=who, run=run)
            return standing, False
        row = releases.publish(
            settings,
            register,
            con,
            period,
            fingerprint=fingerprint,
            code_version=code_version(),
            rule_set_version=rule_set_version(),
            without=options.without_texts,
            in_force=options.in_force_texts,
            who=who,
            run=run,
        )
        record_events(con, register, who=who, run=run)
    record_case_steps(settings, register, row, who=who, run=run)
    return row, True


def write_reports(settings: Settings, period: Period, out: Path | None = None) -> Path:
    """Write the report package of the release in force, into `<home>/reports` or the folder named.

    Raises:
        ReleaseError: the month is not closed.
    """
    # The writer libraries take a second to import, which a close that publishes nothing need not pay.
    from reports.package import write_package

    with Register(settings.register, read_only=True) as register:
        standing = register.in_force(str(period))
    if standing is None:
        message = f"{period} is not closed, there is nothing to report: `tongchou close {period}` first"
        raise ReleaseError(message)
    return write_package(settings, standing, out)


# What a release holds beside its own description (`release_info`); Dagster's release asset waits for each of them.
PUBLISHED_TABLES = (
    "release_info",
    "indicator_values",
    "institution_values",
    "measure_values",
    "report_cells",
    "check_results",
    "headcount_bridge",
    "duplicate_cases",
    "match_quality",
    "match_strata",
    "deliveries",
)

# What the review file holds beside it.
REVIEW_TABLES = ("failing_rows", "rejected_rows", "case_persons", "ambiguous_institutions")
