from datetime import UTC, datetime
from decimal import Decimal

import pytest

from reports.formats import EMPTY, MONEY_UNITS, Measured, change, file_size, moment, money, month_name, number, percent

RATE = Measured("ratio", "%", 2)
MULTIPLE = Measured("ratio", "倍", 2)
YUAN = Measured("yuan", "万元", 2)
PERSONS = Measured("person", "人", 0)


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        (Decimal("1234567.5"), 0, "1,234,568"),
        (Decimal("0.125"), 2, "0.13"),
        (Decimal("-0.125"), 2, "−0.13"),
        (Decimal("-0.004"), 2, "0.00"),
        (12, 0, "12"),
        (None, 2, EMPTY),
    ],
)
def test_numbers_have_separators_and_are_rounded_half_away_from_zero(value, decimals, shown):
    assert number(value, decimals) == shown


def test_money_is_read_in_the_unit_asked_for():
    value = Decimal("123456789.01")
    assert [money(value, MONEY_UNITS[unit]) for unit in ("yuan", "wan", "yi")] == ["123,456,789.01", "12,345.68", "1.2346"]


def test_a_rate_is_shown_in_per_cent_and_a_multiple_is_not():
    wan = MONEY_UNITS["wan"]
    assert RATE.show(Decimal("0.2186"), wan) == "21.86%"
    assert RATE.unit_name(wan) == ""
    assert MULTIPLE.show(Decimal("2.6"), wan) == "2.60"
    assert MULTIPLE.unit_name(wan) == "倍"


def test_what_is_null_is_a_dash_in_every_kind_of_number():
    wan = MONEY_UNITS["wan"]
    assert {kind.show(None, wan) for kind in (RATE, MULTIPLE, YUAN, PERSONS)} == {EMPTY}
    assert {kind.plotted(None, wan) for kind in (RATE, MULTIPLE, YUAN, PERSONS)} == {None}
    assert percent(None) == money(None, wan) == moment(None) == EMPTY


def test_a_figure_draws_the_value_as_it_is_printed():
    assert YUAN.plotted(Decimal("15000"), MONEY_UNITS["wan"]) == 1.5
    assert RATE.plotted(Decimal("0.21864"), MONEY_UNITS["wan"]) == 21.86


def test_amounts_change_in_per_cent_and_rates_in_percentage_points():
    assert change(Decimal(110), Decimal(100), is_rate=False, no_base="reason.no_last_year").show() == "↑10.00%"
    assert change(Decimal(90), Decimal(100), is_rate=False, no_base="reason.no_last_year").show() == "↓10.00%"
    assert change(Decimal("0.75"), Decimal("0.7473"), is_rate=True, no_base="reason.no_last_year").show() == "↑0.27个百分点"
    assert change(Decimal(100), Decimal(100), is_rate=False, no_base="reason.no_last_year").show() == "持平"


@pytest.mark.parametrize(
    ("value", "base", "reason"),
    [
        (Decimal(1), None, "reason.no_previous_month"),
        (Decimal(1), Decimal(0), "reason.base_not_positive"),
        (Decimal(1), Decimal(-5), "reason.base_not_positive"),
        (None, Decimal(5), "reason.no_value"),
    ],
)
def test_a_missing_zero_or_negative_base_gives_no_percentage(value, base, reason):
    found = change(value, base, is_rate=False, no_base="reason.no_previous_month")
    assert (found.value, found.reason, found.show()) == (None, reason, EMPTY)


def test_moments_are_told_in_office_time():
    assert moment("2025-07-02T23:30:00+00:00") == "2025-07-03 07:30"
    assert moment(datetime(2025, 7, 2, 23, 30)) == moment(datetime(2025, 7, 2, 23, 30, tzinfo=UTC))


def test_months_and_sizes_are_told_in_words():
    assert month_name("2025-06") == "2025年6月"
    assert [file_size(size) for size in (500, 20 * 1024, 3 * 1024 * 1024)] == ["0.5 KB", "20 KB", "3.0 MB"]
