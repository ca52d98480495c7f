-- One row per insurance type, ledger subject and accounting month. Grain: (period, insurance_type_code, subject_code).
with

source as (
    select * from {{ source('resident', 'fund_ledger_d') }}
)

select
    {{ lineage() }},
    source.insutype as insurance_type_code,
    insurance_type.mapped_code as insurance_type,
    source.acct_ym as month,
    source.subj_code as subject_code,
    source.subj_name as subject_name,
    source.amt as amount_yuan
from source
{{ join_code('insurance_type', 'resident', 'insurance_type', 'source.insutype') }}
