-- One row per person record and month's snapshot, the three systems in one shape, as delivered. Of a rural member with several
-- participation years in one snapshot it is the latest year's row. Grain: (source_system, source_person_no, period).
-- A view: landing holds these texts already, and packing them once more takes longer than all that reads them.
{{ config(materialized='view') }}
with

employee as (
    select
        'employee' as source_system,
        source_person_no,
        period,
        id_number_raw,
        cast(null as varchar) as guardian_id_raw,
        name_raw,
        sex_code,
        sex,
        birth_date_raw,
        phone,
        address,
        cast(null as varchar) as household_no,
        cast(null as varchar) as village_code,
        is_dead,
        office,
        delivery_id,
        line_number
    from {{ ref('stg_employee__persons') }}
),

resident as (
    select
        'resident' as source_system,
        source_person_no,
        period,
        id_number_raw,
        cast(null as varchar) as guardian_id_raw,
        name_raw,
        sex_code,
        sex,
        birth_date_raw,
        phone,
        address,
        cast(null as varchar) as household_no,
        cast(null as varchar) as village_code,
        is_dead,
        office,
        delivery_id,
        line_number
    from {{ ref('stg_resident__psn_info_b') }}
),

families as (
    select * from {{ ref('stg_rural__families') }}
    where is_entered
),

members as (
    select * from {{ ref('stg_rural__members') }}
    where is_entered
),

-- Few members stand in one snapshot with several years: these alone are looked for.
newest_years as (
    select
        source_person_no,
        period,
        max(participation_year) as participation_year
    from {{ ref('stg_rural__members') }}
    where is_entered
    group by
        source_person_no,
        period
    having count(*) > 1
),

rural as (
    select
        'rural' as source_system,
        members.source_person_no,
        members.period,
        members.id_number_raw,
        members.guardian_id_raw,
        members.name_raw,
        members.sex_code,
        members.sex,
        members.birth_date_raw,
        families.phone,
        cast(null as varchar) as address,
        members.household_no,
        families.village_code,
        members.is_dead,
        members.office,
        members.delivery_id,
        members.line_number
    from members
    left join families
        on members.period = families.period
            and members.household_no = families.household_no
    left join newest_years
        on members.source_person_no = newest_years.source_person_no
            and members.period = newest_years.period
    where newest_years.participation_year is null or members.participation_year = newest_years.participation_year
)

select * from employee
union all
select * from resident
union all
select * from rural
