-- One row per settlement of the closing month and bound that it should keep once reversals are set off: in scope within the total, the
-- pooled fund within what is in scope, no payment below zero. A reversal whose original is not on record is judged by itself, turned round.
-- Grain: (check_code, row_code, source_system, key).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

settlements as (
    select
        settlements.*,
        case when originals.settlement_id is null then settlements.settlement_id else settlements.reverses_settlement_id end as set_off_id,
        case when settlements.is_reversal and originals.settlement_id is null then -1 else 1 end as turned
    from {{ ref('fct_settlements') }} as settlements
    left join {{ ref('fct_settlements') }} as originals
        on settlements.source_system = originals.source_system
            and settlements.reverses_settlement_id = originals.settlement_id
),

moved as (
    select distinct
        source_system,
        set_off_id
    from settlements
    where month in (select period from close_period)
),

set_off as (
    select
        settlements.source_system,
        settlements.set_off_id,
        sum(settlements.turned * settlements.total_yuan) as total_yuan,
        sum(settlements.turned * settlements.in_scope_yuan) as in_scope_yuan,
        sum(settlements.turned * settlements.pooled_fund_yuan) as pooled_fund_yuan,
        least(
            sum(settlements.turned * settlements.pooled_fund_yuan),
            sum(settlements.turned * settlements.catastrophic_yuan),
            sum(settlements.turned * settlements.civil_servant_yuan),
            sum(settlements.turned * settlements.medical_aid_yuan),
            sum(settlements.turned * settlements.other_payer_yuan),
            sum(settlements.turned * settlements.personal_account_yuan),
            sum(settlements.turned * settlements.cash_yuan)
        ) as smallest_payment_yuan
    from settlements
    inner join moved
        on settlements.source_system = moved.source_system
            and settlements.set_off_id = moved.set_off_id
    group by
        settlements.source_system,
        settlements.set_off_id
),

bounds as (
    select
        settlements.source_system,
        settlements.source_table,
        settlements.settlement_id,
        settlements.delivery_id,
        settlements.line_number,
        bound.row_code,
        case bound.row_code
            when 'in_scope_within_total' then set_off.in_scope_yuan
            when 'pooled_within_scope' then set_off.pooled_fund_yuan
            else 0
        end as left_value,
        case bound.row_code
            when 'in_scope_within_total' then set_off.total_yuan
            when 'pooled_within_scope' then set_off.in_scope_yuan
            else set_off.smallest_payment_yuan
        end as right_value
    from settlements
    inner join set_off
        on settlements.source_system = set_off.source_system
            and settlements.set_off_id = set_off.set_off_id
    cross join (
        select * from (
            values ('in_scope_within_total'), ('pooled_within_scope'), ('no_payment_below_zero')
        ) as listed (row_code)
    ) as bound
    where settlements.month in (select period from close_period)
)

select
    'CHK-24' as check_code,
    row_code,
    source_system,
    source_table,
    settlement_id as key,
    delivery_id as delivery,
    line_number as line,
    {{ amount('left_value') }} as left_value,
    {{ amount('right_value') }} as right_value,
    left_value > right_value as is_failing
from bounds
