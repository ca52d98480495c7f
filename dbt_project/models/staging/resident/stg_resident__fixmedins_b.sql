-- One row per institution of the resident system and month's snapshot. Grain: (period, institution_code).
with

source as (
    select * from {{ source('resident', 'fixmedins_b') }}
)

select
    {{ lineage() }},
    source.fixmedins_code as institution_code,
    source.fixmedins_name as institution_name,
    source.fixmedins_type as institution_type_code,
    institution_type.mapped_code as institution_type,
    source.hosp_lv as institution_level_code,
    institution_level.mapped_code as institution_level,
    source.fix_blng_admdvs as division_code
from source
{{ join_code('institution_type', 'resident', 'institution_type', 'source.fixmedins_type') }}
{{ join_code('institution_level', 'resident', 'institution_level', 'source.hosp_lv') }}
