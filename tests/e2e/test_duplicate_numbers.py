"""Numbers of duplicate enrollment and data quality, counted again by another way: indicators, measures, forms, the bridge by township."""

import csv
from decimal import Decimal

import duckdb
import pytest

from orchestration.close import close_month
from tests.conftest import EDGE_MONTHS, MINI_MONTHS, SAMPLES, copy_of
from tests.e2e.plain_cases import case_differences
from tests.e2e.recounted import CITY, double_stays, duplicate_measures, places_of, published_measures, record_measures, rows_of
from warehouse.periods import Period
from warehouse.register import Register
from warehouse.scope import scope

CASE_MEASURES = (
    "DUPLICATE_PERSONS", "DUPLICATE_PERSONS_CROSS", "CANDIDATE_PERSONS", "CANDIDATE_PERSONS_ANSWERED", "CONFIRMED_PERSONS",
    "RESOLVED_PERSONS", "DUPLICATE_SUBSIDY", "OVERLAP_CASES", "OVERLAP_CASES_LASTING", "LEGITIMATE_CASES",
    "TO_VERIFY_CASES", "SENT_CASES", "ANSWERED_DUPLICATE_CASES", "ANSWERED_LEGITIMATE_CASES", "ANSWERED_WRONG_MATCH_CASES",
    "SETTLED_CASES", "DUPLICATE_CASES", "DUPLICATE_CASES_HIGH", "DUPLICATE_CASES_MEDIUM", "DUPLICATE_CASES_LOW",
    "RETAINED_EMPLOYEE_PERSONS", "RETAINED_RESIDENT_PERSONS", "RETAINED_RURAL_PERSONS",
)  # fmt: skip
# Cells that an office which did not report leaves empty: its county, its scheme and `all`.
UNREPORTED = {("edge", "2025-01"): {("rural", "990103"), ("all", "990103")}}
CITIES = [*(("mini", month) for month in MINI_MONTHS), *(("edge", month) for month in EDGE_MONTHS)]


@pytest.fixture
def homes(closed_mini_home, closed_edge_home):
    return {"mini": closed_mini_home, "edge": closed_edge_home}


def release_of(settings, month):
    with Register(settings.register, read_only=True) as register:
        return duckdb.connect(str(settings.published / register.in_force(month).file), read_only=True)


def standards_of(city, month):
    """A year's subsidy of all budgets by scheme, as the sample city states it."""
    found = {}
    with (SAMPLES / f"{city}_city" / "inbox" / "city" / month / CITY / "financing_standards.csv").open(encoding="utf-8-sig") as handle:
        for row in csv.DictReader(handle):
            if row["year"] == month[:4] and row["source"] in ("central", "province", "city", "county"):
                found[row["scheme"]] = found.get(row["scheme"], Decimal(0)) + Decimal(row["yuan_per_person"])
    return found


def wrong_measures(con, city, month, answers, unreported=frozenset()):
    """Cells that are not what the cases say, and how many were compared."""
    cases = rows_of(con, "select * from reporting.duplicate_cases")
    counted = duplicate_measures(cases, answers, standards_of(city, month))
    published = published_measures(con, month, CASE_MEASURES, "point")
    assert {cell for cell in counted if cell not in published} == set()
    wrong = {
        cell: (value, counted.get(cell, 0))
        for cell, value in published.items()
        if (value is not None if cell[1:] in unreported else value != counted.get(cell, 0))
    }
    return wrong, len(published)


@pytest.mark.parametrize(("city", "month"), CITIES)
def test_measures_of_duplicates_are_what_the_cases_of_the_release_say(homes, city, month):
    with release_of(homes[city], month) as con:
        wrong, compared = wrong_measures(con, city, month, {}, UNREPORTED.get((city, month), frozenset()))
    assert wrong == {}
    assert compared > 300


@pytest.mark.parametrize(("city", "month"), [("mini", MINI_MONTHS[-1]), ("edge", EDGE_MONTHS[-1])])
def test_cases_are_what_their_definition_says_reckoned_once_more_in_plain_python(homes, city, month):
    compared, wrong = case_differences(homes[city], month)
    assert wrong == []
    assert compared > 100


@pytest.mark.parametrize(("city", "months"), [("mini", MINI_MONTHS), ("edge", EDGE_MONTHS)])
def test_stays_that_two_funds_paid_for_are_what_the_settlements_say_and_stand_on_their_cases(homes, city, months):
    with duckdb.connect(str(homes[city].warehouse), read_only=True) as con:
        moved = double_stays(con, list(months))
    with release_of(homes[city], months[-1]) as con:
        published = published_measures(con, months[-1], ("DOUBLE_BENEFIT_STAYS", "DOUBLE_BENEFIT_PAID"), "month")
        (on_cases,) = con.execute("select sum(duplicate_benefit_yuan) from reporting.duplicate_cases").fetchone()
    assert {cell: value for cell, value in published.items() if value} == {
        cell: value for (month, cell), value in moved.items() if month == months[-1] and value
    }
    standing = sum(value for (_, cell), value in moved.items() if cell == ("DOUBLE_BENEFIT_PAID", "all", CITY))
    assert on_cases == standing


@pytest.mark.parametrize(("city", "month"), CITIES)
def test_indicators_of_duplicates_are_their_measures_divided_at_every_level(homes, city, month):
    with release_of(homes[city], month) as con:
        measures = {
            (row["measure_code"], row["scheme"], row["division_code"]): row["value"]
            for row in rows_of(con, f"select * from reporting.measure_values where period = '{month}' and period_type = 'point'")
        }
        indicators = {
            (row["indicator_code"], row["scheme"], row["division_code"]): row["value"]
            for row in rows_of(con, f"select * from reporting.indicator_values where period = '{month}' and period_type = 'point'")
        }
    parts = {
        "DUP-01": ("DUPLICATE_PERSONS", None),
        "DUP-02": ("DUPLICATE_PERSONS", "INSURED"),
        "DUP-03": ("DUPLICATE_PERSONS_CROSS", "DUPLICATE_PERSONS"),
        "DUP-04": ("CANDIDATE_PERSONS_ANSWERED", "CANDIDATE_PERSONS"),
        "DUP-05": ("RESOLVED_PERSONS", "CONFIRMED_PERSONS"),
        "DUP-06": ("DUPLICATE_SUBSIDY", None),
        "DQ-01": ("VALID_ID_RECORDS", "PERSON_RECORDS"),
        "DQ-02": ("COMPLETE_RECORDS", "PERSON_RECORDS"),
        "DQ-03": ("UNAMBIGUOUS_RECORDS", "PERSON_RECORDS"),
    }
    compared = 0
    for (code, scheme, division), value in indicators.items():
        if code in parts:
            above, below = (None if part is None else measures[part, scheme, division] for part in parts[code])
            if parts[code][1] is None:
                assert value == above, (code, scheme, division)
            elif None in (above, below) or not below:
                assert value is None, (code, scheme, division)
            else:
                assert abs(value - above / below) <= Decimal("0.0000005"), (code, scheme, division)
            compared += 1
    counties = len({division for _, _, division in indicators if len(division) == 6}) - 1
    # Five at every scheme and county, the subsidy at three schemes, records by county at the rural scheme alone.
    assert compared == 5 * 4 * (counties + 1) + 3 * (counties + 1) + 3 * (4 + counties)


@pytest.mark.parametrize(("city", "month"), CITIES)
def test_person_records_and_their_completeness_are_what_was_landed(homes, city, month):
    settings = homes[city]
    with release_of(settings, month) as con:
        in_force = {
            (row["system"], row["office"], row["delivery_no"])
            for row in rows_of(con, f"select * from reporting.deliveries where period = '{month}' and status = 'accepted'")
        }
        published = published_measures(con, month, ("PERSON_RECORDS", "COMPLETE_RECORDS"), "point")
    counted = record_measures(settings.landing, month, in_force)
    unreported = UNREPORTED.get((city, month), set())
    assert counted[("PERSON_RECORDS", "all", CITY)] > 200
    for cell, value in published.items():
        assert value == (None if cell[1:] in unreported else counted.get(cell, 0)), cell


@pytest.mark.parametrize(("city", "month"), CITIES)
def test_the_form_of_duplicates_shows_each_case_in_one_type_and_one_state(homes, city, month):
    reader = scope().release(homes[city], month)
    cases = reader.rows("duplicate_cases")
    cells = {
        (row["division_code"], row["row_code"], row["column_code"]): row["value"]
        for row in reader.rows("report_cells", report_code="RPT-M11", period=month)
    }
    within = {"DT-01", "DT-02", "DT-03"}
    counted = {}
    for case in cases:
        same = "SAME_COUNTY" if case["same_county"] else "CROSS_COUNTY"
        row = same if case["type_code"] in within else case["type_code"].replace("-", "")
        state = "LEGITIMATE" if case["legitimate_rule"] else {"to_verify": "TO_VERIFY"}[case["status"]]
        for scheme, division in places_of(case):
            head = {"all": "ALL", "employee": "E", "resident": "R", "rural": "N"}[scheme]
            for place in (head, f"{head}_{row}"):
                for column in ("OVERLAPS", state):
                    counted[division, place, column] = counted.get((division, place, column), 0) + 1
    unreported = {(division, {"all": "ALL", "rural": "N"}[scheme]) for scheme, division in UNREPORTED.get((city, month), set())}
    checked = 0
    for (division, row, column), value in cells.items():
        if len(division) == 6 and column in ("OVERLAPS", "LEGITIMATE", "TO_VERIFY"):
            is_unreported = (division, row.split("_")[0]) in unreported
            assert value == (None if is_unreported else counted.get((division, row, column), 0)), (division, row, column)
            checked += 1
    assert checked > 300
    assert {place for place in counted if place not in cells} == set()


@pytest.mark.parametrize(("city", "month"), CITIES)
def test_the_bridge_of_townships_holds_and_its_schemes_are_the_insured(homes, city, month):
    with release_of(homes[city], month) as con:
        bridge = rows_of(con, f"select * from reporting.headcount_bridge where period = '{month}' and length(division_code) = 9")
        insured = {
            (row["scheme"], row["division_code"]): row["value"]
            for row in rows_of(con, f"select * from reporting.measure_values where period = '{month}' and measure_code = 'INSURED'")
        }
        townships = {division for _, division in insured if len(division) == 9}
    unreported = {county for _, county in UNREPORTED.get((city, month), set())}
    assert {row["division_code"] for row in bridge} == townships
    assert any(row["division_code"].endswith("000") for row in bridge)
    for row in bridge:
        place = row["division_code"]
        assert row["cross_county"] is None
        assert [row[scheme] for scheme in ("employee", "resident", "rural")] == [
            insured[scheme, place] for scheme in ("employee", "resident", "rural")
        ]
        assert row["distinct_persons"] == insured["all", place]
        if place[:6] in unreported:
            assert (row["sum_of_schemes"], row["counted_twice"], row["counted_three_times"], row["rural"]) == (None, None, None, None)
        else:
            assert row["sum_of_schemes"] == row["employee"] + row["resident"] + row["rural"]
            assert row["distinct_persons"] == row["sum_of_schemes"] - row["counted_twice"] - 2 * row["counted_three_times"]


@pytest.fixture(scope="module")
def answered_home(closed_mini_home, tmp_path_factory):
    """The small city whose February was sent to the counties and answered in every way, closed again."""
    settings = copy_of(closed_mini_home, tmp_path_factory.mktemp("answered") / "home")
    with release_of(settings, "2025-02") as con:
        cases = rows_of(con, "select * from reporting.duplicate_cases order by case_id")
    open_cases = [case for case in cases if case["legitimate_rule"] is None]
    steps = ("sent", "answered_duplicate", "answered_legitimate", "answered_wrong_match", "to_verify")
    given = {}
    with Register(settings.register) as register:
        for place, case in enumerate(open_cases):
            status = steps[place % len(steps)]
            if status == "to_verify":
                continue
            given[case["case_id"]] = status
            key = {name: case[name] for name in ("scheme_a", "relation_id_a", "scheme_b", "relation_id_b")}
            register.append_case_event(who="tester", run="test", case_id=case["case_id"], status=status, **key)
    close_month(settings, Period.parse("2025-02"))
    return settings, given


def test_answered_cases_are_what_their_definition_says_reckoned_once_more_in_plain_python(answered_home):
    compared, wrong = case_differences(answered_home[0], "2025-02")
    assert wrong == []
    assert compared > 100


def test_answers_move_persons_cases_and_money_as_their_definitions_say(answered_home):
    settings, given = answered_home
    answers = {case_id: status for case_id, status in given.items() if status != "sent"}
    with release_of(settings, "2025-02") as con:
        wrong, _ = wrong_measures(con, "mini", "2025-02", answers)
        published = published_measures(con, "2025-02", CASE_MEASURES, "point")
        checks = rows_of(
            con, "select * from reporting.check_results where period = '2025-02' and check_code in ('CHK-50', 'CHK-51', 'CHK-53')"
        )
    assert wrong == {}
    for measure in (
        "SENT_CASES",
        "ANSWERED_DUPLICATE_CASES",
        "ANSWERED_LEGITIMATE_CASES",
        "CONFIRMED_PERSONS",
        "CANDIDATE_PERSONS_ANSWERED",
    ):
        assert published[measure, "all", CITY] > 0
    assert published["DUPLICATE_PERSONS", "all", CITY] < published["CANDIDATE_PERSONS", "all", CITY]
    assert {check["outcome"] for check in checks} == {"passed"}
    confirmed = next(check for check in checks if check["check_code"] == "CHK-51")
    assert confirmed["left_value"] == confirmed["right_value"] > 0
