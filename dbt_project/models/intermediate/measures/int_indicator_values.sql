-- One row per indicator value of the closing month, and of the months of history where all its parts stand there. value = factor ×
-- numerator ÷ denominator, exact, at each level from its own parts; but for those of the checks (reporting.indicator_values). Grain: (indicator_code, scheme, division_code, period_type, period).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

window_facts as (
    select distinct
        period_type,
        month_count
    from {{ ref('int_window_months') }}
    where years_back = 0
    union
    select
        'point' as period_type,
        {{ count_of('1') }} as month_count
),

present_cells as (
    select
        scopes.indicator_code,
        scopes.scheme,
        division_lines.division_code,
        scopes.period_type,
        close_period.period
    from {{ ref('int_indicator_scopes') }} as scopes
    inner join {{ ref('int_division_lines') }} as division_lines
        on scopes.division_level = division_lines.division_level
            and (division_lines.is_in_use_now or scopes.period_type not in ('month', 'point'))
    inner join window_facts
        on scopes.period_type = window_facts.period_type
    cross join close_period
    where scopes.indicator_code not in (
        select indicator_code
        from {{ ref('indicator_terms') }}
        where measure_code in {{ measures_of_checks() }}
    )
),

history as (
    select
        measure_code,
        scheme,
        division_code,
        period_type,
        period,
        value as exact_sum,
        {{ count_of('1') }} as exact_divisor,
        value,
        origin,
        months_used
    from {{ ref('int_earlier_values') }}
    where not is_published and value is not null
),

history_cells as (
    select distinct
        scopes.indicator_code,
        scopes.scheme,
        history.division_code,
        scopes.period_type,
        history.period
    from {{ ref('int_indicator_scopes') }} as scopes
    inner join {{ ref('indicator_terms') }} as terms
        on scopes.indicator_code = terms.indicator_code
    inner join history
        on terms.measure_code = history.measure_code
            and scopes.scheme = history.scheme
            and scopes.period_type = history.period_type
    inner join {{ ref('int_division_lines') }} as division_lines
        on history.division_code = division_lines.division_code
            and scopes.division_level = division_lines.division_level
),

cells as (
    select * from present_cells
    union all
    select * from history_cells
),

measured as (
    select measure_code, scheme, division_code, period_type, period, exact_sum, exact_divisor, origin, months_used
    from {{ ref('int_measure_values') }}
    union all
    select measure_code, scheme, division_code, period_type, period, exact_sum, exact_divisor, origin, months_used
    from history
),

parts as (
    {{ indicator_parts('cells', 'measured') }}
),

-- Schemes of which an office was excused in the closing month or the month before.
excused as (
    select distinct system_schemes.scheme_group as scheme
    from {{ source('control', 'excused_offices') }} as excused_offices
    inner join {{ ref('system_schemes') }} as system_schemes
        on excused_offices.system = system_schemes.source_system
    inner join close_period
        on excused_offices.period in (close_period.period, close_period.previous_period)
),

joined as (
    select
        cells.indicator_code,
        cells.scheme,
        cells.division_code,
        cells.period_type,
        cells.period,
        case
            when indicators.needs_every_office and cells.division_code = '{{ var("city_code") }}' and excused.scheme is not null
                then null
            else numerators.exact_sum
        end as numerator_sum,
        numerators.exact_divisor as numerator_divisor,
        case when has_denominator.indicator_code is null then {{ amount('1') }} else denominators.exact_sum end as denominator_sum,
        case when has_denominator.indicator_code is null then {{ count_of('1') }} else denominators.exact_divisor end as denominator_divisor,
        cast(indicators.factor as integer) as factor,
        case when indicators.formula_kind = 'annualised' then 12 else 1 end as months_of_year,
        case when indicators.formula_kind = 'annualised' then coalesce(window_facts.month_count, 1) else 1 end as months_of_window,
        indicators.definition_version,
        -- A rate says how many months its windows used; the stocks in it count only where there is nothing else.
        coalesce(
            least(
                coalesce(numerators.months_of_windows, denominators.months_of_windows),
                coalesce(denominators.months_of_windows, numerators.months_of_windows)
            ),
            greatest(
                coalesce(numerators.months_of_stocks, denominators.months_of_stocks),
                coalesce(denominators.months_of_stocks, numerators.months_of_stocks)
            )
        ) as months_used,
        indicators.needs_positive_base,
        least(numerators.first_origin, coalesce(denominators.first_origin, numerators.first_origin)) as first_origin,
        greatest(numerators.last_origin, coalesce(denominators.last_origin, numerators.last_origin)) as last_origin
    from cells
    cross join close_period
    inner join {{ ref('indicators') }} as indicators
        on cells.indicator_code = indicators.indicator_code
    left join window_facts
        on cells.period_type = window_facts.period_type
    left join (
        select distinct indicator_code
        from {{ ref('indicator_terms') }}
        where part = 'denominator'
    ) as has_denominator
        on cells.indicator_code = has_denominator.indicator_code
    left join parts as numerators
        on cells.indicator_code = numerators.indicator_code
            and cells.scheme = numerators.scheme
            and cells.division_code = numerators.division_code
            and cells.period_type = numerators.period_type
            and cells.period = numerators.period
            and numerators.part = 'numerator'
    left join parts as denominators
        on cells.indicator_code = denominators.indicator_code
            and cells.scheme = denominators.scheme
            and cells.division_code = denominators.division_code
            and cells.period_type = denominators.period_type
            and cells.period = denominators.period
            and denominators.part = 'denominator'
    left join excused
        on cells.scheme = excused.scheme
            and cells.period = close_period.period
)

select
    indicator_code,
    scheme,
    division_code,
    period_type,
    period,
    {{ ratio('numerator_sum', 'numerator_divisor') }} as numerator,
    {{ ratio('denominator_sum', 'denominator_divisor') }} as denominator,
    case
        -- A missing, zero or negative base gives no rate of growth.
        when not needs_positive_base or denominator_sum > 0
            then {{ ratio('numerator_sum', 'denominator_sum', 'factor * months_of_year * denominator_divisor', 'months_of_window * numerator_divisor') }}
    end as value,
    definition_version,
    case
        when first_origin = last_origin then first_origin
        when first_origin in ('computed', 'copied') and last_origin in ('computed', 'copied') then 'computed'
        else 'mixed'
    end as origin,
    months_used
from joined
