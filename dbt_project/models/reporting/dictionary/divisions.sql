-- One row per division that a number of this release may stand under: the city, its counties, its townships and the lines 未分县区 and
-- 未分乡镇. A division that only earlier months' snapshots know has the name it had last; one without a name goes by its code.
-- Grain: (division_code).
with

current_divisions as (
    select * from {{ ref('dim_divisions') }}
),

snapshots as (
    select
        int_divisions.*,
        row_number() over (partition by int_divisions.division_code order by int_divisions.period desc) as recency
    from {{ ref('int_divisions') }} as int_divisions
),

former_divisions as (
    select snapshots.*
    from snapshots
    left join current_divisions
        on snapshots.division_code = current_divisions.division_code
    where snapshots.recency = 1
        and current_divisions.division_code is null
)

select
    division_code,
    coalesce(nullif(trim(division_name), ''), division_code) as division_name,
    division_level,
    parent_code,
    county_code,
    is_unassigned_line,
    true as is_current
from current_divisions
where division_level in ('city', 'county', 'township')
union all
select
    division_code,
    coalesce(nullif(trim(division_name), ''), division_code) as division_name,
    division_level,
    parent_code,
    county_code,
    false as is_unassigned_line,
    false as is_current
from former_divisions
where division_level in ('city', 'county', 'township')
