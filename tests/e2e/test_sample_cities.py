"""Both sample cities come out as their answers say: every number, every overlap, every delivery."""

import duckdb
import pytest

from tests.conftest import EDGE_MONTHS, MINI_MONTHS, SAMPLES
from tests.e2e.sample_answers import differences
from warehouse.disclosure import personal_data_found


@pytest.mark.parametrize("month", MINI_MONTHS)
def test_the_small_city_has_its_right_answers(closed_mini_home, month):
    compared, wrong = differences(closed_mini_home, SAMPLES / "mini_city", month)
    assert compared > 500
    assert wrong == []


@pytest.mark.parametrize("month", EDGE_MONTHS)
def test_the_city_of_rare_cases_has_its_right_answers(closed_edge_home, month):
    compared, wrong = differences(closed_edge_home, SAMPLES / "edge_city", month)
    assert compared > 500
    assert wrong == []


@pytest.mark.parametrize("home", ["closed_mini_home", "closed_edge_home"])
def test_no_release_holds_a_name_or_an_id_number(request, home):
    settings = request.getfixturevalue(home)
    with duckdb.connect(str(settings.warehouse), read_only=True) as con:
        rows = con.execute("select id_number_raw, name_raw from intermediate.int_person_records_unioned").fetchall()
    numbers = {number for number, _ in rows if number}
    names = {name for _, name in rows if name}
    assert len(numbers) > 100
    for path in sorted(settings.published.glob("*.duckdb")):
        assert personal_data_found(path, numbers, names) == []


def test_every_release_of_the_months_before_stands_as_it_was_published(closed_edge_home):
    """A later month holds each earlier one cell by cell as the earlier one's own release has it."""
    settings = closed_edge_home
    with duckdb.connect() as con:
        for month in EDGE_MONTHS:
            con.execute(f"attach '{settings.published / f'{month}-r01.duckdb'}' as r{month.replace('-', '')} (read_only)")
        for month in EDGE_MONTHS[:-1]:
            for table in ("measure_values", "indicator_values"):
                code = table.replace("values", "code")
                key = f"period_type, period, division_code, scheme, {code}"
                mine = f"select {key}, value from r{month.replace('-', '')}.reporting.{table} where period = '{month}'"
                later = f"select {key}, value from r202502.reporting.{table} where period = '{month}'"
                assert con.execute(f"select count(*) from ({mine})").fetchone()[0] > 100
                assert con.execute(f"({mine}) except ({later})").fetchall() == []
                assert con.execute(f"({later}) except ({mine})").fetchall() == []
