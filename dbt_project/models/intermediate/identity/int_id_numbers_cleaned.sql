-- One row per ID number as keyed in, of persons and of guardians: tidied, checked, and what stands inside it. Grain: (id_number_raw).
with

keyed_in as (
    select id_number_raw from {{ ref('int_person_records_unioned') }}
    union
    select guardian_id_raw as id_number_raw from {{ ref('int_person_records_unioned') }}
)

select * from (
    {{ clean_id_numbers('keyed_in') }}
) as cleaned
