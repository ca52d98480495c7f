"""Who is insured twice, told case by case: a hand-made city of two months, closed, and what June's release says of each of its persons."""

from datetime import date
from decimal import Decimal

import pytest

from tests.e2e.hand_made_city import EAST, WEST, ClosedCity, HandMadeCity
from tests.e2e.plain_cases import case_differences
from tests.e2e.recounted import double_stays
from tests.warehouse.matching_city import id_number


@pytest.fixture(scope="module")
def city(tmp_path_factory) -> ClosedCity:
    """Everybody of this page in one city."""
    made = HandMadeCity()
    # Who is who
    made.employee("exact", "2020-01-01")
    made.resident("exact", "2021-01-01")
    whole = made.id_number("fifteen digits", "1960-05-05")
    made.resident("fifteen digits", "2021-01-01", birth_date="1960-05-05", id_number=whole)
    made.rural("fifteen digits", birth_date="1960-05-05", id_number=whole[:6] + whole[8:17])
    ending_in_x = next(number for n in range(0, 999, 2) if (number := id_number(f"99010219700101{n:03d}")).endswith("X"))
    made.resident("small x", "2021-01-01", id_number=ending_in_x.lower(), birth_date="1970-01-01")
    made.rural("small x", id_number=ending_in_x, birth_date="1970-01-01")
    made.employee("shared number", "2020-01-01")
    made.resident("shared number", "2021-01-01", name="欧阳海燕", birth_date="1991-11-23")
    made.employee("mother", "2020-01-01", birth_date="1988-03-03", id_number=made.id_number("mother", "1988-03-03"))
    child = {"name": "诸葛小小", "birth_date": "2020-08-08", "label": "mother/child"}
    made.resident("mother", "2021-01-01", id_number=made.id_number("mother", "1988-03-03"), **child)
    shared = {"birth_date": "2010-04-04", "telephone": "19900000099"}
    made.resident("one twin", "2021-01-01", name="司马子涵", id_number=made.id_number("one twin", "2010-04-04"), **shared)
    made.rural("other twin", name="司马子轩", id_number=made.id_number("other twin", "2010-04-04"), **shared)
    made.resident("no number", "2021-01-01", telephone="19900000001")
    made.rural("no number", id_number="", telephone="19900000001")
    made.employee("one of three without a number", "2020-01-01", id_number="", telephone="19900000002")
    made.resident("one of three without a number", "2021-01-01", telephone="19900000002")
    made.rural("one of three without a number", telephone="19900000002")
    # Kinds of overlaps
    made.employee("migrant worker", "2025-03-10")
    made.rural("migrant worker")
    made.employee("retired", "2001-01-01", kind="21")
    made.resident("retired", "2021-01-01")
    made.resident("switched within a month", "2021-01-01", "2025-05-20", status="2")
    made.employee("switched within a month", "2025-05-10")
    made.resident("two months", "2021-01-01", "2025-05-20", status="2")
    made.employee("two months", "2025-04-10")
    made.resident("freshman", "2024-09-01", kind="1404", county=WEST)
    made.rural("freshman", 2024)
    made.resident("student", "2023-09-01", kind="1404", county=WEST)
    made.rural("student", 2025)
    made.employee("twelve months", "2024-06-30")
    made.resident("twelve months", "2021-01-01")
    made.employee("eleven months", "2024-07-31")
    made.resident("eleven months", "2021-01-01")
    made.employee("suspended on a day", "2020-01-01", "2025-03-31", status="2")
    made.resident("suspended on a day", "2021-01-01")
    made.employee("suspended in June", "2020-01-01", status="2", before="1")
    made.resident("suspended in June", "2021-01-01")
    made.employee("suspended all along", "2020-01-01", status="2")
    made.resident("suspended all along", "2021-01-01")
    made.employee("supplement", "2020-01-01")
    made.employee("supplement", "2020-01-01", insurance="330", label="supplement/supplement")
    made.resident("supplement of a resident", "2021-01-01")
    made.resident("supplement of a resident", "2021-01-01", insurance="392", label="supplement of a resident/supplement")
    made.employee("dead", "2020-01-01", is_dead=True)
    made.resident("dead", "2021-01-01")
    made.employee("three schemes", "2020-01-01")
    made.resident("three schemes", "2021-01-01")
    made.rural("three schemes")
    made.employee("three schemes, never together", "2020-01-01", "2025-02-28", status="3")
    made.resident("three schemes, never together", "2021-01-01")
    made.rural("three schemes, never together", first="2025-04-01")
    made.rural("two families", 2025)
    made.rural("two families", 2025, label="two families/second")
    made.rural("two counties", 2025)
    made.rural("two counties", 2025, county=WEST, label="two counties/west")
    made.employee("flexible", "2020-01-01", kind="12")
    made.resident("flexible", "2021-01-01")
    made.employee("two employers", "2020-01-01")
    made.employee("two employers", "2024-01-01", label="two employers/second")
    # What was paid for
    made.employee_pays("retired", "2025-03", "2025-04", "2025-05")
    made.resident_pays("retired", 2025)
    # Who was in hospital
    for word in ("in hospital twice over", "in two hospitals", "in childbed"):
        made.resident(word, "2021-01-01")
        made.rural(word)
    made.resident_stay("in hospital twice over", "东城区第一医院(北院)", "2025-06-02", "2025-06-10", "800.00")
    made.rural_stay("in hospital twice over", "东城区第一医院（北院）", "2025-06-10", "2025-06-12", "500.00")
    made.rural_stay("in hospital twice over", "东城区第一医院（北院）", "2025-06-20", "2025-06-21", "90.00")
    made.resident_stay("in two hospitals", "东城区第一医院(北院)", "2025-06-02", "2025-06-10", "800.00")
    made.rural_stay("in two hospitals", "东城区中医院", "2025-06-02", "2025-06-10", "500.00")
    made.resident_stay("in childbed", "东城区中医院", "2025-06-02", "2025-06-05", "800.00", care="52")
    made.rural_stay("in childbed", "东城区中医院", "2025-06-02", "2025-06-05", "500.00")
    made.crowd(180)
    return ClosedCity(made, made.close(tmp_path_factory.mktemp("insured_twice")))


def only(city: ClosedCity, word: str) -> dict:
    """The one case of a person."""
    found = city.cases(word)
    assert len(found) == 1, [case["type_code"] for case in found]
    return found[0]


def retained(city: ClosedCity, word: str) -> str | None:
    """The scheme of the relation that is kept."""
    case = only(city, word)
    return {case["relation_id_a"]: case["scheme_a"], case["relation_id_b"]: case["scheme_b"]}.get(case["retained_relation_id"])


# Who is who


def test_an_exact_number_in_two_systems_is_one_person_and_one_case_of_high_confidence(city):
    assert city.people("exact") == 1
    case = only(city, "exact")
    assert (case["type_code"], case["confidence"], case["legitimate_rule"], case["overlap_to"]) == ("DT-04", "high", None, None)


@pytest.mark.parametrize("word", ["fifteen digits", "small x"])
def test_fifteen_digits_and_a_small_x_are_the_number_they_stand_for(city, word):
    assert city.people(word) == 1
    assert only(city, word)["type_code"] == "DT-06"


def test_the_same_number_under_another_name_and_birth_date_is_a_finding_and_no_case(city):
    assert city.people("shared number") == 2
    assert city.cases("shared number") == []
    findings = city.con.execute("select rule from review.match_findings").fetchall()
    assert ("R1x",) in findings


def test_a_child_under_the_number_of_its_mother_is_a_person_of_its_own(city):
    assert city.people("mother") == 2
    assert city.cases("mother") == []


def test_twins_are_two_persons_whatever_else_they_share(city):
    assert city.people("one twin") == city.people("other twin") == 1
    assert city.cases("one twin") == city.cases("other twin") == []


def test_without_a_number_name_birth_date_sex_and_telephone_make_a_case_of_medium_confidence(city):
    assert city.people("no number") == 1
    case = only(city, "no number")
    assert (case["type_code"], case["confidence"]) == ("DT-06", "medium")


def test_two_records_of_one_number_are_a_case_of_high_confidence_whatever_their_person_hangs_by(city):
    assert city.people("one of three without a number") == 1
    cases = city.cases("one of three without a number")
    assert [(case["scheme_a"], case["scheme_b"], case["confidence"]) for case in cases] == [
        ("employee", "resident", "medium"), ("employee", "rural", "medium"), ("resident", "rural", "high"),
    ]  # fmt: skip


# Kinds of overlaps


def test_a_migrant_worker_with_a_rural_year_may_choose_and_stays_an_employee_unless_they_did(city):
    case = only(city, "migrant worker")
    assert (case["type_code"], case["legitimate_rule"], case["keep_rule"]) == ("DT-05", None, "DK-05")
    assert (case["overlap_from"], case["overlap_to"], case["overlap_months"]) == (date(2025, 3, 10), None, 4)
    assert retained(city, "migrant worker") == "employee"
    assert case["duplicate_subsidy_yuan"] == Decimal(500)
    parts = [case[f"duplicate_subsidy_{level}_yuan"] for level in ("central", "province", "city", "county")]
    assert parts == [300, 120, 50, 30]


def test_a_pensioner_who_is_a_resident_too_keeps_the_employees_insurance(city):
    case = only(city, "retired")
    assert (case["type_code"], case["keep_rule"]) == ("DT-04", "DK-04")
    assert retained(city, "retired") == "employee"
    assert case["duplicate_subsidy_yuan"] == Decimal(570)


def test_who_changes_the_scheme_within_one_month_is_legitimate(city):
    case = only(city, "switched within a month")
    assert (case["legitimate_rule"], case["retained_relation_id"], case["duplicate_subsidy_yuan"]) == ("DL-01", None, 0)
    assert (case["overlap_from"], case["overlap_to"], case["overlap_months"]) == (date(2025, 5, 10), date(2025, 5, 20), 1)


def test_two_months_of_overlap_are_none_that_a_switch_explains(city):
    case = only(city, "two months")
    assert case["legitimate_rule"] is None
    assert (case["overlap_from"], case["overlap_to"], case["overlap_months"]) == (date(2025, 4, 10), date(2025, 5, 20), 2)
    # It is over, so there is nothing to keep and no subsidy too many now.
    assert (case["retained_relation_id"], case["duplicate_subsidy_yuan"]) == (None, 0)


def test_a_freshman_may_be_insured_at_home_to_the_end_of_the_first_year(city):
    case = only(city, "freshman")
    assert (case["type_code"], case["legitimate_rule"], case["same_county"]) == ("DT-08", "DL-02", False)
    assert (case["overlap_from"], case["overlap_to"]) == (date(2024, 9, 1), date(2024, 12, 31))


def test_a_student_of_a_later_year_is_kept_where_they_study(city):
    case = only(city, "student")
    assert (case["type_code"], case["legitimate_rule"], case["keep_rule"]) == ("DT-08", None, "DK-03")
    assert retained(city, "student") == "resident"
    assert case["duplicate_subsidy_yuan"] == Decimal(500)


def test_twelve_months_of_employment_decide_and_eleven_leave_the_choice(city):
    assert only(city, "twelve months")["keep_rule"] == "DK-04"
    assert only(city, "eleven months")["keep_rule"] == "DK-05"
    assert retained(city, "twelve months") == retained(city, "eleven months") == "employee"


def test_a_suspended_relation_overlaps_up_to_its_last_day(city):
    case = only(city, "suspended on a day")
    assert (case["overlap_from"], case["overlap_to"]) == (date(2021, 1, 1), date(2025, 3, 31))


def test_one_suspended_without_a_day_overlaps_up_to_the_last_month_that_showed_it_normal(city):
    assert only(city, "suspended in June")["overlap_to"] == date(2025, 5, 31)
    assert city.cases("suspended all along") == []


def test_a_supplement_beside_the_basic_insurance_is_no_case(city):
    assert city.cases("supplement") == []
    assert city.cases("supplement of a resident") == []


def test_a_dead_persons_relations_are_a_case_until_somebody_ends_them(city):
    assert city.people("dead") == 1
    case = only(city, "dead")
    assert (case["type_code"], case["overlap_to"], case["status"]) == ("DT-04", None, "to_verify")


def test_three_schemes_on_a_common_day_are_three_rows_of_one_kind_and_one_relation_is_kept(city):
    cases = city.cases("three schemes")
    assert [(case["scheme_a"], case["scheme_b"]) for case in cases] == [
        ("employee", "resident"), ("employee", "rural"), ("resident", "rural"),
    ]  # fmt: skip
    assert {case["type_code"] for case in cases} == {"DT-07"}
    assert {case["keep_rule"] for case in cases} == {"DK-07"}
    assert len({case["retained_relation_id"] for case in cases}) == 1
    # Two relations are too many, each booked once.
    assert [case["duplicate_subsidy_yuan"] for case in cases] == [570, 500, 0]


def test_three_schemes_without_a_common_day_are_two_pairs(city):
    cases = city.cases("three schemes, never together")
    assert [(case["type_code"], case["scheme_a"], case["scheme_b"]) for case in cases] == [
        ("DT-04", "employee", "resident"), ("DT-06", "resident", "rural"),
    ]  # fmt: skip
    assert [case["overlap_to"] for case in cases] == [date(2025, 2, 28), None]


def test_one_person_twice_in_one_scheme_and_county(city):
    case = only(city, "two families")
    assert (case["type_code"], case["same_county"], case["keep_rule"]) == ("DT-03", True, "DK-02")
    assert case["duplicate_subsidy_yuan"] == Decimal(500)


def test_one_person_twice_in_one_scheme_and_two_counties(city):
    case = only(city, "two counties")
    assert (case["type_code"], case["same_county"]) == ("DT-03", False)
    assert (case["division_code_a"], case["division_code_b"]) == (EAST, WEST)


def test_flexible_employment_beside_residence_is_a_kind_of_its_own(city):
    case = only(city, "flexible")
    assert (case["type_code"], case["keep_rule"]) == ("DT-09", "DK-05")


def test_two_employers_are_one_scheme_twice_and_the_later_one_is_kept(city):
    case = only(city, "two employers")
    assert (case["type_code"], case["keep_rule"], case["duplicate_subsidy_yuan"]) == ("DT-01", "DK-01", 0)
    assert case["retained_relation_id"] == case["relation_id_b"]


def test_months_that_both_were_paid_for_are_told_beside_the_months_enrolled(city):
    case = only(city, "retired")
    assert (case["overlap_months"], case["paid_overlap_months"], case["benefits_drawn"]) == (54, 3, "none")
    assert "两边均已缴费3个月" in case["evidence"]
    assert only(city, "exact")["paid_overlap_months"] == 0


def test_a_stay_that_two_funds_paid_for_costs_the_smaller_payment_and_is_the_same_number_on_the_case_and_in_the_measure(city):
    case = only(city, "in hospital twice over")
    assert (case["duplicate_benefit_yuan"], case["benefits_drawn"]) == (Decimal(500), "both")
    for word in ("in two hospitals", "in childbed"):
        assert (only(city, word)["duplicate_benefit_yuan"], only(city, word)["benefits_drawn"]) == (0, "both")
    measured = dict(
        city.con.execute(
            """
            select measure_code, value from reporting.measure_values
            where starts_with(measure_code, 'DOUBLE_BENEFIT') and not contains(measure_code, '.') and not ends_with(measure_code, '_LY')
                and scheme = 'all' and division_code = '990100' and period = '2025-06' and period_type = 'month'
            """
        ).fetchall()
    )
    assert measured == {"DOUBLE_BENEFIT_STAYS": 1, "DOUBLE_BENEFIT_PAID": 500}
    assert {cell: value for (month, cell), value in double_stays(city.con, ["2025-05", "2025-06"]).items() if month == "2025-06"} == {
        (code, scheme, place): value
        for code, value in measured.items()
        for scheme in ("resident", "rural", "all")
        for place in (EAST, "990100")
    }


# Numbers


def test_every_case_says_what_its_definition_says_reckoned_once_more_in_plain_python(city):
    compared, wrong = case_differences(city.settings, "2025-06")
    assert wrong == []
    assert compared > 100
    kinds, rules = (
        {code for (code,) in city.con.execute(f"select distinct {column} from reporting.duplicate_cases").fetchall()}
        for column in ("type_code", "coalesce(legitimate_rule, keep_rule)")
    )
    assert kinds == {f"DT-0{number}" for number in range(1, 10)}
    assert rules >= {"DL-01", "DL-02", "DL-03", *(f"DK-0{number}" for number in range(1, 8))}


def test_who_is_insured_in_two_counties_counts_once_in_each_and_once_in_the_city(city):
    """The bridge: persons of the three schemes, less those counted twice, are the distinct persons."""
    rows = city.con.execute(
        """
        select division_code, sum_of_schemes, counted_twice, counted_three_times, distinct_persons
        from reporting.headcount_bridge where period = '2025-06' and division_code in ('990100', $east, $west)
        """,
        {"east": EAST, "west": WEST},
    ).fetchall()
    by_division = {division: numbers for division, *numbers in rows}
    for total, twice, three_times, distinct in by_division.values():
        assert total - twice - 2 * three_times == distinct
    in_two_counties = city.con.execute(
        """
        select count(*) from (
            select person_id from marts.fct_enrollment_months
            where month = '2025-06' and is_insured and scheme <> 'maternity'
            group by person_id having count(distinct division_code) = 2
        ) as persons
        """
    ).fetchone()[0]
    assert in_two_counties == 2, "one with two rural years, one student"
    assert by_division[EAST][3] + by_division[WEST][3] - in_two_counties == by_division["990100"][3]


def test_the_indicators_count_cases_as_persons_per_county_and_per_city(city):
    values = dict(
        city.con.execute(
            """
            select division_code, value from reporting.indicator_values
            where indicator_code = 'DUP-01' and period = '2025-06' and period_type = 'point' and scheme = 'all'
                and division_code in ('990100', $east, $west)
            """,
            {"east": EAST, "west": WEST},
        ).fetchall()
    )
    lasting = city.con.execute(
        """
        select distinct person_id, division_code
        from (
            select person_id, unnest([division_code_a, division_code_b]) as division_code
            from reporting.duplicate_cases
            where legitimate_rule is null and overlap_to is null
        ) as sides
        """
    ).fetchall()
    for division in (EAST, WEST):
        assert values[division] == len({person for person, code in lasting if code == division}), division
    assert values["990100"] == len({person for person, _ in lasting})
