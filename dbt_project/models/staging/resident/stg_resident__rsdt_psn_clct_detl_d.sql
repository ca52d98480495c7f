-- One row per collection row landed; is_entered is false where its number is already on record in an earlier delivery.
-- Grain: (delivery_id, contribution_id).
with

source as (
    select * from {{ source('resident', 'rsdt_psn_clct_detl_d') }}
)

select
    {{ lineage() }},
    source.clct_id as contribution_id,
    source.psn_no as source_person_no,
    source.insutype as insurance_type_code,
    source.accrym_begn as paid_for_month,
    source.accrym_end as paid_for_to_month,
    source.psn_clct_amt as person_paid_yuan,
    source.subsidised_amt as subsidised_yuan,
    source.clct_time as received_on,
    {{ is_entered() }} as is_entered
from source
{{ join_repeats(source('resident', 'rsdt_psn_clct_detl_d'), ['clct_id']) }}
