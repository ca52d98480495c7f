-- A fund's balance at 1 January and the adjustment stated since, as each month's snapshot has them. Grain: (period, year, fund).
select
    {{ lineage() }},
    year,
    fund,
    amount as amount_yuan,
    adjustment as adjustment_yuan,
    adjustment_note
from {{ source('city', 'opening_balances') }}
