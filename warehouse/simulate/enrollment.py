"""Who is insured where, from when to when: records, relations, employers, and what each month's snapshot shows of them.

What belongs here: the life of insurance relations (entering, moving, switching, ending, dying), overlaps between and within schemes,
legitimate or not. What does not: how identities are written down (`identity_faults.py`), money (`ledgers.py`), care (`care.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from warehouse.periods import Period

from .calendar_days import FAR, date_of, day_of, year_of
from .geography import Geography
from .population import Population
from .randomness import some, stream, weighted
from .rates import FaultRates

NONE, EMPLOYEE, RESIDENT, RURAL = 0, 1, 2, 3
SYSTEMS = {EMPLOYEE: "employee", RESIDENT: "resident", RURAL: "rural"}
OPEN, DATED, SUSPENDED_DATED, SUSPENDED, ENDED_UNDATED, VANISHED = range(6)


@dataclass
class Records:
    """One person as one system knows it, one row each, all systems in one."""

    system: np.ndarray
    person: np.ndarray
    county: np.ndarray
    village: np.ndarray  # where the record says the person lives
    household: np.ndarray  # the household it was written under
    variant: np.ndarray  # 0 the ordinary record, 1 a second one, 2 the old one beside the corrected
    registered: np.ndarray  # day
    number: np.ndarray
    family: np.ndarray  # of rural records the family's serial number in its village; 0 otherwise

    def __len__(self) -> int:
        return len(self.system)

    def numbers_of(self, records: np.ndarray) -> pa.Array:
        """Numbers as text."""
        return pa.array(self.number[records]).cast(pa.string())


@dataclass
class Relations:
    """Spells of insurance, all systems in one; a rural spell lasts over several participation years."""

    record: np.ndarray
    person: np.ndarray
    system: np.ndarray
    county: np.ndarray
    start: np.ndarray
    end: np.ndarray
    style: np.ndarray
    category: np.ndarray  # AKC021 at the start; 1404 for students; 0 otherwise
    employer: np.ndarray  # position, -1
    first_paid: np.ndarray  # first month paid for, as day of its first, for relations paid ahead; -1
    number: np.ndarray  # serial within the system
    open_as_text: np.ndarray  # open ends written as 9999-12-31

    def __len__(self) -> int:
        return len(self.record)


@dataclass
class Employers:
    """Employers by position."""

    number: np.ndarray
    name: np.ndarray
    kind: np.ndarray
    county: np.ndarray


@dataclass
class Enrollment:
    """Everything about insurance but money."""

    records: Records
    relations: Relations
    employers: Employers
    need: np.ndarray  # per household: 0 none, 1 low income, 2 disabled, 3 registered poor
    months: list[Period]


def enroll(seed: int, population: Population, geography: Geography, months: list[Period], rates: FaultRates) -> Enrollment:
    """Insure the population: what holds on the first day, then what happens in the simulated months."""
    first, last = day_of(months[0].first_day), day_of(months[-1].last_day)
    spells = _Spells()
    primary, kind = _primary(stream(seed, "primary"), population, geography, first)
    _first_relations(stream(seed, "first"), spells, population, geography, primary, kind, first, last)
    _overlaps(stream(seed, "overlaps"), spells, population, geography, primary, kind, first, last, rates)
    _events(stream(seed, "events"), spells, population, geography, primary, kind, first, last)
    _freshmen(stream(seed, "freshmen"), spells, population, geography, primary, months)
    _past(stream(seed, "past"), spells, primary, first)
    _old_records(stream(seed, "old records"), spells, primary, first, rates)
    return _register(stream(seed, "register"), spells, population, geography, months, rates)


class _Spells:
    """Spells while they are being made: one array per column, appended in blocks; the first block is each person's own relation."""

    COLUMNS: ClassVar[dict[str, type[np.integer]]] = {
        "person": np.int32,
        "system": np.int8,
        "county": np.int8,
        "village": np.int32,
        "start": np.int32,
        "end": np.int32,
        "style": np.int8,
        "category": np.int16,
        "second": np.int8,
        "first_paid": np.int32,
    }

    def __init__(self) -> None:
        self.blocks: list[dict[str, np.ndarray]] = []

    def add(self, person: np.ndarray, **columns: np.ndarray | int) -> None:
        """Append spells; missing columns take what most spells have."""
        count = len(person)
        usual = {"end": FAR, "style": OPEN, "category": 0, "second": 0, "first_paid": -1}
        given = {**usual, **columns, "person": person}
        block = {name: np.broadcast_to(np.asarray(given[name]).astype(kind), (count,)).copy() for name, kind in self.COLUMNS.items()}
        self.blocks.append(block)

    @property
    def own(self) -> dict[str, np.ndarray]:
        """The first block."""
        return self.blocks[0]

    def all(self) -> dict[str, np.ndarray]:
        """Every spell; the blocks are given up."""
        return {name: np.concatenate([block.pop(name) for block in self.blocks]) for name in self.COLUMNS}


def _primary(chance: np.random.Generator, population: Population, geography: Geography, first: int) -> tuple[np.ndarray, np.ndarray]:
    """Each person's scheme on the first day (or at birth), and the category within it."""
    age = population.age(first)
    urban = geography.village_urban[population.village]
    luck = chance.random(len(population))
    retires = np.where(population.sex == 1, 60, 55)
    minor, old = age < 18, age >= retires
    scheme = np.full(len(population), NONE, dtype=np.int8)
    category = np.zeros(len(population), dtype=np.int16)

    def deal(mask: np.ndarray, shares: tuple[tuple[float, int, int], ...]) -> None:
        edge = 0.0
        for share, code, group in shares:
            chosen = mask & (luck >= edge) & (luck < edge + share)
            scheme[chosen], category[chosen] = code, group
            edge += share

    deal(minor & urban, ((0.94, RESIDENT, 0), (0.03, RURAL, 0)))
    deal(minor & ~urban, ((0.16, RESIDENT, 0), (0.81, RURAL, 0)))
    adult = ~minor & ~old
    deal(adult & urban, ((0.47, EMPLOYEE, 11), (0.08, EMPLOYEE, 12), (0.03, EMPLOYEE, 13), (0.30, RESIDENT, 0), (0.08, RURAL, 0)))
    deal(adult & ~urban, ((0.07, EMPLOYEE, 11), (0.03, EMPLOYEE, 12), (0.10, EMPLOYEE, 13), (0.06, RESIDENT, 0), (0.71, RURAL, 0)))
    deal(old & urban, ((0.52, EMPLOYEE, 21), (0.39, RESIDENT, 0), (0.07, RURAL, 0)))
    deal(old & ~urban, ((0.07, EMPLOYEE, 21), (0.06, RESIDENT, 0), (0.85, RURAL, 0)))
    veteran = (scheme == EMPLOYEE) & (age >= 86) & (chance.random(len(population)) < 0.25)
    category[veteran] = 31
    student = (age >= 18) & (age < 23) & (chance.random(len(population)) < 0.42)
    scheme[student], category[student] = RESIDENT, 1404
    return scheme, category


def _first_relations(
    chance: np.random.Generator,
    spells: _Spells,
    population: Population,
    geography: Geography,
    primary: np.ndarray,
    kind: np.ndarray,
    first: int,
    last: int,
) -> None:
    """Each insured person's own relation, open for now."""
    person = np.flatnonzero(primary != NONE)
    system = primary[person]
    home = geography.village_county[population.village[person]]
    county = _work_county(chance, home, system, kind[person], geography)
    birth = population.birth[person]
    past = (chance.exponential(6.5, len(person)) * 365).astype(np.int64) + 15
    grown = birth + np.where(system == EMPLOYEE, 19 * 365, 0)
    start = np.maximum(first - past, np.minimum(grown + 100, first - 20))
    year_begin = (year_of(start) - 1970) * 365 + (year_of(start) - 1969) // 4
    start = np.where((system != EMPLOYEE) & (chance.random(len(person)) < 0.6) & (year_begin > birth), year_begin, start)
    student = kind[person] == 1404
    september = (year_of(np.full(len(person), first)) - 1 - chance.integers(0, 4, len(person)) - 1970) * 365.25 + 244
    start = np.where(student, np.maximum(september.astype(np.int64), birth + 17 * 365), start)
    newborn = birth >= first
    start = np.where(newborn, birth + np.minimum((chance.exponential(18, len(person))).astype(np.int64), 88), start)
    keep = start <= last
    village = _rural_village(chance, population.village[person], system, geography)
    spells.add(
        person[keep],
        system=system[keep],
        county=np.where(system == RURAL, geography.village_county[village], county)[keep],
        village=village[keep],
        start=start[keep],
        category=kind[person][keep],
    )


def _work_county(
    chance: np.random.Generator, home: np.ndarray, system: np.ndarray, category: np.ndarray, geography: Geography
) -> np.ndarray:
    """Counties of enrollment: employees and students partly away from home."""
    away = chance.random(len(home)) < np.select([category == 1404, system == EMPLOYEE], [0.6, 0.22], 0.02)
    towns = np.flatnonzero(geography.county_urban)
    anywhere = chance.integers(0, len(geography.county_codes), len(home))
    return np.where(away, np.where(chance.random(len(home)) < 0.6, towns[anywhere % len(towns)], anywhere), home)


def _rural_village(chance: np.random.Generator, village: np.ndarray, system: np.ndarray, geography: Geography) -> np.ndarray:
    """Where a rural record stands: most town dwellers take part in the village of their family, some where they live."""
    needs = (system == RURAL) & geography.village_urban[village] & (chance.random(len(village)) < 0.7)
    by_county = [
        np.flatnonzero(~geography.village_urban & (geography.village_county == county)) for county in range(len(geography.county_codes))
    ]
    anywhere = np.flatnonzero(~geography.village_urban)
    moved = village.copy()
    for place in range(len(by_county)):
        pool = by_county[place] if len(by_county[place]) else anywhere
        chosen = np.flatnonzero(needs & (geography.village_county[village] == place))
        moved[chosen] = pool[chance.integers(0, len(pool), len(chosen))]
    return moved


def _second(
    chance: np.random.Generator, geography: Geography, population: Population, person: np.ndarray, system: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """County and village of a further relation."""
    village = _rural_village(chance, population.village[person], system, geography)
    home = geography.village_county[village]
    return np.where(system == RURAL, home, _work_county(chance, home, system, np.zeros(len(person)), geography)), village


def _overlaps(
    chance: np.random.Generator,
    spells: _Spells,
    population: Population,
    geography: Geography,
    primary: np.ndarray,
    kind: np.ndarray,
    first: int,
    last: int,
    rates: FaultRates,
) -> None:
    """Second and third schemes, and second relations in one scheme; a little more than asked, for some begin late and some end early."""
    count = len(population)
    living = (population.birth < first - 200) & (population.death > last)
    urban = geography.village_urban[population.village]
    luck = chance.random(count)
    likely = np.select([(primary == EMPLOYEE) & ~urban, primary == EMPLOYEE, primary == NONE], [3.0, 1.0, 0.0], 1.0) * living * (kind < 21)
    likely = np.where(kind == 1404, 1.5 * living, likely)
    rate = rates.in_two_schemes * 1.08 * count / max(likely.sum(), 1)
    both = np.flatnonzero(luck < likely * rate)
    other = np.where(
        primary[both] == EMPLOYEE,
        np.where(~urban[both] | (chance.random(len(both)) < 0.2), RURAL, RESIDENT),
        np.where(primary[both] == RURAL, RESIDENT, RURAL),
    )
    county, village = _second(chance, geography, population, both, other)
    begun = chance.random(len(both)) < 0.75
    long_ago = first - 30 - (chance.exponential(500, len(both))).astype(np.int64)
    start = np.where(begun, np.maximum(long_ago, population.birth[both]), chance.integers(first, last + 1, len(both)))
    ends = chance.random(len(both)) < 0.2
    end = np.where(ends, start + 20 + (chance.exponential(150, len(both))).astype(np.int64), FAR)
    end = np.where(end < first - 700, FAR, end)
    style = np.where(
        end < FAR,
        chance.choice(np.array([DATED, SUSPENDED_DATED, SUSPENDED, ENDED_UNDATED, VANISHED]), len(both), p=[0.6, 0.12, 0.12, 0.08, 0.08]),
        OPEN,
    )
    style = np.where((style == VANISHED) & (end < first + 31), DATED, style)
    spells.add(both, system=other, county=county, village=village, start=start, end=end, style=style)

    employed = np.flatnonzero((primary == EMPLOYEE) & living & (kind < 21))
    three = np.sort(chance.permutation(np.setdiff1d(employed, both))[: max(round(count * rates.in_three_schemes * 1.3), 1)])
    for scheme in (RESIDENT, RURAL):
        county, village = _second(chance, geography, population, three, np.full(len(three), scheme))
        start = np.where(chance.random(len(three)) < 0.6, first - 400, chance.integers(first, last + 1, len(three)))
        spells.add(three, system=scheme, county=county, village=village, start=start)

    twice = some(chance, (primary != NONE) & living, rates.twice_in_one_scheme * 1.25)
    twice = np.setdiff1d(twice, both)
    county = chance.integers(0, len(geography.county_codes), len(twice))
    system = primary[twice]
    stays = chance.random(len(twice)) < 0.5
    county = np.where(stays, geography.village_county[population.village[twice]], county)
    village = _village_of_county(chance, county, geography)
    own_number = np.where(system == RURAL, 1, (chance.random(len(twice)) < 0.35).astype(np.int64))
    start = np.where(
        chance.random(len(twice)) < 0.7, first - 20 - chance.integers(0, 900, len(twice)), chance.integers(first, last + 1, len(twice))
    )
    category = np.where(system == EMPLOYEE, np.where(kind[twice] >= 21, 21, 11), 0)
    spells.add(
        twice,
        system=system,
        county=county,
        village=village,
        start=np.maximum(start, population.birth[twice] + 30),
        category=category,
        second=own_number,
    )


def _village_of_county(chance: np.random.Generator, county: np.ndarray, geography: Geography) -> np.ndarray:
    """A village of each county, in the country where it has any."""
    village = np.zeros(len(county), dtype=np.int64)
    for place in range(len(geography.county_codes)):
        pool = np.flatnonzero(~geography.village_urban & (geography.village_county == place))
        if len(pool) == 0:
            pool = np.flatnonzero(geography.village_county == place)
        chosen = np.flatnonzero(county == place)
        village[chosen] = pool[chance.integers(0, len(pool), len(chosen))]
    return village


def _events(
    chance: np.random.Generator,
    spells: _Spells,
    population: Population,
    geography: Geography,
    primary: np.ndarray,
    kind: np.ndarray,
    first: int,
    last: int,
) -> None:
    """At most one event of each person's own relation: a change of job, scheme or county, an end, a pause, a disappearance; and entries."""
    own = spells.own
    person, system = own["person"], own["system"]
    count = len(person)
    months = (last - first + 1) / 30.44
    day = chance.integers(first, last + 1, count)
    luck = chance.random(count)
    age = population.age(first)[person]
    settled = (own["start"] < first - 15) & (day < population.death[person])
    busy = np.isin(person, np.concatenate([block["person"] for block in spells.blocks[1:]]))
    settled &= ~busy
    working = (system == EMPLOYEE) & (own["category"] < 21)
    adult = (age >= 18) & (age < 58) & (own["category"] != 1404)
    edge = np.zeros(count)

    def happens(mask: np.ndarray, monthly: float) -> np.ndarray:
        low = edge.copy()
        edge[mask] += monthly * months
        return np.flatnonzero(mask & settled & (luck >= low) & (luck < edge))

    def finish(where: np.ndarray, end: np.ndarray, style: np.ndarray | int) -> None:
        own["end"][where], own["style"][where] = end, style

    def further(where: np.ndarray, scheme: np.ndarray | int, start: np.ndarray, **columns: np.ndarray | int) -> None:
        people = person[where]
        schemes = np.broadcast_to(np.asarray(scheme), (len(where),))
        county, village = _second(chance, geography, population, people, schemes)
        spells.add(
            people, system=schemes, county=columns.pop("county", county), village=columns.pop("village", village), start=start, **columns
        )

    jobs = happens(working, 0.006)
    finish(jobs, day[jobs], DATED)
    gap = np.where(
        chance.random(len(jobs)) < 0.75,
        1,
        np.where(chance.random(len(jobs)) < 0.7, chance.integers(2, 45, len(jobs)), -chance.integers(0, 12, len(jobs))),
    )
    further(jobs, EMPLOYEE, day[jobs] + gap, category=own["category"][jobs])

    left = happens(working & adult, 0.0035)
    finish(left, day[left], DATED)
    rural_home = ~geography.village_urban[population.village[person[left]]]
    month_begin = (day[left].astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)
    how = chance.random(len(left))
    start = np.select(
        [how < 0.5, how < 0.85], [day[left] + 1, np.maximum(month_begin, day[left] - chance.integers(0, 15, len(left)))], day[left] + 30
    )
    further(left, np.where(rural_home, RURAL, RESIDENT), start)

    hired = happens((system != EMPLOYEE) & adult, 0.0035)
    month_end = ((day[hired].astype("datetime64[D]").astype("datetime64[M]") + 1).astype("datetime64[D]")).astype(np.int64) - 1
    how = chance.random(len(hired))
    until = np.select(
        [how < 0.4, how < 0.75, how < 0.9],
        [
            day[hired] - 1,
            np.minimum(month_end, day[hired] + chance.integers(0, 15, len(hired))),
            day[hired] + chance.integers(35, 95, len(hired)),
        ],
        FAR,
    )
    finish(hired, until, np.where(until < FAR, DATED, OPEN))
    further(
        hired,
        EMPLOYEE,
        day[hired],
        category=np.where(chance.random(len(hired)) < 0.55, 11, np.where(chance.random(len(hired)) < 0.5, 12, 13)),
    )

    moved = happens(system != EMPLOYEE, 0.0012)
    finish(moved, day[moved], DATED)
    target = chance.integers(0, len(geography.county_codes), len(moved))
    further(
        moved,
        system[moved],
        day[moved] + np.where(chance.random(len(moved)) < 0.8, 1, -5),
        county=target,
        village=_village_of_county(chance, target, geography),
        second=np.where(system[moved] == RURAL, 1, 0),
    )

    ahead = happens(working & adult, 0.0008)
    paid_from = ((day[ahead].astype("datetime64[D]").astype("datetime64[M]") + 2).astype("datetime64[D]")).astype(np.int64)
    finish(ahead, day[ahead] + 10 + chance.integers(0, 15, len(ahead)), DATED)
    further(ahead, RESIDENT, day[ahead], first_paid=paid_from)

    for rate, style in ((0.0007, SUSPENDED), (0.0004, SUSPENDED_DATED), (0.0005, DATED), (0.0003, ENDED_UNDATED), (0.0003, VANISHED)):
        where = happens(np.ones(count, dtype=bool), rate)
        finish(where, day[where], style)

    outside = np.flatnonzero((primary == NONE) & (population.birth < first) & (population.death > last))
    enters = outside[chance.random(len(outside)) < 0.03 * months]
    scheme = np.where(geography.village_urban[population.village[enters]], RESIDENT, RURAL)
    scheme = np.where(
        (chance.random(len(enters)) < 0.3) & (population.age(first)[enters] >= 18) & (population.age(first)[enters] < 55), EMPLOYEE, scheme
    )
    county, village = _second(chance, geography, population, enters, scheme)
    spells.add(
        enters,
        system=scheme,
        county=county,
        village=village,
        start=chance.integers(first, last + 1, len(enters)),
        category=np.where(scheme == EMPLOYEE, 11, 0),
    )

    # Newborns whose two parents each registered them: legitimate within 90 days of birth.
    babies = np.flatnonzero((population.birth[person] >= first) & (chance.random(count) < 0.12) & (system != EMPLOYEE))
    start = own["start"][babies] + chance.integers(0, 40, len(babies))
    start = np.minimum(start, population.birth[person[babies]] + chance.integers(60, 130, len(babies)))
    start = np.maximum(start, own["start"][babies])
    ends = chance.random(len(babies)) < 0.6
    further(
        babies,
        np.where(system[babies] == RURAL, RESIDENT, RURAL),
        start,
        end=np.where(ends, start + 40, FAR),
        style=np.where(ends, DATED, OPEN),
    )


def _freshmen(
    chance: np.random.Generator, spells: _Spells, population: Population, geography: Geography, primary: np.ndarray, months: list[Period]
) -> None:
    """Each September in the range a part of the eighteen-year-olds is insured at a university; the old relation lasts to December."""
    for month in months:
        if month.month != 9:
            continue
        september = day_of(month.first_day)
        own = spells.own
        fitting = (
            np.isin(own["system"], (RESIDENT, RURAL))
            & (population.age(september)[own["person"]] == 18)
            & (own["category"] == 0)
            & (own["end"] == FAR)
        )
        chosen = some(chance, fitting, 0.4)
        people = own["person"][chosen]
        county, village = _second(chance, geography, population, people, np.full(len(people), RESIDENT))
        towns = np.flatnonzero(geography.county_urban)
        spells.add(
            people,
            system=RESIDENT,
            county=towns[chance.integers(0, len(towns), len(people))],
            village=village,
            start=september + chance.integers(0, 25, len(people)),
            category=1404,
        )
        until = september + 121 - chance.integers(0, 40, len(people)) * (chance.random(len(people)) < 0.5)
        lasting = chance.random(len(people)) < 0.15
        own["end"][chosen] = np.where(lasting, FAR, until)
        own["style"][chosen] = np.where(lasting, OPEN, DATED)


def _past(chance: np.random.Generator, spells: _Spells, primary: np.ndarray, first: int) -> None:
    """Relations that ended in the three years before: earlier jobs, earlier counties."""
    own = spells.own
    chosen = some(chance, np.isin(own["system"], (EMPLOYEE, RESIDENT)) & (own["start"] < first - 60), 0.06)
    end = np.minimum(first - 1 - chance.integers(0, 1000, len(chosen)), own["start"][chosen] - 1)
    recent = own["start"][chosen] > first - 1100
    chosen, end = chosen[recent], end[recent]
    end = np.maximum(end, own["start"][chosen] - 200)
    spells.add(
        own["person"][chosen],
        system=own["system"][chosen],
        county=own["county"][chosen],
        village=own["village"][chosen],
        start=end - 30 - chance.integers(0, 2000, len(chosen)),
        end=end,
        style=DATED,
        category=np.where(own["system"][chosen] == EMPLOYEE, 11, 0),
    )


def _old_records(chance: np.random.Generator, spells: _Spells, primary: np.ndarray, first: int, rates: FaultRates) -> None:
    """The old record beside the corrected one: its relation ended shortly before, or (rural) at the year's beginning."""
    own = spells.own
    long_here = own["start"] < first - 400
    chosen = some(chance, long_here, min(rates.id_old_beside_corrected / 2 / max(long_here.mean(), 0.05), 1.0))
    rural = own["system"][chosen] == RURAL
    year_begin = day_of(date_of(first).replace(month=1, day=1))
    end = np.where(rural, year_begin + chance.integers(0, 25, len(chosen)), first - 1 - chance.integers(0, 300, len(chosen)))
    spells.add(
        own["person"][chosen],
        system=own["system"][chosen],
        county=own["county"][chosen],
        village=own["village"][chosen],
        start=own["start"][chosen],
        end=end,
        style=DATED,
        second=2,
        category=np.where(own["system"][chosen] == EMPLOYEE, 11, 0),
    )


def _register(
    chance: np.random.Generator, spells: _Spells, population: Population, geography: Geography, months: list[Period], rates: FaultRates
) -> Enrollment:
    """Give every spell a record, an employer and numbers; let deaths end what they end."""
    first, last = day_of(months[0].first_day), day_of(months[-1].last_day)
    table = spells.all()
    death = population.death[table["person"]]
    goes_on = chance.random(len(death)) < rates.dead_still_active
    dies = (death < FAR) & (table["end"] > death) & ~goes_on
    table["end"] = np.where(dies, death, table["end"])
    table["style"] = np.where(dies, DATED, table["style"])
    late = table["end"] > last
    table["end"] = np.where(late, FAR, table["end"])
    table["style"] = np.where(late, OPEN, table["style"])
    # What vanishes was shown to the end of a month, and never came back.
    month_end = ((table["end"].clip(0, last).astype("datetime64[D]").astype("datetime64[M]") + 1).astype("datetime64[D]")).astype(
        np.int64
    ) - 1
    vanished = table["style"] == VANISHED
    table["end"] = np.where(vanished, month_end, table["end"])
    keep = (table["start"] <= last) & (table["start"] <= table["end"]) & (table["start"] < np.where(death < FAR, death, FAR))
    keep &= ~(vanished & (table["start"] > table["end"]))
    table = {name: column[keep] for name, column in table.items()}

    # One record per person and system; a second one where a spell asks for it, per county for rural ones.
    place = np.where((table["system"] == RURAL) & (table["second"] == 1), 1 + table["county"], table["second"])
    place = np.where(table["second"] == 2, 60, place)
    key = (table["person"].astype(np.int64) * 4 + table["system"]) * 64 + place
    unique, opener, record = np.unique(key, return_index=True, return_inverse=True)
    record = record.astype(np.int32)
    earliest = np.full(len(unique), FAR, dtype=np.int32)
    np.minimum.at(earliest, record, table["start"])
    system, person = table["system"][opener], table["person"][opener]
    village = np.where(system == RURAL, table["village"][opener], population.village[person])
    county = np.where(system == RURAL, geography.village_county[village], table["county"][opener]).astype(np.int8)
    variant = np.where(unique % 64 == 60, 2, np.minimum(unique % 64, 1)).astype(np.int8)
    del key, opener, unique
    # A second rural record stands under a household of its own; its village decides the delivering county.
    household = population.household[person] * 2 + ((variant == 1) & (system == RURAL)).astype(np.int8)
    records = Records(
        system,
        person,
        county,
        village,
        household,
        variant,
        np.maximum(earliest, 0),
        np.zeros(len(system), dtype=np.int64),
        np.zeros(len(system), dtype=np.int32),
    )
    _number_records(chance, records, geography, first)
    relations = _relations(chance, table, record, records, population, geography, first, rates)
    employers = _found_employers(chance, relations, geography)
    need = chance.choice(4, int(population.household.max()) + 1, p=[0.955, 0.02, 0.008, 0.017]).astype(np.int8)
    return Enrollment(records, relations, employers, need, months)


def _number_records(chance: np.random.Generator, records: Records, geography: Geography, first: int) -> None:
    """Numbers in the order of registration (those before the first day in any order)."""
    shuffle = chance.permutation(len(records))
    order = np.lexsort((shuffle, np.maximum(records.registered, first)))
    rank = np.empty(len(records), dtype=np.int64)
    for system in (EMPLOYEE, RESIDENT, RURAL):
        chosen = order[records.system[order] == system]
        rank[chosen] = np.arange(1, len(chosen) + 1)
    codes = geography.county_codes.astype(np.int64)[records.county]
    records.number = np.select(
        [records.system == EMPLOYEE, records.system == RESIDENT],
        [1_000_000_000 + rank, 99_010_000_000_000 + rank],
        codes * 100_000_000 + rank,
    )
    rural = np.flatnonzero(records.system == RURAL)
    key = records.village[rural].astype(np.int64) * 100_000_000 + records.household[rural]
    families, family = np.unique(key, return_inverse=True)
    village = families // 100_000_000
    begins = np.searchsorted(village, np.arange(int(village.max()) + 2 if len(village) else 1))
    serial = np.arange(len(families)) - begins[village] + 1
    records.family[rural] = serial[family]


def _relations(
    chance: np.random.Generator,
    table: dict[str, np.ndarray],
    record: np.ndarray,
    records: Records,
    population: Population,
    geography: Geography,
    first: int,
    rates: FaultRates,
) -> Relations:
    """Relations with serial numbers; the odd one that ends before it begins."""
    count = len(record)
    wrong = (table["style"] == DATED) & (chance.random(count) < rates.end_before_start)
    end = np.where(wrong, table["start"] - 1 - chance.integers(0, 60, count), table["end"])
    shuffle = chance.permutation(count)
    order = np.lexsort((shuffle, np.maximum(table["start"], first)))
    serial = np.empty(count, dtype=np.int32)
    for system in (EMPLOYEE, RESIDENT, RURAL):
        chosen = order[table["system"][order] == system]
        serial[chosen] = np.arange(1, len(chosen) + 1)
    category = np.where((table["system"] == EMPLOYEE) & (table["category"] < 11), 11, table["category"])
    category = np.where((table["system"] == EMPLOYEE) & (category == 1404), 11, category)
    county = np.where(table["system"] == RURAL, records.county[record], table["county"]).astype(np.int8)
    return Relations(
        record,
        table["person"],
        table["system"],
        county,
        table["start"],
        end.astype(np.int32),
        table["style"],
        category,
        np.full(count, -1, dtype=np.int32),
        table["first_paid"],
        serial,
        chance.random(count) < 0.3,
    )


_BRANDS = [
    "建工",
    "永兴",
    "天元",
    "宏达",
    "华泰",
    "中联",
    "金桥",
    "东方",
    "恒信",
    "新源",
    "同方",
    "鸿运",
    "佳禾",
    "瑞丰",
    "长城",
    "明珠",
    "九州",
    "百川",
    "大地",
    "星辰",
]
_TRADES = ["食品厂", "物流公司", "机械有限公司", "纺织有限公司", "建筑公司", "电子有限公司", "化工厂", "商贸有限公司", "印刷厂", "服务公司"]
_OFFICES = ["财政局", "教育局", "水利局", "卫生局", "农业局", "人力资源局", "交通局", "公安局", "税务局", "统计局"]
_HOUSES = ["第一中学", "第二小学", "图书馆", "文化馆", "疾控中心", "农技站", "职业学校", "幼儿园", "档案馆", "广播站"]


def _found_employers(chance: np.random.Generator, relations: Relations, geography: Geography) -> Employers:
    """Employers of very different sizes in each county, one window for flexible employment each; fills in who works where."""
    employed = np.flatnonzero(relations.system == EMPLOYEE)
    kinds, counties, names = [], [], []
    for county in range(len(geography.county_codes)):
        here = employed[relations.county[employed] == county]
        flexible = relations.category[here] == 12
        size = max(3, round(len(here) / 24))
        base = len(kinds)
        kinds.append("90")
        names.append(f"{geography.county_names[county]}灵活就业窗口")
        counties.append(county)
        luck = chance.random(size)
        for place in range(size):
            kind = "30" if luck[place] < 0.07 else "50" if luck[place] < 0.19 else "80" if luck[place] < 0.23 else "10"
            brand, trade = _BRANDS[int(chance.integers(20))], _TRADES[int(chance.integers(10))]
            if kind == "30":
                name = f"{geography.county_names[county]}{_OFFICES[place % 10]}{place // 10 + 1 if place >= 10 else ''}"
            elif kind == "50":
                name = f"{geography.county_names[county]}{_HOUSES[place % 10]}{place // 10 + 1 if place >= 10 else ''}"
            elif luck[place] > 0.99:
                name = f'{geography.county_names[county]}"{brand}"{trade}'
            elif luck[place] > 0.98:
                name = f"{brand}{trade},{geography.county_names[county]}分公司"
            else:
                name = f"{brand}{trade}{place}"
            kinds.append(kind)
            names.append(name)
            counties.append(county)
        weight = 1.0 / (np.arange(size) + 2.0) ** 0.7
        pick = base + 1 + weighted(chance, weight, len(here))
        relations.employer[here] = np.where(flexible, base, pick)
    number = np.array([f"DW{geography.county_codes[county]}{place:07d}" for place, county in enumerate(counties)])
    return Employers(number, np.array(names), np.array(kinds), np.array(counties))


def shown_status(relations: Relations, month: Period) -> np.ndarray:
    """What the month's snapshot shows of each relation: 0 nothing, 1 normal, 2 suspended, 3 ended."""
    last = day_of(month.last_day)
    status = np.ones(len(relations), dtype=np.int8)
    over = relations.end <= last
    status[over & np.isin(relations.style, (DATED, ENDED_UNDATED))] = 3
    status[over & np.isin(relations.style, (SUSPENDED, SUSPENDED_DATED))] = 2
    # A day insured to its end is a day insured: what ends on the month's last day is shown as ended a month later.
    status[(relations.end == last) & (relations.style == DATED)] = 1
    status[(relations.style == VANISHED) & (relations.end < last)] = 0
    status[relations.start > last] = 0
    return status


def shown_end(relations: Relations, month: Period) -> np.ndarray:
    """The end date that the snapshot shows, FAR where it shows none."""
    dated = np.isin(relations.style, (DATED, SUSPENDED_DATED)) & (relations.end <= day_of(month.last_day))
    return np.where(dated, relations.end, FAR)


def is_active(relations: Relations, first: int, last: int) -> np.ndarray:
    """Relations with at least a day in the span."""
    return (relations.start <= last) & (relations.end >= first)


def employee_category(relations: Relations, population: Population, last: int) -> np.ndarray:
    """AKC021 on that day: those who reach the age retire in the same relation."""
    age = population.age(last)[relations.person]
    retired = (age >= np.where(population.sex[relations.person] == 1, 60, 55)) & np.isin(relations.category, (11, 12, 13))
    return np.where(retired & (relations.system == EMPLOYEE), 21, relations.category)


def resident_type(relations: Relations, population: Population, last: int) -> np.ndarray:
    """psn_type on that day."""
    age = population.age(last)[relations.person]
    kind = np.select([age < 1, age < 7, age < 18, age < 60], [1401, 1402, 1403, 1501], 1601).astype(np.int16)
    kind = np.where((kind == 1403) & (relations.person % 23 == 0), 1405, kind)
    return np.where(relations.category == 1404, 1404, kind)


@dataclass
class Participations:
    """Rural participation years, one row each."""

    relation: np.ndarray
    year: np.ndarray
    joined: np.ndarray  # 参合日期, FAR where it is empty
    shown_from: np.ndarray  # the day of registration: prepaid years show from December on
    paid_on: np.ndarray  # the day of payment


def participations(seed: int, enrollment: Enrollment) -> Participations:
    """The participation years that the simulated months touch, next year's prepaid ones among them."""
    chance = stream(seed, "participations")
    months, relations = enrollment.months, enrollment.relations
    years = sorted({month.year for month in months} | {month.year + 1 for month in months if month.month == 12})
    stays_on = np.ones(len(relations), dtype=bool)
    blocks = []
    for year in years:
        begin, finish = day_of(Period(year, 1).first_day), day_of(Period(year, 12).last_day)
        if year > years[0]:
            stays_on &= chance.random(len(relations)) < 0.97
        taking = (relations.system == RURAL) & (relations.start <= finish) & (relations.end >= begin) & (relations.start >= -FAR) & stays_on
        # What ends before it begins (a fault) is listed in the year it began.
        taking |= (relations.system == RURAL) & (relations.end < relations.start) & (year_of(relations.start) == year) & (year == years[0])
        where = np.flatnonzero(taking)
        count = len(where)
        during = relations.start[where] >= begin
        luck = chance.random(count)
        late = luck < 0.05
        advance = begin - 1 - chance.integers(3, 28, count)
        behind = begin + chance.integers(0, 70, count)
        registered = np.where(during, relations.start[where], np.where(late & (year > years[0]), behind, advance))
        joined = np.select(
            [during, late & (year > years[0]), luck < 0.25, luck < 0.8], [relations.start[where], behind, FAR, begin], advance
        )
        autumn = np.array([-122, -92, -61, -31, 0, 31, 59])[chance.choice(7, count, p=[0.09, 0.19, 0.22, 0.2, 0.16, 0.09, 0.05])]
        paid = np.where(
            during, relations.start[where], np.maximum(begin + autumn + chance.integers(0, 27, count), np.where(late, registered, -FAR))
        )
        keep = relations.end[where] >= np.where(relations.end[where] < relations.start[where], -FAR, registered)
        columns = (where, np.full(count, year), joined, registered, paid)
        blocks.append([column[keep].astype(np.int32) for column in columns])
    return Participations(*(np.concatenate(column) for column in zip(*blocks, strict=True)))
