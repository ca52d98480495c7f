"""What it says of two records where their persons live, are insured, and were given their numbers."""

from math import log2

import pytest

from tests.warehouse.matching_city import City, id_number
from warehouse.identity.comparisons import PLACE
from warehouse.identity.local_shares import count_local_shares
from warehouse.identity.model import shipped_model

# A number issued in 990102; the villages lie in the counties that their codes begin with.
ID_A = id_number("99010219580307121")
BORN = {"birth_date": "1958-03-07", "sex": "male"}
VILLAGE, NEIGHBOUR, SAME_TOWNSHIP, OTHER_COUNTY = "990102001200", "990102002200", "990102001201", "990104003201"


@pytest.fixture
def city(tmp_path):
    made = City(tmp_path)
    yield made
    made.close()


def settled_crowd(city):
    """Strangers in many villages, under telephones of their own."""
    city.crowd(3000)
    city.con.execute("""
        update snapshots
        set place_code = '99010' || cast(2 + hash(name) % 8 as varchar) || lpad(cast(hash(name) % 400 as varchar), 6, '0'),
            phone_number = '13' || lpad(right(source_person_no, length(source_person_no) - 1), 9, '0')
        where source_person_no like 'c%'
    """)


def place_level(city, one, other):
    (found,) = city.con.execute(
        """
        select judged.place_level
        from match_judged as judged
        inner join match_records as one on judged.a = one.record_key
        inner join match_records as other on judged.b = other.record_key
        where [one.source_system || ':' || one.source_person_no, other.source_system || ':' || other.source_person_no]
            in (?::varchar[], ?::varchar[])
        """,
        [[one, other], [other, one]],
    ).fetchone()
    return found


LEVELS = [
    ({"village": VILLAGE}, {"village": VILLAGE}, "village"),
    # A code that is longer than a village's is one all the same.
    ({"village": VILLAGE + "9"}, {"village": VILLAGE + "9"}, "village"),
    ({"village": VILLAGE}, {"village": SAME_TOWNSHIP}, "township"),
    ({"village": VILLAGE}, {"village": NEIGHBOUR}, "county"),
    # He has moved, and is insured where he lived or where the other record says that he lives.
    ({"village": OTHER_COUNTY, "insured_county_code": "990105"}, {"village": VILLAGE, "insured_county_code": "990105"}, "insured"),
    ({"village": OTHER_COUNTY, "insured_county_code": "990102"}, {"village": VILLAGE}, "insured"),
    # His number was issued in the county where the other record lives.
    ({"village": OTHER_COUNTY}, {"village": VILLAGE}, "issued"),
    ({"village": VILLAGE}, {"village": OTHER_COUNTY}, "different"),
    # No address on one side.
    ({"insured_county_code": "990104"}, {"village": OTHER_COUNTY}, "unplaced_insured"),
    ({"insured_county_code": "990104"}, {"village": VILLAGE}, "unplaced_issued"),
    ({"insured_county_code": "990105"}, {"village": OTHER_COUNTY}, "unplaced"),
    ({}, {"village": VILLAGE}, "unknown"),
    ({}, {}, "unknown"),
]


def test_a_pair_lies_together_by_address_else_by_insurance_else_by_where_the_number_was_issued(city):
    for place, (holder, bare, _) in enumerate(LEVELS):
        name = chr(0x4E00 + place) + "海"
        city.record(f"employee:{place}", name=name, number=id_number(f"99010219580307{2 * place + 1:03d}"), **holder)
        city.record(f"rural:{place}", name=name, **BORN, **bare)
    city.match()
    found = [place_level(city, f"employee:{place}", f"rural:{place}") for place in range(len(LEVELS))]
    assert found == [level for *_, level in LEVELS]


def test_a_number_that_both_carry_does_not_say_where_either_lives(city):
    city.record("employee:1", number=ID_A, village=OTHER_COUNTY)
    city.record("rural:1", number=ID_A, village=VILLAGE)
    city.match()
    assert place_level(city, "employee:1", "rural:1") == "different"


@pytest.mark.parametrize(
    ("insured", "rule"),
    [("990102", "R4"), ("990104", "R3x")],
)
def test_without_any_number_a_county_in_common_is_more_than_name_birth_date_and_sex_only(city, insured, rule):
    city.crowd()
    city.record("resident:1", name="欧阳海燕", village=VILLAGE, **BORN)
    city.record("rural:1", name="欧阳海燕", insured_county_code=insured, **BORN)
    city.match()
    evidence = city.pair("resident:1", "rural:1")
    assert evidence["rule"] == rule
    assert (evidence["verdict"] == "review") is (rule == "R3x")


def test_the_sentence_says_where_the_two_records_meet(city):
    city.crowd()
    city.record("employee:1", name="欧阳海燕", number=ID_A, insured_county_code="990104")
    city.record("rural:1", name="欧阳海燕", village=OTHER_COUNTY, **BORN)
    city.match()
    evidence = city.pair("employee:1", "rural:1")
    assert "一方住址不详，参保地与另一方同县（区）" in evidence["evidence_zh"]
    assert "no address on one side, insured in the same county" in evidence["evidence_en"]


def test_of_two_villagers_of_one_name_and_year_one_born_on_new_years_day_more_must_agree_than_the_village(city):
    settled_crowd(city)
    for key, name, more in (("1", "欧阳海燕", {}), ("2", "赵德柱", {"phone_number": "19900000001"})):
        city.record(f"employee:{key}", name=name, number=ID_A, village=VILLAGE, **more)
        city.record(f"rural:{key}", name=name, birth_date="1958-01-01", sex="male", village=VILLAGE, **more)
    persons = city.who()
    assert persons["employee:1"] != persons["rural:1"]
    assert city.pair("employee:1", "rural:1")["match_probability"] > 0.985
    assert city.queued()["employee:1", "rural:1"] == "uncertain"
    assert persons["employee:2"] == persons["rural:2"]


def test_without_a_birth_date_a_score_joins_nobody(city):
    settled_crowd(city)
    same = {"phone_number": "19900000001", "village": VILLAGE}
    city.record("employee:1", name="欧阳海燕", number=ID_A, **same)
    city.record("rural:1", name="欧阳海燕", sex="male", **same)
    persons = city.who()
    assert persons["employee:1"] != persons["rural:1"]
    assert city.pair("employee:1", "rural:1")["match_probability"] > 0.985
    assert city.queued()["employee:1", "rural:1"] == "uncertain"


def movers(city, count, systems, villages):
    """Persons whom two records with one number show in two places."""
    for number in range(count):
        own = id_number(f"990102{1950 + number % 50}0101{2 * number + 1:03d}")
        for place, (system, village) in enumerate(zip(systems, villages, strict=True)):
            city.record(f"{system}:{number}-{place}", name=chr(0x4E00 + number) + "海", number=own, village=village)


def test_names_that_sound_alike_or_lost_a_character_are_for_a_reviewer_unless_both_are_known_to_live_apart(city):
    """Grown-up twins may be 王子涵 and 王紫涵, and which village the one without an address lives in nobody says."""
    settled_crowd(city)
    movers(city, 150, ("employee", "rural"), (NEIGHBOUR, VILLAGE))
    city.record("employee:1", name="王子涵", number=id_number("99010219900118121"), insured_county_code="990102")
    city.record("rural:1", name="王紫涵", birth_date="1990-01-18", sex="male", village=VILLAGE)
    city.record("employee:2", name="陈小明", number=id_number("99010219900219121"), village=NEIGHBOUR, phone_number="19900000002")
    city.record("rural:2", name="陈小?", birth_date="1990-02-19", sex="male", village=VILLAGE)
    persons = city.who()
    assert city.pair("employee:1", "rural:1")["match_probability"] > 0.985
    assert persons["employee:1"] != persons["rural:1"]
    assert city.queued()["employee:1", "rural:1"] == "uncertain"
    assert persons["employee:2"] == persons["rural:2"]


def weight(shares):
    return log2(shares["m"] / shares["u"])


def local_shares(city):
    city.match()
    return count_local_shares(city.con, shipped_model())


def test_where_people_move_another_county_says_less_against_one_person(tmp_path):
    found = {}
    for name, second in (("settled", VILLAGE), ("moving", OTHER_COUNTY)):
        city = City(tmp_path / name)
        movers(city, 150, ("employee", "rural"), (VILLAGE, VILLAGE))
        # Strangers live in either county.
        for number in range(300):
            village = VILLAGE if number % 2 else OTHER_COUNTY
            city.record(
                f"resident:{number}", name=chr(0x5E00 + number) + "燕", number=id_number(f"99010419700101{number:03d}"), village=village
            )
        for number in range(150):
            own = id_number(f"990105{1950 + number % 50}0202{2 * number + 1:03d}")
            city.record(f"employee:m{number}", name=chr(0x6E00 + number) + "江", number=own, village=VILLAGE)
            city.record(f"rural:m{number}", name=chr(0x6E00 + number) + "江", number=own, village=second)
        found[name] = weight(local_shares(city).model.parameters["place"]["different"])
        city.close()
    assert found["moving"] > found["settled"] + 3


def test_a_second_number_of_one_system_is_given_where_somebody_has_moved(city):
    """In one system nobody has two numbers in one county, and many have one in each of two; two systems know people where they live."""
    movers(city, 120, ("employee", "rural"), (VILLAGE, VILLAGE))
    for number in range(120):
        own = id_number(f"990105{1950 + number % 50}0202{2 * number + 1:03d}")
        for place, village in enumerate((VILLAGE, OTHER_COUNTY)):
            city.record(f"rural:m{number}-{place}", name=chr(0x6E00 + number) + "江", number=own, village=village)
    systems = local_shares(city).systems
    assert weight(systems["different"]["rural-rural"]) > 0 > weight(systems["different"]["employee-rural"])
    assert weight(systems["village"]["employee-rural"]) > 0 > weight(systems["village"]["rural-rural"])


def test_a_city_without_pairs_of_its_own_is_weighed_as_the_model_says(city):
    city.crowd()
    model = shipped_model()
    shares = local_shares(city)
    for level in PLACE.levels:
        if not level.is_missing:
            assert weight(shares.model.parameters["place"][level.code]) == pytest.approx(weight(model.parameters["place"][level.code]))
        for pair, share in shares.systems[level.code].items():
            one, other = pair.split("-")
            expected = weight(model.parameters["system"]["one" if one == other else "two"])
            # Where all records are of one system, that they are is no proof.
            assert weight(share) == pytest.approx(expected) or share["m"] == 1.0
    assert shares.model.parameters["phone"] == model.parameters["phone"]


def test_what_the_city_never_shows_is_no_proof_of_one_person(city):
    """All live in one county: a level that neither pairs of one person nor strangers show weighs no more than in the model."""
    movers(city, 200, ("employee", "rural"), (VILLAGE, VILLAGE))
    model = shipped_model()
    found = local_shares(city).model.parameters["place"]
    for level in ("insured", "issued", "different"):
        assert weight(found[level]) <= max(weight(model.parameters["place"][level]), 0.0) + 1e-9


def test_the_shares_of_a_city_depend_on_its_records_and_not_on_their_order(tmp_path):
    found = []
    for turned in (False, True):
        city = City(tmp_path / str(turned))
        makers = [
            lambda city=city: movers(city, 80, ("employee", "rural"), (VILLAGE, NEIGHBOUR)),
            lambda city=city: city.record("resident:1", name="欧阳海燕", number=ID_A, village=OTHER_COUNTY),
        ]
        for make in reversed(makers) if turned else makers:
            make()
        found.append(local_shares(city))
        city.close()
    assert found[0] == found[1]
