"""Who lives in the city: households with ages, names, kinship and identity numbers as they truly are.

What belongs here: persons, undamaged. What does not: insurance (`enrollment.py`), damage to what is on record (`identity_faults.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from . import names
from .calendar_days import FAR, number_of_day, year_of
from .geography import Geography
from .id_numbers import compose
from .randomness import some, stream, weighted
from .rates import FaultRates

# From a region code to one of another city, never to one that persons of this city have by birth (990102 to 990401).
_ELSEWHERE = 400
HEAD, SPOUSE, CHILD, FATHER, MOTHER, GRANDCHILD = range(6)


@dataclass
class Population:
    """Persons as parallel arrays, as narrow as their values allow; those born during the simulated months stand at the end."""

    household: np.ndarray
    role: np.ndarray
    sex: np.ndarray  # 1 male, 2 female
    birth: np.ndarray  # days since 1970
    death: np.ndarray  # days since 1970, FAR while alive
    surname: np.ndarray  # place in names.SURNAME_PARTS
    first: np.ndarray  # given name's first part, place in names.GIVEN_PARTS
    second: np.ndarray  # and its second
    id_number: np.ndarray  # the first seventeen digits
    village: np.ndarray
    phone: np.ndarray  # number, 0 for none
    twin: np.ndarray  # the twin's position, -1 for none
    namesake: np.ndarray  # a villager of the same name by design, -1 for none
    spouse: np.ndarray  # the husband's or wife's position, -1 for none
    guardian: np.ndarray  # a parent's or grandparent's position for minors, -1 for none
    is_minority: np.ndarray

    def __len__(self) -> int:
        return len(self.sex)

    def age(self, day: int) -> np.ndarray:
        """Whole years at a day (negative before birth)."""
        return np.floor((day - self.birth) / 365.2425).astype(np.int16)

    def names_of(self, persons: np.ndarray) -> pa.Array:
        """True names."""
        dot = pa.array(["", "·"]).take(pa.array(self.is_minority[persons].astype(np.int8)))
        return pc.binary_join_element_wise(self.surnames_of(persons), dot, self.given_names_of(persons), "")

    def surnames_of(self, persons: np.ndarray) -> pa.Array:
        """True surnames."""
        return pa.array(names.SURNAME_PARTS).take(pa.array(self.surname[persons]))

    def given_names_of(self, persons: np.ndarray) -> pa.Array:
        """True given names."""
        parts = pa.array(names.GIVEN_PARTS)
        return pc.binary_join_element_wise(parts.take(pa.array(self.first[persons])), parts.take(pa.array(self.second[persons])), "")

    def bears(self, characters: Iterable[str]) -> np.ndarray:
        """Whose name has one of the characters among its first three."""
        wanted = set(characters)
        of_surname = np.array([not wanted.isdisjoint(part[:3]) for part in names.SURNAME_PARTS])
        of_given = np.array([part in wanted for part in names.GIVEN_PARTS])
        is_short = np.array([len(part) == 1 for part in names.SURNAME_PARTS])
        # Behind two characters of a surname there is room for one more; a minority's are two and a dot at least.
        given = of_given[self.first] | of_given[self.second] & is_short[self.surname]
        return of_surname[self.surname] | given & ~self.is_minority


def settle(seed: int, persons: int, geography: Geography, first_day: int, last_day: int, rates: FaultRates) -> Population:
    """A population of that many persons on the first day, and its births and deaths until the last."""
    household, role, sex, birth, village = _households(stream(seed, "households"), persons, geography, first_day)
    births = round(persons * 0.0075 * (last_day - first_day + 1) / 365.25)
    newborn = _newborns(stream(seed, "births"), births, household, role, sex, birth, first_day, last_day)
    household = np.concatenate([household, household[newborn[0]]])
    village = np.concatenate([village, village[newborn[0]]])
    role = np.concatenate([role, np.full(len(newborn[0]), CHILD, dtype=role.dtype)])
    sex = np.concatenate([sex, newborn[1].astype(sex.dtype)])
    birth = np.concatenate([birth, newborn[2].astype(birth.dtype)])
    twin = _twins(stream(seed, "twins"), household, role, sex, birth, rates.twins_of_births)
    surname, given, minority = _names(stream(seed, "names"), household, role, sex, birth, village, twin)
    namesake = _namesakes(stream(seed, "namesakes"), village, sex, birth, (surname, *given), minority, twin)
    death = _deaths(stream(seed, "deaths"), birth, first_day, last_day)
    spouse, guardian = _kin(household, role, birth)
    region = _regions(stream(seed, "regions"), geography, village, role)
    id_number = give_numbers(stream(seed, "numbers"), region, birth, sex, twin)
    phones = stream(seed, "phones")
    own = 19900000000 + phones.integers(0, 10_000_000, len(sex)) * 10 + phones.integers(0, 10, len(sex))
    own[phones.random(len(sex)) < 0.08] = 0
    return Population(
        household, role, sex, birth, death, surname, *given, id_number, village, own, twin, namesake, spouse, guardian, minority
    )


def _households(chance: np.random.Generator, persons: int, geography: Geography, day: int) -> tuple[np.ndarray, ...]:
    """Households of eight possible places: head, spouse, three children, the head's parents, a grandchild left behind."""
    count = int(persons / 2.2) + 20
    weight = geography.county_weight[geography.village_county] * chance.uniform(0.5, 1.5, len(geography.village_codes))
    weight = weight * np.where(geography.village_urban, 0.95, 1.15)
    home = weighted(chance, weight, count)
    rural = ~geography.village_urban[home]
    band = chance.choice(3, count, p=[0.31, 0.44, 0.25])
    head_age = np.select(
        [band == 0, band == 1],
        [chance.uniform(24, 40, count), chance.uniform(40, 60, count)],
        60 + np.minimum(chance.exponential(8.2, count), 38),
    )
    present = np.zeros((count, 8), dtype=bool)
    age = np.zeros((count, 8))
    sex = np.where(chance.random((count, 8)) < 0.52, 1, 2).astype(np.int8)
    present[:, 1] = chance.random(count) < np.select([band == 0, band == 1], [0.74, 0.86], 0.62)
    # Who lives without a spouse in old age is mostly a widow; whoever heads a couple is mostly the husband.
    head_sex = np.where(chance.random(count) < np.where(present[:, 1], 0.84, np.where(band == 2, 0.3, 0.56)), 1, 2)
    present[:, 0], age[:, 0], sex[:, 0] = True, head_age, head_sex
    age[:, 1], sex[:, 1] = np.maximum(head_age + chance.normal(-1.5, 2.5, count) * np.where(head_sex == 1, 1, -1), 21), 3 - head_sex
    more = chance.random((count, 3))
    chances = np.select([band[:, None] == 0, band[:, None] == 1], [[[0.84, 0.42, 0.09]], [[0.74, 0.32, 0.05]]], [[0.12, 0.02, 0.0]])
    children = more < np.where(rural[:, None], chances * 1.12, chances * 0.92)
    children[:, 1] &= children[:, 0]
    children[:, 2] &= children[:, 1]
    present[:, 2:5] = children
    eldest = head_age - np.clip(chance.normal(26.5, 3, count), 20, 40)
    age[:, 2] = eldest
    age[:, 3] = eldest - chance.uniform(1, 6, count)
    age[:, 4] = age[:, 3] - chance.uniform(1, 5, count)
    present[:, 2:5] &= (age[:, 2:5] >= 0.02) & (age[:, 2:5] < 45)
    young = band < 2
    present[:, 5] = young & (chance.random(count) < 0.13)
    present[:, 6] = young & (chance.random(count) < 0.19)
    age[:, 5] = np.minimum(head_age + chance.uniform(23, 33, count), 99)
    age[:, 6] = np.minimum(head_age + chance.uniform(21, 31, count), 101)
    sex[:, 5], sex[:, 6] = 1, 2
    present[:, 5:7] &= age[:, 5:7] < np.array([93, 98])
    present[:, 7] = (band == 2) & (head_age < 76) & (chance.random(count) < 0.22)
    age[:, 7] = chance.uniform(0.3, 14, count)
    rows, places = np.nonzero(present)
    rows, places = rows[:persons], places[:persons]
    role = np.array([HEAD, SPOUSE, CHILD, CHILD, CHILD, FATHER, MOTHER, GRANDCHILD], dtype=np.int8)[places]
    birth = day - 1 - np.maximum((age[rows, places] * 365.2425).astype(np.int64), 1)
    return rows.astype(np.int32), role, sex[rows, places], birth.astype(np.int32), home.astype(np.int32)[rows]


def _newborns(
    chance: np.random.Generator,
    births: int,
    household: np.ndarray,
    role: np.ndarray,
    sex: np.ndarray,
    birth: np.ndarray,
    first: int,
    last: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mothers' positions, sexes and birthdays of the children born in the simulated months."""
    age = (first - birth) / 365.2425
    mothers = np.flatnonzero((sex == 2) & (role <= SPOUSE) & (age > 20) & (age < 42))
    if len(mothers) == 0:
        mothers = np.flatnonzero(role == HEAD)
    chosen = chance.permutation(mothers)[: min(births, len(mothers))]
    chosen.sort()
    return chosen, chance.integers(1, 3, len(chosen)), chance.integers(first, last + 1, len(chosen))


def _twins(
    chance: np.random.Generator, household: np.ndarray, role: np.ndarray, sex: np.ndarray, birth: np.ndarray, rate: float
) -> np.ndarray:
    """Make neighbours among a household's children twins, for that share of births; birth dates change in place."""
    twin = np.full(len(sex), -1, dtype=np.int32)
    pairs = np.flatnonzero((household[:-1] == household[1:]) & (role[:-1] == CHILD) & (role[1:] == CHILD))
    pairs = pairs[np.concatenate([[True], np.diff(pairs) > 1])] if len(pairs) else pairs
    wanted = max(round((role == CHILD).sum() * rate), 1)
    chosen = np.sort(chance.permutation(pairs)[:wanted])
    birth[chosen + 1] = birth[chosen]
    same = chosen[chance.random(len(chosen)) < 0.7]
    sex[same + 1] = sex[same]
    twin[chosen], twin[chosen + 1] = chosen + 1, chosen
    # Grown-up twins with households of their own: heads next door, for a tenth of a percent of households.
    heads = np.flatnonzero(role == HEAD)
    doors = np.sort(chance.permutation(len(heads) - 1)[: max(len(heads) // 1000, 1)])
    doors = doors[np.concatenate([[True], np.diff(doors) > 1])]
    left, right = heads[doors], heads[doors + 1]
    free = (twin[left] < 0) & (twin[right] < 0) & (sex[left] == sex[right]) & (np.abs(birth[left] - birth[right]) < 1500)
    left, right = left[free], right[free]
    birth[right] = birth[left]
    twin[left], twin[right] = right, left
    return twin


def _names(
    chance: np.random.Generator,
    household: np.ndarray,
    role: np.ndarray,
    sex: np.ndarray,
    birth: np.ndarray,
    village: np.ndarray,
    twin: np.ndarray,
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Surnames (children and parents share the head's), given names (siblings may share a character), and who is of a minority."""
    count = len(sex)
    houses = int(household.max()) + 1
    weights = names.surname_weights()
    clan = weighted(chance, weights, int(village.max()) + 1)
    of_house = weighted(chance, weights, houses)
    house_village = np.zeros(houses, dtype=np.int64)
    house_village[household] = village
    in_clan = chance.random(houses) < 0.22
    of_house = np.where(in_clan, clan[house_village], of_house)
    apart = twin[(twin >= 0) & (twin > np.arange(count))]
    first_of = twin[apart]
    of_house[household[apart]] = of_house[household[first_of]]
    own = weighted(chance, weights, count)
    shares = (role == HEAD) | (role == CHILD) | (role == FATHER) | (role == GRANDCHILD)
    index = np.where(shares, of_house[household], own)
    surname = names.surname_places(names.SURNAMES)[index]
    compound = (of_house[household] % 97 == 3) & shares & (chance.random(houses)[household] < 0.15)
    surname[compound] = names.surname_places(names.COMPOUND)[of_house[household][compound] % len(names.COMPOUND)]
    generation = np.where((role == CHILD) & (chance.random(houses)[household] < 0.35), of_house[household] * 7 + household % 11, -1)
    generation = np.where(twin >= 0, household[np.minimum(np.where(twin >= 0, twin, 0), np.arange(count))] % 1_000_003, generation)
    first, second = names.given_names(chance, year_of(birth), sex, generation)
    # Twins whose given names came out alike get another second character: nobody could tell two persons of one name and birthday apart.
    later = np.flatnonzero((twin >= 0) & (twin < np.arange(count)))
    alike = later[(first[later] == first[twin[later]]) & (second[later] == second[twin[later]])]
    civil, martial = names.given_places("文武")
    second[alike] = np.where(second[twin[alike]] == civil, martial, civil)
    rare = some(chance, twin < 0, 0.004)
    second[rare] = names.given_places(names.RARE)[chance.integers(0, len(names.RARE), len(rare))]
    minority_house = chance.random(houses) < 0.015
    minority = minority_house[household]
    for code in (1, 2):
        chosen = np.flatnonzero(minority & (sex == code))
        pool = names.surname_places(names.MINORITY_FIRST[code])
        surname[chosen] = pool[chance.integers(0, len(pool), len(chosen))]
    whole = names.given_places(names.MINORITY_SECOND)
    father = whole[chance.integers(0, len(names.MINORITY_SECOND), houses)]
    strangers = whole[chance.integers(0, len(names.MINORITY_SECOND), count)]
    first[minority] = np.where((role == CHILD)[minority], father[household[minority]], strangers[minority])
    second[minority] = 0
    unlucky = later[minority[later] & (surname[later] == surname[twin[later]])]
    surname[unlucky] = names.surname_places(f"{names.SURNAME_PARTS[place]}江" for place in surname[unlucky].tolist())
    return surname, (first, second), minority


def _namesakes(
    chance: np.random.Generator,
    village: np.ndarray,
    sex: np.ndarray,
    birth: np.ndarray,
    parts: tuple[np.ndarray, ...],
    minority: np.ndarray,
    twin: np.ndarray,
) -> np.ndarray:
    """Give 0.1% of persons the name of a villager of like sex and age; half of them share the birth year."""
    count = len(sex)
    namesake = np.full(count, -1, dtype=np.int32)
    order = np.lexsort((birth, sex, village))
    near = (village[order[:-1]] == village[order[1:]]) & (sex[order[:-1]] == sex[order[1:]]) & (birth[order[:-1]] != birth[order[1:]])
    chosen = some(chance, near, 0.001)
    left, right = order[chosen], order[chosen + 1]
    plain = ~minority[left] & ~minority[right] & (twin[left] < 0) & (twin[right] < 0)
    left, right = left[plain], right[plain]
    for part in parts:
        part[right] = part[left]
    namesake[right], namesake[left] = left, right
    return namesake


def _deaths(chance: np.random.Generator, birth: np.ndarray, first: int, last: int) -> np.ndarray:
    """Days of death in the simulated months by a Gompertz hazard; 0.05% of the old died shortly before."""
    span = last - first + 1
    age = np.maximum(first - birth, 0) / 365.2425
    yearly = np.minimum(0.00025 + 0.000045 * np.exp(0.093 * age), 0.6)
    dies = chance.random(len(birth)) < yearly * span / 365.25
    day = chance.integers(np.maximum(birth, first), last + 1)
    before = (age > 60) & (chance.random(len(birth)) < 0.0005) & ~dies
    return np.where(dies, day, np.where(before, first - 30, FAR)).astype(np.int32)


def _kin(household: np.ndarray, role: np.ndarray, birth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Spouse of heads and spouses; guardian of everybody else of the household younger than its head."""
    count = len(role)
    houses = int(household.max()) + 1
    head = np.full(houses, -1, dtype=np.int32)
    partner = np.full(houses, -1, dtype=np.int32)
    head[household[role == HEAD]] = np.flatnonzero(role == HEAD)
    partner[household[role == SPOUSE]] = np.flatnonzero(role == SPOUSE)
    spouse = np.full(count, -1, dtype=np.int32)
    is_head, is_spouse = role == HEAD, role == SPOUSE
    spouse[is_head], spouse[is_spouse] = partner[household[is_head]], head[household[is_spouse]]
    guardian = np.full(count, -1, dtype=np.int32)
    minor = (role == CHILD) | (role == GRANDCHILD)
    # Odd households give the mother's number where there is one: clerks take whoever stands at the counter.
    either = np.where((partner[household] >= 0) & (household % 2 == 1), partner[household], head[household])
    guardian[minor] = either[minor]
    return spouse, guardian


def _regions(chance: np.random.Generator, geography: Geography, village: np.ndarray, role: np.ndarray) -> np.ndarray:
    """The six digits an ID number begins with: mostly home, some another county, some another city of province 99."""
    codes = geography.county_codes.astype(np.int64)
    home = codes[geography.village_county[village]]
    luck = chance.random(len(village))
    moved = np.where(role == SPOUSE, 0.30, 0.10)
    elsewhere = codes[chance.integers(0, len(codes), len(village))]
    outside = np.array([990201, 990202, 990221, 990301, 990322, 990401])[chance.integers(0, 6, len(village))]
    return np.where(luck < 0.05, outside, np.where(luck < 0.05 + moved, elsewhere, home))


def give_numbers(chance: np.random.Generator, region: np.ndarray, birth: np.ndarray, sex: np.ndarray, twin: np.ndarray) -> np.ndarray:
    """A distinct valid number for everybody: odd order numbers for men, even ones for women; twins stand next to each other.

    A region has 499 numbers for a day and sex. Whoever comes after them had theirs elsewhere in the province, in a region of their own
    for each region: in the city of ten million thousands share the day on which the youngest wives were born.
    """
    later = np.flatnonzero((twin >= 0) & (twin < np.arange(len(sex))))
    region = region.copy()
    region[later] = region[twin[later]]
    order = np.lexsort((np.arange(len(sex)), sex, birth, region))
    starts = np.ones(len(order), dtype=bool)
    same = (region[order[1:]] == region[order[:-1]]) & (birth[order[1:]] == birth[order[:-1]]) & (sex[order[1:]] == sex[order[:-1]])
    starts[1:] = ~same
    group = np.cumsum(starts) - 1
    rank = np.arange(len(order)) - np.flatnonzero(starts)[group]
    base = chance.integers(0, 499, int(group[-1]) + 1)[group]
    number = np.empty(len(order), dtype=np.int64)
    number[order] = (base + rank) % 499 * 2 + 1
    region[order] += rank // 499 * _ELSEWHERE
    return compose(region, number_of_day(birth), np.where(sex == 1, number, number + 1))
