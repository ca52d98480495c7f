-- A mapping row whose measure no catalogue holds would be computed and never published.
with

known as (
    select measure_code from {{ ref('measures') }}
    where is_computed
    union
    select measure_code from {{ ref('own_measures') }}
),

mapped as (
    select measure_code from {{ ref('care_measures') }}
    union
    select measure_code from {{ ref('care_families') }}
    union
    select measure_code from {{ ref('distinct_care_measures') }}
    union
    select measure_code from {{ ref('duplicate_measures') }}
    union
    select measure_code from {{ ref('ledger_measures') }}
    union
    select measure_code from {{ ref('fund_year_measures') }}
    union
    select measure_code from {{ ref('balance_measures') }}
    union
    select measure_code from {{ ref('mean_measures') }}
    union
    select measure_code from {{ ref('enrollment_measures') }}
    where measure_code not like 'INSURED.%'
)

select mapped.measure_code
from mapped
left join known
    on mapped.measure_code = known.measure_code
where known.measure_code is null
