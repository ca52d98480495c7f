-- One row per person who was insured in a scheme and line of divisions on the last day of the month before and no longer is on the
-- closing month's, with the first reason that applies. Persons of excused offices are neither here nor among the entries.
-- Grain: (scheme, division_level, division_code, person_id).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

now_insured as (
    select * from {{ ref('int_insured_places') }}
    where period in (select period from close_period)
),

left_places as (
    select
        before.scheme,
        before.division_level,
        before.division_code,
        before.person_id
    from {{ ref('int_insured_places') }} as before
    left join now_insured
        on before.scheme = now_insured.scheme
            and before.division_level = now_insured.division_level
            and before.division_code = now_insured.division_code
            and before.person_id = now_insured.person_id
            and now_insured.is_comparable
    where
        before.period in (select previous_period from close_period)
        and before.is_comparable
        and now_insured.person_id is null
),

dead_persons as (
    select distinct person_links.person_id
    from {{ ref('int_person_records_unioned') }} as person_records
    inner join {{ source('identity', 'person_links') }} as person_links
        on person_records.source_system = person_links.source_system
            and person_records.source_person_no = person_links.source_person_no
    where person_records.is_dead and person_records.period in (select period from close_period)
),

insured_elsewhere as (
    select distinct
        left_places.scheme,
        left_places.division_level,
        left_places.division_code,
        left_places.person_id
    from left_places
    inner join now_insured
        on left_places.scheme = now_insured.scheme
            and left_places.division_level = now_insured.division_level
            and left_places.person_id = now_insured.person_id
            and left_places.division_code <> now_insured.division_code
),

relations_now as (
    select
        groups.scheme_group as scheme,
        relation_months.person_id,
        max(case when relation_months.status = 'suspended' then 1 else 0 end) as has_suspended
    from {{ ref('int_relation_months') }} as relation_months
    inner join {{ ref('scheme_groups') }} as groups
        on relation_months.scheme = groups.scheme
    where relation_months.period in (select period from close_period)
    group by
        groups.scheme_group,
        relation_months.person_id
)

select
    left_places.scheme,
    left_places.division_level,
    left_places.division_code,
    left_places.person_id,
    case
        when dead_persons.person_id is not null then 'dead'
        when insured_elsewhere.person_id is not null then 'moved'
        when relations_now.has_suspended = 1 then 'suspended'
        when relations_now.person_id is not null then 'ended'
        else 'gone'
    end as exit_reason
from left_places
left join dead_persons
    on left_places.person_id = dead_persons.person_id
left join insured_elsewhere
    on left_places.scheme = insured_elsewhere.scheme
        and left_places.division_level = insured_elsewhere.division_level
        and left_places.division_code = insured_elsewhere.division_code
        and left_places.person_id = insured_elsewhere.person_id
left join relations_now
    on left_places.scheme = relations_now.scheme
        and left_places.person_id = relations_now.person_id
