{# The grain of a model: no two rows share these columns, and none of them is null unless `nullable` names it. #}
{% test unique_grain(model, columns, nullable=[]) %}
{{ config(tags=['grain']) }}
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
