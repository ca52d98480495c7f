"""The true duplicate cases of each month: pairs of relations of one true person, their type, whether legitimate, what is kept, the cost.

What belongs here: the rules of the design page in SQL of their own, over the rows that land. What does not: recognising persons (the truth
knows them).
"""

from __future__ import annotations

# `{month}` is the period, `{first}` the first delivered one. Intervals follow the newest snapshot up to the month that shows a relation.
OVERLAPS = """
with
month_bounds as materialized (
    select last_day(date '{month}-01') as month_end
),
seen as materialized (
    select entered.*, month_end as snapshot_end
    from truth.relations_of_persons_with_several as entered
    where period <= '{month}'
),
newest as materialized (
    select * from seen
    qualify row_number() over (partition by scheme, relation_id order by period desc, office) = 1
),
last_normal as materialized (
    select scheme, relation_id, max(snapshot_end) as last_normal_day from seen where is_normal group by all
),
intervals as materialized (
    select
        newest.true_person_id, newest.scheme, newest.relation_id, newest.source_person_no, newest.county, newest.category,
        newest.employer,
        newest.first_day,
        case
            when newest.is_normal and (newest.period = '{month}' or newest.last_day <= newest.snapshot_end) then newest.last_day
            when newest.is_normal then last_normal.last_normal_day
            when newest.last_day <= newest.snapshot_end then newest.last_day
            else last_normal.last_normal_day
        end as last_day,
        newest.is_normal or newest.last_day <= newest.snapshot_end or last_normal.last_normal_day is not null as is_ever_normal,
        case newest.scheme when 'employee' then 1 when 'resident' then 2 else 3 end as scheme_order
    from newest
    left join last_normal on newest.scheme = last_normal.scheme and newest.relation_id = last_normal.relation_id
),
spans as materialized (
    select * exclude (last_day), least(coalesce(last_day, date '9999-12-31'), date '9999-12-31') as last_day
    from intervals
    where is_ever_normal and first_day is not null and first_day <= coalesce(last_day, date '9999-12-31')
        and first_day <= (select month_end from month_bounds)
),
several as materialized (
    select * from spans where true_person_id in (select true_person_id from spans group by true_person_id having count(*) > 1)
),
pairs as materialized (
    select
        a.true_person_id, a.scheme as scheme_a, a.relation_id as relation_id_a, a.source_person_no as source_person_no_a,
        a.county as division_code_a,
        b.scheme as scheme_b, b.relation_id as relation_id_b, b.source_person_no as source_person_no_b, b.county as division_code_b,
        a.first_day as first_a, a.last_day as last_a, b.first_day as first_b, b.last_day as last_b, a.category as category_a,
        b.category as category_b,
        greatest(a.first_day, b.first_day) as overlap_from, least(a.last_day, b.last_day) as overlap_end, month_end
    from several as a
    inner join several as b
        on a.true_person_id = b.true_person_id and (a.scheme_order, a.relation_id) < (b.scheme_order, b.relation_id)
        and a.first_day <= b.last_day and b.first_day <= a.last_day
    cross join month_bounds
    where least(a.last_day, b.last_day) >= month_end - interval 24 month
),
three as materialized (
    select
        pairs.relation_id_a, pairs.relation_id_b, pairs.scheme_a, pairs.scheme_b,
        bool_or(c.last_day >= pairs.month_end and pairs.overlap_end >= pairs.month_end) as on_last_day
    from pairs
    inner join several as c
        on pairs.true_person_id = c.true_person_id and c.scheme not in (pairs.scheme_a,
        pairs.scheme_b) and pairs.scheme_a <> pairs.scheme_b
        and c.first_day <= pairs.overlap_end and c.last_day >= pairs.overlap_from
    group by all
),
first_paid as materialized (
    select source_person_no, min(month_from) as month_from from truth.payments where period <= '{month}' group by source_person_no
),
births as materialized (
    select true_person_id, any_value(true_birth_date) as birth from truth.persons group by true_person_id
),
judged as materialized (
    select
        pairs.*,
        pairs.overlap_end >= pairs.month_end as lasts,
        case
            when three.relation_id_a is not null then 'DT-07'
            when '1404' in (coalesce(category_a, ''), coalesce(category_b, '')) then 'DT-08'
            when pairs.scheme_a = 'employee' and category_a = '12' and pairs.scheme_b = 'resident' then 'DT-09'
            when pairs.scheme_a = 'employee' and pairs.scheme_b = 'employee' then 'DT-01'
            when pairs.scheme_a = 'resident' and pairs.scheme_b = 'resident' then 'DT-02'
            when pairs.scheme_a = 'rural' and pairs.scheme_b = 'rural' then 'DT-03'
            when pairs.scheme_b = 'resident' then 'DT-04'
            when pairs.scheme_a = 'employee' then 'DT-05'
            else 'DT-06'
        end as type_code,
        case
            when pairs.scheme_a <> pairs.scheme_b and (
                (first_b >= first_a and date_trunc('month', first_b) = date_trunc('month', last_a))
                or (first_a >= first_b and date_trunc('month', first_a) = date_trunc('month', last_b))
            ) then 'DL-01'
            when (
                (pairs.scheme_a = 'resident' and category_a = '1404' and month(first_a) >= 9 and year(first_a) = year(overlap_from)
                    and pairs.scheme_b in ('resident', 'rural'))
                or (pairs.scheme_b = 'resident' and category_b = '1404' and month(first_b) >= 9 and year(first_b) = year(overlap_from)
                    and pairs.scheme_a in ('resident', 'rural'))
            ) and month(overlap_from) >= 9 and year(least(overlap_end, month_end)) = year(overlap_from) then 'DL-02'
            when pairs.scheme_a = 'resident' and pairs.scheme_b = 'rural' and overlap_from <= births.birth + 90 then 'DL-03'
            when pairs.overlap_end < pairs.month_end and (
                (pairs.scheme_a = 'resident' and first_a >= date '{first}-01' and paid_a.month_from > strftime(overlap_end, '%Y%m'))
                or (pairs.scheme_b = 'resident' and first_b >= date '{first}-01' and paid_b.month_from > strftime(overlap_end, '%Y%m'))
            ) then 'DL-05'
        end as legitimate_rule,
        coalesce(three.on_last_day, false) as three_on_last_day
    from pairs
    left join three
        on pairs.scheme_a = three.scheme_a and pairs.relation_id_a = three.relation_id_a and pairs.scheme_b = three.scheme_b
        and pairs.relation_id_b = three.relation_id_b
    left join births on pairs.true_person_id = births.true_person_id
    left join first_paid as paid_a
        on case when pairs.scheme_a = 'resident' then pairs.source_person_no_a end = paid_a.source_person_no
    left join first_paid as paid_b
        on case when pairs.scheme_b = 'resident' then pairs.source_person_no_b end = paid_b.source_person_no
),
open_relations as materialized (
    select true_person_id, scheme_a as scheme, relation_id_a as relation_id from judged where lasts and legitimate_rule is null
    union
    select true_person_id, scheme_b, relation_id_b from judged where lasts and legitimate_rule is null
),
received as materialized (
    select source_person_no, employer, max(month) as last_month from truth.contributions where period <= '{month}' group by all
),
candidates as materialized (
    select
        open_relations.*, spans.first_day, spans.category, received.last_month,
        min(open_relations.scheme) over (partition by open_relations.true_person_id)
            = max(open_relations.scheme) over (partition by open_relations.true_person_id) as one_scheme
    from open_relations
    inner join spans on open_relations.scheme = spans.scheme and open_relations.relation_id = spans.relation_id
    left join received
        on case when spans.scheme = 'employee' then spans.source_person_no end = received.source_person_no
        and spans.employer = received.employer
),
retained as materialized (
    select true_person_id, scheme, relation_id
    from candidates
    qualify row_number() over (
        partition by true_person_id
        order by
            scheme = 'employee' desc,
            case when scheme = 'employee' then coalesce(last_month, '') end desc,
            case when scheme = 'employee' then first_day end desc,
            coalesce(category, '') = '1404' desc,
            case when one_scheme then first_day end desc,
            first_day,
            scheme = 'rural' desc,
            relation_id
    ) = 1
),
kept as materialized (
    select
        judged.*,
        case when lasts and legitimate_rule is null then retained.relation_id end as retained_relation_id,
        case when lasts and legitimate_rule is null then retained.scheme end as retained_scheme,
        case
            when not lasts or legitimate_rule is not null then null
            when three_on_last_day and type_code = 'DT-07' then 'DK-07'
            when type_code = 'DT-01' then 'DK-01'
            when scheme_a = 'employee' and coalesce(category_a, '') <> '12' and first_a + interval 12 month <= month_end then 'DK-04'
            when scheme_a = 'employee' then 'DK-05'
            when '1404' in (coalesce(category_a, ''), coalesce(category_b, '')) and type_code in ('DT-07', 'DT-08') then 'DK-03'
            when type_code in ('DT-02', 'DT-03') then 'DK-02'
            else 'DK-06'
        end as keep_rule
    from judged
    left join retained on judged.true_person_id = retained.true_person_id
),
yearly as materialized (
    select scheme, sum(yuan) as yuan from truth.standards
    where period = '{month}' and year = {year} and source <> 'person' group by scheme
),
extra as materialized (
    select kept.relation_id_a, kept.relation_id_b, kept.scheme_a, kept.scheme_b, kept.true_person_id, side.scheme, side.relation_id,
        (kept.retained_scheme, kept.retained_relation_id) in ((kept.scheme_a, kept.relation_id_a), (kept.scheme_b,
        kept.relation_id_b)) as holds_retained,
        case kept.scheme_a when 'employee' then 1 when 'resident' then 2 else 3 end as order_a,
        case kept.scheme_b when 'employee' then 1 when 'resident' then 2 else 3 end as order_b
    from kept
    cross join lateral (select kept.scheme_a as scheme, kept.relation_id_a as relation_id union all select kept.scheme_b,
        kept.relation_id_b) as side
    where kept.lasts and kept.legitimate_rule is null and side.scheme <> 'employee'
        and (side.scheme, side.relation_id) <> (kept.retained_scheme, kept.retained_relation_id)
),
booked as materialized (
    select extra.*, yearly.yuan
    from extra left join yearly on extra.scheme = yearly.scheme
    qualify row_number() over (
        partition by extra.scheme, extra.relation_id order by holds_retained desc, order_a, relation_id_a, order_b, relation_id_b
    ) = 1
),
money as materialized (
    select scheme_a, relation_id_a, scheme_b, relation_id_b, sum(yuan) as yuan from booked group by all
)
select
    '{month}' as period, kept.true_person_id, kept.type_code, kept.scheme_a, kept.relation_id_a, kept.source_person_no_a,
        kept.division_code_a,
    kept.scheme_b, kept.relation_id_b, kept.source_person_no_b, kept.division_code_b,
        kept.division_code_a = kept.division_code_b as same_county,
    kept.overlap_from, case when not kept.lasts then kept.overlap_end end as overlap_to,
    date_diff('month', kept.overlap_from, least(kept.overlap_end, kept.month_end)) + 1 as overlap_months,
    kept.legitimate_rule, kept.retained_relation_id, kept.keep_rule, coalesce(money.yuan, 0)::decimal(18, 2) as duplicate_subsidy_yuan
from kept
left join money
    on kept.scheme_a = money.scheme_a and kept.relation_id_a = money.relation_id_a and kept.scheme_b = money.scheme_b
    and kept.relation_id_b = money.relation_id_b
order by kept.true_person_id, kept.scheme_a, kept.relation_id_a, kept.scheme_b, kept.relation_id_b
"""


def overlaps_query(month: str, first: str) -> str:
    """The query of one month's true cases."""
    return OVERLAPS.format(month=month, first=first, year=month[:4])
