{# An ID number as it may be shown to who checks a case: the region and the last four signs, the rest as stars (990102********123X);
   what is too short to be a number as stars alone. #}
{% macro masked_id_number(number) -%}
    case
        when length({{ number }}) >= 15
            then left({{ number }}, 6) || repeat('*', length({{ number }}) - 10) || right({{ number }}, 4)
        else repeat('*', length({{ number }}))
    end
{%- endmacro %}
