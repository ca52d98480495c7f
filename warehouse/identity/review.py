"""What reviewers are asked: the queue by money at stake, with samples, and what their answers say of the matching.

What belongs here: which pairs are queued and why, what is at stake, the samples, and the tables of the review file. What does not: the
pairs themselves (`evidence.py`), and deciding (`decisions.py`).

The sample of a kind of pairs is those not yet decided whose hash is smallest: the same pairs every month until they are decided, whoever
runs the close.
"""

from __future__ import annotations

import duckdb

from warehouse.identity.decisions import Quality, Stratum, estimate
from warehouse.identity.model import MatchModel

# Of all records, the queue is this share at most; what is cut is the least likely, and `identity.queue_cut` says how much.
QUEUE_SHARE = 0.004
# Sampled pairs of each kind, and of all records at most this share.
SAMPLED_ACCEPTED, SAMPLED_NEAR_MISSES, SAMPLED_SHARE = 15, 15, 0.0002

# Differing places of two ID numbers that a reviewer is shown: of two that differ in more there is nothing to compare place by place.
OPEN_PLACES = 4

# Kinds of pairs that are sampled or reviewed whole; the estimate weighs them by their pairs.
STRATA = {"R1": True, "R2": True, "R3": True, "score": True, "review": False, "near_miss": False}


def write_queue(con: duckdb.DuckDBPyConnection, period: str, model: MatchModel) -> None:
    """Write `identity.review_queue`, `identity.match_quality` and the views of the schema `review`.

    Reads `identity.match_pairs`, `identity.person_links`, `match_records`, and where they are built the relations
    and the financing standards, for the money at stake.
    """
    _note_stakes(con, period)
    _note_places(con)
    con.execute("""
        create or replace temp table queue_strata as
        select
            pairs.pair_id,
            case
                when pairs.decided_by = 'reviewer' and pairs.rule_verdict = 'same' then pairs.rule
                when pairs.decided_by = 'reviewer' and pairs.rule_verdict = 'score' and pairs.verdict_alone = 'same' then 'score'
                when pairs.tier in ('R1', 'R2', 'R3', 'score') then pairs.tier
                when pairs.verdict_alone = 'review' or pairs.held_reason is not null then 'review'
                when pairs.rule_verdict = 'score' then 'near_miss'
            end as stratum,
            md5('sample|' || pairs.pair_id) as draw
        from identity.match_evidence as pairs
        where pairs.is_current
            -- What others have joined already is neither a question nor a miss.
            and (not pairs.is_joined or pairs.tier is not null or pairs.decision is not null)
    """)
    (records,) = con.execute("select count(*) from intermediate.int_person_records").fetchone()
    room = max(int(records * QUEUE_SHARE), 20)
    samples = max(int(records * SAMPLED_SHARE), 4)
    con.execute(f"""
        create or replace temp table queue_reasons as
        with
        ranked as (
            select strata.pair_id, strata.stratum, row_number() over (partition by strata.stratum order by strata.draw) as place
            from queue_strata as strata
            inner join identity.match_evidence as pairs on strata.pair_id = pairs.pair_id
            where strata.stratum is not null and pairs.decision is null
        ),
        sampled as (
            select
                pair_id,
                case when stratum = 'near_miss' then 'sample_near_miss' else 'sample_accepted' end as reason,
                row_number() over (order by place, stratum) as place
            from ranked
            where stratum <> 'review'
                and place <= case when stratum = 'near_miss' then {SAMPLED_NEAR_MISSES} else {SAMPLED_ACCEPTED} end
        ),
        asked as (
            select
                pairs.pair_id,
                case
                    when pairs.decision is not null and pairs.fields_hash <> pairs.decided_fields_hash then 'fields_changed'
                    when pairs.decision is not null then null
                    when pairs.is_joined then null
                    when pairs.held_reason is not null then 'held'
                    when pairs.verdict = 'review' then 'uncertain'
                    when pairs.is_two_own and pairs.match_probability >= {model.review} then 'two_ids'
                end as reason
            from identity.match_evidence as pairs
            where pairs.is_current
        )
        select pair_id, reason from asked where reason is not null
        union
        select pair_id, reason from sampled where place <= {samples}
    """)
    con.execute("""
        create or replace temp table queue_ranked as
        select
            reasons.pair_id,
            min_by(reasons.reason, reasons.reason like 'sample%') as reason,
            row_number() over (
                order by
                    min(case when reasons.reason like 'sample%' or reasons.reason = 'fields_changed' then 0 else 1 end),
                    max(coalesce(pairs.match_probability, 0.5)) desc,
                    reasons.pair_id
            ) as chance_place
        from queue_reasons as reasons
        inner join identity.match_evidence as pairs on reasons.pair_id = pairs.pair_id
        group by reasons.pair_id
    """)
    con.execute(f"""
        create or replace table identity.queue_cut as
        select '{period}' as period, {room} as queue_limit, count(*) filter (where chance_place > {room}) as pairs_cut from queue_ranked
    """)
    # What is shown of a record is much, and of all records few are shown.
    con.execute(f"""
        create or replace temp table queue_records as
        select *
        from match_records
        where record_key in (
            select unnest([a, b])
            from identity.match_evidence
            where is_current
                and (verdict = 'finding' or pair_id in (select pair_id from queue_ranked where chance_place <= {room}))
        )
    """)
    con.execute(f"""
        create or replace table identity.review_queue as
        select
            row_number() over (
                order by coalesce(stakes.stake_yuan, 0) desc, pairs.match_probability desc nulls last, pairs.pair_id
            ) as queue_place,
            '{period}' as period,
            ranked.reason as queue_reason,
            coalesce(stakes.stake_yuan, 0) as stake_yuan,
            pairs.* exclude (is_current),
            links_a.person_id as person_id_a,
            links_b.person_id as person_id_b,
            {_shown("one", "other", "a")},
            {_shown("other", "one", "b")}
        from queue_ranked as ranked
        inner join identity.match_pairs as pairs on ranked.pair_id = pairs.pair_id
        inner join queue_records as one on pairs.a = one.record_key
        inner join queue_records as other on pairs.b = other.record_key
        left join queue_stakes as stakes on pairs.pair_id = stakes.pair_id
        left join identity.person_links as links_a
            on pairs.source_system_a = links_a.source_system and pairs.source_person_no_a = links_a.source_person_no
        left join identity.person_links as links_b
            on pairs.source_system_b = links_b.source_system and pairs.source_person_no_b = links_b.source_person_no
        left join queue_places as place_a on one.village = place_a.division_code
        left join queue_places as place_b on other.village = place_b.division_code
        where ranked.chance_place <= {room}
        order by queue_place
    """)
    _write_findings(con)
    _write_quality(con, period)
    _show(con)
    for table in ("queue_strata", "queue_reasons", "queue_ranked", "queue_records", "queue_stakes", "queue_places"):
        con.execute(f"drop table {table}")


def masked_id(record: str, other: str) -> str:
    """SQL for a record's number beside another's: the first six digits and the places where the two differ, the rest masked.

    Of numbers that differ in more than a few places, or in length, the last two digits stand for all of them.
    """
    return f"""
        case
            when {record}.id_number_tidied is null then null
            when length({record}.id_number_tidied) < 15 then {record}.id_number_tidied
            when length({record}.id_number_tidied) <> length({other}.id_number_tidied) or {other}.id_number_tidied is null
                or length(list_filter(
                    range(7, length({record}.id_number_tidied) + 1),
                    lambda n: substr({record}.id_number_tidied, n, 1) <> substr({other}.id_number_tidied, n, 1)
                )) > {OPEN_PLACES}
                then
                    left({record}.id_number_tidied, 6)
                    || repeat('*', length({record}.id_number_tidied) - 8)
                    || right({record}.id_number_tidied, 2)
            else list_aggregate(
                [case
                    when n <= 6 or substr({record}.id_number_tidied, n, 1) <> substr({other}.id_number_tidied, n, 1)
                        then substr({record}.id_number_tidied, n, 1)
                    else '*'
                end for n in range(1, length({record}.id_number_tidied) + 1)],
                'string_agg', ''
            )
        end
    """


def _shown(record: str, other: str, side: str) -> str:
    """What a reviewer sees of a record."""
    columns = {
        "name": f"{record}.name",
        "id_masked": masked_id(record, other),
        "id_status": f"{record}.id_status",
        "sex": f"{record}.sex",
        "birth_date": f"{record}.birth_date",
        "phone": f"left({record}.phone_number, 3) || '****' || right({record}.phone_number, 4)",
        "county_code": f"{record}.county",
        "township_code": f"{record}.township",
        "village_name": f"place_{side}.division_name",
        "household_no": f"split_part({record}.household, ':', 2)",
        "office": f"{record}.office",
        "first_seen": f"{record}.first_seen",
        "last_seen": f"{record}.last_seen",
        "is_dead": f"{record}.is_dead",
    }
    return ", ".join(f"{expression} as {column}_{side}" for column, expression in columns.items())


def _write_findings(con: duckdb.DuckDBPyConnection) -> None:
    """Write `identity.match_findings`: pairs of records that carry one number and agree in nothing else."""
    con.execute(f"""
        create or replace table identity.match_findings as
        select
            pairs.pair_id,
            pairs.source_system_a,
            pairs.source_person_no_a,
            pairs.source_system_b,
            pairs.source_person_no_b,
            pairs.rule,
            pairs.evidence_zh,
            pairs.evidence_en,
            pairs.first_period,
            {_shown("one", "other", "a")},
            {_shown("other", "one", "b")}
        from identity.match_pairs as pairs
        inner join queue_records as one on pairs.a = one.record_key
        inner join queue_records as other on pairs.b = other.record_key
        left join queue_places as place_a on one.village = place_a.division_code
        left join queue_places as place_b on other.village = place_b.division_code
        where pairs.is_current and pairs.verdict = 'finding'
        order by pairs.first_period, pairs.pair_id
    """)


def _note_places(con: duckdb.DuckDBPyConnection) -> None:
    """Write `queue_places` (division_code, division_name): names of villages, as the newest divisions have them."""
    (built,) = con.execute("""
        select count(*) from information_schema.tables where table_schema = 'intermediate' and table_name = 'int_divisions'
    """).fetchone()
    named = (
        "select division_code, max_by(division_name, period) as division_name from intermediate.int_divisions "
        "where division_level = 'village' group by division_code"
    )
    empty = "select cast(null as varchar) as division_code, cast(null as varchar) as division_name where false"
    con.execute(f"create or replace temp table queue_places as {named if built else empty}")


def _note_stakes(con: duckdb.DuckDBPyConnection, period: str) -> None:
    """Write `queue_stakes` (pair_id, stake_yuan): a year's subsidy of the relation that one of the two would have too many."""
    built = con.execute("""
        select count(*) from information_schema.tables
        where (table_schema, table_name) in (('intermediate', 'int_relations_unioned'), ('staging', 'stg_city__financing_standards'))
    """).fetchone()[0]
    if built < 2:
        con.execute("create or replace temp table queue_stakes (pair_id varchar, stake_yuan decimal(18, 2))")
        return
    con.execute(
        """
        create or replace temp table queue_stakes as
        with
        standards as (
            select scheme, sum(yuan_per_person) as yuan
            from staging.stg_city__financing_standards
            where financing_source <> 'person'
                and period = (select max(period) from staging.stg_city__financing_standards where period <= $period)
                and year = cast(left($period, 4) as bigint)
            group by scheme
        ),
        insured as (
            select distinct source_system, source_person_no, scheme
            from intermediate.int_relations_unioned
            where period = $period and scheme <> 'maternity' and status = 'normal'
                and first_day <= last_day(cast($period || '-01' as date))
                and coalesce(last_day, date '9999-12-31') >= last_day(cast($period || '-01' as date))
        )
        select
            pairs.pair_id,
            -- The employee relation would be kept; of two others one, and which is not known yet.
            cast(max(case
                when one.scheme = 'employee' then coalesce(standard_b.yuan, 0)
                when other.scheme = 'employee' then coalesce(standard_a.yuan, 0)
                else least(coalesce(standard_a.yuan, 0), coalesce(standard_b.yuan, 0))
            end) as decimal(18, 2)) as stake_yuan
        from identity.match_evidence as pairs
        inner join insured as one
            on pairs.source_system_a = one.source_system and pairs.source_person_no_a = one.source_person_no
        inner join insured as other
            on pairs.source_system_b = other.source_system and pairs.source_person_no_b = other.source_person_no
        left join standards as standard_a on one.scheme = standard_a.scheme
        left join standards as standard_b on other.scheme = standard_b.scheme
        where pairs.is_current
        group by pairs.pair_id
    """,
        {"period": period},
    )


def _write_quality(con: duckdb.DuckDBPyConnection, period: str) -> None:
    """Write `identity.match_quality`: precision and recall as the decisions on samples tell them, and the kinds of pairs behind them."""
    con.execute("""
        create or replace table identity.match_strata as
        select
            strata.stratum,
            count(*) as pairs,
            count(*) filter (where pairs.decision = 'same') as same,
            count(*) filter (where pairs.decision = 'different') as different,
            coalesce(avg(pairs.match_probability), 0) as mean_probability
        from queue_strata as strata
        inner join identity.match_evidence as pairs on strata.pair_id = pairs.pair_id
        where strata.stratum is not null
        group by strata.stratum
    """)
    quality = quality_of(con)
    con.execute(
        """
        create or replace table identity.match_quality as
        select
            $period as period,
            cast($precision as double) as precision, cast($precision_low as double) as precision_low,
            cast($precision_high as double) as precision_high,
            cast($recall as double) as recall, cast($recall_low as double) as recall_low, cast($recall_high as double) as recall_high,
            cast($decided as bigint) as pairs_decided
        """,
        {
            "period": period,
            "precision": quality.precision,
            "precision_low": quality.precision_low,
            "precision_high": quality.precision_high,
            "recall": quality.recall,
            "recall_low": quality.recall_low,
            "recall_high": quality.recall_high,
            "decided": quality.decided,
        },
    )


def quality_of(con: duckdb.DuckDBPyConnection, strata: str = "identity.match_strata") -> Quality:
    """Precision and recall out of the kinds of pairs and the decisions on them."""
    rows = con.execute(f"select stratum, pairs, same, different, mean_probability from {strata} order by stratum").fetchall()
    return estimate([Stratum(code, STRATA[code], pairs, same, different, expected) for code, pairs, same, different, expected in rows])


def _show(con: duckdb.DuckDBPyConnection) -> None:
    """What a release's review file takes along."""
    con.execute("create schema if not exists review")
    con.execute("create or replace view review.match_queue as select * exclude (a, b) from identity.review_queue")
    con.execute("create or replace view review.match_strata as select * from identity.match_strata")
    con.execute("create or replace view review.match_quality as select * from identity.match_quality")
    con.execute("create or replace view review.match_queue_cut as select * from identity.queue_cut")
    con.execute("create or replace view review.match_findings as select * from identity.match_findings")
    # Whatever there is evidence of may be decided, queued or not.
    con.execute("""
        create or replace view review.match_known as
        select pair_id, source_system_a, source_person_no_a, source_system_b, source_person_no_b, fields_hash
        from identity.match_evidence
        where is_current
    """)
