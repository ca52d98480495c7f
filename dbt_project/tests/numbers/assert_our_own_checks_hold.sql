-- Checks of our own arithmetic hold on any input, however bad; a close stops where one does not.
select
    results.check_code,
    results.scheme,
    results.division_code,
    results.row_code,
    results.left_value,
    results.right_value
from {{ ref('check_results') }} as results
inner join {{ source('control', 'close_period') }} as close_period
    on results.period = close_period.period
where results.kind = 'ours' and results.outcome = 'failed'
