-- Persons who should be insured, by year, division and scheme, as each month's snapshot has them.
-- Grain: (period, year, division_code, scheme).
select
    {{ lineage() }},
    year,
    division_code,
    scheme,
    persons,
    source as population_source
from {{ source('city', 'insurable_population') }}
