"""Who is who: the rules, what they refuse, and ids that last."""

import random

import duckdb
import pytest

from tests.warehouse.matching_city import City, id_number, person_id
from warehouse.identity import blocking
from warehouse.identity.components import contract

ID_A = id_number("99010219580307121")
ID_B = id_number("99010219900101004")
CHILD, TWIN = id_number("99010220150605101"), id_number("99010220150605103")
MOTHER = id_number("99010219880412102")
VILLAGE, OTHER_VILLAGE = "990102001200", "990104003201"


@pytest.fixture
def city(tmp_path):
    made = City(tmp_path)
    yield made
    made.close()


def together(persons, *keys):
    return len({persons[key] for key in keys}) == 1


def test_two_records_with_one_valid_number_are_one_person_with_the_id_of_the_earlier(city):
    city.record("employee:2", number=ID_A, period="2025-02")
    city.record("rural:1", number=ID_A)
    assert city.who() == {"employee:2": person_id("rural", "1"), "rural:1": person_id("rural", "1")}
    assert city.tiers() == {"employee:2": "R1", "rural:1": "R1"}


def test_of_records_of_one_month_the_system_then_the_number_decides_the_id(city):
    city.record("resident:9", number=ID_A)
    city.record("employee:8", number=ID_A)
    city.record("employee:7", number=ID_A, status="repaired")
    assert set(city.who().values()) == {person_id("employee", "7")}


def test_fifteen_digits_and_a_small_x_count_as_the_number_they_became(city):
    # Cleaning has upgraded and repaired them; what was keyed in stands beside.
    city.record("employee:1", number=ID_B, status="repaired", id_number_otherwise=ID_B[:6] + ID_B[8:17])
    city.record("resident:1", number=ID_B)
    city.record("rural:1", number=ID_B, status="repaired", id_number_otherwise=ID_B.lower())
    assert together(city.who(), "employee:1", "resident:1", "rural:1")


@pytest.mark.parametrize("status", ["guardian", "placeholder", "invalid", "missing"])
def test_numbers_of_guardians_placeholders_and_wrong_ones_join_nobody(city, status):
    number = None if status == "missing" else ID_A
    city.record("rural:1", number=number, status=status, birth_date="2016-01-02")
    city.record("rural:2", name="李娜", number=number, status=status, birth_date="2018-03-04")
    city.record("employee:3", name="赵德柱", number=ID_A)
    assert len(set(city.who().values())) == 3


def test_the_same_number_under_another_name_and_birth_date_is_a_finding_and_never_a_match(city):
    city.record("employee:1", name="张伟", number=ID_A, village=VILLAGE)
    city.record("resident:1", name="李娜", number=ID_A, status="inconsistent", birth_date="1992-02-03", village=VILLAGE)
    assert not together(city.who(), "employee:1", "resident:1")
    evidence = city.pair("employee:1", "resident:1")
    assert (evidence["rule"], evidence["verdict"]) == ("R1x", "finding")
    assert "一个证件号码登记在两人名下" in evidence["evidence_zh"]
    assert "One number on two persons" in evidence["evidence_en"]
    findings = city.con.execute("select source_person_no_a, source_person_no_b from review.match_findings").fetchall()
    assert findings == [("1", "1")]


def test_the_same_number_with_a_name_that_sounds_alike_is_one_person(city):
    city.record("employee:1", name="张伟", number=ID_A)
    city.record("resident:1", name="张玮", number=ID_A, status="inconsistent", birth_date="1958-01-18")
    assert together(city.who(), "employee:1", "resident:1")


@pytest.mark.parametrize(
    ("name", "more", "is_one"),
    [
        ("王秀英", {}, True),  # her husband's surname
        ("陈小?", {}, False),  # nothing of the name agrees
        ("李娜", {"phone_number": "19900000001"}, True),  # renamed, the telephone is hers
        ("李娜", {}, False),
    ],
)
def test_a_valid_number_with_birth_date_and_sex_needs_one_thing_more_where_the_name_is_another(city, name, more, is_one):
    city.record("employee:1", name="刘秀英", number=ID_B, phone_number="19900000001")
    city.record("rural:1", name=name, number=ID_B, **more)
    assert together(city.who(), "employee:1", "rural:1") is is_one


def test_twins_with_numbers_of_their_own_stay_two_persons_whatever_else_agrees(city):
    same = {"phone_number": "19900000001", "household_no": "H1", "village": VILLAGE}
    city.record("rural:1", name="王子涵", number=CHILD, **same)
    city.record("rural:2", name="王子轩", number=TWIN, **same)
    city.record("resident:1", name="王子涵", number=CHILD, phone_number="19900000001")
    persons = city.who()
    assert together(persons, "rural:1", "resident:1")
    assert persons["rural:2"] != persons["rural:1"]


def test_twins_without_numbers_stay_two_persons(city):
    same = {"birth_date": "2015-06-05", "phone_number": "19900000001", "household_no": "H1", "village": VILLAGE, "guardian_number": MOTHER}
    city.record("rural:1", name="王子涵", **same)
    city.record("rural:2", name="王子轩", **same)
    city.record("resident:1", name="王紫涵", birth_date="2015-06-05", phone_number="19900000001", guardian_number=MOTHER)
    city.crowd()
    assert len(set(city.who().values())) == 3


def test_grown_up_twins_of_like_sounding_names_are_for_a_reviewer_though_each_has_a_household(city):
    # Only one of them is in either system: no third record shows that there are two.
    city.crowd()
    city.record("employee:1", name="王子涵", birth_date="1990-01-18", village=VILLAGE)
    city.record("rural:1", name="王紫涵", number=id_number("99010219900118121"), household_no="H1", village=VILLAGE)
    assert not together(city.who(), "employee:1", "rural:1")
    assert city.pair("employee:1", "rural:1")["verdict"] == "review"


def test_a_twins_number_on_the_other_twin_does_not_make_them_one_person(city):
    same = {"phone_number": "19900000001", "household_no": "H1", "village": VILLAGE}
    city.record("rural:1", name="王子涵", number=TWIN, **same)
    city.record("rural:2", name="王子轩", number=CHILD, **same)
    city.record("resident:1", name="王子涵", number=CHILD, phone_number="19900000001")
    persons = city.who()
    assert len({persons["rural:1"], persons["rural:2"]}) == 2
    assert persons["resident:1"] != persons["rural:2"]
    assert city.pair("resident:1", "rural:2")["verdict"] == "finding"


def test_numbers_exchanged_in_a_household_leave_everybody_who_they_are(city):
    wife, husband = ID_B, ID_A
    mistaken = {"status": "inconsistent", "household_no": "H1", "village": VILLAGE}
    city.record("rural:1", name="张伟", number=wife, sex="male", birth_date="1958-03-07", **mistaken)
    city.record("rural:2", name="李娜", number=husband, sex="female", birth_date="1990-01-01", **mistaken)
    city.record("employee:1", name="张伟", number=husband, village=VILLAGE)
    city.record("employee:2", name="李娜", number=wife)
    persons = city.who()
    assert together(persons, "rural:1", "employee:1")
    assert len({persons["rural:1"], persons["rural:2"], persons["employee:2"]}) == 3


def test_a_child_under_a_guardians_number_is_found_by_name_birth_date_and_guardian(city):
    city.record("resident:1", name="王子涵", number=MOTHER, status="guardian", birth_date="2015-06-05", guardian_number=MOTHER)
    city.record("rural:1", name="王子涵", number=CHILD, birth_date="2015-06-05", guardian_number=MOTHER, sex="female")
    city.record("rural:2", name="刘秀英", number=MOTHER, household_no="H1")
    persons = city.who()
    assert together(persons, "resident:1", "rural:1")
    assert persons["rural:2"] != persons["rural:1"]
    assert city.tiers()["rural:1"] == "R3"


@pytest.mark.parametrize(
    ("more", "is_one"),
    [({"village": VILLAGE}, True), ({"phone_number": "19900000001"}, True), ({"village": OTHER_VILLAGE}, False), ({}, False)],
)
def test_without_a_number_on_one_side_the_rule_asks_for_village_household_or_telephone(city, more, is_one):
    city.record("employee:1", number=ID_A, village=VILLAGE, phone_number="19900000001")
    city.record("rural:1", birth_date="1958-03-07", **more)
    city.match()
    assert (city.pair("employee:1", "rural:1").get("rule") == "R3") is is_one


def test_without_any_number_name_birth_date_and_sex_alone_are_for_a_reviewer(city):
    city.record("employee:1", birth_date="1958-03-07")
    city.record("rural:1", birth_date="1958-03-07", number="000000000000000000", status="placeholder")
    city.crowd()
    assert not together(city.who(), "employee:1", "rural:1")
    assert city.pair("employee:1", "rural:1")["rule"] == "R3x"
    assert city.queued()["employee:1", "rural:1"] == "uncertain"


CHECK_WRONG, SWAPPED, ROUNDED = ID_A[:17] + ("1" if ID_A[17] == "0" else "0"), ID_A[:8] + ID_A[9] + ID_A[8] + ID_A[10:], ID_A[:15] + "000"


@pytest.mark.parametrize("wrong", [CHECK_WRONG, SWAPPED, ROUNDED])
def test_a_mistyped_number_beside_the_right_one_is_one_person(city, wrong):
    city.record("employee:1", number=ID_A)
    city.record("rural:1", number=wrong, status="invalid", birth_date="1958-03-07", sex="male")
    assert together(city.who(), "employee:1", "rural:1")
    assert city.tiers()["rural:1"] == "R2"


def test_two_valid_numbers_within_two_edits_are_two_persons_for_a_reviewer(city):
    city.record("employee:1", name="王子涵", number=CHILD, phone_number="19900000001", village=VILLAGE)
    city.record("rural:1", name="王子涵", number=TWIN, phone_number="19900000001", village=VILLAGE)
    city.crowd()
    assert not together(city.who(), "employee:1", "rural:1")
    assert city.pair("employee:1", "rural:1")["decided_by"] == "veto"
    assert city.queued()["employee:1", "rural:1"] == "two_ids"


def test_namesakes_of_one_village_stay_two_persons(city):
    city.record("rural:1", number=ID_A, village=VILLAGE)
    city.record("rural:2", birth_date="1958-11-19", village=VILLAGE)
    city.crowd()
    assert not together(city.who(), "rural:1", "rural:2")


def test_a_number_under_many_names_is_nobodys(city):
    for place, name in enumerate(["张伟", "李娜", "赵德柱", "孙丽", "陈小明"]):
        city.record(f"rural:{place}", name=name, number=ID_A)
    city.record("employee:1", name="张伟", number=ID_A)
    city.crowd()
    assert len(set(city.who().values())) == 6


def test_a_date_that_stands_inside_the_others_number_counts_as_the_same(city):
    swapped = {"birth_date": "1958-07-03", "birth_date_if_swapped": "1958-03-07"}
    city.record("employee:1", number=ID_A, status="inconsistent", village=VILLAGE, **swapped)
    city.record("rural:1", birth_date="1958-03-07", village=VILLAGE, phone_number="19900000001")
    city.crowd()
    persons = city.who()
    assert city.pair("employee:1", "rural:1")["birth_level"] == "inside_id"
    assert together(persons, "employee:1", "rural:1")
    assert city.tiers()["rural:1"] == "score"


def test_a_score_weighs_the_other_persons_that_a_record_could_be(city):
    """Two holders of different numbers fit a record without one equally well: neither is taken, both are asked about."""
    city.record("employee:1", name="欧阳海燕", number=id_number("99010219770707002"))
    city.record("resident:1", name="欧阳海燕", number=id_number("99010419770707024"))
    city.record("rural:1", name="欧阳海燕", birth_date="1977-07-07", sex="female")
    city.crowd()
    assert len(set(city.who().values())) == 3
    assert {pair for pair in city.queued() if "rural:1" in pair} == {("employee:1", "rural:1"), ("resident:1", "rural:1")}
    for one in ("employee:1", "resident:1"):
        assert city.pair(one, "rural:1")["match_probability"] < 0.51


def test_a_chain_that_would_join_two_valid_numbers_is_held(city):
    city.record("employee:1", number=ID_A, village=VILLAGE)
    city.record("resident:1", number=id_number("99010219580307123"), phone_number="19900000001")
    city.record("rural:1", birth_date="1958-03-07", village=VILLAGE, phone_number="19900000001")
    result = city.match()
    assert result.held == 2
    assert len(set(city.persons().values())) == 3
    assert city.queued()["employee:1", "rural:1"] == "held"
    assert "两个各自有效的证件号码" in city.pair("employee:1", "rural:1")["evidence_zh"]


def test_the_stronger_of_two_agreements_that_exclude_each_other_holds(city):
    city.record("employee:1", number=ID_A)
    city.record("resident:1", number=id_number("99010219580307123"), phone_number="19900000001")
    city.record("rural:1", number=ID_A, status="inconsistent", birth_date="1958-03-07", sex="male", phone_number="19900000001")
    city.match()
    persons = city.persons()
    assert together(persons, "employee:1", "rural:1")
    assert persons["resident:1"] != persons["rural:1"]


def test_a_number_that_only_a_claim_names_is_a_person_of_its_own(city):
    city.record("employee:1", number=ID_A)
    city.referred_to("employee:77", "2025-02")
    assert city.who()["employee:77"] == person_id("employee", "77")
    assert city.tiers() == {"employee:1": "none", "employee:77": "none"}


def test_the_newest_snapshot_says_which_number_a_record_carries(city):
    city.record("employee:1", number=ID_B)
    city.record("employee:1", number=ID_A, period="2025-02")
    city.record("rural:1", number=ID_A, period="2025-02")
    assert together(city.who(), "employee:1", "rural:1")


def test_a_block_that_explodes_is_not_joined_and_named_by_its_key(city, monkeypatch):
    monkeypatch.setattr(blocking, "PAIRS_OF_A_BLOCK", 6)
    for number in range(4):
        city.record(f"employee:{number}", name="王子涵", birth_date="1990-01-18")
    assert len(set(city.who().values())) == 4
    cut = city.con.execute("select key_text, left_records, right_records from identity.blocks_cut where pass = 'name_birth'").fetchall()
    assert cut == [("wang zi han|1990-01-18", 4, 4)]
    assert city.con.execute("select count(*) from identity.candidates where pass = 'name_birth'").fetchone() == (0,)


def test_the_bridge_shows_the_weakest_link_to_the_earliest_record(city):
    city.record("employee:1", number=ID_A, village=VILLAGE)
    city.record("rural:1", birth_date="1958-03-07", village=VILLAGE)
    city.record("resident:1", number=ID_A)
    city.match()
    assert city.tiers() == {"employee:1": "R1", "resident:1": "R1", "rural:1": "R3"}
    pairs = city.con.execute("""
        select source_system_a || '-' || source_system_b, match_tier from identity.person_pairs order by all
    """).fetchall()
    assert pairs == [("employee-resident", "R1"), ("employee-rural", "R3"), ("resident-rural", "R3")]


def test_the_result_counts_numbers_persons_and_agreements(city):
    city.record("employee:1", number=ID_A)
    city.record("resident:1", number=ID_A)
    city.referred_to("rural:5", "2025-01")
    result = city.match()
    assert (result.numbers, result.numbers_without_record, result.persons) == (3, 1, 2)
    assert result.edges == {"R1": 1, "R2": 0, "R3": 0, "score": 0, "reviewer": 0}


def components_of(edges):
    con = duckdb.connect()
    con.execute("create table edges (a bigint, b bigint)")
    if edges:
        con.executemany("insert into edges values (?, ?)", edges)
    rounds = contract(con, "edges", "components")
    return dict(con.execute("select vertex, root from components").fetchall()), rounds


def test_components_agree_with_a_plain_search_on_random_graphs():
    rng = random.Random(7)
    for _ in range(8):
        edges = [(rng.randrange(60), rng.randrange(60)) for _ in range(45)]
        parent = {v: v for e in edges for v in e if e[0] != e[1]}

        def root(v, parent=parent):
            while parent[v] != v:
                v = parent[v]
            return v

        for a, b in edges:
            if a != b:
                parent[max(root(a), root(b))] = min(root(a), root(b))
        assert components_of(edges)[0] == {v: root(v) for v in parent}


def test_a_long_chain_is_one_component_in_few_rounds():
    roots, rounds = components_of([(n, n + 1) for n in range(1, 3000)])
    assert set(roots.values()) == {1}
    assert rounds == 1


def test_no_edges_give_no_components():
    assert components_of([]) == ({}, 0)
