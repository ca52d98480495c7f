"""The review files of a closed city: what reviewers need, and no full ID number of anybody."""

import re

import duckdb
import pytest

from warehouse.disclosure import personal_data_found
from warehouse.scope import Scope, scope

ID_NUMBER = re.compile(r"(?<!\d)\d{14,17}[\dXx](?!\d)")


@pytest.mark.parametrize("home", ["closed_mini_home", "closed_edge_home"])
def test_no_review_file_holds_a_full_id_number_not_even_of_a_row_that_was_rejected(request, home):
    settings = request.getfixturevalue(home)
    with duckdb.connect(str(settings.warehouse), read_only=True) as con:
        landed = con.execute(
            "select distinct id_number_raw from intermediate.int_person_records_unioned where id_number_raw is not null"
        ).fetchall()
        rejected = con.execute("select raw_text from staging.stg_landing__rejected_rows where raw_text is not null").fetchall()
    numbers = {number for (number,) in landed} | {number for (text,) in rejected for number in ID_NUMBER.findall(text)}
    assert len(numbers) > 100
    paths = sorted(settings.review.glob("*.duckdb"))
    assert paths
    for path in paths:
        assert [one for one in personal_data_found(path, numbers) if one.kind != "known name"] == []


def test_rejected_and_failing_rows_are_counted_for_everybody_as_the_ledger_and_the_checks_say(closed_mini_home):
    settings = closed_mini_home
    counted = 0
    for row in scope().releases(settings):
        review, release = scope().review(settings, row.release), scope().release(settings, row.release)
        in_force = release.rows("deliveries", period=row.period, status="accepted", columns=("system", "office", "rows_rejected"))
        by_office = {
            (one["system"], one["office"]): one["row_count"] for one in review.counts("rejected_rows", "system", "office").to_pylist()
        }
        assert by_office == {(one["system"], one["office"]): one["rows_rejected"] for one in in_force if one["rows_rejected"]}
        counted += sum(by_office.values())
        checks = release.query(
            "select check_code, cast(sum(left_value) as bigint) as row_count from check_results "
            "where period = $period and check_code in ('CHK-20', 'CHK-21', 'CHK-24') and left_value > 0 "
            "group by check_code order by check_code",
            {"period": row.period},
        ).to_pylist()
        assert review.counts("failing_rows", "check_code").to_pylist() == checks
    assert counted == 6


def test_a_county_sees_of_a_closed_city_its_own_lines_alone(closed_edge_home):
    reader = Scope(counties=("990102",)).release(closed_edge_home)
    for table in ("measure_values", "indicator_values", "headcount_bridge", "check_results", "report_cells"):
        codes = {row["division_code"][:6] for row in reader.rows(table, columns=("division_code",))}
        assert codes == {"990102"}, table
    cases = reader.rows("duplicate_cases")
    assert cases
    for case in cases:
        for side in "ab":
            own = case[f"division_code_{side}"] == "990102"
            assert own == (case[f"relation_id_{side}"] is not None) == (case[f"source_person_no_{side}"] is not None)
