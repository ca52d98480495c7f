-- One row per system and of the four sums (total cost, fund layers, personal account, cash) of the closing month's settlements: as landed
-- in the delivered decimals, the part of rows kept out, what rounding to the fen left over, and what the city-level table holds.
-- Grain: (source_system, row_code).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

landed as (
    select
        'employee' as source_system,
        is_entered,
        {{ added_up(['total_yuan']) }} as total,
        {{ added_up(['pooled_fund_yuan', 'large_amount_yuan', 'civil_servant_yuan']) }} as fund,
        {{ added_up(['personal_account_yuan']) }} as account,
        {{ added_up(['cash_yuan']) }} as cash,
        cast(0 as decimal(28, 4)) as total_residual,
        cast(0 as decimal(28, 4)) as fund_residual,
        cast(0 as decimal(28, 4)) as account_residual,
        cast(0 as decimal(28, 4)) as cash_residual
    from {{ ref('stg_employee__settlements') }}
    where period in (select period from close_period)
    union all
    select
        'resident' as source_system,
        is_entered,
        {{ added_up(['total_yuan']) }} as total,
        {{ added_up(['pooled_fund_yuan', 'catastrophic_yuan', 'medical_aid_yuan', 'other_payer_yuan']) }} as fund,
        {{ added_up(['personal_account_yuan']) }} as account,
        {{ added_up(['cash_yuan']) }} as cash,
        cast(0 as decimal(28, 4)) as total_residual,
        cast(0 as decimal(28, 4)) as fund_residual,
        cast(0 as decimal(28, 4)) as account_residual,
        cast(0 as decimal(28, 4)) as cash_residual
    from {{ ref('stg_resident__setl_d') }}
    where period in (select period from close_period)
    union all
    select
        'rural' as source_system,
        is_entered,
        coalesce(total_delivered, 0) as total,
        {{ added_up(['pooled_fund_delivered', 'catastrophic_delivered', 'medical_aid_delivered', 'other_payer_delivered']) }} as fund,
        coalesce(family_account_delivered, 0) as account,
        coalesce(cash_delivered, 0) as cash,
        {{ added_up(['total_delivered'], less=[fen('total_delivered')]) }} as total_residual,
        {{ added_up(
            ['pooled_fund_delivered', 'catastrophic_delivered', 'medical_aid_delivered', 'other_payer_delivered'],
            less=[fen('pooled_fund_delivered'), fen('catastrophic_delivered'), fen('medical_aid_delivered'), fen('other_payer_delivered')]
        ) }} as fund_residual,
        {{ added_up(['family_account_delivered'], less=[fen('family_account_delivered')]) }} as account_residual,
        {{ added_up(['cash_delivered'], less=[fen('cash_delivered')]) }} as cash_residual
    from {{ ref('int_rural_claims_ranked') }}
    where period in (select period from close_period)
),

systems as (
    select distinct source_system
    from {{ ref('system_schemes') }}
),

landed_sums as (
    select
        source_system,
        sum(total) as total_landed,
        sum(case when is_entered then 0 else total end) as total_kept_out,
        sum(case when is_entered then total_residual else 0 end) as total_residual,
        sum(fund) as fund_landed,
        sum(case when is_entered then 0 else fund end) as fund_kept_out,
        sum(case when is_entered then fund_residual else 0 end) as fund_residual,
        sum(account) as account_landed,
        sum(case when is_entered then 0 else account end) as account_kept_out,
        sum(case when is_entered then account_residual else 0 end) as account_residual,
        sum(cash) as cash_landed,
        sum(case when is_entered then 0 else cash end) as cash_kept_out,
        sum(case when is_entered then cash_residual else 0 end) as cash_residual
    from landed
    group by source_system
),

entered_sums as (
    select
        source_system,
        sum(total_yuan) as total_entered,
        sum(fund_yuan) as fund_entered,
        sum(personal_account_yuan) as account_entered,
        sum(cash_yuan) as cash_entered
    from {{ ref('fct_settlements') }}
    where month in (select period from close_period)
    group by source_system
),

four_sums as (
    select
        systems.source_system,
        'TOTAL_COST' as row_code,
        landed_sums.total_landed as landed,
        landed_sums.total_kept_out as kept_out,
        landed_sums.total_residual as residual,
        entered_sums.total_entered as entered
    from systems
    left join landed_sums
        on systems.source_system = landed_sums.source_system
    left join entered_sums
        on systems.source_system = entered_sums.source_system
    union all
    select
        systems.source_system,
        'FUND_PAID' as row_code,
        landed_sums.fund_landed as landed,
        landed_sums.fund_kept_out as kept_out,
        landed_sums.fund_residual as residual,
        entered_sums.fund_entered as entered
    from systems
    left join landed_sums
        on systems.source_system = landed_sums.source_system
    left join entered_sums
        on systems.source_system = entered_sums.source_system
    union all
    select
        systems.source_system,
        'ACCOUNT_PAID' as row_code,
        landed_sums.account_landed as landed,
        landed_sums.account_kept_out as kept_out,
        landed_sums.account_residual as residual,
        entered_sums.account_entered as entered
    from systems
    left join landed_sums
        on systems.source_system = landed_sums.source_system
    left join entered_sums
        on systems.source_system = entered_sums.source_system
    union all
    select
        systems.source_system,
        'CASH_PAID' as row_code,
        landed_sums.cash_landed as landed,
        landed_sums.cash_kept_out as kept_out,
        landed_sums.cash_residual as residual,
        entered_sums.cash_entered as entered
    from systems
    left join landed_sums
        on systems.source_system = landed_sums.source_system
    left join entered_sums
        on systems.source_system = entered_sums.source_system
)

select
    source_system,
    row_code,
    {{ amount('coalesce(landed, 0)') }} as landed,
    {{ amount('coalesce(kept_out, 0)') }} as kept_out,
    {{ amount('coalesce(residual, 0)') }} as residual,
    {{ amount('coalesce(entered, 0)') }} as entered
from four_sums
