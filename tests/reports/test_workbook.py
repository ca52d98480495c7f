"""The workbook read back: figures are the published numbers, heads are merged, pages print as a form should."""

from collections import Counter
from datetime import datetime
from decimal import Decimal

import openpyxl
import pytest

from reports.forms import forms_of, lay_out
from reports.package import recipients_of
from reports.workbook import WorkbookHead, number_format, write_workbook
from tests.reports.made_release import DIVISIONS, PERIOD, made_cells
from warehouse.scope import scope

YUAN = {"yuan": Decimal(1), "wan": Decimal(10_000), "yi": Decimal(100_000_000)}
HEAD = WorkbookHead(title="统计报表", recipient="市局", month="2025年2月", lines=("数据版本",), built_at=datetime(2025, 3, 5, 4))


@pytest.fixture(scope="module")
def bureau(package):
    return openpyxl.load_workbook(package / "bureau.xlsx")


@pytest.fixture(scope="module")
def grids(reader):
    """The grids behind the sheets of bureau.xlsx, by sheet."""
    named = {}
    for code, form in forms_of(reader).items():
        for division, name, level, _ in DIVISIONS:
            for panel in form.panels:
                grid = lay_out(reader, code, division, panel=panel)
                if grid is not None:
                    place = "全市" if level == "city" else name
                    second = "" if panel == form.panels[0] else form.panel_title(panel)
                    named[f"{code.removeprefix('RPT-')}{place}{second}"] = grid
    return named


def test_there_is_one_sheet_for_each_form_division_and_table_between_contents_and_checks(bureau, grids):
    assert bureau.sheetnames[0] == "目录"
    assert bureau.sheetnames[-1] == "审核"
    assert set(bureau.sheetnames[1:-1]) == set(grids)
    assert len(grids) == len(DIVISIONS) * 8


def test_every_figure_of_the_workbook_is_the_published_number_in_the_sheets_unit(bureau, grids):
    published = {(cell["report_code"], cell["division_code"], cell["row_code"], cell["column_code"]): cell for cell in made_cells()}
    seen = Counter()
    for name, grid in grids.items():
        sheet = bureau[name]
        for row, row_code in grid.row_codes.items():
            for column, column_code in grid.column_codes.items():
                cell = published[grid.form.code, grid.division_code, row_code, column_code] if row_code in _with_figures(grid) else None
                written = sheet.cell(row + 1, column + 1)
                if cell is None:
                    assert written.value is None
                    continue
                seen[cell["value"] is None] += 1
                if cell["value"] is None:
                    assert written.value == cell["text"]
                    continue
                divisor = YUAN["wan"] if cell["unit"] == "yuan" else 1
                assert isinstance(written.value, int | float), (name, row_code, column_code)
                assert abs(Decimal(repr(float(written.value))) - cell["value"] / divisor) < Decimal("1e-9"), (name, row_code, column_code)
    assert sum(seen.values()) == len(published)
    assert seen[True] > 0


def _with_figures(grid):
    return {row.code for row in grid.form.rows if row.kind == "figures"}


def test_figures_have_formats_with_separators_decimals_and_per_cent(bureau, grids):
    for name, grid in grids.items():
        for cell in grid.cells:
            if cell.style == "figure":
                assert bureau[name].cell(cell.row + 1, cell.column + 1).number_format == number_format(cell)
    formats = {cell.number_format for row in bureau["M02全市"].iter_rows() for cell in row if isinstance(cell.value, float)}
    assert formats == {"#,##0.00", "#,##0.00%"}


def test_heads_are_merged_as_they_are_laid_out(bureau, grids):
    for name, grid in grids.items():
        merged = {str(area) for area in bureau[name].merged_cells.ranges}
        wanted = set()
        for cell in grid.cells:
            if cell.rows > 1 or cell.columns > 1:
                first = f"{openpyxl.utils.get_column_letter(cell.column + 1)}{cell.row + 1}"
                last = f"{openpyxl.utils.get_column_letter(cell.column + cell.columns)}{cell.row + cell.rows}"
                wanted.add(f"{first}:{last}")
        assert merged == wanted, name


def test_every_form_prints_on_a4_across_one_page_wide_with_its_heads_on_each_page(bureau, grids):
    for name, grid in grids.items():
        sheet = bureau[name]
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.page_setup.paperSize == 9
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        # One page wide is what the format means where it says nothing; 0 is as many pages high as it takes.
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
        assert sheet.print_title_rows == f"${grid.first_head_row + 1}:${grid.first_body_row}"
        last = f"${openpyxl.utils.get_column_letter(len(grid.widths))}${grid.row_count}"
        assert sheet.print_area == f"'{name}'!$A$1:{last}"
        assert sheet.freeze_panes == f"C{grid.first_body_row + 1}"


def test_parts_are_indented_and_texts_are_in_a_chinese_font(bureau, grids):
    grid, sheet = grids["M01全市"], bureau["M01全市"]
    indents = {row.code: row.indent for row in grid.form.rows}
    for row, code in grid.row_codes.items():
        assert sheet.cell(row + 1, 1).alignment.indent == indents[code]
    fonts = {cell.font.name for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert fonts == {"宋体", "黑体"}


def test_contents_lead_to_every_sheet_and_every_sheet_leads_back(bureau):
    def led_to(sheet):
        return [cell.hyperlink.location.split("!")[0].strip("'") for row in sheet.iter_rows() for cell in row if cell.hyperlink]

    assert led_to(bureau["目录"]) == bureau.sheetnames[1:]
    for name in bureau.sheetnames[1:-1]:
        assert led_to(bureau[name]) == ["目录"]


def test_contents_say_release_state_and_who_did_not_report(bureau):
    said = " ".join(str(cell.value) for row in bureau["目录"].iter_rows() for cell in row if cell.value)
    assert "2025-02-r01(暂定)" in said
    assert "新农合系统西山区" in said
    assert "成立 2，不成立 1，未执行 1" in said


def test_the_sheet_of_checks_has_both_sides_the_difference_and_the_outcome_failures_first(bureau):
    rows = [[cell.value for cell in row] for row in bureau["审核"].iter_rows(min_row=4)]
    assert [row[0] for row in rows] == ["CHK-20", "CHK-10", "CHK-60", "CHK-01"]
    failed, passed, _, not_run = rows
    assert failed[1:7] == ["审核关系 20", "来源", "RPT-M03", "宁川市", "职工医保", "总费用 = 各方支付之和"]
    assert failed[7:14] == [3, 40, 0.07, 0.01, "错误", "不成立", "三行不成立"]
    assert passed[7:10] == [10.5, 10.5, 0]
    assert not_run[7:10] == [None, 9, None]
    assert not_run[12] == "未执行"


def test_nothing_in_a_workbook_is_a_formula_or_an_error(bureau):
    for sheet in bureau:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type not in ("f", "e"), (sheet.title, cell.coordinate)
                assert str(cell.value) not in ("nan", "None", "NaN") or cell.value is None


def test_two_counties_of_one_name_get_sheets_of_their_own(reader, tmp_path):
    grid = lay_out(reader, "RPT-M01", "990102")
    twin = lay_out(reader, "RPT-M01", "990103")
    object.__setattr__(twin, "division_name", grid.division_name)
    names = list(write_workbook(tmp_path / "twins.xlsx", HEAD, [grid, twin], []))
    assert names == ["M01东城区", "M01990103"]


def test_a_name_that_no_sheet_may_have_is_made_fit(reader, tmp_path):
    grid = lay_out(reader, "RPT-M01", "990102")
    object.__setattr__(grid, "division_name", "东城[区]/新:区?" + "长" * 40)
    (name,) = write_workbook(tmp_path / "odd.xlsx", HEAD, [grid], [])
    assert len(name) <= 31
    assert not set("[]:*?/\\") & set(name)
    assert openpyxl.load_workbook(tmp_path / "odd.xlsx").sheetnames == ["目录", name, "审核"]


def test_an_old_release_prints_with_the_recipients_it_was_made_with(made, reader):
    settings, row = made
    again = scope().release(settings, row.release)
    assert [one.file_name for one in recipients_of(again)] == ["bureau.xlsx", "finance.xlsx", "health.xlsx", "hrss.xlsx"]
    assert str(reader.period) == PERIOD
