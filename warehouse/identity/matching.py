"""The matching step of the close: person records in, persons with lasting ids out.

What belongs here: the order of the step (records, edges by tier, components, ids) and what it writes. What does not: the rules
(`tiers.py`), the graph (`components.py`), cleaning (dbt).

A person's id belongs to its earliest record (first period landed, then system, then number), so ids follow from landing alone, in any
order of runs. A record is compared as its newest snapshot up to the month shows it; numbers that it carried before are not used.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb

from warehouse.identity.components import contract
from warehouse.identity.tiers import TIERS, Tier
from warehouse.settings import Settings


@dataclass(frozen=True)
class MatchResult:
    """What the matching of one close found.

    Attributes:
        period: month that was closed, `YYYY-MM`.
        numbers: person numbers seen in any table.
        numbers_without_record: of them those that no person record describes; each is a person of its own.
        persons: persons that they are.
        edges: agreements found, by tier.
        rounds: rounds of contraction.
    """

    period: str
    numbers: int
    numbers_without_record: int
    persons: int
    edges: dict[str, int] = field(default_factory=dict)
    rounds: int = 0


def match(con: duckdb.DuckDBPyConnection, settings: Settings, period: str, tiers: tuple[Tier, ...] = TIERS) -> MatchResult:
    """Say who is who up to a month, and write `identity.person_links` and `identity.match_edges`.

    Reads what the first half of the dbt project built: `intermediate.int_person_records` and `intermediate.int_person_numbers_seen`.

    Args:
        con: connection to the working warehouse, open for writing.
        settings: the home that is closed; every tier may use what it keeps beside the warehouse.
        period: month that is closed, `YYYY-MM`; later snapshots are left out.
        tiers: rules of agreement, strongest first.

    Returns:
        What was found, in numbers.
    """
    _collect_records(con, period)
    edges = _collect_edges(con, tiers)
    rounds = contract(con, "match_edges_found", "match_components")
    con.execute("begin transaction")
    try:
        _write(con, tiers)
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit")
    numbers, without, persons = con.execute("""
        select count(*), count(*) filter (where not has_record), (select count(distinct person_id) from identity.person_links)
        from match_records
    """).fetchone()
    for name in ("match_records", "match_edges_found", "match_components"):
        con.execute(f"drop table {name}")
    return MatchResult(period=period, numbers=numbers, numbers_without_record=without, persons=persons, edges=edges, rounds=rounds)


def _collect_records(con: duckdb.DuckDBPyConnection, period: str) -> None:
    """One row per person number, numbered from the earliest record on; columns of its newest snapshot beside it."""
    con.execute(
        """
        create or replace temp table match_records as
        select
            row_number() over (order by seen.first_seen, seen.source_system, seen.source_person_no) as record_no,
            seen.source_system,
            seen.source_person_no,
            seen.first_seen,
            least(seen.last_seen, $period) as last_seen,
            seen.has_record,
            records.* exclude (source_system, source_person_no)
        from intermediate.int_person_numbers_seen as seen
        left join (
            select
                source_system,
                source_person_no,
                unnest(max_by({
                    'id_number': id_number, 'id_status': id_status, 'name': name, 'name_pinyin': name_pinyin, 'sex': sex,
                    'birth_date': birth_date, 'phone': phone, 'household_no': household_no, 'village_code': village_code
                }, period))
            from intermediate.int_person_records
            where period <= $period
            group by source_system, source_person_no
        ) as records
            on seen.source_system = records.source_system
            and seen.source_person_no = records.source_person_no
        where seen.first_seen <= $period
        """,
        {"period": period},
    )


def _collect_edges(con: duckdb.DuckDBPyConnection, tiers: tuple[Tier, ...]) -> dict[str, int]:
    """The agreements that each tier finds; of a pair that several tiers find the strongest tier's."""
    found = " union all ".join(
        f"select least(a, b) as a, greatest(a, b) as b, {strength} as strength, cast(probability as decimal(9, 6)) as probability "
        f"from ({tier.sql}) as tier_{strength} where a <> b"
        for strength, tier in enumerate(tiers)
    )
    con.execute(f"""
        create or replace temp table match_edges_found as
        select a, b, min(strength) as strength, min_by(probability, strength) as probability
        from ({found}) as found
        group by a, b
    """)
    counted = dict(con.execute("select strength, count(*) from match_edges_found group by strength").fetchall())
    return {tier.code: counted.get(strength, 0) for strength, tier in enumerate(tiers)}


def _write(con: duckdb.DuckDBPyConnection, tiers: tuple[Tier, ...]) -> None:
    """Ids of persons for every number, and the edges they rest on."""
    codes = "case strength " + " ".join(f"when {strength} then '{tier.code}'" for strength, tier in enumerate(tiers)) + " end"
    con.execute("create schema if not exists identity")
    con.execute(f"""
        create or replace table identity.match_edges as
        select
            records_a.source_system as source_system_a,
            records_a.source_person_no as source_person_no_a,
            records_b.source_system as source_system_b,
            records_b.source_person_no as source_person_no_b,
            {codes} as match_tier,
            found.probability as match_probability
        from match_edges_found as found
        inner join match_records as records_a on found.a = records_a.record_no
        inner join match_records as records_b on found.b = records_b.record_no
    """)
    con.execute(f"""
        create or replace table identity.person_links as
        select
            records.source_system,
            records.source_person_no,
            'P' || left(md5(earliest.source_system || ':' || earliest.source_person_no), 16) as person_id,
            coalesce({codes}, 'none') as match_tier,
            strongest.probability as match_probability,
            records.first_seen,
            records.last_seen
        from match_records as records
        left join match_components as components on records.record_no = components.vertex
        inner join match_records as earliest on coalesce(components.root, records.record_no) = earliest.record_no
        left join (
            select record_no, min(strength) as strength, max(probability) as probability
            from (
                select a as record_no, strength, probability from match_edges_found
                union all
                select b as record_no, strength, probability from match_edges_found
            ) as ends
            group by record_no
        ) as strongest on records.record_no = strongest.record_no
        order by records.record_no
    """)
