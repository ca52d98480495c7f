-- One row per insurance type, ledger subject and accounting month. Grain: (period, insurance_type_code, subject_code).
with

source as (
    select * from {{ source('employee', 'fund_ledger') }}
)

select
    {{ lineage() }},
    source.AAE140 as insurance_type_code,
    insurance_type.mapped_code as insurance_type,
    source.AAE002 as month,
    source.KMDM as subject_code,
    source.KMMC as subject_name,
    source.FSE as amount_yuan
from source
{{ join_code('insurance_type', 'employee', 'insurance_type', 'source.AAE140') }}
