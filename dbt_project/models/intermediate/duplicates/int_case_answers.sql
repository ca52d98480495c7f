-- One row per overlap that a county has answered, or whose pair was answered for an earlier rural year: the last answer, with the
-- relation it keeps. A pair's own answer holds over one passed on. Grain: (scheme_a, relation_id_a, scheme_b, relation_id_b).
with

typed_overlaps as (
    select * from {{ ref('int_overlaps_typed') }}
),

answers as (
    select
        *,
        case when scheme_a = 'rural' then left(relation_id_a, length(relation_id_a) - 5) else relation_id_a end as lasting_id_a,
        case when scheme_b = 'rural' then left(relation_id_b, length(relation_id_b) - 5) else relation_id_b end as lasting_id_b,
        right(case when scheme_b = 'rural' then relation_id_b end, 4) as rural_year
    from {{ source('control', 'case_answers') }}
),

matched as (
    select
        typed_overlaps.person_id,
        typed_overlaps.scheme_a,
        typed_overlaps.relation_id_a,
        typed_overlaps.scheme_b,
        typed_overlaps.relation_id_b,
        answers.status,
        answers.answered_at,
        -- An answer for a rural year names that year's relation; passed on, it means the same number's next one.
        case
            when answers.retained_relation_id = answers.relation_id_a then typed_overlaps.relation_id_a
            when answers.retained_relation_id = answers.relation_id_b then typed_overlaps.relation_id_b
            else answers.retained_relation_id
        end as retained_relation_id,
        row_number() over (
            partition by typed_overlaps.scheme_a, typed_overlaps.relation_id_a, typed_overlaps.scheme_b, typed_overlaps.relation_id_b
            order by
                case when answers.relation_id_a = typed_overlaps.relation_id_a and answers.relation_id_b = typed_overlaps.relation_id_b then 0 else 1 end,
                answers.rural_year desc,
                answers.answered_at desc
        ) as answer_rank
    from typed_overlaps
    inner join answers
        on typed_overlaps.scheme_a = answers.scheme_a
            and typed_overlaps.scheme_b = answers.scheme_b
            and case when typed_overlaps.scheme_a = 'rural' then typed_overlaps.source_person_no_a else typed_overlaps.relation_id_a end = answers.lasting_id_a
            and case when typed_overlaps.scheme_b = 'rural' then typed_overlaps.source_person_no_b else typed_overlaps.relation_id_b end = answers.lasting_id_b
            and coalesce(answers.rural_year <= right(typed_overlaps.relation_id_b, 4), true)
)

select
    person_id,
    scheme_a,
    relation_id_a,
    scheme_b,
    relation_id_b,
    status,
    retained_relation_id,
    answered_at
from matched
where answer_rank = 1
