-- One row per institution of the employee system and month's snapshot. Grain: (period, institution_code).
with

source as (
    select * from {{ source('employee', 'institutions') }}
)

select
    {{ lineage() }},
    source.AKB020 as institution_code,
    source.AKB021 as institution_name,
    source.AKB022 as institution_type_code,
    institution_type.mapped_code as institution_type,
    source.AKA101 as institution_level_code,
    institution_level.mapped_code as institution_level,
    source.AAB301 as division_code
from source
{{ join_code('institution_type', 'employee', 'institution_type', 'source.AKB022') }}
{{ join_code('institution_level', 'employee', 'institution_level', 'source.AKA101') }}
