{# The numerators and denominators of indicators out of measure values: for each cell the signed sum of the part's terms, null where a
   term is missing or null. `cells` is a relation with indicator_code, scheme, division_code, period_type, period; `measured` one with
   measure_code, scheme, division_code, period_type, period, exact_sum, exact_divisor, origin, months_used. A stock stands in a rate of
   another period type with its value of the period's last day. #}
{% macro indicator_parts(cells, measured) -%}
    select
        cells.indicator_code,
        cells.scheme,
        cells.division_code,
        cells.period_type,
        cells.period,
        terms.part,
        case when count(measured.exact_sum) = count(*) then sum(terms.sign * measured.exact_sum) end as exact_sum,
        max(measured.exact_divisor) as exact_divisor,
        min(case when measures.period_basis = 'window' then measured.months_used end) as months_of_windows,
        max(measured.months_used) as months_of_stocks,
        min(measured.origin) as first_origin,
        max(measured.origin) as last_origin
    from {{ cells }} as cells
    inner join {{ ref('indicator_terms') }} as terms
        on cells.indicator_code = terms.indicator_code
    inner join {{ ref('measures') }} as measures
        on terms.measure_code = measures.measure_code
    left join {{ measured }} as measured
        on terms.measure_code = measured.measure_code
            and cells.scheme = measured.scheme
            and cells.division_code = measured.division_code
            and cells.period = measured.period
            and case when measures.period_basis = 'point' then 'point' else cells.period_type end = measured.period_type
    group by
        cells.indicator_code,
        cells.scheme,
        cells.division_code,
        cells.period_type,
        cells.period,
        terms.part
{%- endmacro %}

{# Measures that are counted out of the results of the checks, which read all other numbers: they and their indicators come last. #}
{% macro measures_of_checks() -%}
    ('CHECKS_RUN', 'CHECKS_PASSED')
{%- endmacro %}
