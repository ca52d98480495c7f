-- One row per treasury entry landed; is_entered is false where its number is already on record in an earlier delivery.
-- Grain: (delivery_id, entry_no).
with

source as (
    select * from {{ source('city', 'treasury_ledger') }}
)

select
    {{ lineage() }},
    source.entry_no,
    source.entry_date,
    source.fund,
    source.account,
    source.direction,
    source.county_code,
    source.subject_code,
    source.amount as amount_yuan,
    source.memo,
    {{ is_entered() }} as is_entered
from source
{{ join_repeats(source('city', 'treasury_ledger'), ['entry_no']) }}
