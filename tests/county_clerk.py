"""What a county's clerk does with a worklist: fills it in with a spreadsheet program, sorts it, deletes rows, and damages it.

What belongs here: changes of a workbook as people make them. What does not: what must come of them.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from reports.worklists import COLUMNS, FIRST_ROW, PLACES, Worklist, worklists, write_worklist
from warehouse.register import ReleaseRow
from warehouse.settings import Settings

FIRST_LINE = FIRST_ROW + 1
DUPLICATE, LEGITIMATE, WRONG = "确认重复", "合理重叠", "不是同一人"
KEEP_A, KEEP_B, KEEP_NEITHER = "保留关系一", "保留关系二", "均不保留"
LASTING = "仍在重叠"


def cell(sheet: Worksheet, line: int, key: str) -> openpyxl.cell.Cell:
    """The cell of a row in a column of the list."""
    return sheet.cell(line, PLACES[key] + 1)


def line_of(sheet: Worksheet, case_id: str) -> int:
    """The row in which a case stands."""
    return next(line for line in range(FIRST_LINE, sheet.max_row + 1) if cell(sheet, line, "case_id").value == case_id)


def answer(
    sheet: Worksheet, line: int, verdict: object, kept: object = None, ended_on: date | str | None = None, remark: str | None = None
) -> None:
    """Fill in one row."""
    for key, value in (("verdict", verdict), ("kept", kept), ("ended_on", ended_on), ("remark", remark)):
        cell(sheet, line, key).value = value


def edited(source: Path, target: Path, edit: Callable[[openpyxl.Workbook, Worksheet], None]) -> Path:
    """Open a worklist, change it, save it under another name."""
    book = openpyxl.load_workbook(source)
    edit(book, book["核查清单"])
    target.parent.mkdir(parents=True, exist_ok=True)
    book.save(target)
    return target


def answered(source: Path, target: Path, answers: dict[str, tuple]) -> Path:
    """Fill in the rows of some cases; what each is answered with as `answer` takes it."""

    def fill(_: openpyxl.Workbook, sheet: Worksheet) -> None:
        for case_id, given in answers.items():
            answer(sheet, line_of(sheet, case_id), *given)

    return edited(source, target, fill)


def sorted_rows(sheet: Worksheet, key: str = "name", *, backwards: bool = True) -> None:
    """Sort the rows of the list by a column, as a spreadsheet does: whole rows, values alone."""
    rows = [[cell(sheet, line, column.key).value for column in COLUMNS] for line in range(FIRST_LINE, sheet.max_row + 1)]
    rows.sort(key=lambda row: str(row[PLACES[key]]), reverse=backwards)
    for line, row in enumerate(rows, start=FIRST_LINE):
        for place, value in enumerate(row, start=1):
            sheet.cell(line, place).value = value


def write_lists(settings: Settings, row: ReleaseRow, folder: Path) -> dict[str, tuple[Path, Worklist]]:
    """Every county's worklist of a release, by county."""
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for worklist in worklists(settings, row):
        path = folder / worklist.file_name
        write_worklist(path, worklist)
        written[worklist.division_code] = (path, worklist)
    return written
