-- One row per person number that any table up to the closing month names: those with a person record (seen when the record was), and
-- those that only relations, contributions or claims refer to. Grain: (source_system, source_person_no).
with

-- Whichever of its rows counts, a number is seen when its record is delivered.
delivered as (
    select 'employee' as source_system, source_person_no, period from {{ ref('stg_employee__persons') }}
    union all
    select 'resident' as source_system, source_person_no, period from {{ ref('stg_resident__psn_info_b') }}
    union all
    select 'rural' as source_system, source_person_no, period from {{ ref('stg_rural__members') }}
),

records as (
    select
        source_system,
        source_person_no,
        min(period) as first_seen,
        max(period) as last_seen
    from delivered
    group by
        source_system,
        source_person_no
),

referred_to as (
    select 'employee' as source_system, source_person_no, period from {{ ref('stg_employee__enrollments') }}
    union all
    select 'employee' as source_system, source_person_no, period from {{ ref('stg_employee__contributions') }}
    union all
    select 'employee' as source_system, source_person_no, period from {{ ref('stg_employee__settlements') }}
    union all
    select 'resident' as source_system, source_person_no, period from {{ ref('stg_resident__psn_insu_d') }}
    union all
    select 'resident' as source_system, source_person_no, period from {{ ref('stg_resident__rsdt_psn_clct_detl_d') }}
    union all
    select 'resident' as source_system, source_person_no, period from {{ ref('stg_resident__setl_d') }}
    union all
    select 'rural' as source_system, source_person_no, period from {{ ref('stg_rural__clinic_claims') }}
    union all
    select 'rural' as source_system, source_person_no, period from {{ ref('stg_rural__hospital_claims') }}
),

without_record as (
    select
        referred_to.source_system,
        referred_to.source_person_no,
        min(referred_to.period) as first_seen,
        max(referred_to.period) as last_seen
    from referred_to
    left join records
        on referred_to.source_system = records.source_system
            and referred_to.source_person_no = records.source_person_no
    where referred_to.source_person_no is not null and records.source_person_no is null
    group by
        referred_to.source_system,
        referred_to.source_person_no
)

select
    *,
    true as has_record
from records
union all
select
    *,
    false as has_record
from without_record
