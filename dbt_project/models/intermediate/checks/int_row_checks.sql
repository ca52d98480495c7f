-- One row per settlement and rule over rows of the closing month, whatever its outcome. Grain: (check_code, row_code, source_system,
-- source_table, delivery, key).
select check_code, row_code, source_system, source_table, key, delivery, line, left_value, right_value, is_failing
from {{ ref('int_settlement_identities') }}
union all
select check_code, row_code, source_system, source_table, key, delivery, line, left_value, right_value, is_failing
from {{ ref('int_settlement_bounds') }}
