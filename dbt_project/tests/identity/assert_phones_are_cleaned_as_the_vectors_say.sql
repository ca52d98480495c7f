-- Every telephone number of the vectors comes out as it can be compared, and what is nobody's number is null.
select
    vector_no,
    phone,
    expected_phone_number,
    {{ tidied_phone('phone') }} as phone_number
from {{ ref('phone_vectors') }}
where {{ tidied_phone('phone') }} is distinct from expected_phone_number
