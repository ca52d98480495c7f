-- Level-one budget of the year by fund and ledger subject, as each month's snapshot has it. Grain: (period, year, fund, subject_code).
select
    {{ lineage() }},
    year,
    fund,
    subject_code,
    amount as amount_yuan
from {{ source('city', 'fund_budgets') }}
