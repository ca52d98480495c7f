-- One row per scheme and member that a row of a form stands for: its own, or the several that form_row_terms adds up for it. `member`
-- completes the measure of a column that describes the records, `plan` of one that describes the budget.
-- Grain: (report_code, row_code, part, scheme, member).
with

form_rows as (
    select * from {{ ref('form_rows') }}
    where kind = 'figures'
),

stated_terms as (
    select * from {{ ref('form_row_terms') }}
),

rows_stated as (
    select distinct
        report_code,
        row_code,
        part
    from stated_terms
),

own_terms as (
    select
        report_code,
        row_code,
        'member' as part,
        scheme,
        coalesce(member, '') as member
    from form_rows
    union all
    select
        report_code,
        row_code,
        'plan' as part,
        scheme,
        plan_member as member
    from form_rows
    where plan_member is not null
)

select
    own_terms.report_code,
    own_terms.row_code,
    own_terms.part,
    own_terms.scheme,
    own_terms.member,
    1 as sign
from own_terms
left join rows_stated
    on own_terms.report_code = rows_stated.report_code
        and own_terms.row_code = rows_stated.row_code
        and own_terms.part = rows_stated.part
where rows_stated.row_code is null
union all
select
    report_code,
    row_code,
    part,
    scheme,
    coalesce(member, '') as member,
    sign
from stated_terms
