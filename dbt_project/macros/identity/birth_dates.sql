{# A birth date in any written form (1958-03-07, 19580307, 1958.3.7, 1958/3/7, 1958年3月7日; a midnight may follow), or null where
   the calendar has no such day. #}
{% macro birth_date_of(text) -%}
    {%- set written = "trim(" ~ to_half_width(text) ~ ")" -%}
    {%- set midnight = "([ T]0?0:00(:00)?([.]0+)?)?$" -%}
    {%- set signed = "^([12][0-9]{3})[-./年]([0-9]{1,2})[-./月]([0-9]{1,2})日?" ~ midnight -%}
    {%- set plain = "^([12][0-9]{3})([0-9]{2})([0-9]{2})" ~ midnight -%}
    coalesce(
        {{ date_or_null(matched_part(written, signed, 1), matched_part(written, signed, 2), matched_part(written, signed, 3)) }},
        {{ date_or_null(matched_part(written, plain, 1), matched_part(written, plain, 2), matched_part(written, plain, 3)) }}
    )
{%- endmacro %}

{% macro matched_part(text, pattern, part) -%}
    regexp_extract({{ text }}, '{{ pattern }}', {{ part }})
{%- endmacro %}

{# A day out of three texts of digits, null where one is empty or the calendar has no such day. #}
{% macro date_or_null(year_text, month_text, day_text) -%}
    try_cast({{ year_text }} || '-' || lpad({{ month_text }}, 2, '0') || '-' || lpad({{ day_text }}, 2, '0') as date)
{%- endmacro %}
