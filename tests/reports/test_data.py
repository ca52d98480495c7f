"""What the pages ask of a release, on the sample cities as closed."""

from decimal import Decimal

import duckdb
import pytest

from reports import data
from reports.data import CaseFilter
from reports.formats import MONEY_UNITS
from reports.screen import open_screen
from warehouse.scope import scope

WAN = MONEY_UNITS["wan"]


@pytest.fixture(scope="module")
def mini(closed_mini_home):
    return open_screen(closed_mini_home, {"month": "2025-02"})


@pytest.fixture(scope="module")
def edge(closed_edge_home):
    return open_screen(closed_edge_home, {"month": "2025-02"})


@pytest.fixture(scope="module", params=["mini", "edge"])
def screen(request):
    return request.getfixturevalue(request.param)


def asked(screen, sql):
    path = screen.settings.published / screen.row.file
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_every_division_of_a_number_has_a_name(screen):
    nameless = asked(
        screen,
        "select distinct division_code from reporting.indicator_values anti join reporting.divisions using (division_code)",
    )
    assert nameless == []


def test_every_published_indicator_is_defined_and_made_of_known_measures(screen):
    undefined = asked(
        screen,
        "select distinct indicator_code from reporting.indicator_values anti join reporting.indicator_definitions using (indicator_code)",
    )
    unknown = asked(
        screen,
        "select measure_code from reporting.indicator_measures as terms "
        "semi join reporting.indicator_values as published using (indicator_code) "
        "where measure_code not in (select measure_code from reporting.measure_definitions)",
    )
    assert (undefined, unknown) == ([], [])


def test_every_type_and_rule_of_a_case_has_a_name(screen):
    names = data.rule_names(screen.reader)
    used = asked(screen, "select distinct unnest([type_code, legitimate_rule, keep_rule]) from reporting.duplicate_cases")
    assert {code for (code,) in used if code} <= set(names)


def test_the_city_comes_first_and_the_line_without_a_county_last(edge):
    divisions = data.counties_in_use(edge.reader)
    assert divisions[0].code == "990100"
    assert [one.code for one in divisions if one.is_line] == [one.code for one in divisions[-1:] if one.is_line]


def test_parts_of_the_cases_add_up_to_the_whole(screen):
    whole = data.case_totals(screen.reader, CaseFilter())
    by_type = data.case_totals_by(screen.reader, CaseFilter(), "type_code").values()
    by_status = data.case_totals_by(screen.reader, CaseFilter(), "status").values()
    for column in ("cases", "improper", "legitimate", "lasting", "subsidy", "benefit", "premium"):
        assert sum(getattr(one, column) for one in by_type) == getattr(whole, column)
        assert sum(getattr(one, column) for one in by_status) == getattr(whole, column)
    assert whole.improper + whole.legitimate == whole.cases
    assert whole.central + whole.province + whole.city + whole.county == whole.subsidy


def test_a_case_of_two_counties_stands_in_each_and_once_in_the_city(screen):
    whole = data.case_totals(screen.reader, CaseFilter())
    by_county = data.case_totals_by_county(screen.reader, CaseFilter())
    ((shared,),) = asked(screen, "select count(*) from reporting.duplicate_cases where division_code_a <> division_code_b")
    assert sum(one.cases for one in by_county.values()) == whole.cases + shared
    for code, totals in by_county.items():
        assert data.case_totals(screen.reader, CaseFilter(county=code)) == totals


def test_the_longest_list_of_cases_is_the_whole_one(screen):
    whole = data.case_totals(screen.reader, CaseFilter()).cases
    assert len(data.cases(screen.reader, CaseFilter())) == whole
    assert data.cases(screen.reader, CaseFilter(), 5) == data.cases(screen.reader, CaseFilter())[:5]


def test_the_year_so_far_is_compared_with_what_the_release_publishes_of_last_year(edge):
    ((now, before),) = asked(
        edge,
        "select max(value) filter (measure_code = 'INCOME'), max(value) filter (measure_code = 'INCOME_LY') from reporting.measure_values "
        "where period = '2025-02' and period_type = 'ytd' and scheme = 'all' and division_code = '990100'",
    )
    card = next(one for one in data.cards(edge.reader, data.CITY, "all", WAN) if one.code == "INC-01")
    if before is None:
        assert card.year_to_date is None or card.year_to_date[1].value is None
    else:
        assert card.year_to_date[1].value == (now - before) / before


def test_a_rate_of_last_year_follows_from_its_own_parts(edge):
    ((paid, in_scope),) = asked(
        edge,
        "select max(value) filter (measure_code = 'INPATIENT_FUND_PAID_LY'), max(value) filter (measure_code = 'INPATIENT_IN_SCOPE_LY') "
        "from reporting.measure_values "
        "where period = '2025-02' and period_type = 'month' and scheme = 'rural' and division_code = '990104'",
    )
    found = data._last_years(edge.reader, "990104", data.DISPLAYED).get(("rural", "BEN-01", "month"))
    expected = paid / in_scope if paid is not None and in_scope else None
    assert found == expected


def test_the_bridge_adds_up_in_every_county_that_reported(screen):
    rows = [row for row in data.bridge(screen.reader).values() if row.is_whole]
    assert rows
    for row in rows:
        assert row.distinct_persons == row.sum_of_schemes - row.counted_twice - 2 * row.counted_three_times
        assert row.sum_of_schemes == row.employee + row.resident + row.rural


def test_judged_values_are_shown_with_the_edges_that_judge_them(screen):
    states = data.threshold_states(screen.reader, data.CITY, "all", WAN)
    ((judged,),) = asked(
        screen,
        "select count(*) from reporting.indicator_values "
        f"where period = '{screen.row.period}' and division_code = '990100' and level is not null",
    )
    assert len(states) == judged > 0
    order = [("alarm", "watch", "ok").index(one.level) for one in states]
    assert order == sorted(order)


def test_a_course_ends_with_the_month_and_leaves_out_months_before_the_first(edge):
    course = data.course(edge.reader, data.CITY, "employee", "ENR-01", "point", WAN)
    assert course.months[-1] == "2025-02"
    assert course.plotted[0] is not None


def test_rejected_rows_are_counted_as_the_ledger_counts_them(mini):
    counted = sum(row["row_count"] for row in data.rejected_by_reason(mini.review, mini.period))
    ((rejected,),) = asked(mini, "select sum(rows_rejected) from reporting.deliveries where period = '2025-02' and status = 'accepted'")
    assert counted == rejected > 0


def test_a_home_without_its_review_file_says_that_it_does_not_know(mini):
    assert data.rejected_by_reason(None, mini.period) is None
    assert data.failing_rows_by_check(None) is None


def test_the_deliveries_behind_a_value_are_those_in_force_of_its_months(mini):
    behind = data.deliveries_behind(mini.reader, "rural", "ytd")
    assert {row["period"] for row in behind} == {"2025-01", "2025-02"}
    assert {row["system"] for row in behind} == {"rural", "city"}
    keys = [(row["period"], row["system"], row["office"]) for row in behind]
    assert len(keys) == len(set(keys))


def test_who_may_not_see_the_whole_city_gets_no_package_of_it(closed_mini_home, mini):
    county = type(scope())(counties=("990104",))
    assert data.package_files(closed_mini_home, county, mini.row) == []
    assert data.package_files(closed_mini_home, scope(), mini.row) != []


def test_decimals_stay_decimals_until_they_are_text(mini):
    for value in data.values(mini.reader, data.CITY, "all", ("INC-01", "BEN-01")).values():
        assert value.value is None or isinstance(value.value, Decimal)
