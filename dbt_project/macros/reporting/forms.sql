{# Whether a list of words, separated by blanks, holds a word (null: no list holds it). Codes have underscores, so this is not `like`. #}
{% macro holds_word(list, word) -%}
    position(' ' || {{ word }} || ' ' in ' ' || coalesce({{ list }}, '') || ' ') > 0
{%- endmacro %}
