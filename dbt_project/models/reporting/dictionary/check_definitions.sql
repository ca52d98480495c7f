-- One row per check (审核关系) of the catalogue, those that this version does not run among them. Grain: (check_code).
select
    check_code,
    rule_zh,
    kind,
    scope_zh,
    report_code,
    tolerance_zh,
    severity,
    missing_inputs,
    is_run
from {{ ref('check_rules') }}
