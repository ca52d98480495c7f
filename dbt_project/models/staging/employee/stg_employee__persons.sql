-- One row per person record of the employee system and month's snapshot. Grain: (period, source_person_no).
with

source as (
    select * from {{ source('employee', 'persons') }}
)

select
    {{ lineage() }},
    source.AAC001 as source_person_no,
    source.AAC058 as certificate_type_code,
    source.AAC002 as id_number_raw,
    source.AAC003 as name_raw,
    source.AAC004 as sex_code,
    coalesce(sex.mapped_code, 'unknown') as sex,
    source.AAC006 as birth_date_raw,
    source.AAC009 as household_type_code,
    source.AAE005 as phone,
    source.AAE006 as address,
    source.AAC060 as vital_status_code,
    coalesce(vital_status.mapped_code = 'dead', false) as is_dead
from source
{{ join_code('sex', 'employee', 'sex', 'source.AAC004') }}
{{ join_code('vital_status', 'employee', 'vital_status', 'source.AAC060') }}
