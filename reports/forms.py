"""Forms laid out: one description gives the screen, the workbook and the printed page.

What belongs here: reading a release's forms and cells, and laying a form of a division out as a grid (heads as a tree, column numbers, rows
with 其中, head and foot lines, notes). What does not: which cells there are and what they are worth (`dbt_project/seeds/forms`, model
`report_cells`), how a grid becomes a sheet (`workbook.py`) or a page (`html_of` gives one table, the page's look is `static/app.css`).

A grid's figures are in the unit shown and not rounded: whoever shows them rounds. What a cell has no number for stands there as the text
that says why; null is never zero.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from html import escape
from itertools import groupby
from math import ceil
from typing import Any

from reports.formats import MONEY_UNITS, MoneyUnit, moment, month_name, number, percent, rounded_to
from reports.match_quality import with_quality
from reports.texts import text, text_or
from warehouse.errors import ReleaseError
from warehouse.scope import ReleaseReader

NOT_TO_FILL = "×"
NO_SOURCE = "无来源"
NOT_REPORTED = "未报送"
UNKNOWN = "—"
# What a mark in place of a number means, in the order the legend gives them.
MARKS = {
    NO_SOURCE: "现有系统均无此数据，待补充资料",
    NOT_REPORTED: "有单位未报送，无法计算",
    UNKNOWN: "缺上月、上年同期或期间不全，或无基数，无法计算",
    NOT_TO_FILL: "不填",
}
ROUNDING_NOTE = "因单位取舍，部分分项之和与合计略有出入(尾差)，未作机械调整。"
_FIGURES = ("value", "ratio", "growth")
# Width of a page in landscape, in characters of the body's size, that narrow forms are spread over.
_PAGE_WIDTH = 132.0
_NARROWEST, _WIDEST = 7.4, 17.0
_STUB_WIDEST = 40.0
_LINE_WIDTH = 5.0
_LINE_HEIGHT = 14.0
_META_WIDTH = 28.0
_KEPT = 64


@dataclass(frozen=True)
class FormColumn:
    """A column or a head over columns; see the seed form_columns."""

    code: str
    parent: str | None
    panel: int
    label: str
    number: str | None
    kind: str
    unit: str | None
    decimals: int
    part_of: str | None

    @property
    def holds_figures(self) -> bool:
        """Whether cells of this column are numbers."""
        return self.kind in _FIGURES


@dataclass(frozen=True)
class FormRow:
    """A row; see the seed form_rows."""

    code: str
    parent: str | None
    line: int | None
    label: str
    indent: int
    is_within: bool
    adds_up: bool
    kind: str
    scheme: str
    levels: tuple[str, ...]


@dataclass(frozen=True)
class FormNote:
    """A note under a form, with the version of the definition that it states."""

    text: str
    parameter: str | None
    version: str | None


@dataclass(frozen=True)
class Form:
    """A form as the release was made with it."""

    code: str
    title: str
    number: str
    issuing_body: str
    approval_number: str
    valid_until: str
    money_unit: str
    count_units: str
    paper: str
    orientation: str
    columns: tuple[FormColumn, ...]
    rows: tuple[FormRow, ...]
    notes: tuple[FormNote, ...]

    @property
    def panels(self) -> tuple[int, ...]:
        """The tables that a wide form is printed in."""
        return tuple(sorted({column.panel for column in self.columns if column.holds_figures}))

    @property
    def has_money(self) -> bool:
        """Whether the reader's choice of a unit changes anything."""
        return self.money_unit != "none"

    def panel_title(self, panel: int) -> str:
        """What tells a panel from the form's others: its single head; empty where there is one panel alone."""
        if len(self.panels) == 1:
            return ""
        return next(column.label for column in self.columns if column.panel == panel and column.parent is None)

    def unit_of(self, chosen: str | None) -> MoneyUnit:
        """The unit that money is shown in: the reader's, else the form's."""
        if not self.has_money:
            return MONEY_UNITS["yuan"]
        return MONEY_UNITS[chosen or self.money_unit]


@dataclass(frozen=True)
class CellValue:
    """A cell as published."""

    value: Decimal | None
    text: str | None
    provenance: str | None


@dataclass(frozen=True)
class GridCell:
    """A cell of a grid: text or a figure, at a place, over one or more rows and columns.

    Attributes:
        row, column: place, from 0.
        rows, columns: how many it covers.
        text: what it says; None where it is a figure or empty.
        value: the figure in the unit shown, not rounded.
        decimals: decimals it is shown with.
        is_percent: shown in per cent.
        style: what it is: title, meta_left, meta_center, meta_right, head, number, stub, heading, line, figure, mark, foot, note.
        indent: steps to the right.
        is_bold: stands out.
        comment: where the figure comes from.
    """

    row: int
    column: int
    style: str
    text: str | None = None
    value: Decimal | None = None
    rows: int = 1
    columns: int = 1
    decimals: int = 0
    is_percent: bool = False
    indent: int = 0
    is_bold: bool = False
    comment: str | None = None

    @property
    def shown(self) -> str:
        """The cell as a reader sees it."""
        if self.value is None:
            return self.text or ""
        return percent(self.value, self.decimals) if self.is_percent else number(self.value, self.decimals)


@dataclass(frozen=True)
class Grid:
    """A form of one division and month, laid out.

    Attributes:
        form: the form.
        division_code, division_name: whose.
        panel: which of the form's tables.
        unit: unit that money is shown in.
        cells: what stands where.
        widths: of the columns, in characters.
        heights: of rows that need more or less than one line, in points.
        first_head_row, first_body_row: heads (to be repeated on each page) stand between.
        stub_columns: leading columns that stay in sight.
        row_codes, column_codes: which row of the form a row of the grid is, and which column.
        notes: under the form.
        is_rounded: parts as shown do not add up to their total as shown, although the numbers do.
        is_by_township: rows are the totals of the form, township by township.
    """

    form: Form
    division_code: str
    division_name: str
    panel: int
    unit: MoneyUnit
    cells: tuple[GridCell, ...]
    widths: tuple[float, ...]
    heights: dict[int, float]
    first_head_row: int
    first_body_row: int
    stub_columns: int
    row_codes: dict[int, str]
    column_codes: dict[int, str]
    notes: tuple[str, ...]
    is_rounded: bool
    is_by_township: bool = False

    @property
    def row_count(self) -> int:
        """Rows of the grid."""
        return max(cell.row + cell.rows for cell in self.cells)

    @property
    def title(self) -> str:
        """What the grid is in a list."""
        panel = self.form.panel_title(self.panel)
        return f"{self.form.title}({panel})" if panel else self.form.title


# Reading


@lru_cache(maxsize=_KEPT)
def forms_of(reader: ReleaseReader) -> dict[str, Form]:
    """The forms of a release by code, in their order; empty where it has none."""
    if "forms" not in reader.tables:
        return {}
    columns = _by_report(reader.rows("form_columns", order_by="report_code, position"))
    rows = _by_report(reader.rows("form_rows", order_by="report_code, position"))
    notes = _by_report(reader.rows("form_notes", order_by="report_code, position"))
    return {
        row["report_code"]: Form(
            code=row["report_code"],
            title=row["title_zh"],
            number=row["form_number"],
            issuing_body=row["issuing_body"] or "",
            approval_number=row["approval_number"] or "",
            valid_until=row["valid_until"] or "",
            money_unit=row["money_unit"],
            count_units=row["count_units_zh"] or "",
            paper=row["paper"],
            orientation=row["orientation"],
            columns=tuple(
                FormColumn(
                    one["column_code"],
                    one["parent_code"],
                    one["panel"],
                    one["label_zh"],
                    one["number_label"],
                    one["kind"],
                    one["unit"],
                    one["decimals"] or 0,
                    one["part_of"],
                )
                for one in columns[row["report_code"]]
            ),
            rows=tuple(
                FormRow(
                    one["row_code"],
                    one["parent_code"],
                    one["line_number"],
                    one["label_zh"],
                    one["indent"],
                    one["is_within"],
                    one["adds_up"],
                    one["kind"],
                    one["scheme"],
                    tuple(one["levels"].split()),
                )
                for one in rows[row["report_code"]]
            ),
            notes=tuple(FormNote(one["text_zh"], one["parameter"], one["definition_version"]) for one in notes.get(row["report_code"], [])),
        )
        for row in reader.rows("forms", order_by="position")
    }


def _by_report(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    return {code: list(members) for code, members in groupby(rows, key=lambda row: row["report_code"])}


def form_of(reader: ReleaseReader, report_code: str) -> Form:
    """A form by its code.

    Raises:
        ReleaseError: the release has no such form.
    """
    forms = forms_of(reader)
    if report_code not in forms:
        message = f"{reader.release} has no form {report_code}; it has {', '.join(forms) or 'none'}"
        raise ReleaseError(message)
    return forms[report_code]


@lru_cache(maxsize=_KEPT)
def cells_of(reader: ReleaseReader, report_code: str, period: str | None = None) -> dict[str, dict[tuple[str, str], CellValue]]:
    """Cells of a form in a month (the release's own, unless another is named): division, then row and column."""
    found: dict[str, dict[tuple[str, str], CellValue]] = {}
    columns = ("division_code", "row_code", "column_code", "value", "text", "provenance")
    for row in reader.rows("report_cells", columns=columns, report_code=report_code, period=period or str(reader.period)):
        cells = found.setdefault(row["division_code"], {})
        cells[row["row_code"], row["column_code"]] = CellValue(row["value"], row["text"], row["provenance"])
    return found


@dataclass(frozen=True)
class FormDivision:
    """A division that a form has cells for."""

    code: str
    name: str
    level: str


@lru_cache(maxsize=_KEPT)
def divisions_of(reader: ReleaseReader, report_code: str, period: str | None = None) -> tuple[FormDivision, ...]:
    """The divisions that a form has cells for: the city, its counties with their townships, then the line of what has no county."""
    named = {row["division_code"]: row for row in reader.rows("divisions")}
    found = []
    for code in sorted(cells_of(reader, report_code, period)):
        row = named.get(code) or {"division_name": code, "division_level": "county", "is_unassigned_line": False}
        division = FormDivision(code, row["division_name"], row["division_level"])
        found.append((division.level != "city", row["is_unassigned_line"], code, division))
    return tuple(division for *_, division in sorted(found, key=lambda one: one[:3]))


@lru_cache(maxsize=_KEPT)
def _about(reader: ReleaseReader) -> tuple[dict[str, Any], dict[str, str]]:
    info = reader.rows("release_info")[0]
    return info, {row["division_code"]: row["division_name"] for row in reader.rows("divisions")}


def release_line(reader: ReleaseReader) -> str:
    """Which release figures come from, as it is printed under them."""
    info, _ = _about(reader)
    return (
        f"数据版本：{reader.release}({text(f'state.{reader.row.state}')})；{moment(info['built_at'])} 发布；"
        f"程序版本 {info['code_version']}；规则版本 {info['rule_set_version']}"
    )


def excused_line(reader: ReleaseReader) -> str | None:
    """The offices that the month was closed without, as a report says it; None where every one delivered."""
    info, names = _about(reader)
    offices = [office.split("/", 1) for office in (info.get("excused_offices") or "").split()]
    if not offices:
        return None
    listed = "、".join(f"{text(f'system.{system}')}{names.get(office, office)}" for system, office in offices)
    return f"本月未报送单位：{listed}。其数字为空，全市数不含该单位。"


# Laying out


def lay_out(
    reader: ReleaseReader,
    report_code: str,
    division_code: str,
    *,
    panel: int | None = None,
    money_unit: str | None = None,
    schemes: Collection[str] | None = None,
    period: str | None = None,
) -> Grid | None:
    """A form of a division and month as a grid.

    Args:
        reader: the release.
        report_code: the form.
        division_code: whose.
        panel: which of the form's tables; the first where none is named.
        money_unit: `yuan`, `wan` or `yi`; the form's own where none is named.
        schemes: rows of these schemes alone; all where none are named.
        period: an earlier month; the release's own where none is named.

    Returns:
        The grid; None where the form has no row with figures for the division and schemes.

    Raises:
        ReleaseError: the release has no such form.
    """
    form = form_of(reader, report_code)
    division = next((one for one in divisions_of(reader, report_code, period) if one.code == division_code), None)
    if division is None:
        return None
    rows = _rows_shown(form, division.level, schemes)
    if not rows:
        return None
    cells = cells_of(reader, report_code, period)[division_code]
    layout = _Layout(form, division, panel or form.panels[0], form.unit_of(money_unit), rows, cells)
    return layout.grid(reader, period or str(reader.period))


def lay_out_townships(
    reader: ReleaseReader,
    report_code: str,
    county_code: str,
    *,
    panel: int | None = None,
    money_unit: str | None = None,
    schemes: Collection[str] | None = None,
    period: str | None = None,
) -> Grid | None:
    """The totals of a form township by township, as a grid: under each total the county, its townships and the line of what has none.

    Args:
        reader: the release.
        report_code: the form.
        county_code: the county.
        panel: which of the form's tables; the first where none is named.
        money_unit: `yuan`, `wan` or `yi`; the form's own where none is named.
        schemes: totals of these schemes alone; all where none are named.
        period: an earlier month; the release's own where none is named.

    Returns:
        The grid; None where the form has no cells for townships of the county.

    Raises:
        ReleaseError: the release has no such form.
    """
    form = form_of(reader, report_code)
    places = divisions_of(reader, report_code, period)
    county = next((one for one in places if one.code == county_code and one.level == "county"), None)
    townships = [one for one in places if one.level == "township" and one.code.startswith(county_code)]
    totals = [row for row in _rows_shown(form, "township", schemes) if row.parent is None and row.kind == "figures"]
    if county is None or not townships or not totals:
        return None
    # The line of what has no township ends in noughts and stands last.
    townships.sort(key=lambda one: (one.code.endswith("000"), one.code))
    published = cells_of(reader, report_code, period)
    rows, cells = [], {}
    for total in totals:
        heading = replace(total, code=f"{total.code}_TOWNSHIPS", line=None, kind="heading", indent=0)
        rows.append(heading)
        for place in (county, *townships):
            code = f"{total.code}_{place.code}"
            line = 1 + sum(1 for row in rows if row.kind == "figures")
            indent = 1 if place is county else 2
            rows.append(replace(total, code=code, parent=heading.code, line=line, label=place.name, indent=indent, adds_up=False))
            cells |= {
                (code, column.code): published[place.code][total.code, column.code]
                for column in form.columns
                if (total.code, column.code) in published[place.code]
            }
    columns = tuple(replace(column, label=text("forms.township")) if column.kind == "stub" else column for column in form.columns)
    by_township = replace(form, title=text("forms.by_township", title=form.title), columns=columns)
    layout = _Layout(by_township, county, panel or form.panels[0], form.unit_of(money_unit), rows, cells)
    return replace(layout.grid(reader, period or str(reader.period)), is_by_township=True)


def _rows_shown(form: Form, level: str, schemes: Collection[str] | None) -> list[FormRow]:
    """Rows of the level and schemes, and the headings over them."""
    kept = {row.code for row in form.rows if row.kind == "figures" and level in row.levels and (schemes is None or row.scheme in schemes)}
    parents = {row.code: row.parent for row in form.rows}
    over: set[str] = set()
    for code in kept:
        parent = parents[code]
        while parent is not None:
            over.add(parent)
            parent = parents[parent]
    return [row for row in form.rows if row.code in kept or (row.kind == "heading" and row.code in over)]


@dataclass
class _Layout:
    form: Form
    division: FormDivision
    panel: int
    unit: MoneyUnit
    rows: list[FormRow]
    cells: dict[tuple[str, str], CellValue]
    placed: list[GridCell] = field(default_factory=list)
    heights: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.leaves = [column for column in self.form.columns if column.panel in (0, self.panel) and column.kind != "head"]
        self.by_code = {column.code: column for column in self.form.columns}
        self.labels = _labels(self.rows)
        self.kinds = {row.code: row.kind for row in self.rows}
        self.totals = {row.parent for row in self.rows if row.adds_up}
        self.widths = self._widths()

    def grid(self, reader: ReleaseReader, period: str) -> Grid:
        first_head_row = self._place_top(period)
        number_row = self._place_heads(first_head_row)
        row_codes = self._place_body(number_row + 1)
        is_rounded = self._parts_do_not_add_up()
        notes = self._notes(reader, is_rounded)
        self._place_foot(number_row + 1 + len(self.rows), notes)
        return Grid(
            form=self.form,
            division_code=self.division.code,
            division_name=self.division.name,
            panel=self.panel,
            unit=self.unit,
            cells=tuple(self.placed),
            widths=tuple(self.widths),
            heights=self.heights,
            first_head_row=first_head_row,
            first_body_row=number_row + 1,
            stub_columns=sum(1 for column in self.leaves if not column.holds_figures),
            row_codes=row_codes,
            column_codes={place: column.code for place, column in enumerate(self.leaves) if column.holds_figures},
            notes=tuple(notes),
            is_rounded=is_rounded,
        )

    # Figures

    def shown_value(self, row: FormRow, column: FormColumn) -> Decimal | None:
        """A cell's number in the unit shown."""
        cell = self.cells.get((row.code, column.code))
        if cell is None or cell.value is None:
            return None
        return cell.value / self.unit.yuan if column.unit == "yuan" else cell.value

    def decimals_of(self, column: FormColumn) -> int:
        """Decimals that a column is shown with."""
        return self.unit.decimals if column.unit == "yuan" else column.decimals

    def _figure(self, place: tuple[int, int], row: FormRow, column: FormColumn) -> GridCell:
        cell = self.cells.get((row.code, column.code))
        value = self.shown_value(row, column)
        if value is None:
            # A row of the form that the release has no cell of: nothing is known of it.
            mark = cell.text if cell is not None and cell.text else UNKNOWN
            return GridCell(*place, "mark", text=mark, comment=cell.provenance if cell else None)
        return GridCell(
            *place,
            "figure",
            value=value,
            decimals=self.decimals_of(column),
            is_percent=column.unit == "ratio",
            is_bold=self._stands_out(row),
            comment=cell.provenance if cell else None,
        )

    def _stands_out(self, row: FormRow) -> bool:
        """Headings, rows without an indent, and totals right under a heading."""
        return row.indent == 0 or (row.code in self.totals and self.kinds.get(row.parent or "") == "heading")

    def _parts_do_not_add_up(self) -> bool:
        """Whether some parts as shown do not add up to their total as shown, although the numbers themselves do."""
        by_code = {row.code: row for row in self.rows}
        children: dict[str, list[FormRow]] = {}
        for row in self.rows:
            if row.adds_up and row.parent in by_code and by_code[row.parent].kind == "figures":
                children.setdefault(row.parent, []).append(row)
        adding = [column for column in self.leaves if column.kind == "value" and column.unit != "ratio"]
        sums = [
            (self.shown_value(by_code[parent], column), [self.shown_value(part, column) for part in parts], self.decimals_of(column))
            for parent, parts in children.items()
            for column in adding
        ]
        totals = {column.part_of for column in adding if column.part_of}
        sums += [
            (
                self.shown_value(row, self.by_code[total]),
                [self.shown_value(row, column) for column in adding if column.part_of == total],
                self.decimals_of(self.by_code[total]),
            )
            for row in self.rows
            if row.kind == "figures"
            for total in totals
        ]
        return any(_is_rounding(total, parts, decimals) for total, parts, decimals in sums)

    # Places

    def _place_top(self, period: str) -> int:
        columns = len(self.leaves)
        right = columns - 1
        while right > 1 and sum(self.widths[right:]) < _META_WIDTH:
            right -= 1
        self.placed.append(GridCell(0, 0, "title", text=self.form.title, columns=columns))
        self.placed.append(GridCell(1, 0, "meta_center", text=month_name(period), columns=columns))
        self.heights |= {0: 28.0, 1: 18.0}
        units = "、".join(part for part in (self.unit.name if self.form.has_money else "", self.form.count_units) if part)
        lines = [
            ("", f"表　　号：{self.form.number}"),
            ("", f"制表机关：{self.form.issuing_body}"),
            ("", f"批准文号：{self.form.approval_number}"),
            (self._panel_line(), f"有效期至：{self.form.valid_until}"),
            (f"地区：{self.division.name}", f"计量单位：{units}"),
        ]
        for row, (left, at_right) in enumerate(lines, start=2):
            self.placed.append(GridCell(row, 0, "meta_left", text=left, columns=right))
            self.placed.append(GridCell(row, right, "meta_right", text=at_right, columns=columns - right))
            self.heights[row] = _LINE_HEIGHT
        return len(lines) + 2

    def _panel_line(self) -> str:
        title = self.form.panel_title(self.panel)
        return f"本表：{title}" if title else ""

    def _place_heads(self, first: int) -> int:
        paths = [self._path(column) for column in self.leaves]
        depth = max(len(path) for path in paths)
        heights = [_LINE_HEIGHT + 4] * depth
        for level in range(depth):
            place = 0
            # A head stands over the neighbours that share it; a column that ends here reaches down to the column numbers.
            for head, members in groupby(paths, key=lambda path: path[level] if level < len(path) else None):
                group = list(members)
                if head is not None:
                    spanned = depth - level if level == len(group[0]) - 1 else 1
                    self.placed.append(GridCell(first + level, place, "head", text=head.label, rows=spanned, columns=len(group)))
                    needed = 4 + _LINE_HEIGHT * lines_needed(head.label, sum(self.widths[place : place + len(group)]))
                    lacking = needed - sum(heights[level : level + spanned])
                    heights[level + spanned - 1] += max(0.0, lacking)
                place += len(group)
        for level, height in enumerate(heights):
            self.heights[first + level] = height
        number_row = first + depth
        for place, column in enumerate(self.leaves):
            self.placed.append(GridCell(number_row, place, "number", text=column.number or ""))
        return number_row

    def _path(self, column: FormColumn) -> list[FormColumn]:
        path = [column]
        while path[0].parent is not None:
            path.insert(0, self.by_code[path[0].parent])
        return path

    def _place_body(self, first: int) -> dict[int, str]:
        codes = {}
        # A form wider than the page is printed smaller, and has room to stand wider apart.
        height = min(22.0, 16.0 * max(1.0, sum(self.widths) / _PAGE_WIDTH))
        for place, row in enumerate(self.rows, start=first):
            codes[place] = row.code
            self.heights[place] = height
            for column_place, column in enumerate(self.leaves):
                if column.kind == "stub":
                    style = "heading" if row.kind == "heading" else "stub"
                    label = GridCell(
                        place, column_place, style, text=self.labels[row.code], indent=row.indent, is_bold=self._stands_out(row)
                    )
                    self.placed.append(label)
                elif column.kind == "line":
                    line = "" if row.line is None else str(row.line)
                    self.placed.append(GridCell(place, column_place, "line", text=line))
                elif row.kind == "heading":
                    self.placed.append(GridCell(place, column_place, "line", text=""))
                else:
                    self.placed.append(self._figure((place, column_place), row, column))
        return codes

    def _place_foot(self, first: int, notes: Iterable[str]) -> None:
        columns = len(self.leaves)
        signed = (f"填报单位：{self.division.name}", "单位负责人：", "审核人：", "制表人：", "填报日期：　　　　年　　月　　日")
        foot = "　　　　　　".join(signed)
        self.placed.append(GridCell(first, 0, "foot", text=foot, columns=columns))
        self.heights[first] = 22.0
        for row, note in enumerate(notes, start=first + 1):
            self.placed.append(GridCell(row, 0, "note", text=note, columns=columns))
            # Notes are set a size smaller than the body, so more fits on a line; and a column is a little wider than its characters.
            self.heights[row] = _LINE_HEIGHT * lines_needed(note, 1.12 * (sum(self.widths) + 0.7 * columns))

    def _notes(self, reader: ReleaseReader, is_rounded: bool) -> list[str]:
        notes = []
        for order, note in enumerate(self.form.notes, start=1):
            named = text_or(f"definition.{note.parameter}.name", note.parameter or "")
            said = with_quality(note.text, reader)
            notes.append(f"{order}. {said}" + (f"[口径：{named}，版本 {note.version}]" if note.parameter else ""))
        used = {cell.text for cell in self.placed if cell.style == "mark"}
        legend = "；".join(f"“{mark}”{meaning}" for mark, meaning in MARKS.items() if mark in used)
        further = [legend + "。" if legend else None, ROUNDING_NOTE if is_rounded else None, excused_line(reader)]
        notes += [f"{order}. {note}" for order, note in enumerate((note for note in further if note), start=len(notes) + 1)]
        if notes:
            notes[0] = f"说明：{notes[0]}"
        return [*notes, release_line(reader)]

    def _widths(self) -> list[float]:
        """Widths that hold every figure, spread over the page where there is room."""
        widths = []
        figures = sum(1 for column in self.leaves if column.holds_figures)
        stub = min(_STUB_WIDEST, max(text_width(self.labels[row.code]) + 2 * row.indent for row in self.rows) + 2)
        even = min(_WIDEST, max(_NARROWEST, (_PAGE_WIDTH - stub - _LINE_WIDTH) / figures))
        for column in self.leaves:
            if column.kind == "stub":
                widths.append(max(stub, text_width(column.label) + 2))
            elif column.kind == "line":
                widths.append(_LINE_WIDTH)
            else:
                longest = max((text_width(self._shown(row, column)) for row in self.rows if row.kind == "figures"), default=0)
                widths.append(max(even, longest + 2))
        return widths

    def _shown(self, row: FormRow, column: FormColumn) -> str:
        return self._figure((0, 0), row, column).shown


def _labels(rows: list[FormRow]) -> dict[str, str]:
    """Labels with 其中： before the first of the rows that are part of the one above, the others aligned with it."""
    labels = {}
    begun: set[str | None] = set()
    for row in rows:
        if row.is_within:
            labels[row.code] = f"{'　　　' if row.parent in begun else '其中：'}{row.label}"
            begun.add(row.parent)
        else:
            labels[row.code] = row.label
    return labels


def _is_rounding(total: Decimal | None, parts: list[Decimal | None], decimals: int) -> bool:
    if total is None or not parts or any(part is None for part in parts) or sum(parts) != total:
        return False
    return sum(rounded_to(part, decimals) for part in parts) != rounded_to(total, decimals)


def text_width(shown: str) -> int:
    """Columns that a text takes where a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WFA" else 1 for character in shown)


def lines_needed(shown: str, width: float) -> int:
    """Lines that a text takes in a cell of that width; a Chinese text breaks anywhere, so no word is too long."""
    usable = max(2.0, width - 1.5)
    return max(1, ceil(text_width(shown) / usable))


# On the screen


def html_of(grid: Grid) -> str:
    """A grid as one HTML table with its merges; nothing of a text is ever taken for HTML."""
    total = sum(grid.widths)
    columns = "".join(f'<col style="width:{100 * width / total:.2f}%">' for width in grid.widths)
    by_row: dict[int, list[GridCell]] = {}
    for cell in grid.cells:
        by_row.setdefault(cell.row, []).append(cell)
    lines = "".join(
        f'<tr class="tc-form-{_kind_of_line(grid, row)}">{"".join(map(_html_cell, sorted(cells, key=lambda one: one.column)))}</tr>'
        for row, cells in sorted(by_row.items())
    )
    return f'<table class="tc-form"><colgroup>{columns}</colgroup>{lines}</table>'


def _kind_of_line(grid: Grid, row: int) -> str:
    if row < grid.first_head_row:
        return "top"
    if row < grid.first_body_row:
        return "head"
    return "body" if row in grid.row_codes else "foot"


def _html_cell(cell: GridCell) -> str:
    tag = "th" if cell.style in ("head", "number") else "td"
    spans = (f' rowspan="{cell.rows}"' if cell.rows > 1 else "") + (f' colspan="{cell.columns}"' if cell.columns > 1 else "")
    classes = f"tc-form-{cell.style}" + (" tc-form-bold" if cell.is_bold else "")
    style = f' style="padding-left:{0.4 + cell.indent:.1f}em"' if cell.indent else ""
    title = f' title="{escape(cell.comment)}"' if cell.comment else ""
    return f'<{tag} class="{classes}"{spans}{style}{title}>{escape(cell.shown)}</{tag}>'
