-- One row per institution as a system lists it in a month's snapshot. Several counties list one rural institution: the list of the
-- county in which it lies is taken, else the smallest office's; each list stays in stg_rural__institutions.
-- Grain: (source_system, institution_code, period).
with

unioned as (
    select
        'employee' as source_system, period, office, institution_code, institution_name, institution_type, institution_level, division_code
    from {{ ref('stg_employee__institutions') }}
    union all
    select
        'resident' as source_system, period, office, institution_code, institution_name, institution_type, institution_level, division_code
    from {{ ref('stg_resident__fixmedins_b') }}
    union all
    select
        'rural' as source_system, period, office, institution_code, institution_name, institution_type, institution_level, division_code
    from {{ ref('stg_rural__institutions') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by source_system, institution_code, period
            order by case when left(division_code, 6) = office then 0 else 1 end, office
        ) as list_rank
    from unioned
)

select
    source_system,
    institution_code,
    period,
    institution_name,
    institution_type,
    institution_level,
    division_code,
    left(coalesce(division_code, institution_code), {{ var('city_prefix') | length }}) <> '{{ var("city_prefix") }}' as is_out_of_area
from ranked
where list_rank = 1
