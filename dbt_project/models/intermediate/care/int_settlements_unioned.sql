-- One row per settlement that enters the city-level tables, three systems in one shape, money in fen, null amounts as 0.
-- Not yet joined to persons and institutions (fct_settlements). Grain: (source_system, settlement_id).
with

employee as (
    select * from {{ ref('stg_employee__settlements') }}
    where is_entered
),

resident as (
    select * from {{ ref('stg_resident__setl_d') }}
    where is_entered
),

rural as (
    select * from {{ ref('int_rural_claims_ranked') }}
    where is_entered
),

employee_shaped as (
    select
        'employee' as source_system,
        source_table,
        settlement_id,
        reverses_settlement_id,
        -- 510 is scheme maternity and no other; every other row is the employee scheme's.
        case when insurance_type = 'maternity' then 'maternity' else 'employee' end as scheme,
        source_person_no,
        institution_code,
        coalesce(care_type, 'other') as care_type,
        person_category_code as person_category,
        division_code as delivered_division_code,
        visit_id,
        diagnosis_code,
        admitted_on,
        discharged_on,
        settled_on,
        cast(null as varchar) as institution_level_stated,
        cast(null as varchar) as institution_division_stated,
        coalesce(settlement_channel = 'direct', false) as is_direct,
        settlement_channel,
        is_referred,
        {{ money_or_zero('total_yuan') }} as total_yuan,
        {{ money_or_zero('in_scope_yuan') }} as in_scope_yuan,
        {{ money_or_zero('self_paid_yuan') }} as self_paid_yuan,
        {{ money_or_zero('deductible_yuan') }} as deductible_yuan,
        {{ money_or_zero('pooled_fund_yuan') }} as pooled_fund_yuan,
        {{ money_or_zero('large_amount_yuan') }} as catastrophic_yuan,
        {{ money_or_zero('civil_servant_yuan') }} as civil_servant_yuan,
        {{ money('0') }} as medical_aid_yuan,
        {{ money('0') }} as other_payer_yuan,
        {{ money_or_zero('personal_account_yuan') }} as personal_account_yuan,
        {{ money_or_zero('cash_yuan') }} as cash_yuan,
        {{ money_of_several(added_up(['personal_account_yuan', 'cash_yuan'])) }} as person_burden_yuan,
        {{ money_or_zero('drug_yuan') }} as drug_yuan,
        {{ money_or_zero('exam_yuan') }} as exam_yuan,
        {{ money_or_zero('treatment_yuan') }} as treatment_yuan,
        {{ money_or_zero('bed_yuan') }} as bed_yuan,
        {{ money_or_zero('consumable_yuan') }} as consumable_yuan,
        {{ money_or_zero('other_fee_yuan') }} as other_fee_yuan,
        period,
        office,
        delivery_id,
        line_number
    from employee
),

resident_shaped as (
    select
        'resident' as source_system,
        source_table,
        settlement_id,
        reverses_settlement_id,
        'resident' as scheme,
        source_person_no,
        institution_code,
        coalesce(care_type, 'other') as care_type,
        person_category_code as person_category,
        division_code as delivered_division_code,
        visit_id,
        diagnosis_code,
        admitted_on,
        discharged_on,
        settled_on,
        institution_level as institution_level_stated,
        institution_division_code as institution_division_stated,
        coalesce(settlement_channel = 'direct', false) as is_direct,
        settlement_channel,
        is_referred,
        {{ money_or_zero('total_yuan') }} as total_yuan,
        {{ money_or_zero('in_scope_yuan') }} as in_scope_yuan,
        {{ money_or_zero('self_paid_yuan') }} as self_paid_yuan,
        {{ money_or_zero('deductible_yuan') }} as deductible_yuan,
        {{ money_or_zero('pooled_fund_yuan') }} as pooled_fund_yuan,
        {{ money_or_zero('catastrophic_yuan') }} as catastrophic_yuan,
        {{ money('0') }} as civil_servant_yuan,
        {{ money_or_zero('medical_aid_yuan') }} as medical_aid_yuan,
        {{ money_or_zero('other_payer_yuan') }} as other_payer_yuan,
        {{ money_or_zero('personal_account_yuan') }} as personal_account_yuan,
        {{ money_or_zero('cash_yuan') }} as cash_yuan,
        {{ money_or_zero('person_burden_yuan') }} as person_burden_yuan,
        {{ money_or_zero('drug_yuan') }} as drug_yuan,
        {{ money_or_zero('exam_yuan') }} as exam_yuan,
        {{ money_or_zero('treatment_yuan') }} as treatment_yuan,
        {{ money_or_zero('bed_yuan') }} as bed_yuan,
        {{ money_or_zero('consumable_yuan') }} as consumable_yuan,
        {{ money_or_zero('other_fee_yuan') }} as other_fee_yuan,
        period,
        office,
        delivery_id,
        line_number
    from resident
),

rural_shaped as (
    select
        'rural' as source_system,
        source_table,
        settlement_id,
        reverses_settlement_id,
        'rural' as scheme,
        source_person_no,
        institution_code,
        coalesce(care_type, 'other') as care_type,
        cast(null as varchar) as person_category,
        office as delivered_division_code,
        -- No visit number exists: one person, institution and admission date is one stay; missing one of them, none.
        case
            when source_table = 'hospital_claims'
                then source_person_no || '|' || institution_code || '|' || cast(admitted_on as varchar)
        end as visit_id,
        diagnosis_code,
        admitted_on,
        discharged_on,
        settled_on,
        claim_institution_level as institution_level_stated,
        cast(null as varchar) as institution_division_stated,
        coalesce(settlement_channel = 'direct', false) as is_direct,
        settlement_channel,
        is_referred,
        {{ fen('coalesce(total_delivered, 0)') }} as total_yuan,
        {{ fen('coalesce(in_scope_delivered, 0)') }} as in_scope_yuan,
        {{ money(added_up([fen('total_delivered')], less=[fen('in_scope_delivered')])) }} as self_paid_yuan,
        {{ fen('coalesce(deductible_delivered, 0)') }} as deductible_yuan,
        {{ fen('coalesce(pooled_fund_delivered, 0)') }} as pooled_fund_yuan,
        {{ fen('coalesce(catastrophic_delivered, 0)') }} as catastrophic_yuan,
        {{ money('0') }} as civil_servant_yuan,
        {{ fen('coalesce(medical_aid_delivered, 0)') }} as medical_aid_yuan,
        {{ fen('coalesce(other_payer_delivered, 0)') }} as other_payer_yuan,
        {{ fen('coalesce(family_account_delivered, 0)') }} as personal_account_yuan,
        {{ fen('coalesce(cash_delivered, 0)') }} as cash_yuan,
        {{ money_of_several(added_up([fen('cash_delivered'), fen('family_account_delivered')])) }} as person_burden_yuan,
        {{ fen('coalesce(drug_delivered, 0)') }} as drug_yuan,
        {{ fen('coalesce(exam_delivered, 0)') }} as exam_yuan,
        {{ fen('coalesce(treatment_delivered, 0)') }} as treatment_yuan,
        {{ fen('coalesce(bed_delivered, 0)') }} as bed_yuan,
        {{ fen('coalesce(consumable_delivered, 0)') }} as consumable_yuan,
        {{ fen('coalesce(other_fee_delivered, 0)') }} as other_fee_yuan,
        period,
        office,
        delivery_id,
        line_number
    from rural
)

select * from employee_shaped
union all
select * from resident_shaped
union all
select * from rural_shaped
