-- One row per published indicator, scheme, level of division and period type: what the catalogue's `levels` and `period_types` name.
-- Grain: (indicator_code, scheme, division_level, period_type).
select
    indicators.indicator_code,
    letters.scheme,
    division_levels.division_level,
    period_types.period_type
from {{ ref('indicators') }} as indicators
cross join (
    select distinct
        scheme_group as scheme,
        catalogue_letter
    from {{ ref('scheme_groups') }}
) as letters
cross join (
    select * from (values ('city'), ('county'), ('township')) as listed (division_level)
) as division_levels
cross join (
    select * from (values ('point'), ('month'), ('ytd'), ('r12'), ('quarter'), ('year')) as listed (period_type)
) as period_types
where
    indicators.is_published
    and {{ names_level('indicators.levels', 'letters.catalogue_letter', 'division_levels.division_level') }}
    and ';' || indicators.period_types || ';' like '%;' || period_types.period_type || ';%'
