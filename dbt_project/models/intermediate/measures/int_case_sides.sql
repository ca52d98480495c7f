-- One row per case and side: the relation, what its person counts as in it, and the lines of divisions where it stands, as the newest
-- snapshot that shows it has it. A place that the closing month's list of divisions no longer has is the line of what has no county or
-- township, where that is in use, and otherwise none: such a relation is counted in the city alone. Grain: (case_id, side).
with

cases as (
    select
        case_id,
        scheme_a,
        relation_id_a,
        scheme_b,
        relation_id_b
    from {{ ref('fct_duplicate_cases') }}
),

sides as (
    select case_id, 'a' as side, scheme_a as scheme, relation_id_a as relation_id from cases
    union all
    select case_id, 'b' as side, scheme_b as scheme, relation_id_b as relation_id from cases
),

relations as (
    select
        sides.case_id,
        sides.side,
        sides.scheme,
        sides.relation_id,
        category.mapped_code as category,
        relation_months.division_code,
        relation_months.township_code
    from sides
    inner join {{ ref('int_normal_intervals') }} as intervals
        on sides.scheme = intervals.scheme
            and sides.relation_id = intervals.relation_id
    inner join {{ ref('int_relation_months') }} as relation_months
        on intervals.scheme = relation_months.scheme
            and intervals.relation_id = relation_months.relation_id
            and intervals.shown_in = relation_months.period
    left join {{ ref('code_map') }} as category
        on category.code_set = 'person_category'
            and intervals.source_system = category.source_system
            and intervals.person_category = category.code
            and category.valid_from <= intervals.shown_in
            and (category.valid_to is null or category.valid_to >= intervals.shown_in)
)

select
    relations.case_id,
    relations.side,
    relations.scheme,
    relations.relation_id,
    relations.category,
    coalesce(counties.division_code, no_county.division_code) as county_code,
    coalesce(townships.division_code, no_township.division_code) as township_code
from relations
left join {{ ref('int_division_lines') }} as counties
    on relations.division_code = counties.division_code
left join {{ ref('int_division_lines') }} as no_county
    on no_county.division_code = '{{ var("unassigned_code") }}'
left join {{ ref('int_division_lines') }} as townships
    on relations.township_code = townships.division_code
left join {{ ref('int_division_lines') }} as no_township
    on left(relations.township_code, 6) || '000' = no_township.division_code
