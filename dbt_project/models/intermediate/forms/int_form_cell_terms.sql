-- One row per signed measure or indicator that a cell of a form is made of. The general rule: the row gives scheme and member, the column
-- the pattern of the code and the period type (a row of stocks has its own). The exceptions of form_cell_terms stand in place of it.
-- Grain: (report_code, row_code, column_code, part, code, scheme, period_type).
with

cells as (
    select * from {{ ref('int_form_cells') }}
    where kind <> 'blank'
),

usual as (
    select
        cells.report_code,
        cells.row_code,
        cells.column_code,
        column_terms.part,
        replace(replace(column_terms.code_pattern, '{member}', row_terms.member), '{plan}', row_terms.member) as code,
        row_terms.scheme,
        coalesce(form_rows.period_type, column_terms.period_type) as period_type,
        column_terms.sign * row_terms.sign as sign
    from cells
    inner join {{ ref('form_rows') }} as form_rows
        on cells.report_code = form_rows.report_code
            and cells.row_code = form_rows.row_code
    inner join {{ ref('form_column_terms') }} as column_terms
        on cells.report_code = column_terms.report_code
            and cells.column_code = column_terms.column_code
    inner join {{ ref('int_form_row_terms') }} as row_terms
        on cells.report_code = row_terms.report_code
            and cells.row_code = row_terms.row_code
            and row_terms.part = case when position('{plan}' in column_terms.code_pattern) > 0 then 'plan' else 'member' end
    where not cells.is_exception
),

exceptions as (
    select
        cells.report_code,
        cells.row_code,
        cells.column_code,
        cell_terms.part,
        cell_terms.code,
        cell_terms.scheme,
        cell_terms.period_type,
        cell_terms.sign
    from cells
    inner join {{ ref('form_cell_terms') }} as cell_terms
        on cells.report_code = cell_terms.report_code
            and cells.row_code = cell_terms.row_code
            and cells.column_code = cell_terms.column_code
)

select * from usual
union all
select * from exceptions
