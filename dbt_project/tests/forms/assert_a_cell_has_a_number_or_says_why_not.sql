-- Every cell of every month has a number or a reason, never both and never neither.
select
    report_code,
    period,
    division_code,
    row_code,
    column_code,
    value,
    text
from {{ ref('report_cells') }}
where (value is null) = (text is null) or text not in ('×', '无来源', '未报送', '—')
