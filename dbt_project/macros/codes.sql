{# Joins the code map of one system and code set: the same code means different things in different systems and years.
   A code that the map does not hold leaves nulls; CHK-62 and DQ-04 count it. #}
{% macro join_code(alias, system, code_set, expression, period='_period') -%}
left join {{ ref('code_map') }} as {{ alias }}
        on {{ alias }}.source_system = '{{ system }}'
            and {{ alias }}.code_set = '{{ code_set }}'
            and {{ alias }}.code = {{ expression }}
            and {{ alias }}.valid_from <= {{ period }}
            and ({{ alias }}.valid_to is null or {{ alias }}.valid_to >= {{ period }})
{%- endmacro %}

{# Rank of a row among the rows in force that carry its key: 1 enters the city-level tables, the others keep their row
   and stay out (留存未入仓): the earlier period first, then the smaller office, then the clinic's table. #}
{% macro entry_rank(key, tie='_line') -%}
    row_number() over (partition by {{ key }} order by _period, _office, {{ tie }})
{%- endmacro %}
