-- One row per cell of the closing month alone: what happened in it (period_type month) or how it stood on its last day (point). Where
-- nothing happened the value is 0; the own cells of an excused office are null, movements also in the month after, and movements are
-- null without the month before. Means, balances, distinct counts over windows and last year's numbers are not here.
-- Grain: (measure_code, scheme, division_code).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

counted as (
    select measure_code, scheme, division_code, value from {{ ref('int_enrollment_values') }}
    union all
    select measure_code, scheme, division_code, value from {{ ref('int_movement_values') }}
    union all
    select measure_code, scheme, division_code, value from {{ ref('int_care_values') }}
    union all
    select measure_code, scheme, division_code, value from {{ ref('int_ledger_values') }}
    union all
    select measure_code, scheme, division_code, value from {{ ref('int_city_table_values') }}
    union all
    select measure_code, scheme, division_code, value from {{ ref('int_delivery_values') }}
    union all
    select measure_code, scheme, division_code, value from {{ ref('int_duplicate_values') }}
    union all
    select measure_code, scheme, division_code, value from {{ ref('int_double_benefit_values') }}
    union all
    select measure_code, scheme, division_code, value from {{ ref('int_record_values') }}
),

derived as (
    select measure_code from {{ ref('mean_measures') }}
    union
    select measure_code from {{ ref('balance_measures') }}
    union
    select measure_code from {{ ref('distinct_care_measures') }}
),

cells as (
    select cells.*
    from {{ ref('int_measure_cells') }} as cells
    left join derived
        on cells.measure_code = derived.measure_code
    left join {{ ref('care_families') }} as families
        on families.source = 'persons'
            and cells.measure_code like families.measure_code || '.%'
    where
        derived.measure_code is null
        and families.measure_code is null
        and cells.is_in_use_now
        and cells.measure_code not in {{ measures_of_checks() }}
),

excused_now as (
    select excused_lines.*
    from {{ ref('int_excused_lines') }} as excused_lines
    inner join close_period
        on excused_lines.period = close_period.period
),

excused_before as (
    select excused_lines.*
    from {{ ref('int_excused_lines') }} as excused_lines
    inner join close_period
        on excused_lines.period = close_period.previous_period
)

select
    cells.measure_code,
    cells.scheme,
    cells.division_code,
    case cells.period_basis when 'window' then 'month' else 'point' end as period_type,
    close_period.period,
    case
        when excused_now.scheme is not null and not cells.is_from_city_tables then null
        when cells.needs_month_before and not close_period.previous_on_record then null
        -- INSURED_PREV alone is what was published, whoever did not report then: it is null there by itself.
        when cells.needs_month_before and excused_before.scheme is not null then null
        when counted.measure_code is not null then counted.value
        when cells.is_filled_with_zero then {{ amount('0') }}
    end as value
from cells
cross join close_period
left join counted
    on cells.measure_code = counted.measure_code
        and cells.scheme = counted.scheme
        and cells.division_code = counted.division_code
left join excused_now
    on cells.scheme = excused_now.scheme
        and cells.division_code = excused_now.division_code
left join excused_before
    on cells.scheme = excused_before.scheme
        and cells.division_code = excused_before.division_code
