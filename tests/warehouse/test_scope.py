"""The scope: the whole city for everybody until there are accounts, and a county's own rows for a scope of one county."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
import yaml
from working_warehouse import DIVISIONS, build, publish, publish_built

from warehouse.errors import ReleaseError, ScopeError
from warehouse.periods import Period
from warehouse.register import Register
from warehouse.scope import CITY_TABLES, OPEN_TABLES, Scope, scope
from warehouse.settings import Settings
from warehouse.shapes import reporting_shapes

COUNTY = Scope(counties=("990102",))
REVIEWER = Scope(is_reviewer=True)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    home = Settings(home=tmp_path_factory.mktemp("home"))
    with Register(home.register) as register:
        publish(home, register, "2025-01", 1000)
        publish(home, register, "2025-02", 2000)
        build(home, register, "2025-02", 3000)
        with duckdb.connect(str(home.warehouse)) as con:
            con.execute(
                "insert into reporting.institution_values by name "
                "select 'month' as period_type, '2025-02' as period, '9901020001' as institution_id"
            )
            con.execute("create table reporting.forms as select 'RPT-M01' as report_code")
            con.execute("create table reporting.unheard_of as select 1 as value")
            con.execute(
                "create table review.rejected_rows as "
                "select 'rural' as system, '990102' as office, '日期不可读' as reason, '张三' as person_name"
            )
            con.execute(
                "insert into review.rejected_rows values "
                "('rural', '990103', '日期不可读', '李四'), ('employee', '990100', '金额不可读', null)"
            )
            con.execute(
                "create table review.case_persons as select 'C2' as case_id, '990102' as division_code_a, "
                "'3910000000000002' as relation_id_a, '99010000000002' as source_person_no_a, '张三' as person_name_a, "
                "'990102********1230' as masked_id_number_a, "
                "'东街道' as township_name_a, 'D1' as unit_no_a, date '2020-01-01' as first_day_a, 'normal' as relation_status_a, "
                "'990103' as division_code_b, '99010300000007-2025' as relation_id_b, '99010300000007' as source_person_no_b, "
                "'张叁' as person_name_b, '990102********1230' as masked_id_number_b, '西镇' as township_name_b, 'F1' as unit_no_b, "
                "date '2025-01-01' as first_day_b, 'normal' as relation_status_b, 'valid' as id_status_a, 'valid' as id_status_b"
            )
            publish_built(home, register, con, "2025-02")
    yield home


def seen(reader: object, table: str, column: str = "division_code") -> set[object]:
    return set(reader.frame(table)[column])


# Whose rows


def test_everybody_sees_the_whole_city_until_there_are_accounts(settings: Settings):
    for user in (None, "clerk"):
        assert scope(user).is_whole_city
        assert seen(scope(user).release(settings), "measure_values") == set(DIVISIONS)


def test_a_county_sees_its_own_row_and_its_townships_and_neither_the_city_nor_another_county(settings: Settings):
    reader = COUNTY.release(settings)
    assert seen(reader, "measure_values") == {"990102", "990102001", "990102000"}
    assert seen(reader, "indicator_values") == {"990102", "990102001", "990102000"}
    assert seen(reader, "headcount_bridge") == {"990102"}
    assert seen(reader, "check_results") == {"990102"}


def test_a_scope_of_two_counties_sees_both(settings: Settings):
    reader = Scope(counties=("990102", "990103")).release(settings)
    assert seen(reader, "measure_values") == {"990102", "990102001", "990102000", "990103", "990103004"}


def test_the_filter_holds_in_every_way_of_asking(settings: Settings):
    reader = COUNTY.release(settings)
    own = {"990102", "990102001", "990102000"}
    assert {row["division_code"] for row in reader.rows("measure_values")} == own
    assert set(reader.arrow("measure_values")["division_code"].to_pylist()) == own
    assert reader.rows("measure_values", division_code="990103") == []
    assert {row["division_code"] for row in reader.rows("measure_values", where="true or division_code = '990103'")} == own
    assert reader.query("select count(*) as n from measure_values where division_code in ('990100', '990103')").to_pylist() == [{"n": 0}]
    joined = "select count(*) as n from headcount_bridge as a cross join headcount_bridge as b where a.division_code <> b.division_code"
    assert reader.query(joined).to_pylist() == [{"n": 0}]


@pytest.mark.parametrize(
    "sql",
    [
        "select * from reporting.measure_values",
        "select * from REPORTING . measure_values",
        'select * from "reporting".measure_values',
        "select * from (from reporting.measure_values)",
        "with measure_values as (select * from reporting.measure_values) select * from measure_values",
        "attach 'other.duckdb' as other",
        "select * from read_parquet('landing/*.parquet')",
        "select * from 'landing/rural.parquet'",
        "select * from duckdb_tables()",
        "select table_name from information_schema.tables",
        "select 1; select * from measure_values",
        "select * from query_table('reporting.measure_values')",
        "select * from measure_values where value in (select value from reporting.indicator_values)",
        "update measure_values set value = 0",
        "copy measure_values to 'out.csv'",
    ],
)
def test_a_query_that_goes_around_the_filter_is_refused(settings: Settings, sql: str):
    for limits in (COUNTY, Scope()):
        with pytest.raises(ScopeError, match="one `select` over tables by their plain names"):
            limits.release(settings).query(sql)


def test_a_case_that_two_counties_share_shows_of_the_other_side_no_number(settings: Settings):
    cases = {row["case_id"]: row for row in COUNTY.release(settings).rows("duplicate_cases")}
    assert set(cases) == {"C1", "C2"}
    shared = cases["C2"]
    assert (shared["relation_id_a"], shared["source_person_no_a"]) == ("3910000000000002", "99010000000002")
    assert (shared["relation_id_b"], shared["source_person_no_b"], shared["retained_relation_id"]) == (None, None, None)
    assert (shared["scheme_b"], shared["division_code_b"], shared["status"]) == ("rural", "990103", "to_verify")
    assert (shared["benefits_drawn"], cases["C1"]["benefits_drawn"]) == (None, "both")
    assert cases["C1"]["relation_id_b"] == cases["C1"]["retained_relation_id"] == "3910000000000001"
    other = {row["case_id"]: row for row in Scope(counties=("990103",)).release(settings).rows("duplicate_cases")}
    assert set(other) == {"C2", "C3"}
    assert (other["C2"]["relation_id_a"], other["C2"]["relation_id_b"]) == (None, "99010300000007-2025")
    assert other["C2"]["retained_relation_id"] == "99010300000007-2025"
    assert set(seen(Scope().release(settings), "duplicate_cases", "case_id")) == {"C1", "C2", "C3"}


def test_of_a_case_in_the_review_file_a_county_sees_its_own_person_and_of_the_other_place_days_and_state(settings: Settings):
    (row,) = Scope(counties=("990103",), is_reviewer=True).review(settings).rows("case_persons")
    own = ("relation_id", "source_person_no", "person_name", "masked_id_number", "township_name", "unit_no", "id_status")
    assert [row[f"{part}_a"] for part in own] == [None] * len(own)
    assert None not in [row[f"{part}_b"] for part in own]
    assert (row["division_code_a"], row["first_day_a"], row["relation_status_a"]) == ("990102", datetime.date(2020, 1, 1), "normal")
    assert Scope(counties=("990104",), is_reviewer=True).review(settings).rows("case_persons") == []
    with pytest.raises(ScopeError, match="for reviewers"):
        Scope(counties=("990103",)).review(settings).rows("case_persons")


def test_a_county_sees_the_deliveries_of_its_own_office_alone(settings: Settings):
    assert seen(COUNTY.release(settings), "deliveries", "office") == {"990102"}
    assert seen(scope().release(settings), "deliveries", "office") == {"990100", "990102", "990103"}


def test_words_are_everybodys_and_values_of_institutions_are_the_citys(settings: Settings):
    reader = COUNTY.release(settings)
    assert reader.rows("release_info")[0]["release"] == "2025-02-r02"
    assert reader.rows("forms") == [{"report_code": "RPT-M01"}]
    assert reader.rows("institution_values") == []
    assert len(scope().release(settings).rows("institution_values")) == 1


def test_a_table_that_no_rule_is_about_is_refused_to_a_county(settings: Settings):
    assert scope().release(settings).rows("unheard_of") == [{"value": 1}]
    with pytest.raises(ScopeError, match="unheard_of: no rule says"):
        COUNTY.release(settings).rows("unheard_of")


def test_every_published_table_of_the_project_has_a_rule(settings: Settings):
    tables = {name: set(shape.columns) for name, shape in reporting_shapes(settings.dbt_project).items() if name != "failing_rows"}
    for path in (settings.dbt_project / "seeds").rglob("*.yml"):
        for seed in yaml.safe_load(path.read_text(encoding="utf-8")).get("seeds") or []:
            if (seed.get("config") or {}).get("schema") == "reporting":
                tables[seed["name"]] = set(seed["config"].get("column_types") or {})
    assert "forms" in tables
    without = [
        name
        for name, columns in tables.items()
        if name not in OPEN_TABLES | CITY_TABLES
        and not columns & {"division_code", "office"}
        and not {"division_code_a", "division_code_b"} <= columns
    ]
    assert without == []


@pytest.mark.parametrize("counties", [(), ("9901",), ("990102", "99010x"), ("990102') or ('' = '",)])
def test_a_scope_that_names_no_county_is_refused(counties: tuple[str, ...]):
    with pytest.raises(ScopeError, match="six-digit county codes"):
        Scope(counties=counties)


# Which release


def test_a_release_is_asked_for_by_month_by_name_or_as_the_newest(settings: Settings):
    assert scope().release(settings).release == "2025-02-r02"
    assert scope().release(settings, "2025-02-r01").release == "2025-02-r01"
    assert scope().release(settings, Period(2025, 1)).release == "2025-01-r01"
    assert scope().release(settings).period == Period(2025, 2)
    assert [row.release for row in COUNTY.releases(settings)] == ["2025-01-r01", "2025-02-r01", "2025-02-r02"]
    with pytest.raises(ReleaseError, match="no such release"):
        scope().release(settings, "2030-01")


def test_an_earlier_release_shows_what_it_showed(settings: Settings):
    asked = {"measure_code": "INSURED", "division_code": "990100", "scheme": "all", "period": "2025-02"}
    found = [scope().release(settings, name).rows("measure_values", **asked)[0]["value"] for name in ("2025-02-r01", "2025-02-r02")]
    assert found == [Decimal("2000.25"), Decimal("3000.25")]


def test_answers_may_be_kept_under_a_key_that_names_release_and_scope(settings: Settings):
    readers = [scope().release(settings), COUNTY.release(settings), scope().release(settings, "2025-01"), REVIEWER.review(settings)]
    assert len({reader.key for reader in readers}) == len(readers)
    assert scope().release(settings).key == scope("clerk").release(settings).key


# What comes back


def test_money_stays_decimal_counts_stay_whole_and_dates_stay_dates(settings: Settings):
    frame = scope().release(settings).frame("measure_values", measure_code="INCOME")
    assert all(isinstance(value, Decimal) for value in frame["value"])
    assert frame["months_used"].dtype == pd.Int64Dtype()
    cases = scope().release(settings).frame("duplicate_cases")
    assert cases["duplicate_subsidy_yuan"].sum() == Decimal("1830.30")
    assert cases["overlap_months"].dtype == pd.Int64Dtype()
    assert set(cases["overlap_from"]) == {datetime.date(2025, 2, 1)}
    deliveries = scope().release(settings).frame("deliveries")
    assert deliveries["rows_rejected"].isna().all()
    assert deliveries["rows_landed"].tolist() == [3000, 3000, 3000]
    assert pa.types.is_decimal(scope().release(settings).arrow("measure_values").schema.field("value").type)


def test_rows_are_chosen_by_values_lists_nulls_and_conditions(settings: Settings):
    reader = scope().release(settings)
    asked = {"scheme": "rural", "measure_code": ["INCOME", "INSURED"], "period": Period(2025, 2)}
    rows = reader.rows("measure_values", columns=("division_code", "measure_code", "value"), order_by="value desc", **asked)
    assert len(rows) == len(DIVISIONS) * 2
    assert list(rows[0]) == ["division_code", "measure_code", "value"]
    assert [row["value"] for row in rows] == sorted((row["value"] for row in rows), reverse=True)
    limited = reader.rows("measure_values", where="value > $least", parameters={"least": Decimal("3061")}, **asked)
    assert [row["value"] for row in limited] == [Decimal("3061.25")]
    assert len(reader.rows("duplicate_cases", overlap_to=None)) == 3
    assert reader.rows("measure_values", measure_code=[]) == []


def test_a_table_or_column_that_does_not_exist_is_told_in_words(settings: Settings):
    reader = scope().release(settings)
    for asked in ({"table": "no_such_table"}, {"table": "measure_values", "no_such_column": 1}):
        with pytest.raises(ReleaseError, match="2025-02-r02: cannot be asked so"):
            reader.rows(**asked)


def test_threads_of_a_page_may_ask_the_same_release_at_once(settings: Settings):
    reader = COUNTY.release(settings)
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda _: len(reader.rows("measure_values")), range(32)))
    assert counts == [2 * 3 * 4 * 3] * 32


# The review file


def test_everybody_may_see_how_many_rows_failed_and_why(settings: Settings):
    counted = scope().review(settings).counts("rejected_rows", "system", "reason").to_pylist()
    assert counted == [
        {"system": "employee", "reason": "金额不可读", "row_count": 1},
        {"system": "rural", "reason": "日期不可读", "row_count": 2},
    ]
    assert scope().review(settings).counts("failing_rows").to_pylist() == [{"row_count": 3}]


def test_a_county_counts_the_rows_of_its_own_office(settings: Settings):
    assert COUNTY.review(settings).counts("rejected_rows", "reason").to_pylist() == [{"reason": "日期不可读", "row_count": 1}]
    assert COUNTY.review(settings).counts("failing_rows", "check_code").to_pylist() == [{"check_code": "CHK-20", "row_count": 2}]


def test_counts_are_given_by_nothing_that_names_a_person(settings: Settings):
    for column in ("person_name", "key"):
        with pytest.raises(ScopeError, match="counts are given by"):
            REVIEWER.review(settings).counts("rejected_rows", column)


def test_rows_of_the_review_file_are_for_reviewers(settings: Settings):
    with pytest.raises(ScopeError, match="for reviewers"):
        scope().review(settings).rows("rejected_rows")
    with pytest.raises(ScopeError, match="for reviewers"):
        COUNTY.review(settings).query("select count(*) from rejected_rows")
    assert {row["person_name"] for row in REVIEWER.review(settings).rows("rejected_rows")} == {"张三", "李四", None}
    own = Scope(counties=("990102",), is_reviewer=True).review(settings)
    assert [row["person_name"] for row in own.rows("rejected_rows")] == ["张三"]
    assert {row["delivery"] for row in own.rows("failing_rows")} == {"rural-2025-02-990102-1"}


def test_a_release_without_a_review_file_or_table_is_told_in_words(settings: Settings, tmp_path: Path):
    with pytest.raises(ReleaseError, match="no table queue"):
        scope().review(settings).counts("queue")
    bare = Settings(home=tmp_path / "bare")
    with Register(bare.register) as register:
        row = publish(bare, register, "2025-01")
    (bare.review / row.file).unlink()
    with pytest.raises(ReleaseError, match="is missing, which belongs to 2025-01-r01"):
        scope().review(bare)
