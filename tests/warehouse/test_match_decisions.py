"""Reviewers: their decisions are obeyed, survive every rebuild, and say how good the matching is."""

import duckdb
import pytest

from tests.warehouse.matching_city import City, id_number
from warehouse.identity.decisions import MatchDecisionError, Stratum, decide, decisions_in_force, estimate, in_order, queue
from warehouse.identity.review import masked_id
from warehouse.register import Register

ID_A, ID_B = id_number("99010219580307121"), id_number("99010219580307123")
VILLAGE = "990102001200"


@pytest.fixture
def city(tmp_path):
    made = City(tmp_path)
    yield made
    made.close()


def together(persons, one, other):
    return persons[one] == persons[other]


def test_a_reviewer_joins_two_valid_numbers_and_parts_what_a_rule_joined(city):
    city.record("employee:1", number=ID_A, phone_number="19900000001")
    city.record("resident:1", number=ID_B, phone_number="19900000001")
    city.record("rural:1", number=ID_A)
    before = city.who()
    assert together(before, "employee:1", "rural:1")
    assert not together(before, "employee:1", "resident:1")
    city.decide("employee:1", "resident:1", "same")
    city.decide("employee:1", "rural:1", "different")
    result = city.match()
    persons = city.persons()
    assert together(persons, "employee:1", "resident:1")
    assert not together(persons, "employee:1", "rural:1")
    assert (result.merged, result.split) == (1, 1)
    assert city.tiers()["resident:1"] == "reviewer"
    assert city.pair("employee:1", "rural:1")["evidence_zh"].endswith("复核，认定为两人。")
    events = city.con.execute("select event, source_system, cause from identity.person_events order by event").fetchall()
    assert [(event, system) for event, system, _ in events if event != "new"] == [("merged", "resident"), ("split", "rural")]
    assert all("decision" in cause for _, _, cause in events)


def test_records_told_apart_are_not_joined_by_a_third(city):
    for key in ("employee:1", "resident:1", "rural:1"):
        city.record(key, number=ID_A)
    city.match()
    city.decide("employee:1", "resident:1", "different")
    persons = city.who()
    assert not together(persons, "employee:1", "resident:1")


def test_a_later_decision_supersedes_and_none_is_deleted(city):
    city.record("employee:1", number=ID_A)
    city.record("rural:1", number=ID_A)
    city.match()
    city.decide("employee:1", "rural:1", "different")
    assert not together(city.who(), "employee:1", "rural:1")
    city.decide("employee:1", "rural:1", "same", who="另一人")
    assert together(city.who(), "employee:1", "rural:1")
    with Register(city.settings.register) as register:
        assert len(register.rows("match_decisions")) == 2
        assert [row["who"] for row in decisions_in_force(register)] == ["另一人"]


def test_decisions_survive_a_rebuild_of_the_warehouse(city, tmp_path):
    city.record("employee:1", number=ID_A)
    city.record("rural:1", number=ID_A)
    city.match()
    city.decide("employee:1", "rural:1", "different")
    persons = city.who()
    again = City(tmp_path, "again.duckdb")
    again.record("rural:1", number=ID_A)
    again.record("employee:1", number=ID_A)
    assert again.who() == persons
    again.close()


def test_cannot_tell_leaves_the_rule_in_force_and_the_pair_out_of_the_queue(city):
    city.record("employee:1", birth_date="1958-03-07")
    city.record("rural:1", birth_date="1958-03-07")
    city.crowd()
    city.match()
    assert city.queued() == {("employee:1", "rural:1"): "uncertain"}
    city.decide("employee:1", "rural:1", "cannot tell")
    assert not together(city.who(), "employee:1", "rural:1")
    assert city.queued() == {}


def test_when_fields_change_the_decision_holds_and_the_pair_returns_to_the_queue(city):
    city.record("employee:1", birth_date="1958-03-07")
    city.record("rural:1", birth_date="1958-03-07")
    city.crowd()
    city.match()
    city.decide("employee:1", "rural:1", "same")
    assert together(city.who(), "employee:1", "rural:1")
    assert city.queued() == {}
    city.record("rural:1", birth_date="1958-03-07", phone_number="19900000009", period="2025-03")
    assert together(city.who("2025-03"), "employee:1", "rural:1")
    assert city.queued() == {("employee:1", "rural:1"): "fields_changed"}


def test_a_decision_that_contradicts_two_others_is_held_and_shown(city):
    for key in ("employee:1", "resident:1", "rural:1"):
        city.record(key, birth_date="1958-03-07")
    city.crowd()
    city.match()
    city.decide("employee:1", "resident:1", "different")
    city.decide("employee:1", "rural:1", "same")
    city.decide("resident:1", "rural:1", "same")
    city.match()
    persons = city.persons()
    assert together(persons, "resident:1", "rural:1")
    assert not together(persons, "employee:1", "resident:1")
    assert not together(persons, "employee:1", "rural:1")
    assert city.pair("employee:1", "rural:1")["held_reason"] == "told_apart"


def test_the_queue_is_ordered_by_money_at_stake_and_masks_numbers(city):
    city.record("employee:1", name="张伟", birth_date="1958-03-07", village=VILLAGE)
    city.record("resident:1", name="张伟", birth_date="1958-03-07")
    city.record("rural:2", name="李娜", birth_date="1961-04-05")
    city.record("resident:2", name="李娜", birth_date="1961-04-05", number="990102196104051", status="invalid")
    city.crowd()
    city.con.execute("""
        create schema staging;
        create table staging.stg_city__financing_standards as
        select '2025-02' as period, 2025 as year, scheme, 'central' as financing_source, cast(yuan as decimal(18, 2)) as yuan_per_person
        from (values ('resident', 640), ('rural', 670)) as standards (scheme, yuan);
        create table intermediate.int_relations_unioned as
        select scheme as source_system, number as source_person_no, scheme, '2025-02' as period, 'normal' as status,
            date '2020-01-01' as first_day, cast(null as date) as last_day
        from (values ('rural', '2'), ('resident', '2'), ('employee', '1')) as relations (scheme, number);
    """)
    city.match()
    rows = city.con.execute("""
        select source_person_no_a, stake_yuan, id_masked_a, name_a from identity.review_queue order by queue_place
    """).fetchall()
    assert [(number, float(yuan)) for number, yuan, _, _ in rows] == [("2", 640.0), ("1", 0.0)]
    assert rows[0][2] == "990102*******51"
    assert rows[0][3] == "李娜"


def written_review(city, release="2025-02-r01"):
    """The review file of a published month, as publishing copies it."""
    city.settings.review.mkdir(parents=True, exist_ok=True)
    path = city.settings.review / f"{release}.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("create schema review")
        for table in ("match_queue", "match_known"):
            con.register("rows", city.con.execute(f"select * from review.{table}").to_arrow_table())
            con.execute(f"create table review.{table} as select * from rows")
            con.unregister("rows")
    with Register(city.settings.register) as register:
        register.publish(
            period="2025-02", release=release, number=1, file=path.name, sha256="0", built_at="2025-03-05", warehouse_fingerprint="f",
            code_version="c", rule_set_version="r", without=(), in_force=(), earlier_releases=(), who="t", run="r",
        )  # fmt: skip


def test_a_pair_is_decided_from_the_review_file_by_its_id_and_leaves_the_queue(city):
    city.record("employee:1", birth_date="1958-03-07")
    city.record("rural:1", birth_date="1958-03-07")
    city.crowd()
    city.match()
    written_review(city)
    with Register(city.settings.register) as register:
        waiting = queue(city.settings, register)
        assert [row["queue_reason"] for row in waiting] == ["uncertain"]
        keys = decide(city.settings, register, waiting[0]["pair_id"], "same", "复核员", "同一电话")
        assert keys == ("employee", "1", "rural", "1")
        assert queue(city.settings, register) == []
        assert len(queue(city.settings, register, decided=True)) == 1
        assert decisions_in_force(register)[0]["reason"] == "同一电话"
    assert together(city.who(), "employee:1", "rural:1")


def test_a_pair_that_is_not_queued_is_decided_by_its_two_records(city):
    """One number under two names is a finding, which no queue holds; the reviewer knows that she took another name."""
    city.record("employee:1", name="张伟", number=ID_A)
    city.record("resident:1", name="李娜", number=ID_A, status="inconsistent", birth_date="1992-02-03")
    city.match()
    written_review(city)
    with Register(city.settings.register) as register:
        assert queue(city.settings, register) == []
        decide(city.settings, register, ("resident", "1", "employee", "1"), "same", "复核员", "户口本")
    assert together(city.who(), "employee:1", "resident:1")


@pytest.mark.parametrize(
    ("pair", "verdict", "who", "said"),
    [
        ("no such pair", "same", "复核员", "no such pair"),
        (("rural", "9", "employee", "1"), "same", "复核员", "rural 9 and employee 1"),
        (("rural", "1", "employee", "1"), "maybe", "复核员", "no verdict"),
        (("rural", "1", "employee", "1"), "same", " ", "name"),
    ],
)
def test_a_decision_that_cannot_be_taken_says_why_and_records_nothing(city, pair, verdict, who, said):
    city.record("employee:1", birth_date="1958-03-07")
    city.record("rural:1", birth_date="1958-03-07")
    city.match()
    written_review(city)
    with Register(city.settings.register) as register:
        with pytest.raises(MatchDecisionError, match=said):
            decide(city.settings, register, pair, verdict, who)
        assert register.rows("match_decisions") == []


def test_without_a_closed_month_nothing_is_queued(city):
    with Register(city.settings.register) as register, pytest.raises(MatchDecisionError, match="no month is closed"):
        queue(city.settings, register)


def test_a_pair_has_one_order_whoever_names_it():
    assert in_order(("rural", "1", "employee", "9")) == in_order(("employee", "9", "rural", "1")) == ("employee", "9", "rural", "1")


def test_without_decisions_nothing_is_estimated():
    quality = estimate([Stratum("R1", True, 1000, 0, 0)])
    assert (quality.precision, quality.recall, quality.decided) == (None, None, 0)


def test_precision_and_recall_weigh_each_kind_by_its_pairs():
    quality = estimate([Stratum("R1", True, 9000, 50, 0), Stratum("score", True, 1000, 45, 5), Stratum("review", False, 200, 10, 10)])
    assert quality.precision == pytest.approx(0.99)
    assert quality.recall == pytest.approx(9900 / 10000)
    assert quality.precision_low < 0.99 < quality.precision_high
    assert quality.recall_low < 0.99 < quality.recall_high


def test_more_decisions_make_the_interval_narrower_and_the_same_ones_the_same():
    few = estimate([Stratum("R1", True, 1000, 20, 0)])
    many = estimate([Stratum("R1", True, 1000, 400, 0)])
    assert many.precision_high - many.precision_low < few.precision_high - few.precision_low
    assert few == estimate([Stratum("R1", True, 1000, 20, 0)])


def test_the_interval_covers_the_truth_in_about_95_of_a_hundred_samples():
    import numpy as np

    chance = np.random.default_rng(3)
    covered = 0
    for _ in range(60):
        same = int(chance.binomial(60, 0.97))
        quality = estimate([Stratum("R3", True, 5000, same, 60 - same)])
        covered += quality.precision_low <= 0.97 <= quality.precision_high
    assert covered >= 53


@pytest.mark.parametrize(("same", "different"), [(20, 0), (0, 20), (19, 1)])
def test_what_was_found_lies_inside_its_interval_even_of_a_sample_without_a_fault(same, different):
    quality = estimate([Stratum("R1", True, 1000, same, different), Stratum("near_miss", False, 50, 0, 10)])
    assert quality.precision == same / 20
    assert quality.precision_low <= quality.precision <= quality.precision_high
    assert quality.recall_low <= quality.recall <= quality.recall_high


def test_recall_is_unknown_while_nobody_has_looked_at_what_was_left_apart():
    quality = estimate([Stratum("R1", True, 1000, 20, 0), Stratum("near_miss", False, 50, 0, 0)])
    assert quality.precision is not None
    assert quality.recall is None


@pytest.mark.parametrize(
    ("one", "other", "shown"),
    [
        ("990104198003071017", "990104198003071035", "990104**********17"),
        ("990104198003071017", "990104198003071117", "990104*********0**"),
        ("990104198003071017", "990221195112246428", "990104**********17"),
        ("990104198003071017", "990104800307101", "990104**********17"),
        ("990104198003071017", "990104198003071017", "990104************"),
        ("990104198003071017", None, "990104**********17"),
        ("无", "990104198003071017", "无"),
        (None, "990104198003071017", None),
    ],
)
def test_of_a_number_a_reviewer_sees_the_places_that_differ_and_of_unlike_ones_no_more_than_the_ends(one, other, shown):
    sides = "(select $one::varchar as id_number_tidied) as one, (select $other::varchar as id_number_tidied) as other"
    sql = f"select {masked_id('one', 'other')} from {sides}"
    assert duckdb.execute(sql, {"one": one, "other": other}).fetchone() == (shown,)
