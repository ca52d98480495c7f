-- One row: what this release is. Release number, moment and fingerprint are set by publishing, which alone knows them.
select
    cast(null as varchar) as release,
    period,
    cast(null as timestamp) as built_at,
    code_version,
    rule_set_version,
    cast(null as varchar) as warehouse_fingerprint
from {{ source('control', 'close_period') }}
