-- On the fund form, fund by fund: the opening balance, its adjustment and the year's income less its expenditure are the closing balance,
-- and the surplus is income less expenditure. A fund with a cell that is not known says nothing.
with

close_period as (
    select period from {{ source('control', 'close_period') }}
),

funds as (
    select
        form_rows.row_code as fund,
        cells.division_code,
        max(case cells.row_code when form_rows.row_code || '_OPENING' then cells.value end) as opening,
        max(case cells.row_code when form_rows.row_code || '_ADJUSTMENT' then cells.value end) as adjustment,
        max(case cells.row_code when form_rows.row_code || '_INC' then cells.value end) as income,
        max(case cells.row_code when form_rows.row_code || '_EXP' then cells.value end) as expenditure,
        max(case cells.row_code when form_rows.row_code || '_SURPLUS' then cells.value end) as surplus,
        max(case cells.row_code when form_rows.row_code || '_BALANCE' then cells.value end) as balance
    from {{ ref('report_cells') }} as cells
    inner join close_period
        on cells.period = close_period.period
    inner join {{ ref('form_rows') }} as form_rows
        on cells.report_code = form_rows.report_code
            and form_rows.kind = 'heading'
    where cells.report_code = 'RPT-M02' and cells.column_code = 'YTD'
    group by
        form_rows.row_code,
        cells.division_code
)

select * from funds
where opening + adjustment + income - expenditure <> balance or income - expenditure <> surplus
