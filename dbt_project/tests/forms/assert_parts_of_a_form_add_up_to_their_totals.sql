-- Rows that are all the parts of the row above add up to it in every column that adds up, before anything is rounded. What is shown as
-- 其中 need not: a code that no list holds stands in the total alone.
with

close_period as (
    select period from {{ source('control', 'close_period') }}
),

adding_columns as (
    select
        report_code,
        column_code
    from {{ ref('form_columns') }}
    where kind = 'value' and adds_over_terms
),

parts as (
    select
        cells.report_code,
        cells.division_code,
        form_rows.parent_code,
        cells.column_code,
        sum(cells.value) as value,
        count(*) as part_count,
        count(cells.value) as known_count
    from {{ ref('report_cells') }} as cells
    inner join close_period
        on cells.period = close_period.period
    inner join adding_columns
        on cells.report_code = adding_columns.report_code
            and cells.column_code = adding_columns.column_code
    inner join {{ ref('form_rows') }} as form_rows
        on cells.report_code = form_rows.report_code
            and cells.row_code = form_rows.row_code
    where form_rows.adds_up and not form_rows.is_within and coalesce(cells.text, '') <> '×'
    group by
        cells.report_code,
        cells.division_code,
        form_rows.parent_code,
        cells.column_code
)

select
    parts.*,
    totals.value as total
from parts
inner join close_period
    on true
inner join {{ ref('report_cells') }} as totals
    on parts.report_code = totals.report_code
        and parts.division_code = totals.division_code
        and parts.parent_code = totals.row_code
        and parts.column_code = totals.column_code
        and totals.period = close_period.period
where parts.known_count = parts.part_count and parts.value <> totals.value
