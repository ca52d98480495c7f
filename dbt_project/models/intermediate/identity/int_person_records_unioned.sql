-- One row per person record and month's snapshot, the three systems in one shape, as delivered. Of a rural member with several
-- participation years in one snapshot it is the latest year's row. Grain: (source_system, source_person_no, period).
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

members_ranked as (
    select
        *,
        row_number() over (partition by source_person_no, period order by participation_year desc) as year_rank
    from {{ ref('stg_rural__members') }}
    where is_entered
),

rural as (
    select
        'rural' as source_system,
        members_ranked.source_person_no,
        members_ranked.period,
        members_ranked.id_number_raw,
        members_ranked.guardian_id_raw,
        members_ranked.name_raw,
        members_ranked.sex_code,
        members_ranked.sex,
        members_ranked.birth_date_raw,
        families.phone,
        cast(null as varchar) as address,
        members_ranked.household_no,
        families.village_code,
        members_ranked.is_dead,
        members_ranked.office,
        members_ranked.delivery_id,
        members_ranked.line_number
    from members_ranked
    left join families
        on members_ranked.period = families.period
            and members_ranked.household_no = families.household_no
    where members_ranked.year_rank = 1
)

select * from employee
union all
select * from resident
union all
select * from rural
