-- DC-03 at every line of divisions: the bridge's sum of schemes less its distinct persons, and INSURED of the schemes less INSURED of all.
with

close_period as (
    select period from {{ source('control', 'close_period') }}
),

insured as (
    select
        division_code,
        case when count(value) = 4 then sum(case when scheme = 'all' then -value else value end) end as value
    from {{ ref('int_measure_values') }}
    where measure_code = 'INSURED' and period_type = 'point' and scheme <> 'maternity'
    group by division_code
)

select
    bridge.division_code,
    bridge.sum_of_schemes - bridge.distinct_persons as by_bridge,
    insured.value as by_measures,
    over_reported.value
from {{ ref('headcount_bridge') }} as bridge
inner join close_period
    on bridge.period = close_period.period
left join insured
    on bridge.division_code = insured.division_code
left join {{ ref('int_measure_values') }} as over_reported
    on over_reported.measure_code = 'OVERREPORTED_PERSONS'
        and over_reported.period_type = 'point'
        and bridge.division_code = over_reported.division_code
where
    bridge.sum_of_schemes - bridge.distinct_persons is distinct from over_reported.value
    or insured.value is distinct from over_reported.value
    or bridge.distinct_persons <> bridge.sum_of_schemes - bridge.counted_twice - 2 * bridge.counted_three_times
