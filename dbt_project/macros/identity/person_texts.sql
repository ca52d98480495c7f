{# A column of the three systems' person records as delivered, as a relation: every text that came, of every month and office. Which row
   of a person counts is not asked: a text is cleaned the same wherever it stands. #}
{% macro person_texts(column) -%}
    (
        select {{ column }} from {{ ref('stg_employee__persons') }}
        union all
        select {{ column }} from {{ ref('stg_resident__psn_info_b') }}
        union all
        select {{ column }} from {{ ref('stg_rural__members') }}
    ) as person_texts
{%- endmacro %}
