"""Deliveries as files: tables to CSV, GB18030, xlsx or Parquet, damaged rows among them, and the manifest that describes them.

What belongs here: bytes and folders. What does not: which fault befalls which delivery (`file_faults.py`), what tables hold (`tables.py`,
`city_tables.py`).
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
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
    landed: dict[str, np.ndarray]  # per table, which of the sheet's rows a correct reader lands
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
) -> Written:
    """Write one delivery's files and manifest; row faults happen on the way."""
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
        {},
        encoding={GB18030: "gb18030", CSV_MARKED: "utf-8-sig"}.get(form, "utf-8"),
    )
    for sheet in sheets:
        path = folder / f"{sheet.table}.{_ENDINGS[form]}"
        plan = _plan(chance, sheet, form, rates) if sheet.may_be_damaged else {}
        damage = _Damage(sheet, period, plan)
        if form == PARQUET:
            _write_parquet(path, sheet, damage)
        elif form == XLSX:
            _write_xlsx(path, sheet, damage, chance)
        else:
            _write_csv(con, path, sheet, damage, form)
        written.landed[sheet.table] = damage.landed
        written.rejected += [(sheet.table, line, fault) for line, fault in damage.lines]
        written.manifest["tables"].append(
            {  # type: ignore[attr-defined]
                "table": sheet.table,
                "file": path.name,
                "rows": sheet.rows.num_rows + damage.added,
                "sha256": sha256(path),
                "control_totals": {column: str(damage.total(column)) for column in sheet.totals},
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
    count = sheet.rows.num_rows
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
    """What becomes of the rows of one sheet: changed texts, repeated rows, and what a reader then counts."""

    def __init__(self, sheet: Sheet, period: Period, plan: dict[int, str]) -> None:
        self.sheet, self.period, self.plan = sheet, period, plan
        self.landed = np.ones(sheet.rows.num_rows, dtype=bool)
        self.added = 0
        self.lines: list[tuple[int, str]] = []
        self.missing: dict[str, Decimal] = {}
        self.columns = sheet.rows.column_names

    def row(self, place: int) -> list[str]:
        """The undamaged texts of a row."""
        return ["" if value is None else str(value) for value in (self.sheet.rows.column(name)[place].as_py() for name in self.columns)]

    def damaged(self, place: int) -> list[list[str]]:
        """The texts that stand in the file for a row of the plan: usually one row, for a repeated key two."""
        fault, row = self.plan[place], self.row(place)
        names = self.columns
        if fault == "row_duplicate_key":
            self.added += 1
            for column in self.sheet.totals:
                self._lose(column, -self._amount(column, place))
            return [row, list(row)]
        self.landed[place] = False
        if fault in _SPLIT:
            for column in self.sheet.totals:
                self._lose(column, self._amount(column, place))
        elif fault == "row_null_key":
            row[names.index(self.sheet.keys[place % len(self.sheet.keys)])] = ""
        elif fault == "row_wrong_period":
            column = self.sheet.period_column or ""
            before = self.period.shift(-1 - place % 2)
            is_date = pa.types.is_date(self.sheet.rows.schema.field(column).type)
            row[names.index(column)] = f"{before}-11" if is_date else str(before).replace("-", "")
        elif fault == "row_unreadable_value":
            typed = [
                name
                for name, kind in zip(names, self.sheet.rows.schema.types, strict=True)
                if (pa.types.is_decimal(kind) or pa.types.is_date(kind) or pa.types.is_integer(kind))
                and name not in self.sheet.keys
                and name != self.sheet.period_column
            ]
            if not typed:
                row[names.index(self.sheet.keys[0])] = ""
                return [row]
            column = typed[place % len(typed)]
            kind = self.sheet.rows.schema.field(column).type
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
        return self.sheet.rows.column(column)[place].as_py() or Decimal(0)

    def _lose(self, column: str, amount: Decimal) -> None:
        self.missing[column] = self.missing.get(column, Decimal(0)) + amount

    def total(self, column: str) -> Decimal:
        """The control total that a reader finds too."""
        decimals = self.sheet.rows.schema.field(column).type.scale
        whole = pc.sum(self.sheet.rows.column(column)).as_py() or Decimal(0)
        return (whole - self.missing.get(column, Decimal(0))).quantize(Decimal(1).scaleb(-decimals))


def _write_csv(con: duckdb.DuckDBPyConnection, path: Path, sheet: Sheet, damage: _Damage, form: str) -> None:
    """CSV by DuckDB, damaged lines put in afterwards, then the office's encoding."""
    con.register("sheet", sheet.rows)
    target = str(path).replace("'", "''")
    con.execute(f"copy (select * from sheet) to '{target}' (format csv, header true, delimiter ',', quote '\"')")
    con.unregister("sheet")
    if not damage.plan and form == CSV:
        return
    content = path.read_bytes()
    if damage.plan:
        lines = content.split(b"\n")
        for place in sorted(damage.plan):
            fault = damage.plan[place]
            rows = [_line(row) for row in damage.damaged(place)]
            if fault == "row_wrong_field_count":
                rows = [rows[0].rsplit(",", 1)[0] if place % 2 and '"' not in rows[0] else f"{rows[0]},多"]
            elif fault == "row_unclosed_quote":
                rows = [f'"{rows[0].replace(chr(34), "")}']
            lines[place + 1] = "\n".join(rows).encode()
            # Repeated rows above push the file's lines down.
            line = place + 2 + damage.added
            damage.lines.append((line, fault))
        content = b"\n".join(lines)
    if form == GB18030:
        # The counties' programs run under Windows: their lines end as that system ends them.
        content = content.decode("utf-8").replace("\n", "\r\n").encode("gb18030")
    elif form == CSV_MARKED:
        content = b"\xef\xbb\xbf" + content
    path.write_bytes(content)


def _line(row: list[str]) -> str:
    """One line of CSV, without its end."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(row)
    return buffer.getvalue()


def _write_parquet(path: Path, sheet: Sheet, damage: _Damage) -> None:
    """Parquet with every column as text."""
    rows = sheet.rows.cast(pa.schema([(name, pa.string()) for name in sheet.rows.column_names]))
    pieces, begin = [], 0
    for place in sorted(damage.plan):
        fault = damage.plan[place]
        changed = damage.damaged(place)
        columns = {
            name: pa.array([row[index] or None for row in changed], type=pa.string()) for index, name in enumerate(sheet.rows.column_names)
        }
        pieces += [rows.slice(begin, place - begin), pa.table(columns)]
        begin = place + 1
        damage.lines.append((place + 2 + damage.added, fault))
    pieces.append(rows.slice(begin))
    pq.write_table(pa.concat_tables(pieces).combine_chunks(), path, compression="zstd", row_group_size=250_000)


def _write_xlsx(path: Path, sheet: Sheet, damage: _Damage, chance: np.random.Generator) -> None:
    """An xlsx workbook of one sheet; amounts are number cells in some tables and text in others."""
    as_numbers = bool(chance.random() < 0.5)
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_numbers": False})
    book.set_properties({"created": datetime(2025, 1, 1)})
    page = book.add_worksheet(sheet.table[:31])
    for column, name in enumerate(sheet.rows.column_names):
        page.write_string(0, column, name)
    money = {index for index, kind in enumerate(sheet.rows.schema.types) if pa.types.is_decimal(kind)}
    texts = [["" if value is None else str(value) for value in column.to_pylist()] for column in sheet.rows.columns]
    line = 1
    for place in range(sheet.rows.num_rows):
        fault = damage.plan.get(place)
        rows = damage.damaged(place) if fault else [[column[place] for column in texts]]
        for row in rows:
            for column, value in enumerate(row):
                if value == "":
                    continue
                if as_numbers and column in money and not fault:
                    page.write_number(line, column, float(value))
                else:
                    page.write_string(line, column, value)
            line += 1
        if fault:
            damage.lines.append((line, fault))
    book.close()
