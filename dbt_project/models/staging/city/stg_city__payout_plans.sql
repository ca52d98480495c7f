-- One row per payout plan landed; is_entered is false where its number is already on record in an earlier delivery.
-- Grain: (delivery_id, plan_no).
with

source as (
    select * from {{ source('city', 'payout_plans') }}
)

select
    {{ lineage() }},
    source.plan_no,
    source.period as plan_period,
    source.county_code,
    source.fund,
    source.care_category,
    source.prior_month_paid as prior_month_paid_yuan,
    source.planned as planned_yuan,
    source.working_capital_balance as working_capital_balance_yuan,
    source.requested as requested_yuan,
    source.approved_by_bureau as approved_by_bureau_yuan,
    source.approved_by_finance as approved_by_finance_yuan,
    source.submitted_on,
    source.paid_on,
    source.status,
    {{ is_entered() }} as is_entered
from source
{{ join_repeats(source('city', 'payout_plans'), ['plan_no']) }}
