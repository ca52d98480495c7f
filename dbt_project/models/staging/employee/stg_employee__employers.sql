-- One row per employer and month's snapshot. Grain: (period, employer_no).
with

source as (
    select * from {{ source('employee', 'employers') }}
)

select
    {{ lineage() }},
    source.AAB001 as employer_no,
    source.AAB004 as employer_name,
    source.AAB019 as unit_type_code,
    unit_type.mapped_code as unit_type,
    source.AAB301 as division_code
from source
{{ join_code('unit_type', 'employee', 'unit_type', 'source.AAB019') }}
