-- One row per person with a readable birth date: of all its records, the one inside a sound ID number first, then the newest.
-- Grain: (person_id).
with

person_links as (
    select * from {{ source('identity', 'person_links') }}
),

person_records as (
    select * from {{ ref('int_person_records') }}
    where birth_date is not null
),

ranked as (
    select
        person_links.person_id,
        person_records.birth_date,
        row_number() over (
            partition by person_links.person_id
            order by
                case when person_records.id_status in ('valid', 'repaired') then 0 else 1 end,
                person_records.period desc,
                person_records.source_system,
                person_records.source_person_no
        ) as record_rank
    from person_links
    inner join person_records
        on person_links.source_system = person_records.source_system
            and person_links.source_person_no = person_records.source_person_no
)

select
    person_id,
    birth_date
from ranked
where record_rank = 1
