"""What scores lead to: one person, a reviewer's look, or two persons.

What belongs here: weighing a pair's score against the other persons that a record could be, and the limits that no score passes. What does
not: the scores (`scoring.py`), the rules before them (`tiers.py`), and chains of pairs (`holds.py`).

A record without a number of its own can be one person only. Where two holders of different numbers would both fit, each makes the other
less likely: odds of 500 and of 100 leave the first at 500/601, for a reviewer, though each alone would have been accepted.
"""

from __future__ import annotations

import duckdb

from warehouse.identity.model import MatchModel

# Whatever the score: given names that differ are a reviewer's business, unless both records carry the same number; so are birth dates that
# are not known or that no known slip explains. Names that sound alike or have lost a character may pass between grown-up persons who are
# known to live in two villages and share neither household nor telephone: twins share everything but the second character, at school and
# long after, and only one of them may be on record.
# Names run in villages: two villagers of one name were born in one year, or one of them on a day that nobody knew, more often than the
# frequency of the name says. So a date that many of one year share by its slip is for a reviewer where only the village speaks for it.
MAY_BE_ACCEPTED = """
    birth_level not in ('different', 'unknown')
    and (
        birth_level not in ('lunar', 'first_of_january', 'one_part', 'year')
        or phone_level = 'same' or id_level in ('same', 'near') or (place_level <> 'village' and not is_household)
    )
    and (
        name_level = 'exact'
        or (id_level = 'same' and birth_level in ('exact', 'swapped', 'lunar', 'first_of_january', 'century') and sex_level = 'same')
        or (name_level in ('sound', 'lost') and birth_level = 'exact' and sex_level = 'same' and is_grown
            and not is_household and is_elsewhere and phone_level <> 'same')
    )
"""


def settle_scores(con: duckdb.DuckDBPyConnection, model: MatchModel) -> None:
    """Write `match_settled` (a, b, match_probability, verdict): the verdict on every scored pair.

    Reads `match_judged`, `match_scores`, `match_paired`, and `match_components` of what rules and reviewers have joined so far.
    """
    con.execute("""
        create or replace temp table match_rooted as
        select
            records.record_key,
            coalesce(components.root, records.place) as root,
            min(records.own_id) over (partition by coalesce(components.root, records.place)) as own_id
        from match_paired as records
        left join match_components as components on records.place = components.vertex
        where records.record_key in (select a from match_scores union all select b from match_scores)
            or components.root in (
                select found.root
                from match_components as found
                inner join match_paired as scored on found.vertex = scored.place
                where scored.record_key in (select a from match_scores union all select b from match_scores)
            )
    """)
    con.execute(f"""
        create or replace temp table match_settled as
        with
        linked as (
            select
                scores.a,
                scores.b,
                one.root as root_a,
                other.root as root_b,
                one.own_id as own_id_a,
                other.own_id as own_id_b,
                -- Beyond 2^60 nothing is surer, and sums stay exact.
                power(2, least(scores.match_weight, 60)) as odds
            from match_scores as scores
            inner join match_rooted as one on scores.a = one.record_key
            inner join match_rooted as other on scores.b = other.record_key
        ),
        sides as (
            select root_a as root, own_id_b as own_id, odds from linked where own_id_a is null and own_id_b is not null
            union all
            select root_b as root, own_id_a as own_id, odds from linked where own_id_b is null and own_id_a is not null
        ),
        holders as (
            select root, own_id, max(odds) as odds from sides group by root, own_id
        ),
        rivals as (
            select root, sum(odds) as odds from holders group by root
        ),
        weighed as (
            select
                linked.*,
                case
                    when own_id_a is null and own_id_b is not null then linked.odds / (1 + greatest(rivals_a.odds, linked.odds))
                    when own_id_b is null and own_id_a is not null then linked.odds / (1 + greatest(rivals_b.odds, linked.odds))
                    else linked.odds / (1 + linked.odds)
                end as match_probability
            from linked
            left join rivals as rivals_a on linked.root_a = rivals_a.root
            left join rivals as rivals_b on linked.root_b = rivals_b.root
        )
        select
            weighed.a,
            weighed.b,
            weighed.match_probability,
            case
                when judged.verdict <> 'score' then judged.verdict
                when weighed.match_probability >= {model.accept} and ({MAY_BE_ACCEPTED}) then 'same'
                when weighed.match_probability >= {model.review} then 'review'
                else 'different'
            end as verdict
        from weighed
        inner join match_judged as judged on weighed.a = judged.a and weighed.b = judged.b
    """)
    con.execute("drop table match_rooted")
