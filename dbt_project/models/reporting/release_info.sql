-- One row: what this release is, and which offices its month was closed without. Release number, moment and fingerprint are set by
-- publishing, which alone knows them. Grain: (period).
with

excused as (
    select string_agg(excused_offices.system || '/' || excused_offices.office, ' ' order by excused_offices.system, excused_offices.office) as excused_offices
    from {{ source('control', 'excused_offices') }} as excused_offices
    inner join {{ source('control', 'close_period') }} as close_period
        on excused_offices.period = close_period.period
)

select
    cast(null as varchar) as release,
    close_period.period,
    cast(null as timestamp) as built_at,
    cast(close_period.code_version as varchar) as code_version,
    cast(close_period.rule_set_version as varchar) as rule_set_version,
    cast(null as varchar) as warehouse_fingerprint,
    excused.excused_offices
from {{ source('control', 'close_period') }} as close_period
cross join excused
