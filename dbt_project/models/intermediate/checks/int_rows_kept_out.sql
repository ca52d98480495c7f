-- One row per row landed for the closing month whose key another delivery in force of its system already carries (CHK-65): it keeps its row
-- and enters no city-level table. Grain: (row_code, source_system, delivery, key).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

kept_out as (
    {% for system, table, model, key in [
        ('employee', 'contributions', 'stg_employee__contributions', 'contribution_id'),
        ('employee', 'settlements', 'stg_employee__settlements', 'settlement_id'),
        ('resident', 'rsdt_psn_clct_detl_d', 'stg_resident__rsdt_psn_clct_detl_d', 'contribution_id'),
        ('resident', 'finsubs_d', 'stg_resident__finsubs_d', 'subsidy_id'),
        ('resident', 'setl_d', 'stg_resident__setl_d', 'settlement_id'),
        ('rural', 'families', 'stg_rural__families', 'household_no'),
        ('rural', 'members', 'stg_rural__members', 'relation_id'),
        ('rural', 'financing', 'stg_rural__financing', 'receipt_no')
    ] -%}
    select
        '{{ table }}' as source_table,
        '{{ system }}' as source_system,
        period,
        {{ key }} as key,
        delivery_id as delivery,
        line_number as line
    from {{ ref(model) }}
    where not is_entered
    union all
    {% endfor -%}
    select
        source_table,
        'rural' as source_system,
        period,
        settlement_id as key,
        delivery_id as delivery,
        line_number as line
    from {{ ref('int_rural_claims_ranked') }}
    where not is_entered
)

select
    kept_out.source_table as row_code,
    kept_out.source_system,
    kept_out.source_table,
    kept_out.key,
    kept_out.delivery,
    kept_out.line
from kept_out
inner join close_period
    on kept_out.period = close_period.period
