-- One row per settlement row landed; is_entered is false where its number is already on record in an earlier delivery.
-- med_type is a national code read by its first two digits, deliveries (2106, 2107) by four. Grain: (delivery_id, settlement_id).
with

source as (
    select * from {{ source('resident', 'setl_d') }}
)

select
    {{ lineage() }},
    'setl_d' as source_table,
    source.setl_id as settlement_id,
    source.init_setl_id as reverses_settlement_id,
    source.refd_setl_flag as reversal_flag_code,
    source.mdtrt_id as visit_id,
    source.psn_no as source_person_no,
    source.fixmedins_code as institution_code,
    source.psn_type as person_category_code,
    source.insutype as insurance_type_code,
    source.insu_admdvs as division_code,
    source.hosp_lv as institution_level_code,
    institution_level.mapped_code as institution_level,
    source.fix_blng_admdvs as institution_division_code,
    source.med_type as care_type_code,
    coalesce(care_by_four.mapped_code, care_by_two.mapped_code) as care_type,
    source.dise_code as diagnosis_code,
    source.begndate as admitted_on,
    source.enddate as discharged_on,
    source.setl_time as settled_on,
    source.medfee_sumamt as total_yuan,
    source.fulamt_ownpay_amt as self_paid_yuan,
    source.overlmt_selfpay as over_limit_yuan,
    source.preselfpay_amt as paid_first_yuan,
    source.inscp_scp_amt as in_scope_yuan,
    source.act_pay_dedc as deductible_yuan,
    source.hifp_pay as pooled_fund_yuan,
    source.hifmi_pay as catastrophic_yuan,
    source.maf_pay as medical_aid_yuan,
    source.oth_pay as other_payer_yuan,
    source.fund_pay_sumamt as fund_stated_yuan,
    source.psn_part_amt as person_burden_yuan,
    source.acct_pay as personal_account_yuan,
    source.psn_cash_pay as cash_yuan,
    source.pay_loc as settlement_channel_code,
    settlement_channel.mapped_code as settlement_channel,
    coalesce(referral_care.mapped_code = 'yes', false) as is_referred,
    source.drug_fee as drug_yuan,
    source.exam_fee as exam_yuan,
    source.treat_fee as treatment_yuan,
    source.bed_fee as bed_yuan,
    source.matl_fee as consumable_yuan,
    source.oth_fee as other_fee_yuan,
    {{ is_entered() }} as is_entered
from source
{{ join_code('care_by_four', 'resident', 'care_type', 'left(source.med_type, 4)') }}
    and length(care_by_four.code) = 4
{{ join_code('care_by_two', 'resident', 'care_type', 'left(source.med_type, 2)') }}
{{ join_code('referral_care', 'resident', 'referral_care', 'left(source.med_type, 2)') }}
{{ join_code('settlement_channel', 'resident', 'settlement_channel', 'source.pay_loc') }}
{{ join_code('institution_level', 'resident', 'institution_level', 'source.hosp_lv') }}
{{ join_repeats(source('resident', 'setl_d'), ['setl_id']) }}
