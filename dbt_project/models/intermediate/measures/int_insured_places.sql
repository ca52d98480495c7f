-- One row per person and line of divisions where the person is insured on the last day of the closing month or of the month before,
-- for each scheme and for the three basic schemes together: the distinct counts of enrollment are row counts of this table.
-- Grain: (period, scheme, division_level, division_code, person_id).
with

relations as (
    select
        relations.period,
        groups.scheme_group as scheme,
        relations.person_id,
        relations.division_code,
        relations.township_code,
        max(case when relations.is_comparable then 1 else 0 end) as is_comparable
    from {{ ref('int_insured_relations') }} as relations
    inner join {{ ref('scheme_groups') }} as groups
        on relations.scheme = groups.scheme
    group by
        relations.period,
        groups.scheme_group,
        relations.person_id,
        relations.division_code,
        relations.township_code
),

counties as (
    select
        period,
        scheme,
        person_id,
        division_code,
        max(is_comparable) as is_comparable
    from relations
    group by
        period,
        scheme,
        person_id,
        division_code
)

select
    period,
    scheme,
    'township' as division_level,
    township_code as division_code,
    person_id,
    max(is_comparable) = 1 as is_comparable
from relations
where township_code is not null
group by
    period,
    scheme,
    township_code,
    person_id
union all
select
    period,
    scheme,
    'county' as division_level,
    division_code,
    person_id,
    is_comparable = 1 as is_comparable
from counties
union all
select
    period,
    scheme,
    'city' as division_level,
    '{{ var("city_code") }}' as division_code,
    person_id,
    max(is_comparable) = 1 as is_comparable
from counties
group by
    period,
    scheme,
    person_id
