-- One row per month on record up to the month being closed. Grain: (period).
with

months as (
    select * from {{ source('control', 'months') }}
),

close_period as (
    select * from {{ source('control', 'close_period') }}
)

select
    months.period,
    months.first_day,
    months.last_day,
    cast(left(months.period, 4) as integer) as year,
    cast(substr(months.period, 6, 2) as integer) as month_of_year,
    {{ add_months_to_period('months.period', -1) }} as previous_period,
    {{ add_months_to_period('months.period', -12) }} as last_year_period,
    months.period = close_period.period as is_closing
from months
cross join close_period
