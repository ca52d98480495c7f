-- One row per county, ledger subject and accounting month, in delivered decimals and in fen. Grain: (period, office, subject_code).
with

source as (
    select * from {{ source('rural', 'fund_ledger') }}
)

select
    {{ lineage() }},
    source.{{ col('会计期') }} as month,
    source.{{ col('科目编码') }} as subject_code,
    source.{{ col('科目名称') }} as subject_name,
    source.{{ col('金额') }} as amount_delivered,
    {{ fen('source.' ~ col('金额')) }} as amount_yuan
from source
