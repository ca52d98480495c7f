{# Joins the code map of one system and code set: the same code means different things in different systems and years.
   A code that the map does not hold leaves nulls; CHK-62 and DQ-04 count it. #}
{% macro join_code(alias, system, code_set, expression, period='_period') -%}
left join {{ ref('code_map') }} as {{ alias }}
        on {{ alias }}.source_system = '{{ system }}'
            and {{ alias }}.code_set = '{{ code_set }}'
            and {{ alias }}.code = {{ expression }}
            and {{ alias }}.valid_from <= {{ period }}
            and ({{ alias }}.valid_to is null or {{ alias }}.valid_to >= {{ period }})
{%- endmacro %}

{# Joins the list of person categories that measures are named after (INSURED.<category>); maternity has the employee scheme's. #}
{% macro join_category(alias, scheme, category) -%}
left join {{ ref('person_categories') }} as {{ alias }}
        on case {{ scheme }} when 'maternity' then 'employee' else {{ scheme }} end = {{ alias }}.scheme
            and {{ category }} = {{ alias }}.person_category
{%- endmacro %}

{# How a measure names a row's category: the row's own code where the list has it, else `other`. A text that is no code never names a
   measure: it could be anything that slipped into the column, a person's name too, and there could be any number of them. #}
{% macro category_named(alias, category) -%}
    case when {{ category }} is not null then coalesce({{ alias }}.person_category, 'other') end
{%- endmacro %}

{# How a measure names a ledger subject: its code where it reads like one of a chart of accounts (1001, 1001P, 100101), else `other` after
   the digit that says income or expenditure, for the same reasons. #}
{% macro subject_named(subject_code) -%}
    case
        when {{ matches(subject_code, "'^[0-9]{1,10}[A-Za-z]?$'") }} then {{ subject_code }}
        when {{ matches(subject_code, "'^[0-9]'") }} then left({{ subject_code }}, 1) || 'other'
        else 'other'
    end
{%- endmacro %}
