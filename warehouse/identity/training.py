"""Estimating the model from the city's own records, without any reviewer and without any truth.

What belongs here: which pairs stand for one person and which for two, and the shares that are counted among them. What does not: what the
shares are used for (`model.py`).

Pairs of one person are those that carry the same sound number. How often their birth dates agree is counted among those whose names agree,
how often their names agree among those whose birth dates and sexes do, and so on: a pair that got its number by mistake then counts
nowhere. How near ID numbers are is counted among pairs that agree in name, birth date, sex and telephone whatever their numbers.
Places are counted as if only one of the two had a number, for such are the pairs that are scored.
Pairs of two persons are records drawn side by side from a shuffled list; for ID numbers, of which the birth date is a part, from those
born on one day: near numbers are then no proof beyond the date.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import duckdb

from warehouse.identity.comparisons import BIRTH, COMPARISONS, PLACE, Comparison, case_sql, compare_pairs, place_from_both_sides
from warehouse.identity.model import LEAST_SLIP, MatchModel, MatchModelError
from warehouse.identity.records import collect_records

ACCEPT, REVIEW = 0.985, 0.05
RANDOM_PAIRS = 1_500_000
BORN_TOGETHER = 8
LEAST_PAIRS = 200

_WRITTEN_BIRTH = replace(BIRTH, levels=tuple(level for level in BIRTH.levels if level.code != "inside_id"))

# Of which pairs of one person the levels of a comparison are counted.
_AMONG = {
    "name": "id_level = 'same' and birth_level = 'exact' and sex_level = 'same'",
    "birth": "id_level = 'same' and name_level = 'exact'",
    "sex": "id_level = 'same' and name_level = 'exact'",
    "phone": "id_level = 'same' and name_level = 'exact'",
    "place": "id_level = 'same' and name_level = 'exact'",
    "system": "id_level = 'same' and name_level = 'exact'",
    "id": "name_level = 'exact' and birth_level = 'exact' and sex_level = 'same' and phone_level = 'same'",
}


def train(con: duckdb.DuckDBPyConnection, period: str, *, version: str | None = None, note: str = "") -> MatchModel:
    """Estimate a model from the records of a working warehouse.

    Args:
        con: connection to a working warehouse whose records are cleaned.
        period: month whose records are used.
        version: name of the model; the moment of training if None.
        note: what the records are, for whoever reads the model.

    Raises:
        MatchModelError: too few pairs carry the same number.
    """
    collect_records(con)
    con.execute("""
        create or replace temp table training_alike as
        select distinct least(one.record_key, other.record_key) as a, greatest(one.record_key, other.record_key) as b
        from match_records as one
        inner join match_records as other
            on one.id_number = other.id_number and one.record_key < other.record_key
        union
        select least(one.record_key, other.record_key), greatest(one.record_key, other.record_key)
        from match_records as one
        inner join match_records as other
            on one.name = other.name and one.birth_date = other.birth_date and one.phone = other.phone and one.record_key < other.record_key
    """)
    con.execute("""
        create or replace temp table training_shuffled as
        select record_key, row_number() over (order by md5(source_system || ':' || source_person_no)) as place
        from match_records
        where has_record
    """)
    records = con.execute("select count(*) from training_shuffled").fetchone()[0]
    con.execute(f"""
        create or replace temp table training_random as
        select least(one.record_key, other.record_key) as a, greatest(one.record_key, other.record_key) as b
        from (
            select record_key, place + unnest(range(1, {max(RANDOM_PAIRS // max(records, 1), 1) + 1})) as neighbour from training_shuffled
        ) as one
        inner join training_shuffled as other on one.neighbour = other.place
    """)
    con.execute(f"""
        create or replace temp table training_born_together as
        select least(record_key, neighbour) as a, greatest(record_key, neighbour) as b
        from (
            select
                one.record_key,
                unnest(list(one.record_key) over (
                    partition by one.birth_date order by shuffled.place rows between 1 following and {BORN_TOGETHER} following
                )) as neighbour
            from match_records as one
            inner join training_shuffled as shuffled on one.record_key = shuffled.record_key
            where one.birth_date is not null
        ) as neighbours
    """)
    alike, random = _counted(con, "training_alike", _AMONG), _counted(con, "training_random", {})
    random["id"] = _counted(con, "training_born_together", {})["id"]
    pairs = sum(alike["name"].values())
    if pairs < LEAST_PAIRS:
        message = (
            f"{period}: only {pairs} pairs of records carry the same ID number, birth date and sex, at least {LEAST_PAIRS} are needed to "
            "train a matching model; use the model that the program ships"
        )
        raise MatchModelError(message)
    parameters = {comparison.code: _shares(comparison, alike[comparison.code], random[comparison.code]) for comparison in COMPARISONS}
    # Where the number of a wrong date's record is sound, the right date stands inside it, and no other level shows; where it is not, one of
    # them does. So a date inside a number is as likely as all slips of the date together.
    slips = [share["m"] for code, share in parameters["birth"].items() if code not in ("exact", "inside_id")]
    parameters["birth"]["inside_id"]["m"] = sum(slips)
    for table in ("training_alike", "training_random", "training_born_together", "training_shuffled"):
        con.execute(f"drop table {table}")
    return MatchModel(
        version=version or f"trained-{datetime.now(UTC):%Y%m%dT%H%M%S}",
        parameters=parameters,
        accept=ACCEPT,
        review=REVIEW,
        trained_on={"period": period, "records": records, "pairs_alike": pairs, "pairs_random": sum(random["sex"].values()), "note": note},
    )


def _counted(con: duckdb.DuckDBPyConnection, pairs: str, among: dict[str, str]) -> dict[str, dict[str, int]]:
    """How many pairs have each level of each comparison; birth dates as if no number held one, where pairs of one person are counted."""
    con.execute(f"create or replace temp table training_compared as {compare_pairs(pairs, 'match_records')}")
    if among:
        con.execute(f"""
            create or replace temp table training_compared as
            select compared.* replace ({case_sql(_WRITTEN_BIRTH, "one", "other")} as birth_level)
            from training_compared as compared
            inner join match_records as one on compared.a = one.record_key
            inner join match_records as other on compared.b = other.record_key
        """)
    from_both_sides = place_from_both_sides("training_compared", "match_records")
    found = {
        comparison.code: dict(
            con.execute(f"""
                select {comparison.code}_level, count(*)
                from {f"({from_both_sides})" if comparison is PLACE else "training_compared"} as seen
                where {among.get(comparison.code, "true")}
                group by {comparison.code}_level
            """).fetchall()
        )
        for comparison in COMPARISONS
    }
    con.execute("drop table training_compared")
    return found


def _shares(comparison: Comparison, alike: dict[str, int], random: dict[str, int]) -> dict[str, dict[str, float]]:
    """Shares of the levels. What was never seen is rare and not impossible: half a pair is added to each level, and no slip of one person's
    is rarer than one in two thousand, for another month's clerk makes others.
    """
    shares = {}
    for group in {level.among for level in comparison.levels}:
        levels = [level.code for level in comparison.levels if level.among == group and not level.is_missing]
        totals = [sum(counted.get(level, 0) for level in levels) + len(levels) / 2 for counted in (alike, random)]
        shares |= {
            level: {"m": max((alike.get(level, 0) + 0.5) / totals[0], LEAST_SLIP), "u": (random.get(level, 0) + 0.5) / totals[1]}
            for level in levels
        }
    return shares
