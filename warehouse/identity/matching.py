"""The matching step of the close: person records in, persons with lasting ids out.

What belongs here: the order of the step and what it writes. What does not: which records and pairs there are (`records.py`,
`blocking.py`), what a pair says (`comparisons.py`, `tiers.py`, `scoring.py`), what pairs say together (`holds.py`, `components.py`),
cleaning (dbt).

A person's id belongs to its earliest record (first period landed, then system, then number), so ids follow from landing and decisions
alone, in any order of runs. A record is compared as its newest snapshot up to the month shows it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb

from warehouse.identity.blocking import find_candidates
from warehouse.identity.comparisons import compare_pairs
from warehouse.identity.holds import hold_conflicts
from warehouse.identity.records import collect_records
from warehouse.identity.tiers import judge_pairs
from warehouse.settings import Settings

# Order of strength of what makes two records one person; a reviewer's decision goes before all.
STRENGTHS = {"reviewer": 0, "R1": 1, "R2": 2, "R3": 3, "score": 10}


@dataclass(frozen=True)
class MatchResult:
    """What the matching of one close found.

    Attributes:
        period: month that was closed, `YYYY-MM`.
        numbers: person numbers seen in any table.
        numbers_without_record: of them those that no person record describes; each is a person of its own.
        persons: persons that they are.
        edges: agreements found, by tier.
        held: agreements held because they would join what must stay apart.
        rounds: rounds of contraction.
    """

    period: str
    numbers: int
    numbers_without_record: int
    persons: int
    edges: dict[str, int] = field(default_factory=dict)
    held: int = 0
    rounds: int = 0


def match(con: duckdb.DuckDBPyConnection, settings: Settings, period: str) -> MatchResult:
    """Say who is who up to a month, and write the schema `identity`.

    Reads what the first half of the dbt project built: `intermediate.int_person_records` and `intermediate.int_person_numbers_seen`.

    Args:
        con: connection to the working warehouse, open for writing.
        settings: the home that is closed.
        period: month that is closed, `YYYY-MM`; later snapshots are left out.

    Returns:
        What was found, in numbers.
    """
    period = str(period)
    collect_records(con, period)
    con.execute("create or replace temp table match_changed as select record_key from match_records")
    find_candidates(con, everything=True)
    con.execute("create or replace temp table match_candidates as select distinct a, b from identity.candidates")
    con.execute(f"create or replace temp table match_compared as {compare_pairs('match_candidates')}")
    judge_pairs(con, "match_compared", "match_judged")
    edges = _collect_edges(con)
    rounds = hold_conflicts(con)
    con.execute("begin transaction")
    try:
        _write(con)
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit")
    numbers, without, persons, held = con.execute("""
        select
            count(*),
            count(*) filter (where not has_record),
            (select count(distinct person_id) from identity.person_links),
            (select count(*) from match_held)
        from match_records
    """).fetchone()
    return MatchResult(
        period=period, numbers=numbers, numbers_without_record=without, persons=persons, edges=edges, held=held, rounds=rounds
    )


def _collect_edges(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Write `match_edges` (a, b: places; strength, tier, probability) and `match_apart`."""
    strength = "case judged.rule " + " ".join(f"when '{tier}' then {number}" for tier, number in STRENGTHS.items()) + " end"
    con.execute(f"""
        create or replace temp table match_edges as
        select
            least(one.place, other.place) as a,
            greatest(one.place, other.place) as b,
            {strength} as strength,
            judged.rule as tier,
            cast(1 as double) as probability
        from match_judged as judged
        inner join match_records as one on judged.a = one.record_key
        inner join match_records as other on judged.b = other.record_key
        where judged.verdict = 'same'
    """)
    con.execute("""
        create or replace temp table match_apart as
        select one.place as a, other.place as b
        from match_judged as judged
        inner join match_records as one on judged.a = one.record_key
        inner join match_records as other on judged.b = other.record_key
        where judged.verdict = 'finding'
    """)
    counted = dict(con.execute("select tier, count(*) from match_edges group by tier").fetchall())
    return {tier: counted.get(tier, 0) for tier in ("R1", "R2", "R3", "score", "reviewer")}


def _write(con: duckdb.DuckDBPyConnection) -> None:
    """Ids of persons for every number."""
    con.execute("create or replace temp table match_edges_kept as select * from match_edges anti join match_held using (a, b)")
    _attach(con)
    con.execute("""
        create or replace table identity.person_links as
        select
            records.source_system,
            records.source_person_no,
            'P' || left(md5(earliest.source_system || ':' || earliest.source_person_no), 16) as person_id,
            coalesce(attached.tier, 'none') as match_tier,
            attached.probability as match_probability,
            records.first_seen,
            records.last_seen
        from match_records as records
        left join match_components as components on records.place = components.vertex
        inner join match_records as earliest on coalesce(components.root, records.place) = earliest.place
        left join match_attached as attached on records.place = attached.vertex
        order by records.place
    """)


def _attach(con: duckdb.DuckDBPyConnection) -> None:
    """Write `match_attached` (vertex, tier, probability): by what each record hangs together with its person's earliest record.

    It is the weakest link of the strongest way there; for the earliest record itself the strongest of its links.
    """
    con.execute("""
        create or replace temp table match_attached as
        select
            ends.vertex,
            min_by(ends.tier, ends.strength) as tier,
            max(case when ends.tier = 'score' then ends.probability else 1.0 end) as probability
        from (
            select a as vertex, tier, strength, probability from match_edges_kept
            union all
            select b as vertex, tier, strength, probability from match_edges_kept
        ) as ends
        group by ends.vertex
    """)
