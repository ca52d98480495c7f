-- Every written form of a birth date is read, and what names no day is null.
select
    vector_no,
    birth_date_raw,
    expected_birth_date,
    {{ birth_date_of('birth_date_raw') }} as birth_date
from {{ ref('birth_date_vectors') }}
where {{ birth_date_of('birth_date_raw') }} is distinct from expected_birth_date
