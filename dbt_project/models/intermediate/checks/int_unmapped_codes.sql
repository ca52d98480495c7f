-- One row per row landed for the closing month and code set whose map does not hold the row's code (CHK-62, DQ-04).
-- Grain: (code_set, source_system, source_table, delivery, key).
with

unmapped as (
    {% for system, table, model, key, columns in coded_tables() -%}
    {{ unmapped_rows(system, table, model, key, columns) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

listed as (
    {{ coded_sets() }}
)

select
    listed.code_set,
    unmapped.source_system,
    unmapped.source_table,
    unmapped.key,
    unmapped.office,
    unmapped.delivery,
    unmapped.line
from unmapped
inner join listed
    on unmapped.source_system = listed.source_system
        and unmapped.source_table = listed.source_table
        and {{ holds_word('unmapped.code_sets', 'listed.code_set') }}
