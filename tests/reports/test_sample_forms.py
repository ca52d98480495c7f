"""The forms of the sample cities against the right answers that came with them, and a county that did not report."""

import csv
from decimal import Decimal

import openpyxl
import pytest

from reports.formats import rounded_to
from tests.conftest import EDGE_MONTHS, MINI_MONTHS, SAMPLES
from warehouse.scope import scope

# Which cell of a form shows the number that an answer is about: by indicator and period type, form and column.
COLUMN_OF = {
    ("ENR-01", "point"): ("RPT-M01", "INSURED"),
    ("MAT-01", "point"): ("RPT-M01", "INSURED"),
    ("ENR-04", "month"): ("RPT-M01", "NET"),
    ("ENTRIES", "month"): ("RPT-M01", "ENTRIES"),
    ("EXITS", "month"): ("RPT-M01", "EXITS"),
    ("UTL-01", "month"): ("RPT-M03", "M_VISITS"),
    ("UTL-01", "ytd"): ("RPT-M03", "Y_VISITS"),
    ("UTL-02", "month"): ("RPT-M03", "M_PERSONS"),
    ("UTL-02", "ytd"): ("RPT-M03", "Y_PERSONS"),
    ("CST-01", "month"): ("RPT-M03", "M_TOTAL"),
    ("CST-01", "ytd"): ("RPT-M03", "Y_TOTAL"),
}
ROW_OF = {"all": "ALL", "employee": "E", "resident": "R", "rural": "N", "maternity": "M"}
# Of the fund form the row says what the number is, and the column the period.
FUND_ROW_OF = {"INC-01": "INC", "EXP-01": "EXP", "SUR-01": "SURPLUS", "SUR-02": "BALANCE"}
FUND_COLUMN_OF = {"month": "MONTH", "ytd": "YTD", "point": "YTD"}


def place_of(answer):
    """The cell that shows an answer; None where the forms show no such number."""
    code, period_type, row = answer["indicator_code"], answer["period_type"], ROW_OF.get(answer["scheme"])
    if answer["part"] != "value" or row is None or len(answer["division_code"]) != 6:
        return None
    if (code, period_type) in COLUMN_OF:
        report, column = COLUMN_OF[code, period_type]
        return report, answer["division_code"], row, column
    if code in FUND_ROW_OF and period_type in FUND_COLUMN_OF:
        return "RPT-M02", answer["division_code"], f"{row}_{FUND_ROW_OF[code]}", FUND_COLUMN_OF[period_type]
    return None


def compared(settings, sample, month):
    """Answers of a month that a form shows, with what it shows."""
    reader = scope().release(settings, month)
    cells = {
        (row["report_code"], row["division_code"], row["row_code"], row["column_code"]): row["value"]
        for row in reader.rows("report_cells", period=month)
    }
    with (SAMPLES / sample / "expected_numbers.csv").open(encoding="utf-8", newline="") as handle:
        answers = [answer for answer in csv.DictReader(handle) if answer["period"] == month]
    return [
        (place, cells[place], Decimal(answer["value"]) if answer["value"] else None)
        for answer in answers
        if (place := place_of(answer)) is not None and place in cells
    ]


@pytest.mark.parametrize("month", MINI_MONTHS)
def test_forms_of_the_small_city_show_its_right_answers(closed_mini_home, month):
    found = compared(closed_mini_home, "mini_city", month)
    assert [one for one in found if one[1] != one[2]] == []
    assert {place[0] for place, *_ in found} == {"RPT-M01", "RPT-M02", "RPT-M03"}
    assert len(found) > 50


@pytest.mark.parametrize("month", EDGE_MONTHS)
def test_forms_of_the_city_of_rare_cases_show_its_right_answers(closed_edge_home, month):
    found = compared(closed_edge_home, "edge_city", month)
    assert [one for one in found if one[1] != one[2]] == []
    assert {place[0] for place, *_ in found} == {"RPT-M01", "RPT-M02", "RPT-M03"}
    assert len(found) > 50


def test_a_county_that_did_not_report_prints_so_and_its_month_after_too(closed_edge_home):
    reader = scope().release(closed_edge_home, "2025-02")
    cells = {
        (row["period"], row["row_code"], row["column_code"]): (row["value"], row["text"])
        for row in reader.rows("report_cells", report_code="RPT-M01", division_code="990103")
    }
    assert cells["2025-01", "N", "INSURED"] == (None, "未报送")
    assert cells["2025-01", "E", "INSURED"][0] is not None
    assert cells["2025-02", "N", "INSURED"][0] is not None
    assert cells["2025-02", "N", "ENTRIES"] == (None, "未报送")
    assert cells["2025-01", "N", "DUPLICATE"] == (None, "未报送")
    # What no system has is not blamed on anybody.
    assert cells["2025-01", "R_IN_NEED", "INSURABLE"] == (None, "无来源")


def test_the_package_of_a_close_without_a_county_names_it(closed_edge_home):
    package = closed_edge_home.reports / "2025-01" / "2025-01-r01"
    for name in ("bureau.xlsx", "health.xlsx"):
        book = openpyxl.load_workbook(package / name)
        for sheet in (book["目录"], book["M01全市"]):
            said = " ".join(str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value)
            assert "本月未报送单位：新农合系统西山区" in said


def test_growth_and_budget_shares_of_totals_are_the_published_indicators(closed_edge_home):
    reader = scope().release(closed_edge_home, "2025-02")
    indicators = {
        (row["indicator_code"], row["scheme"]): row["value"]
        for row in reader.rows("indicator_values", period="2025-02", period_type="ytd", division_code="990100")
    }
    cells = {
        (row["row_code"], row["column_code"]): row["value"]
        for row in reader.rows("report_cells", report_code="RPT-M02", period="2025-02", division_code="990100")
    }
    for scheme, row in {"all": "ALL", "employee": "E", "resident": "R", "rural": "N"}.items():
        assert cells[f"{row}_EXP", "CHANGE"] == indicators["EXP-04", scheme]
        assert cells[f"{row}_EXP", "DONE"] == indicators["EXP-11", scheme]
        assert cells[f"{row}_INC", "DONE"] == indicators["INC-12", scheme]
    # Growth of income has no indicator of its own: it is divided on the form, from the measures as published.
    measures = {
        (row["measure_code"], row["scheme"]): row["value"]
        for row in reader.rows("measure_values", period="2025-02", period_type="ytd", division_code="990100")
    }
    for scheme, row in {"all": "ALL", "employee": "E", "resident": "R", "rural": "N"}.items():
        now, before = measures["INCOME", scheme], measures["INCOME_LY", scheme]
        assert cells[f"{row}_INC", "CHANGE"] == rounded_to((now - before) / before, 6)
    assert any(cells[f"{row}_EXP", "CHANGE"] is not None for row in ("ALL", "E", "R", "N"))
