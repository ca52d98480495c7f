-- One row per pair of standing stays of one person in two basic schemes, in one hospital, whose days meet and that both funds paid for
-- (DC-02), at the end of the closing month and at its beginning, both by the closing month's deliveries and person ids. What a stay is
-- (person, place, hospital) is read from its first settlement ever on record; its days and money from what stands of it.
-- Grain: (is_at_end, source_system_a, stay_id_a, source_system_b, stay_id_b).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

moments as (
    select
        period,
        true as is_at_end
    from close_period
    union all
    select
        previous_period as period,
        false as is_at_end
    from close_period
),

originals as (
    select * from (
        {{ stay_settlements() }}
    ) as stay_settlements
    where care_type = 'inpatient' and scheme in ('employee', 'resident', 'rural')
),

institutions as (
    select
        source_system,
        institution_code,
        institution_key
    from {{ ref('int_institutions_joined') }}
    where not is_ambiguous and institution_key is not null
),

firsts as (
    select
        originals.source_system,
        originals.stay_id,
        originals.person_id,
        originals.source_person_no,
        originals.scheme,
        originals.division_code,
        originals.institution_code,
        row_number() over (
            partition by originals.source_system, originals.stay_id
            order by originals.settled_on, originals.settlement_id
        ) as settlement_rank
    from originals
),

standing as (
    select
        moments.is_at_end,
        originals.source_system,
        originals.stay_id,
        min(originals.admitted_on) as admitted_on,
        max(coalesce(originals.discharged_on, originals.admitted_on)) as discharged_on,
        {{ money('sum(originals.fund_yuan)') }} as fund_yuan
    from originals
    inner join moments
        on originals.month <= moments.period
            and (originals.reversed_month is null or originals.reversed_month > moments.period)
    group by
        moments.is_at_end,
        originals.source_system,
        originals.stay_id
),

stays as (
    select
        standing.*,
        firsts.person_id,
        firsts.source_person_no,
        firsts.scheme,
        firsts.division_code,
        institutions.institution_key
    from standing
    inner join firsts
        on standing.source_system = firsts.source_system
            and standing.stay_id = firsts.stay_id
            and firsts.settlement_rank = 1
    inner join institutions
        on firsts.source_system = institutions.source_system
            and firsts.institution_code = institutions.institution_code
    where standing.fund_yuan > 0 and standing.admitted_on is not null
),

pairs as (
    select
        a.is_at_end,
        a.person_id,
        a.source_system as source_system_a,
        a.stay_id as stay_id_a,
        a.scheme as scheme_a,
        a.source_person_no as source_person_no_a,
        a.division_code as division_code_a,
        b.source_system as source_system_b,
        b.stay_id as stay_id_b,
        b.scheme as scheme_b,
        b.source_person_no as source_person_no_b,
        b.division_code as division_code_b,
        greatest(a.admitted_on, b.admitted_on) as both_from,
        least(a.fund_yuan, b.fund_yuan) as paid_twice_yuan
    from stays as a
    inner join stays as b
        on a.is_at_end = b.is_at_end
            and a.person_id = b.person_id
            and a.institution_key = b.institution_key
            and a.scheme < b.scheme
            and a.admitted_on <= b.discharged_on
            and b.admitted_on <= a.discharged_on
)

select * from pairs
