-- One row per measure of deliveries, scheme and line of divisions: rows delivered, landed and rejected of the deliveries in force for the
-- closing month. The bureau's own tables belong to no scheme. Grain: (measure_code, scheme, division_code).
with

deliveries as (
    select
        groups.scheme_group as scheme,
        -- An office that is no county of the month shares the line 未分县区.
        case
            when deliveries.office = '{{ var("city_code") }}' then deliveries.office
            else coalesce(counties.division_code, '{{ var("unassigned_code") }}')
        end as office,
        deliveries.rows_delivered,
        deliveries.rows_landed,
        deliveries.rows_rejected
    from {{ source('control', 'deliveries') }} as deliveries
    inner join {{ ref('scheme_groups') }} as groups
        on deliveries.system = groups.scheme
    left join {{ ref('int_divisions') }} as counties
        on deliveries.period = counties.period
            and deliveries.office = counties.division_code
            and counties.division_level = 'county'
    where deliveries.is_in_force and deliveries.period in (select period from {{ source('control', 'close_period') }})
),

places as (
    select scheme, '{{ var("city_code") }}' as division_code, rows_delivered, rows_landed, rows_rejected
    from deliveries
    union all
    select scheme, office as division_code, rows_delivered, rows_landed, rows_rejected
    from deliveries
    where office <> '{{ var("city_code") }}'
),

counted as (
    select 'ROWS_DELIVERED' as measure_code, scheme, division_code, rows_delivered as row_count from places
    union all
    select 'ROWS_LANDED' as measure_code, scheme, division_code, rows_landed as row_count from places
    union all
    select 'ROWS_REJECTED' as measure_code, scheme, division_code, rows_rejected as row_count from places
)

select
    measure_code,
    scheme,
    division_code,
    {{ amount('sum(row_count)') }} as value
from counted
group by
    measure_code,
    scheme,
    division_code
