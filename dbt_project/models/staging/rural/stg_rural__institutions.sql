-- One row per institution, delivering county and month's snapshot; counties list each other's hospitals too.
-- Grain: (period, office, institution_code).
with

source as (
    select * from {{ source('rural', 'institutions') }}
)

select
    {{ lineage() }},
    source.{{ col('机构编码') }} as institution_code,
    source.{{ col('机构名称') }} as institution_name,
    source.{{ col('机构类型') }} as institution_type_code,
    institution_type.mapped_code as institution_type,
    source.{{ col('级别') }} as institution_level_code,
    institution_level.mapped_code as institution_level,
    source.{{ col('区划') }} as division_code
from source
{{ join_code('institution_type', 'rural', 'institution_type', 'source.' ~ col('机构类型')) }}
{{ join_code('institution_level', 'rural', 'institution_level', 'source.' ~ col('级别')) }}
