-- One row per distinct-person measure of care, window, scheme and line of divisions: how many persons' sums over the window are above
-- zero. For the city and for `all` a person's sums of every county and scheme are added up first.
-- Grain: (measure_code, period_type, scheme, division_code).
with

sums as (
    select
        sums.period_type,
        sums.source,
        sums.person_id,
        groups.scheme_group as scheme,
        sums.division_code,
        sums.care_type,
        sums.person_category,
        sums.pooled_fund_yuan,
        sums.catastrophic_yuan,
        sums.settlement_count,
        sums.admission_count
    from {{ ref('int_person_care_sums') }} as sums
    inner join {{ ref('scheme_groups') }} as groups
        on sums.scheme = groups.scheme
),

measured as (
    select
        measures.measure_code,
        sums.period_type,
        sums.person_id,
        sums.scheme,
        sums.division_code,
        sum(
            case measures.amount_code
                when 'pooled_fund_yuan' then sums.pooled_fund_yuan
                when 'catastrophic_yuan' then sums.catastrophic_yuan
                when 'settlement_count' then cast(sums.settlement_count as decimal(18, 2))
                when 'admission_count' then cast(sums.admission_count as decimal(18, 2))
            end
        ) as value
    from sums
    inner join {{ ref('distinct_care_measures') }} as measures
        on sums.source = measures.source
            and (measures.care_type is null or sums.care_type = measures.care_type)
    group by
        measures.measure_code,
        sums.period_type,
        sums.person_id,
        sums.scheme,
        sums.division_code
    union all
    select
        families.measure_code || '.' || sums.care_type as measure_code,
        sums.period_type,
        sums.person_id,
        sums.scheme,
        sums.division_code,
        sum(sums.pooled_fund_yuan) as value
    from sums
    inner join {{ ref('care_families') }} as families
        on families.source = 'persons'
    where sums.source = 'settlements'
    group by
        families.measure_code,
        sums.care_type,
        sums.period_type,
        sums.person_id,
        sums.scheme,
        sums.division_code
    union all
    select
        families.measure_code || '.' || sums.care_type || '.' || {{ category_named('listed', 'sums.person_category') }} as measure_code,
        sums.period_type,
        sums.person_id,
        sums.scheme,
        sums.division_code,
        sum(sums.pooled_fund_yuan) as value
    from sums
    inner join {{ ref('care_families') }} as families
        on families.source = 'persons'
    {{ join_category('listed', 'sums.scheme', 'sums.person_category') }}
    -- Categories are each scheme's own; the three together have none.
    where sums.source = 'settlements' and sums.person_category is not null and sums.scheme <> 'all'
    group by
        families.measure_code,
        sums.care_type,
        {{ category_named('listed', 'sums.person_category') }},
        sums.period_type,
        sums.person_id,
        sums.scheme,
        sums.division_code
),

city_wide as (
    select
        measure_code,
        period_type,
        person_id,
        scheme,
        sum(value) as value
    from measured
    group by
        measure_code,
        period_type,
        person_id,
        scheme
)

select
    measure_code,
    period_type,
    scheme,
    division_code,
    {{ amount('count(*)') }} as value
from measured
where value > 0
group by
    measure_code,
    period_type,
    scheme,
    division_code
union all
select
    measure_code,
    period_type,
    scheme,
    '{{ var("city_code") }}' as division_code,
    {{ amount('count(*)') }} as value
from city_wide
where value > 0
group by
    measure_code,
    period_type,
    scheme
