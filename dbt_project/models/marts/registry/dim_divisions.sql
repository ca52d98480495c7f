-- One row per division of the closing month's snapshot (city, county, township, village), and the lines that take what has no place:
-- 未分县区 of the city and 未分乡镇 of each county. Whether a line is in use is decided where it is counted. Grain: (division_code).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

divisions as (
    select int_divisions.*
    from {{ ref('int_divisions') }} as int_divisions
    inner join close_period
        on int_divisions.period = close_period.period
),

delivered as (
    select
        division_code,
        division_name,
        division_level,
        parent_code,
        county_code,
        township_code,
        valid_from,
        valid_to,
        successor_code,
        false as is_unassigned_line
    from divisions
    -- A code that the table itself lists as one of our lines would stand twice.
    where division_code <> '{{ var("unassigned_code") }}'
        and not (division_level = 'township' and right(division_code, 3) = '000')
),

unassigned_counties as (
    select
        close_period.unassigned_code as division_code,
        '未分县区' as division_name,
        'county' as division_level,
        close_period.city_code as parent_code,
        close_period.unassigned_code as county_code,
        cast(null as varchar) as township_code,
        cast(null as date) as valid_from,
        cast(null as date) as valid_to,
        cast(null as varchar) as successor_code,
        true as is_unassigned_line
    from close_period
),

unassigned_townships as (
    select
        division_code || '000' as division_code,
        '未分乡镇' as division_name,
        'township' as division_level,
        division_code as parent_code,
        division_code as county_code,
        division_code || '000' as township_code,
        cast(null as date) as valid_from,
        cast(null as date) as valid_to,
        cast(null as varchar) as successor_code,
        true as is_unassigned_line
    from divisions
    -- What stands under 未分县区 stands in no township.
    where division_level = 'county' and division_code <> '{{ var("unassigned_code") }}'
)

select * from delivered
union all
select * from unassigned_counties
union all
select * from unassigned_townships
