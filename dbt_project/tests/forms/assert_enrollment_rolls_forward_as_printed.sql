-- On the enrollment form, line by line: last month's number, its revision, who came less who left, and what offices' reporting moved
-- are this month's number. A line with a cell that is not known says nothing.
with

close_period as (
    select period from {{ source('control', 'close_period') }}
),

lines as (
    select
        cells.division_code,
        cells.row_code,
        max(case cells.column_code when 'INSURED' then cells.value end) as insured,
        max(case cells.column_code when 'PREVIOUS' then cells.value end)
        + max(case cells.column_code when 'REVISION' then cells.value end)
        + max(case cells.column_code when 'ENTRIES' then cells.value end)
        - max(case cells.column_code when 'EXITS' then cells.value end)
        + max(case cells.column_code when 'REPORTING' then cells.value end) as rolled_forward
    from {{ ref('report_cells') }} as cells
    inner join close_period
        on cells.period = close_period.period
    where cells.report_code = 'RPT-M01'
    group by
        cells.division_code,
        cells.row_code
)

select * from lines
where insured <> rolled_forward
