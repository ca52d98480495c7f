-- One row per person, scheme, county, care type and person category with care in a window that ends with the closing month: the sums
-- that decide whether the person counts. Windows with a month that is not on record have no rows; a month that an office was excused
-- from holds nothing of it, even if it has delivered since. Grain: (period_type, source, person_id, scheme, division_code, care_type,
-- person_category).
with

window_months as (
    select
        period_type,
        period
    from {{ ref('int_window_months') }}
    where years_back = 0 and period_type in (
        select period_type
        from {{ ref('int_window_months') }}
        where years_back = 0
        group by period_type
        having min(case when is_on_record then 1 else 0 end) = 1
    )
),

months as (
    select distinct period
    from window_months
),

monthly_settlements as (
    select
        settlements.month,
        settlements.person_id,
        settlements.scheme,
        settlements.division_code,
        settlements.care_type,
        settlements.person_category,
        sum(settlements.pooled_fund_yuan) as pooled_fund_yuan,
        sum(settlements.catastrophic_yuan) as catastrophic_yuan,
        sum(settlements.sign) as settlement_count
    from {{ ref('fct_settlements') }} as settlements
    inner join months
        on settlements.month = months.period
    left join {{ source('control', 'excused_offices') }} as excused
        on settlements.month = excused.period
            and settlements.source_system = excused.system
            and settlements.office = excused.office
    where excused.office is null
    group by
        settlements.month,
        settlements.person_id,
        settlements.scheme,
        settlements.division_code,
        settlements.care_type,
        settlements.person_category
),

monthly_stays as (
    select
        movements.month,
        movements.person_id,
        movements.scheme,
        movements.division_code,
        movements.care_type,
        movements.person_category,
        sum(movements.admissions) as admission_count
    from {{ ref('int_stay_movements') }} as movements
    inner join months
        on movements.month = months.period
    left join {{ source('control', 'excused_offices') }} as excused
        on movements.month = excused.period
            and movements.source_system = excused.system
            and excused.office in (movements.division_code, '{{ var("city_code") }}')
    where excused.office is null
    group by
        movements.month,
        movements.person_id,
        movements.scheme,
        movements.division_code,
        movements.care_type,
        movements.person_category
)

select
    window_months.period_type,
    'settlements' as source,
    monthly.person_id,
    monthly.scheme,
    monthly.division_code,
    monthly.care_type,
    monthly.person_category,
    sum(monthly.pooled_fund_yuan) as pooled_fund_yuan,
    sum(monthly.catastrophic_yuan) as catastrophic_yuan,
    sum(monthly.settlement_count) as settlement_count,
    cast(null as bigint) as admission_count
from monthly_settlements as monthly
inner join window_months
    on monthly.month = window_months.period
group by
    window_months.period_type,
    monthly.person_id,
    monthly.scheme,
    monthly.division_code,
    monthly.care_type,
    monthly.person_category
union all
select
    window_months.period_type,
    'stays' as source,
    monthly.person_id,
    monthly.scheme,
    monthly.division_code,
    monthly.care_type,
    monthly.person_category,
    cast(null as decimal(18, 2)) as pooled_fund_yuan,
    cast(null as decimal(18, 2)) as catastrophic_yuan,
    cast(null as bigint) as settlement_count,
    sum(monthly.admission_count) as admission_count
from monthly_stays as monthly
inner join window_months
    on monthly.month = window_months.period
group by
    window_months.period_type,
    monthly.person_id,
    monthly.scheme,
    monthly.division_code,
    monthly.care_type,
    monthly.person_category
