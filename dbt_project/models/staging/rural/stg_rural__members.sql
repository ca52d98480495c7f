-- One row per member, participation year, delivering county and month's snapshot. Of one person and year delivered by two counties
-- the smaller office's row is entered, the other keeps its row. Grain: (period, office, source_person_no, participation_year).
with

source as (
    select * from {{ source('rural', 'members') }}
)

select
    {{ lineage() }},
    source.{{ col('个人编号') }} as source_person_no,
    source.{{ col('家庭编号') }} as household_no,
    source.{{ col('参合年度') }} as participation_year,
    source.{{ col('个人编号') }} || '-' || cast(source.{{ col('参合年度') }} as varchar) as relation_id,
    source.{{ col('姓名') }} as name_raw,
    source.{{ col('性别') }} as sex_code,
    coalesce(sex.mapped_code, 'unknown') as sex,
    source.{{ col('身份证号') }} as id_number_raw,
    source.{{ col('监护人身份证号') }} as guardian_id_raw,
    source.{{ col('出生日期') }} as birth_date_raw,
    source.{{ col('与户主关系') }} as relation_to_head,
    source.{{ col('参合状态') }} as status_code,
    relation_status.mapped_code as status,
    source.{{ col('参合日期') }} as start_date,
    source.{{ col('停保日期') }} as end_date,
    source.{{ col('存活状态') }} as vital_status_code,
    coalesce(vital_status.mapped_code = 'dead', false) as is_dead,
    {{ is_entered() }} as is_entered
from source
{{ join_code('sex', 'rural', 'sex', 'source.' ~ col('性别')) }}
{{ join_code('relation_status', 'rural', 'relation_status', 'source.' ~ col('参合状态')) }}
{{ join_code('vital_status', 'rural', 'vital_status', 'source.' ~ col('存活状态')) }}
{{ join_repeats(source('rural', 'members'), ['_period', '个人编号', '参合年度']) }}
