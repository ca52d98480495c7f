-- One row per payout plan landed; is_entered is false where its number is already on record in an earlier delivery.
-- Grain: (delivery_id, plan_no).
select
    {{ lineage() }},
    plan_no,
    period as plan_period,
    county_code,
    fund,
    care_category,
    prior_month_paid as prior_month_paid_yuan,
    planned as planned_yuan,
    working_capital_balance as working_capital_balance_yuan,
    requested as requested_yuan,
    approved_by_bureau as approved_by_bureau_yuan,
    approved_by_finance as approved_by_finance_yuan,
    submitted_on,
    paid_on,
    status,
    {{ entry_rank('plan_no') }} = 1 as is_entered
from {{ source('city', 'payout_plans') }}
