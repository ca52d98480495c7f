-- One row per overlap that lasts on the closing month's last day, is not legitimate, and that no county has found to be none:
-- these decide which relation of a person is kept, and what the others cost. Grain: (scheme_a, relation_id_a, scheme_b, relation_id_b).
with

typed_overlaps as (
    select * from {{ ref('int_overlaps_typed') }}
    where is_lasting and legitimate_rule is null
),

answers as (
    select * from {{ ref('int_case_answers') }}
)

select
    typed_overlaps.*,
    row_number() over (
        partition by typed_overlaps.person_id
        order by typed_overlaps.scheme_order_a, typed_overlaps.relation_id_a, typed_overlaps.scheme_order_b, typed_overlaps.relation_id_b
    ) as row_order
from typed_overlaps
left join answers
    on typed_overlaps.scheme_a = answers.scheme_a
        and typed_overlaps.relation_id_a = answers.relation_id_a
        and typed_overlaps.scheme_b = answers.scheme_b
        and typed_overlaps.relation_id_b = answers.relation_id_b
where coalesce(answers.answer, 'none') not in ('legitimate', 'wrong_match')
