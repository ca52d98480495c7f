-- Enrollment tasks set from above, by year, division and scheme, as each month's snapshot has them.
-- Grain: (period, year, division_code, scheme).
select
    {{ lineage() }},
    year,
    division_code,
    scheme,
    persons
from {{ source('city', 'enrollment_targets') }}
