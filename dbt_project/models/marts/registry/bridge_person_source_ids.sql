-- One row per person number of a source system that any table in force has ever shown: which person it is, and by what.
-- Grain: (source_system, source_person_no).
select
    source_system,
    source_person_no,
    person_id,
    match_tier,
    cast(match_probability as double) as match_probability,
    first_seen,
    last_seen
from {{ source('identity', 'person_links') }}
