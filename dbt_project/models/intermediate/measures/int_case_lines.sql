-- One row per case and line of the forms in which it stands: the line of all cases ('') and those of the seed duplicate_lines whose
-- conditions it meets. Grain: (case_id, line_code).
with

cases as (
    select * from {{ ref('int_case_standings') }}
),

relations as (
    select
        case_id,
        max(case when side = 'a' then category end) as category_a,
        max(case when side = 'b' then category end) as category_b
    from {{ ref('int_case_sides') }}
    group by case_id
)

select
    case_id,
    '' as line_code
from cases
union all
select distinct
    cases.case_id,
    listed.line_code
from cases
inner join relations
    on cases.case_id = relations.case_id
inner join {{ ref('duplicate_lines') }} as listed
    on (listed.type_code is null or cases.type_code = listed.type_code)
        and (listed.scheme_a is null or cases.scheme_a = listed.scheme_a)
        and (listed.scheme_b is null or cases.scheme_b = listed.scheme_b)
        and (listed.is_same_county is null or cases.is_same_county = listed.is_same_county)
        and (listed.is_age_known is null or (cases.age is not null) = listed.is_age_known)
        and (listed.age_from is null or cases.age >= listed.age_from)
        and (listed.age_to is null or cases.age < listed.age_to)
        and (
            listed.relation_scheme is null
            or cases.scheme_a = listed.relation_scheme
            and (listed.relation_category is null or relations.category_a = listed.relation_category)
            or cases.scheme_b = listed.relation_scheme
            and (listed.relation_category is null or relations.category_b = listed.relation_category)
        )
