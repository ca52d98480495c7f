-- Figures that no system carries, typed into a template, as each month's snapshot has them.
-- Grain: (period, supplement_period, report_code, division_code, row_code, column_code).
select
    {{ lineage() }},
    period as supplement_period,
    report_code,
    division_code,
    row_code,
    column_code,
    value,
    source as supplement_source,
    entered_by
from {{ source('city', 'supplements') }}
