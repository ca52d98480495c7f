"""One table of a delivery judged, and its landed and rejected rows written.

What belongs here: header, count of rows, control totals, the writing of what lands and of what is rejected, checked by reading it again.
What does not: what is judged of a delivery as a whole (`judging.py`), and the rules of rows (`row_rules.py`).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from warehouse.contracts import ColumnContract, SystemContract, TableContract
from warehouse.sources import TableSource, UndecodableError, open_file, records_schema

from .manifest import MANIFEST, Entry, Identity, RefusedError
from .receipts import TableReceipt, shown_name
from .row_rules import TableRules, name_sql, text_sql

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

PARQUET = "(format parquet, compression zstd, compression_level 1, parquet_version v2)"


class InexactLandingError(RuntimeError):
    """What was written is not what was read: an error of this program, never of a delivery."""


class TableJudge:
    """One table of a delivery on its way into the staging folder."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        folder: Path,
        identity: Identity,
        contract: SystemContract,
        table: TableContract,
        entry: Entry,
    ) -> None:
        self._con = con
        self._folder = folder
        self._identity = identity
        self._contract = contract
        self._table = table
        self._entry = entry
        self._lines: list[np.ndarray] = []

    def write(self, stage: Path, rejects: Path) -> tuple[TableReceipt, list[str]]:
        """Write the table's landed rows to the stage and its rejected ones to `rejects`."""
        entry, table = self._entry, self._table
        try:
            source = self._open()
            notes = self._check_header(source)
            rules = TableRules(table, self._identity, source.header, entry.file)
            landed = stage / f"{table.name}.parquet"
            candidates = rejects.with_suffix(".candidates")
            self._copy(source, rules.landing_query("records"), candidates)
            delivered = sum(map(len, self._lines))
            if delivered != entry.rows:
                raise RefusedError("rows", f"{entry.file} has {delivered} rows, expected {entry.rows} by {MANIFEST}")
            self._land(candidates, landed)
            rejected = self._write_rejects(source, rules, landed, rejects)
            notes += self._rounding(source)
        except UndecodableError as error:
            raise RefusedError("not decodable", str(error)) from error
        totals = self._check_totals(rules, landed, rejects if rejected else None)
        landed_rows = _count(self._con, landed)
        if landed_rows + rejected != delivered:
            message = f"{entry.file}: {delivered} rows read, {landed_rows} landed and {rejected} rejected after writing"
            raise InexactLandingError(message)
        receipt = TableReceipt(
            table=table.name,
            file=entry.file,
            sha256=entry.sha256,
            rows_delivered=delivered,
            rows_landed=landed_rows,
            rows_rejected=rejected,
            rejected_by_reason=self._reasons(rejects) if rejected else {},
            control_totals=totals,
        )
        return receipt, notes

    def _open(self) -> TableSource:
        try:
            return open_file(self._folder / self._entry.file, self._contract, self._table)
        except OSError as error:
            raise self._unopened(error) from error

    def _unopened(self, error: OSError) -> RefusedError:
        return RefusedError("file missing", f"{self._entry.file} ({self._table.name}) cannot be read: {error.strerror}")

    def _check_header(self, source: TableSource) -> list[str]:
        """Every column of the contract stands in the header once. What else stands there may be a row of data, so it is not quoted."""
        name = self._entry.file
        missing = [column.name for column in self._table.columns if not column.optional and column.name not in source.header]
        if missing:
            raise RefusedError(
                "column missing", f"{name} has no {', '.join(missing)}, expected {len(self._table.columns)} columns of {self._table.name}"
            )
        twice = [column.name for column in self._table.columns if source.header.count(column.name) > 1]
        if twice:
            raise RefusedError(
                "column missing", f"{name} has {', '.join(twice)} more than once, so none of them can be read; expected once"
            )
        totals = [column for column in self._entry.control_totals if not self._is_money(column, source)]
        if totals:
            columns = ", ".join(map(shown_name, totals))
            raise RefusedError("control total", f"{name} has no money column {columns}, for which {MANIFEST} gives a total")
        extra = [shown_name(column) for column in source.header if self._table.column(column) is None]
        return [f"extra columns in {name}, not landed: {', '.join(extra)}"] if extra else []

    def _is_money(self, name: str, source: TableSource) -> bool:
        column = self._table.column(name)
        return column is not None and column.type == "money" and name in source.header

    def _copy(self, source: TableSource, query: str, path: Path, lines: np.ndarray | None = None) -> None:
        """Stream the source's records, named `records`, through a query into a Parquet file."""
        self._lines = self._lines if lines is not None else []
        on_lines = self._lines.append if lines is None else None
        self._stream(source.batches(lines), f"copy ({query}) to {text_sql(str(path))} {PARQUET}", on_lines)

    def _stream(
        self, batches: Iterator[pa.RecordBatch], statement: str, on_lines: Callable[[np.ndarray], None] | None = None
    ) -> list[tuple]:
        """Run a statement over a stream of records, named `records`."""
        import pyarrow as pa

        failures: list[Exception] = []
        self._con.register("records", pa.RecordBatchReader.from_batches(records_schema(), _heard(batches, on_lines, failures)))
        try:
            return self._con.execute(statement).fetchall()
        except duckdb.Error:
            # DuckDB tells of an error in a stream in its own words; the reader's own is the cause.
            if not failures:
                raise
            cause = failures[0]
            raise (self._unopened(cause) if isinstance(cause, OSError) else cause) from None
        finally:
            self._con.unregister("records")

    def _rounding(self, source: TableSource) -> list[str]:
        """Numbers may have more decimals than landing keeps: they are rounded, and that is told."""
        notes = []
        for column in self._table.columns:
            if column.type == "number" and column.name in source.header:
                text = f"fields[{source.header.index(column.name) + 1}]"
                longer = f"regexp_full_match({text}, '-?[0-9]+[.][0-9]{{{column.scale}}}[0-9]*[1-9][0-9]*')"
                ((count,),) = self._stream(source.batches(), f"select count(*) from records where {longer}")
                if count:
                    notes.append(f"{self._entry.file}, {column.name}: {count} numbers rounded to {column.scale} decimals")
        return notes

    def _land(self, candidates: Path, landed: Path) -> None:
        """Of rows with the same key the first one lands; where no key repeats, which is nearly always, the file is as it must be."""
        keys = ", ".join(map(name_sql, self._table.key))
        file = f"read_parquet({text_sql(str(candidates))})"
        repeated = f"select {keys}, min(_line) as first_line from {file} group by {keys} having count(*) > 1"
        if self._con.execute(f"select count(*) from ({repeated})").fetchone() == (0,):
            shutil.move(candidates, landed)
            return
        self._con.execute(
            f"""copy (
                select rows.* from {file} as rows left join ({repeated}) as repeated using ({keys})
                where repeated.first_line is null or rows._line = repeated.first_line
                order by rows._line
            ) to {text_sql(str(landed))} {PARQUET}"""
        )
        candidates.unlink()

    def _write_rejects(self, source: TableSource, rules: TableRules, landed: Path, rejects: Path) -> int:
        import numpy as np

        lines = np.concatenate([*self._lines, np.array([], dtype=np.int64)])
        file = f"read_parquet({text_sql(str(landed))})"
        kept = self._con.execute(f"select _line from {file}").fetchnumpy()["_line"]
        lacking = np.setdiff1d(lines, np.asarray(kept), assume_unique=True)
        if not len(lacking):
            return 0
        self._copy(source, rules.rejects_query("records", file), rejects, lacking)
        written = _count(self._con, rejects)
        if written != len(lacking):
            message = f"{self._entry.file}: {len(lacking)} rows did not land, {written} were written as rejected"
            raise InexactLandingError(message)
        return written

    def _check_totals(self, rules: TableRules, landed: Path, rejects: Path | None) -> dict[str, dict[str, str]]:
        """The sums of the manifest, against what was written."""
        columns = [self._table.column(name) for name in self._entry.control_totals]
        known = [column for column in columns if column is not None]
        if not known:
            return {}
        files = [f"read_parquet({text_sql(str(path))})" for path in (landed, rejects) if path is not None]
        if rejects is None:
            files.append("(select null::map(varchar, varchar) as fields where false)")
        found = self._con.execute(rules.total_query(files[0], files[1], known)).fetchone() or ()
        totals: dict[str, dict[str, str]] = {}
        wrong = []
        for place, column in enumerate(known):
            landed_sum, rejected_sum = (Decimal(found[2 * place + part]) for part in (0, 1))
            expected = self._entry.control_totals[column.name]
            totals[column.name] = {
                "delivered": _plain(expected, column),
                "landed": _plain(landed_sum, column),
                "rejected": _plain(rejected_sum, column),
            }
            if landed_sum + rejected_sum != expected:
                found_sum = _plain(landed_sum + rejected_sum, column)
                wrong.append(f"{self._entry.file}, {column.name} sums to {found_sum}, expected {expected} by {MANIFEST}")
        if wrong:
            raise RefusedError("control total", *wrong)
        return totals

    def _reasons(self, rejects: Path) -> dict[str, int]:
        rows = self._con.execute(f"select reason, count(*) from read_parquet({text_sql(str(rejects))}) group by reason order by reason")
        return dict(rows.fetchall())


def _heard(
    batches: Iterator[pa.RecordBatch], on_lines: Callable[[np.ndarray], None] | None, failures: list[Exception]
) -> Iterator[pa.RecordBatch]:
    """The same batches; their lines and the error that ended them are told."""
    try:
        for batch in batches:
            if on_lines is not None:
                on_lines(batch.column("line").to_numpy())
            yield batch
    except Exception as error:
        failures.append(error)
        raise


def _plain(number: Decimal, column: ColumnContract) -> str:
    """A sum with its column's decimals."""
    return f"{number:.{column.scale or 0}f}"


def _count(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    row = con.execute(f"select count(*) from read_parquet({text_sql(str(path))})").fetchone()
    return int(row[0]) if row else 0
