-- One row per fund check, scheme, line of divisions and row of the closing month. Windows that lean on the bureau's history are compared
-- with nothing: the history's own rows need not add up. Grain: (check_code, scheme, division_code, row_code).
with

close_period as (
    select
        period,
        previous_period,
        cast(left(period, 4) as integer) as year,
        right(period, 2) as month_number
    from {{ source('control', 'close_period') }}
),

measured as (
    select
        measure_code,
        scheme,
        division_code,
        period_type,
        value,
        origin
    from {{ ref('int_measure_values') }}
),

totals as (
    select
        measured.*,
        case measure_code when 'INCOME' then '1' else '2' end as subject_head
    from measured
    where measure_code in ('INCOME', 'EXPENDITURE')
),

subject_sums as (
    select
        scheme,
        division_code,
        period_type,
        substr(measure_code, 6, 1) as subject_head,
        case when count(value) = count(*) then sum(value) end as value
    from measured
    where measure_code like 'SUBJ!_%' escape '!' and right(measure_code, 3) <> '_LY'
    group by
        scheme,
        division_code,
        period_type,
        substr(measure_code, 6, 1)
),

subject_checks as (
    select
        'CHK-10' as check_code,
        totals.scheme,
        totals.division_code,
        totals.measure_code || '.' || totals.period_type as row_code,
        totals.value as left_value,
        subject_sums.value as right_value,
        case
            when totals.value is null then '期间不完整或有单位未报送, 不执行'
            when subject_sums.value is null then '期间含历史数据, 历史无分科目数, 不执行'
        end as note
    from totals
    left join subject_sums
        on totals.scheme = subject_sums.scheme
            and totals.division_code = subject_sums.division_code
            and totals.period_type = subject_sums.period_type
            and totals.subject_head = subject_sums.subject_head
    where totals.scheme <> 'all'
),

three_funds as (
    select
        measures.measure_code,
        measures.division_code,
        measures.period_type,
        case when count(measures.value) = 3 then sum(measures.value) end as value,
        max(case when measures.origin = 'mixed' then 1 else 0 end) as uses_history
    from measured as measures
    inner join {{ ref('scheme_groups') }} as groups
        on measures.scheme = groups.scheme
            and groups.scheme_group = 'all'
    where measures.measure_code in ('INCOME', 'EXPENDITURE', 'BALANCE') and measures.division_code = '{{ var("city_code") }}'
    group by
        measures.measure_code,
        measures.division_code,
        measures.period_type
),

all_checks as (
    select
        'CHK-13' as check_code,
        together.scheme,
        together.division_code,
        together.measure_code || '.' || together.period_type as row_code,
        together.value as left_value,
        case when three_funds.uses_history = 0 then three_funds.value end as right_value,
        case
            when three_funds.uses_history = 1 then '期间含历史数据, 合计取历史自有行, 不执行'
            when together.value is null or three_funds.value is null then '期间不完整或有系统未报送, 不执行'
        end as note
    from measured as together
    inner join three_funds
        on together.measure_code = three_funds.measure_code
            and together.division_code = three_funds.division_code
            and together.period_type = three_funds.period_type
    where together.scheme = 'all'
),

surplus_checks as (
    select
        'CHK-14' as check_code,
        surplus.scheme,
        surplus.division_code,
        'SUR-01.' || surplus.period_type as row_code,
        surplus.value as left_value,
        income.value - expenditure.value as right_value,
        case when surplus.value is null then '期间不完整或有单位未报送, 不执行' end as note
    from {{ ref('int_indicator_values') }} as surplus
    inner join close_period
        on surplus.period = close_period.period
    left join totals as income
        on income.measure_code = 'INCOME'
            and surplus.scheme = income.scheme
            and surplus.division_code = income.division_code
            and surplus.period_type = income.period_type
    left join totals as expenditure
        on expenditure.measure_code = 'EXPENDITURE'
            and surplus.scheme = expenditure.scheme
            and surplus.division_code = expenditure.division_code
            and surplus.period_type = expenditure.period_type
    where surplus.indicator_code = 'SUR-01'
),

openings as (
    select
        measures.measure_code,
        measures.scheme,
        sum({{ added_up(['balances.amount_yuan', 'balances.adjustment_yuan']) }}) as opening_yuan,
        max(case when coalesce(balances.adjustment_yuan, 0) <> 0 and balances.adjustment_note is null then 1 else 0 end) as lacks_note,
        max(case when coalesce(balances.adjustment_yuan, 0) <> 0 then balances.adjustment_note end) as adjustment_note
    from {{ ref('balance_measures') }} as measures
    inner join {{ ref('stg_city__opening_balances') }} as balances
        on measures.fund = balances.fund
    inner join close_period
        on balances.period = close_period.period
            and balances.year = close_period.year
    group by
        measures.measure_code,
        measures.scheme
),

-- Which opening balance and adjustment are those of a balance: those of the same funds.
balance_funds as (
    select
        measure_code,
        scheme,
        {{ text_joined('fund', ' ', 'fund') }} as funds
    from {{ ref('balance_measures') }}
    group by
        measure_code,
        scheme
),

opening_funds as (
    select
        measure_code,
        scheme,
        {{ text_joined('fund', ' ', 'fund') }} as funds
    from {{ ref('fund_year_measures') }}
    where city_table in ('opening', 'adjustment')
    group by
        measure_code,
        scheme
),

-- As the month before published them: what has been delivered for it since is later knowledge.
openings_before as (
    select
        balance_funds.measure_code,
        balance_funds.scheme,
        sum(published.value) as opening_yuan
    from balance_funds
    inner join opening_funds
        on balance_funds.scheme = opening_funds.scheme
            and balance_funds.funds = opening_funds.funds
    inner join {{ source('published', 'measure_values') }} as published
        on opening_funds.measure_code = published.measure_code
            and opening_funds.scheme = published.scheme
            and published.division_code = '{{ var("city_code") }}'
            and published.period_type = 'point'
    inner join close_period
        on published.period = close_period.previous_period
    group by
        balance_funds.measure_code,
        balance_funds.scheme
),

flows as (
    select distinct
        measure_code,
        scheme,
        income_measure,
        expenditure_measure
    from {{ ref('balance_measures') }}
),

-- Rolled forward from the balance that the month before published; in January from the opening balance itself. A change of the stated
-- opening balance or adjustment since the month before is part of the roll.
balance_checks as (
    select
        'CHK-15' as check_code,
        flows.scheme,
        '{{ var("city_code") }}' as division_code,
        flows.measure_code as row_code,
        closing.value as left_value,
        case
            when close_period.month_number = '01' then openings_now.opening_yuan + income.value - expenditure.value
            else before.value + openings_now.opening_yuan - openings_before.opening_yuan + income.value - expenditure.value
        end as right_value,
        case
            when closing.value is null then '年初以来月份不完整, 或缺年初余额, 不执行'
            when close_period.month_number <> '01' and before.value is null then '上月未公布累计结余, 不执行'
            when openings_now.lacks_note = 1 then '年初余额有调整而无说明'
            when openings_now.adjustment_note is not null then '年初余额调整: ' || openings_now.adjustment_note
        end as note
    from flows
    cross join close_period
    left join measured as closing
        on flows.measure_code = closing.measure_code
            and flows.scheme = closing.scheme
            and closing.division_code = '{{ var("city_code") }}'
            and closing.period_type = 'point'
    left join measured as income
        on flows.income_measure = income.measure_code
            and flows.scheme = income.scheme
            and income.division_code = '{{ var("city_code") }}'
            and income.period_type = 'month'
    left join measured as expenditure
        on flows.expenditure_measure = expenditure.measure_code
            and flows.scheme = expenditure.scheme
            and expenditure.division_code = '{{ var("city_code") }}'
            and expenditure.period_type = 'month'
    left join {{ source('published', 'measure_values') }} as before
        on flows.measure_code = before.measure_code
            and flows.scheme = before.scheme
            and before.division_code = '{{ var("city_code") }}'
            and before.period_type = 'point'
            and before.period = close_period.previous_period
    left join openings as openings_now
        on flows.measure_code = openings_now.measure_code
            and flows.scheme = openings_now.scheme
    left join openings_before
        on flows.measure_code = openings_before.measure_code
            and flows.scheme = openings_before.scheme
),

-- Month by month out of what was published, the history before it and the month itself.
months_added as (
    select
        months.measure_code,
        months.scheme,
        months.division_code,
        count(months.value) as month_count,
        sum(months.value) as value
    from (
        select measure_code, scheme, division_code, period, value
        from {{ source('published', 'measure_values') }}
        where period_type = 'month'
        union all
        select measure_code, scheme, division_code, history_period as period, value
        from {{ ref('stg_city__history') }}
        where
            period_type = 'month'
            and not coalesce(is_unreadable, false)
            and period in (select max(period) from {{ ref('stg_city__history') }})
            and history_period < (select first_period from {{ source('control', 'close_period') }})
        union all
        select measured.measure_code, measured.scheme, measured.division_code, close_period.period, measured.value
        from measured
        cross join close_period
        where measured.period_type = 'month'
    ) as months
    inner join close_period
        on left(months.period, 4) = left(close_period.period, 4)
            and months.period <= close_period.period
    where months.measure_code in ('INCOME', 'EXPENDITURE')
    group by
        months.measure_code,
        months.scheme,
        months.division_code
),

window_checks as (
    select
        'CHK-16' as check_code,
        totals.scheme,
        totals.division_code,
        totals.measure_code || '.' || totals.period_type as row_code,
        totals.value as left_value,
        case when months_added.month_count = cast(close_period.month_number as integer) then months_added.value end as right_value,
        case when totals.value is null then '一月以来有月份无数据或有单位未报送, 不执行' end as note
    from totals
    cross join close_period
    left join months_added
        on totals.measure_code = months_added.measure_code
            and totals.scheme = months_added.scheme
            and totals.division_code = months_added.division_code
    where totals.period_type in ('ytd', 'year')
)

select check_code, scheme, division_code, row_code, left_value, right_value, note from subject_checks
union all
select check_code, scheme, division_code, row_code, left_value, right_value, note from all_checks
union all
select check_code, scheme, division_code, row_code, left_value, right_value, note from surplus_checks
union all
select check_code, scheme, division_code, row_code, left_value, right_value, note from balance_checks
union all
select check_code, scheme, division_code, row_code, left_value, right_value, note from window_checks
