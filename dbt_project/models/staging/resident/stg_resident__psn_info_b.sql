-- One row per person record of the resident system and month's snapshot. Grain: (period, source_person_no).
with

source as (
    select * from {{ source('resident', 'psn_info_b') }}
)

select
    {{ lineage() }},
    source.psn_no as source_person_no,
    source.psn_cert_type as certificate_type_code,
    source.certno as id_number_raw,
    source.psn_name as name_raw,
    source.gend as sex_code,
    coalesce(sex.mapped_code, 'unknown') as sex,
    source.brdy as birth_date_raw,
    source.tel as phone,
    source.addr as address,
    source.surv_stas as vital_status_code,
    coalesce(vital_status.mapped_code = 'dead', false) as is_dead
from source
{{ join_code('sex', 'resident', 'sex', 'source.gend') }}
{{ join_code('vital_status', 'resident', 'vital_status', 'source.surv_stas') }}
