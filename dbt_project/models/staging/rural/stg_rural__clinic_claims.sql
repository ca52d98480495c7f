-- One row per clinic claim landed, amounts as delivered. Claim numbers are unique over both claims tables, so which row enters is
-- decided where both are at hand (int_rural_claims_ranked). Grain: (delivery_id, settlement_id).
with

source as (
    select * from {{ source('rural', 'clinic_claims') }}
)

select
    {{ lineage() }},
    'clinic_claims' as source_table,
    source.{{ col('补偿序号') }} as settlement_id,
    source.{{ col('冲红序号') }} as reverses_settlement_id,
    source.{{ col('个人编号') }} as source_person_no,
    source.{{ col('机构编码') }} as institution_code,
    source.{{ col('类别') }} as care_type_code,
    care_type.mapped_code as care_type,
    source.{{ col('就诊日期') }} as admitted_on,
    source.{{ col('补偿日期') }} as settled_on,
    source.{{ col('疾病编码') }} as diagnosis_code,
    source.{{ col('总费用') }} as total_delivered,
    source.{{ col('保内费用') }} as in_scope_delivered,
    source.{{ col('统筹补偿') }} as pooled_fund_delivered,
    source.{{ col('家庭账户补偿') }} as family_account_delivered,
    source.{{ col('个人自付') }} as cash_delivered,
    source.{{ col('药品费') }} as drug_delivered,
    source.{{ col('其他费') }} as other_fee_delivered
from source
{{ join_code('care_type', 'rural', 'care_type', 'source.' ~ col('类别')) }}
