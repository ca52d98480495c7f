-- One row per measure value of the closing month, in every period type: the month and its last day, windows that end with it, means,
-- balances, distinct persons over windows, and the same of last year (_LY). A value is exact_sum ÷ exact_divisor, kept apart so that a
-- mean is not rounded before an indicator divides by it. Grain: (measure_code, scheme, division_code, period_type).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

cells as (
    select * from {{ ref('int_measure_cells') }}
),

windows as (
    select * from {{ ref('int_window_values') }}
    where years_back = 0
),

month_values as (
    select
        measure_code,
        scheme,
        division_code,
        period_type,
        value as exact_sum,
        {{ count_of('1') }} as exact_divisor,
        {{ count_of('1') }} as months_used,
        'computed' as origin
    from {{ ref('int_month_values') }}
),

window_sums as (
    select
        measure_code,
        scheme,
        division_code,
        period_type,
        case when months_used = month_count and not is_excused then exact_sum end as exact_sum,
        {{ count_of('1') }} as exact_divisor,
        months_used,
        case when uses_history then 'mixed' else 'computed' end as origin
    from windows
    where period_type <> 'month' and not is_mean
),

means as (
    select
        windows.measure_code,
        windows.scheme,
        windows.division_code,
        case when measures.mean_window = 'each' then windows.period_type else 'point' end as period_type,
        case when windows.months_used >= measures.fewest_months and not windows.is_excused then windows.exact_sum end as exact_sum,
        windows.months_used as exact_divisor,
        windows.months_used,
        case when windows.uses_history then 'mixed' else 'computed' end as origin
    from windows
    inner join {{ ref('mean_measures') }} as measures
        on windows.measure_code = measures.measure_code
    where windows.is_mean
),

balance_funds as (
    select
        measures.measure_code,
        groups.scheme_group as scheme,
        count(*) as funds_owed,
        count(balances.amount_yuan) as funds_stated,
        sum({{ added_up(['balances.amount_yuan', 'balances.adjustment_yuan']) }}) as opening_yuan
    from {{ ref('balance_measures') }} as measures
    inner join {{ ref('scheme_groups') }} as groups
        on measures.scheme = groups.scheme
    cross join close_period
    left join {{ ref('stg_city__opening_balances') }} as balances
        on balances.period = close_period.period
            and balances.year = cast(left(close_period.period, 4) as integer)
            and measures.fund = balances.fund
    group by
        measures.measure_code,
        groups.scheme_group
),

balance_flows as (
    select distinct
        measure_code,
        income_measure,
        expenditure_measure
    from {{ ref('balance_measures') }}
),

balances as (
    select
        cells.measure_code,
        cells.scheme,
        cells.division_code,
        'point' as period_type,
        case
            when balance_funds.funds_stated = balance_funds.funds_owed
                then {{ amount('balance_funds.opening_yuan') }} + income.exact_sum - expenditure.exact_sum
        end as exact_sum,
        {{ count_of('1') }} as exact_divisor,
        {{ count_of('1') }} as months_used,
        case when income.origin = 'mixed' or expenditure.origin = 'mixed' then 'mixed' else 'computed' end as origin
    from cells
    inner join balance_flows
        on cells.measure_code = balance_flows.measure_code
    inner join balance_funds
        on cells.measure_code = balance_funds.measure_code
            and cells.scheme = balance_funds.scheme
    left join window_sums as income
        on balance_flows.income_measure = income.measure_code
            and cells.scheme = income.scheme
            and cells.division_code = income.division_code
            and income.period_type = 'ytd'
    left join window_sums as expenditure
        on balance_flows.expenditure_measure = expenditure.measure_code
            and cells.scheme = expenditure.scheme
            and cells.division_code = expenditure.division_code
            and expenditure.period_type = 'ytd'
),

window_facts as (
    select
        years_back,
        period_type,
        month_count,
        sum(case when is_on_record then 1 else 0 end) as months_on_record
    from {{ ref('int_window_months') }}
    where years_back = 0
    group by
        years_back,
        period_type,
        month_count
),

excused_windows as (
    select distinct
        window_months.period_type,
        excused_lines.scheme,
        excused_lines.division_code
    from {{ ref('int_window_months') }} as window_months
    inner join {{ ref('int_excused_lines') }} as excused_lines
        on window_months.period = excused_lines.period
    where window_months.years_back = 0
),

distinct_persons as (
    select
        cells.measure_code,
        cells.scheme,
        cells.division_code,
        window_facts.period_type,
        case
            when excused_windows.scheme is not null then null
            when window_facts.months_on_record = window_facts.month_count then coalesce(counted.value, {{ amount('0') }})
        end as exact_sum,
        {{ count_of('1') }} as exact_divisor,
        {{ count_of('window_facts.months_on_record') }} as months_used,
        'computed' as origin
    from cells
    inner join (
        select measure_code as base_code from {{ ref('distinct_care_measures') }}
    ) as measures
        on cells.measure_code = measures.base_code or cells.measure_code like measures.base_code || '.%'
    cross join window_facts
    left join {{ ref('int_person_care_values') }} as counted
        on cells.measure_code = counted.measure_code
            and cells.scheme = counted.scheme
            and cells.division_code = counted.division_code
            and window_facts.period_type = counted.period_type
    left join excused_windows
        on window_facts.period_type = excused_windows.period_type
            and cells.scheme = excused_windows.scheme
            and cells.division_code = excused_windows.division_code
),

present as (
    select measure_code, scheme, division_code, period_type, exact_sum, exact_divisor, months_used, origin from month_values
    union all
    select measure_code, scheme, division_code, period_type, exact_sum, exact_divisor, months_used, origin from window_sums
    union all
    select measure_code, scheme, division_code, period_type, exact_sum, exact_divisor, months_used, origin from means
    union all
    select measure_code, scheme, division_code, period_type, exact_sum, exact_divisor, months_used, origin from balances
    union all
    select measure_code, scheme, division_code, period_type, exact_sum, exact_divisor, months_used, origin from distinct_persons
),

published_last_year as (
    select earlier.*
    from {{ ref('int_earlier_values') }} as earlier
    inner join close_period
        on earlier.period = {{ add_months_to_period('close_period.period', '-12') }}
    where earlier.value is not null and right(earlier.measure_code, 3) <> '_LY'
),

added_up_last_year as (
    select * from {{ ref('int_window_values') }}
    where years_back = 1 and not is_mean and months_used = month_count
),

last_year as (
    select
        present.measure_code || '_LY' as measure_code,
        present.scheme,
        present.division_code,
        present.period_type,
        coalesce(published_last_year.value, added_up_last_year.exact_sum) as exact_sum,
        {{ count_of('1') }} as exact_divisor,
        coalesce(published_last_year.months_used, added_up_last_year.months_used) as months_used,
        case
            when published_last_year.origin is not null then published_last_year.origin
            when added_up_last_year.uses_history_alone then 'history'
            when added_up_last_year.uses_history then 'mixed'
            else 'copied'
        end as origin
    from present
    left join published_last_year
        on present.measure_code = published_last_year.measure_code
            and present.scheme = published_last_year.scheme
            and present.division_code = published_last_year.division_code
            and present.period_type = published_last_year.period_type
    left join added_up_last_year
        on present.measure_code = added_up_last_year.measure_code
            and present.scheme = added_up_last_year.scheme
            and present.division_code = added_up_last_year.division_code
            and present.period_type = added_up_last_year.period_type
    where
        published_last_year.value is not null
        or added_up_last_year.exact_sum is not null
),

together as (
    select * from present
    union all
    select * from last_year
)

select
    together.measure_code,
    together.scheme,
    together.division_code,
    together.period_type,
    close_period.period,
    {{ amount('together.exact_sum') }} as exact_sum,
    together.exact_divisor,
    {{ ratio('together.exact_sum', 'together.exact_divisor') }} as value,
    together.origin,
    {{ count_of('together.months_used') }} as months_used
from together
cross join close_period
