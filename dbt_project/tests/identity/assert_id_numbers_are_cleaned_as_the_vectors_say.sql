-- Every ID number of the vectors, good and bad, comes out with the number and the status that stand beside it.
with

vectors as (
    select
        id_vectors.*,
        {{ birth_date_of('id_vectors.birth_date_raw') }} as birth_date
    from {{ ref('id_number_vectors') }} as id_vectors
),

keyed_in as (
    select id_number_raw from vectors
    union
    select guardian_id_raw as id_number_raw from vectors
),

cleaned as (
    {{ clean_id_numbers('keyed_in') }}
),

graded as (
    select
        vectors.vector_no,
        vectors.expected_id_number,
        vectors.expected_id_status,
        cleaned.id_number_full,
        {{ id_status('cleaned', 'guardians', 'vectors.birth_date', 'vectors.sex', "cast('2025-01-31' as date)", "cast('2007-01-31' as date)") }} as id_status
    from vectors
    left join cleaned
        on vectors.id_number_raw = cleaned.id_number_raw
    left join cleaned as guardians
        on vectors.guardian_id_raw = guardians.id_number_raw
)

select *
from graded
where id_status <> expected_id_status
    or (
        id_status in ('valid', 'repaired', 'inconsistent')
        and id_number_full is distinct from expected_id_number
    )
