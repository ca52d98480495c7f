-- What was published stays what was published: no cell of an earlier month differs from its own release's.
select
    published.report_code,
    published.period,
    published.division_code,
    published.row_code,
    published.column_code
from {{ source('published', 'report_cells') }} as published
inner join {{ source('control', 'close_period') }} as close_period
    on published.period < close_period.period
        and published.period >= cast(cast(left(close_period.period, 4) as integer) - 1 as varchar) || '-01'
left join {{ ref('report_cells') }} as cells
    on published.report_code = cells.report_code
        and published.period = cells.period
        and published.division_code = cells.division_code
        and published.row_code = cells.row_code
        and published.column_code = cells.column_code
where
    cells.report_code is null
    or published.value <> cells.value
    or (published.value is null) <> (cells.value is null)
    or coalesce(published.text, '') <> coalesce(cells.text, '')
