-- One row per rule of duplicate enrollment: types, legitimate overlaps, what is kept, what it costs. Grain: (rule_code).
select
    rule_code,
    rule_class,
    name_zh,
    detail_zh,
    rule_version,
    valid_from,
    valid_to,
    status
from {{ ref('duplicate_rules') }}
