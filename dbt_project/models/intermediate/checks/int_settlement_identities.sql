-- One row per settlement landed in the closing month and identity of its source that it owes: both sides in the delivered decimals, a
-- missing amount as nothing. Grain: (check_code, row_code, source_system, delivery, source_table, key).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

employee as (
    select
        *,
        {{ added_up(['pooled_fund_yuan', 'large_amount_yuan', 'civil_servant_yuan', 'personal_account_yuan', 'cash_yuan']) }} as payers_yuan,
        {{ added_up(['self_paid_yuan', 'paid_first_yuan', 'in_scope_yuan']) }} as scopes_yuan
    from {{ ref('stg_employee__settlements') }}
    where period in (select period from close_period)
),

resident as (
    select
        *,
        {{ added_up(['pooled_fund_yuan', 'catastrophic_yuan', 'medical_aid_yuan', 'other_payer_yuan']) }} as layers_yuan,
        {{ added_up(['self_paid_yuan', 'over_limit_yuan', 'paid_first_yuan', 'in_scope_yuan']) }} as scopes_yuan
    from {{ ref('stg_resident__setl_d') }}
    where period in (select period from close_period)
),

rural as (
    select
        *,
        {{ added_up(['pooled_fund_delivered', 'catastrophic_delivered', 'medical_aid_delivered', 'other_payer_delivered', 'family_account_delivered', 'cash_delivered']) }} as payers_delivered
    from {{ ref('int_rural_claims_ranked') }}
    where period in (select period from close_period)
),

identities as (
    select
        'CHK-20' as check_code, 'total_is_all_payers' as row_code, 'employee' as source_system,
        source_table, settlement_id, delivery_id, line_number, total_yuan as left_value, payers_yuan as right_value
    from employee
    union all
    select
        'CHK-21' as check_code, 'total_is_all_scopes' as row_code, 'employee' as source_system,
        source_table, settlement_id, delivery_id, line_number, total_yuan as left_value, scopes_yuan as right_value
    from employee
    union all
    select
        'CHK-20' as check_code, 'total_is_fund_and_person' as row_code, 'resident' as source_system,
        source_table, settlement_id, delivery_id, line_number, total_yuan as left_value,
        {{ added_up(['fund_stated_yuan', 'person_burden_yuan']) }} as right_value
    from resident
    union all
    select
        'CHK-20' as check_code, 'fund_is_all_layers' as row_code, 'resident' as source_system,
        source_table, settlement_id, delivery_id, line_number, fund_stated_yuan as left_value, layers_yuan as right_value
    from resident
    union all
    select
        'CHK-20' as check_code, 'person_is_account_and_cash' as row_code, 'resident' as source_system,
        source_table, settlement_id, delivery_id, line_number, person_burden_yuan as left_value,
        {{ added_up(['personal_account_yuan', 'cash_yuan']) }} as right_value
    from resident
    union all
    select
        'CHK-21' as check_code, 'total_is_all_scopes' as row_code, 'resident' as source_system,
        source_table, settlement_id, delivery_id, line_number, total_yuan as left_value, scopes_yuan as right_value
    from resident
    union all
    select
        'CHK-20' as check_code, 'total_is_all_payers' as row_code, 'rural' as source_system,
        source_table, settlement_id, delivery_id, line_number, total_delivered as left_value, payers_delivered as right_value
    from rural
)

select
    check_code,
    row_code,
    source_system,
    source_table,
    settlement_id as key,
    delivery_id as delivery,
    line_number as line,
    {{ amount('coalesce(left_value, 0)') }} as left_value,
    {{ amount('right_value') }} as right_value,
    coalesce(left_value, 0) <> right_value as is_failing
from identities
