-- One row per enrollment measure, scheme and line of divisions with anybody in it, on the closing month's last day.
-- Which attribute and which person categories a measure counts is the seed enrollment_measures. Grain: (measure_code, scheme, division_code).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

counts as (
    select
        places.scheme,
        places.division_code,
        persons.person_category,
        count(*) as persons,
        sum(persons.is_female) as is_female,
        sum(persons.is_60_plus) as is_60_plus,
        sum(persons.is_in_need) as is_in_need,
        sum(persons.is_dead) as is_dead
    from {{ ref('int_insured_places') }} as places
    inner join {{ ref('int_insured_persons') }} as persons
        on places.period = persons.period
            and places.scheme = persons.scheme
            and places.person_id = persons.person_id
    where places.period in (select period from close_period)
    group by
        places.scheme,
        places.division_code,
        persons.person_category
),

-- In the three basic schemes together a person is dead, sixty or poor where one of their schemes' records says so.
dead_anywhere as (
    select distinct
        persons.period,
        persons.person_id
    from {{ ref('int_insured_persons') }} as persons
    inner join {{ ref('scheme_groups') }} as groups
        on persons.scheme = groups.scheme
            and groups.scheme_group = 'all'
    where persons.is_dead = 1
),

counts_of_all as (
    select
        places.scheme,
        places.division_code,
        count(*) as persons,
        count(dead_anywhere.person_id) as is_dead
    from {{ ref('int_insured_places') }} as places
    left join dead_anywhere
        on places.period = dead_anywhere.period
            and places.person_id = dead_anywhere.person_id
    where places.scheme = 'all' and places.period in (select period from close_period)
    group by
        places.scheme,
        places.division_code
),

long as (
    select scheme, division_code, person_category, 'persons' as counted, persons as value from counts
    union all
    select scheme, division_code, person_category, 'is_female' as counted, is_female as value from counts
    union all
    select scheme, division_code, person_category, 'is_60_plus' as counted, is_60_plus as value from counts
    union all
    select scheme, division_code, person_category, 'is_in_need' as counted, is_in_need as value from counts
    union all
    select scheme, division_code, person_category, 'is_dead' as counted, is_dead as value from counts
    union all
    select scheme, division_code, cast(null as varchar) as person_category, 'persons' as counted, persons as value from counts_of_all
    union all
    select scheme, division_code, cast(null as varchar) as person_category, 'is_dead' as counted, is_dead as value from counts_of_all
),

-- Every further scheme that a person is insured in is one too many in the sum of schemes (DC-03).
over_reported as (
    select
        division_code,
        count(*) - count(distinct person_id) as persons
    from {{ ref('int_insured_places') }}
    where scheme in ('employee', 'resident', 'rural') and period in (select period from close_period)
    group by division_code
),

units as (
    select distinct
        scheme,
        division_code,
        township_code,
        case when scheme = 'employee' then employer_no else family_no end as unit_number
    from {{ ref('int_insured_relations') }}
    where period in (select period from close_period) and scheme in ('employee', 'rural')
),

unit_places as (
    select scheme, division_code, unit_number from units
    union
    select scheme, township_code as division_code, unit_number from units
    union
    select scheme, '{{ var("city_code") }}' as division_code, unit_number from units
)

select
    measures.measure_code,
    long.scheme,
    long.division_code,
    {{ amount('sum(long.value)') }} as value
from long
inner join {{ ref('enrollment_measures') }} as measures
    on long.counted = measures.counted
        and (measures.scheme is null or long.scheme = measures.scheme)
        and (measures.person_category is null or long.person_category = measures.person_category)
group by
    measures.measure_code,
    long.scheme,
    long.division_code
union all
select
    'INSURED.' || {{ category_named('listed', 'counts.person_category') }} as measure_code,
    counts.scheme,
    counts.division_code,
    {{ amount('sum(counts.persons)') }} as value
from counts
{{ join_category('listed', 'counts.scheme', 'counts.person_category') }}
where counts.person_category is not null
group by
    {{ category_named('listed', 'counts.person_category') }},
    counts.scheme,
    counts.division_code
union all
select
    'INSURED.female.' || person_category as measure_code,
    scheme,
    division_code,
    {{ amount('sum(is_female)') }} as value
from counts
where person_category is not null
group by
    person_category,
    scheme,
    division_code
union all
select
    case when scheme = 'employee' then 'EMPLOYERS' else 'HOUSEHOLDS' end as measure_code,
    scheme,
    division_code,
    {{ amount('count(*)') }} as value
from unit_places
where unit_number is not null and division_code is not null
group by
    scheme,
    division_code
union all
select
    'OVERREPORTED_PERSONS' as measure_code,
    'all' as scheme,
    division_code,
    {{ amount('persons') }} as value
from over_reported
