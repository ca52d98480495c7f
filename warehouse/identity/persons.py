"""Persons out of agreements: ids that last, what each record hangs by, and what changed since the bridge before.

What belongs here: from kept edges to `identity.person_links` and `identity.person_pairs`, and the events. What does not: which edges are
kept (`holds.py`).

A person's id belongs to its earliest record (first period landed, then system, then number): a component takes the id of its earliest
record, a part split off takes that of its own earliest. So ids follow from landing and decisions alone.
"""

from __future__ import annotations

import duckdb

from warehouse.identity.components import contract
from warehouse.register import Register, new_run_id

# Order of strength of what makes two records one person; a reviewer's decision goes before all, the newest first.
STRENGTHS = {"reviewer": 0, "R1": 1, "R2": 2, "R3": 4, "score": 10}


def _strength(tier: str) -> str:
    """Order of strength of a tier as SQL."""
    return f"case {tier} " + " ".join(f"when '{code}' then {strength}" for code, strength in STRENGTHS.items()) + " end"


def _turned(one: str, other: str) -> str:
    """Whether the other record stands before the one, by system, then number, as SQL."""
    return f"({one}.source_system, {one}.source_person_no) > ({other}.source_system, {other}.source_person_no)"


def write_links(con: duckdb.DuckDBPyConnection) -> None:
    """Write `identity.person_links` and `identity.person_pairs`.

    Reads `match_edges`, `match_held`, `match_components`, `match_records` and `match_paired`.
    """
    con.execute("create or replace temp table match_edges_kept as select * from match_edges anti join match_held using (a, b)")
    _attach(con)
    # How a column is packed DuckDB finds out anew each time, which takes longer than writing it.
    con.execute("""
        create or replace table identity.person_links (
            source_system varchar using compression dictionary,
            source_person_no varchar using compression uncompressed,
            person_id varchar using compression uncompressed,
            match_tier varchar using compression dictionary,
            match_probability double
        )
    """)
    # Most records are a person alone, and stand in no pair.
    con.execute(f"""
        insert into identity.person_links
        with linked as (
            select
                paired.record_key,
                {_person_id("earliest")} as person_id,
                attached.tier,
                attached.probability
            from match_components as components
            inner join match_paired as paired on components.vertex = paired.place
            inner join match_paired as earliest on components.root = earliest.place
            left join match_attached as attached on components.vertex = attached.vertex
        )
        select
            records.source_system,
            records.source_person_no,
            coalesce(linked.person_id, {_person_id("records")}) as person_id,
            coalesce(linked.tier, 'none') as match_tier,
            linked.probability as match_probability
        from match_records as records
        left join linked on records.record_key = linked.record_key
    """)
    for table in ("match_edges_kept", "match_attached", "match_tied"):
        con.execute(f"drop table {table}")


def _person_id(earliest: str) -> str:
    """The id of the person whose earliest record it is, as SQL."""
    return f"'P' || left(md5({earliest}.source_system || ':' || {earliest}.source_person_no), 16)"


def _attach(con: duckdb.DuckDBPyConnection) -> None:
    """Write `match_attached` (vertex, tier, probability), `match_tied` and `identity.person_pairs`.

    By what a record hangs together with its person's earliest record is the weakest link of the strongest way there; for the earliest
    record itself the strongest of its links. Two records of one person are as sure as the weakest link of the strongest way between them.
    """
    con.execute("""
        create or replace temp table match_mixed as
        select components.root
        from match_edges_kept as edges
        inner join match_components as components on edges.a = components.vertex
        group by components.root
        having count(distinct edges.tier) > 1
    """)
    # For each degree of strength, who hangs together by links at least that strong; only persons with links of several kinds need it.
    con.execute("create or replace temp table match_tied (vertex bigint, root bigint, strength integer, tier varchar)")
    for tier, strength in STRENGTHS.items():
        con.execute(f"""
            create or replace temp table match_edges_strong as
            select edges.a, edges.b
            from match_edges_kept as edges
            inner join match_components as components on edges.a = components.vertex
            where components.root in (select root from match_mixed) and {_strength("edges.tier")} <= {strength}
        """)
        contract(con, "match_edges_strong", "match_tied_now")
        con.execute(f"insert into match_tied select vertex, root, {strength}, '{tier}' from match_tied_now")
    con.execute("""
        create or replace temp table match_pairs_tied as
        with
        plain as (
            select components.root, any_value(edges.tier) as tier
            from match_edges_kept as edges
            inner join match_components as components on edges.a = components.vertex
            where components.root not in (select root from match_mixed)
            group by components.root
        ),
        pairs as (
            select one.root, one.vertex as a, other.vertex as b
            from match_components as one
            inner join match_components as other on one.root = other.root and one.vertex < other.vertex
        ),
        tied as (
            select one.vertex as a, other.vertex as b, min_by(one.tier, one.strength) as tier
            from match_tied as one
            inner join match_tied as other on one.strength = other.strength and one.root = other.root and one.vertex < other.vertex
            group by one.vertex, other.vertex
        ),
        scores as (
            select components.root, min(edges.probability) as probability
            from match_edges_kept as edges
            inner join match_components as components on edges.a = components.vertex
            where edges.tier = 'score'
            group by components.root
        )
        select
            pairs.a,
            pairs.b,
            pairs.root,
            coalesce(plain.tier, tied.tier) as tier,
            case
                when coalesce(plain.tier, tied.tier) = 'score' then coalesce(direct.probability, scores.probability)
                else 1.0
            end as probability
        from pairs
        left join match_edges_kept as direct on pairs.a = direct.a and pairs.b = direct.b and direct.tier = 'score'
        left join plain on pairs.root = plain.root
        left join tied on pairs.a = tied.a and pairs.b = tied.b
        left join scores on pairs.root = scores.root
    """)
    con.execute(f"""
        create or replace table identity.person_pairs as
        with placed as (
            select
                tied.tier,
                tied.probability,
                -- Of a pair the record of the smaller system and number stands first.
                case when {_turned("one", "other")} then tied.b else tied.a end as first_place,
                case when {_turned("one", "other")} then tied.a else tied.b end as second_place
            from match_pairs_tied as tied
            inner join match_paired as one on tied.a = one.place
            inner join match_paired as other on tied.b = other.place
        )
        select
            one.source_system as source_system_a,
            one.source_person_no as source_person_no_a,
            other.source_system as source_system_b,
            other.source_person_no as source_person_no_b,
            placed.tier as match_tier,
            placed.probability as match_probability
        from placed
        inner join match_paired as one on placed.first_place = one.place
        inner join match_paired as other on placed.second_place = other.place
    """)
    con.execute(f"""
        create or replace temp table match_attached as
        select b as vertex, tier, probability from match_pairs_tied where a = root
        union all
        select
            root,
            min_by(tier, {_strength("tier")}),
            max(probability)
        from match_pairs_tied
        where a = root
        group by root
    """)
    for table in ("match_mixed", "match_edges_strong", "match_tied_now", "match_pairs_tied"):
        con.execute(f"drop table {table}")


def keep_bridge_before(con: duckdb.DuckDBPyConnection) -> bool:
    """Keep the bridge that events are read off against: the one last recorded, else what the warehouse holds before this run.

    Returns:
        Whether there is one.
    """
    if _exists(con, "person_links_before"):
        return True
    if not _exists(con, "person_links"):
        return False
    con.execute("create table identity.person_links_before as select source_system, source_person_no, person_id from identity.person_links")
    return True


def write_events(con: duckdb.DuckDBPyConnection, period: str, cause: str, *, has_before: bool) -> None:
    """Write `identity.person_events`: persons that are new, merged, split, and agreements that are held, since the bridge before.

    Args:
        con: connection with `identity.person_links` of this run, and of the run before.
        period: month that is closed.
        cause: what was new in this run: records, decisions, model or rules.
        has_before: whether there is a bridge before; without one nothing has changed.
    """
    con.execute("""
        create or replace table identity.person_events (
            period varchar, event varchar, person_id_from varchar, person_id_to varchar,
            source_system varchar, source_person_no varchar, cause varchar
        )
    """)
    if not has_before:
        return
    con.execute(
        """
        insert into identity.person_events
        with
        moved as (
            select now.person_id, before.person_id as person_id_before
            from identity.person_links as now
            left join identity.person_links_before as before
                on now.source_system = before.source_system and now.source_person_no = before.source_person_no
            where before.person_id is distinct from now.person_id
        ),
        -- All records of the persons of whom one has moved; of the others nothing is to be told.
        followed as (
            select
                now.source_system,
                now.source_person_no,
                before.person_id as person_id_before,
                now.person_id,
                now.match_tier
            from identity.person_links as now
            left join identity.person_links_before as before
                on now.source_system = before.source_system and now.source_person_no = before.source_person_no
            where now.person_id in (select person_id from moved) or before.person_id in (select person_id_before from moved)
        ),
        known as (
            select * from followed where person_id_before is not null
        ),
        merged as (
            select person_id from known group by person_id having count(distinct person_id_before) > 1
        ),
        split as (
            select person_id_before from known group by person_id_before having count(distinct person_id) > 1
        ),
        decided as (
            select distinct source_system_a as source_system, source_person_no_a as source_person_no from match_decided
            union
            select distinct source_system_b, source_person_no_b from match_decided
        )
        select $period, 'new', null, person_id, min_by(source_system, (source_system, source_person_no)),
            min_by(source_person_no, (source_system, source_person_no)), 'record'
        from followed
        group by person_id
        having count(person_id_before) = 0
        union all
        select $period, 'merged', known.person_id_before, known.person_id, known.source_system, known.source_person_no,
            known.match_tier || case when decided.source_system is not null then ', decision' else '' end || ': ' || $cause
        from known
        left join decided on known.source_system = decided.source_system and known.source_person_no = decided.source_person_no
        where known.person_id in (select person_id from merged) and known.person_id_before <> known.person_id
        union all
        select $period, 'split', known.person_id_before, known.person_id, known.source_system, known.source_person_no,
            case when decided.source_system is not null then 'decision: ' else '' end || $cause
        from known
        left join decided on known.source_system = decided.source_system and known.source_person_no = decided.source_person_no
        where known.person_id_before in (select person_id_before from split) and known.person_id_before <> known.person_id
        union all
        select $period, 'renamed', known.person_id_before, known.person_id, known.source_system, known.source_person_no,
            'earliest record: ' || $cause
        from known
        where known.person_id_before <> known.person_id
            and known.person_id not in (select person_id from merged)
            and known.person_id_before not in (select person_id_before from split)
        union all
        select $period, 'held', links_a.person_id, links_b.person_id, pairs.source_system_a, pairs.source_person_no_a,
            pairs.held_reason || ': ' || pairs.rule
        from identity.match_evidence as pairs
        inner join identity.person_links as links_a
            on pairs.source_system_a = links_a.source_system and pairs.source_person_no_a = links_a.source_person_no
        inner join identity.person_links as links_b
            on pairs.source_system_b = links_b.source_system and pairs.source_person_no_b = links_b.source_person_no
        where pairs.is_current and pairs.held_reason is not null and pairs.first_period = $period
    """,
        {"period": period, "cause": cause},
    )


def record_events(con: duckdb.DuckDBPyConnection, register: Register, *, who: str, run: str | None = None) -> int:
    """Append merges and splits to the register, and take this bridge as the one that later events are read off against.

    To be called when the month is published.

    Returns:
        Events appended.
    """
    # A person that an earlier record has joined goes on under that record's id: whoever follows ids follows this as a merge.
    found = con.execute("""
        select
            case when event = 'renamed' then 'merged' else event end as event,
            period, person_id_from, person_id_to, source_system, source_person_no, cause
        from identity.person_events
        where event in ('merged', 'split', 'renamed')
        order by event, person_id_from, person_id_to, source_system, source_person_no
    """)
    names = [column[0] for column in found.description]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    register.append_person_events(rows, who=who, run=run or new_run_id())
    con.execute("""
        create or replace table identity.person_links_before as
        select source_system, source_person_no, person_id from identity.person_links
    """)
    return len(rows)


def _exists(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    # Asked of `duckdb_tables`, DuckDB reads what there is of every table of the warehouse.
    found = con.execute("select count(*) from duckdb_columns() where schema_name = 'identity' and table_name = ?", [table]).fetchone()
    return bool(found[0])
