"""Deliveries as files: tables to CSV, GB18030, xlsx or Parquet, damaged rows among them, and the manifest that describes them.

A sheet is written part by part, so that what is held does not grow with it.

What belongs here: bytes and folders. What does not: which fault befalls which delivery (`file_faults.py`), what tables hold (`tables.py`,
`city_tables.py`).
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xlsxwriter

from warehouse.periods import Period

from .rates import FaultRates
from .tables import Sheet

CSV, CSV_MARKED, GB18030, XLSX, PARQUET = "csv", "csv with mark", "gb18030", "xlsx", "parquet"
_ENDINGS = {CSV: "csv", CSV_MARKED: "csv", GB18030: "csv", XLSX: "xlsx", PARQUET: "parquet"}
ROW_FAULTS = (
    "row_wrong_field_count",
    "row_unclosed_quote",
    "row_null_key",
    "row_unreadable_value",
    "row_duplicate_key",
    "row_wrong_period",
)
ROW_GROUP = 250_000
_SPLIT = ("row_wrong_field_count", "row_unclosed_quote")


@dataclass
class Written:
    """One delivery as it was written."""

    system: str
    period: Period
    office: str
    number: int
    folder: Path
    manifest: dict[str, object]
    rejected: list[tuple[str, int, str]] = field(default_factory=list)  # table, line of the file, fault
    encoding: str = "utf-8"

    @property
    def rows(self) -> int:
        """Rows that the manifest states."""
        return sum(int(entry["rows"]) for entry in self.manifest["tables"])  # type: ignore[index, attr-defined]


def extracted_at(period: Period, number: int) -> str:
    """When an office extracted: early in the next month, a repetition two weeks later."""
    day = datetime.fromisoformat(f"{period.shift(1)}-03T08:12:00") + timedelta(days=14 * (number - 1))
    return f"{day.isoformat()}+08:00"


def write_delivery(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    system: str,
    period: Period,
    office: str,
    number: int,
    sheets: list[Sheet],
    form: str,
    chance: np.random.Generator,
    rates: FaultRates,
    on_landed: Callable[[str, pa.Table], None],
) -> Written:
    """Write one delivery's files and manifest; row faults happen on the way.

    Args:
        con: a connection that turns rows into CSV.
        folder: where the delivery goes.
        system: who delivers,
        period: of which month,
        office: from which office,
        number: which delivery of that month this is,
        sheets: and what.
        form: the kind of file.
        chance: decides which rows are damaged.
        rates: how often that happens.
        on_landed: called with a table's name and the rows that a correct reader lands, for every part of it.
    """
    folder.mkdir(parents=True)
    written = Written(
        system,
        period,
        office,
        number,
        folder,
        {
            "system": system,
            "period": str(period),
            "office": office,
            "delivery_no": number,
            "extracted_at": extracted_at(period, number),
            "tables": [],
        },
        encoding={GB18030: "gb18030", CSV_MARKED: "utf-8-sig"}.get(form, "utf-8"),
    )
    for sheet in sheets:
        path = folder / f"{sheet.table}.{_ENDINGS[form]}"
        plan = _plan(chance, sheet, form, rates) if sheet.may_be_damaged else {}
        damage = _Damage(sheet, period, plan)
        with _writer(con, path, sheet, form, chance) as write:
            for begin, rows in sheet.parts():
                damage.take(begin, rows)
                write(damage)
                on_landed(sheet.table, damage.landed())
        written.rejected += [(sheet.table, line, fault) for line, fault in damage.lines]
        written.manifest["tables"].append(
            {  # type: ignore[attr-defined]
                "table": sheet.table,
                "file": path.name,
                "rows": sheet.count + damage.added,
                "sha256": sha256(path),
                "control_totals": {column: str(total) for column, total in damage.totals.items()},
            }
        )
    write_manifest(folder, written.manifest)
    return written


def write_manifest(folder: Path, manifest: dict[str, object]) -> None:
    """`delivery.json`, last of all files."""
    (folder / "delivery.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")


def sha256(path: Path) -> str:
    """The checksum of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _plan(chance: np.random.Generator, sheet: Sheet, form: str, rates: FaultRates) -> dict[int, str]:
    """Which rows are damaged, and how."""
    count = sheet.count
    plan: dict[int, str] = {}
    for fault in ROW_FAULTS:
        wanted = int(chance.poisson(count * getattr(rates, fault)))
        places = chance.integers(0, max(count, 1), wanted)
        if (fault in _SPLIT and form in (PARQUET, XLSX)) or (fault == "row_wrong_period" and sheet.period_column is None) or count == 0:
            continue
        for place in places.tolist():
            plan.setdefault(place, fault)
    return plan


class _Damage:
    """What becomes of the rows of one sheet, part by part: changed texts, repeated rows, and what a reader then counts."""

    def __init__(self, sheet: Sheet, period: Period, plan: dict[int, str]) -> None:
        self.sheet, self.period, self.plan = sheet, period, plan
        self.added = 0
        self.lines: list[tuple[int, str]] = []
        self.totals: dict[str, Decimal] = {}  # the control totals that a reader finds too

    def take(self, begin: int, rows: pa.Table) -> None:
        """Turn to the next part of the sheet."""
        self.begin, self.rows, self.columns = begin, rows, rows.column_names
        self.places = sorted(place for place in self.plan if begin <= place < begin + rows.num_rows)
        self.lost: list[int] = []
        for column in self.sheet.totals:
            zero = Decimal(1).scaleb(-rows.schema.field(column).type.scale) * 0
            self.totals[column] = self.totals.get(column, zero) + (pc.sum(rows.column(column)).as_py() or zero)

    def landed(self) -> pa.Table:
        """The part's rows that a correct reader lands."""
        if not self.lost:
            return self.rows
        mask = np.ones(self.rows.num_rows, dtype=bool)
        mask[self.lost] = False
        return self.rows.filter(pa.array(mask))

    def row(self, place: int) -> list[str]:
        """The undamaged texts of a row."""
        values = (self.rows.column(name)[place - self.begin].as_py() for name in self.columns)
        return ["" if value is None else str(value) for value in values]

    def damaged(self, place: int) -> list[list[str]]:
        """The texts that stand in the file for a row of the plan: usually one row, for a repeated key two."""
        fault, row = self.plan[place], self.row(place)
        names = self.columns
        if fault == "row_duplicate_key":
            self.added += 1
            for column in self.sheet.totals:
                self._lose(column, -self._amount(column, place))
            return [row, list(row)]
        self.lost.append(place - self.begin)
        if fault in _SPLIT:
            for column in self.sheet.totals:
                self._lose(column, self._amount(column, place))
        elif fault == "row_null_key":
            row[names.index(self.sheet.keys[place % len(self.sheet.keys)])] = ""
        elif fault == "row_wrong_period":
            column = self.sheet.period_column or ""
            before = self.period.shift(-1 - place % 2)
            is_date = pa.types.is_date(self.rows.schema.field(column).type)
            row[names.index(column)] = f"{before}-11" if is_date else str(before).replace("-", "")
        elif fault == "row_unreadable_value":
            typed = [
                name
                for name, kind in zip(names, self.rows.schema.types, strict=True)
                if (pa.types.is_decimal(kind) or pa.types.is_date(kind) or pa.types.is_integer(kind))
                and name not in self.sheet.keys
                and name != self.sheet.period_column
            ]
            if not typed:
                row[names.index(self.sheet.keys[0])] = ""
                return [row]
            column = typed[place % len(typed)]
            kind = self.rows.schema.field(column).type
            bad = (
                ("1,234.50", "12.3.4", "无")
                if pa.types.is_decimal(kind)
                else ("2025-02-30", "25年3月", "2025/3/5")
                if pa.types.is_date(kind)
                else ("一", "1x", "--")
            )
            row[names.index(column)] = bad[place % 3]
            if column in self.sheet.totals:
                self._lose(column, self._amount(column, place))
        return [row]

    def _amount(self, column: str, place: int) -> Decimal:
        return self.rows.column(column)[place - self.begin].as_py() or Decimal(0)

    def _lose(self, column: str, amount: Decimal) -> None:
        self.totals[column] -= amount


@contextmanager
def _writer(
    con: duckdb.DuckDBPyConnection, path: Path, sheet: Sheet, form: str, chance: np.random.Generator
) -> Iterator[Callable[[_Damage], None]]:
    """What writes a sheet's parts to the file, in that form."""
    if form == PARQUET:
        file = _ParquetFile(path)
        yield file.write
        file.close()
    elif form == XLSX:
        book = _Workbook(path, sheet, chance)
        yield book.write
        book.close()
    else:
        with path.open("wb") as handle:
            yield lambda damage: handle.write(_csv(con, path.with_suffix(".part"), damage, form))


def _csv(con: duckdb.DuckDBPyConnection, scratch: Path, damage: _Damage, form: str) -> bytes:
    """A part's CSV by DuckDB, damaged lines put in afterwards, then the office's encoding."""
    is_first = damage.begin == 0
    con.register("sheet", damage.rows)
    target = str(scratch).replace("'", "''")
    con.execute(f"copy (select * from sheet) to '{target}' (format csv, header {is_first}, delimiter ',', quote '\"')")
    con.unregister("sheet")
    content = scratch.read_bytes()
    scratch.unlink()
    if damage.places:
        lines = content.split(b"\n")
        for place in damage.places:
            fault = damage.plan[place]
            rows = [_line(row) for row in damage.damaged(place)]
            if fault == "row_wrong_field_count":
                rows = [rows[0].rsplit(",", 1)[0] if place % 2 and '"' not in rows[0] else f"{rows[0]},多"]
            elif fault == "row_unclosed_quote":
                rows = [f'"{rows[0].replace(chr(34), "")}']
            lines[place - damage.begin + is_first] = "\n".join(rows).encode()
            # Repeated rows above push the file's lines down.
            damage.lines.append((place + 2 + damage.added, fault))
        content = b"\n".join(lines)
    if form == GB18030:
        # The counties' programs run under Windows: their lines end as that system ends them.
        content = content.decode("utf-8").replace("\n", "\r\n").encode("gb18030")
    elif form == CSV_MARKED and is_first:
        content = b"\xef\xbb\xbf" + content
    return content


def _line(row: list[str]) -> str:
    """One line of CSV, without its end."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(row)
    return buffer.getvalue()


class _ParquetFile:
    """Parquet with every column as text, in row groups of one size whatever the parts are."""

    def __init__(self, path: Path) -> None:
        self.path, self.waiting = path, []

    def write(self, damage: _Damage) -> None:
        """Add a part; whole row groups are written at once."""
        self.waiting += self._pieces(damage)
        while sum(piece.num_rows for piece in self.waiting) > ROW_GROUP:
            rows = self._all()
            self._write(rows.slice(0, ROW_GROUP))
            self.waiting = [rows.slice(ROW_GROUP)]

    def close(self) -> None:
        """Write what is left."""
        self._write(self._all())
        self.writer.close()

    def _all(self) -> pa.Table:
        return pa.concat_tables(self.waiting).combine_chunks()

    def _write(self, rows: pa.Table) -> None:
        if not hasattr(self, "writer"):
            self.writer = pq.ParquetWriter(self.path, rows.schema, compression="zstd")
        self.writer.write_table(rows, row_group_size=ROW_GROUP)

    @staticmethod
    def _pieces(damage: _Damage) -> Iterator[pa.Table]:
        rows = damage.rows.cast(pa.schema([(name, pa.string()) for name in damage.columns]))
        begin = 0
        for place in damage.places:
            changed = damage.damaged(place)
            yield rows.slice(begin, place - damage.begin - begin)
            yield pa.table(
                {name: pa.array([row[index] or None for row in changed], type=pa.string()) for index, name in enumerate(damage.columns)}
            )
            begin = place - damage.begin + 1
            damage.lines.append((place + 2 + damage.added, damage.plan[place]))
        yield rows.slice(begin)


class _Workbook:
    """An xlsx workbook of one sheet; amounts are number cells in some tables and text in others."""

    def __init__(self, path: Path, sheet: Sheet, chance: np.random.Generator) -> None:
        self.as_numbers = bool(chance.random() < 0.5)
        self.book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_numbers": False})
        self.book.set_properties({"created": datetime(2025, 1, 1)})
        self.page = self.book.add_worksheet(sheet.table[:31])
        self.line = 0

    def write(self, damage: _Damage) -> None:
        """Add a part."""
        if damage.begin == 0:
            self._row(damage.columns, set())
        money = {index for index, kind in enumerate(damage.rows.schema.types) if pa.types.is_decimal(kind)}
        texts = [["" if value is None else str(value) for value in column.to_pylist()] for column in damage.rows.columns]
        for place in range(damage.rows.num_rows):
            fault = damage.plan.get(damage.begin + place)
            for row in damage.damaged(damage.begin + place) if fault else [[column[place] for column in texts]]:
                self._row(row, money if self.as_numbers and not fault else set())
            if fault:
                damage.lines.append((self.line, fault))

    def close(self) -> None:
        """Write the workbook."""
        self.book.close()

    def _row(self, texts: list[str], as_numbers: set[int]) -> None:
        for column, value in enumerate(texts):
            if value == "":
                continue
            if column in as_numbers:
                self.page.write_number(self.line, column, float(value))
            else:
                self.page.write_string(self.line, column, value)
        self.line += 1
