-- One row per check of what the sources report about insured persons, scheme and line of divisions of the closing month: categories against
-- the total, parts that cannot exceed their whole, coverage no higher than one. Grain: (check_code, scheme, division_code, row_code).
with

measured as (
    select
        measure_code,
        scheme,
        division_code,
        value
    from {{ ref('int_measure_values') }}
    where period_type = 'point' and length(division_code) = 6
),

totals as (
    select * from measured
    where measure_code = 'INSURED'
),

categories as (
    select
        measured.scheme,
        measured.division_code,
        case when count(measured.value) = count(*) then sum(measured.value) end as value
    from measured
    inner join {{ ref('person_categories') }} as listed
        on measured.scheme = listed.scheme
            and measured.measure_code = 'INSURED.' || listed.person_category
    group by
        measured.scheme,
        measured.division_code
),

coverage as (
    select
        coverage.scheme,
        coverage.division_code,
        coverage.value
    from {{ ref('int_indicator_values') }} as coverage
    inner join {{ source('control', 'close_period') }} as close_period
        on coverage.period = close_period.period
    where coverage.indicator_code = 'ENR-02' and coverage.period_type = 'point' and length(coverage.division_code) = 6
)

select
    'CHK-02' as check_code,
    totals.scheme,
    totals.division_code,
    'CATEGORIES' as row_code,
    totals.value as left_value,
    categories.value as right_value,
    false as is_bound,
    case when totals.value is null then '有单位未报送, 本行不执行' end as note
from totals
inner join categories
    on totals.scheme = categories.scheme
        and totals.division_code = categories.division_code
union all
select
    'CHK-05' as check_code,
    totals.scheme,
    totals.division_code,
    parts.measure_code as row_code,
    parts.value as left_value,
    totals.value as right_value,
    true as is_bound,
    case when totals.value is null then '有单位未报送, 本行不执行' end as note
from totals
inner join measured as parts
    on totals.scheme = parts.scheme
        and totals.division_code = parts.division_code
where parts.measure_code in ('INSURED.female', 'EMPLOYERS')
union all
select
    'CHK-06' as check_code,
    scheme,
    division_code,
    'ENR-02' as row_code,
    value as left_value,
    {{ amount('1') }} as right_value,
    true as is_bound,
    case when value is null then '缺应参保人数, 或有单位未报送, 不执行' end as note
from coverage
