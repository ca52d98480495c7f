-- One row per person record and month's snapshot, cleaned: ID number with its status, name with its pinyin, birth date.
-- id_number is filled where the number is sound and the record's own (valid, repaired, inconsistent); id_number_tidied shows every
-- number as it can be compared. Holds personal data; nothing published reads it. Grain: (source_system, source_person_no, period).
with

person_records as (
    select
        *,
        {{ birth_date_of('birth_date_raw') }} as birth_date
    from {{ ref('int_person_records_unioned') }}
),

id_numbers as (
    select * from {{ ref('int_id_numbers_cleaned') }}
),

person_names as (
    select * from {{ ref('int_names_cleaned') }}
),

graded as (
    select
        person_records.*,
        id_numbers.id_number_tidied,
        id_numbers.id_number_full,
        id_numbers.id_birth_date,
        id_numbers.id_sex,
        person_names.name_cleaned,
        person_names.name_pinyin,
        {{ id_status('id_numbers', 'guardian_numbers', 'person_records.birth_date', 'person_records.sex', last_day_of('person_records.period')) }} as id_status
    from person_records
    left join id_numbers
        on person_records.id_number_raw = id_numbers.id_number_raw
    left join id_numbers as guardian_numbers
        on person_records.guardian_id_raw = guardian_numbers.id_number_raw
    left join person_names
        on person_records.name_raw = person_names.name_raw
)

select
    source_system,
    source_person_no,
    period,
    id_number_raw,
    guardian_id_raw,
    id_number_tidied,
    case when id_status in ('valid', 'repaired', 'inconsistent') then id_number_full end as id_number,
    id_status,
    id_birth_date,
    id_sex,
    name_raw,
    name_cleaned as name,
    name_pinyin,
    sex,
    birth_date_raw,
    birth_date,
    phone,
    address,
    household_no,
    village_code,
    is_dead,
    office,
    delivery_id,
    line_number
from graded
