-- One row per delivery in force for the closing month and table: rows that staging holds, and how many of them enter the city-level
-- tables (the others keep their row and reason, 留存未入仓). Grain: (delivery_id, table_name).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

counted as (
    select delivery_id, 'employers' as table_name, count(*) as rows_landed, count(*) as rows_entered
    from {{ ref('stg_employee__employers') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'persons' as table_name, count(*) as rows_landed, count(*) as rows_entered
    from {{ ref('stg_employee__persons') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'enrollments' as table_name, count(*) as rows_landed, count(*) as rows_entered
    from {{ ref('stg_employee__enrollments') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'contributions' as table_name, count(*) as rows_landed, sum(case when is_entered then 1 else 0 end) as rows_entered
    from {{ ref('stg_employee__contributions') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'settlements' as table_name, count(*) as rows_landed, sum(case when is_entered then 1 else 0 end) as rows_entered
    from {{ ref('stg_employee__settlements') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'institutions' as table_name, count(*) as rows_landed, count(*) as rows_entered
    from {{ ref('stg_employee__institutions') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'fund_ledger' as table_name, count(*) as rows_landed, count(*) as rows_entered
    from {{ ref('stg_employee__fund_ledger') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'psn_info_b' as table_name, count(*) as rows_landed, count(*) as rows_entered
    from {{ ref('stg_resident__psn_info_b') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'psn_insu_d' as table_name, count(*) as rows_landed, count(*) as rows_entered
    from {{ ref('stg_resident__psn_insu_d') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'rsdt_psn_clct_detl_d' as table_name, count(*) as rows_landed, sum(case when is_entered then 1 else 0 end) as rows_entered
    from {{ ref('stg_resident__rsdt_psn_clct_detl_d') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'finsubs_d' as table_name, count(*) as rows_landed, sum(case when is_entered then 1 else 0 end) as rows_entered
    from {{ ref('stg_resident__finsubs_d') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'setl_d' as table_name, count(*) as rows_landed, sum(case when is_entered then 1 else 0 end) as rows_entered
    from {{ ref('stg_resident__setl_d') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'fixmedins_b' as table_name, count(*) as rows_landed, count(*) as rows_entered
    from {{ ref('stg_resident__fixmedins_b') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'fund_ledger_d' as table_name, count(*) as rows_landed, count(*) as rows_entered
    from {{ ref('stg_resident__fund_ledger_d') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'families' as table_name, count(*) as rows_landed, sum(case when is_entered then 1 else 0 end) as rows_entered
    from {{ ref('stg_rural__families') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'members' as table_name, count(*) as rows_landed, sum(case when is_entered then 1 else 0 end) as rows_entered
    from {{ ref('stg_rural__members') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'financing' as table_name, count(*) as rows_landed, sum(case when is_entered then 1 else 0 end) as rows_entered
    from {{ ref('stg_rural__financing') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'institutions' as table_name, count(*) as rows_landed, count(*) as rows_entered
    from {{ ref('stg_rural__institutions') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'fund_ledger' as table_name, count(*) as rows_landed, count(*) as rows_entered
    from {{ ref('stg_rural__fund_ledger') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'divisions' as table_name, count(*) as rows_landed, count(*) as rows_entered
    from {{ ref('stg_city__divisions') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'insurable_population' as table_name, count(*) as rows_landed, count(*) as rows_entered
    from {{ ref('stg_city__insurable_population') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'enrollment_targets' as table_name, count(*) as rows_landed, count(*) as rows_entered
    from {{ ref('stg_city__enrollment_targets') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'financing_standards' as table_name, count(*) as rows_landed, count(*) as rows_entered
    from {{ ref('stg_city__financing_standards') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'opening_balances' as table_name, count(*) as rows_landed, count(*) as rows_entered
    from {{ ref('stg_city__opening_balances') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'fund_budgets' as table_name, count(*) as rows_landed, count(*) as rows_entered
    from {{ ref('stg_city__fund_budgets') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'institution_budgets' as table_name, count(*) as rows_landed, count(*) as rows_entered
    from {{ ref('stg_city__institution_budgets') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'treasury_ledger' as table_name, count(*) as rows_landed, sum(case when is_entered then 1 else 0 end) as rows_entered
    from {{ ref('stg_city__treasury_ledger') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'payout_plans' as table_name, count(*) as rows_landed, sum(case when is_entered then 1 else 0 end) as rows_entered
    from {{ ref('stg_city__payout_plans') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'history' as table_name, count(*) as rows_landed, count(*) as rows_entered
    from {{ ref('stg_city__history') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, 'supplements' as table_name, count(*) as rows_landed, count(*) as rows_entered
    from {{ ref('stg_city__supplements') }}
    where period in (select period from close_period)
    group by delivery_id
    union all
    select delivery_id, source_table as table_name, count(*) as rows_landed, sum(case when is_entered then 1 else 0 end) as rows_entered
    from {{ ref('int_rural_claims_ranked') }}
    where period in (select period from close_period)
    group by delivery_id, source_table
)

select
    delivery_id,
    table_name,
    {{ count_of('rows_landed') }} as rows_landed,
    {{ count_of('rows_entered') }} as rows_entered,
    {{ count_of('rows_landed - rows_entered') }} as rows_kept_out
from counted
