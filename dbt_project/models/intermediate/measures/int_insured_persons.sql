-- One row per person insured in a scheme on the last day of the closing month or of the month before, by the closing month's person
-- ids, with what the person counts as there. Of several normal relations the one with the latest first day, then the smallest relation
-- id, gives the one category. Offices excused in a month are left out of it, even where they have delivered since.
-- Grain: (period, scheme, person_id).
with

relations as (
    select * from {{ ref('int_insured_relations') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by period, scheme, person_id
            order by start_date desc, relation_id
        ) as category_rank
    from relations
)

select
    period,
    scheme,
    person_id,
    max(case when category_rank = 1 then person_category end) as person_category,
    max(case when sex = 'female' then 1 else 0 end) as is_female,
    max(case when {{ add_months_to_day('birth_date', 720) }} <= {{ last_day_of('period') }} then 1 else 0 end) as is_60_plus,
    max(case when special_person_type in ('1', '2', '3') then 1 else 0 end) as is_in_need,
    max(case when is_dead then 1 else 0 end) as is_dead
from ranked
group by
    period,
    scheme,
    person_id
