"""Releases: published whole or not at all, never changed, mended from the register, copied month by month, compared cell by cell."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from working_warehouse import DIVISIONS, build, publish, publish_built

from warehouse import releases
from warehouse.disclosure import personal_data_found
from warehouse.errors import ReleaseError
from warehouse.periods import Period
from warehouse.register import Register
from warehouse.releases import CONTRACTED_TABLES, attach_earlier, diff, find_release, mend, open_release, sha256_of
from warehouse.settings import Settings
from warehouse.shapes import reporting_shapes, tables_read_from_earlier_releases

KILLED = Path(__file__).with_name("publish_killed.py")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def register(settings: Settings) -> Iterator[Register]:
    with Register(settings.register) as opened:
        yield opened


def listing(settings: Settings) -> list[dict[str, str]]:
    with (settings.published / "releases.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def current(settings: Settings) -> str:
    return (settings.published / "CURRENT").read_text(encoding="utf-8")


def rows(path: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(sql).fetchall()


def value_of(path: Path, month: str, measure: str = "INSURED") -> Decimal:
    sql = f"select value from reporting.measure_values where period = '{month}' and measure_code = '{measure}' and division_code = '990100'"
    return rows(path, f"{sql} and scheme = 'all'")[0][0]


def ready_to_publish_again(settings: Settings, register: Register, month: str = "2025-02", base: int = 2000) -> duckdb.DuckDBPyConnection:
    build(settings, register, month, base)
    return duckdb.connect(str(settings.warehouse))


# Publishing


def test_a_release_holds_the_reporting_tables_as_they_stand_in_the_working_warehouse(settings: Settings, register: Register):
    row = publish(settings, register, "2025-01")
    with duckdb.connect(str(settings.warehouse)) as con:
        con.execute(f"attach '{settings.published / row.file}' as published_file (read_only)")
        for table in CONTRACTED_TABLES:
            columns = [name for name in reporting_shapes(settings.dbt_project)[table].columns if table != "release_info"] or ["period"]
            listed = ", ".join(columns)
            here, there = f"select {listed} from reporting.{table}", f"select {listed} from published_file.reporting.{table}"
            assert con.execute(
                f"select count(*) from ({here} except all {there}) union all select count(*) from ({there} except all {here})"
            ).fetchall() == [(0,), (0,)]
            described = [con.execute(f"select column_name, column_type from (describe {sql})").fetchall() for sql in (here, there)]
            assert described[0] == described[1]


def test_a_release_says_what_it_is(settings: Settings, register: Register):
    row = publish(settings, register, "2025-01", fingerprint="f1")
    found = rows(
        settings.published / row.file,
        "select release, period, code_version, rule_set_version, warehouse_fingerprint, "
        "strftime(built_at, '%Y-%m-%dT%H:%M:%S+00:00') from reporting.release_info",
    )
    assert found == [("2025-01-r01", "2025-01", "0.1.0+code", "1.0.0+rules", "f1", row.built_at)]


def test_the_next_release_of_a_month_has_the_next_number_and_the_one_before_stays_readable(settings: Settings, register: Register):
    first = publish(settings, register, "2025-01", 1000)
    before = (settings.published / first.file).read_bytes()
    second = publish(settings, register, "2025-01", 2000)
    assert (second.release, second.number, second.state) == ("2025-01-r02", 2, "provisional")
    assert register.release(first.release).state == "superseded"
    assert (settings.published / first.file).read_bytes() == before
    assert value_of(settings.published / first.file, "2025-01") == Decimal("1000.25")
    assert value_of(settings.published / second.file, "2025-01") == Decimal("2000.25")


def test_the_file_of_a_release_is_read_only_and_its_hash_is_on_record(settings: Settings, register: Register):
    row = publish(settings, register, "2025-01")
    path = settings.published / row.file
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert row.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_review_file_holds_the_review_tables_and_not_everybody_may_read_it(settings: Settings, register: Register):
    row = publish(settings, register, "2025-01")
    path = settings.review / row.file
    assert rows(path, "select count(*) from review.failing_rows") == [(3,)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o440
    assert rows(settings.published / row.file, "select count(*) from information_schema.tables where table_schema = 'review'") == [(0,)]


def test_rows_stand_in_the_order_of_their_grain_whatever_order_they_were_computed_in(settings: Settings, register: Register):
    build(settings, register, "2025-01", rows=400)
    with duckdb.connect(str(settings.warehouse)) as con:
        con.execute(
            "create or replace table reporting.measure_values as from reporting.measure_values order by hash(measure_code, division_code)"
        )
        first = publish_built(settings, register, con, "2025-01")
        con.execute("create or replace table reporting.measure_values as from reporting.measure_values order by hash(value, scheme)")
        second = publish_built(settings, register, con, "2025-01")
    grain = "period_type, period, division_code, scheme, measure_code"
    stored = [rows(settings.published / row.file, f"select {grain} from reporting.measure_values") for row in (first, second)]
    assert len(stored[0]) == len(DIVISIONS) * 3 * 4 * 400
    assert stored[0] == stored[1] == sorted(stored[0])


def test_the_listing_and_current_follow_from_the_register(settings: Settings, register: Register):
    publish(settings, register, "2025-01")
    publish(settings, register, "2025-02")
    publish(settings, register, "2025-01", 1001)
    register.approve("2025-01", "周主任", "run-2")
    mend(settings, register)
    assert [(line["period"], line["release"], line["state"]) for line in listing(settings)] == [
        ("2025-01", "2025-01-r01", "superseded"),
        ("2025-01", "2025-01-r02", "approved"),
        ("2025-02", "2025-02-r01", "provisional"),
    ]
    assert {line["release"]: (line["built_at"], line["sha256"]) for line in listing(settings)} == {
        row.release: (row.built_at, row.sha256) for row in register.releases()
    }
    assert current(settings) == "2025-02-r01.duckdb"


def test_nothing_is_left_beside_what_was_published(settings: Settings, register: Register):
    publish(settings, register, "2025-01")
    assert sorted(path.name for path in settings.published.iterdir()) == ["2025-01-r01.duckdb", "CURRENT", "releases.csv"]
    assert [path.name for path in settings.review.iterdir()] == ["2025-01-r01.duckdb"]


def test_a_working_warehouse_without_a_contracted_table_is_not_published(settings: Settings, register: Register):
    build(settings, register, "2025-01")
    with duckdb.connect(str(settings.warehouse)) as con:
        con.execute("drop table reporting.headcount_bridge")
        with pytest.raises(ReleaseError, match="headcount_bridge"):
            publish_built(settings, register, con, "2025-01")
    assert register.releases() == []
    assert not settings.published.exists()


def test_a_working_warehouse_of_another_month_is_not_published(settings: Settings, register: Register):
    build(settings, register, "2025-01")
    with duckdb.connect(str(settings.warehouse)) as con, pytest.raises(ReleaseError, match="is about 2025-01"):
        publish_built(settings, register, con, "2025-02")
    assert register.releases() == []


def test_a_working_warehouse_that_rests_on_a_release_replaced_since_is_not_published(settings: Settings, register: Register):
    publish(settings, register, "2025-01")
    other = Settings(home=settings.home)
    with ready_to_publish_again(settings, register) as con:
        con.execute(
            "create or replace table published.attached_releases as select '2025-01' as period, '2025-01-r00' as release, '' as sha256"
        )
        with pytest.raises(ReleaseError, match="rests on 2025-01-r00, but in force are 2025-01-r01"):
            publish_built(other, register, con, "2025-02")


def test_a_release_names_the_earlier_releases_it_was_copied_from(settings: Settings, register: Register):
    publish(settings, register, "2025-01")
    publish(settings, register, "2025-01", 1001)
    assert publish(settings, register, "2025-02").earlier_releases == ("2025-01-r02",)


def test_a_copy_that_fails_leaves_neither_a_file_nor_a_row(settings: Settings, register: Register):
    build(settings, register, "2025-01")
    with duckdb.connect(str(settings.warehouse)) as con:
        con.execute("create or replace view reporting.headcount_bridge_check as select error('no such number') as wrong")
        with pytest.raises(duckdb.Error, match="no such number"):
            publish_built(settings, register, con, "2025-01")
        con.execute("drop view reporting.headcount_bridge_check")
        assert list(settings.published.iterdir()) == []
        assert register.releases() == []
        assert publish_built(settings, register, con, "2025-01").release == "2025-01-r01"


# Readers


def test_a_reader_that_has_current_open_sees_the_earlier_release_whole_while_another_process_publishes(
    settings: Settings, register: Register
):
    publish(settings, register, "2025-01")
    publish(settings, register, "2025-02", 1000)
    build(settings, register, "2025-02", 2000)
    with duckdb.connect(str(settings.published / current(settings)), read_only=True) as reader:
        everything = "select * from reporting.measure_values order by all"
        before = reader.execute(everything).fetchall()
        run = (
            "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[2]); import publish_killed; "
            "publish_killed.publish(Path(sys.argv[1]), '2025-02')"
        )
        subprocess.run([sys.executable, "-c", run, str(settings.home), str(KILLED.parent)], check=True, timeout=60)
        assert current(settings) == "2025-02-r02.duckdb"
        assert reader.execute(everything).fetchall() == before
        with duckdb.connect(str(settings.published / "2025-02-r01.duckdb"), read_only=True) as other:
            assert other.execute(everything).fetchall() == before
        assert value_of(settings.published / current(settings), "2025-02") == Decimal("2000.25")


def test_a_release_is_found_by_name_by_month_and_as_the_newest(settings: Settings, register: Register):
    publish(settings, register, "2025-01", 1000)
    publish(settings, register, "2025-01", 2000)
    publish(settings, register, "2025-02")
    assert find_release(settings).release == "2025-02-r01"
    assert find_release(settings, "2025-01").release == "2025-01-r02"
    assert find_release(settings, Period(2025, 1)).release == "2025-01-r02"
    assert find_release(settings, "2025-01-r01").release == "2025-01-r01"
    with open_release(settings, "2025-01-r01") as con:
        assert con.execute("select release from reporting.release_info").fetchall() == [("2025-01-r01",)]
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            con.execute("delete from reporting.measure_values")


def test_a_release_that_does_not_exist_is_told_with_those_that_do(settings: Settings, register: Register):
    with pytest.raises(ReleaseError, match="no month is closed yet"):
        open_release(settings)
    publish(settings, register, "2025-01")
    with pytest.raises(ReleaseError, match=r"2025-03: no such release; published are: 2025-01-r01"):
        open_release(settings, "2025-03")
    (settings.published / "2025-01-r01.duckdb").unlink()
    with pytest.raises(ReleaseError, match="restore it from the backup"):
        open_release(settings, "2025-01-r01")


# Mending


def test_a_listing_and_a_current_that_are_behind_or_gone_are_brought_to_the_register(settings: Settings, register: Register):
    publish(settings, register, "2025-01")
    kept = {name: (settings.published / name).read_text(encoding="utf-8") for name in ("releases.csv", "CURRENT")}
    publish(settings, register, "2025-02")
    wanted = {name: (settings.published / name).read_text(encoding="utf-8") for name in ("releases.csv", "CURRENT")}
    for name, text in kept.items():
        (settings.published / name).write_text(text, encoding="utf-8")
    assert len(mend(settings, register)) == 2
    assert {name: (settings.published / name).read_text(encoding="utf-8") for name in wanted} == wanted
    for name in wanted:
        (settings.published / name).unlink()
    mend(settings, register)
    assert {name: (settings.published / name).read_text(encoding="utf-8") for name in wanted} == wanted
    assert mend(settings, register) == ()


def test_mending_a_home_where_nothing_was_published_does_nothing(settings: Settings, register: Register):
    assert mend(settings, register) == ()
    assert not settings.published.exists()


def test_what_a_publish_cut_short_has_left_is_removed(settings: Settings, register: Register):
    publish(settings, register, "2025-01")
    for folder in (settings.published, settings.review):
        for name in (".2025-02-r01.duckdb.tmp", ".2025-02-r01.duckdb.tmp.wal", "2025-02-r01.duckdb"):
            (folder / name).write_bytes(b"half")
    (settings.published / ".CURRENT.tmp").write_text("2025", encoding="utf-8")
    assert len(mend(settings, register)) == 7
    assert sorted(path.name for path in settings.published.iterdir()) == ["2025-01-r01.duckdb", "CURRENT", "releases.csv"]
    assert [path.name for path in settings.review.iterdir()] == ["2025-01-r01.duckdb"]
    assert publish(settings, register, "2025-02").release == "2025-02-r01"


def test_a_release_that_was_changed_after_publishing_stops_the_next_command(settings: Settings, register: Register):
    row = publish(settings, register, "2025-01")
    path = settings.published / row.file
    path.chmod(0o644)
    with duckdb.connect(str(path)) as con:
        con.execute("update reporting.measure_values set value = value + 1")
    with pytest.raises(ReleaseError, match=r"2025-01-r01 was published with .* changed or damaged since; restore it from the backup"):
        mend(settings, register)
    with duckdb.connect(str(settings.warehouse)) as con, pytest.raises(ReleaseError, match="changed or damaged"):
        attach_earlier(con, settings, register, Period(2025, 2))


@pytest.mark.parametrize("missing", ["2025-01-r01.duckdb", "2025-01-r02.duckdb"])
def test_a_release_that_is_missing_stops_the_next_command_even_where_it_is_superseded(settings: Settings, register: Register, missing: str):
    publish(settings, register, "2025-01", 1000)
    publish(settings, register, "2025-01", 2000)
    (settings.published / missing).unlink()
    with pytest.raises(ReleaseError, match=rf"{re.escape(missing)} is missing.*restore it from the backup"):
        mend(settings, register)


def test_a_register_older_than_what_was_published_stops_the_next_command_and_no_release_is_lost(settings: Settings, tmp_path: Path):
    with Register(settings.register) as register:
        publish(settings, register, "2025-01")
        publish(settings, register, "2025-02")
    for path in settings.home.glob("register.sqlite*"):
        path.unlink()
    with Register(settings.register) as register, pytest.raises(ReleaseError, match=r"does not know of 2025-01-r01, 2025-02-r01"):
        mend(settings, register)
    for name in ("releases.csv", "CURRENT"):
        (settings.published / name).unlink()
    with (
        Register(settings.register) as register,
        pytest.raises(ReleaseError, match=r"does not know of 2025-01-r01.duckdb, 2025-02-r01.duckdb"),
    ):
        mend(settings, register)
    assert sorted(path.name for path in settings.published.iterdir()) == ["2025-01-r01.duckdb", "2025-02-r01.duckdb"]


# Kills


def test_a_publish_killed_at_any_instant_leaves_the_earlier_release_or_the_new_one_whole(settings: Settings, tmp_path: Path):
    with Register(settings.register) as register:
        publish(settings, register, "2025-01", 500)
        publish(settings, register, "2025-02", 1000)
        build(settings, register, "2025-02", 2000)
        hashes = {row.release: row.sha256 for row in register.releases()}
    folder = tmp_path / "homes"
    folder.mkdir()
    ran = subprocess.run(
        [sys.executable, str(KILLED), str(settings.home), str(folder), "2025-02"], capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stderr
    instants = [json.loads(line) for line in ran.stdout.splitlines()]
    before_changes = [one for one in instants if not one["at"].endswith(" s")]
    assert len(before_changes) >= 25
    assert {one["exit"] for one in before_changes} == {-9}
    in_force = []
    for instant in instants:
        home = Settings(home=Path(instant["home"]))
        at = instant["at"]
        # A reader between, before anything is mended.
        by_name = current(home).removesuffix(".duckdb")
        expected = {"2025-02-r01": Decimal("1000.25"), "2025-02-r02": Decimal("2000.25")}
        assert value_of(home.published / current(home), "2025-02") == expected[by_name], at
        with Register(home.register) as register:
            standing = register.in_force("2025-02")
            assert (by_name, standing.release) in {
                ("2025-02-r01", "2025-02-r01"), ("2025-02-r01", "2025-02-r02"), ("2025-02-r02", "2025-02-r02"),
            }, at  # fmt: skip
            mend(home, register)
            assert current(home) == standing.file, at
            assert value_of(home.published / standing.file, "2025-02") == expected[standing.release], at
            assert sha256_of(home.published / standing.file) == standing.sha256, at
            assert {line["release"]: line["state"] for line in listing(home)} == {row.release: row.state for row in register.releases()}, at
            assert sorted(path.name for path in home.published.iterdir()) == [
                *sorted(row.file for row in register.releases()), "CURRENT", "releases.csv",
            ], at  # fmt: skip
            assert sorted(path.name for path in home.review.iterdir()) == sorted(row.file for row in register.releases()), at
            for release, sha256 in hashes.items():
                assert sha256_of(home.published / f"{release}.duckdb") == sha256, at
            in_force.append(standing.number)
    assert set(in_force) == {1, 2}
    # The last of the homes that were stopped before the act of publishing goes on as if nothing had been.
    stopped = Settings(home=Path(instants[max(place for place, number in enumerate(in_force) if number == 1)]["home"]))
    with Register(stopped.register) as register, duckdb.connect(str(stopped.warehouse)) as con:
        assert publish_built(stopped, register, con, "2025-02").release == "2025-02-r02"


# Earlier months


def test_the_first_month_finds_empty_tables_of_the_reporting_shapes(settings: Settings, register: Register):
    settings.home.mkdir(parents=True, exist_ok=True)
    shapes = reporting_shapes(settings.dbt_project)
    with duckdb.connect(str(settings.warehouse)) as con:
        assert attach_earlier(con, settings, register, Period(2025, 1)) == []
        for name in tables_read_from_earlier_releases(settings.dbt_project):
            if name not in shapes:
                continue
            found = con.execute(f"select column_name, lower(replace(column_type, ' ', '')) from (describe published.{name})").fetchall()
            expected = [(column, kind.replace(" ", "")) for column, kind in shapes[name].columns.items()]
            if "period" not in shapes[name].columns:
                expected.append(("release_period", "varchar"))
            assert found == expected, name
            assert con.execute(f"select count(*) from published.{name}").fetchone() == (0,)


def test_each_earlier_month_comes_from_its_own_release_in_force_and_from_no_other(settings: Settings, register: Register):
    publish(settings, register, "2025-01", 1000)
    publish(settings, register, "2025-02", 2000)
    # A later release of January; February's copy of January is older and must not be taken.
    publish(settings, register, "2025-01", 1500)
    publish(settings, register, "2025-03", 3000)
    with duckdb.connect(str(settings.warehouse)) as con:
        assert attach_earlier(con, settings, register, Period(2025, 3)) == ["2025-01-r02", "2025-02-r01"]
        found = con.execute(
            "select period, value, origin from published.measure_values "
            "where measure_code = 'INSURED' and division_code = '990100' and scheme = 'all' order by period"
        ).fetchall()
        assert found == [("2025-01", Decimal("1500.25"), "computed"), ("2025-02", Decimal("2000.25"), "computed")]
        assert con.execute("select count(*) from published.measure_values").fetchone() == (2 * len(DIVISIONS) * 3 * 4,)


def test_cases_of_earlier_months_say_which_month_saw_them(settings: Settings, register: Register):
    publish(settings, register, "2025-01")
    publish(settings, register, "2025-02")
    with duckdb.connect(str(settings.warehouse)) as con:
        attach_earlier(con, settings, register, Period(2025, 3))
        found = con.execute("select release_period, case_id, overlap_from from published.duplicate_cases order by all").fetchall()
    assert [(month, case) for month, case, _ in found] == [(month, case) for month in ("2025-01", "2025-02") for case in ("C1", "C2", "C3")]
    assert all(str(day) == f"{month}-01" for month, _, day in found)


def test_values_before_january_of_last_year_are_left_behind(settings: Settings, register: Register):
    for month in ("2023-12", "2024-01", "2025-01"):
        publish(settings, register, month)
    with duckdb.connect(str(settings.warehouse)) as con:
        assert attach_earlier(con, settings, register, Period(2025, 2)) == ["2023-12-r01", "2024-01-r01", "2025-01-r01"]
        for table in ("measure_values", "indicator_values", "check_results", "headcount_bridge"):
            assert con.execute(f"select distinct period from published.{table} order by period").fetchall() == [("2024-01",), ("2025-01",)]


def test_a_month_closed_again_does_not_read_its_own_release_nor_a_later_one(settings: Settings, register: Register):
    for month in ("2025-01", "2025-02", "2025-03"):
        publish(settings, register, month)
    with duckdb.connect(str(settings.warehouse)) as con:
        assert attach_earlier(con, settings, register, Period(2025, 2)) == ["2025-01-r01"]
        assert con.execute("select distinct period from published.measure_values").fetchall() == [("2025-01",)]


def test_an_earlier_release_without_a_column_or_table_that_joined_since_is_read_with_nulls(settings: Settings, register: Register):
    build(settings, register, "2025-01")
    with duckdb.connect(str(settings.warehouse)) as con:
        con.execute("alter table reporting.check_results drop column kind")
        con.execute("alter table reporting.measure_values add column left_over varchar")
        publish_built(settings, register, con, "2025-01")
        attach_earlier(con, settings, register, Period(2025, 2))
        assert con.execute("select count(*), count(kind) from published.check_results").fetchone() == (2, 0)
        assert "left_over" not in [name for name, *_ in con.execute("describe published.measure_values").fetchall()]


# Comparing


def test_two_releases_of_the_same_numbers_do_not_differ(settings: Settings, register: Register):
    publish(settings, register, "2025-01", 1000, fingerprint="one")
    publish(settings, register, "2025-01", 1000, fingerprint="another")
    assert diff(settings, "2025-01-r01", "2025-01-r02") == []
    assert diff(settings, "2025-01-r01", "2025-01-r01") == []


def test_every_cell_that_differs_is_listed_with_its_key_old_and_new(settings: Settings, register: Register):
    publish(settings, register, "2025-01")
    with ready_to_publish_again(settings, register, "2025-01", 1000) as con:
        con.execute(
            "update reporting.measure_values set value = 7, months_used = 2 "
            "where measure_code = 'INCOME' and division_code = '990102' and scheme = 'rural'"
        )
        con.execute("update reporting.headcount_bridge set rural = 5 where division_code = '990103'")
        con.execute("delete from reporting.duplicate_cases where case_id = 'C3'")
        con.execute("update reporting.deliveries set delivery_no = null where office = '990102'")
        publish_built(settings, register, con, "2025-01")
    found = diff(settings, "2025-01-r01", "2025-01-r02")
    cells = {(one.table, one.key): (one.old, one.new) for one in found}
    key = "period_type=month period=2025-01 division_code=990102 scheme=rural measure_code=INCOME"
    assert cells["measure_values", f"{key} value"] == (Decimal("1011.25"), Decimal("7.000000"))
    assert cells["measure_values", f"{key} months_used"] == (1, 2)
    assert cells["headcount_bridge", "period=2025-01 division_code=990103 rural"] == (None, 5)
    assert cells["duplicate_cases", "case_id=C3 person_id"] == ("PC3", None)
    assert ("duplicate_cases", "case_id=C3 overlap_to") not in cells
    assert cells["deliveries", "system=rural period=2025-01 office=990102 delivery_no=1 status=accepted rows_landed"] == (1000, None)
    assert cells["deliveries", "system=rural period=2025-01 office=990102 delivery_no= status=accepted rows_landed"] == (None, 1000)
    assert {one.table for one in found} == {"measure_values", "headcount_bridge", "duplicate_cases", "deliveries"}
    assert sum(one.table == "measure_values" for one in found) == 2
    assert diff(settings, "2025-01-r02", "2025-01-r01")[0].old == found[0].new


def test_whether_a_month_was_computed_or_copied_is_no_difference(settings: Settings, register: Register):
    publish(settings, register, "2025-01")
    publish(settings, register, "2025-02")
    found = diff(settings, "2025-01-r01", "2025-02-r01")
    assert "origin" not in {one.column for one in found if ("period", "2025-01") in one.keys}
    assert {dict(one.keys).get("period") for one in found if one.table == "measure_values"} == {"2025-02"}


def test_a_table_without_a_grain_is_compared_row_by_row(settings: Settings, register: Register):
    for remark in ("one", "two"):
        with ready_to_publish_again(settings, register, "2025-01", 1000) as con:
            con.execute("create or replace table reporting.remarks as select 'same' as remark union all select $remark", {"remark": remark})
            publish_built(settings, register, con, "2025-01")
    found = diff(settings, "2025-01-r01", "2025-01-r02")
    assert [(one.table, one.key, one.old, one.new) for one in found] == [
        ("remarks", "remark=one", "row", None),
        ("remarks", "remark=two", None, "row"),
    ]


def test_a_table_or_column_that_joined_later_differs_where_it_holds_something(settings: Settings, register: Register):
    publish(settings, register, "2025-01")
    with ready_to_publish_again(settings, register, "2025-01", 1000) as con:
        con.execute("alter table reporting.headcount_bridge add column remark varchar")
        con.execute("update reporting.headcount_bridge set remark = 'seen' where division_code = '990102'")
        con.execute("create table reporting.remarks as select 'one' as remark")
        publish_built(settings, register, con, "2025-01")
    found = diff(settings, "2025-01-r01", "2025-01-r02")
    assert [(one.table, one.key, one.old, one.new) for one in found] == [
        ("headcount_bridge", "period=2025-01 division_code=990102 remark", None, "seen"),
        ("remarks", "remark=one", None, "row"),
    ]


# Personal data


def test_no_personal_data_is_found_in_a_release_that_holds_none(settings: Settings, register: Register):
    row = publish(settings, register, "2025-01")
    assert personal_data_found(settings.published / row.file, ["990102198408201126", "990102840820112"], ["孙君娟", "王伟"]) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("990102198408201126", "known number"),
        ("证件99010219840820112x。", "known number"),
        ("个人编号99990102840820112", "known number"),
        ("联系孙君娟核实", "known name"),
        ("王伟, 已核实", "known name"),
        ("号码990102198708254115核实", "looks like an ID number"),
    ],
)
def test_a_name_or_id_number_in_a_release_is_found_wherever_it_stands(settings: Settings, register: Register, text: str, kind: str):
    with ready_to_publish_again(settings, register, "2025-01") as con:
        con.execute("update reporting.duplicate_cases set evidence = $text where case_id = 'C1'", {"text": text})
        row = publish_built(settings, register, con, "2025-01")
    known = ["990102198408201126", "99010219840820112X", "990102840820112"]
    found = personal_data_found(settings.published / row.file, known, ["孙君娟", "王伟"])
    assert ("duplicate_cases", "evidence", kind) in {(one.table, one.column, one.kind) for one in found}
    assert not any(text in str(one) for one in found)


def test_an_id_number_in_a_column_of_whole_numbers_is_found_too(settings: Settings, register: Register):
    with ready_to_publish_again(settings, register, "2025-01") as con:
        con.execute("update reporting.deliveries set rows_landed = 990102198708254115 where office = '990102'")
        row = publish_built(settings, register, con, "2025-01")
    assert [(one.table, one.column) for one in personal_data_found(settings.published / row.file)] == [("deliveries", "rows_landed")]


def test_labels_and_numbers_that_only_resemble_are_not_taken_for_personal_data(settings: Settings, register: Register):
    texts = ["王伟镇卫生院", "2025010112345678901234", "990102198713254115", "990102198708254116", "310000000005"]
    with ready_to_publish_again(settings, register, "2025-01") as con:
        for text in texts:
            con.execute("insert into reporting.headcount_bridge (period, division_code) values ('2025-01', $text)", {"text": text})
        row = publish_built(settings, register, con, "2025-01")
    assert personal_data_found(settings.published / row.file, ["110101199003070000"], ["王伟"]) == []


def test_releases_are_not_written_where_the_working_warehouse_is_a_file_of_the_same_name(settings: Settings, register: Register):
    """The catalog of the working warehouse is named after its file; a home may be called anything."""
    odd = Settings(home=settings.home.with_name('it\'s a "home"'))
    with Register(odd.register) as its_register:
        row = publish(odd, its_register, "2025-01")
        assert value_of(odd.published / row.file, "2025-01") == Decimal("1000.25")
        assert publish(odd, its_register, "2025-02").earlier_releases == ("2025-01-r01",)
        assert releases.diff(odd, "2025-01-r01", "2025-02-r01")
