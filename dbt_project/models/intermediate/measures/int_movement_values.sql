-- One row per movement measure, scheme and line of divisions: who came, who left and why, what the month before would count now less
-- what was published then, and the lines of excused offices. Grain: (measure_code, scheme, division_code).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

places as (
    select * from {{ ref('int_insured_places') }}
),

now_insured as (
    select * from places
    where period in (select period from close_period)
),

before_insured as (
    select * from places
    where period in (select previous_period from close_period)
),

entries as (
    select
        now_insured.scheme,
        now_insured.division_code
    from now_insured
    left join before_insured
        on now_insured.scheme = before_insured.scheme
            and now_insured.division_level = before_insured.division_level
            and now_insured.division_code = before_insured.division_code
            and now_insured.person_id = before_insured.person_id
            and before_insured.is_comparable
    where now_insured.is_comparable and before_insured.person_id is null
),

recounted as (
    select
        scheme,
        division_code,
        count(*) as persons
    from before_insured
    group by
        scheme,
        division_code
),

published_before as (
    select
        scheme,
        division_code,
        value
    from {{ source('published', 'measure_values') }}
    where
        measure_code = 'INSURED'
        and period_type = 'point'
        and period in (select previous_period from close_period where previous_on_record)
),

counted as (
    select 'ENTRIES' as measure_code, scheme, division_code from entries
    union all
    select 'EXITS' as measure_code, scheme, division_code from {{ ref('int_insured_exits') }}
    union all
    select 'EXITS.' || exit_reason as measure_code, scheme, division_code from {{ ref('int_insured_exits') }}
    union all
    select 'NOT_REPORTED' as measure_code, scheme, division_code from before_insured where not is_comparable
    union all
    select 'RESUMED' as measure_code, scheme, division_code from now_insured where not is_comparable
)

select
    measure_code,
    scheme,
    division_code,
    {{ amount('count(*)') }} as value
from counted
group by
    measure_code,
    scheme,
    division_code
union all
select
    'INSURED_PREV' as measure_code,
    scheme,
    division_code,
    {{ amount('value') }} as value
from published_before
union all
select
    'REVISION' as measure_code,
    division_cells.scheme,
    division_cells.division_code,
    -- A line that the month before did not publish had nobody; one that it published as null stays null.
    {{ amount('coalesce(recounted.persons, 0) - case when published_before.scheme is null then 0 else published_before.value end') }} as value
from {{ ref('int_measure_cells') }} as division_cells
left join published_before
    on division_cells.scheme = published_before.scheme
        and division_cells.division_code = published_before.division_code
left join recounted
    on division_cells.scheme = recounted.scheme
        and division_cells.division_code = recounted.division_code
where division_cells.measure_code = 'REVISION'
