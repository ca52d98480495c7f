"""Who is who: matching by exact ID, components, and ids that last."""

import hashlib
import random

import duckdb
import pytest

from warehouse.identity import match
from warehouse.identity.components import contract
from warehouse.settings import Settings

ID_A = "990102195803071217"
ID_B = "99010219900101004X"
COLUMNS = {
    "source_system": "varchar", "source_person_no": "varchar", "period": "varchar", "id_number": "varchar", "id_number_tidied": "varchar",
    "id_status": "varchar", "guardian_number": "varchar", "id_birth_date": "date", "id_sex": "varchar", "name": "varchar",
    "name_pinyin": "varchar", "sex": "varchar", "birth_date": "date", "birth_date_if_swapped": "date", "birth_date_if_lunar": "date",
    "phone_number": "varchar", "household_no": "varchar", "village_code": "varchar", "place_village_code": "varchar",
    "place_township_code": "varchar", "is_dead": "boolean", "office": "varchar",
}  # fmt: skip


def person_id(system, number):
    return "P" + hashlib.md5(f"{system}:{number}".encode()).hexdigest()[:16]


@pytest.fixture
def city(tmp_path):
    """Records go in as (system, number, period, id, status[, pinyin]); `who` runs the matching and tells whose id each number has."""
    con = duckdb.connect(str(tmp_path / "warehouse.duckdb"))
    con.execute("create schema intermediate")
    con.execute(f"create table intermediate.int_person_records ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())})")
    con.execute("""
        create table intermediate.int_person_numbers_seen (
            source_system varchar, source_person_no varchar, first_seen varchar, last_seen varchar, has_record boolean
        )
    """)

    class City:
        connection = con

        def record(self, system, number, period, id_number, status="valid", pinyin="zhang wei", **more):
            values = {
                "source_system": system, "source_person_no": number, "period": period, "id_number": id_number, "id_status": status,
                "id_number_tidied": id_number, "name": pinyin.replace(" ", ""), "name_pinyin": pinyin, "sex": "male", **more,
            }  # fmt: skip
            marks = ", ".join("?" for _ in values)
            con.execute(f"insert into intermediate.int_person_records ({', '.join(values)}) values ({marks})", list(values.values()))

        def referred_to(self, system, number, period):
            con.execute("insert into intermediate.int_person_numbers_seen values (?, ?, ?, ?, false)", [system, number, period, period])

        def match(self, period="2025-02"):
            con.execute("delete from intermediate.int_person_numbers_seen where has_record")
            con.execute("""
                insert into intermediate.int_person_numbers_seen
                select source_system, source_person_no, min(period), max(period), true from intermediate.int_person_records group by all
            """)
            return match(con, Settings(home=tmp_path), period)

        def who(self, period="2025-02"):
            self.match(period)
            rows = con.execute("select source_system, source_person_no, person_id from identity.person_links").fetchall()
            return {f"{system}:{number}": person for system, number, person in rows}

    yield City()
    con.close()


def test_two_records_with_one_valid_number_are_one_person_with_the_id_of_the_earlier(city):
    city.record("employee", "2", "2025-02", ID_A)
    city.record("rural", "1", "2025-01", ID_A)
    assert city.who() == {"employee:2": person_id("rural", "1"), "rural:1": person_id("rural", "1")}


def test_of_two_records_of_one_month_the_system_then_the_number_decides_the_id(city):
    city.record("resident", "9", "2025-01", ID_A)
    city.record("employee", "8", "2025-01", ID_A)
    city.record("employee", "7", "2025-01", ID_A, "repaired")
    assert set(city.who().values()) == {person_id("employee", "7")}


def test_a_repaired_number_counts_as_the_valid_one_it_became(city):
    city.record("employee", "1", "2025-01", ID_A, "repaired")
    city.record("resident", "1", "2025-01", ID_A, "valid")
    assert len(set(city.who().values())) == 1


@pytest.mark.parametrize("status", ["guardian", "placeholder", "invalid", "missing"])
def test_numbers_of_guardians_placeholders_and_wrong_ones_join_nobody(city, status):
    city.record("rural", "1", "2025-01", None, status)
    city.record("rural", "2", "2025-01", None, status)
    city.record("employee", "3", "2025-01", ID_A)
    assert len(set(city.who().values())) == 3


def test_a_number_that_contradicts_its_record_joins_only_where_the_name_agrees(city):
    city.record("employee", "1", "2025-01", ID_A, "valid", "zhang wei")
    city.record("resident", "1", "2025-01", ID_A, "inconsistent", "zhang wei")
    city.record("rural", "1", "2025-01", ID_A, "inconsistent", "li na")
    who = city.who()
    assert who["employee:1"] == who["resident:1"] != who["rural:1"]


def test_twins_with_numbers_of_their_own_stay_two_persons(city):
    city.record("rural", "1", "2025-01", ID_A)
    city.record("rural", "2", "2025-01", ID_B)
    assert len(set(city.who().values())) == 2


def test_a_number_that_only_a_claim_names_is_a_person_of_its_own(city):
    city.record("employee", "1", "2025-01", ID_A)
    city.referred_to("employee", "77", "2025-02")
    assert city.who()["employee:77"] == person_id("employee", "77")
    tiers = dict(city.connection.execute("select source_person_no, match_tier from identity.person_links").fetchall())
    assert tiers == {"1": "none", "77": "none"}


def test_the_newest_snapshot_says_which_number_a_record_carries(city):
    city.record("employee", "1", "2025-01", ID_B)
    city.record("employee", "1", "2025-02", ID_A)
    city.record("rural", "1", "2025-02", ID_A)
    assert len(set(city.who().values())) == 1


def test_later_snapshots_do_not_reach_back_into_the_month_that_is_closed(city):
    city.record("employee", "1", "2025-01", ID_B)
    city.record("employee", "1", "2025-02", ID_A)
    city.record("rural", "1", "2025-01", ID_A)
    who = city.who("2025-01")
    assert who["employee:1"] != who["rural:1"]


def test_matching_twice_gives_the_same_ids(city):
    for number in range(20):
        city.record("employee", str(number), "2025-01", ID_A if number % 2 else None, "valid" if number % 2 else "missing")
    assert city.who() == city.who()


def test_the_result_counts_numbers_persons_and_agreements(city):
    city.record("employee", "1", "2025-01", ID_A)
    city.record("resident", "1", "2025-01", ID_A)
    city.referred_to("rural", "5", "2025-01")
    result = city.match()
    assert (result.numbers, result.numbers_without_record, result.persons, result.edges) == (
        3, 1, 2, {"R1": 1, "R2": 0, "R3": 0, "score": 0, "reviewer": 0}
    )  # fmt: skip


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
