"""Excel workbooks (.xlsx): the first sheet, header row first.

What belongs here: cells to text. An amount may be a number cell: it counts with its column's decimals. What does not: typing
(`warehouse/landing`).
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from warehouse.contracts import ColumnContract, TableContract

from .table_source import UndecodableError, records_schema

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

_ROWS = 20_000
_FAR_CELL = re.compile(rb'<(?:[a-z]+:)?c r="[A-Z]{3}[0-9]')

_Cell = str | int | float | bool | dt.date | dt.datetime | dt.time | dt.timedelta


class WorkbookSource:
    """The first sheet of a workbook; a line is a row of the sheet."""

    def __init__(self, path: Path, table: TableContract) -> None:
        """Opens the workbook and reads its header.

        Raises:
            UndecodableError: it is no workbook that can be read.
        """
        self.name = path.name
        try:
            self._errors = _error_cells(path)
            self._sheet = _first_sheet(path)
        except (UndecodableError, FileNotFoundError):
            raise
        # A damaged workbook fails wherever the two libraries happen to notice it; whatever they say, it cannot be read.
        except Exception as error:
            message = f"{self.name} is no .xlsx workbook that can be read ({type(error).__name__})"
            raise UndecodableError(message) from None
        self.header: list[str] = []
        self._columns: list[ColumnContract | None] = []
        self._header_line = 0
        for line, texts in self._rows():
            self.header = texts
            self._header_line = line
            self._columns = [table.column(name) for name in texts]
            break

    def batches(self, lines: np.ndarray | None = None) -> Iterator[pa.RecordBatch]:
        """See `TableSource`."""
        wanted = None if lines is None else set(lines.tolist())
        kept: list[tuple[int, list[str]]] = []
        width = len(self.header)
        for line, texts in self._rows():
            if line <= self._header_line or (wanted is not None and line not in wanted):
                continue
            # A sheet has no end of line: what lacks is empty, what stands beyond the header is a field too many.
            kept.append((line, texts + [""] * (width - len(texts))))
            if len(kept) == _ROWS:
                yield _batch(kept)
                kept = []
        yield _batch(kept)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Line and texts of every row that is not blank, empty cells at its end left out."""
        left = self._sheet.start[1] if self._sheet.start else 0
        for line, cells in enumerate(self._sheet.iter_rows(), start=1):
            texts = [_text(cell, column) for cell, column in zip(cells, self._columns_of(len(cells)), strict=True)]
            for place in self._errors.get(line, {}):
                texts[place - left] = self._errors[line][place]
            while texts and texts[-1] == "":
                texts.pop()
            if any(text.strip() for text in texts):
                yield line, texts

    def _columns_of(self, width: int) -> list[ColumnContract | None]:
        return (self._columns + [None] * (width - len(self._columns)))[:width]


def _text(cell: _Cell, column: ColumnContract | None) -> str:
    """A cell as the text that a CSV would hold."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(sep=" ")
    if isinstance(cell, (int, float)):
        # repr is the shortest decimal that gives the number back, so 0.1 is one tenth and not its binary neighbour.
        number = Decimal(repr(cell))
        if column is not None and column.type == "money":
            number = _with_decimals(number, column.scale or 0)
        elif number == number.to_integral_value():
            number = number.quantize(Decimal(1)) if number.adjusted() < 28 else number
        return f"{number:f}"
    return str(cell)


def _with_decimals(number: Decimal, scale: int) -> Decimal:
    """Rounded half away from zero, as the sheet shows it; numbers too large for that are left as they are."""
    return number.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP) if number.adjusted() + scale < 28 else number


def _first_sheet(path: Path) -> CalamineSheet:
    from python_calamine import CalamineWorkbook

    try:
        return CalamineWorkbook.from_path(path).get_sheet_by_index(0)
    except BaseException as error:
        # A panic of the library is no Exception, and would end the whole close for one damaged file.
        if type(error).__name__ != "PanicException":
            raise
        message = f"{path.name} is no .xlsx workbook that can be read (PanicException)"
        raise UndecodableError(message) from None


def _error_cells(path: Path) -> dict[int, dict[int, str]]:
    """Text of the cells that hold an error (`#DIV/0!`), by line and column from 0: the quick reader shows them as empty.

    An empty amount is null and lands; an error in its place must not.

    Raises:
        UndecodableError: a cell stands so far to the right that the sheet between would not fit into memory.
    """
    has_errors = False
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                has_errors |= _scan(archive, name, path.name)
    if not has_errors:
        return {}
    import openpyxl

    found: dict[int, dict[int, str]] = {}
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    for row in book.worksheets[0].iter_rows():
        for cell in row:
            if cell.data_type == "e":
                found.setdefault(cell.row, {})[cell.column - 1] = str(cell.value)
    book.close()
    return found


def _scan(archive: zipfile.ZipFile, sheet: str, file: str) -> bool:
    """Whether a sheet has cells with errors; read in pieces, for a sheet may be much larger than its file."""
    has_errors, tail = False, b""
    with archive.open(sheet) as part:
        while piece := part.read(1024 * 1024):
            text = tail + piece
            if _FAR_CELL.search(text):
                message = f"{file} has cells beyond column ZZ, expected a sheet as wide as its table"
                raise UndecodableError(message)
            has_errors |= b't="e"' in text
            tail = text[-32:]
    return has_errors


def _batch(rows: list[tuple[int, list[str]]]) -> pa.RecordBatch:
    lines, fields = [line for line, _ in rows], [texts for _, texts in rows]
    raw = [_joined(texts) if any(mark in text for text in texts for mark in ',"\n') else None for texts in fields]
    return pa.record_batch(
        [pa.array(lines, pa.int64()), pa.array(raw, pa.string()), pa.array(fields, pa.list_(pa.string()))], schema=records_schema()
    )


def _joined(texts: list[str]) -> str:
    """The row as a line of CSV."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(texts)
    return line.getvalue()
