-- One row per delivery folder of the periods up to the closing month, as last judged. Grain: (system, period, office, delivery_no, reason).
select
    system,
    period,
    office,
    delivery_no,
    status,
    received_at,
    rows_delivered,
    rows_landed,
    rows_rejected,
    reason,
    note
from {{ source('control', 'deliveries') }}
