-- One row per delivery in force for the closing month and table of it with at least one column that a code map covers: rows landed, and
-- those of them with a code that the map does not hold (DQ-04). Grain: (delivery_id, table_name).
with

coded_tables as (
    select distinct
        source_system,
        source_table as table_name
    from ({{ coded_sets() }}) as listed
),

deliveries as (
    select
        deliveries.delivery_id,
        deliveries.system as source_system,
        deliveries.office
    from {{ source('control', 'deliveries') }} as deliveries
    inner join {{ source('control', 'close_period') }} as close_period
        on deliveries.period = close_period.period
    where deliveries.is_in_force
),

unmapped as (
    select
        delivery as delivery_id,
        source_table as table_name,
        count(distinct line) as unmapped_rows
    from {{ ref('int_unmapped_codes') }}
    group by
        delivery,
        source_table
)

select
    landed_rows.delivery_id,
    landed_rows.table_name,
    deliveries.source_system,
    deliveries.office,
    landed_rows.rows_landed as coded_rows,
    {{ count_of('coalesce(unmapped.unmapped_rows, 0)') }} as unmapped_rows
from {{ ref('int_landed_rows') }} as landed_rows
inner join deliveries
    on landed_rows.delivery_id = deliveries.delivery_id
inner join coded_tables
    on deliveries.source_system = coded_tables.source_system
        and landed_rows.table_name = coded_tables.table_name
left join unmapped
    on landed_rows.delivery_id = unmapped.delivery_id
        and landed_rows.table_name = unmapped.table_name
