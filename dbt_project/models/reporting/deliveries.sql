-- One row per delivery folder of the periods up to the closing month, as last judged; a number that comes again with other contents is
-- refused in a row of its own. Grain: (system, period, office, delivery_no, status).
select
    system,
    period,
    office,
    {{ count_of('delivery_no') }} as delivery_no,
    status,
    cast(received_at as timestamp) as received_at,
    {{ count_of('rows_delivered') }} as rows_delivered,
    {{ count_of('rows_landed') }} as rows_landed,
    {{ count_of('rows_rejected') }} as rows_rejected,
    reason,
    note
from {{ source('control', 'deliveries') }}
