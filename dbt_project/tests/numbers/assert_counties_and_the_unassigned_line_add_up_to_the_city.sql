-- Measures that may be added over divisions: the counties and 未分县区 are the city, cell by cell, unless an office is excused.
select
    city.measure_code,
    city.scheme,
    city.period_type,
    city.value,
    sum(county.value) as counties
from {{ ref('int_measure_values') }} as city
inner join {{ ref('measures') }} as measures
    on city.measure_code = measures.measure_code
        and measures.additive_over like '%divisions%'
        and not measures.is_from_city_tables
inner join {{ ref('int_measure_values') }} as county
    on city.measure_code = county.measure_code
        and city.scheme = county.scheme
        and city.period_type = county.period_type
        and length(county.division_code) = 6
        and county.division_code <> '{{ var("city_code") }}'
where city.division_code = '{{ var("city_code") }}' and city.origin = 'computed' and city.period_type = 'month'
group by
    city.measure_code,
    city.scheme,
    city.period_type,
    city.value
having count(*) = count(county.value) and sum(county.value) <> city.value
