-- One row per delivered ledger line: insurance type, ledger subject and accounting month. The employee and resident ledgers are
-- city-wide, the rural one stands by county; offices that are no county of the month share the line 未分县区. Rows of an insurance type
-- that belongs to no fund stay, with is_of_fund false. Grain: (source_system, insurance_type_code, subject_code, month, delivery_id).
with

employee as (
    select * from {{ ref('stg_employee__fund_ledger') }}
),

resident as (
    select * from {{ ref('stg_resident__fund_ledger_d') }}
),

rural as (
    select * from {{ ref('stg_rural__fund_ledger') }}
),

counties as (
    select * from {{ ref('int_divisions') }}
    where division_level = 'county'
),

unioned as (
    select
        'employee' as source_system,
        insurance_type_code,
        case when insurance_type in ('employee', 'maternity') then insurance_type end as scheme,
        case
            when insurance_type = 'maternity' then 'maternity'
            when insurance_type = 'employee' and right(subject_code, 1) = 'A' then 'employee_account'
            when insurance_type = 'employee' then 'employee_pool'
        end as fund,
        '{{ var("city_code") }}' as division_code,
        month,
        subject_code,
        amount_yuan,
        cast(amount_yuan as decimal(20, 4)) as amount_delivered,
        delivery_id,
        line_number
    from employee
    union all
    select
        'resident' as source_system,
        insurance_type_code,
        case when insurance_type = 'resident' then 'resident' end as scheme,
        case when insurance_type = 'resident' then 'resident' end as fund,
        '{{ var("city_code") }}' as division_code,
        month,
        subject_code,
        amount_yuan,
        cast(amount_yuan as decimal(20, 4)) as amount_delivered,
        delivery_id,
        line_number
    from resident
    union all
    select
        'rural' as source_system,
        '380' as insurance_type_code,
        'rural' as scheme,
        'rural' as fund,
        coalesce(counties.division_code, '{{ var("unassigned_code") }}') as division_code,
        rural.month,
        rural.subject_code,
        rural.amount_yuan,
        rural.amount_delivered,
        rural.delivery_id,
        rural.line_number
    from rural
    left join counties
        on rural.period = counties.period
            and rural.office = counties.division_code
)

select
    source_system,
    insurance_type_code,
    scheme,
    fund,
    month,
    subject_code,
    left(subject_code, 4) as subject,
    case when length(subject_code) = 5 and right(subject_code, 1) in ('P', 'A') then right(subject_code, 1) else '' end as account_part,
    division_code,
    {{ money_or_zero('amount_yuan') }} as amount_yuan,
    cast(coalesce(amount_delivered, 0) as decimal(20, 4)) as amount_delivered,
    fund is not null as is_of_fund,
    delivery_id,
    line_number
from unioned
