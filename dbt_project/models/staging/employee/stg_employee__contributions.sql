-- One row per contribution row landed; is_entered is false where its number is already on record in an earlier delivery.
-- Grain: (delivery_id, contribution_id).
with

source as (
    select * from {{ source('employee', 'contributions') }}
)

select
    {{ lineage() }},
    source.AAZ223 as contribution_id,
    source.AAC001 as source_person_no,
    source.AAB001 as employer_no,
    source.AAE140 as insurance_type_code,
    insurance_type.mapped_code as insurance_type,
    source.AAE002 as month,
    source.AAE003 as paid_for_month,
    source.AAE180 as base_yuan,
    source.AAE020 as employer_due_yuan,
    source.AAE022 as person_due_yuan,
    source.AAE021 as employer_paid_yuan,
    source.AAE023 as person_paid_yuan,
    source.AAE026 as account_credit_yuan,
    source.AAE111 as received_code,
    coalesce(received.mapped_code = 'yes', false) as is_received,
    source.AAE037 as received_on,
    {{ is_entered() }} as is_entered
from source
{{ join_code('insurance_type', 'employee', 'insurance_type', 'source.AAE140') }}
{{ join_code('received', 'employee', 'received', 'source.AAE111') }}
{{ join_repeats(source('employee', 'contributions'), ['AAZ223']) }}
