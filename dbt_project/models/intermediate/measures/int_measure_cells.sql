-- One row per cell that the closing month owes: a measure, a scheme and a line of divisions of one of the measure's levels.
-- Grain: (measure_code, scheme, division_code).
select
    scopes.measure_code,
    scopes.scheme,
    division_lines.division_code,
    scopes.division_level,
    scopes.period_basis,
    scopes.is_additive_over_months,
    scopes.needs_month_before,
    scopes.is_filled_with_zero,
    scopes.is_from_city_tables,
    scopes.is_family,
    division_lines.is_unassigned,
    division_lines.is_in_use_now
from {{ ref('int_measure_scopes') }} as scopes
inner join {{ ref('int_division_lines') }} as division_lines
    on scopes.division_level = division_lines.division_level
