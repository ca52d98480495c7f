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
union all
select
    'CHK-62' as check_code,
    source_table || '.' || code_set as row_code,
    source_system,
    source_table,
    key,
    delivery,
    line,
    {{ amount('null') }} as left_value,
    {{ amount('null') }} as right_value
from {{ ref('int_unmapped_codes') }}
{% for check_code, model in [('CHK-64', 'int_days_out_of_order'), ('CHK-65', 'int_rows_kept_out')] -%}
union all
select
    '{{ check_code }}' as check_code,
    row_code,
    source_system,
    source_table,
    key,
    delivery,
    line,
    {{ amount('null') }} as left_value,
    {{ amount('null') }} as right_value
from {{ ref(model) }}
{% endfor %}
