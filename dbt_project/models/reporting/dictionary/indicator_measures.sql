-- One row per measure that an indicator is made of, with its part and sign: the step from an indicator to its measures.
-- Grain: (indicator_code, part, measure_code).
select
    indicator_code,
    part,
    measure_code,
    {{ count_of('sign') }} as sign
from {{ ref('indicator_terms') }}
