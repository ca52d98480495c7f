-- One row per person of the employee and resident systems and month's snapshot whose relations are insured in a county of the division
-- table: that county, of several the smallest code. (A rural member's county is the office that delivers him.)
-- Grain: (source_system, source_person_no, period).
with

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
        source_system,
        source_person_no,
        period,
        left(delivered_division_code, 6) as county_code
    from {{ ref('int_relations_unioned') }}
    where source_system in ('employee', 'resident')
)

select
    relations.source_system,
    relations.source_person_no,
    relations.period,
    min(relations.county_code) as county_code
from relations
inner join counties
    on relations.county_code = counties.county_code
where relations.source_person_no is not null
group by
    relations.source_system,
    relations.source_person_no,
    relations.period
