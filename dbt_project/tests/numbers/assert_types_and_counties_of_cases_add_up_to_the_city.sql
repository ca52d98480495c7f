-- Pairs of all types are all pairs. The counties' pairs are the city's and, once more, those that stand in two counties, of which the cases
-- themselves tell how many there are. Where an office is excused, its county's cells are null and nothing is compared.
with

point_values as (
    select
        measure_code,
        scheme,
        division_code,
        value
    from {{ ref('int_measure_values') }}
    where period_type = 'point' and length(division_code) = 6 and (measure_code = 'OVERLAP_CASES' or measure_code like 'OVERLAP_CASES.%')
),

types as (
    select distinct line_code
    from {{ ref('duplicate_lines') }}
    where line_group = 'type'
),

by_type as (
    select
        point_values.scheme,
        point_values.division_code,
        sum(point_values.value) as value
    from point_values
    inner join types
        on point_values.measure_code = 'OVERLAP_CASES.' || types.line_code
    group by
        point_values.scheme,
        point_values.division_code
),

in_two_counties as (
    select
        case_lines.line_code,
        count(*) as pairs
    from {{ ref('fct_duplicate_cases') }} as cases
    inner join {{ ref('int_case_lines') }} as case_lines
        on cases.case_id = case_lines.case_id
    where not cases.same_county
    group by case_lines.line_code
),

counties as (
    select
        measure_code,
        count(*) - count(value) as unknown,
        sum(value) as value
    from point_values
    where scheme = 'all' and division_code <> '{{ var("city_code") }}'
    group by measure_code
)

select
    'types' as compared,
    totals.scheme || ' ' || totals.division_code as place,
    totals.value,
    by_type.value as parts
from point_values as totals
inner join by_type
    on totals.scheme = by_type.scheme
        and totals.division_code = by_type.division_code
where totals.measure_code = 'OVERLAP_CASES' and totals.value <> by_type.value
union all
select
    'counties' as compared,
    city.measure_code as place,
    city.value,
    counties.value - coalesce(in_two_counties.pairs, 0) as parts
from point_values as city
inner join counties
    on city.measure_code = counties.measure_code
        and counties.unknown = 0
left join in_two_counties
    on city.measure_code = 'OVERLAP_CASES' || case when in_two_counties.line_code = '' then '' else '.' || in_two_counties.line_code end
where city.scheme = 'all' and city.division_code = '{{ var("city_code") }}' and city.value <> counties.value - coalesce(in_two_counties.pairs, 0)
