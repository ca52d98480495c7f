-- One row per row of the closing month whose days stand in the wrong order (CHK-64): born after insured, insured after the month's end,
-- admitted after discharged, discharged after settled. A row without one of the two days owes nothing.
-- Grain: (row_code, source_system, source_table, delivery, key).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

relations as (
    select
        relation_months.source_system,
        case relation_months.source_system when 'employee' then 'enrollments' when 'resident' then 'psn_insu_d' else 'members' end as source_table,
        relation_months.relation_id as key,
        relation_months.delivery_id as delivery,
        relation_months.line_number as line,
        relation_months.birth_date,
        relation_months.start_date,
        close_period.last_day
    from {{ ref('int_relation_months') }} as relation_months
    inner join close_period
        on relation_months.period = close_period.period
),

settlements as (
    select
        settlements.source_system,
        settlements.source_table,
        settlements.settlement_id as key,
        settlements.delivery_id as delivery,
        settlements.line_number as line,
        settlements.admitted_on,
        settlements.discharged_on,
        settlements.settled_on
    from {{ ref('fct_settlements') }} as settlements
    inner join close_period
        on settlements.month = close_period.period
),

dated as (
    select 'born_before_insured' as row_code, source_system, source_table, key, delivery, line, birth_date as earlier, start_date as later
    from relations
    union all
    select 'insured_before_month_end' as row_code, source_system, source_table, key, delivery, line, start_date as earlier, last_day as later
    from relations
    union all
    select 'admitted_before_discharged' as row_code, source_system, source_table, key, delivery, line, admitted_on as earlier, discharged_on as later
    from settlements
    union all
    select 'discharged_before_settled' as row_code, source_system, source_table, key, delivery, line, discharged_on as earlier, settled_on as later
    from settlements
)

select
    row_code,
    source_system,
    source_table,
    key,
    delivery,
    line
from dated
where earlier > later
