{# A birth date in any written form (1958-03-07, 19580307, 1958.3.7, 1958/3/7, 1958年3月7日; a midnight may follow), or null where
   the calendar has no such day. #}
{% macro birth_date_of(text) -%}
    {%- set written = birth_date_text(text) -%}
    coalesce(
        {{ date_or_null(signed_part(written, 1), signed_part(written, 2), signed_part(written, 3)) }},
        {{ date_or_null(plain_part(written, 1), plain_part(written, 2), plain_part(written, 3)) }}
    )
{%- endmacro %}

{# The cleaned form of each `birth_date_raw` of a relation (one row per distinct text): birth_date (null where the calendar has no such
   day), birth_date_if_swapped (day and month read the other way round), birth_date_if_lunar (the solar day, if what is written is the
   lunar date). The last two are other readings of the same text, null where there is none. #}
{% macro clean_birth_dates(relation) -%}
    with written as (
        select
            birth_date_raw,
            {{ birth_date_text('birth_date_raw') }} as birth_date_text
        from (
            select distinct birth_date_raw
            from {{ relation }}
            where birth_date_raw is not null
        ) as birth_date_texts
    ),

    parted as (
        select
            birth_date_raw,
            coalesce(nullif({{ signed_part('birth_date_text', 1) }}, ''), {{ plain_part('birth_date_text', 1) }}) as year_text,
            coalesce(nullif({{ signed_part('birth_date_text', 2) }}, ''), {{ plain_part('birth_date_text', 2) }}) as month_text,
            coalesce(nullif({{ signed_part('birth_date_text', 3) }}, ''), {{ plain_part('birth_date_text', 3) }}) as day_text
        from written
    ),

    numbered as (
        select
            *,
            try_cast(year_text as integer) as year_number,
            try_cast(month_text as integer) as month_number,
            try_cast(day_text as integer) as day_number
        from parted
    )

    select
        numbered.birth_date_raw,
        {{ date_or_null('numbered.year_text', 'numbered.month_text', 'numbered.day_text') }} as birth_date,
        case
            when numbered.day_number <> numbered.month_number
                then {{ date_or_null('numbered.year_text', 'numbered.day_text', 'numbered.month_text') }}
        end as birth_date_if_swapped,
        case
            when numbered.day_number >= 1 then {{ add_days_to_day('lunar_months.first_day', 'numbered.day_number - 1') }}
        end as birth_date_if_lunar
    from numbered
    -- (A condition on the day alone would make DuckDB join by nested loops.)
    left join {{ ref('lunar_months') }} as lunar_months
        on numbered.year_number = lunar_months.lunar_year
            and numbered.month_number = lunar_months.lunar_month
            and numbered.day_number <= lunar_months.day_count
            and not lunar_months.is_leap
{%- endmacro %}

{% macro birth_date_text(text) -%}
    trim({{ to_half_width(text) }})
{%- endmacro %}

{# Year, month or day (1, 2, 3) of a date written with signs, '' where it is not written so. #}
{% macro signed_part(text, part) -%}
    regexp_extract({{ text }}, '^([12][0-9]{3})[-./年]([0-9]{1,2})[-./月]([0-9]{1,2})日?([ T]0?0:00(:00)?([.]0+)?)?$', {{ part }})
{%- endmacro %}

{# The same of a date of eight digits. #}
{% macro plain_part(text, part) -%}
    regexp_extract({{ text }}, '^([12][0-9]{3})([0-9]{2})([0-9]{2})([ T]0?0:00(:00)?([.]0+)?)?$', {{ part }})
{%- endmacro %}

{# A day out of three texts of digits, null where one is empty or the calendar has no such day. #}
{% macro date_or_null(year_text, month_text, day_text) -%}
    try_cast({{ year_text }} || '-' || lpad({{ month_text }}, 2, '0') || '-' || lpad({{ day_text }}, 2, '0') as date)
{%- endmacro %}

{# A day out of eight digits, null where the calendar has no such day. #}
{% macro date_of_digits(text) -%}
    try_cast(substr({{ text }}, 1, 4) || '-' || substr({{ text }}, 5, 2) || '-' || substr({{ text }}, 7, 2) as date)
{%- endmacro %}

{# A day that many days later. #}
{% macro add_days_to_day(day, days) -%}
    {{ return(adapter.dispatch('add_days_to_day')(day, days)) }}
{%- endmacro %}

{% macro default__add_days_to_day(day, days) -%}
    date_add({{ day }}, {{ days }})
{%- endmacro %}

{% macro duckdb__add_days_to_day(day, days) -%}
    cast({{ day }} + cast({{ days }} as integer) as date)
{%- endmacro %}
