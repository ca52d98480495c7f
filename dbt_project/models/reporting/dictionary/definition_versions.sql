-- One row per definition that varies between places, with the version used here: printed where its numbers are. Grain: (parameter).
select
    parameter,
    definition_version,
    definition,
    variants_seen,
    is_in_force
from {{ ref('definition_variants') }}
