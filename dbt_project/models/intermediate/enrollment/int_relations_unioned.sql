-- One row per insurance relation of a scheme (310, 391, 380, and 510 as maternity) and month's snapshot, all three systems in one
-- shape; supplements are left out. A rural participation year is a relation of its own and runs inside its year.
-- Grain: (scheme, relation_id, period).
with

employee as (
    select
        insurance_type as scheme,
        'employee' as source_system,
        relation_id,
        period,
        source_person_no,
        division_code as delivered_division_code,
        person_category_code as person_category,
        employer_no,
        cast(null as varchar) as household_no,
        cast(null as varchar) as special_person_type_code,
        cast(null as bigint) as participation_year,
        status,
        start_date,
        end_date,
        start_date as first_day,
        end_date as last_day,
        office,
        delivery_id,
        line_number
    from {{ ref('stg_employee__enrollments') }}
    where insurance_type in ('employee', 'maternity')
),

resident as (
    select
        'resident' as scheme,
        'resident' as source_system,
        relation_id,
        period,
        source_person_no,
        division_code as delivered_division_code,
        person_category_code as person_category,
        employer_no,
        cast(null as varchar) as household_no,
        special_person_type_code,
        cast(null as bigint) as participation_year,
        status,
        start_date,
        end_date,
        start_date as first_day,
        end_date as last_day,
        office,
        delivery_id,
        line_number
    from {{ ref('stg_resident__psn_insu_d') }}
    where insurance_type = 'resident'
),

rural as (
    select
        'rural' as scheme,
        'rural' as source_system,
        relation_id,
        period,
        source_person_no,
        office as delivered_division_code,
        cast(null as varchar) as person_category,
        cast(null as varchar) as employer_no,
        household_no,
        cast(null as varchar) as special_person_type_code,
        participation_year,
        status,
        start_date,
        end_date,
        -- A year that no calendar holds (0, 20255) names no days: the relation stands in its table, and insures nobody. greatest() and
        -- least() leave out a date that is null, on DuckDB as on Spark.
        case when participation_year between 1 and 9999 then greatest(start_date, {{ day_of('participation_year', 1, 1) }}) end as first_day,
        case when participation_year between 1 and 9999 then least(end_date, {{ day_of('participation_year', 12, 31) }}) end as last_day,
        office,
        delivery_id,
        line_number
    from {{ ref('stg_rural__members') }}
    -- A minus before the year could make two relations of one id (1- of 5, 1 of -5); such a row stays flagged in its staging table.
    where is_entered and participation_year >= 0
)

select * from employee
union all
select * from resident
union all
select * from rural
