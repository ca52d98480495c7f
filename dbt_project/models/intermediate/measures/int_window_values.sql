-- One row per window and cell whose measure may be added up over months, or is the mean of month ends or of months: the sum over the
-- months there are, how many they are and how many there should be. Windows end with the closing month (years_back 0) or with the same
-- month of last year (1). Grain: (years_back, period_type, measure_code, scheme, division_code).
with

added as (
    select
        cells.measure_code,
        cells.measure_code as of_measure,
        cells.scheme,
        cells.division_code,
        cells.is_family or cells.is_unassigned as is_zero_where_absent,
        false as is_mean,
        cast(null as varchar) as mean_window
    from {{ ref('int_measure_cells') }} as cells
    where cells.is_additive_over_months
    union all
    select
        cells.measure_code,
        means.of_measure,
        cells.scheme,
        cells.division_code,
        cells.is_unassigned as is_zero_where_absent,
        true as is_mean,
        means.mean_window
    from {{ ref('int_measure_cells') }} as cells
    inner join {{ ref('mean_measures') }} as means
        on cells.measure_code = means.measure_code
),

windows as (
    select * from {{ ref('int_window_months') }}
),

-- A county that is new in the year did not stand in the months before: nothing happened there then.
lines_by_month as (
    select distinct
        division_code,
        period
    from {{ ref('int_monthly_values') }}
),

excused_windows as (
    select distinct
        windows.years_back,
        windows.period_type,
        excused_lines.scheme,
        excused_lines.division_code
    from windows
    inner join {{ ref('int_excused_lines') }} as excused_lines
        on windows.period = excused_lines.period
),

summed as (
    select
        windows.years_back,
        windows.period_type,
        windows.month_count,
        added.measure_code,
        added.scheme,
        added.division_code,
        added.is_mean,
        sum(
            case
                when monthly.measure_code is not null then monthly.value
                when windows.is_on_record and (added.is_zero_where_absent or not added.is_mean and windows.years_back = 0 and lines_by_month.period is null)
                    then {{ amount('0') }}
            end
        ) as exact_sum,
        {{ count_of("count(
            case
                when monthly.measure_code is not null then monthly.value
                when windows.is_on_record and (added.is_zero_where_absent or not added.is_mean and windows.years_back = 0 and lines_by_month.period is null)
                    then 0
            end
        )") }} as months_used,
        max(case when monthly.origin = 'history' then 1 else 0 end) as uses_history,
        min(case when monthly.origin = 'history' then 1 else 0 end) as uses_history_alone
    from added
    inner join windows
        on added.mean_window is null or added.mean_window = 'each' or added.mean_window = windows.period_type
    left join {{ ref('int_monthly_values') }} as monthly
        on added.of_measure = monthly.measure_code
            and added.scheme = monthly.scheme
            and added.division_code = monthly.division_code
            and windows.period = monthly.period
    left join lines_by_month
        on added.division_code = lines_by_month.division_code
            and windows.period = lines_by_month.period
    group by
        windows.years_back,
        windows.period_type,
        windows.month_count,
        added.measure_code,
        added.scheme,
        added.division_code,
        added.is_mean
)

select
    summed.years_back,
    summed.period_type,
    summed.month_count,
    summed.measure_code,
    summed.scheme,
    summed.division_code,
    summed.is_mean,
    summed.exact_sum,
    summed.months_used,
    summed.uses_history = 1 as uses_history,
    summed.uses_history_alone = 1 as uses_history_alone,
    excused_windows.scheme is not null as is_excused
from summed
left join excused_windows
    on summed.years_back = excused_windows.years_back
        and summed.period_type = excused_windows.period_type
        and summed.scheme = excused_windows.scheme
        and summed.division_code = excused_windows.division_code
