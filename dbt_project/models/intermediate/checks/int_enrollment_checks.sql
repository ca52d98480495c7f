-- One row per enrollment check, scheme and line of divisions of the closing month: the published way of counting on the left, another
-- route straight from the relations on the right. Grain: (check_code, scheme, division_code).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

excused_now as (
    select
        excused_lines.scheme,
        excused_lines.division_code
    from {{ ref('int_excused_lines') }} as excused_lines
    inner join close_period
        on excused_lines.period = close_period.period
),

relations as (
    select
        enrollment.scheme,
        enrollment.person_id,
        enrollment.division_code,
        enrollment.township_code
    from {{ ref('int_relation_months') }} as enrollment
    inner join close_period
        on enrollment.period = close_period.period
    left join {{ source('control', 'excused_offices') }} as excused
        on enrollment.period = excused.period
            and enrollment.source_system = excused.system
            and enrollment.office = excused.office
    where enrollment.is_insured and enrollment.person_id is not null and enrollment.scheme <> 'maternity' and excused.office is null
),

counted as (
    select scheme, division_code, count(distinct person_id) as persons
    from relations
    group by scheme, division_code
    union all
    select 'all' as scheme, division_code, count(distinct person_id) as persons
    from relations
    group by division_code
    union all
    select scheme, '{{ var("city_code") }}' as division_code, count(distinct person_id) as persons
    from relations
    group by scheme
    union all
    select 'all' as scheme, '{{ var("city_code") }}' as division_code, count(distinct person_id) as persons
    from relations
    union all
    select 'all' as scheme, township_code as division_code, count(distinct person_id) as persons
    from relations
    where township_code is not null
    group by township_code
),

measured as (
    select
        measure_code,
        scheme,
        division_code,
        value
    from {{ ref('int_measure_values') }}
    where period_type in ('point', 'month') and length(division_code) = 6
),

movement as (
    select
        scheme,
        division_code,
        case
            when count(value) = 6
                then sum(case when measure_code in ('EXITS', 'NOT_REPORTED') then -value else value end)
        end as value
    from measured
    where measure_code in ('INSURED_PREV', 'REVISION', 'ENTRIES', 'EXITS', 'NOT_REPORTED', 'RESUMED')
    group by
        scheme,
        division_code
),

movement_checks as (
    select
        'CHK-01' as check_code,
        movement.scheme,
        movement.division_code,
        movement.value as left_value,
        case when excused_now.scheme is null then {{ amount('coalesce(counted.persons, 0)') }} end as right_value,
        case
            when not close_period.previous_on_record then '无上月数据, 不执行'
            when movement.value is null then '本月或上月有单位未报送, 本行不执行'
        end as note
    from movement
    cross join close_period
    left join counted
        on movement.scheme = counted.scheme
            and movement.division_code = counted.division_code
    left join excused_now
        on movement.scheme = excused_now.scheme
            and movement.division_code = excused_now.division_code
),

-- Every further county a person stands in is one too many in the sum of counties.
further_counties as (
    select
        scheme,
        sum(county_count - 1) as persons
    from (
        select scheme, person_id, count(distinct division_code) as county_count
        from relations
        group by scheme, person_id
        union all
        select 'all' as scheme, person_id, count(distinct division_code) as county_count
        from relations
        group by person_id
    ) as counties_of_persons
    group by scheme
),

county_checks as (
    select
        'CHK-04' as check_code,
        city.scheme,
        city.division_code,
        city.value as left_value,
        {{ amount('coalesce(counties.persons, 0) - coalesce(further_counties.persons, 0)') }} as right_value,
        case
            when city.value is null then '全市数为空: 有全市性系统未报送'
            when counties.has_null = 1 then '有县区未报送, 其本身为空, 全市由其余县区计算'
        end as note
    from measured as city
    left join (
        -- The county of an excused office publishes null; the persons whom its other systems insure are in the city's number all the same.
        select
            county.scheme,
            sum(coalesce(county.value, counted.persons, 0)) as persons,
            max(case when county.value is null then 1 else 0 end) as has_null
        from measured as county
        left join counted
            on county.scheme = counted.scheme
                and county.division_code = counted.division_code
        where county.measure_code = 'INSURED' and county.division_code <> '{{ var("city_code") }}'
        group by county.scheme
    ) as counties
        on city.scheme = counties.scheme
    left join further_counties
        on city.scheme = further_counties.scheme
    where city.measure_code = 'INSURED' and city.division_code = '{{ var("city_code") }}' and city.scheme <> 'maternity'
),

bridge_checks as (
    select
        'CHK-52' as check_code,
        'all' as scheme,
        bridge.division_code,
        case when excused_now.scheme is null then {{ amount('coalesce(counted.persons, 0)') }} end as left_value,
        {{ amount('bridge.sum_of_schemes - bridge.counted_twice - 2 * bridge.counted_three_times') }} as right_value,
        case when excused_now.scheme is not null then '本县区有单位未报送, 不执行' end as note
    from {{ ref('headcount_bridge') }} as bridge
    inner join close_period
        on bridge.period = close_period.period
    left join counted
        on counted.scheme = 'all'
            and bridge.division_code = counted.division_code
    left join excused_now
        on excused_now.scheme = 'all'
            and bridge.division_code = excused_now.division_code
)

select check_code, scheme, division_code, 'INSURED' as row_code, left_value, right_value, note from movement_checks
union all
select check_code, scheme, division_code, 'INSURED' as row_code, left_value, right_value, note from county_checks
union all
select check_code, scheme, division_code, 'HEADCOUNT' as row_code, left_value, right_value, note from bridge_checks
