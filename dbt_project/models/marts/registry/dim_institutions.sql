-- One row per institution of a source system, as the newest snapshot up to the closing month lists it.
-- Grain: (source_system, institution_code).
with

ranked as (
    select
        *,
        row_number() over (partition by source_system, institution_code order by period desc) as snapshot_rank
    from {{ ref('int_institutions') }}
)

select
    source_system,
    institution_code,
    institution_name,
    institution_type,
    institution_level,
    division_code,
    is_out_of_area,
    period as last_listed
from ranked
where snapshot_rank = 1
