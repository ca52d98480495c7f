"""A simulated city, received and closed, agrees with its truth to the person and the fen."""

import csv
import shutil

import duckdb
import pytest

from orchestration.close import close_month
from tests.accuracy.cases import score_cases
from tests.e2e.truth import compare
from warehouse.landing import receive
from warehouse.periods import Period
from warehouse.settings import Settings
from warehouse.simulate import FaultRates, simulate

DECEMBER, JANUARY = Period(2024, 12), Period(2025, 1)
DAMAGED_ROWS = {
    "row_wrong_field_count": 0.0005,
    "row_unclosed_quote": 0.0005,
    "row_null_key": 0.0005,
    "row_unreadable_value": 0.0005,
    "row_duplicate_key": 0.0005,
    "row_wrong_period": 0.0005,
}
# Frequent enough that a small city has each of them.
CARE_AND_FILES = {
    "dead_still_active": 0.5,
    "end_before_start": 0.05,
    "reversal_same_month": 0.02,
    "reversal_later_month": 0.03,
    "half_settled_stay": 0.1,
    "stay_in_two_schemes": 0.5,
    "discharge_before_admission": 0.05,
    "claim_after_death": 0.5,
    "unknown_institution": 0.02,
    "identity_off_by_a_fen": 0.01,
    "key_again_in_later_delivery": 0.004,
    "member_in_two_counties": 0.003,
    "file_redelivered": 0.2,
    "file_wrong_checksum": 0.1,
    "file_column_renamed": 0.1,
    "file_manifest_missing": 0.1,
    "file_not_in_time": 0.1,
    "file_unlisted": 0.2,
    "in_two_schemes": 0.08,
    "in_three_schemes": 0.006,
    "twice_in_one_scheme": 0.03,
}


def closed_city(folder, rates, first, last, seed):
    """Simulate a city, receive its deliveries, close its months; the home and the truth."""
    made = simulate(folder / "inbox", 1_500, first, last, seed, rates)
    settings = Settings.from_environment(folder / "home")
    receive(settings, made.inbox)
    for month in Period.span(first, last):
        close_month(settings, month)
    return settings.home, made.truth


@pytest.fixture(scope="module")
def city_of_known_persons(tmp_path_factory):
    """The turn of a year with every fault of care, enrollment and files, none of identities: exact ID numbers tell who is who."""
    rates = FaultRates(**{**FaultRates.of("none").__dict__, **CARE_AND_FILES})
    return closed_city(tmp_path_factory.mktemp("known"), rates, DECEMBER, JANUARY, seed=41)


@pytest.fixture(scope="module")
def city_of_damaged_identities(tmp_path_factory):
    """A month with every fault there is."""
    rates = FaultRates(**{**FaultRates().__dict__, **CARE_AND_FILES, **DAMAGED_ROWS, "id_missing": 0.1})
    return closed_city(tmp_path_factory.mktemp("damaged"), rates, JANUARY, JANUARY, seed=42)


def test_where_ids_tell_who_is_who_every_number_and_case_is_the_true_one(city_of_known_persons):
    found = compare(*city_of_known_persons)
    assert found.differences == [], found.report()
    assert found.everybody_recognised, found.report()
    subjects = ("deliveries", "relations", "numbers", "person records", "numbers of persons", "headcount bridge", "duplicate cases")
    assert min(found.compared[subject] for subject in subjects) > 0, found.report()


def test_the_bench_of_cases_finds_nothing_wrong_where_ids_tell_who_is_who_and_sees_what_is_changed(city_of_known_persons, tmp_path):
    home, truth = city_of_known_persons
    settings = Settings.from_environment(home)
    score = score_cases(settings, truth, JANUARY)
    assert score.both == score.expected == score.published > 0
    assert set(score.said.values()) == {score.both}
    assert score.targets_missed() == []
    with (truth / "expected_overlaps.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    of_month = [row for row in rows if row["period"] == str(JANUARY)]
    of_month[0]["relation_id_a"] = "none"
    paid_twice = next(row for row in of_month[1:] if row["duplicate_subsidy_yuan"] != "0.00")
    paid_twice["type_code"], paid_twice["duplicate_subsidy_yuan"] = "DT-00", "1000000.00"
    with (tmp_path / "expected_overlaps.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    changed = score_cases(settings, tmp_path, JANUARY)
    assert changed.both == score.both - 1
    assert changed.said["type"] == changed.both - 1
    assert [text.split()[0] for text in changed.targets_missed()] == ["precision", "subsidy"]


def test_with_damaged_identities_all_that_does_not_rest_on_them_is_true_and_the_rest_is_reported(city_of_damaged_identities):
    found = compare(*city_of_damaged_identities)
    assert found.differences == [], found.report()
    # How many are recognised is the matching's own affair; what follows from it is compared strictly only where everybody is.
    of_persons = "numbers of persons" if found.everybody_recognised else "insured persons as recognised"
    subjects = ("deliveries", "rejected rows", "relations", "numbers", "person records", of_persons)
    assert min(found.compared[subject] for subject in subjects) > 0, found.report()
    assert any("rightly recognised" in line[0] for line in found.recognition)


@pytest.mark.parametrize(
    ("subject", "table", "change"),
    [
        ("numbers", "expected_numbers.csv", "update answers set value = value + 0.01 where measure = 'INCOME' and scheme = 'rural'"),
        ("numbers", "expected_numbers.csv", "update answers set value = value + 1 where measure = 'ADMISSIONS' and scheme = 'all'"),
        ("numbers of persons", "expected_numbers.csv", "update answers set value = value - 1 where measure = 'INSURED' and scheme = 'all'"),
        (
            "relations",
            "relations.parquet",
            "update answers set county = '990199' where relation_id in (select max(relation_id) from answers)",
        ),
        ("duplicate cases", "expected_overlaps.csv", "delete from answers where relation_id_a in (select max(relation_id_a) from answers)"),
        ("duplicate cases", "expected_overlaps.csv", "update answers set keep_rule = 'DK-08' where keep_rule is not null"),
        ("deliveries", "expected_deliveries.csv", "update answers set rows_landed = rows_landed + 1 where system = 'city'"),
        ("headcount bridge", "headcount.csv", "update answers set counted_twice = counted_twice + 1"),
    ],
)
def test_the_comparison_sees_what_is_changed_in_the_truth(city_of_known_persons, tmp_path, subject, table, change):
    home, truth = city_of_known_persons
    other = tmp_path / "truth"
    shutil.copytree(truth, other)
    read = "read_csv" if table.endswith("csv") else "read_parquet"
    form = "format csv, header true" if table.endswith("csv") else "format parquet"
    with duckdb.connect() as con:
        types = ", types = {'period': 'varchar', 'division_code': 'varchar'}" if table == "expected_numbers.csv" else ""
        con.execute(f"create table answers as select * from {read}('{other / table}'{types})")
        con.execute(change)
        con.execute(f"copy answers to '{other / table}' ({form})")
    assert subject in {each.subject for each in compare(home, other).differences}
