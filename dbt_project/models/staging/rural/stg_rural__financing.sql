-- One row per receipt of the rural scheme; is_entered is false where its number is already on record in another delivery.
-- Grain: (delivery_id, receipt_no).
with

source as (
    select * from {{ source('rural', 'financing') }}
)

select
    {{ lineage() }},
    source.{{ col('流水号') }} as receipt_no,
    source.{{ col('参合年度') }} as participation_year,
    source.{{ col('来源') }} as financing_source_code,
    financing_source.mapped_code as financing_source,
    source.{{ col('人数') }} as person_count,
    source.{{ col('金额') }} as amount_delivered,
    {{ fen('source.' ~ col('金额')) }} as amount_yuan,
    source.{{ col('到账日期') }} as received_on,
    {{ is_entered() }} as is_entered
from source
{{ join_code('financing_source', 'rural', 'financing_source', 'source.' ~ col('来源')) }}
{{ join_repeats(source('rural', 'financing'), ['流水号']) }}
