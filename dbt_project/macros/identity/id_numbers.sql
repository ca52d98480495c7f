{# An ID number as keyed in, made comparable: half-width, upper case, without blanks, quotes and hyphens. #}
{% macro tidied_id(text) -%}
    translate(upper({{ to_half_width(text) }}), ' -·{{ "\u200b\ufeff" }}`’''"', '')
{%- endmacro %}

{# Check character of GB 11643 over the first seventeen digits, given as a whole number. #}
{% macro id_check_character(number) -%}
    substr('10X98765432', 1 + cast((
        {%- for weight in [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2] %}
        {{ '+ ' if not loop.first }}{{ digit_of(number, 17 - loop.index) }} * {{ weight }}
        {%- endfor %}
    ) % 11 as integer), 1)
{%- endmacro %}

{# The digit of a whole number that stands before that many others. #}
{% macro digit_of(number, places) -%}
    {{ return(adapter.dispatch('digit_of')(number, places)) }}
{%- endmacro %}

{% macro default__digit_of(number, places) -%}
    ({{ number }} div {{ 10 ** places }}) % 10
{%- endmacro %}

{% macro duckdb__digit_of(number, places) -%}
    ({{ number }} // {{ 10 ** places }}) % 10
{%- endmacro %}

{# The rows of a relation with what its `id_number_raw` says besides:
   id_number_tidied (as keyed in, made comparable; null where nothing is left), id_number_full (18 characters with a right check digit and
   a day that exists, 15 digits upgraded with century 19, else null), id_birth_date and id_sex inside it, is_id_repaired,
   is_id_placeholder; and the steps on the way, which nothing reads. Each step is a subquery of its own, so that what a later one asks for
   several times is worked out once; a condition on the tidied number would be worked out with it once more. #}
{% macro clean_id_numbers(relation) -%}
    select
        bounded.*,
        case when bounded.id_birth_date is not null then bounded.id_number_checked end as id_number_full,
        case
            when bounded.id_birth_date is null then null
            when ascii(substr(bounded.id_number_checked, 17, 1)) % 2 = 1 then 'male'
            else 'female'
        end as id_sex,
        coalesce(bounded.id_number_checked <> bounded.id_number_raw, false) as is_id_repaired
    from (
        select
            checked.*,
            {{ date_of_digits('substr(checked.id_number_checked, 7, 8)') }} as id_birth_date
        from (
            select
                counted.*,
                case
                    when counted.first_seventeen is null then null
                    when length(counted.id_number_tidied) = 15 then counted.first_seventeen || counted.check_character
                    when right(counted.id_number_tidied, 1) = counted.check_character then counted.id_number_tidied
                end as id_number_checked
            from (
                select
                    upgraded.*,
                    {{ id_check_character('try_cast(upgraded.first_seventeen as bigint)') }} as check_character
                from (
                    select
                        tidied.*,
                        case
                            when tidied.is_id_placeholder then null
                            when tidied.is_id_whole and left(tidied.id_number_tidied, 1) <> '0' then left(tidied.id_number_tidied, 17)
                            when {{ fits_pattern('tidied.id_number_tidied', '^[1-9][0-9]{16}[0-9X]$') }} then left(tidied.id_number_tidied, 17)
                            when {{ fits_pattern('tidied.id_number_tidied', '^[1-9][0-9]{14}$') }}
                                then left(tidied.id_number_tidied, 6) || '19' || substr(tidied.id_number_tidied, 7)
                        end as first_seventeen
                    from (
                        select
                            raw.*,
                            -- One digit over and over, a division code and zeros, or a word.
                            coalesce(
                                (
                                    left(raw.id_number_tidied, 1) = right(raw.id_number_tidied, 1)
                                    and replace(raw.id_number_tidied, left(raw.id_number_tidied, 1), '') = ''
                                )
                                or (
                                    right(raw.id_number_tidied, 1) = '0'
                                    and {{ fits_pattern('raw.id_number_tidied', '^[0-9]{6}0{9,12}$') }}
                                )
                                or placeholders.placeholder is not null,
                                false
                            ) as is_id_placeholder
                        from (
                            select
                                shaped.*,
                                case
                                    when shaped.is_id_whole then shaped.id_number_raw
                                    else nullif({{ tidied_id('shaped.id_number_raw') }}, '')
                                end as id_number_tidied
                            from (
                                select
                                    keyed_in.*,
                                    {{ fits_pattern('keyed_in.id_number_raw', '^[0-9]{17}[0-9X]$') }} as is_id_whole
                                from {{ relation }} as keyed_in
                            ) as shaped
                        ) as raw
                        left join {{ ref('id_placeholders') }} as placeholders
                            on raw.id_number_tidied = placeholders.placeholder
                    ) as tidied
                ) as upgraded
            ) as counted
        ) as checked
    ) as bounded
{%- endmacro %}

{# Whether a text matches a regular expression from beginning to end. #}
{% macro fits_pattern(text, pattern) -%}
    {{ return(adapter.dispatch('fits_pattern')(text, pattern)) }}
{%- endmacro %}

{% macro default__fits_pattern(text, pattern) -%}
    {{ text }} rlike '{{ pattern }}'
{%- endmacro %}

{% macro duckdb__fits_pattern(text, pattern) -%}
    regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}

{# The status of a record's ID number on a day, out of its cleaned form (clean_id_numbers), the cleaned form of the guardian's number
   beside it, and what the record itself says. A child's number that is the guardian's, or an adult's by the date inside it, is the
   guardian's; a date that is off by whole centuries alone is only inconsistent. No number names a day to come or one before 1880, and
   none has the order number 000. `day`, and the day eighteen years before it, are asked for several times: columns, not expressions. #}
{% macro id_status(cleaned, guardian, birth_date, sex, day, day_18_years_before) -%}
    case
        when {{ cleaned }}.id_number_tidied is null then 'missing'
        when {{ cleaned }}.is_id_placeholder then 'placeholder'
        when coalesce({{ cleaned }}.id_number_full, {{ cleaned }}.id_number_tidied) = coalesce({{ guardian }}.id_number_full, {{ guardian }}.id_number_tidied)
            then 'guardian'
        when {{ cleaned }}.id_number_full is null or {{ cleaned }}.id_birth_date > {{ day }} or year({{ cleaned }}.id_birth_date) < 1880
            or substr({{ cleaned }}.id_number_full, 15, 3) = '000' then 'invalid'
        when {{ birth_date }} <= {{ day }}
            and {{ birth_date }} > {{ day_18_years_before }}
            and {{ cleaned }}.id_birth_date <= {{ day_18_years_before }}
            and not (
                month({{ cleaned }}.id_birth_date) = month({{ birth_date }})
                and day({{ cleaned }}.id_birth_date) = day({{ birth_date }})
                and (year({{ birth_date }}) - year({{ cleaned }}.id_birth_date)) % 100 = 0
            )
            then 'guardian'
        when {{ cleaned }}.id_birth_date <> {{ birth_date }} then 'inconsistent'
        when {{ sex }} in ('male', 'female') and {{ cleaned }}.id_sex <> {{ sex }} then 'inconsistent'
        when {{ cleaned }}.is_id_repaired then 'repaired'
        else 'valid'
    end
{%- endmacro %}
