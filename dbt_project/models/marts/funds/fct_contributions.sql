-- One row per contribution row that enters the city-level tables: the employee system's by accounting month, residents' premiums by
-- the month of collection. Rural premiums come as sums (stg_rural__financing). Grain: (source_system, contribution_id).
with

employee as (
    select * from {{ ref('stg_employee__contributions') }}
    where is_entered
),

resident as (
    select * from {{ ref('stg_resident__rsdt_psn_clct_detl_d') }}
    where is_entered
),

unioned as (
    select
        coalesce(insurance_type, 'other') as scheme,
        'employee' as source_system,
        contribution_id,
        source_person_no,
        employer_no,
        insurance_type_code as insurance_type,
        month,
        paid_for_month,
        paid_for_month as paid_for_to_month,
        {{ money_or_zero('base_yuan') }} as base_yuan,
        {{ money_or_zero('employer_due_yuan') }} as employer_due_yuan,
        {{ money_or_zero('person_due_yuan') }} as person_due_yuan,
        {{ money_or_zero('employer_paid_yuan') }} as employer_paid_yuan,
        {{ money_or_zero('person_paid_yuan') }} as person_paid_yuan,
        {{ money('0') }} as subsidised_yuan,
        {{ money_or_zero('account_credit_yuan') }} as account_credit_yuan,
        is_received,
        received_on,
        delivery_id,
        line_number
    from employee
    union all
    select
        'resident' as scheme,
        'resident' as source_system,
        contribution_id,
        source_person_no,
        cast(null as varchar) as employer_no,
        insurance_type_code as insurance_type,
        period as month,
        paid_for_month,
        paid_for_to_month,
        {{ money('0') }} as base_yuan,
        {{ money('0') }} as employer_due_yuan,
        {{ money('0') }} as person_due_yuan,
        {{ money('0') }} as employer_paid_yuan,
        {{ money_or_zero('person_paid_yuan') }} as person_paid_yuan,
        {{ money_or_zero('subsidised_yuan') }} as subsidised_yuan,
        {{ money('0') }} as account_credit_yuan,
        true as is_received,
        received_on,
        delivery_id,
        line_number
    from resident
)

select
    unioned.scheme,
    unioned.source_system,
    unioned.contribution_id,
    unioned.source_person_no,
    person_links.person_id,
    unioned.employer_no,
    unioned.insurance_type,
    unioned.month,
    unioned.paid_for_month,
    unioned.paid_for_to_month,
    unioned.base_yuan,
    unioned.employer_due_yuan,
    unioned.person_due_yuan,
    unioned.employer_paid_yuan,
    unioned.person_paid_yuan,
    unioned.subsidised_yuan,
    unioned.account_credit_yuan,
    unioned.is_received,
    unioned.received_on,
    unioned.delivery_id,
    unioned.line_number
from unioned
left join {{ source('identity', 'person_links') }} as person_links
    on unioned.source_system = person_links.source_system
        and unioned.source_person_no = person_links.source_person_no
