-- One row per insurance relation and month's snapshot, supplements (320, 330) and maternity (510) included.
-- Grain: (period, relation_id).
with

source as (
    select * from {{ source('employee', 'enrollments') }}
)

select
    {{ lineage() }},
    source.AAZ159 as relation_id,
    source.AAC001 as source_person_no,
    source.AAB001 as employer_no,
    source.AAE140 as insurance_type_code,
    insurance_type.mapped_code as insurance_type,
    source.AKC021 as person_category_code,
    source.AAC031 as status_code,
    relation_status.mapped_code as status,
    source.AAC030 as start_date,
    -- 9999-12-31 is how the system writes an open end.
    nullif(source.AAE041, date '9999-12-31') as end_date,
    source.AAB301 as division_code
from source
{{ join_code('insurance_type', 'employee', 'insurance_type', 'source.AAE140') }}
{{ join_code('relation_status', 'employee', 'relation_status', 'source.AAC031') }}
