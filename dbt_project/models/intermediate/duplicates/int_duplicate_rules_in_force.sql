-- One row per rule of the duplicate catalogue that holds on the closing month's last day and has a source. Grain: (rule_code).
with

duplicate_rules as (
    select * from {{ ref('duplicate_rules') }}
),

close_period as (
    select * from {{ source('control', 'close_period') }}
)

select
    duplicate_rules.rule_code,
    duplicate_rules.rule_class,
    duplicate_rules.name_zh,
    duplicate_rules.parameter,
    duplicate_rules.rule_version
from duplicate_rules
cross join close_period
where duplicate_rules.status = 'in force'
    and duplicate_rules.valid_from <= close_period.last_day
    and (duplicate_rules.valid_to is null or duplicate_rules.valid_to >= close_period.last_day)
