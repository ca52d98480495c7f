-- One row per guardian's ID number as keyed in: tidied, checked, and what stands inside it. (A record's own number is cleaned where the
-- record is: hardly two of a million are alike.) Grain: (guardian_id_raw).
with

guardians as (
    select distinct guardian_id_raw as id_number_raw
    from {{ ref('stg_rural__members') }}
    where guardian_id_raw is not null
),

cleaned as (
    {{ clean_id_numbers('guardians') }}
)

select
    id_number_raw as guardian_id_raw,
    id_number_tidied,
    id_number_full
from cleaned
