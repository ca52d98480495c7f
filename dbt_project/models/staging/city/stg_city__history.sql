-- The bureau's published figures from before the first delivery, as each month's snapshot has them.
-- Grain: (period, history_period, period_type, division_code, scheme, measure_code).
select
    {{ lineage() }},
    period as history_period,
    period_type,
    division_code,
    scheme,
    measure_code,
    value,
    source as history_source
from {{ source('city', 'history') }}
