-- One row per check of duplicate cases, scheme and line of divisions of the closing month: cases counted straight from the relations that
-- overlap against the published states added up; confirmed persons against those with one retained relation; the subsidy against the
-- persons at the highest standard. Grain: (check_code, scheme, division_code, row_code).
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

measured as (
    select
        measure_code,
        scheme,
        division_code,
        value
    from {{ ref('int_measure_values') }}
    where period_type = 'point' and length(division_code) = 6
),

states as (
    select
        scheme,
        division_code,
        case when count(value) = 7 then sum(value) end as value
    from measured
    where measure_code in (
        'LEGITIMATE_CASES', 'TO_VERIFY_CASES', 'SENT_CASES', 'ANSWERED_DUPLICATE_CASES', 'ANSWERED_LEGITIMATE_CASES', 'ANSWERED_WRONG_MATCH_CASES',
        'SETTLED_CASES'
    )
    group by
        scheme,
        division_code
),

overlap_sides as (
    select scheme_a || ' ' || relation_id_a || ' ' || scheme_b || ' ' || relation_id_b as pair_key, scheme_a as scheme, division_code_a as division_code
    from {{ ref('int_overlaps_typed') }}
    union all
    select scheme_a || ' ' || relation_id_a || ' ' || scheme_b || ' ' || relation_id_b as pair_key, scheme_b as scheme, division_code_b as division_code
    from {{ ref('int_overlaps_typed') }}
),

-- A county that the month's list no longer has is the line of what has no county.
placed_sides as (
    select
        overlap_sides.pair_key,
        overlap_sides.scheme,
        coalesce(lines.division_code, '{{ var("unassigned_code") }}') as division_code
    from overlap_sides
    left join {{ ref('int_division_lines') }} as lines
        on overlap_sides.division_code = lines.division_code
),

pairs as (
    select scheme, division_code, count(distinct pair_key) as pairs
    from placed_sides
    group by scheme, division_code
    union all
    select 'all' as scheme, division_code, count(distinct pair_key) as pairs
    from placed_sides
    group by division_code
    union all
    select scheme, '{{ var("city_code") }}' as division_code, count(distinct pair_key) as pairs
    from placed_sides
    group by scheme
    union all
    select 'all' as scheme, '{{ var("city_code") }}' as division_code, count(distinct pair_key) as pairs
    from placed_sides
),

state_checks as (
    select
        'CHK-50' as check_code,
        states.scheme,
        states.division_code,
        'CASES' as row_code,
        case when excused_now.scheme is null then {{ amount('coalesce(pairs.pairs, 0)') }} end as left_value,
        states.value as right_value,
        false as is_bound,
        case when states.value is null then '本县区有单位未报送, 本行不执行' end as note
    from states
    left join pairs
        on states.scheme = pairs.scheme
            and states.division_code = pairs.division_code
    left join excused_now
        on states.scheme = excused_now.scheme
            and states.division_code = excused_now.division_code
),

-- Confirmed persons whose overlaps go on, each with the relations that their cases of the month say is kept.
confirmed as (
    select
        standings.person_id,
        count(distinct cases.retained_relation_id) as retained_relations,
        sum(case when cases.retained_relation_id is null then 1 else 0 end) as cases_without
    from {{ ref('int_case_standings') }} as standings
    inner join {{ ref('fct_duplicate_cases') }} as cases
        on standings.case_id = cases.case_id
    where standings.is_duplicate
    group by standings.person_id
    having max(case when standings.is_confirmed then 1 else 0 end) = 1
),

retained_checks as (
    select
        'CHK-51' as check_code,
        'all' as scheme,
        '{{ var("city_code") }}' as division_code,
        'CONFIRMED' as row_code,
        {{ amount('count(*)') }} as left_value,
        {{ amount('coalesce(sum(case when retained_relations = 1 and cases_without = 0 then 1 else 0 end), 0)') }} as right_value,
        false as is_bound,
        case when count(*) = 0 then '本月无已确认且仍重叠者' end as note
    from confirmed
),

standards_ranked as (
    select
        standards.scheme,
        standards.yuan_per_person,
        standards.financing_source,
        rank() over (
            partition by standards.scheme
            order by standards.period desc
        ) as snapshot_rank
    from {{ ref('stg_city__financing_standards') }} as standards
    inner join close_period
        on standards.year = close_period.year
            and standards.period <= close_period.period
),

standards as (
    select
        scheme,
        sum(yuan_per_person) as yuan
    from standards_ranked
    where snapshot_rank = 1 and financing_source in ('central', 'province', 'city', 'county')
    group by scheme
),

highest as (
    select
        groups.scheme_group as scheme,
        max(standards.yuan) as yuan
    from standards
    inner join {{ ref('scheme_groups') }} as groups
        on standards.scheme = groups.scheme
    group by groups.scheme_group
),

subsidy_checks as (
    select
        'CHK-53' as check_code,
        subsidies.scheme,
        subsidies.division_code,
        'DUPLICATE_SUBSIDY' as row_code,
        subsidies.value as left_value,
        {{ amount('persons.value * highest.yuan') }} as right_value,
        true as is_bound,
        case
            when subsidies.value is null then '本县区有单位未报送, 本行不执行'
            when highest.yuan is null then '缺当年财政补助标准, 不执行'
        end as note
    from measured as subsidies
    inner join measured as persons
        on persons.measure_code = 'DUPLICATE_PERSONS'
            and subsidies.scheme = persons.scheme
            and subsidies.division_code = persons.division_code
    left join highest
        on subsidies.scheme = highest.scheme
    where subsidies.measure_code = 'DUPLICATE_SUBSIDY'
)

select * from state_checks
union all
select * from retained_checks
union all
select * from subsidy_checks
