-- Institutions that stays reimbursed twice cannot be looked for in (review file): one system gives several of them one division and name,
-- so that nobody can say which of them another system means. Grain: (source_system, institution_code).
{{ config(schema='review') }}
select
    source_system,
    institution_code,
    institution_name,
    division_code,
    institution_key
from {{ ref('int_institutions_joined') }}
where is_ambiguous
