"""What the records of one city say of where its people are put down: shares that differ from city to city and need no reviewer.

What belongs here: how often records of one person, and of two, lie in one village, township or county, in which two systems, and under one
telephone, counted anew in every run among the records that are matched. What does not: how often names and dates go wrong, and how near
numbers are, which is the model's (`model.py`), and how rare a value is (`frequencies.py`).

A model that was trained where nobody moves takes another county for proof of another person; in a city of three counties the same county
says less than in one of ten. And one system gives somebody a second number above all where he has moved, while two systems both know him
where he lives, though an employee is often insured elsewhere: so the shares of each two systems are taken at each level of the place.

Pairs of one person are those that carry the same sound number and name (R1), each seen from both sides as if the other record had no
number, for such are the pairs that are scored. Pairs of two persons are neighbours in a shuffled list. The model's shares count for as
much as `PAIRS_OF_THE_MODEL`: where the city has few pairs of its own, it is weighed as the model says.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import duckdb

from warehouse.identity.comparisons import PHONE, PLACE, SYSTEM_PAIR, SYSTEM_PAIRS, Comparison, case_sql, over_aliases
from warehouse.identity.model import LEAST_SLIP, MatchModel, Shares

PAIRS_OF_THE_MODEL = 20
RANDOM_PAIRS = 50_000
# Strangers of one household are too few to be counted.
_NOT_COUNTED = ("household",)


@dataclass(frozen=True)
class LocalShares:
    """A model as it holds in one city.

    Attributes:
        model: the model, with the city's shares for place and telephone.
        systems: by level of the place, the shares of each two systems.
    """

    model: MatchModel
    systems: dict[str, Shares]


def count_local_shares(con: duckdb.DuckDBPyConnection, model: MatchModel) -> LocalShares:
    """Count the shares of the city whose pairs have been judged.

    Args:
        con: connection with `match_records`, `match_paired` and `match_judged`.
        model: what holds where the city says little.
    """
    con.execute("""
        create or replace temp table local_alike as
        select a, b, phone_level from match_judged where rule = 'R1' and name_level = 'exact'
    """)
    phones = Counter(dict(con.execute("select phone_level, count(*) from local_alike group by phone_level").fetchall()))
    alike = _counted(
        con, "select a as holder, b as bare from local_alike union all select b, a from local_alike", "match_paired", share=0.5
    )
    random = _counted(con, _shuffled(con), "match_records")
    for table in ("local_alike", "local_shuffled"):
        con.execute(f"drop table {table}")
    place = _blended(PLACE, model.parameters["place"], _by_level(alike), _by_level(random))
    phone = _blended(PHONE, model.parameters["phone"], phones, Counter())
    systems = {level.code: _systems_at(level.code, model.parameters["system"], alike, random) for level in PLACE.levels}
    return LocalShares(replace(model, parameters={**model.parameters, "place": place, "phone": phone}), systems)


def _counted(con: duckdb.DuckDBPyConnection, pairs: str, records: str, share: float = 1.0) -> Counter[tuple[str, str]]:
    """Pairs by level of the place and by their two systems, each for as much as `share`; only of one record is the number looked at."""
    found = con.execute(f"""
        select
            {case_sql(PLACE, "one", "other")},
            {over_aliases(SYSTEM_PAIR, "one", "other")},
            count(*)
        from ({pairs}) as pairs
        inner join {records} as one on pairs.holder = one.record_key
        inner join (select * replace (cast(null as varchar) as own_id) from {records}) as other on pairs.bare = other.record_key
        where one.own_id is not null
        group by all
    """).fetchall()
    return Counter({(level, systems): count * share for level, systems, count in found})


def _shuffled(con: duckdb.DuckDBPyConnection) -> str:
    """SQL of pairs of neighbours in a list that is shuffled by what never changes; a large city is thinned by the same."""
    (records,) = con.execute("select count(*) from match_records where has_record").fetchone()
    con.execute(f"""
        create or replace temp table local_shuffled as
        select record_key, row_number() over (order by shuffled, record_key) as place
        from (select record_key, hash(source_system, source_person_no) as shuffled from match_records where has_record) as hashed
        where shuffled % {max(records // RANDOM_PAIRS, 1)} = 0
    """)
    return f"""
        select one.record_key as holder, other.record_key as bare
        from (
            select record_key, place + unnest(range(1, {max(RANDOM_PAIRS // max(records, 1), 1) + 1})) as neighbour from local_shuffled
        ) as one
        inner join local_shuffled as other on one.neighbour = other.place
    """


def _by_level(pairs: Counter[tuple[str, str]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for (level, _), count in pairs.items():
        found[level] += count
    return found


def _blended(comparison: Comparison, shares: Shares, alike: Counter[str], random: Counter[str]) -> Shares:
    """The city's shares, as far as its pairs of one person are many, and the model's.

    Both shares of a level are blended alike, so that a level that the city says nothing of weighs what it does in the model. Where no pairs
    of two persons were counted, theirs is the model's.
    """
    found: Shares = {}
    for group in {level.among for level in comparison.levels}:
        levels = [level.code for level in comparison.levels if level.among == group and not level.is_missing]
        found |= {level: shares[level] for level in levels if level in _NOT_COUNTED}
        levels = [level for level in levels if level not in _NOT_COUNTED]
        pairs, others = (sum(counted[level] for level in levels) for counted in (alike, random))
        # What is not counted keeps its share of the whole.
        rest = {kind: sum(shares[level][kind] for level in levels) for kind in ("m", "u")}
        trust = pairs / (pairs + PAIRS_OF_THE_MODEL)
        for level in levels:
            m = alike[level] / max(pairs, 1) * rest["m"]
            u = random[level] / others * rest["u"] if others else shares[level]["u"]
            found[level] = {
                "m": max(trust * m + (1 - trust) * shares[level]["m"], LEAST_SLIP),
                # What was never seen is no proof that two persons never show it.
                "u": max(trust * u + (1 - trust) * shares[level]["u"], min(shares[level]["u"], LEAST_SLIP)),
            }
    return found


def _systems_at(place: str, shares: Shares, alike: Counter[tuple[str, str]], random: Counter[tuple[str, str]]) -> Shares:
    """The shares of each two systems among pairs of one level of the place.

    As far as the city has few pairs of one person there, two systems weigh what the model says of one system or two.
    """
    everywhere: Counter[str] = Counter()
    for (_, systems), count in random.items():
        everywhere[systems] += count
    is_counted = place not in _NOT_COUNTED
    pairs, others = (sum(counted[place, systems] for systems in SYSTEM_PAIRS) if is_counted else 0 for counted in (alike, random))
    trust = pairs / (pairs + PAIRS_OF_THE_MODEL)
    found: Shares = {}
    for systems in SYSTEM_PAIRS:
        one, other = systems.split("-")
        known = shares["one" if one == other else "two"]
        usual = (everywhere[systems] + 1) / (sum(everywhere.values()) + len(SYSTEM_PAIRS))
        u = ((random[place, systems] if is_counted else 0) + PAIRS_OF_THE_MODEL * usual) / (others + PAIRS_OF_THE_MODEL)
        m = trust * max(alike[place, systems] / max(pairs, 1), LEAST_SLIP) + (1 - trust) * u * known["m"] / known["u"]
        found[systems] = {"m": min(m, 1.0), "u": u}
    return found
