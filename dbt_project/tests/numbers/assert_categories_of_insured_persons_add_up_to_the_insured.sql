-- A person with several relations of a scheme has one category, at every level; so the categories add up, but for persons without one:
-- of all insured, and of the women among them.
with

categories as (
    select
        scheme,
        division_code,
        case when measure_code like 'INSURED.female.%' then 'INSURED.female' else 'INSURED' end as whole_code,
        sum(value) as value
    from {{ ref('int_measure_values') }}
    where
        measure_code like 'INSURED.%'
        and measure_code <> 'INSURED.female'
        and right(measure_code, 3) <> '_LY'
    group by
        scheme,
        division_code,
        case when measure_code like 'INSURED.female.%' then 'INSURED.female' else 'INSURED' end
),

uncategorised as (
    select count(*) as persons
    from {{ ref('int_insured_persons') }}
    where person_category is null and scheme in ('employee', 'resident')
)

select
    insured.scheme,
    insured.division_code,
    insured.measure_code,
    insured.value,
    categories.value as by_category
from {{ ref('int_measure_values') }} as insured
inner join categories
    on insured.scheme = categories.scheme
        and insured.division_code = categories.division_code
        and insured.measure_code = categories.whole_code
cross join uncategorised
where
    insured.period_type = 'point'
    and (categories.value > insured.value or uncategorised.persons = 0 and categories.value <> insured.value)
