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

{% macro money_or_zero(expression) -%}
    cast(coalesce({{ expression }}, 0) as decimal(18, 2))
{%- endmacro %}
