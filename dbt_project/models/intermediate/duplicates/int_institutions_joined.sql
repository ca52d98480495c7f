-- One row per institution of a source system with the key under which the three systems' numbers meet: its division and its name
-- without blanks, brackets and width. A key that a system gives to several of its institutions is ambiguous: it goes to the review
-- list and joins nothing. Grain: (source_system, institution_code).
with

institutions as (
    select * from {{ ref('dim_institutions') }}
),

keyed as (
    select
        source_system,
        institution_code,
        institution_name,
        division_code,
        left(division_code, 6) || ' ' || {{ normalised_label('institution_name') }} as institution_key
    from institutions
)

select
    *,
    coalesce(count(*) over (partition by source_system, institution_key) > 1, false) as is_ambiguous
from keyed
