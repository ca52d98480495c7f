-- One row per threshold of the catalogue, those that are switched off among them: what a level (ok, watch, alarm) means.
-- Grain: (threshold_code).
select
    threshold_code,
    indicator_code,
    scheme,
    period_type,
    division_level,
    is_upper_bound,
    {{ amount('watch_edge') }} as watch_edge,
    {{ amount('alarm_edge') }} as alarm_edge,
    month_from,
    valid_from,
    valid_to,
    source,
    observed,
    is_verified,
    is_switched_on,
    note_zh
from {{ ref('thresholds') }}
