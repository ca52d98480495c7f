-- One row per row of the closing month's deliveries that breaks a rule over rows, for reviewers (review file, never a release).
-- Grain: (check_code, row_code, source_system, source_table, delivery, key).
{{ config(schema='review') }}
select
    check_code,
    row_code,
    source_system,
    source_table,
    key,
    delivery,
    line,
    left_value,
    right_value
from {{ ref('int_row_checks') }}
where is_failing
