-- One row per measure of care, scheme and line of divisions with anything in it, in the closing month. What a measure sums, and over
-- which rows, is the seeds care_measures and care_families: a new measure is new rows there.
-- Grain: (measure_code, scheme, division_code).
with

sums as (
    select * from {{ ref('int_care_sums') }}
),

catalogued as (
    select
        measures.measure_code,
        sums.scheme,
        sums.division_code,
        sums.value
    from sums
    inner join {{ ref('care_measures') }} as measures
        on sums.source = measures.source
            and sums.amount_code = measures.amount_code
            and (measures.scheme is null or sums.scheme = measures.scheme)
            and (measures.care_type is null or sums.care_type = measures.care_type)
            and (measures.institution_class is null or sums.institution_class = measures.institution_class)
            and (measures.is_out_of_area is null or sums.is_out_of_area = measures.is_out_of_area)
            and (measures.is_direct is null or sums.is_direct = measures.is_direct)
            and (measures.is_referred is null or sums.is_referred = measures.is_referred)
            and (measures.is_in_county is null or sums.is_in_county = measures.is_in_county)
            and (measures.is_60_plus is null or sums.is_60_plus = measures.is_60_plus)
            and (measures.settlement_channel is null or sums.settlement_channel = measures.settlement_channel)
            and (measures.is_itemised is null or sums.is_itemised = measures.is_itemised)
            and (measures.has_catastrophic is null or sums.has_catastrophic = measures.has_catastrophic)
            and (measures.has_medical_aid is null or sums.has_medical_aid = measures.has_medical_aid)
),

family_sums as (
    select
        families.measure_code,
        sums.scheme,
        sums.division_code,
        sums.care_type,
        {{ category_named('listed', 'sums.person_category') }} as person_category,
        sum(sums.value) as value
    from sums
    inner join {{ ref('care_families') }} as families
        on sums.source = families.source
            and sums.amount_code = families.amount_code
    {{ join_category('listed', 'sums.scheme', 'sums.person_category') }}
    group by
        families.measure_code,
        sums.scheme,
        sums.division_code,
        sums.care_type,
        {{ category_named('listed', 'sums.person_category') }}
),

measured as (
    select * from catalogued
    union all
    select
        measure_code || '.' || care_type as measure_code,
        scheme,
        division_code,
        value
    from family_sums
    union all
    select
        measure_code || '.' || care_type || '.' || person_category as measure_code,
        scheme,
        division_code,
        value
    from family_sums
    where person_category is not null
),

by_scheme_group as (
    select
        measured.measure_code,
        groups.scheme_group as scheme,
        measured.division_code,
        sum(measured.value) as value
    from measured
    inner join {{ ref('scheme_groups') }} as groups
        on measured.scheme = groups.scheme
    group by
        measured.measure_code,
        groups.scheme_group,
        measured.division_code
)

select
    measure_code,
    scheme,
    division_code,
    {{ amount('value') }} as value
from by_scheme_group
union all
select
    measure_code,
    scheme,
    '{{ var("city_code") }}' as division_code,
    {{ amount('sum(value)') }} as value
from by_scheme_group
group by
    measure_code,
    scheme
