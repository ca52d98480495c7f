-- One row per basic insurance relation (310, 391, 380) that was ever normal: the days on which it was (the normal interval of
-- 重复参保), as the newest snapshot up to the closing month that shows it tells them. An open interval ends on 9999-12-31.
-- A relation that is not normal there and states no end, or one still to come, and a relation that goes on and is missing from its
-- office's delivered snapshot of the closing month, ended with the last snapshot that showed it normal; an excused office ends nothing.
-- Grain: (scheme, relation_id).
with

relation_months as (
    select * from {{ ref('int_relation_months') }}
    where scheme in ('employee', 'resident', 'rural')
),

close_period as (
    select * from {{ source('control', 'close_period') }}
),

delivered_offices as (
    select distinct
        deliveries.system,
        deliveries.office
    from {{ source('control', 'deliveries') }} as deliveries
    inner join close_period
        on deliveries.period = close_period.period
    left join {{ source('control', 'excused_offices') }} as excused_offices
        on deliveries.period = excused_offices.period
            and deliveries.system = excused_offices.system
            and deliveries.office = excused_offices.office
    where deliveries.is_in_force and excused_offices.office is null
),

ranked as (
    select
        *,
        row_number() over (partition by scheme, relation_id order by period desc) as snapshot_rank,
        max(case when status = 'normal' then {{ last_day_of('period') }} end) over (
            partition by scheme, relation_id
        ) as last_day_shown_normal
    from relation_months
),

newest as (
    select
        ranked.*,
        coalesce(ranked.status = 'normal', false) as is_normal,
        {{ last_day_of('ranked.period') }} as snapshot_last_day,
        coalesce(ranked.last_day, {{ open_end() }}) as last_day_or_open,
        ranked.period < close_period.period and delivered_offices.office is not null as is_vanished
    from ranked
    cross join close_period
    left join delivered_offices
        on ranked.source_system = delivered_offices.system
            and ranked.office = delivered_offices.office
    where ranked.snapshot_rank = 1
),

bounded as (
    select
        *,
        case
            when is_normal and not (is_vanished and last_day_or_open > snapshot_last_day) then last_day_or_open
            when not is_normal and end_date <= snapshot_last_day then last_day_or_open
            when last_day_shown_normal < last_day_or_open then last_day_shown_normal
            -- Null where no snapshot ever showed it normal.
            when last_day_shown_normal is not null then last_day_or_open
        end as normal_to
    from newest
)

select
    bounded.scheme,
    bounded.relation_id,
    bounded.person_id,
    bounded.source_system,
    bounded.source_person_no,
    bounded.division_code,
    bounded.person_category,
    coalesce(category.mapped_code = 'student', false) as is_university_student,
    coalesce(category.mapped_code = 'flexible', false) as is_flexible,
    bounded.employer_no,
    bounded.participation_year,
    bounded.first_day as normal_from,
    bounded.normal_to,
    bounded.period as shown_in,
    case bounded.scheme when 'employee' then 1 when 'resident' then 2 else 3 end as scheme_order
from bounded
left join {{ ref('code_map') }} as category
    on category.code_set = 'person_category'
        and bounded.source_system = category.source_system
        and bounded.person_category = category.code
        and category.valid_from <= bounded.period
        and (category.valid_to is null or category.valid_to >= bounded.period)
where bounded.person_id is not null and bounded.first_day <= bounded.normal_to
