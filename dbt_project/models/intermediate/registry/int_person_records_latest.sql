-- One row per person record: as the newest snapshot up to the closing month shows it. Grain: (source_system, source_person_no).
with

ranked as (
    select
        *,
        row_number() over (partition by source_system, source_person_no order by period desc) as snapshot_rank
    from {{ ref('int_person_records') }}
)

select * from ranked
where snapshot_rank = 1
