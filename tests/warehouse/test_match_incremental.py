"""Month after month, or all at once: the same persons, the same evidence."""

import random

import duckdb
import pytest

from tests.warehouse.matching_city import City, id_number
from warehouse.errors import CloseRefusedError
from warehouse.identity import blocking, records
from warehouse.identity.persons import record_events
from warehouse.register import Register

ID_A, ID_B = id_number("99010219580307121"), id_number("99010219900101004")
MONTHS = ("2025-01", "2025-02", "2025-03", "2025-04")
NAMES = ("张伟", "张玮", "李娜", "王子涵", "王子轩", "陈小明", "陈小?", "刘秀英", "王秀英", "程建国")
VILLAGES = ("990102001200", "990102001201", "990104003201")
# What a run leaves that others read; of the evidence the months in which a pair was seen depend on which months were run.
SHOWN = {
    "person_links": "select * from identity.person_links order by all",
    "person_pairs": "select * from identity.person_pairs order by all",
    "match_pairs": """
        select columns(* exclude (a, b, first_period, last_period)) from identity.match_pairs where is_current order by pair_id
    """,
    "review_queue": "select columns(* exclude (a, b, first_period, last_period)) from identity.review_queue order by queue_place",
    "blocks_cut": "select * from identity.blocks_cut order by all",
}


def shown(city):
    return {name: city.con.execute(sql).fetchall() for name, sql in SHOWN.items()}


def queue_shown(city):
    """The queue without the months that it was written for and the records were seen in."""
    return city.con.execute("""
        select columns(* exclude (period, last_seen_a, last_seen_b)) from identity.review_queue order by queue_place
    """).fetchall()


def drawn(rng):
    """The particulars of a record, often somebody's who is on record already: few names, dates, places and telephones."""
    day = f"19{rng.randrange(60, 63)}-0{rng.randrange(1, 4)}-0{rng.randrange(1, 4)}"
    number = id_number("990102" + day.replace("-", "") + f"{rng.randrange(1, 4):03d}")
    status = rng.choice(["valid", "valid", "missing", "invalid", "guardian", "inconsistent"])
    mistyped = number[:17] + ("1" if number[17] == "0" else "0")
    return {
        "name": rng.choice(NAMES),
        "number": {"missing": None, "invalid": mistyped}.get(status, number),
        "status": status,
        "birth_date": day,
        "sex": rng.choice(["male", "female"]),
        "village": rng.choice([*VILLAGES, None]),
        "phone_number": rng.choice(["19900000001", "19900000002", "19900000003", None]),
        "guardian_number": number if status == "guardian" else None,
    }


def fill(city, rng, month, known):
    """A month's snapshot: the records known, some of them changed, and some new ones."""
    for key in sorted(known):
        if rng.random() < 0.15:
            known[key] = drawn(rng)
    for _ in range(12 if month != MONTHS[2] else 0):
        known[f"{rng.choice(['employee', 'resident', 'rural'])}:{rng.randrange(1000)}"] = drawn(rng)
    for key, particulars in sorted(known.items()):
        city.record(key, period=month, **particulars)


@pytest.mark.parametrize("seed", [1, 2])
def test_monthly_runs_give_what_one_run_over_everything_gives(tmp_path, seed, monkeypatch):
    monkeypatch.setattr(blocking, "PAIRS_OF_A_BLOCK", 6)
    rng = random.Random(seed)
    monthly = City(tmp_path / "home")
    known = {}
    changes, turned = [], set()
    for month in MONTHS:
        fill(monthly, rng, month, known)
        changes.append(monthly.match(month).changed)
        turned.add(len(shown(monthly)["blocks_cut"]))
        if month == MONTHS[1]:
            pairs = monthly.con.execute("""
                select source_system_a || ':' || source_person_no_a, source_system_b || ':' || source_person_no_b, verdict
                from identity.match_pairs where is_current and verdict in ('same', 'review') order by pair_id limit 4
            """).fetchall()
            for place, (one, other, verdict) in enumerate(pairs):
                monthly.decide(one, other, "different" if verdict == "same" else ("same", "cannot tell")[place % 2])
    assert changes[0] is None
    assert all(count > 0 for count in changes[1:])
    assert len(turned) > 1, "blocks must come to be cut between months for the test to mean something"
    at_once = City(tmp_path / "home", "again.duckdb")
    rows = monthly.con.execute("select * from snapshots").to_arrow_table()
    at_once.con.register("rows", rows)
    at_once.con.execute("insert into snapshots select * from rows order by hash(source_person_no)")
    assert at_once.match(MONTHS[-1]).changed is None
    assert shown(at_once) == shown(monthly)
    before = shown(monthly)
    monthly.match(MONTHS[-1], full=True)
    assert shown(monthly) == before
    monthly.close()
    at_once.close()


def test_a_run_with_nothing_new_compares_nothing_writes_no_evidence_anew_and_changes_no_id(tmp_path, monkeypatch):
    city = City(tmp_path)
    known = {}
    fill(city, random.Random(3), "2025-01", known)
    for key in ("employee:a", "rural:a"):
        known[key] = {"name": "程建国", "birth_date": "1971-05-09"}
        city.record(key, **known[key])
    city.match("2025-01")
    before, queue = city.persons(), queue_shown(city)
    assert queue, "something must wait for the test to mean something"
    for key, particulars in known.items():
        city.record(key, period="2025-02", **particulars)

    def refuse(*_args, **_more):
        pytest.fail("nothing is new, so nothing may be compared")

    for part in ("find_candidates", "judge_pairs", "score_pairs", "write_links", "write_evidence"):
        monkeypatch.setattr(f"warehouse.identity.matching.{part}", refuse)
    result = city.match("2025-02")
    assert result.changed == 0
    assert city.persons() == before
    assert queue_shown(city) == queue
    assert {row[0] for row in city.con.execute("select last_seen_a from identity.review_queue").fetchall()} == {"2025-02"}
    # Of the records only those that wait were looked at.
    assert city.con.execute("select count(*) from match_records").fetchone()[0] < len(known)
    city.close()


@pytest.mark.parametrize(
    "change",
    [
        {"phone_number": "19900000009"},
        {"name": "李娜"},
        {"birth_date": "1980-01-01"},
        {"village": VILLAGES[1]},
        {"status": "invalid"},
        {"household_no": "H9"},
    ],
)
def test_any_change_of_what_is_compared_is_seen(tmp_path, change):
    city = City(tmp_path)
    number = id_number("99010219580307121")
    city.record("employee:1", number=number)
    city.record("rural:1", number=number)
    city.match("2025-01")
    city.record("employee:1", period="2025-02", **{"number": number, **change})
    city.record("rural:1", number=number, period="2025-02")
    assert city.match("2025-02").changed == 1
    city.close()


def test_a_record_that_is_gone_or_came_in_another_month_is_seen(tmp_path):
    city = City(tmp_path)
    number = id_number("99010219580307121")
    city.record("employee:1", number=number)
    city.record("rural:1", number=number, period="2025-02")
    assert city.match("2025-02").persons == 1
    city.record("rural:1", number=number)
    assert city.match("2025-02").changed == 1
    city.con.execute("delete from snapshots where source_system = 'rural'")
    assert city.match("2025-02").changed == 1
    assert city.persons().keys() == {"employee:1"}
    city.close()


def test_a_warehouse_that_an_earlier_program_matched_is_matched_anew(tmp_path):
    city = City(tmp_path)
    city.record("employee:1", number=id_number("99010219580307121"))
    city.match("2025-01")
    city.con.execute("create or replace table identity.match_state as select '2025-01' as period, 'old' as code")
    city.con.execute("create or replace table identity.blocks_cut as select 'name_birth' as pass, 'x' as block")
    assert city.match("2025-01").changed is None
    assert city.match("2025-01").changed == 0
    city.close()


def test_closing_an_earlier_month_again_gives_what_it_gave(tmp_path):
    city = City(tmp_path)
    known = {}
    rng = random.Random(4)
    given = {}
    for month in MONTHS[:3]:
        fill(city, rng, month, known)
        city.match(month)
        given[month] = city.persons()
    city.match("2025-01")
    assert city.persons() == given["2025-01"]
    city.match("2025-03")
    assert city.persons() == given["2025-03"]
    city.close()


def events(city):
    return city.con.execute("select event, person_id_from, person_id_to, cause from identity.person_events order by all").fetchall()


def test_merges_and_splits_are_read_off_against_the_bridge_last_recorded(tmp_path):
    city = City(tmp_path)
    first, second = id_number("99010219580307121"), id_number("99010219580307123")
    city.record("employee:1", number=first)
    city.record("rural:1", number=second)
    city.match("2025-01")
    assert events(city) == []
    with Register(city.settings.register) as register:
        assert record_events(city.con, register, who="t", run="r") == 0
        city.record("rural:1", number=first, period="2025-02")
        assert city.match("2025-02").merged == 1
        # Not published yet: the next run still tells it.
        assert city.match("2025-02").merged == 1
        merged = events(city)
        assert [(event, cause.split(":")[0]) for event, _, _, cause in merged] == [("merged", "R1")]
        assert record_events(city.con, register, who="t", run="r") == 1
        assert city.match("2025-02").merged == 0
        city.record("rural:1", number=second, period="2025-03")
        assert city.match("2025-03").split == 1
        assert record_events(city.con, register, who="t", run="r") == 1
        rows = register.rows("person_events")
    assert [row["event"] for row in rows] == ["merged", "split"]
    assert (rows[0]["person_id_from"], rows[0]["person_id_to"]) == (rows[1]["person_id_to"], rows[1]["person_id_from"])
    assert "records new or changed" in rows[1]["cause"]
    city.close()


def test_an_earlier_record_that_is_delivered_late_gives_its_person_its_id(tmp_path):
    city = City(tmp_path)
    number = id_number("99010219580307121")
    city.record("employee:1", number=number, period="2025-02")
    city.match("2025-02")
    before = city.persons()["employee:1"]
    city.record("rural:1", number=number, period="2025-01")
    city.match("2025-02")
    persons = city.persons()
    assert persons["employee:1"] == persons["rural:1"] != before
    assert [event for event, *_ in events(city)] == ["renamed"]
    with Register(city.settings.register) as register:
        assert record_events(city.con, register, who="t") == 1
        assert register.rows("person_events")[0]["person_id_from"] == before
    city.close()


def test_numbers_that_would_go_by_one_key_are_told_apart_by_another_and_all_is_compared_anew(tmp_path, monkeypatch):
    apart = records.record_key_sql
    city = City(tmp_path / "apart")
    city.record("employee:1", number=ID_A)
    city.record("rural:1", number=ID_A)
    city.record("resident:1", name="李娜", number=ID_B)
    whom = city.who("2025-01")
    # Until the third salt every number goes by the same key.
    monkeypatch.setattr(records, "record_key_sql", lambda salt, suffix="": apart(salt, suffix) if salt > 1 else "cast(7 as bigint)")
    city.record("resident:1", name="李娜", number=ID_B, period="2025-02")
    assert city.match("2025-02").changed is None
    assert city.persons() == whom
    assert city.con.execute("select salt from identity.match_state").fetchone() == ("2",)
    # From then on it is the key of them all.
    assert city.match("2025-02").changed == 0
    city.close()


def test_a_number_that_stands_twice_is_refused_by_name_of_its_table(tmp_path):
    city = City(tmp_path / "twice")
    city.record("employee:1", number=ID_A)
    city.referred_to("employee:1", "2025-01")
    with pytest.raises(CloseRefusedError, match="int_numbers_without_record"):
        city.match("2025-01")
    city.close()


def test_two_numbers_of_one_system_that_share_a_key_are_told_apart_by_the_next_salt():
    # DuckDB's hash of several values is put together by xor: a salt beside the number would move both keys alike.
    with duckdb.connect() as con:
        con.execute("create table numbers as select 'employee' as source_system, unnest(['E1', 'E2']) as source_person_no")
        apart = {con.execute(f"select bit_xor({records.record_key_sql(salt)}) from numbers").fetchone() for salt in range(4)}
    assert len(apart) == 4
