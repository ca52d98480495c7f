-- One row per stay and month in which it moved: it began to stand (+1), ceased to stand (−1), or its bed-days changed.
-- A stay is one visit number of a scheme (inpatient; maternity inpatient apart); it stands while one of its settlements on record is
-- not reversed. What the stay is (division, institution, place, person) is read from its first settlement ever on record; where the list
-- of divisions of the moving month no longer holds that county, the stay moves under 未分县区, as everything of that county does.
-- A null visit number is a stay of its own; a reversal whose original is not on record moves none.
-- Grain: (source_system, care_type, stay_id, month).
with

originals as (
    {{ stay_settlements() }}
),

-- The months in which anything of the stay can change: a settlement comes, or one is taken back.
moments as (
    select source_system, care_type, stay_id, month
    from originals
    union
    select source_system, care_type, stay_id, greatest(reversed_month, month) as month
    from originals
    where reversed_month is not null
),

-- The stay as it stands at the end of each of these months.
states as (
    select
        moments.source_system,
        moments.care_type,
        moments.stay_id,
        moments.month,
        cast(count(originals.settlement_id) > 0 as integer) as standing,
        min(originals.admitted_on) as admitted_on,
        max(originals.discharged_on) as discharged_on,
        min_by(originals.is_direct, {{ settlement_order('originals') }}) as is_direct,
        max_by(originals.diagnosis_code, {{ settlement_order('originals') }}) as last_diagnosis_code
    from moments
    left join originals
        on moments.source_system = originals.source_system
            and moments.care_type = originals.care_type
            and moments.stay_id = originals.stay_id
            and originals.month <= moments.month
            and (originals.reversed_month is null or originals.reversed_month > moments.month)
    group by
        moments.source_system,
        moments.care_type,
        moments.stay_id,
        moments.month
),

measured as (
    select
        *,
        case
            when standing = 0 then 0
            when admitted_on is null or discharged_on is null then 1
            else greatest({{ days_between('admitted_on', 'discharged_on') }}, 1)
        end as bed_days
    from states
),

movements as (
    select
        *,
        standing - coalesce(lag(standing) over stay, 0) as admissions,
        bed_days - coalesce(lag(bed_days) over stay, 0) as bed_days_moved
    from measured
    window stay as (partition by source_system, care_type, stay_id order by month)
),

firsts as (
    select
        *,
        row_number() over (
            partition by source_system, care_type, stay_id
            order by settled_on, settlement_id
        ) as settlement_rank
    from originals
),

counties as (
    select
        period,
        division_code
    from {{ ref('int_divisions') }}
    where division_level = 'county'
)

select
    movements.source_system,
    firsts.scheme,
    movements.care_type,
    movements.stay_id,
    movements.month,
    firsts.person_id,
    coalesce(counties.division_code, '{{ var("unassigned_code") }}') as division_code,
    firsts.institution_code,
    firsts.institution_id,
    firsts.institution_level,
    firsts.institution_division_code,
    firsts.person_category,
    firsts.is_out_of_area,
    firsts.is_referred,
    coalesce(movements.is_direct, false) as is_direct,
    firsts.birth_date,
    coalesce(movements.admitted_on, firsts.admitted_on) as admitted_on,
    movements.discharged_on,
    firsts.diagnosis_code as first_diagnosis_code,
    movements.last_diagnosis_code,
    movements.standing,
    cast(movements.admissions as bigint) as admissions,
    cast(movements.bed_days_moved as bigint) as bed_days
from movements
inner join firsts
    on movements.source_system = firsts.source_system
        and movements.care_type = firsts.care_type
        and movements.stay_id = firsts.stay_id
        and firsts.settlement_rank = 1
left join counties
    on movements.month = counties.period
        and firsts.division_code = counties.division_code
where movements.admissions <> 0 or movements.bed_days_moved <> 0
