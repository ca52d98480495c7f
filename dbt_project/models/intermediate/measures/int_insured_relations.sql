-- One row per relation that insures somebody on the last day of the closing month or of the month before, and whose office is not
-- excused in its month. is_comparable says that its office reported in both months. Grain: (period, scheme, relation_id).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

compared_months as (
    select period
    from close_period
    union all
    select previous_period as period
    from close_period
    where previous_on_record
),

excused as (
    select
        excused_offices.period,
        excused_offices.system,
        excused_offices.office
    from {{ source('control', 'excused_offices') }} as excused_offices
    inner join compared_months
        on excused_offices.period = compared_months.period
),

excused_in_either as (
    select distinct
        system,
        office
    from excused
)

select
    relation_months.period,
    relation_months.scheme,
    relation_months.relation_id,
    relation_months.person_id,
    relation_months.division_code,
    relation_months.township_code,
    relation_months.person_category,
    relation_months.employer_no,
    relation_months.family_no,
    relation_months.special_person_type,
    relation_months.start_date,
    relation_months.sex,
    relation_months.birth_date,
    relation_months.is_dead,
    excused_in_either.office is null as is_comparable
from {{ ref('int_relation_months') }} as relation_months
inner join compared_months
    on relation_months.period = compared_months.period
left join excused
    on relation_months.period = excused.period
        and relation_months.source_system = excused.system
        and relation_months.office = excused.office
left join excused_in_either
    on relation_months.source_system = excused_in_either.system
        and relation_months.office = excused_in_either.office
-- A relation that names nobody insures no person.
where relation_months.is_insured and relation_months.person_id is not null and excused.office is null
