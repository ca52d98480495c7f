-- Level-two budget of the year by scheme and institution (RESERVE: kept back), as each month's snapshot has it.
-- Grain: (period, year, scheme, institution_code).
select
    {{ lineage() }},
    year,
    scheme,
    institution_code,
    amount as amount_yuan
from {{ source('city', 'institution_budgets') }}
