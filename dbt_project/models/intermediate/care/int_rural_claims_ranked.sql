-- One row per rural claim landed, both claims tables in one shape, amounts in the delivered decimals and each to the fen once.
-- Of a claim number that stands more than once the earlier period's, then the smaller office's, then the clinic's row is entered.
-- Grain: (delivery_id, source_table, settlement_id).
with

clinic as (
    select * from {{ ref('stg_rural__clinic_claims') }}
),

hospital as (
    select * from {{ ref('stg_rural__hospital_claims') }}
),

unioned as (
    select
        period, office, delivery_id, line_number, source_table, settlement_id, reverses_settlement_id, source_person_no, institution_code,
        care_type_code,
        care_type,
        cast(null as varchar) as claim_institution_level,
        admitted_on,
        cast(null as date) as discharged_on,
        settled_on,
        false as is_referred,
        cast(null as varchar) as settlement_channel,
        diagnosis_code,
        total_delivered,
        in_scope_delivered,
        cast(null as decimal(18, 4)) as deductible_delivered,
        pooled_fund_delivered,
        cast(null as decimal(18, 4)) as catastrophic_delivered,
        cast(null as decimal(18, 4)) as medical_aid_delivered,
        cast(null as decimal(18, 4)) as other_payer_delivered,
        family_account_delivered,
        cash_delivered,
        drug_delivered,
        cast(null as decimal(18, 4)) as exam_delivered,
        cast(null as decimal(18, 4)) as treatment_delivered,
        cast(null as decimal(18, 4)) as bed_delivered,
        cast(null as decimal(18, 4)) as consumable_delivered,
        other_fee_delivered
    from clinic
    union all
    select
        period, office, delivery_id, line_number, source_table, settlement_id, reverses_settlement_id, source_person_no, institution_code,
        cast(null as varchar) as care_type_code,
        'inpatient' as care_type,
        claim_institution_level,
        admitted_on,
        discharged_on,
        settled_on,
        is_referred,
        settlement_channel,
        diagnosis_code,
        total_delivered,
        in_scope_delivered,
        deductible_delivered,
        pooled_fund_delivered,
        catastrophic_delivered,
        medical_aid_delivered,
        other_payer_delivered,
        cast(null as decimal(18, 4)) as family_account_delivered,
        cash_delivered,
        drug_delivered,
        exam_delivered,
        treatment_delivered,
        bed_delivered,
        consumable_delivered,
        other_fee_delivered
    from hospital
)

select
    *,
    row_number() over (
        partition by settlement_id
        order by period, office, source_table, line_number
    ) = 1 as is_entered
from unioned
