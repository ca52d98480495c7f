-- One row per insurance relation and month's snapshot: where it stands, whom it covers, and whether that person is insured by it on
-- the month's last day, read from this snapshot alone (measure INSURED, definition version 1).
-- Grain: (scheme, relation_id, period).
with

relations as (
    select * from {{ ref('int_relations_unioned') }}
),

-- Of the person's record what the same snapshot says.
person_records as (
    select
        unioned.source_system,
        unioned.source_person_no,
        unioned.period,
        unioned.sex,
        unioned.is_dead,
        unioned.address,
        birth_dates.birth_date
    from {{ ref('int_person_records_unioned') }} as unioned
    left join {{ ref('int_birth_dates_cleaned') }} as birth_dates
        on unioned.birth_date_raw = birth_dates.birth_date_raw
),

person_links as (
    select * from {{ source('identity', 'person_links') }}
),

divisions as (
    select * from {{ ref('int_divisions') }}
),

township_names as (
    select * from {{ ref('int_township_names') }}
),

families as (
    select * from {{ ref('stg_rural__families') }}
    where is_entered
),

placed as (
    select
        relations.*,
        coalesce(counties.division_code, '{{ var("unassigned_code") }}') as division_code,
        person_records.sex,
        person_records.birth_date,
        coalesce(person_records.is_dead, false) as is_dead,
        {{ without_blanks('person_records.address') }} as address,
        left(families.village_code, 9) as village_township_code,
        families.family_attribute
    from relations
    left join divisions as counties
        on relations.period = counties.period
            and relations.delivered_division_code = counties.division_code
            and counties.division_level = 'county'
    left join person_records
        on relations.source_system = person_records.source_system
            and relations.source_person_no = person_records.source_person_no
            and relations.period = person_records.period
    -- Only rural relations have a household number. (A condition on the left side alone would make DuckDB join by nested loops.)
    left join families
        on relations.period = families.period
            and relations.household_no = families.household_no
),

head_lengths as (
    select distinct
        period,
        county_code,
        head_length
    from township_names
),

-- An address names a township where it begins; of two names that fit, the longer one is meant.
address_townships as (
    select
        addresses.period,
        addresses.division_code,
        addresses.address,
        max_by(township_names.township_code, township_names.head_length) as township_code
    from (
        select distinct
            period,
            division_code,
            address
        from placed
        where address is not null and scheme in ('employee', 'resident')
    ) as addresses
    inner join head_lengths
        on addresses.period = head_lengths.period
            and addresses.division_code = head_lengths.county_code
    inner join township_names
        on addresses.period = township_names.period
            and addresses.division_code = township_names.county_code
            and head_lengths.head_length = township_names.head_length
            and left(addresses.address, head_lengths.head_length) = township_names.address_head
    group by
        addresses.period,
        addresses.division_code,
        addresses.address
)

select
    placed.scheme,
    placed.relation_id,
    placed.period,
    placed.source_system,
    placed.source_person_no,
    person_links.person_id,
    placed.division_code,
    placed.delivered_division_code,
    case
        when placed.division_code = '{{ var("unassigned_code") }}' or placed.scheme = 'maternity' then null
        else coalesce(village_townships.division_code, address_townships.township_code, placed.division_code || '000')
    end as township_code,
    placed.person_category,
    placed.employer_no,
    placed.household_no as family_no,
    placed.special_person_type_code as special_person_type,
    placed.family_attribute,
    placed.status,
    placed.start_date,
    placed.end_date,
    placed.first_day,
    placed.last_day,
    placed.participation_year,
    coalesce(
        placed.status = 'normal'
        and placed.first_day <= {{ last_day_of('placed.period') }}
        and (placed.last_day is null or placed.last_day >= {{ last_day_of('placed.period') }}),
        false
    ) as is_insured,
    placed.sex,
    placed.birth_date,
    placed.is_dead,
    placed.office,
    placed.delivery_id,
    placed.line_number
from placed
left join person_links
    on placed.source_system = person_links.source_system
        and placed.source_person_no = person_links.source_person_no
left join divisions as village_townships
    on placed.period = village_townships.period
        and placed.village_township_code = village_townships.division_code
        and village_townships.division_level = 'township'
        and village_townships.county_code = placed.division_code
left join address_townships
    on placed.period = address_townships.period
        and placed.division_code = address_townships.division_code
        and placed.address = address_townships.address
