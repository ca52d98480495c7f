-- One row per relation that stands in an overlap, as whoever checks the case must see it: the name and masked ID number of its person
-- record, its place, and its days and status in the newest snapshot that shows it. Holds personal data; the review file alone takes it.
-- Grain: (scheme, relation_id).
with

typed_overlaps as (
    select * from {{ ref('int_overlaps_typed') }}
),

relations as (
    select scheme_a as scheme, relation_id_a as relation_id from typed_overlaps
    union
    select scheme_b as scheme, relation_id_b as relation_id from typed_overlaps
),

intervals as (
    select * from {{ ref('int_normal_intervals') }}
),

relation_months as (
    select * from {{ ref('int_relation_months') }}
),

person_records as (
    select * from {{ ref('int_person_records') }}
),

township_names as (
    select
        division_code as township_code,
        max_by(division_name, period) as township_name
    from {{ ref('int_divisions') }}
    where division_level = 'township'
    group by division_code
)

select
    intervals.scheme,
    intervals.relation_id,
    intervals.source_person_no,
    person_records.name as person_name,
    {{ masked_id_number('coalesce(person_records.id_number_otherwise, person_records.id_number)') }} as masked_id_number,
    coalesce(person_records.id_status, 'missing') as id_status,
    coalesce(township_names.township_name, '') as township_name,
    coalesce(relation_months.employer_no, relation_months.family_no) as unit_no,
    relation_months.status as relation_status,
    intervals.normal_from as first_day,
    case when intervals.normal_to < {{ open_end() }} then intervals.normal_to end as last_day,
    intervals.shown_in
from relations
inner join intervals
    on relations.scheme = intervals.scheme
        and relations.relation_id = intervals.relation_id
inner join relation_months
    on intervals.scheme = relation_months.scheme
        and intervals.relation_id = relation_months.relation_id
        and intervals.shown_in = relation_months.period
left join person_records
    on intervals.source_system = person_records.source_system
        and intervals.source_person_no = person_records.source_person_no
left join township_names
    on relation_months.township_code = township_names.township_code
