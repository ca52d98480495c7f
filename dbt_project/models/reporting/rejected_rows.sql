-- One row per rejected row of the closing month's deliveries in force, for reviewers (review file, never a release): it holds the row as
-- it was delivered. Grain: (delivery_id, table_name, line_number).
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
    detail,
    raw_text
from {{ ref('stg_landing__rejected_rows') }}
where period in (select period from {{ source('control', 'close_period') }})
