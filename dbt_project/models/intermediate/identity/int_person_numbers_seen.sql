-- One row per person number that any table up to the closing month names, and the months in which it was seen: those with a person record
-- (seen when the record was), and those that only relations, contributions or claims refer to. A view over the two tables that hold them.
-- Grain: (source_system, source_person_no).
{{ config(materialized='view') }}
select
    source_system,
    source_person_no,
    first_seen,
    period as last_seen,
    true as has_record
from {{ ref('int_person_records') }}
union all
select
    source_system,
    source_person_no,
    first_seen,
    last_seen,
    false as has_record
from {{ ref('int_numbers_without_record') }}
