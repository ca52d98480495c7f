-- One row per pair of stays that two funds paid for, at the end of the closing month and at its beginning, with the case on which it is
-- booked: the overlap of the two relations that holds its first common day, else the first; null where there is none.
-- Grain: (is_at_end, source_system_a, stay_id_a, source_system_b, stay_id_b).
with

pairs as (
    select * from {{ ref('int_stays_paid_twice') }}
),

booked as (
    select
        pairs.is_at_end,
        pairs.source_system_a,
        pairs.stay_id_a,
        pairs.source_system_b,
        pairs.stay_id_b,
        cases.case_id,
        row_number() over (
            partition by pairs.is_at_end, pairs.source_system_a, pairs.stay_id_a, pairs.source_system_b, pairs.stay_id_b
            order by
                case when pairs.both_from >= cases.overlap_from and (cases.overlap_to is null or pairs.both_from <= cases.overlap_to) then 0 else 1 end,
                cases.relation_id_a,
                cases.relation_id_b
        ) as booking_rank
    from pairs
    inner join {{ ref('fct_duplicate_cases') }} as cases
        on pairs.scheme_a = cases.scheme_a
            and pairs.source_person_no_a = cases.source_person_no_a
            and pairs.scheme_b = cases.scheme_b
            and pairs.source_person_no_b = cases.source_person_no_b
)

select
    pairs.*,
    booked.case_id
from pairs
left join booked
    on pairs.is_at_end = booked.is_at_end
        and pairs.source_system_a = booked.source_system_a
        and pairs.stay_id_a = booked.stay_id_a
        and pairs.source_system_b = booked.source_system_b
        and pairs.stay_id_b = booked.stay_id_b
        and booked.booking_rank = 1
