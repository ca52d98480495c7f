-- One row per fiscal subsidy received; is_entered is false where its number is already on record in an earlier delivery.
-- Grain: (delivery_id, subsidy_id).
with

source as (
    select * from {{ source('resident', 'finsubs_d') }}
)

select
    {{ lineage() }},
    source.subs_id as subsidy_id,
    source.insu_admdvs as division_code,
    source.insutype as insurance_type_code,
    source.fiscal_level as fiscal_level_code,
    fiscal_level.mapped_code as fiscal_level,
    source.subs_year as subsidy_year,
    source.psn_cnt as person_count,
    source.amt as amount_yuan,
    source.subs_ym as month,
    {{ is_entered() }} as is_entered
from source
{{ join_code('fiscal_level', 'resident', 'fiscal_level', 'source.fiscal_level') }}
{{ join_repeats(source('resident', 'finsubs_d'), ['subs_id']) }}
