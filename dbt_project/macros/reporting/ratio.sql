{# Numerator ÷ denominator, exact, half away from zero at six decimals; null when a part is null or the denominator is zero.
   `times` and `by` are whole numbers that multiply numerator and denominator before the division, so that a mean (sum by count)
   is never rounded before it divides. In DuckDB `/` and avg() leave decimals for floating point, so whole numbers divide there. #}
{% macro ratio(numerator, denominator, times='1', by='1') -%}
    {{ return(adapter.dispatch('ratio')(numerator, denominator, times, by)) }}
{%- endmacro %}

{# Spark divides decimals as decimals and rounds the quotient half up, away from zero, at the scale it keeps (six). #}
{% macro default__ratio(numerator, denominator, times, by) -%}
    case
        when ({{ denominator }}) * ({{ by }}) <> 0
            then cast(
                (cast({{ numerator }} as decimal(28, 6)) * cast({{ times }} as decimal(10, 0)))
                / (cast({{ denominator }} as decimal(28, 6)) * cast({{ by }} as decimal(10, 0)))
                as decimal(28, 6)
            )
    end
{%- endmacro %}

{# Both parts become whole millionths; twice the numerator plus the denominator, whole-number divided by twice the denominator, is
   the quotient rounded half up; signs are put aside before and put back after, which makes it half away from zero. #}
{% macro duckdb__ratio(numerator, denominator, times, by) -%}
    case
        when ({{ denominator }}) <> 0 and ({{ by }}) <> 0 and ({{ times }}) is not null
            then cast(
                cast(
                    (
                        2 * abs({{ millionths(numerator) }} * cast({{ times }} as hugeint)) * 1000000
                        + abs({{ millionths(denominator) }} * cast({{ by }} as hugeint))
                    )
                    // (2 * abs({{ millionths(denominator) }} * cast({{ by }} as hugeint)))
                    * sign({{ millionths(numerator) }} * cast({{ times }} as hugeint))
                    * sign({{ millionths(denominator) }} * cast({{ by }} as hugeint))
                    as decimal(32, 0)
                )
                * cast(0.000001 as decimal(6, 6))
                as decimal(28, 6)
            )
    end
{%- endmacro %}

{# A decimal(28, 6) as the whole number of its millionths. #}
{% macro millionths(expression) -%}
    cast(cast({{ expression }} as decimal(28, 6)) * 1000000 as hugeint)
{%- endmacro %}

{# Whether a text holds a match of a regular expression. #}
{% macro matches(text, pattern) -%}
    {{ return(adapter.dispatch('matches')(text, pattern)) }}
{%- endmacro %}

{% macro default__matches(text, pattern) -%}
    {{ text }} rlike {{ pattern }}
{%- endmacro %}

{% macro duckdb__matches(text, pattern) -%}
    regexp_matches({{ text }}, {{ pattern }})
{%- endmacro %}

{# Whether the catalogue's `levels` text (`E:city,county R:city`) names a level for a scheme's letter. #}
{% macro names_level(levels, letter, level) -%}
    {{ matches(levels, "'(^| )' || " ~ letter ~ " || ':([a-z]+,)*' || " ~ level ~ " || '(,| |$)'") }}
{%- endmacro %}
