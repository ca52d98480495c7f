-- One row per person number of a source system that any table in force has ever shown: which person it is, and by what.
-- Grain: (source_system, source_person_no).
select
    person_links.source_system,
    person_links.source_person_no,
    person_links.person_id,
    person_links.match_tier,
    cast(person_links.match_probability as double) as match_probability,
    seen.first_seen,
    seen.last_seen
from {{ source('identity', 'person_links') }} as person_links
inner join {{ ref('int_person_numbers_seen') }} as seen
    on person_links.source_system = seen.source_system
        and person_links.source_person_no = seen.source_person_no
