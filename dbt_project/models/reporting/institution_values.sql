-- One row per indicator value of an institution or a level of institutions, as earlier releases published them. No indicator of
-- institutions is published by this version's catalogue (is_published). Grain: (period_type, period, institution_id, scheme, indicator_code).
select
    period_type,
    period,
    institution_id,
    scheme,
    indicator_code,
    numerator,
    denominator,
    value,
    definition_version,
    level,
    case origin when 'computed' then 'copied' else origin end as origin,
    months_used
from {{ source('published', 'institution_values') }}
where period < (select period from {{ source('control', 'close_period') }})
