{# Text without any blank, half-width or full-width. #}
{% macro without_blanks(text) -%}
    replace(replace(replace({{ text }}, ' ', ''), '　', ''), chr(9), '')
{%- endmacro %}

{# A settlement's place in time as one sortable text: by date, then number as text. #}
{% macro settlement_order(alias) -%}
    cast({{ alias }}.settled_on as varchar) || ' ' || {{ alias }}.settlement_id
{%- endmacro %}

{# True where a text holds another. #}
{% macro contains_text(text, part) -%}
    {{ return(adapter.dispatch('contains_text')(text, part)) }}
{%- endmacro %}

{% macro default__contains_text(text, part) -%}
    instr({{ text }}, {{ part }}) > 0
{%- endmacro %}

{% macro duckdb__contains_text(text, part) -%}
    contains({{ text }}, {{ part }})
{%- endmacro %}
