{# What stands for an end that is not known yet; never published. #}
{% macro open_end() -%}
    cast('9999-12-31' as date)
{%- endmacro %}

{# Calendar months touched from one day to another, both counted. #}
{% macro months_touched(first, last) -%}
    ((year({{ last }}) - year({{ first }})) * 12 + month({{ last }}) - month({{ first }}) + 1)
{%- endmacro %}

{# True where two days lie in one calendar month. #}
{% macro same_month(one, other) -%}
    (year({{ one }}) = year({{ other }}) and month({{ one }}) = month({{ other }}))
{%- endmacro %}
