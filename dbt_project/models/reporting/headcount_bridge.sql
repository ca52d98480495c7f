-- One row per month and line of divisions (the city, counties, townships, 未分县区 and 未分乡镇): the persons of the three schemes added up,
-- less those counted twice, less twice those counted three times, are the distinct persons. In the county of an excused office and its
-- townships the columns that need it are null. A person in several townships counts in each.
-- Grain: (period, division_code).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

schemes_of_persons as (
    select
        places.division_code,
        places.person_id,
        max(case when places.scheme = 'employee' then 1 else 0 end) as employee,
        max(case when places.scheme = 'resident' then 1 else 0 end) as resident,
        max(case when places.scheme = 'rural' then 1 else 0 end) as rural
    from {{ ref('int_insured_places') }} as places
    where
        places.scheme in ('employee', 'resident', 'rural')
        and places.period in (select period from close_period)
    group by
        places.division_code,
        places.person_id
),

counted as (
    select
        division_code,
        sum(employee) as employee,
        sum(resident) as resident,
        sum(rural) as rural,
        sum(case when employee + resident + rural = 2 then 1 else 0 end) as counted_twice,
        sum(case when employee + resident + rural = 3 then 1 else 0 end) as counted_three_times,
        count(*) as distinct_persons
    from schemes_of_persons
    group by division_code
),

excused as (
    select
        excused_lines.division_code,
        max(case when excused_lines.scheme = 'employee' then 1 else 0 end) as employee,
        max(case when excused_lines.scheme = 'resident' then 1 else 0 end) as resident,
        max(case when excused_lines.scheme = 'rural' then 1 else 0 end) as rural
    from {{ ref('int_excused_lines') }} as excused_lines
    inner join close_period
        on excused_lines.period = close_period.period
    group by excused_lines.division_code
),

counties as (
    select
        sum(counted.distinct_persons) as distinct_persons,
        max(case when excused.division_code is not null then 1 else 0 end) as has_excused
    from {{ ref('int_division_lines') }} as lines
    left join counted
        on lines.division_code = counted.division_code
    left join excused
        on lines.division_code = excused.division_code
    where lines.division_level = 'county'
),

present as (
    select
        close_period.period,
        lines.division_code,
        case when coalesce(excused.employee, 0) = 0 then coalesce(counted.employee, 0) end as employee,
        case when coalesce(excused.resident, 0) = 0 then coalesce(counted.resident, 0) end as resident,
        case when coalesce(excused.rural, 0) = 0 then coalesce(counted.rural, 0) end as rural,
        case when excused.division_code is null then coalesce(counted.employee + counted.resident + counted.rural, 0) end as sum_of_schemes,
        case when excused.division_code is null then coalesce(counted.counted_twice, 0) end as counted_twice,
        case when excused.division_code is null then coalesce(counted.counted_three_times, 0) end as counted_three_times,
        case when excused.division_code is null then coalesce(counted.distinct_persons, 0) end as distinct_persons,
        case
            when lines.division_level = 'city' and counties.has_excused = 0
                then coalesce(counties.distinct_persons, 0) - coalesce(counted.distinct_persons, 0)
        end as cross_county
    from {{ ref('int_division_lines') }} as lines
    cross join close_period
    cross join counties
    left join counted
        on lines.division_code = counted.division_code
    left join excused
        on lines.division_code = excused.division_code
    where lines.is_in_use_now
),

together as (
    select * from present
    union all
    select
        period,
        division_code,
        employee,
        resident,
        rural,
        sum_of_schemes,
        counted_twice,
        counted_three_times,
        distinct_persons,
        cross_county
    from {{ source('published', 'headcount_bridge') }}
    where period < (select period from close_period)
)

select
    period,
    division_code,
    {{ count_of('employee') }} as employee,
    {{ count_of('resident') }} as resident,
    {{ count_of('rural') }} as rural,
    {{ count_of('sum_of_schemes') }} as sum_of_schemes,
    {{ count_of('counted_twice') }} as counted_twice,
    {{ count_of('counted_three_times') }} as counted_three_times,
    {{ count_of('distinct_persons') }} as distinct_persons,
    {{ count_of('cross_county') }} as cross_county
from together
