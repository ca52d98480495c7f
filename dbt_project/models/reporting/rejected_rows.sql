-- One row per rejected row of the closing month's deliveries in force, for reviewers (review file, never a release): where it stands and
-- why. The row itself, which may hold a full ID number, stays in landing and in the workbook that goes back to its office.
-- Grain: (delivery_id, table_name, line_number).
{{ config(schema='review') }}
select
    period,
    system,
    office,
    delivery_id,
    table_name,
    file_name,
    line_number,
    column_name,
    reason,
    -- No date, month or amount is that long; what is, may be a number of a person that slipped into the column.
    case when column_name is not null and length(detail) > 14 then left(detail, 6) || '…' else detail end as detail
from {{ ref('stg_landing__rejected_rows') }}
where period in (select period from {{ source('control', 'close_period') }})
