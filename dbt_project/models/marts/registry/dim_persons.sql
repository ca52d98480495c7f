-- One row per person (person_id), described by the newest of its records: the city's register of insured persons.
-- Holds names and ID numbers; nothing published reads them from here. Grain: (person_id).
with

person_links as (
    select * from {{ ref('bridge_person_source_ids') }}
),

person_records as (
    select * from {{ ref('int_person_records') }}
),

ranked as (
    select
        person_links.person_id,
        person_records.source_system,
        person_records.source_person_no,
        person_records.name,
        person_records.sex,
        person_records.birth_date,
        person_records.id_number,
        person_records.id_status,
        person_records.is_dead,
        row_number() over (
            partition by person_links.person_id
            order by person_records.period desc, person_records.source_system, person_records.source_person_no
        ) as record_rank
    from person_links
    inner join person_records
        on person_links.source_system = person_records.source_system
            and person_links.source_person_no = person_records.source_person_no
),

counted as (
    select
        person_id,
        count(*) as record_count,
        min(first_seen) as first_seen,
        max(last_seen) as last_seen
    from person_links
    group by person_id
)

select
    counted.person_id,
    ranked.name as person_name,
    ranked.sex,
    ranked.birth_date,
    ranked.id_number,
    ranked.id_status,
    coalesce(ranked.is_dead, false) as is_dead,
    counted.record_count,
    counted.first_seen,
    counted.last_seen
from counted
left join ranked
    on counted.person_id = ranked.person_id
        and ranked.record_rank = 1
