-- A person with several relations of a scheme has one category, at every level; so the categories add up, but for persons without one.
with

categories as (
    select
        scheme,
        division_code,
        sum(value) as value
    from {{ ref('int_measure_values') }}
    where
        measure_code like 'INSURED.%'
        and measure_code <> 'INSURED.female'
        and right(measure_code, 3) <> '_LY'
    group by
        scheme,
        division_code
),

uncategorised as (
    select count(*) as persons
    from {{ ref('int_insured_persons') }}
    where person_category is null and scheme in ('employee', 'resident')
)

select
    insured.scheme,
    insured.division_code,
    insured.value,
    categories.value as by_category
from {{ ref('int_measure_values') }} as insured
inner join categories
    on insured.scheme = categories.scheme
        and insured.division_code = categories.division_code
cross join uncategorised
where
    insured.measure_code = 'INSURED'
    and insured.period_type = 'point'
    and (categories.value > insured.value or uncategorised.persons = 0 and categories.value <> insured.value)
