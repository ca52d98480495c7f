-- The bureau's published figures from before the first delivery, as each month's snapshot has them. is_unreadable: what no number of ours
-- can stand beside, a period that is no month, a division, period type or scheme that does not exist.
-- Grain: (period, history_period, period_type, division_code, scheme, measure_code).
select
    {{ lineage() }},
    period as history_period,
    period_type,
    division_code,
    scheme,
    measure_code,
    value,
    source as history_source,
    not {{ matches('period', "'^[0-9]{4}-(0[1-9]|1[0-2])$'") }}
    or period_type not in ('month', 'quarter', 'year', 'ytd', 'r12', 'point')
    or not {{ matches('division_code', "'^[0-9]{6}([0-9]{3})?$'") }}
    or scheme not in ('employee', 'resident', 'rural', 'maternity', 'all') as is_unreadable
from {{ source('city', 'history') }}
