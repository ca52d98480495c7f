{# Schemas carry their plain names (`staging`, `marts` …): the published contract names them so. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}

{# A delivered column under its own name, quoted for the engine at hand (rural headers are Chinese). #}
{% macro col(name) -%}
    {{ adapter.quote(name) }}
{%- endmacro %}

{# The columns that say where a landed row came from, under our names. #}
{% macro lineage() -%}
    _period as period,
        _office as office,
        _delivery_id as delivery_id,
        _line as line_number
{%- endmacro %}
