{# Months are text `YYYY-MM` everywhere; these macros are the only place that turns them into days and back. #}
{% macro first_day_of(period) -%}
    cast({{ period }} || '-01' as date)
{%- endmacro %}

{% macro last_day_of(period) -%}
    last_day(cast({{ period }} || '-01' as date))
{%- endmacro %}

{% macro period_of(day) -%}
    {{ return(adapter.dispatch('period_of')(day)) }}
{%- endmacro %}

{% macro default__period_of(day) -%}
    date_format({{ day }}, 'yyyy-MM')
{%- endmacro %}

{% macro duckdb__period_of(day) -%}
    strftime({{ day }}, '%Y-%m')
{%- endmacro %}

{# A day that many months later (earlier when negative); the last day of a shorter month where the day is missing there. #}
{% macro add_months_to_day(day, months) -%}
    {{ return(adapter.dispatch('add_months_to_day')(day, months)) }}
{%- endmacro %}

{% macro default__add_months_to_day(day, months) -%}
    add_months({{ day }}, {{ months }})
{%- endmacro %}

{% macro duckdb__add_months_to_day(day, months) -%}
    cast({{ day }} + to_months({{ months }}) as date)
{%- endmacro %}

{% macro add_months_to_period(period, months) -%}
    {{ period_of(add_months_to_day(first_day_of(period), months)) }}
{%- endmacro %}

{# A day out of year, month and day numbers that are known to exist. #}
{% macro day_of(year, month, day) -%}
    make_date({{ year }}, {{ month }}, {{ day }})
{%- endmacro %}

{# Whole days from one day to another. #}
{% macro days_between(first, last) -%}
    {{ return(adapter.dispatch('days_between')(first, last)) }}
{%- endmacro %}

{% macro default__days_between(first, last) -%}
    datediff({{ last }}, {{ first }})
{%- endmacro %}

{% macro duckdb__days_between(first, last) -%}
    date_diff('day', {{ first }}, {{ last }})
{%- endmacro %}
