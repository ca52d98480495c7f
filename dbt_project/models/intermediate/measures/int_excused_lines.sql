-- One row per month, scheme and line of divisions whose own cells are null because its office was excused (`--without`): the office's
-- schemes and `all`, in its division and townships; everywhere where a city-wide system was excused. Grain: (period, scheme, division_code).
with

excused_offices as (
    select * from {{ source('control', 'excused_offices') }}
)

select distinct
    excused_offices.period,
    system_schemes.scheme_group as scheme,
    division_lines.division_code
from excused_offices
inner join {{ ref('system_schemes') }} as system_schemes
    on excused_offices.system = system_schemes.source_system
inner join {{ ref('int_division_lines') }} as division_lines
    on excused_offices.office = '{{ var("city_code") }}' or division_lines.county_code = excused_offices.office
