-- Yuan per person and year that each source pays for a scheme, as each month's snapshot has them.
-- Grain: (period, year, scheme, financing_source).
select
    {{ lineage() }},
    year,
    scheme,
    source as financing_source,
    yuan_per_person
from {{ source('city', 'financing_standards') }}
