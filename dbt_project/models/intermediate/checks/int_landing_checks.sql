-- One row per check of source to target, system and office of the closing month: what the ledger of deliveries says against what staging
-- and the city-level tables hold. Grain: (check_code, scheme, division_code, row_code).
with

deliveries as (
    select *
    from {{ source('control', 'deliveries') }}
    where is_in_force and period in (select period from {{ source('control', 'close_period') }})
),

held as (
    select
        delivery_id,
        sum(rows_landed) as rows_landed,
        sum(rows_entered) as rows_entered,
        sum(rows_kept_out) as rows_kept_out
    from {{ ref('int_landed_rows') }}
    group by delivery_id
)

select
    'CHK-60' as check_code,
    case deliveries.system when 'city' then 'all' else deliveries.system end as scheme,
    deliveries.office as division_code,
    deliveries.system || '.delivered' as row_code,
    {{ amount('deliveries.rows_delivered') }} as left_value,
    {{ amount('deliveries.rows_landed + deliveries.rows_rejected') }} as right_value,
    '拒绝 ' || cast(deliveries.rows_rejected as varchar) || ' 行' as note
from deliveries
union all
select
    'CHK-60' as check_code,
    case deliveries.system when 'city' then 'all' else deliveries.system end as scheme,
    deliveries.office as division_code,
    deliveries.system || '.landed' as row_code,
    {{ amount('deliveries.rows_landed') }} as left_value,
    {{ amount('coalesce(held.rows_entered + held.rows_kept_out, 0)') }} as right_value,
    '留存未入仓 ' || cast(coalesce(held.rows_kept_out, 0) as varchar) || ' 行' as note
from deliveries
left join held
    on deliveries.delivery_id = held.delivery_id
union all
select
    'CHK-61' as check_code,
    source_system as scheme,
    '{{ var("city_code") }}' as division_code,
    row_code,
    landed as left_value,
    {{ amount('entered + residual + kept_out') }} as right_value,
    '四舍五入残差 ' || cast(cast(residual as decimal(18, 4)) as varchar)
    || ', 留存未入仓 ' || cast(cast(kept_out as decimal(18, 4)) as varchar) as note
from {{ ref('int_landed_amounts') }}
union all
select
    'CHK-63' as check_code,
    'all' as scheme,
    '{{ var("city_code") }}' as division_code,
    'code_map' as row_code,
    {{ amount('count(*)') }} as left_value,
    {{ amount("count(distinct source_system || ' ' || code_set || ' ' || code || ' ' || valid_from)") }} as right_value,
    cast(null as varchar) as note
from {{ ref('code_map') }}
