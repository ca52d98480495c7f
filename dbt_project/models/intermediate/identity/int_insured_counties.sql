-- One row per person record of the employee and resident systems whose relations, as the record's newest snapshot shows them, are insured
-- in a county of the division table: that county, of several the smallest code. (A rural member's county is the office that delivers
-- him.) Grain: (source_system, source_person_no).
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
        relations_unioned.source_system,
        relations_unioned.source_person_no,
        left(relations_unioned.delivered_division_code, 6) as county_code
    from {{ ref('int_relations_unioned') }} as relations_unioned
    inner join {{ ref('int_person_numbers_seen') }} as seen
        on relations_unioned.source_system = seen.source_system
            and relations_unioned.source_person_no = seen.source_person_no
            and relations_unioned.period = seen.last_seen
    where relations_unioned.source_system in ('employee', 'resident') and seen.has_record
)

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
