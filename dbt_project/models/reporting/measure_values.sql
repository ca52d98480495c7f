-- One row per measure value: of the closing month computed, of earlier months as their own releases published them (origin copied), of
-- months before the first delivery as the bureau's history states them. Grain: (period_type, period, division_code, scheme, measure_code).
with

close_period as (
    select
        period,
        cast(cast(left(period, 4) as integer) - 1 as varchar) || '-01' as oldest_period
    from {{ source('control', 'close_period') }}
),

checks as (
    select
        measures.measure_code,
        {{ amount("sum(case when measures.measure_code = 'CHECKS_RUN' or results.passed then 1 else 0 end)") }} as value
    from {{ ref('check_results') }} as results
    inner join close_period
        on results.period = close_period.period
    cross join (select * from (values ('CHECKS_RUN'), ('CHECKS_PASSED')) as listed (measure_code)) as measures
    where results.outcome in ('passed', 'failed')
    group by measures.measure_code
),

together as (
    select
        period_type,
        period,
        division_code,
        scheme,
        measure_code,
        value,
        origin,
        months_used
    from {{ ref('int_measure_values') }}
    union all
    select
        'month' as period_type,
        close_period.period,
        '{{ var("city_code") }}' as division_code,
        'all' as scheme,
        checks.measure_code,
        checks.value,
        'computed' as origin,
        1 as months_used
    from checks
    cross join close_period
    union all
    select
        earlier.period_type,
        earlier.period,
        earlier.division_code,
        earlier.scheme,
        earlier.measure_code,
        earlier.value,
        earlier.origin,
        earlier.months_used
    from {{ ref('int_earlier_values') }} as earlier
    inner join close_period
        on earlier.period >= close_period.oldest_period
)

select
    period_type,
    period,
    division_code,
    scheme,
    measure_code,
    {{ amount('value') }} as value,
    origin,
    {{ count_of('months_used') }} as months_used
from together
