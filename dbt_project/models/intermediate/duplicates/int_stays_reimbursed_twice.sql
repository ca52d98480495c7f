-- One row per pair of stays of one person in one institution whose days meet and that two systems both reimbursed (DC-02).
-- A visit number that several persons share is a stay of each. Grain: (source_system_a, source_person_no_a, stay_id_a,
-- source_system_b, source_person_no_b, stay_id_b).
with

settlements as (
    select * from {{ ref('fct_settlements') }}
),

institutions as (
    select * from {{ ref('int_institutions_joined') }}
    where not is_ambiguous and institution_key is not null
),

reversed as (
    select distinct
        source_system,
        reverses_settlement_id as settlement_id
    from settlements
    where is_reversal
),

stays as (
    select
        settlements.source_system,
        settlements.person_id,
        settlements.source_person_no,
        {{ stay_key('settlements') }} as stay_id,
        min(institutions.institution_key) as institution_key,
        min(settlements.admitted_on) as admitted_on,
        max(coalesce(settlements.discharged_on, settlements.admitted_on)) as discharged_on,
        sum(settlements.fund_yuan) as fund_yuan
    from settlements
    inner join institutions
        on settlements.source_system = institutions.source_system
            and settlements.institution_code = institutions.institution_code
    left join reversed
        on settlements.source_system = reversed.source_system
            and settlements.settlement_id = reversed.settlement_id
    where settlements.care_type in ('inpatient', 'maternity_inpatient')
        and not settlements.is_reversal
        and reversed.settlement_id is null
        and settlements.admitted_on is not null
    group by
        settlements.source_system,
        settlements.person_id,
        settlements.source_person_no,
        {{ stay_key('settlements') }}
)

select
    a.person_id,
    a.source_system as source_system_a,
    a.source_person_no as source_person_no_a,
    a.stay_id as stay_id_a,
    b.source_system as source_system_b,
    b.source_person_no as source_person_no_b,
    b.stay_id as stay_id_b,
    a.institution_key,
    greatest(a.admitted_on, b.admitted_on) as both_from,
    least(a.discharged_on, b.discharged_on) as both_to,
    least(a.fund_yuan, b.fund_yuan) as reimbursed_twice_yuan
from stays as a
inner join stays as b
    on a.person_id = b.person_id
        and a.institution_key = b.institution_key
        and a.source_system < b.source_system
        and a.admitted_on <= b.discharged_on
        and b.admitted_on <= a.discharged_on
where a.fund_yuan > 0 and b.fund_yuan > 0
