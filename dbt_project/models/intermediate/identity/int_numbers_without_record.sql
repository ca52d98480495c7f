-- One row per person number that only relations, contributions or claims refer to, and no person record describes.
-- Grain: (source_system, source_person_no).
with

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
)

select
    referred_to.source_system,
    referred_to.source_person_no,
    min(referred_to.period) as first_seen,
    max(referred_to.period) as last_seen
from referred_to
left join {{ ref('int_person_records') }} as person_records
    on referred_to.source_system = person_records.source_system
        and referred_to.source_person_no = person_records.source_person_no
where referred_to.source_person_no is not null and person_records.source_person_no is null
group by
    referred_to.source_system,
    referred_to.source_person_no
