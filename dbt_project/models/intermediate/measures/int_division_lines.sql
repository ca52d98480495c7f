-- One row per line of divisions that the closing month's tables show: the city, its counties and townships of that month's snapshot,
-- and the lines 未分县区 and 未分乡镇 that are in use: a relation, settlement or ledger row of the month stands under them, or (is_in_use_now
-- false, in windows alone) one of an earlier month did. Grain: (division_code).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

relation_months as (
    select
        division_code,
        township_code
    from {{ ref('int_relation_months') }}
    where period in (select period from close_period)
),

in_use as (
    select division_code
    from relation_months
    union
    select township_code as division_code
    from relation_months
    union
    select division_code
    from {{ ref('fct_settlements') }}
    where month in (select period from close_period)
    union
    select division_code
    from {{ ref('fct_fund_ledger') }}
    where month in (select period from close_period)
),

used_before as (
    select distinct published.division_code
    from {{ source('published', 'measure_values') }} as published
    inner join {{ ref('int_window_months') }} as window_months
        on published.period = window_months.period
            and window_months.years_back = 0
),

unassigned as (
    select
        division_code,
        max(is_in_use_now) as is_in_use_now
    from (
        select
            division_code,
            1 as is_in_use_now
        from in_use
        union all
        select
            division_code,
            0 as is_in_use_now
        from used_before
    ) as uses
    where division_code = '{{ var("unassigned_code") }}' or right(division_code, 3) = '000' and length(division_code) = 9
    group by division_code
),

delivered as (
    select
        division_code,
        division_level,
        county_code
    from {{ ref('int_divisions') }}
    where period in (select period from close_period) and division_level in ('county', 'township')
)

select
    '{{ var("city_code") }}' as division_code,
    'city' as division_level,
    cast(null as varchar) as county_code,
    false as is_unassigned,
    true as is_in_use_now
union all
select
    division_code,
    division_level,
    county_code,
    false as is_unassigned,
    true as is_in_use_now
from delivered
union all
select
    division_code,
    case when length(division_code) = 6 then 'county' else 'township' end as division_level,
    case when length(division_code) = 6 then division_code else left(division_code, 6) end as county_code,
    true as is_unassigned,
    is_in_use_now = 1 as is_in_use_now
from unassigned
where division_code not in (select division_code from delivered)
