-- One row per relation in a current overlap, in the order in which one of a person's is kept: rank 1 is, the others are kept as rows
-- with their rank. A county's answer first; else an employee relation (the latest accounting month received, then the later first
-- day); else a university student's; else, all of one scheme, the later first day; else the earlier first day, rural before resident;
-- last, the smaller relation id. Grain: (scheme, relation_id).
with

current_overlaps as (
    select * from {{ ref('int_overlaps_current') }}
),

intervals as (
    select * from {{ ref('int_normal_intervals') }}
),

-- What was answered on an overlap that is over, or is none of these, says nothing of those that last.
answers as (
    select
        case_answers.person_id,
        case_answers.retained_relation_id,
        case_answers.answered_at
    from {{ ref('int_case_answers') }} as case_answers
    inner join current_overlaps
        on case_answers.scheme_a = current_overlaps.scheme_a
            and case_answers.relation_id_a = current_overlaps.relation_id_a
            and case_answers.scheme_b = current_overlaps.scheme_b
            and case_answers.relation_id_b = current_overlaps.relation_id_b
    where case_answers.retained_relation_id is not null
),

last_received_months as (
    select
        source_person_no,
        employer_no,
        max(month) as last_received_month
    from {{ ref('fct_contributions') }}
    where scheme = 'employee' and is_received
    group by
        source_person_no,
        employer_no
),

relations as (
    select scheme_a as scheme, relation_id_a as relation_id from current_overlaps
    union
    select scheme_b as scheme, relation_id_b as relation_id from current_overlaps
),

answered as (
    select
        person_id,
        retained_relation_id as relation_id,
        max(answered_at) as answered_at
    from answers
    group by
        person_id,
        retained_relation_id
),

described as (
    select
        intervals.person_id,
        intervals.scheme,
        intervals.scheme_order,
        intervals.relation_id,
        intervals.source_person_no,
        intervals.normal_from,
        intervals.is_university_student,
        answered.answered_at,
        last_received_months.last_received_month,
        min(intervals.scheme_order) over (partition by intervals.person_id)
        = max(intervals.scheme_order) over (partition by intervals.person_id) as is_one_scheme
    from relations
    inner join intervals
        on relations.scheme = intervals.scheme
            and relations.relation_id = intervals.relation_id
    -- The scheme stands inside the key: a condition on the left side alone would make the join compare every row with every row.
    left join last_received_months
        on case when intervals.scheme = 'employee' then intervals.source_person_no end = last_received_months.source_person_no
            and intervals.employer_no = last_received_months.employer_no
    left join answered
        on intervals.person_id = answered.person_id
            and intervals.relation_id = answered.relation_id
),

graded as (
    select
        *,
        case
            when scheme = 'employee' then 1
            when is_university_student then 2
            else 3
        end as keep_grade
    from described
)

select
    person_id,
    scheme,
    scheme_order,
    relation_id,
    source_person_no,
    row_number() over (
        partition by person_id
        order by
            answered_at desc nulls last,
            keep_grade,
            last_received_month desc nulls last,
            case when keep_grade < 3 or is_one_scheme then normal_from end desc nulls last,
            normal_from,
            scheme_order desc,
            relation_id
    ) as keep_rank
from graded
