{# Text without any blank, half-width or full-width. #}
{% macro without_blanks(text) -%}
    replace(replace(replace({{ text }}, ' ', ''), '　', ''), chr(9), '')
{%- endmacro %}

{# A settlement's place in time as one sortable text: by date, then number as text. #}
{% macro settlement_order(alias) -%}
    cast({{ alias }}.settled_on as varchar) || ' ' || {{ alias }}.settlement_id
{%- endmacro %}

{# The key of a stay: its visit number, or without one its settlement, told apart whatever the visit number reads. #}
{% macro stay_key(alias) -%}
    case
        when {{ alias }}.visit_id is null then 'settlement ' || {{ alias }}.settlement_id
        when {{ alias }}.visit_id like 'settlement %' or {{ alias }}.visit_id like 'visit %' then 'visit ' || {{ alias }}.visit_id
        else {{ alias }}.visit_id
    end
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
