"""Grids as sheets of a workbook that opens right in WPS, Excel and LibreOffice.

What belongs here: fonts, borders, number formats, widths, print setup, the sheet of contents and the sheet of checks. What does not: what
a form says and where (`forms.py`), and which workbooks there are (`package.py`).

Figures are numbers, unrounded, with number formats. The same release gives the same bytes: the file is dated as the release is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from reports.forms import Grid, GridCell, lines_needed
from reports.texts import text

# 宋体 is on every machine with WPS or Excel in Chinese; LibreOffice elsewhere takes the Chinese font there is.
FONT = "宋体"
_TITLE_FONT = "黑体"
_GB2312 = 134
_A4 = 9
_CONTENTS = "目录"
_CHECKS = "审核"
_GREY, _LINK, _SHADE = "#7F7F7F", "#1F4E9E", "#F2F2F2"
_ALARM, _QUIET = "#C00000", "#7F7F7F"
_OUTCOMES = {"passed": "成立", "failed": "不成立", "not run": "未执行"}
_SEVERITIES = {"error": "错误", "warn": "提示"}
_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")
_SHEET_NAME_LENGTH = 31
_NO_UNIT = "—"


@dataclass(frozen=True)
class WorkbookHead:
    """What a workbook says of itself on its sheet of contents.

    Attributes:
        title: first line.
        recipient: who gets it.
        month: which month, in words.
        lines: release, excused offices and the like, one a line.
        built_at: when the release was built; dates the file.
    """

    title: str
    recipient: str
    month: str
    lines: tuple[str, ...]
    built_at: datetime


@dataclass(frozen=True)
class Check:
    """A check's result as the sheet of checks lists it."""

    code: str
    rule: str
    kind: str
    report: str
    division: str
    scheme: str
    row: str
    left: Any
    right: Any
    difference: Any
    tolerance: Any
    severity: str
    outcome: str
    note: str


def write_workbook(path: Path, head: WorkbookHead, grids: Sequence[Grid], checks: Sequence[Check]) -> dict[str, Grid]:
    """Write grids as a workbook: contents, one sheet each, and the checks.

    Args:
        path: of the file.
        head: what the sheet of contents says.
        grids: forms laid out, in order.
        checks: results, in order.

    Returns:
        The grids by the names of their sheets.
    """
    built_at = head.built_at.replace(tzinfo=None)
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})
    book.set_properties(
        {"title": head.title, "subject": head.month, "company": head.recipient, "author": text("app.name"), "created": built_at}
    )
    book.set_calc_mode("auto")
    writer = _Writer(book)
    names = _sheet_names(grids)
    writer.contents(head, dict(zip(names, grids, strict=True)), checks)
    for name, grid in zip(names, grids, strict=True):
        writer.grid(name, grid)
    writer.checks(head, checks)
    book.close()
    return dict(zip(names, grids, strict=True))


def _sheet_names(grids: Sequence[Grid]) -> list[str]:
    """`M03东城区累计`: short form code, division, and the panel after the first; never two alike."""
    names: list[str] = []
    for grid in grids:
        place = "全市" if grid.division_code.endswith("00") else grid.division_name
        panel = "" if grid.panel == grid.form.panels[0] else grid.form.panel_title(grid.panel)
        panel = f"{text('forms.townships')}{panel}" if grid.is_by_township else panel
        short = grid.form.code.removeprefix("RPT-")
        name = _FORBIDDEN.sub("", f"{short}{place}{panel}")[:_SHEET_NAME_LENGTH]
        if name in names:
            name = _FORBIDDEN.sub("", f"{short}{grid.division_code}{panel}")[:_SHEET_NAME_LENGTH]
        names.append(name)
    return names


class _Writer:
    """Writes sheets; formats are made once and shared."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.book = book
        self.made: dict[tuple[tuple[str, Any], ...], Format] = {}

    def format(self, **properties: Any) -> Format:  # noqa: ANN401 - what xlsxwriter takes
        """A format; two alike are one."""
        described = {"font_name": FONT, "font_charset": _GB2312, "font_size": 10, "valign": "vcenter", **properties}
        key = tuple(sorted(described.items()))
        if key not in self.made:
            self.made[key] = self.book.add_format(described)
        return self.made[key]

    def of_cell(self, cell: GridCell) -> Format:
        """The format of a grid's cell."""
        plain = {
            "title": {"font_name": _TITLE_FONT, "font_size": 16, "bold": True, "align": "center"},
            "meta_left": {"align": "left", "font_size": 9},
            "meta_center": {"align": "center", "font_size": 10},
            "meta_right": {"align": "left", "font_size": 9},
            "foot": {"align": "left"},
            "note": {"align": "left", "valign": "top", "text_wrap": True, "font_size": 9},
        }
        if cell.style in plain:
            return self.format(**plain[cell.style])
        framed: dict[str, Any] = {"border": 1}
        if cell.is_bold:
            framed["bold"] = True
        if cell.style in ("head", "number"):
            return self.format(**framed, align="center", text_wrap=True, bg_color=_SHADE)
        if cell.style in ("stub", "heading"):
            return self.format(**framed, align="left", indent=cell.indent, text_wrap=True)
        if cell.style == "line":
            return self.format(**framed, align="center")
        if cell.style == "mark":
            return self.format(**framed, align="center", font_color=_GREY, font_size=9)
        return self.format(**framed, align="right", num_format=number_format(cell))

    def grid(self, name: str, grid: Grid) -> None:
        """One form of one division."""
        sheet = self.book.add_worksheet(name)
        for column, width in enumerate(grid.widths):
            sheet.set_column(column, column, width)
        for row, height in grid.heights.items():
            sheet.set_row(row, height)
        for cell in grid.cells:
            self._write(sheet, cell)
        back = len(grid.widths)
        sheet.set_column(back, back, 10)
        sheet.write_url(0, back, f"internal:'{_CONTENTS}'!A1", self.format(font_color=_LINK, underline=1), "返回目录")
        sheet.freeze_panes(grid.first_body_row, grid.stub_columns)
        self._set_up_page(sheet, landscape=grid.form.orientation == "landscape")
        sheet.repeat_rows(grid.first_head_row, grid.first_body_row - 1)
        sheet.print_area(0, 0, grid.row_count - 1, back - 1)
        sheet.set_footer(f"&L&9{name}&R&9第 &P 页  共 &N 页")

    def _write(self, sheet: Worksheet, cell: GridCell) -> None:
        form = self.of_cell(cell)
        last_row, last_column = cell.row + cell.rows - 1, cell.column + cell.columns - 1
        if cell.rows > 1 or cell.columns > 1:
            sheet.merge_range(cell.row, cell.column, last_row, last_column, "", form)
        if cell.value is not None:
            sheet.write_number(cell.row, cell.column, float(cell.value), form)
        elif cell.style == "line" and cell.text:
            sheet.write_number(cell.row, cell.column, int(cell.text), form)
        elif cell.text:
            sheet.write_string(cell.row, cell.column, cell.text, form)
        else:
            sheet.write_blank(cell.row, cell.column, None, form)

    def _set_up_page(self, sheet: Worksheet, *, landscape: bool) -> None:
        if landscape:
            sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.center_horizontally()
        sheet.hide_gridlines(2)

    def contents(self, head: WorkbookHead, grids: dict[str, Grid], checks: Sequence[Check]) -> None:
        """What the workbook holds, with links, and what its figures rest on."""
        sheet = self.book.add_worksheet(_CONTENTS)
        widths = (6, 44, 14, 16, 12, 22)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        last = len(widths) - 1
        sheet.merge_range(0, 0, 0, last, head.title, self.format(font_name=_TITLE_FONT, font_size=18, bold=True, align="center"))
        sheet.set_row(0, 34)
        sheet.merge_range(1, 0, 1, last, f"{head.month}　　报送：{head.recipient}", self.format(font_size=12, align="center"))
        sheet.set_row(1, 20)
        row = 3
        for column, title in enumerate(("序号", "报表", "表号", "地区", "金额单位", "工作表")):
            sheet.write_string(row, column, title, self.format(border=1, bold=True, align="center", bg_color=_SHADE))
        framed, centred = self.format(border=1), self.format(border=1, align="center")
        link = self.format(border=1, font_color=_LINK, underline=1)
        for order, (name, grid) in enumerate(grids.items(), start=1):
            row += 1
            sheet.write_number(row, 0, order, centred)
            sheet.write_string(row, 1, grid.title, framed)
            sheet.write_string(row, 2, grid.form.number, centred)
            sheet.write_string(row, 3, grid.division_name, framed)
            sheet.write_string(row, 4, grid.unit.name if grid.form.has_money else _NO_UNIT, centred)
            sheet.write_url(row, 5, f"internal:'{name}'!A1", link, name)
        row += 1
        counted = {outcome: sum(1 for check in checks if check.outcome == outcome) for outcome in _OUTCOMES}
        sheet.write_number(row, 0, len(grids) + 1, centred)
        sheet.write_string(row, 1, "审核结果：" + "，".join(f"{name} {counted[outcome]}" for outcome, name in _OUTCOMES.items()), framed)
        for column in (2, 3, 4):
            sheet.write_string(row, column, _NO_UNIT, centred)
        sheet.write_url(row, 5, f"internal:'{_CHECKS}'!A1", link, _CHECKS)
        row += 1
        wrapped = self.format(text_wrap=True, valign="top", align="left")
        for line in head.lines:
            row += 1
            sheet.merge_range(row, 0, row, last, line, wrapped)
            sheet.set_row(row, 15.0 * lines_needed(line, sum(widths)))
        self._set_up_page(sheet, landscape=False)
        sheet.print_area(0, 0, row, last)
        sheet.set_footer("&R&9第 &P 页  共 &N 页")
        sheet.activate()

    def checks(self, head: WorkbookHead, checks: Sequence[Check]) -> None:
        """Every check with both sides, the difference and the outcome; those that do not hold first."""
        sheet = self.book.add_worksheet(_CHECKS)
        titles = ("编号", "审核关系", "性质", "报表", "地区", "险种", "项目", "左边", "右边", "差额", "容差", "级别", "结果", "说明")
        widths = (9, 66, 8, 10, 12, 16, 26, 17, 17, 15, 9, 7, 9, 30)
        last = len(titles) - 1
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.merge_range(
            0, 0, 0, last, f"审核结果　{head.month}", self.format(font_name=_TITLE_FONT, font_size=16, bold=True, align="center")
        )
        sheet.set_row(0, 28)
        said = (
            "“本系统”是自身运算，必须成立；“来源”是各系统所报数字之间的关系，不成立时计数列出。"
            "逐行审核时左边为违规行数，右边为检查行数，差额为偏差之和。金额单位：元。"
        )
        sheet.merge_range(1, 0, 1, last, said, self.format(align="left", text_wrap=True, font_size=9))
        sheet.set_row(1, 15.0 * lines_needed(said, sum(widths)))
        for column, title in enumerate(titles):
            sheet.write_string(2, column, title, self.format(border=1, bold=True, align="center", bg_color=_SHADE))
        sheet.set_row(2, 18)
        text_format = self.format(border=1, text_wrap=True, align="left")
        centred = self.format(border=1, align="center", text_wrap=True)
        figure = self.format(border=1, align="right", num_format="#,##0.00####")
        colours = {"failed": _ALARM, "not run": _QUIET}
        for row, check in enumerate(checks, start=3):
            texts = (check.code, check.rule, text(f"checks.kind.{check.kind}"), check.report, check.division, check.scheme, check.row)
            for column, shown in enumerate(texts):
                sheet.write_string(row, column, shown, text_format if column in (1, 6) else centred)
            for column, value in enumerate((check.left, check.right, check.difference, check.tolerance), start=7):
                if value is None:
                    sheet.write_blank(row, column, None, figure)
                else:
                    whole = value == value.to_integral_value()
                    sheet.write_number(
                        row, column, float(value), self.format(border=1, align="right", num_format="#,##0") if whole else figure
                    )
            sheet.write_string(row, 11, _SEVERITIES.get(check.severity, check.severity), centred)
            outcome = self.format(
                border=1, align="center", bold=check.outcome == "failed", font_color=colours.get(check.outcome, "#000000")
            )
            sheet.write_string(row, 12, _OUTCOMES[check.outcome], outcome)
            sheet.write_string(row, 13, check.note, text_format)
            needed = max(lines_needed(shown, widths[column]) for column, shown in ((1, check.rule), (6, check.row), (13, check.note)))
            sheet.set_row(row, 14.0 * needed + 2)
        last_row = max(3, len(checks) + 2)
        sheet.autofilter(2, 0, last_row, last)
        sheet.freeze_panes(3, 1)
        self._set_up_page(sheet, landscape=True)
        sheet.repeat_rows(2)
        sheet.print_area(0, 0, last_row, last)
        sheet.set_footer(f"&L&9{_CHECKS}&R&9第 &P 页  共 &N 页")


def number_format(cell: GridCell) -> str:
    """How a spreadsheet shows a figure: separators, decimals, per cent; a negative number with its minus."""
    decimals = f".{'0' * cell.decimals}" if cell.decimals else ""
    return f"#,##0{decimals}{'%' if cell.is_percent else ''}"
