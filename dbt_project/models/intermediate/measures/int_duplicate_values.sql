-- One row per measure of duplicate enrollment, scheme and line of divisions with a case in it, on the closing month's last day: persons,
-- cases by what they count as, and the money of relations that a person has too many. What a measure counts is the seed
-- duplicate_measures, the lines it is published by (DUPLICATE_PERSONS.DT-05) the seed duplicate_lines.
-- Grain: (measure_code, scheme, division_code).
with

standings as (
    select * from {{ ref('int_case_standings') }}
),

places as (
    select
        case_places.case_id,
        case_places.scheme,
        case_places.division_code,
        case_lines.line_code
    from {{ ref('int_case_places') }} as case_places
    inner join {{ ref('int_case_lines') }} as case_lines
        on case_places.case_id = case_lines.case_id
),

case_counts as (
    select
        places.line_code,
        places.scheme,
        places.division_code,
        count(*) as overlap_cases,
        sum(case when standings.is_lasting then 1 else 0 end) as lasting_cases,
        sum(case when standings.is_legitimate then 1 else 0 end) as legitimate_cases,
        sum(case when not standings.is_legitimate and standings.status = 'to_verify' then 1 else 0 end) as to_verify_cases,
        sum(case when not standings.is_legitimate and standings.status = 'sent' then 1 else 0 end) as sent_cases,
        sum(case when not standings.is_legitimate and standings.status = 'answered_duplicate' then 1 else 0 end) as answered_duplicate_cases,
        sum(case when not standings.is_legitimate and standings.status = 'answered_legitimate' then 1 else 0 end) as answered_legitimate_cases,
        sum(case when not standings.is_legitimate and standings.status = 'answered_wrong_match' then 1 else 0 end) as answered_wrong_match_cases,
        sum(case when not standings.is_legitimate and standings.is_settled then 1 else 0 end) as settled_cases,
        sum(case when standings.is_duplicate then 1 else 0 end) as duplicate_cases,
        sum(case when standings.is_duplicate and standings.confidence = 'high' then 1 else 0 end) as high_cases,
        sum(case when standings.is_duplicate and standings.confidence = 'medium' then 1 else 0 end) as medium_cases,
        sum(case when standings.is_duplicate and standings.confidence = 'low' then 1 else 0 end) as low_cases
    from places
    inner join standings
        on places.case_id = standings.case_id
    group by
        places.line_code,
        places.scheme,
        places.division_code
),

persons as (
    select
        places.line_code,
        places.scheme,
        places.division_code,
        standings.person_id,
        max(case when standings.is_duplicate then 1 else 0 end) as duplicate_persons,
        max(case when standings.is_duplicate and standings.is_cross_scheme then 1 else 0 end) as cross_scheme_persons,
        max(case when standings.is_candidate then 1 else 0 end) as candidate_persons,
        max(case when standings.is_candidate and standings.has_every_answer then 1 else 0 end) as candidates_answered,
        max(case when standings.is_confirmed then 1 else 0 end) as confirmed_persons,
        max(case when standings.is_confirmed and standings.has_all_settled then 1 else 0 end) as resolved_persons,
        max(case when standings.is_duplicate and standings.retained_scheme = 'employee' then 1 else 0 end) as retained_employee,
        max(case when standings.is_duplicate and standings.retained_scheme = 'resident' then 1 else 0 end) as retained_resident,
        max(case when standings.is_duplicate and standings.retained_scheme = 'rural' then 1 else 0 end) as retained_rural
    from places
    inner join standings
        on places.case_id = standings.case_id
    group by
        places.line_code,
        places.scheme,
        places.division_code,
        standings.person_id
),

person_counts as (
    select
        line_code,
        scheme,
        division_code,
        sum(duplicate_persons) as duplicate_persons,
        sum(cross_scheme_persons) as cross_scheme_persons,
        sum(candidate_persons) as candidate_persons,
        sum(candidates_answered) as candidates_answered,
        sum(confirmed_persons) as confirmed_persons,
        sum(resolved_persons) as resolved_persons,
        sum(retained_employee) as retained_employee,
        sum(retained_resident) as retained_resident,
        sum(retained_rural) as retained_rural
    from persons
    group by
        line_code,
        scheme,
        division_code
),

-- Money stands where the relation does that a person has too many, on the lines of the case that it is booked on.
extra_relations as (
    select
        relations.case_id,
        groups.scheme_group as scheme,
        relations.county_code,
        relations.township_code,
        extra.central_yuan,
        extra.province_yuan,
        extra.city_yuan,
        extra.county_yuan,
        extra.person_yuan
    from {{ ref('int_extra_relations') }} as extra
    inner join standings
        on extra.scheme_a = standings.scheme_a
            and extra.relation_id_a = standings.relation_id_a
            and extra.scheme_b = standings.scheme_b
            and extra.relation_id_b = standings.relation_id_b
    inner join {{ ref('int_case_sides') }} as relations
        on standings.case_id = relations.case_id
            and extra.scheme = relations.scheme
            and extra.relation_id = relations.relation_id
    inner join {{ ref('scheme_groups') }} as groups
        on extra.scheme = groups.scheme
),

extra_places as (
    select case_id, scheme, township_code as division_code, central_yuan, province_yuan, city_yuan, county_yuan, person_yuan
    from extra_relations
    where township_code is not null
    union all
    select case_id, scheme, county_code as division_code, central_yuan, province_yuan, city_yuan, county_yuan, person_yuan
    from extra_relations
    where county_code is not null
    union all
    select case_id, scheme, '{{ var("city_code") }}' as division_code, central_yuan, province_yuan, city_yuan, county_yuan, person_yuan
    from extra_relations
),

money as (
    select
        case_lines.line_code,
        extra_places.scheme,
        extra_places.division_code,
        sum(extra_places.central_yuan + extra_places.province_yuan + extra_places.city_yuan + extra_places.county_yuan) as subsidy_yuan,
        sum(extra_places.central_yuan) as central_yuan,
        sum(extra_places.province_yuan) as province_yuan,
        sum(extra_places.city_yuan) as city_yuan,
        sum(extra_places.county_yuan) as county_yuan,
        sum(extra_places.person_yuan) as premium_yuan
    from extra_places
    inner join {{ ref('int_case_lines') }} as case_lines
        on extra_places.case_id = case_lines.case_id
    group by
        case_lines.line_code,
        extra_places.scheme,
        extra_places.division_code
),

{% set counted_cases = ['overlap_cases', 'lasting_cases', 'legitimate_cases', 'to_verify_cases', 'sent_cases', 'answered_duplicate_cases', 'answered_legitimate_cases', 'answered_wrong_match_cases', 'settled_cases', 'duplicate_cases', 'high_cases', 'medium_cases', 'low_cases'] %}
{% set counted_persons = ['duplicate_persons', 'cross_scheme_persons', 'candidate_persons', 'candidates_answered', 'confirmed_persons', 'resolved_persons', 'retained_employee', 'retained_resident', 'retained_rural'] %}
{% set amounts = ['subsidy_yuan', 'central_yuan', 'province_yuan', 'city_yuan', 'county_yuan', 'premium_yuan'] %}
long as (
    {% for name in counted_cases -%}
    select '{{ name }}' as counted, line_code, scheme, division_code, {{ amount(name) }} as value from case_counts
    union all
    {% endfor -%}
    {% for name in counted_persons -%}
    select '{{ name }}' as counted, line_code, scheme, division_code, {{ amount(name) }} as value from person_counts
    union all
    {% endfor -%}
    {% for name in amounts -%}
    select '{{ name }}' as counted, line_code, scheme, division_code, {{ amount(name) }} as value from money
    {% if not loop.last %}union all
    {% endif -%}
    {% endfor %}
)

select
    measures.measure_code || case when long.line_code = '' then '' else '.' || long.line_code end as measure_code,
    long.scheme,
    long.division_code,
    long.value
from long
inner join {{ ref('duplicate_measures') }} as measures
    on long.counted = measures.counted
where long.value <> 0
