{# A telephone number for comparing: its digits without the country's prefix, null where they cannot be a number of anybody's own (too
   few, or one digit over and over). #}
{% macro tidied_phone(text) -%}
    {%- set digits = digits_of(text) -%}
    case
        -- Nearly all are written so, and are not looked at again.
        when {{ fits_pattern(text, '^1[0-9]{10}$') }} then nullif({{ text }}, '11111111111')
        when length({{ digits }}) < 7 or replace({{ digits }}, left({{ digits }}, 1), '') = '' then null
        when {{ fits_pattern(digits, '^(0086|86)1[0-9]{10}$') }} then right({{ digits }}, 11)
        else {{ digits }}
    end
{%- endmacro %}

{% macro digits_of(text) -%}
    {{ return(adapter.dispatch('digits_of')(text)) }}
{%- endmacro %}

{% macro default__digits_of(text) -%}
    regexp_replace({{ to_half_width(text) }}, '[^0-9]', '')
{%- endmacro %}

{% macro duckdb__digits_of(text) -%}
    regexp_replace({{ to_half_width(text) }}, '[^0-9]', '', 'g')
{%- endmacro %}
