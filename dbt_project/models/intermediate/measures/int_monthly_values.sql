-- One row per measure value of one month or one month's last day, up to the closing month: earlier months and the closing one in one
-- table, from which every window is added up. Grain: (measure_code, scheme, division_code, period).
select
    measure_code,
    scheme,
    division_code,
    period,
    value,
    'computed' as origin
from {{ ref('int_month_values') }}
union all
select
    measure_code,
    scheme,
    division_code,
    period,
    value,
    origin
from {{ ref('int_earlier_values') }}
where period_type in ('month', 'point') and right(measure_code, 3) <> '_LY'
