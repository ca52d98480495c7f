-- One row per ID number as keyed in, of persons and of guardians: tidied, checked, and what stands inside it; is_of_guardian where it
-- stands as a guardian's on any member. Grain: (id_number_raw).
with

guardians as (
    select distinct guardian_id_raw
    from {{ ref('stg_rural__members') }}
    where guardian_id_raw is not null
),

keyed_in as (
    select id_number_raw from {{ person_texts('id_number_raw') }}
    union
    select guardian_id_raw as id_number_raw from guardians
)

select
    cleaned.*,
    guardians.guardian_id_raw is not null as is_of_guardian
from (
    {{ clean_id_numbers('keyed_in') }}
) as cleaned
left join guardians
    on cleaned.id_number_raw = guardians.guardian_id_raw
