-- One row per overlap that was sent to its counties or answered, or whose pair was answered for an earlier rural year: how it stands,
-- and the answer that holds. A pair's own answer holds over one passed on; where its two counties contradict each other none holds.
-- Grain: (scheme_a, relation_id_a, scheme_b, relation_id_b).
with

typed_overlaps as (
    select * from {{ ref('int_overlaps_typed') }}
),

states as (
    select
        *,
        case when scheme_a = 'rural' then left(relation_id_a, length(relation_id_a) - 5) else relation_id_a end as lasting_id_a,
        case when scheme_b = 'rural' then left(relation_id_b, length(relation_id_b) - 5) else relation_id_b end as lasting_id_b,
        right(case when scheme_b = 'rural' then relation_id_b end, 4) as rural_year
    from {{ source('control', 'case_answers') }}
),

passed_on as (
    select
        typed_overlaps.scheme_a,
        typed_overlaps.relation_id_a,
        typed_overlaps.scheme_b,
        typed_overlaps.relation_id_b,
        states.answer,
        states.answered_at,
        -- An answer for a rural year names that year's relation; passed on, it means the same number's next one.
        case
            when states.retained_relation_id = states.relation_id_a then typed_overlaps.relation_id_a
            when states.retained_relation_id = states.relation_id_b then typed_overlaps.relation_id_b
            else states.retained_relation_id
        end as retained_relation_id,
        row_number() over (
            partition by typed_overlaps.scheme_a, typed_overlaps.relation_id_a, typed_overlaps.scheme_b, typed_overlaps.relation_id_b
            order by states.rural_year desc, states.answered_at desc, states.relation_id_a, states.relation_id_b
        ) as recency
    from typed_overlaps
    inner join states
        on typed_overlaps.scheme_a = states.scheme_a
            and typed_overlaps.scheme_b = states.scheme_b
            and case when typed_overlaps.scheme_a = 'rural' then typed_overlaps.source_person_no_a else typed_overlaps.relation_id_a end = states.lasting_id_a
            and case when typed_overlaps.scheme_b = 'rural' then typed_overlaps.source_person_no_b else typed_overlaps.relation_id_b end = states.lasting_id_b
            and states.rural_year < right(typed_overlaps.relation_id_b, 4)
    where states.answer is not null
),

joined as (
    select
        typed_overlaps.person_id,
        typed_overlaps.scheme_a,
        typed_overlaps.relation_id_a,
        typed_overlaps.scheme_b,
        typed_overlaps.relation_id_b,
        states.status as own_status,
        states.answer as own_answer,
        states.retained_relation_id as own_retained_relation_id,
        states.answered_at as own_answered_at,
        states.answered_facts_hash,
        states.sent_at,
        states.note,
        coalesce(states.is_contested, false) as is_contested,
        states.answer is null and not coalesce(states.is_contested, false) and passed_on.answer is not null as is_passed_on,
        passed_on.answer as passed_answer,
        passed_on.retained_relation_id as passed_retained_relation_id,
        passed_on.answered_at as passed_answered_at
    from typed_overlaps
    left join states
        on typed_overlaps.scheme_a = states.scheme_a
            and typed_overlaps.relation_id_a = states.relation_id_a
            and typed_overlaps.scheme_b = states.scheme_b
            and typed_overlaps.relation_id_b = states.relation_id_b
    left join passed_on
        on typed_overlaps.scheme_a = passed_on.scheme_a
            and typed_overlaps.relation_id_a = passed_on.relation_id_a
            and typed_overlaps.scheme_b = passed_on.scheme_b
            and typed_overlaps.relation_id_b = passed_on.relation_id_b
            and passed_on.recency = 1
)

select
    person_id,
    scheme_a,
    relation_id_a,
    scheme_b,
    relation_id_b,
    coalesce(own_status, 'answered_' || passed_answer) as status,
    case when is_passed_on then passed_answer else own_answer end as answer,
    case when is_passed_on then passed_retained_relation_id else own_retained_relation_id end as retained_relation_id,
    case when is_passed_on then passed_answered_at else own_answered_at end as answered_at,
    answered_facts_hash,
    sent_at,
    is_passed_on,
    is_contested,
    note
from joined
where own_status is not null or is_passed_on
