-- One row per division and month on record, as that month's snapshot has it (or the newest snapshot before it, where the city's
-- delivery of the month is excused), with the county and township it lies in. A county has six digits, a township nine, a village
-- twelve, and the codes of the city and of our own lines 未分县区 and 未分乡镇 are nobody else's: what the list writes otherwise has no
-- level, so that it is nowhere counted under a code that nothing else knows. Grain: (period, division_code).
with

months as (
    select * from {{ source('control', 'months') }}
),

snapshots as (
    select distinct period
    from {{ ref('stg_city__divisions') }}
),

snapshot_of_month as (
    select
        months.period,
        max(snapshots.period) as snapshot_period
    from months
    inner join snapshots
        on snapshots.period <= months.period
    group by months.period
),

divisions as (
    select
        snapshot_of_month.period,
        stg.division_code,
        stg.division_name,
        case
            when stg.division_level = 'city' and stg.division_code = '{{ var("city_code") }}' then 'city'
            when stg.division_code in ('{{ var("city_code") }}', '{{ var("unassigned_code") }}') then null
            when stg.division_level = 'county' and {{ matches('stg.division_code', "'^[0-9]{6}$'") }} then 'county'
            -- <county>000 is the county's line 未分乡镇.
            when stg.division_level = 'township' and {{ matches('stg.division_code', "'^[0-9]{9}$'") }} and right(stg.division_code, 3) <> '000'
                then 'township'
            when stg.division_level = 'village' and {{ matches('stg.division_code', "'^[0-9]{12}$'") }} then 'village'
        end as division_level,
        stg.parent_code,
        stg.valid_from,
        stg.valid_to,
        stg.successor_code
    from snapshot_of_month
    inner join {{ ref('stg_city__divisions') }} as stg
        on stg.period = snapshot_of_month.snapshot_period
)

select
    period,
    division_code,
    division_name,
    division_level,
    parent_code,
    valid_from,
    valid_to,
    successor_code,
    case when division_level in ('county', 'township', 'village') then left(division_code, 6) end as county_code,
    case when division_level in ('township', 'village') then left(division_code, 9) end as township_code
from divisions
