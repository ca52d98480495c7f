-- One row per person record, as the newest snapshot up to the closing month shows it, cleaned: ID number with its status, name with its
-- pinyin, birth date. What is matched and what describes a person is read here.
-- id_number is filled where the number is sound and the record's own (valid, repaired, inconsistent); id_number_otherwise is what was
-- keyed in, made comparable, where that is anything else; guardian_number is the guardian's, wherever it stands. place_code is the
-- smallest division that is known, a village, a township or a county: the record's own or what its address names; insured_county_code is
-- where its relations are; is_complete says that ID number, name, sex and birth date are filled in, whatever they say. period is the month
-- of that snapshot, first_seen that of the first. What was delivered, in which line, and what earlier snapshots say stands in
-- int_person_records_unioned. Holds personal data; nothing published reads it. No column repeats what another says: writing a text down
-- takes longer than working it out.
-- Grain: (source_system, source_person_no).
with

-- Whichever of its rows counts, a number is seen when its record is delivered.
delivered as (
    select 'employee' as source_system, source_person_no, period from {{ ref('stg_employee__persons') }}
    union all
    select 'resident' as source_system, source_person_no, period from {{ ref('stg_resident__psn_info_b') }}
    union all
    select 'rural' as source_system, source_person_no, period from {{ ref('stg_rural__members') }}
),

seen as (
    select
        source_system,
        source_person_no,
        min(period) as first_seen,
        max(period) as last_seen
    from delivered
    group by
        source_system,
        source_person_no
),

person_records as (
    select
        unioned.*,
        seen.first_seen
    from {{ ref('int_person_records_unioned') }} as unioned
    inner join seen
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

with_id_numbers as (
    {{ clean_id_numbers('person_records') }}
),

guardian_numbers as (
    select * from {{ ref('int_guardian_numbers_cleaned') }}
),

person_names as (
    select * from {{ ref('int_names_cleaned') }}
),

close_period as (
    select * from {{ source('control', 'close_period') }}
),

counties as (
    select int_divisions.division_code as county_code
    from {{ ref('int_divisions') }} as int_divisions
    inner join close_period
        on int_divisions.period = close_period.period
    where int_divisions.division_level = 'county'
),

relations as (
    select
        unioned.source_system,
        unioned.source_person_no,
        left(unioned.delivered_division_code, 6) as county_code
    from {{ ref('int_relations_unioned') }} as unioned
    inner join seen
        on unioned.source_system = seen.source_system
            and unioned.source_person_no = seen.source_person_no
            and unioned.period = seen.last_seen
    where unioned.source_system in ('employee', 'resident')
),

-- Where the relations are insured that stand beside the newest snapshot, of several counties the smallest code. (A rural member's county
-- is the office that delivers him.)
insured_counties as (
    select
        relations.source_system,
        relations.source_person_no,
        min(relations.county_code) as county_code
    from relations
    inner join counties
        on relations.county_code = counties.county_code
    group by
        relations.source_system,
        relations.source_person_no
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
        records.*,
        birth_dates.birth_date,
        birth_dates.birth_date_if_swapped,
        birth_dates.birth_date_if_lunar,
        {{ tidied_phone('records.phone') }} as phone_number,
        coalesce(records.village_code, addresses.place_code) as place_code,
        case when records.source_system = 'rural' then records.office else insured_counties.county_code end as insured_county_code,
        guardian_numbers.id_number_full as guardian_number_full,
        person_names.name_cleaned,
        person_names.name_pinyin,
        {{ id_status('records', 'guardian_numbers', 'birth_dates.birth_date', 'records.sex', 'months.last_day', 'months.day_18_years_before') }} as id_status
    from with_id_numbers as records
    left join months
        on records.period = months.period
    left join guardian_numbers
        on records.guardian_id_raw = guardian_numbers.guardian_id_raw
    left join person_names
        on records.name_raw = person_names.name_raw
    left join birth_dates
        on records.birth_date_raw = birth_dates.birth_date_raw
    left join addresses
        on records.address = addresses.address
    left join insured_counties
        on records.source_system = insured_counties.source_system
            and records.source_person_no = insured_counties.source_person_no
),

numbered as (
    select
        *,
        case when id_status in ('valid', 'repaired', 'inconsistent') then id_number_full end as id_number
    from graded
)

select
    source_system,
    source_person_no,
    first_seen,
    period,
    id_number,
    nullif(id_number_tidied, id_number) as id_number_otherwise,
    id_status,
    id_birth_date,
    case when id_status = 'guardian' then id_number_full else guardian_number_full end as guardian_number,
    name_cleaned as name,
    name_pinyin,
    sex,
    birth_date,
    birth_date_if_swapped,
    birth_date_if_lunar,
    phone_number,
    household_no,
    place_code,
    insured_county_code,
    is_dead,
    id_number_raw is not null and name_raw is not null and sex_code is not null and birth_date_raw is not null as is_complete,
    office
from numbered
