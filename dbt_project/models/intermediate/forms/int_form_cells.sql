-- One row per cell of a form: a row that holds figures and a column that holds figures, with its labels, and how it is computed:
-- `value` (a sum), `ratio`, `growth` (over the base, which must be positive), or `blank`, which is not to be filled: the column is not
-- meant for the row's scheme, the row leaves it out, the row has no plan, or its several terms must not be added in this column.
-- What a cell is made of is int_form_cell_terms. Grain: (report_code, row_code, column_code).
with

form_rows as (
    select * from {{ ref('form_rows') }}
),

form_columns as (
    select * from {{ ref('form_columns') }}
),

term_counts as (
    select
        report_code,
        row_code,
        sum(case when part = 'member' then 1 else 0 end) as members,
        sum(case when part = 'plan' then 1 else 0 end) as plans
    from {{ ref('int_form_row_terms') }}
    group by
        report_code,
        row_code
),

columns_asking as (
    select
        report_code,
        column_code,
        max(case when position('{plan}' in code_pattern) > 0 then 1 else 0 end) as asks_plan
    from {{ ref('form_column_terms') }}
    group by
        report_code,
        column_code
),

exceptions as (
    select distinct
        report_code,
        row_code,
        column_code,
        kind
    from {{ ref('form_cell_terms') }}
),

row_labels as (
    select
        form_rows.report_code,
        form_rows.row_code,
        coalesce(grandparents.label_zh || ' / ', '') || coalesce(parents.label_zh || ' / ', '') || form_rows.label_zh as row_label
    from form_rows
    left join form_rows as parents
        on form_rows.report_code = parents.report_code
            and form_rows.parent_code = parents.row_code
    left join form_rows as grandparents
        on parents.report_code = grandparents.report_code
            and parents.parent_code = grandparents.row_code
),

column_labels as (
    select
        form_columns.report_code,
        form_columns.column_code,
        coalesce(grandparents.label_zh || ' / ', '') || coalesce(parents.label_zh || ' / ', '') || form_columns.label_zh as column_label
    from form_columns
    left join form_columns as parents
        on form_columns.report_code = parents.report_code
            and form_columns.parent_code = parents.column_code
    left join form_columns as grandparents
        on parents.report_code = grandparents.report_code
            and parents.parent_code = grandparents.column_code
)

select
    form_rows.report_code,
    form_rows.row_code,
    form_columns.column_code,
    row_labels.row_label,
    column_labels.column_label,
    form_columns.unit,
    form_rows.levels as row_levels,
    form_columns.levels as column_levels,
    case
        when exceptions.kind is not null then case exceptions.kind when 'none' then 'blank' else exceptions.kind end
        when form_columns.schemes is not null and not {{ holds_word('form_columns.schemes', 'form_rows.scheme') }} then 'blank'
        when {{ holds_word('form_rows.blank_columns', 'form_columns.column_code') }} then 'blank'
        when columns_asking.asks_plan = 1 and coalesce(term_counts.plans, 0) = 0 then 'blank'
        when not form_columns.adds_over_terms and greatest(term_counts.members, columns_asking.asks_plan * term_counts.plans) > 1 then 'blank'
        else form_columns.kind
    end as kind,
    exceptions.kind is not null as is_exception
from form_rows
inner join form_columns
    on form_rows.report_code = form_columns.report_code
inner join row_labels
    on form_rows.report_code = row_labels.report_code
        and form_rows.row_code = row_labels.row_code
inner join column_labels
    on form_columns.report_code = column_labels.report_code
        and form_columns.column_code = column_labels.column_code
left join columns_asking
    on form_columns.report_code = columns_asking.report_code
        and form_columns.column_code = columns_asking.column_code
left join term_counts
    on form_rows.report_code = term_counts.report_code
        and form_rows.row_code = term_counts.row_code
left join exceptions
    on form_rows.report_code = exceptions.report_code
        and form_rows.row_code = exceptions.row_code
        and form_columns.column_code = exceptions.column_code
where form_rows.kind = 'figures' and form_columns.kind in ('value', 'ratio', 'growth')
