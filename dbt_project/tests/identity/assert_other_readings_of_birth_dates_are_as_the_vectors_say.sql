-- The days that a birth date names when its day and month are exchanged, and when it is a lunar date, are those of the vectors.
with

cleaned as (
    {{ clean_birth_dates(ref('birth_date_vectors')) }}
)

select
    vectors.vector_no,
    vectors.expected_if_swapped,
    vectors.expected_if_lunar,
    cleaned.birth_date_if_swapped,
    cleaned.birth_date_if_lunar
from {{ ref('birth_date_vectors') }} as vectors
left join cleaned
    on vectors.birth_date_raw = cleaned.birth_date_raw
where cleaned.birth_date_if_swapped is distinct from vectors.expected_if_swapped
    or cleaned.birth_date_if_lunar is distinct from vectors.expected_if_lunar
    or cleaned.birth_date is distinct from vectors.expected_birth_date
