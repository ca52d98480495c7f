-- The subsidy paid twice: the cases' own sum is the city's, its schemes and its counties add up to it. Where an office is excused its
-- county's cell is null and counties are not compared.
with

point_values as (
    select
        scheme,
        division_code,
        value
    from {{ ref('int_measure_values') }}
    where measure_code = 'DUPLICATE_SUBSIDY' and period_type = 'point' and length(division_code) = 6
),

compared as (
    select
        'cases' as compared,
        (select value from point_values where scheme = 'all' and division_code = '{{ var("city_code") }}') as city,
        (select {{ amount('coalesce(sum(duplicate_subsidy_yuan), 0)') }} from {{ ref('fct_duplicate_cases') }}) as parts
    union all
    select
        'schemes' as compared,
        (select value from point_values where scheme = 'all' and division_code = '{{ var("city_code") }}') as city,
        (select sum(value) from point_values where scheme <> 'all' and division_code = '{{ var("city_code") }}') as parts
    union all
    select
        'counties ' || counties.scheme as compared,
        city.value as city,
        counties.value as parts
    from point_values as city
    inner join (
        select
            scheme,
            case when count(value) = count(*) then sum(value) end as value
        from point_values
        where division_code <> '{{ var("city_code") }}'
        group by scheme
    ) as counties
        on city.scheme = counties.scheme
    where city.division_code = '{{ var("city_code") }}'
)

select * from compared
where city <> parts
