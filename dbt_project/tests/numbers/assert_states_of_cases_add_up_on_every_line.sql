-- At every scheme, division and line of the forms: overlapping pairs are those of all states added up; suspected pairs those of the three
-- confidences; suspected persons those of the three schemes that are kept. A cell that is not known says nothing.
with

point_values as (
    select
        case when position('.' in measure_code) > 0 then left(measure_code, position('.' in measure_code) - 1) else measure_code end as base_code,
        case when position('.' in measure_code) > 0 then substr(measure_code, position('.' in measure_code)) else '' end as line_code,
        scheme,
        division_code,
        value
    from {{ ref('int_measure_values') }}
    where period_type = 'point' and right(measure_code, 3) <> '_LY'
),

sums as (
    select * from (
        values
        ('OVERLAP_CASES', 'LEGITIMATE_CASES'),
        ('OVERLAP_CASES', 'TO_VERIFY_CASES'),
        ('OVERLAP_CASES', 'SENT_CASES'),
        ('OVERLAP_CASES', 'ANSWERED_DUPLICATE_CASES'),
        ('OVERLAP_CASES', 'ANSWERED_LEGITIMATE_CASES'),
        ('OVERLAP_CASES', 'ANSWERED_WRONG_MATCH_CASES'),
        ('OVERLAP_CASES', 'SETTLED_CASES'),
        ('DUPLICATE_CASES', 'DUPLICATE_CASES_HIGH'),
        ('DUPLICATE_CASES', 'DUPLICATE_CASES_MEDIUM'),
        ('DUPLICATE_CASES', 'DUPLICATE_CASES_LOW'),
        ('DUPLICATE_PERSONS', 'RETAINED_EMPLOYEE_PERSONS'),
        ('DUPLICATE_PERSONS', 'RETAINED_RESIDENT_PERSONS'),
        ('DUPLICATE_PERSONS', 'RETAINED_RURAL_PERSONS'),
        ('DUPLICATE_SUBSIDY', 'DUPLICATE_SUBSIDY_CENTRAL'),
        ('DUPLICATE_SUBSIDY', 'DUPLICATE_SUBSIDY_PROVINCE'),
        ('DUPLICATE_SUBSIDY', 'DUPLICATE_SUBSIDY_CITY'),
        ('DUPLICATE_SUBSIDY', 'DUPLICATE_SUBSIDY_COUNTY')
    ) as listed (total_code, part_code)
)

select
    totals.base_code,
    totals.line_code,
    totals.scheme,
    totals.division_code,
    totals.value,
    sum(parts.value) as parts
from point_values as totals
inner join sums
    on totals.base_code = sums.total_code
inner join point_values as parts
    on sums.part_code = parts.base_code
        and totals.line_code = parts.line_code
        and totals.scheme = parts.scheme
        and totals.division_code = parts.division_code
group by
    totals.base_code,
    totals.line_code,
    totals.scheme,
    totals.division_code,
    totals.value
having totals.value <> sum(parts.value) or (totals.value is null) <> (count(parts.value) = 0)
