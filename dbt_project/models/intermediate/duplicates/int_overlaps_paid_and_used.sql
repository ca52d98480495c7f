-- One row per overlap, beside the days of enrollment: in how many of its months both relations were paid for, and under which of them
-- benefits were drawn while it lasted. A rural year is paid for where somebody takes part. Where both relations are one record's, benefits
-- cannot be told apart. Grain: (scheme_a, relation_id_a, scheme_b, relation_id_b).
with

typed_overlaps as (
    select * from {{ ref('int_overlaps_typed') }}
),

intervals as (
    select * from {{ ref('int_normal_intervals') }}
),

contributions as (
    select * from {{ ref('fct_contributions') }}
),

relations as (
    select
        intervals.scheme,
        intervals.relation_id,
        intervals.source_person_no,
        intervals.employer_no,
        intervals.participation_year
    from (
        select scheme_a as scheme, relation_id_a as relation_id from typed_overlaps
        union
        select scheme_b as scheme, relation_id_b as relation_id from typed_overlaps
    ) as named
    inner join intervals
        on named.scheme = intervals.scheme
            and named.relation_id = intervals.relation_id
),

month_numbers as (
    select month_number
    from (
        values ('01'), ('02'), ('03'), ('04'), ('05'), ('06'), ('07'), ('08'), ('09'), ('10'), ('11'), ('12')
    ) as numbers (month_number)
),

residents_months as (
    select distinct
        years.paid_year || '-' || month_numbers.month_number as month
    from (
        select left(paid_for_month, 4) as paid_year from contributions where source_system = 'resident'
        union
        select left(paid_for_to_month, 4) as paid_year from contributions where source_system = 'resident'
    ) as years
    cross join month_numbers
),

paid_months as (
    select
        relations.scheme,
        relations.relation_id,
        contributions.paid_for_month as month
    from relations
    inner join contributions
        on case when relations.scheme = 'employee' then relations.source_person_no end = contributions.source_person_no
            and relations.employer_no = contributions.employer_no
    where contributions.scheme = 'employee' and contributions.is_received
    union
    select
        relations.scheme,
        relations.relation_id,
        residents_months.month
    from relations
    inner join contributions
        on case when relations.scheme = 'resident' then relations.source_person_no end = contributions.source_person_no
            and contributions.source_system = 'resident'
    inner join residents_months
        on contributions.paid_for_month <= residents_months.month
            and coalesce(contributions.paid_for_to_month, contributions.paid_for_month) >= residents_months.month
    where {{ added_up(['contributions.person_paid_yuan', 'contributions.subsidised_yuan']) }} > 0
    union
    select
        relations.scheme,
        relations.relation_id,
        cast(relations.participation_year as varchar) || '-' || month_numbers.month_number as month
    from relations
    cross join month_numbers
    where relations.scheme = 'rural'
),

both_paid as (
    select
        typed_overlaps.scheme_a,
        typed_overlaps.relation_id_a,
        typed_overlaps.scheme_b,
        typed_overlaps.relation_id_b,
        count(*) as paid_months
    from typed_overlaps
    inner join paid_months as months_a
        on typed_overlaps.scheme_a = months_a.scheme
            and typed_overlaps.relation_id_a = months_a.relation_id
    inner join paid_months as months_b
        on typed_overlaps.scheme_b = months_b.scheme
            and typed_overlaps.relation_id_b = months_b.relation_id
            and months_a.month = months_b.month
    where months_a.month between {{ period_of('typed_overlaps.overlap_from') }} and {{ period_of('typed_overlaps.overlap_end_so_far') }}
    group by
        typed_overlaps.scheme_a,
        typed_overlaps.relation_id_a,
        typed_overlaps.scheme_b,
        typed_overlaps.relation_id_b
),

told_apart as (
    select * from typed_overlaps
    where not (scheme_a = scheme_b and source_person_no_a = source_person_no_b)
),

sides as (
    select
        scheme_a,
        relation_id_a,
        scheme_b,
        relation_id_b,
        'a' as side,
        scheme_a as scheme,
        source_person_no_a as source_person_no,
        overlap_from,
        overlap_end_so_far
    from told_apart
    union all
    select
        scheme_a,
        relation_id_a,
        scheme_b,
        relation_id_b,
        'b' as side,
        scheme_b as scheme,
        source_person_no_b as source_person_no,
        overlap_from,
        overlap_end_so_far
    from told_apart
),

-- What was paid out on visits that began while the overlap lasted, net of what was taken back.
drawn_on as (
    select
        sides.scheme_a,
        sides.relation_id_a,
        sides.scheme_b,
        sides.relation_id_b,
        sides.side
    from sides
    inner join {{ ref('fct_settlements') }} as settlements
        on sides.scheme = settlements.source_system
            and sides.source_person_no = settlements.source_person_no
    where coalesce(settlements.admitted_on, settlements.settled_on) between sides.overlap_from and sides.overlap_end_so_far
    group by
        sides.scheme_a,
        sides.relation_id_a,
        sides.scheme_b,
        sides.relation_id_b,
        sides.side
    having sum(settlements.sign * settlements.fund_yuan) > 0
),

drawn as (
    select
        scheme_a,
        relation_id_a,
        scheme_b,
        relation_id_b,
        case when min(side) = max(side) then min(side) else 'both' end as benefits_drawn
    from drawn_on
    group by
        scheme_a,
        relation_id_a,
        scheme_b,
        relation_id_b
)

select
    typed_overlaps.scheme_a,
    typed_overlaps.relation_id_a,
    typed_overlaps.scheme_b,
    typed_overlaps.relation_id_b,
    {{ count_of('coalesce(both_paid.paid_months, 0)') }} as paid_overlap_months,
    case
        when typed_overlaps.scheme_a = typed_overlaps.scheme_b and typed_overlaps.source_person_no_a = typed_overlaps.source_person_no_b then null
        else coalesce(drawn.benefits_drawn, 'none')
    end as benefits_drawn
from typed_overlaps
left join both_paid
    on typed_overlaps.scheme_a = both_paid.scheme_a
        and typed_overlaps.relation_id_a = both_paid.relation_id_a
        and typed_overlaps.scheme_b = both_paid.scheme_b
        and typed_overlaps.relation_id_b = both_paid.relation_id_b
left join drawn
    on typed_overlaps.scheme_a = drawn.scheme_a
        and typed_overlaps.relation_id_a = drawn.relation_id_a
        and typed_overlaps.scheme_b = drawn.scheme_b
        and typed_overlaps.relation_id_b = drawn.relation_id_b
