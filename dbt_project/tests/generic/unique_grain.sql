{# The grain of a model: no two rows share these columns, and none of them is null unless `nullable` names it.
   A close publishes nothing where it does not hold; with `is_gate=false` only the full run of all tests asks. #}
{% test unique_grain(model, columns, nullable=[], is_gate=true) %}
{{ config(tags=['grain'] if is_gate else []) }}
select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {%- for column in columns if column not in nullable %}
    or {{ column }} is null
    {%- endfor %}
{% endtest %}
