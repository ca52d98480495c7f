-- One row per hospital claim landed, amounts as delivered; which row of a claim number enters is decided in
-- int_rural_claims_ranked. Grain: (delivery_id, settlement_id).
with

source as (
    select * from {{ source('rural', 'hospital_claims') }}
)

select
    {{ lineage() }},
    'hospital_claims' as source_table,
    source.{{ col('补偿序号') }} as settlement_id,
    source.{{ col('冲红序号') }} as reverses_settlement_id,
    source.{{ col('个人编号') }} as source_person_no,
    source.{{ col('机构编码') }} as institution_code,
    source.{{ col('机构级别') }} as claim_institution_level_code,
    claim_institution_level.mapped_code as claim_institution_level,
    source.{{ col('入院日期') }} as admitted_on,
    source.{{ col('出院日期') }} as discharged_on,
    source.{{ col('补偿日期') }} as settled_on,
    source.{{ col('转诊') }} as referral_code,
    coalesce(referral_care.mapped_code = 'yes', false) as is_referred,
    source.{{ col('疾病编码') }} as diagnosis_code,
    source.{{ col('总费用') }} as total_delivered,
    source.{{ col('保内费用') }} as in_scope_delivered,
    source.{{ col('起付线') }} as deductible_delivered,
    source.{{ col('统筹补偿') }} as pooled_fund_delivered,
    source.{{ col('大病补偿') }} as catastrophic_delivered,
    source.{{ col('民政救助') }} as medical_aid_delivered,
    source.{{ col('其他补偿') }} as other_payer_delivered,
    source.{{ col('个人自付') }} as cash_delivered,
    source.{{ col('直补') }} as settlement_channel_code,
    settlement_channel.mapped_code as settlement_channel,
    source.{{ col('药品费') }} as drug_delivered,
    source.{{ col('检查费') }} as exam_delivered,
    source.{{ col('治疗费') }} as treatment_delivered,
    source.{{ col('床位费') }} as bed_delivered,
    source.{{ col('材料费') }} as consumable_delivered,
    source.{{ col('其他费') }} as other_fee_delivered
from source
{{ join_code('referral_care', 'rural', 'referral_care', 'source.' ~ col('转诊')) }}
{{ join_code('claim_institution_level', 'rural', 'claim_institution_level', 'source.' ~ col('机构级别')) }}
{{ join_code('settlement_channel', 'rural', 'settlement_channel', 'source.' ~ col('直补')) }}
