-- One row per family, delivering county and month's snapshot; is_entered keeps the smaller office's where two counties list one family.
-- Grain: (period, office, household_no).
with

source as (
    select * from {{ source('rural', 'families') }}
)

select
    {{ lineage() }},
    source.{{ col('家庭编号') }} as household_no,
    source.{{ col('户主姓名') }} as head_name_raw,
    source.{{ col('村编码') }} as village_code,
    source.{{ col('村名') }} as village_name,
    source.{{ col('户属性') }} as family_attribute_code,
    family_attribute.mapped_code as family_attribute,
    source.{{ col('医疗证号') }} as medical_card_no,
    source.{{ col('电话') }} as phone,
    {{ is_entered() }} as is_entered
from source
{{ join_code('family_attribute', 'rural', 'family_attribute', 'source.' ~ col('户属性')) }}
{{ join_repeats(source('rural', 'families'), ['_period', '家庭编号']) }}
