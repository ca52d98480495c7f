-- One row per rejected row of a delivery in force: where it stands in what file, which column and why. Holds the row as it was
-- delivered, and with it personal data. Grain: (delivery_id, table_name, line_number).
select
    _system as system,
    {{ lineage() }},
    table_name,
    file_name,
    column_name,
    reason,
    detail,
    raw_text
from {{ source('landing', 'rejected_rows') }}
