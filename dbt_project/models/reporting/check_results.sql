-- One row per check, form, division, scheme and row: both sides and the difference. Earlier months as published.
-- Grain: (check_code, report_code, period, division_code, scheme, row_code).
select
    check_code, report_code, period, division_code, scheme, row_code, left_value, right_value, difference, tolerance, severity, outcome, passed, note
from {{ source('published', 'check_results') }}
where period < (select period from {{ source('control', 'close_period') }})
