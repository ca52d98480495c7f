-- One row per insurance relation of the resident system and month's snapshot. Grain: (period, relation_id).
with

source as (
    select * from {{ source('resident', 'psn_insu_d') }}
)

select
    {{ lineage() }},
    source.psn_insu_rlts_id as relation_id,
    source.psn_no as source_person_no,
    source.insutype as insurance_type_code,
    insurance_type.mapped_code as insurance_type,
    source.psn_type as person_category_code,
    source.psn_insu_stas as status_code,
    relation_status.mapped_code as status,
    source.insu_admdvs as division_code,
    source.crt_insu_date as start_date,
    nullif(source.paus_insu_date, date '9999-12-31') as end_date,
    source.emp_no as employer_no,
    source.sp_psn_type as special_person_type_code
from source
{{ join_code('insurance_type', 'resident', 'insurance_type', 'source.insutype') }}
{{ join_code('relation_status', 'resident', 'relation_status', 'source.psn_insu_stas') }}
