-- One row per measure value of a month before the closing one: as its own release published it, or, for months before the first
-- delivery, as the bureau's history in the newest snapshot states it. Nothing is recomputed here.
-- Grain: (measure_code, scheme, division_code, period_type, period).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

bases as (
    select distinct
        measure_code,
        period_basis
    from {{ ref('int_measure_scopes') }}
),

-- A flow of history is of period_type month, a stock of point; other period types serve that very period alone.
history as (
    select stated.*
    from {{ ref('stg_city__history') }} as stated
    inner join bases
        on stated.measure_code = bases.measure_code
            and (
                stated.period_type not in ('month', 'point')
                or stated.period_type = case bases.period_basis when 'window' then 'month' else 'point' end
            )
    where stated.period in (select max(period) from {{ ref('stg_city__history') }} where period <= (select period from close_period))
        and not coalesce(stated.is_unreadable, false)
)

select
    measure_code,
    scheme,
    division_code,
    period_type,
    period,
    value,
    case origin when 'computed' then 'copied' else origin end as origin,
    months_used,
    true as is_published
from {{ source('published', 'measure_values') }}
where period < (select period from close_period)
union all
select
    measure_code,
    scheme,
    division_code,
    period_type,
    history_period as period,
    {{ amount('value') }} as value,
    'history' as origin,
    {{ count_of('1') }} as months_used,
    false as is_published
from history
where history_period < (select first_period from close_period)
