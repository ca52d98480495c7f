-- What was published stays what was published: no value of an earlier month differs from its own release's.
select
    published.period_type,
    published.period,
    published.division_code,
    published.scheme,
    published.measure_code
from {{ source('published', 'measure_values') }} as published
inner join {{ source('control', 'close_period') }} as close_period
    on published.period < close_period.period
        and published.period >= cast(cast(left(close_period.period, 4) as integer) - 1 as varchar) || '-01'
left join {{ ref('measure_values') }} as measure_values
    on published.period_type = measure_values.period_type
        and published.period = measure_values.period
        and published.division_code = measure_values.division_code
        and published.scheme = measure_values.scheme
        and published.measure_code = measure_values.measure_code
where
    measure_values.measure_code is null
    or published.value <> measure_values.value
    or (published.value is null) <> (measure_values.value is null)
