"""The evidence: one row for every pair of records that was ever taken for one person, queued, or found to share a number.

What belongs here: what agreed, what was weighed, what was decided by what, in codes and in a Chinese and an English sentence. What does
not: how it was decided (`tiers.py`, `verdicts.py`, `holds.py`), and which pairs a reviewer sees (`review.py`).

`identity.match_evidence` holds the rows, `identity.match_pairs` shows them with their sentences. A pair that is no longer accepted or
queued keeps its row, with `is_current` false.
"""

from __future__ import annotations

import duckdb

from warehouse.identity.comparisons import COMPARISONS
from warehouse.identity.model import MatchModel
from warehouse.identity.scoring import WEIGHTS
from warehouse.identity.tiers import RULE_VERSION, RULES

# Pairs told apart with at least this probability are near misses; the rest is not worth a row.
NEAR_MISS = 0.001

# The keys of the records that a pair of the evidence names.
RECORDS_WITH_EVIDENCE = "select a from identity.match_evidence union all select b from identity.match_evidence"

_FIELDS = ("id_number_tidied", "name", "sex", "birth_date", "phone_number", "household", "village")


def fields_hash_sql(one: str, other: str) -> str:
    """A hash over what is compared of two records, as delivered and cleaned."""
    parts = [f"coalesce(cast({alias}.{column} as varchar), '')" for alias in (one, other) for column in _FIELDS]
    return f"md5(concat_ws('|', {', '.join(parts)}))"


def write_evidence(con: duckdb.DuckDBPyConnection, model: MatchModel, period: str) -> None:
    """Bring `identity.match_evidence` up to date.

    Reads `match_judged`, `match_settled`, `match_scores`, `match_held`, `match_components`, `match_decided` and `match_paired`.
    """
    weights = ", ".join(f"scores.{weight}" for weight in ("mw_prior", *WEIGHTS))
    levels = ", ".join(f"judged.{comparison.code}_level" for comparison in COMPARISONS)
    con.execute(f"""
        create or replace temp table match_evidence_now as
        with
        -- Of a pair the record of the smaller system and number stands first.
        placed as (
            select
                judged.*,
                (one.source_system, one.source_person_no) > (other.source_system, other.source_person_no) as is_turned
            from match_judged as judged
            inner join match_paired as one on judged.a = one.record_key
            inner join match_paired as other on judged.b = other.record_key
        ),
        turned as (
            select
                * replace (case when is_turned then b else a end as a, case when is_turned then a else b end as b),
                a as scored_a,
                b as scored_b
            from placed
        ),
        described as (
            select
                judged.a,
                judged.b,
                one.source_system as source_system_a,
                one.source_person_no as source_person_no_a,
                other.source_system as source_system_b,
                other.source_person_no as source_person_no_b,
                judged.rule,
                judged.verdict as rule_verdict,
                coalesce(settled.verdict, judged.verdict) as verdict_alone,
                settled.match_probability,
                scores.match_weight,
                {weights},
                {levels},
                judged.is_two_own,
                coalesce(root_a.root, one.place) = coalesce(root_b.root, other.place) as is_joined,
                held.reason as held_reason,
                decided.decision,
                decided.fields_hash as decided_fields_hash,
                decided.decided_by as decided_by_whom,
                decided.decided_at,
                decided.reason as decided_why,
                {fields_hash_sql("one", "other")} as fields_hash
            from turned as judged
            inner join match_paired as one on judged.a = one.record_key
            inner join match_paired as other on judged.b = other.record_key
            left join match_components as root_a on one.place = root_a.vertex
            left join match_components as root_b on other.place = root_b.vertex
            left join match_settled as settled on judged.scored_a = settled.a and judged.scored_b = settled.b
            left join match_scores as scores on judged.scored_a = scores.a and judged.scored_b = scores.b
            left join match_held as held on least(one.place, other.place) = held.a and greatest(one.place, other.place) = held.b
            left join match_decided as decided
                on one.source_system = decided.source_system_a
                and one.source_person_no = decided.source_person_no_a
                and other.source_system = decided.source_system_b
                and other.source_person_no = decided.source_person_no_b
        )
        select
            left(md5(source_system_a || ':' || source_person_no_a || '|' || source_system_b || ':' || source_person_no_b), 12) as pair_id,
            described.*,
            case
                when decision = 'different' then 'different'
                when held_reason is not null then 'held'
                when decision = 'same' then 'same'
                else verdict_alone
            end as verdict,
            case
                when decision in ('same', 'different') then 'reviewer'
                when held_reason is not null then 'hold'
                when rule_verdict = 'different' then 'veto'
                when rule_verdict = 'score' then 'score'
                else 'rule'
            end as decided_by,
            case
                when decision = 'different' or held_reason is not null then null
                when decision = 'same' then 'reviewer'
                when verdict_alone = 'same' and rule_verdict = 'score' then 'score'
                when verdict_alone = 'same' then rule
            end as tier,
            '{RULE_VERSION}' as rule_version,
            case when match_probability is not null then '{model.version}' end as model_version
        from described
        where verdict_alone in ('same', 'review', 'finding')
            or decision is not null
            or held_reason is not null
            or (rule_verdict = 'score' and match_probability >= {NEAR_MISS})
            or (is_two_own and match_probability is not null)
    """)
    con.execute("""
        create table if not exists identity.match_evidence as
        select *, '' as first_period, '' as last_period, true as is_current from match_evidence_now where false
    """)
    con.execute(
        """
        create or replace table identity.match_evidence as
        select
            now.*,
            coalesce(least(before.first_period, $period), $period) as first_period,
            coalesce(greatest(before.last_period, $period), $period) as last_period,
            true as is_current
        from match_evidence_now as now
        left join identity.match_evidence as before on now.pair_id = before.pair_id
        union all by name
        select before.* replace (false as is_current)
        from identity.match_evidence as before
        anti join match_evidence_now as now on before.pair_id = now.pair_id
        where before.verdict <> 'different' or before.decision is not null
        order by pair_id
    """,
        {"period": period},
    )
    con.execute("drop table match_evidence_now")
    con.execute(f"create or replace view identity.match_pairs as {_sentences()}")


def _case(column: str, words: dict[str, str]) -> str:
    quoted = " ".join(f"when '{code}' then '{text.replace(chr(39), chr(39) * 2)}'" for code, text in words.items())
    return f"case {column} {quoted} end"


def _agreed(language: str) -> str:
    parts = []
    for comparison in COMPARISONS:
        words = {level.code: getattr(level, language) for level in comparison.levels}
        parts.append(_case(f"{comparison.code}_level", words))
    return f"concat_ws('{'；' if language == 'zh' else '; '}', {', '.join(parts)})"


def _sentences() -> str:
    """The rows of the evidence in words."""
    rules_zh = _case("rule", {rule.code: rule.zh for rule in reversed(RULES)})
    rules_en = _case("rule", {rule.code: rule.en for rule in reversed(RULES)})
    probability = "printf('%.4f', match_probability)"
    day = "left(decided_at, 10)"
    return f"""
        select
            *,
            {_agreed("zh")} || '。' || case
                when decided_by = 'reviewer' and verdict = 'same' then '经' || decided_by_whom || '于' || {day} || '复核，认定为同一人。'
                when decided_by = 'reviewer' then '经' || decided_by_whom || '于' || {day} || '复核，认定为两人。'
                when held_reason = 'two_ids' then '若合并，将把两个各自有效的证件号码并为一人，暂缓合并，须人工复核。'
                when held_reason = 'told_apart' then '若合并，将把已判定为两人的记录并为一人，暂缓合并，须人工复核。'
                when verdict = 'same' and decided_by = 'rule' then '依规则' || rule || '（' || {rules_zh} || '）认定为同一人。'
                when verdict = 'same' then '依评分模型认定为同一人，概率' || {probability} || '。'
                when verdict = 'review' and decided_by = 'score' then '评分概率' || {probability} || '，须人工复核。'
                when verdict = 'review' then '依规则' || rule || '（' || {rules_zh} || '）须人工复核。'
                when verdict = 'finding' then '一个证件号码登记在两人名下，不合并，须核实号码归属。'
                when decided_by = 'veto' then '依规则' || rule || '（' || {rules_zh} || '）认定为两人。'
                else '评分概率' || {probability} || '，认定为两人。'
            end as evidence_zh,
            {_agreed("en")} || '. ' || case
                when decided_by = 'reviewer' then
                    case when verdict = 'same' then 'One person' else 'Two persons' end
                    || ', as ' || decided_by_whom || ' decided on ' || {day} || '.'
                when held_reason = 'two_ids' then 'Held for review: joined, two valid ID numbers would be one person''s.'
                when held_reason = 'told_apart' then 'Held for review: joined, records that were told apart would be one person''s.'
                when verdict = 'same' and decided_by = 'rule' then 'One person by rule ' || rule || ' (' || {rules_en} || ').'
                when verdict = 'same' then 'One person by the model, with probability ' || {probability} || '.'
                when verdict = 'review' and decided_by = 'score' then 'For review: probability ' || {probability} || '.'
                when verdict = 'review' then 'For review by rule ' || rule || ' (' || {rules_en} || ').'
                when verdict = 'finding' then 'One number on two persons; not one person. Whose it is must be found out.'
                when decided_by = 'veto' then 'Two persons by rule ' || rule || ' (' || {rules_en} || ').'
                else 'Two persons: probability ' || {probability} || '.'
            end as evidence_en
        from identity.match_evidence
    """
