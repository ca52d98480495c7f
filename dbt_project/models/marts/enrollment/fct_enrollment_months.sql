-- One row per insurance relation (310, 391, 380, and 510 as scheme maternity) and month's snapshot. is_retained is false only for a
-- relation not kept in an overlap that lasts at that month's end and is not legitimate: of the closing month by this close's cases,
-- of earlier months by the cases their own releases published. Grain: (scheme, relation_id, month).
with

relation_months as (
    select * from {{ ref('int_relation_months') }}
),

close_period as (
    select * from {{ source('control', 'close_period') }}
),

lasting_cases as (
    select
        close_period.period,
        cases.scheme_a,
        cases.relation_id_a,
        cases.scheme_b,
        cases.relation_id_b,
        cases.retained_relation_id
    from {{ ref('fct_duplicate_cases') }} as cases
    cross join close_period
    where cases.overlap_to is null and cases.legitimate_rule is null
    union all
    select
        release_period as period,
        scheme_a,
        relation_id_a,
        scheme_b,
        relation_id_b,
        retained_relation_id
    from {{ source('published', 'duplicate_cases') }}
    where overlap_to is null and legitimate_rule is null
),

not_retained as (
    select distinct
        period,
        scheme_a as scheme,
        relation_id_a as relation_id
    from lasting_cases
    where relation_id_a <> retained_relation_id
    union
    select distinct
        period,
        scheme_b as scheme,
        relation_id_b as relation_id
    from lasting_cases
    where relation_id_b <> retained_relation_id
)

select
    relation_months.scheme,
    relation_months.relation_id,
    relation_months.period as month,
    relation_months.source_system,
    relation_months.source_person_no,
    relation_months.person_id,
    relation_months.division_code,
    relation_months.township_code,
    relation_months.person_category,
    relation_months.status,
    relation_months.first_day,
    relation_months.last_day,
    relation_months.is_insured,
    not_retained.relation_id is null as is_retained,
    relation_months.is_dead,
    relation_months.employer_no,
    relation_months.family_no,
    relation_months.delivery_id,
    relation_months.line_number
from relation_months
left join not_retained
    on relation_months.period = not_retained.period
        and relation_months.scheme = not_retained.scheme
        and relation_months.relation_id = not_retained.relation_id
