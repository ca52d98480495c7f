-- One row per window of the closing month and calendar month in it: the month alone, the quarter and the year where the month ends
-- one, January to the month, the twelve months that end with it. years_back 1 is the same window of last year. A month whose deliveries
-- came after later months were closed is on record here once it is closed too.
-- Grain: (years_back, period_type, period).
with

close_period as (
    select
        period,
        cast(substr(period, 6, 2) as integer) as month_number
    from {{ source('control', 'close_period') }}
),

offsets as (
    select * from (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11)) as listed (month_offset)
),

years_back as (
    select * from (values (0), (1)) as listed (years_back)
),

windows as (
    select
        'month' as period_type,
        1 as month_count
    from close_period
    union all
    select
        'ytd' as period_type,
        month_number as month_count
    from close_period
    union all
    select
        'r12' as period_type,
        12 as month_count
    from close_period
    union all
    select
        'quarter' as period_type,
        3 as month_count
    from close_period
    where mod(month_number, 3) = 0
    union all
    select
        'year' as period_type,
        12 as month_count
    from close_period
    where month_number = 12
),

released as (
    select distinct period
    from {{ source('published', 'measure_values') }}
),

listed as (
    select
        years_back.years_back,
        windows.period_type,
        windows.month_count,
        {{ add_months_to_period('close_period.period', '-offsets.month_offset - 12 * years_back.years_back') }} as period,
        {{ add_months_to_period('close_period.period', '-12 * years_back.years_back') }} as last_period
    from windows
    inner join offsets
        on offsets.month_offset < windows.month_count
    cross join years_back
    cross join close_period
)

select
    listed.years_back,
    listed.period_type,
    {{ count_of('listed.month_count') }} as month_count,
    listed.period,
    listed.last_period,
    months.period is not null and (months.period = close_period.period or released.period is not null) as is_on_record
from listed
cross join close_period
left join {{ source('control', 'months') }} as months
    on listed.period = months.period
left join released
    on listed.period = released.period
