-- One row per indicator of the catalogue that this release was made with, those without a source yet among them, as the screen and the
-- workbook name, round and explain it. Grain: (indicator_code).
select
    indicator_code,
    name_zh,
    name_en,
    numerator_zh,
    denominator_zh,
    unit_zh,
    value_unit,
    {{ count_of('decimals') }} as decimals,
    direction,
    measure_numerator,
    measure_denominator,
    formula,
    {{ amount('factor') }} as factor,
    period_types,
    levels,
    status,
    missing_inputs,
    definition_version,
    is_published
from {{ ref('indicators') }}
