-- One row per indicator value: of the closing month computed, of earlier months as their own releases published them, of months before
-- the first delivery where the history holds all parts. `level` is the band of the thresholds in force that the value lies in.
-- Grain: (period_type, period, division_code, scheme, indicator_code).
with

close_period as (
    select
        period,
        cast(cast(left(period, 4) as integer) - 1 as varchar) || '-01' as oldest_period
    from {{ source('control', 'close_period') }}
),

-- What is measured by the checks themselves, which have read every other number.
check_cells as (
    select distinct
        scopes.indicator_code,
        scopes.scheme,
        '{{ var("city_code") }}' as division_code,
        scopes.period_type,
        close_period.period
    from {{ ref('int_indicator_scopes') }} as scopes
    inner join {{ ref('indicator_terms') }} as terms
        on scopes.indicator_code = terms.indicator_code
            and terms.measure_code in {{ measures_of_checks() }}
    cross join close_period
    where scopes.division_level = 'city' and scopes.period_type = 'month'
),

check_measures as (
    select
        measure_values.measure_code,
        measure_values.scheme,
        measure_values.division_code,
        measure_values.period_type,
        measure_values.period,
        measure_values.value as exact_sum,
        {{ count_of('1') }} as exact_divisor,
        measure_values.origin,
        measure_values.months_used
    from {{ ref('measure_values') }} as measure_values
    inner join close_period
        on measure_values.period = close_period.period
    where measure_values.measure_code in {{ measures_of_checks() }}
),

check_parts as (
    {{ indicator_parts('check_cells', 'check_measures') }}
),

check_values as (
    select
        numerators.indicator_code,
        numerators.scheme,
        numerators.division_code,
        numerators.period_type,
        numerators.period,
        {{ amount('numerators.exact_sum') }} as numerator,
        {{ amount('denominators.exact_sum') }} as denominator,
        {{ ratio('numerators.exact_sum', 'denominators.exact_sum', 'cast(indicators.factor as integer)') }} as value,
        indicators.definition_version,
        numerators.first_origin as origin,
        numerators.months_of_windows as months_used
    from check_parts as numerators
    inner join check_parts as denominators
        on numerators.indicator_code = denominators.indicator_code
            and numerators.part = 'numerator'
            and denominators.part = 'denominator'
    inner join {{ ref('indicators') }} as indicators
        on numerators.indicator_code = indicators.indicator_code
),

values_now as (
    select indicator_values.*
    from {{ ref('int_indicator_values') }} as indicator_values
    inner join close_period
        on indicator_values.period >= close_period.oldest_period
    union all
    select * from check_values
),

judged as (
    select
        values_now.period_type,
        values_now.period,
        values_now.division_code,
        values_now.scheme,
        values_now.indicator_code,
        max(
            case
                when thresholds.is_upper_bound and values_now.value > thresholds.alarm_edge then 3
                when not thresholds.is_upper_bound and values_now.value < thresholds.alarm_edge then 3
                when thresholds.is_upper_bound and values_now.value > thresholds.watch_edge then 2
                when not thresholds.is_upper_bound and values_now.value < thresholds.watch_edge then 2
                else 1
            end
        ) as severity
    from values_now
    inner join {{ ref('thresholds') }} as thresholds
        on values_now.indicator_code = thresholds.indicator_code
            and values_now.scheme = thresholds.scheme
            and values_now.period_type = thresholds.period_type
            and values_now.period >= thresholds.valid_from
            and (thresholds.valid_to is null or values_now.period <= thresholds.valid_to)
            and (thresholds.month_from is null or right(values_now.period, 2) >= thresholds.month_from)
    left join {{ ref('int_division_lines') }} as division_lines
        on values_now.division_code = division_lines.division_code
    where
        thresholds.is_switched_on
        and values_now.value is not null
        and (thresholds.division_level is null or thresholds.division_level = division_lines.division_level)
    group by
        values_now.period_type,
        values_now.period,
        values_now.division_code,
        values_now.scheme,
        values_now.indicator_code
)

select
    values_now.period_type,
    values_now.period,
    values_now.division_code,
    values_now.scheme,
    values_now.indicator_code,
    values_now.numerator,
    values_now.denominator,
    values_now.value,
    values_now.definition_version,
    case judged.severity when 3 then 'alarm' when 2 then 'watch' when 1 then 'ok' end as level,
    values_now.origin,
    {{ count_of('values_now.months_used') }} as months_used
from values_now
left join judged
    on values_now.period_type = judged.period_type
        and values_now.period = judged.period
        and values_now.division_code = judged.division_code
        and values_now.scheme = judged.scheme
        and values_now.indicator_code = judged.indicator_code
union all
select
    published.period_type,
    published.period,
    published.division_code,
    published.scheme,
    published.indicator_code,
    published.numerator,
    published.denominator,
    published.value,
    published.definition_version,
    published.level,
    case published.origin when 'computed' then 'copied' else published.origin end as origin,
    published.months_used
from {{ source('published', 'indicator_values') }} as published
inner join close_period
    on published.period >= close_period.oldest_period
        and published.period < close_period.period
