"""A form laid out: what stands where, what stands in place of a number, and that nothing is lost or shown twice."""

from decimal import Decimal

import pytest

from reports.formats import rounded_to
from reports.forms import MARKS, ROUNDING_NOTE, forms_of, html_of, lay_out
from tests.reports.made_release import DIVISIONS, NEGATIVE, WITHOUT_NUMBER, ZERO, made_cells, publish_release
from warehouse.errors import ReleaseError
from warehouse.scope import scope

CITY = "990100"
COUNTY = "990102"


def every_grid(reader, **how):
    grids = [
        lay_out(reader, code, division, panel=panel, **how)
        for code, form in forms_of(reader).items()
        for division, *_ in DIVISIONS
        for panel in form.panels
    ]
    return [grid for grid in grids if grid is not None]


def texts(grid, style):
    return [cell.text for cell in grid.cells if cell.style == style]


def figure(grid, row_code, column_code):
    row = next(place for place, code in grid.row_codes.items() if code == row_code)
    column = next(place for place, code in grid.column_codes.items() if code == column_code)
    return next(cell for cell in grid.cells if (cell.row, cell.column) == (row, column))


def test_every_published_cell_stands_in_exactly_one_place_of_the_city_and_county_sheets(reader):
    shown = [
        (grid.form.code, grid.division_code, grid.row_codes[cell.row], grid.column_codes[cell.column])
        for grid in every_grid(reader)
        for cell in grid.cells
        if cell.style in ("figure", "mark")
    ]
    published = [(cell["report_code"], cell["division_code"], cell["row_code"], cell["column_code"]) for cell in made_cells()]
    assert sorted(shown) == sorted(published)


def test_cells_of_a_grid_cover_its_frame_without_a_hole_and_never_twice(reader):
    for grid in every_grid(reader):
        covered = {}
        for cell in grid.cells:
            for row in range(cell.row, cell.row + cell.rows):
                for column in range(cell.column, cell.column + cell.columns):
                    assert (row, column) not in covered, (grid.title, row, column, covered[row, column], cell)
                    covered[row, column] = cell
        assert set(covered) == {(row, column) for row in range(grid.row_count) for column in range(len(grid.widths))}


def test_a_head_stands_over_exactly_the_columns_it_is_about(reader):
    grid = lay_out(reader, "RPT-M01", CITY)
    columns = {column.code: column for column in grid.form.columns}
    decrease = next(cell for cell in grid.cells if cell.text == "本期减少" and cell.style == "head")
    under = [grid.column_codes[place] for place in range(decrease.column, decrease.column + decrease.columns)]
    assert under == ["EXITS", "EXITS_SUSPENDED", "EXITS_ENDED", "EXITS_DEAD", "EXITS_MOVED", "EXITS_GONE"]
    assert all(columns[code].parent == "DECREASE" for code in under)
    movement = next(cell for cell in grid.cells if cell.text == "本月变动")
    assert movement.row < decrease.row
    assert movement.column <= decrease.column
    # A column without heads under it reaches down to the column numbers.
    employers = next(cell for cell in grid.cells if cell.text == "参保单位数")
    assert employers.rows == grid.first_body_row - 1 - grid.first_head_row


def test_columns_are_numbered_through_all_tables_of_a_form(reader):
    first, second = (lay_out(reader, "RPT-M03", CITY, panel=panel) for panel in (1, 2))
    assert texts(first, "number") == ["甲", "乙", *map(str, range(1, 13))]
    assert texts(second, "number") == ["甲", "乙", *map(str, range(13, 25))]
    assert "本表：本年累计" in texts(second, "meta_left")


def test_only_the_first_part_of_a_row_says_it_is_part_and_the_others_stand_in_line_with_it(reader):
    grid = lay_out(reader, "RPT-M01", CITY)
    labels = dict(zip(grid.row_codes.values(), texts(grid, "stub"), strict=True))
    assert labels["E_11"] == "其中：在职职工"
    assert labels["E_12"] == "　　　灵活就业人员"
    assert labels["E_31"] == "其中：离休人员"
    assert labels["R_MINORS"].startswith("其中：")


def test_a_cell_without_a_number_shows_why_and_never_zero(reader):
    grid = lay_out(reader, "RPT-M01", CITY)
    for (report, row, column), reason in WITHOUT_NUMBER.items():
        assert report == "RPT-M01"
        cell = figure(grid, row, column)
        assert (cell.shown, cell.value, cell.style) == (reason, None, "mark")
    zero = figure(grid, ZERO[1], ZERO[2])
    assert (zero.shown, zero.value, zero.style) == ("0", Decimal(0), "figure")


def test_marks_used_are_explained_under_the_form_and_the_others_are_not(reader):
    enrollment = " ".join(lay_out(reader, "RPT-M01", CITY).notes)
    for mark, meaning in MARKS.items():
        assert f"“{mark}”{meaning}" in enrollment
    benefits = " ".join(lay_out(reader, "RPT-M03", CITY).notes)
    assert "“" not in benefits


def test_notes_state_definitions_with_their_versions_the_release_and_who_did_not_report(reader):
    notes = lay_out(reader, "RPT-M01", COUNTY).notes
    assert notes[0].startswith("说明：1. 期末参保人数")
    assert notes[0].endswith("[口径：参保人数，版本 1]")
    assert any("本月未报送单位：新农合系统西山区" in note for note in notes)
    assert notes[-1].startswith(f"数据版本：{reader.release}(暂定)")


def test_head_lines_and_foot_are_those_of_a_statutory_form(reader):
    grid = lay_out(reader, "RPT-M02", COUNTY)
    assert texts(grid, "title") == ["医疗保险基金收支情况月报表"]
    assert "2025年2月" in texts(grid, "meta_center")
    at_right = texts(grid, "meta_right")
    for head in ("表　　号：统筹M02表", "制表机关：市医疗保障局", "批准文号：", "有效期至：", "计量单位：万元、%"):
        assert head in at_right
    assert "地区：东城区" in texts(grid, "meta_left")
    foot = texts(grid, "foot")[0]
    for signed in ("填报单位：", "单位负责人：", "审核人：", "制表人：", "填报日期："):
        assert signed in foot


@pytest.mark.parametrize(("unit", "yuan", "decimals"), [("yuan", 1, 2), ("wan", 10_000, 2), ("yi", 100_000_000, 4)])
def test_the_reader_chooses_the_unit_of_money_and_of_nothing_else(reader, unit, yuan, decimals):
    chosen, plain = (lay_out(reader, "RPT-M03", CITY, money_unit=code) for code in (unit, "yuan"))
    total, total_in_yuan = figure(chosen, "E", "M_TOTAL"), figure(plain, "E", "M_TOTAL")
    assert total.value * yuan == total_in_yuan.value
    assert total.decimals == decimals
    assert figure(chosen, "E", "M_VISITS") == figure(plain, "E", "M_VISITS")
    rates = [lay_out(reader, "RPT-M02", CITY, money_unit=code) for code in (unit, "yuan")]
    assert figure(rates[0], "E_INC", "DONE").value == figure(rates[1], "E_INC", "DONE").value


def test_a_negative_number_and_a_rate_are_shown_as_such(reader):
    grid = lay_out(reader, "RPT-M02", CITY, money_unit="yuan")
    assert figure(grid, NEGATIVE[1], NEGATIVE[2]).shown.startswith("−")
    rate = figure(grid, "E_INC", "DONE")
    assert rate.shown == f"{rounded_to(rate.value * 100, 2)}%"


def test_rows_of_some_schemes_come_with_the_headings_over_them_and_no_others(reader):
    grid = lay_out(reader, "RPT-M02", CITY, schemes={"rural"})
    assert {code.split("_")[0] for code in grid.row_codes.values()} == {"N", "CAT"}
    assert texts(grid, "heading") == ["新型农村合作医疗基金", "补充资料：大病(大额)保险"]


def test_a_county_shows_the_rows_of_its_level_alone_and_no_sheet_where_there_are_none(reader):
    grid = lay_out(reader, "RPT-M02", COUNTY)
    assert {code.split("_")[0] for code in grid.row_codes.values()} == {"N"}
    assert "N_BALANCE" not in grid.row_codes.values()
    assert lay_out(reader, "RPT-M02", COUNTY, schemes={"employee"}) is None
    assert lay_out(reader, "RPT-M02", "990777") is None


def test_an_unknown_form_is_refused_by_name(reader):
    with pytest.raises(ReleaseError, match="RPT-X99.*RPT-M01"):
        lay_out(reader, "RPT-X99", CITY)


def cells_with(numbers):
    """Every cell zero except those named by row and column."""
    cells = made_cells()
    for cell in cells:
        if cell["value"] is not None:
            cell["value"] = Decimal(numbers.get((cell["row_code"], cell["column_code"]), 0))
    return cells


def grid_of(tmp_path, numbers, report, **how):
    settings, row = publish_release(tmp_path / "home", cells_with(numbers))
    return lay_out(scope().release(settings, row.release), report, CITY, **how)


THIRDS = {("N_INC", "MONTH"): "100", ("N_1002", "MONTH"): "33.34", ("N_1003", "MONTH"): "33.33", ("N_1004", "MONTH"): "33.33"}


def test_the_rounding_note_appears_where_parts_as_shown_do_not_add_up(tmp_path):
    # 0.0100 is not 0.0033 three times at two decimals of ten thousand yuan: 0.01 against 0.00 + 0.00 + 0.00.
    grid = grid_of(tmp_path, THIRDS, "RPT-M02", money_unit="wan")
    assert grid.is_rounded
    assert any(ROUNDING_NOTE in note for note in grid.notes)


def test_no_rounding_note_where_parts_as_shown_add_up(tmp_path):
    grid = grid_of(tmp_path, THIRDS, "RPT-M02", money_unit="yuan")
    assert not grid.is_rounded
    assert not any(ROUNDING_NOTE in note for note in grid.notes)


def test_parts_that_do_not_add_up_as_numbers_are_no_matter_of_rounding(tmp_path):
    grid = grid_of(tmp_path, {**THIRDS, ("N_1004", "MONTH"): "20"}, "RPT-M02", money_unit="wan")
    assert not grid.is_rounded


def test_columns_that_add_up_to_a_total_are_looked_at_too(tmp_path):
    parts = {("N", "M_TOTAL"): "100", ("N", "M_POOLED"): "33.34", ("N", "M_SELF"): "33.33", ("N", "M_OWN"): "33.33"}
    assert grid_of(tmp_path, parts, "RPT-M03", money_unit="wan").is_rounded


def test_the_screen_shows_the_same_cells_with_their_merges_and_takes_no_text_for_html(reader):
    grid = lay_out(reader, "RPT-M01", CITY)
    html = html_of(grid)
    assert html.count("<td") + html.count("<th") == len(grid.cells)
    assert html.count("<tr") == grid.row_count
    for cell in grid.cells:
        if cell.style == "figure":
            assert f">{cell.shown}<" in html
    assert "<script" not in html
    assert "nan" not in html
    assert "None" not in html


def test_columns_are_wide_enough_for_every_figure(reader):
    for grid in every_grid(reader, money_unit="yuan"):
        for cell in grid.cells:
            if cell.style in ("figure", "mark"):
                assert len(cell.shown) + 1 <= grid.widths[cell.column], (grid.title, cell)
