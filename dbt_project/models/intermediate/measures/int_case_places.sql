-- One row per case, scheme and line of divisions where the case counts: for each of its two relations the relation's scheme and `all`, in
-- its township, its county and the city. Grain: (case_id, scheme, division_code).
with

places as (
    select case_id, scheme, township_code as division_code from {{ ref('int_case_sides') }}
    union all
    select case_id, scheme, county_code as division_code from {{ ref('int_case_sides') }}
    union all
    select case_id, scheme, '{{ var("city_code") }}' as division_code from {{ ref('int_case_sides') }}
)

select distinct
    places.case_id,
    groups.scheme_group as scheme,
    places.division_code
from places
inner join {{ ref('scheme_groups') }} as groups
    on places.scheme = groups.scheme
where places.division_code is not null
