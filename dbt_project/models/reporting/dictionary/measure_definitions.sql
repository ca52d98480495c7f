-- One row per measure of the catalogue and of our own list, as the screen names and explains it. Grain: (measure_code).
with

measures as (
    select
        measure_code,
        name_zh,
        counted,
        nature,
        time_basis,
        unit
    from {{ ref('measures') }}
),

own_measures as (
    select
        measure_code,
        name_zh,
        counted,
        nature,
        time_basis,
        unit
    from {{ ref('own_measures') }}
)

select * from measures
union all
select * from own_measures
