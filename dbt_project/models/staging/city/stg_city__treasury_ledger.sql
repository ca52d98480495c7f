-- One row per treasury entry landed; is_entered is false where its number is already on record in an earlier delivery.
-- Grain: (delivery_id, entry_no).
select
    {{ lineage() }},
    entry_no,
    entry_date,
    fund,
    account,
    direction,
    county_code,
    subject_code,
    amount as amount_yuan,
    memo,
    {{ entry_rank('entry_no') }} = 1 as is_entered
from {{ source('city', 'treasury_ledger') }}
