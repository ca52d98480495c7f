-- One row per person record, as the newest snapshot up to the closing month shows it, cleaned: ID number with its status, name with its
-- pinyin, birth date. What is matched and what describes a person is read here.
-- id_number is filled where the number is sound and the record's own (valid, repaired, inconsistent); id_number_tidied shows every
-- number as it can be compared; guardian_number is the guardian's, wherever it stands. place_village_code, place_township_code and
-- place_county_code are the record's own or those that its address names; insured_county_code is where its relations are; is_complete
-- says that ID number, name, sex and birth date are filled in, whatever they say. What was delivered, in which line, and what earlier
-- snapshots say stands in int_person_records_unioned. Holds personal data; nothing published reads it.
-- Grain: (source_system, source_person_no).
with

person_records as (
    select unioned.*
    from {{ ref('int_person_records_unioned') }} as unioned
    inner join {{ ref('int_person_numbers_seen') }} as seen
        on unioned.source_system = seen.source_system
            and unioned.source_person_no = seen.source_person_no
            and unioned.period = seen.last_seen
),

birth_dates as (
    select * from {{ ref('int_birth_dates_cleaned') }}
),

addresses as (
    select * from {{ ref('int_addresses_placed') }}
),

id_numbers as (
    select * from {{ ref('int_id_numbers_cleaned') }}
),

guardian_numbers as (
    select * from {{ ref('int_id_numbers_cleaned') }}
    where is_of_guardian
),

person_names as (
    select * from {{ ref('int_names_cleaned') }}
),

insured_counties as (
    select * from {{ ref('int_insured_counties') }}
),

-- The days on which ages count.
months as (
    select
        period,
        last_day,
        {{ add_months_to_day('last_day', -18 * 12) }} as day_18_years_before
    from {{ source('control', 'months') }}
),

graded as (
    select
        person_records.*,
        birth_dates.birth_date,
        birth_dates.birth_date_if_swapped,
        birth_dates.birth_date_if_lunar,
        {{ tidied_phone('person_records.phone') }} as phone_number,
        coalesce(person_records.village_code, addresses.village_code) as place_village_code,
        coalesce(left(person_records.village_code, 9), addresses.township_code) as place_township_code,
        coalesce(left(person_records.village_code, 6), addresses.county_code) as place_county_code,
        case when person_records.source_system = 'rural' then person_records.office else insured_counties.county_code end as insured_county_code,
        guardian_numbers.id_number_full as guardian_number_full,
        id_numbers.id_number_tidied,
        id_numbers.id_number_full,
        id_numbers.id_birth_date,
        id_numbers.id_sex,
        person_names.name_cleaned,
        person_names.name_pinyin,
        {{ id_status('id_numbers', 'guardian_numbers', 'birth_dates.birth_date', 'person_records.sex', 'months.last_day', 'months.day_18_years_before') }} as id_status
    from person_records
    left join months
        on person_records.period = months.period
    left join id_numbers
        on person_records.id_number_raw = id_numbers.id_number_raw
    left join guardian_numbers
        on person_records.guardian_id_raw = guardian_numbers.id_number_raw
    left join person_names
        on person_records.name_raw = person_names.name_raw
    left join birth_dates
        on person_records.birth_date_raw = birth_dates.birth_date_raw
    left join addresses
        on person_records.address = addresses.address
    left join insured_counties
        on person_records.source_system = insured_counties.source_system
            and person_records.source_person_no = insured_counties.source_person_no
)

select
    source_system,
    source_person_no,
    period,
    id_number_tidied,
    case when id_status in ('valid', 'repaired', 'inconsistent') then id_number_full end as id_number,
    id_status,
    case when id_status = 'guardian' then id_number_full else guardian_number_full end as guardian_number,
    id_birth_date,
    id_sex,
    name_cleaned as name,
    name_pinyin,
    sex,
    birth_date,
    birth_date_if_swapped,
    birth_date_if_lunar,
    phone_number,
    household_no,
    place_village_code,
    place_township_code,
    place_county_code,
    insured_county_code,
    is_dead,
    id_number_raw is not null and name_raw is not null and sex_code is not null and birth_date_raw is not null as is_complete,
    office
from graded
