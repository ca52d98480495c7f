-- One row per measure that the bureau's own tables state for the closing month's year, scheme and line of divisions: persons who should
-- be insured, targets, budgets (BUDGET_<subject>: each subject of the chart), opening balances and their adjustments. `all` stands only
-- where each of the three basic schemes has its row.
-- Grain: (measure_code, scheme, division_code).
with

close_period as (
    select
        period,
        cast(left(period, 4) as integer) as year
    from {{ source('control', 'close_period') }}
),

funds as (
    select distinct
        fund,
        scheme,
        case fund when 'employee_account' then 'A' when 'employee_pool' then 'P' end as account_part
    from {{ ref('balance_measures') }}
),

fund_budgets as (
    select
        funds.fund,
        funds.scheme,
        funds.account_part,
        budgets.subject_code,
        budgets.amount_yuan
    from {{ ref('stg_city__fund_budgets') }} as budgets
    inner join close_period
        on budgets.period = close_period.period
            and budgets.year = close_period.year
    inner join funds
        on budgets.fund = funds.fund
),

-- A subject of the chart that a fund's budget does not list is budgeted at nothing; a fund without any budget has none.
budgeted_subjects as (
    select
        fund_budgets.fund,
        fund_budgets.scheme,
        subjects.subject_code
    from fund_budgets
    inner join {{ ref('ledger_subjects') }} as subjects
        on fund_budgets.scheme = subjects.scheme
            and (fund_budgets.account_part is null or right(subjects.subject_code, 1) = fund_budgets.account_part)
    union
    select
        fund,
        scheme,
        subject_code
    from fund_budgets
),

stated as (
    select
        'INSURABLE' as measure_code,
        population.scheme,
        population.division_code,
        cast(population.persons as decimal(28, 6)) as value
    from {{ ref('stg_city__insurable_population') }} as population
    inner join close_period
        on population.period = close_period.period
            and population.year = close_period.year
    union all
    select
        'ENROLLMENT_TARGET' as measure_code,
        targets.scheme,
        targets.division_code,
        cast(targets.persons as decimal(28, 6)) as value
    from {{ ref('stg_city__enrollment_targets') }} as targets
    inner join close_period
        on targets.period = close_period.period
            and targets.year = close_period.year
    union all
    select
        measures.measure_code,
        measures.scheme,
        '{{ var("city_code") }}' as division_code,
        {{ amount('sum(balances.amount_yuan)') }} as value
    from {{ ref('stg_city__opening_balances') }} as balances
    inner join close_period
        on balances.period = close_period.period
            and balances.year = close_period.year
    inner join {{ ref('fund_year_measures') }} as measures
        on measures.city_table = 'opening'
            and balances.fund = measures.fund
    group by
        measures.measure_code,
        measures.scheme
    union all
    select
        measures.measure_code,
        measures.scheme,
        '{{ var("city_code") }}' as division_code,
        {{ amount('sum(coalesce(balances.adjustment_yuan, 0))') }} as value
    from {{ ref('stg_city__opening_balances') }} as balances
    inner join close_period
        on balances.period = close_period.period
            and balances.year = close_period.year
    inner join {{ ref('fund_year_measures') }} as measures
        on measures.city_table = 'adjustment'
            and balances.fund = measures.fund
    group by
        measures.measure_code,
        measures.scheme
    union all
    select
        measures.measure_code,
        measures.scheme,
        '{{ var("city_code") }}' as division_code,
        {{ amount('sum(budgets.amount_yuan)') }} as value
    from fund_budgets as budgets
    inner join {{ ref('fund_year_measures') }} as measures
        on measures.city_table = 'budget'
            and budgets.fund = measures.fund
            and left(budgets.subject_code, 1) = measures.subject_prefix
    group by
        measures.measure_code,
        measures.scheme
    union all
    select
        'BUDGET_' || {{ subject_named('subjects.subject_code') }} as measure_code,
        subjects.scheme,
        '{{ var("city_code") }}' as division_code,
        {{ amount('sum(coalesce(fund_budgets.amount_yuan, 0))') }} as value
    from budgeted_subjects as subjects
    left join fund_budgets
        on subjects.fund = fund_budgets.fund
            and subjects.subject_code = fund_budgets.subject_code
    group by
        {{ subject_named('subjects.subject_code') }},
        subjects.scheme
),

basic_schemes as (
    select scheme
    from {{ ref('scheme_groups') }}
    where scheme_group = 'all'
)

select
    measure_code,
    scheme,
    division_code,
    value
from stated
where scheme <> 'all'
union all
select
    measure_code,
    'all' as scheme,
    division_code,
    {{ amount('sum(value)') }} as value
from stated
where scheme in (select scheme from basic_schemes)
group by
    measure_code,
    division_code
having count(value) = (select count(*) from basic_schemes)
