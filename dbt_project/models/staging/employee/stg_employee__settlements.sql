-- One row per settlement row landed; is_entered is false where its number is already on record in an earlier delivery.
-- Grain: (delivery_id, settlement_id).
with

source as (
    select * from {{ source('employee', 'settlements') }}
)

select
    {{ lineage() }},
    'settlements' as source_table,
    source.YKA103 as settlement_id,
    source.YKA104 as reverses_settlement_id,
    source.AAA113 as direction,
    source.AKC190 as visit_id,
    source.AAC001 as source_person_no,
    source.AKB020 as institution_code,
    source.AKC021 as person_category_code,
    source.AAE140 as insurance_type_code,
    insurance_type.mapped_code as insurance_type,
    source.AAB301 as division_code,
    source.AKA130 as care_type_code,
    care_type.mapped_code as care_type,
    source.AKC193 as diagnosis_code,
    source.AAE030 as admitted_on,
    source.AAE031 as discharged_on,
    source.AAE036 as settled_on,
    source.YKA055 as total_yuan,
    source.YKA056 as self_paid_yuan,
    source.YKA057 as paid_first_yuan,
    source.YKA111 as in_scope_yuan,
    source.YKA058 as deductible_yuan,
    source.YKA248 as pooled_fund_yuan,
    source.YKA062 as large_amount_yuan,
    source.YKE030 as civil_servant_yuan,
    source.YKA065 as personal_account_yuan,
    source.AKB067 as cash_yuan,
    source.YKC121 as settlement_channel_code,
    settlement_channel.mapped_code as settlement_channel,
    coalesce(referral_care.mapped_code = 'yes', false) as is_referred,
    source.YPF as drug_yuan,
    source.JCF as exam_yuan,
    source.ZLF as treatment_yuan,
    source.CWF as bed_yuan,
    source.CLF as consumable_yuan,
    source.QTF as other_fee_yuan,
    {{ is_entered() }} as is_entered
from source
{{ join_code('insurance_type', 'employee', 'insurance_type', 'source.AAE140') }}
{{ join_code('care_type', 'employee', 'care_type', 'source.AKA130') }}
{{ join_code('settlement_channel', 'employee', 'settlement_channel', 'source.YKC121') }}
{{ join_code('referral_care', 'employee', 'referral_care', 'source.AKA130') }}
{{ join_repeats(source('employee', 'settlements'), ['YKA103']) }}
