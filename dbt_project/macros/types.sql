{# Contract types, written once: money is decimal from first to last, counts are whole, sums are cast back. #}
{% macro money(expression) -%}
    cast({{ expression }} as decimal(18, 2))
{%- endmacro %}

{% macro amount(expression) -%}
    cast({{ expression }} as decimal(28, 6))
{%- endmacro %}

{% macro count_of(expression) -%}
    cast({{ expression }} as bigint)
{%- endmacro %}

{# Rural four-decimal money to the fen, once, half away from zero, so that a reversal cancels what it reverses.
   round() of a decimal does so in DuckDB and in Spark; of a double it would not. #}
{% macro fen(expression) -%}
    cast(round(cast({{ expression }} as decimal(18, 4)), 2) as decimal(18, 2))
{%- endmacro %}

{# Amounts of one row added up or set off, a missing one as nothing, with room for what their own type does not hold: DuckDB adds two
   decimal(18, 2) within decimal(18, 2), and stops where they do not fit. #}
{% macro added_up(amounts, less=[]) -%}
    (
    {%- for amount in amounts %}{{ ' + ' if not loop.first }}cast(coalesce({{ amount }}, 0) as decimal(28, 4)){% endfor %}
    {%- for amount in less %} - cast(coalesce({{ amount }}, 0) as decimal(28, 4)){% endfor -%}
    )
{%- endmacro %}

{# The type of such a sum where it is kept: two digits more than the amounts'. #}
{% macro money_of_several(expression) -%}
    cast({{ expression }} as decimal(20, 2))
{%- endmacro %}

{% macro money_or_zero(expression) -%}
    cast(coalesce({{ expression }}, 0) as decimal(18, 2))
{%- endmacro %}
