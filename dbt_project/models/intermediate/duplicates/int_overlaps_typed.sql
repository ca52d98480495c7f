-- One row per pair of relations of one person whose normal intervals share at least a day, within the window of history (24 months
-- after the overlap's end): when they overlap, what type of duplicate it is, and the first legitimate rule that holds.
-- a stands before b by scheme (employee, resident, rural), then by relation id. Grain: (scheme_a, relation_id_a, scheme_b, relation_id_b).
with

intervals as (
    select * from {{ ref('int_normal_intervals') }}
),

close_period as (
    select * from {{ source('control', 'close_period') }}
),

rules as (
    select * from {{ ref('int_duplicate_rules_in_force') }}
),

birth_dates as (
    select * from {{ ref('int_person_birth_dates') }}
),

-- The first month that a resident's premiums on record pay for.
first_paid_months as (
    select
        source_person_no,
        min(paid_for_month) as first_paid_month
    from {{ ref('fct_contributions') }}
    where source_system = 'resident'
    group by source_person_no
),

pairs as (
    select
        a.person_id,
        a.scheme as scheme_a,
        a.relation_id as relation_id_a,
        a.source_person_no as source_person_no_a,
        a.division_code as division_code_a,
        a.scheme_order as scheme_order_a,
        a.is_university_student as is_university_student_a,
        a.is_flexible as is_flexible_a,
        a.normal_from as normal_from_a,
        a.normal_to as normal_to_a,
        b.scheme as scheme_b,
        b.relation_id as relation_id_b,
        b.source_person_no as source_person_no_b,
        b.division_code as division_code_b,
        b.scheme_order as scheme_order_b,
        b.is_university_student as is_university_student_b,
        b.normal_from as normal_from_b,
        b.normal_to as normal_to_b,
        close_period.period,
        close_period.first_period,
        close_period.last_day as period_last_day,
        greatest(a.normal_from, b.normal_from) as overlap_from,
        least(a.normal_to, b.normal_to) as overlap_end,
        least(a.normal_to, b.normal_to, close_period.last_day) as overlap_end_so_far,
        least(a.normal_to, b.normal_to) >= close_period.last_day as is_lasting
    from intervals as a
    inner join intervals as b
        on a.person_id = b.person_id
            and (a.scheme_order < b.scheme_order or (a.scheme_order = b.scheme_order and a.relation_id < b.relation_id))
            and a.normal_from <= b.normal_to
            and b.normal_from <= a.normal_to
    cross join close_period
    where greatest(a.normal_from, b.normal_from) <= close_period.last_day
        and least(a.normal_to, b.normal_to) >= {{ add_months_to_day('close_period.last_day', -24) }}
),

-- Pairs of two schemes that have a day in common with the third; on the period's last day too, or only earlier.
shared_by_three as (
    select
        pairs.scheme_a,
        pairs.relation_id_a,
        pairs.scheme_b,
        pairs.relation_id_b,
        max(case when pairs.is_lasting and thirds.normal_to >= pairs.period_last_day then 1 else 0 end) = 1 as is_shared_on_last_day
    from pairs
    inner join intervals as thirds
        on pairs.person_id = thirds.person_id
            and pairs.scheme_a <> thirds.scheme
            and pairs.scheme_b <> thirds.scheme
            and thirds.normal_from <= pairs.overlap_end_so_far
            and thirds.normal_to >= pairs.overlap_from
    where pairs.scheme_a <> pairs.scheme_b
    group by
        pairs.scheme_a,
        pairs.relation_id_a,
        pairs.scheme_b,
        pairs.relation_id_b
),

typed as (
    select
        pairs.*,
        coalesce(shared_by_three.is_shared_on_last_day, false) as is_shared_by_three_on_last_day,
        case
            when shared_by_three.scheme_a is not null then 'DT-07'
            when pairs.is_university_student_a or pairs.is_university_student_b then 'DT-08'
            when pairs.is_flexible_a and pairs.scheme_b = 'resident' then 'DT-09'
            when pairs.scheme_a = 'employee' and pairs.scheme_b = 'employee' then 'DT-01'
            when pairs.scheme_a = 'resident' and pairs.scheme_b = 'resident' then 'DT-02'
            when pairs.scheme_a = 'rural' then 'DT-03'
            when pairs.scheme_a = 'employee' and pairs.scheme_b = 'resident' then 'DT-04'
            when pairs.scheme_a = 'employee' then 'DT-05'
            else 'DT-06'
        end as type_code
    from pairs
    left join shared_by_three
        on pairs.scheme_a = shared_by_three.scheme_a
            and pairs.relation_id_a = shared_by_three.relation_id_a
            and pairs.scheme_b = shared_by_three.scheme_b
            and pairs.relation_id_b = shared_by_three.relation_id_b
),

applied_rules as (
    select
        typed.scheme_a,
        typed.relation_id_a,
        typed.scheme_b,
        typed.relation_id_b,
        min(rules.rule_code) as legitimate_rule
    from typed
    left join birth_dates
        on typed.person_id = birth_dates.person_id
    -- The scheme stands inside the key: a condition on the left side alone would make the join compare every row with every row.
    left join first_paid_months as paid_a
        on case when typed.scheme_a = 'resident' then typed.source_person_no_a end = paid_a.source_person_no
    left join first_paid_months as paid_b
        on case when typed.scheme_b = 'resident' then typed.source_person_no_b end = paid_b.source_person_no
    inner join rules
        on case rules.rule_code
            when 'DL-01' then
                typed.scheme_a <> typed.scheme_b
                and (
                    (typed.normal_from_b >= typed.normal_from_a and {{ same_month('typed.normal_from_b', 'typed.normal_to_a') }})
                    or (typed.normal_from_a >= typed.normal_from_b and {{ same_month('typed.normal_from_a', 'typed.normal_to_b') }})
                )
            when 'DL-02' then
                typed.scheme_a <> 'employee'
                and (
                    (
                        typed.is_university_student_a
                        and month(typed.normal_from_a) >= rules.parameter
                        and year(typed.normal_from_a) = year(typed.overlap_end_so_far)
                    )
                    or (
                        typed.is_university_student_b
                        and month(typed.normal_from_b) >= rules.parameter
                        and year(typed.normal_from_b) = year(typed.overlap_end_so_far)
                    )
                )
            when 'DL-03' then
                typed.scheme_a = 'resident'
                and typed.scheme_b = 'rural'
                and {{ days_between('birth_dates.birth_date', 'typed.overlap_from') }} between 0 and rules.parameter
            when 'DL-05' then
                not typed.is_lasting
                and (
                    (
                        typed.scheme_a = 'resident'
                        and {{ period_of('typed.normal_from_a') }} >= typed.first_period
                        and paid_a.first_paid_month > {{ period_of('typed.overlap_end') }}
                    )
                    or (
                        typed.scheme_b = 'resident'
                        and {{ period_of('typed.normal_from_b') }} >= typed.first_period
                        and paid_b.first_paid_month > {{ period_of('typed.overlap_end') }}
                    )
                )
            else false
        end
    group by
        typed.scheme_a,
        typed.relation_id_a,
        typed.scheme_b,
        typed.relation_id_b
)

select
    typed.*,
    applied_rules.legitimate_rule
from typed
left join applied_rules
    on typed.scheme_a = applied_rules.scheme_a
        and typed.relation_id_a = applied_rules.relation_id_a
        and typed.scheme_b = applied_rules.scheme_b
        and typed.relation_id_b = applied_rules.relation_id_b
