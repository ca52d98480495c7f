-- One row per administrative division and month's snapshot. Grain: (period, division_code).
with

source as (
    select * from {{ source('city', 'divisions') }}
)

select
    {{ lineage() }},
    source.code as division_code,
    source.name as division_name,
    source.level as division_level_code,
    division_level.mapped_code as division_level,
    source.parent_code,
    source.valid_from,
    source.valid_to,
    source.successor_code
from source
{{ join_code('division_level', 'city', 'division_level', 'source.level') }}
