-- One row per measure of data quality, scheme and line of divisions: person records of the closing month's snapshot, what is sound in them
-- and which stand in no pair that waits for a reviewer, ID numbers that contradict each other, rows with codes that no map holds. Rural
-- records and rows stand under the county that delivered them. Grain: (measure_code, scheme, division_code).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

-- Records of the pairs that wait for a reviewer, samples among them.
queued as (
    select source_system_a as source_system, source_person_no_a as source_person_no from {{ source('identity', 'review_queue') }}
    union
    select source_system_b as source_system, source_person_no_b as source_person_no from {{ source('identity', 'review_queue') }}
),

records as (
    select
        person_records.source_system,
        person_records.source_person_no,
        person_records.office,
        person_records.id_number,
        person_records.id_status in ('valid', 'repaired') as has_valid_id,
        person_records.is_complete,
        queued.source_system is null as is_unambiguous
    from {{ ref('int_person_records') }} as person_records
    inner join close_period
        on person_records.period = close_period.period
    left join queued
        on person_records.source_system = queued.source_system
            and person_records.source_person_no = queued.source_person_no
),

record_counts as (
    select
        source_system,
        office,
        count(*) as person_records,
        sum(case when has_valid_id then 1 else 0 end) as valid_id_records,
        sum(case when is_complete then 1 else 0 end) as complete_records,
        sum(case when is_unambiguous then 1 else 0 end) as unambiguous_records
    from records
    group by
        source_system,
        office
),

code_counts as (
    select
        source_system,
        office,
        sum(coded_rows) as coded_rows,
        sum(unmapped_rows) as unmapped_rows
    from {{ ref('int_coded_rows') }}
    group by
        source_system,
        office
),

counted as (
    select 'PERSON_RECORDS' as measure_code, source_system, office, person_records as value from record_counts
    union all
    select 'VALID_ID_RECORDS' as measure_code, source_system, office, valid_id_records as value from record_counts
    union all
    select 'COMPLETE_RECORDS' as measure_code, source_system, office, complete_records as value from record_counts
    union all
    select 'UNAMBIGUOUS_RECORDS' as measure_code, source_system, office, unambiguous_records as value from record_counts
    union all
    select 'CODED_ROWS' as measure_code, source_system, office, coded_rows as value from code_counts
    union all
    select 'UNMAPPED_ROWS' as measure_code, source_system, office, unmapped_rows as value from code_counts
),

placed as (
    select
        counted.measure_code,
        groups.scheme_group as scheme,
        coalesce(counties.division_code, '{{ var("unassigned_code") }}') as county_code,
        counted.office = '{{ var("city_code") }}' as is_city_wide,
        counted.value
    from counted
    inner join {{ ref('scheme_groups') }} as groups
        on counted.source_system = groups.scheme
    left join {{ ref('int_division_lines') }} as counties
        on counted.office = counties.division_code
            and counties.division_level = 'county'
),

valid_numbers as (
    select distinct
        records.id_number,
        person_links.person_id
    from records
    inner join {{ source('identity', 'person_links') }} as person_links
        on records.source_system = person_links.source_system
            and records.source_person_no = person_links.source_person_no
    where records.has_valid_id and records.id_number is not null
),

-- One number, several persons; one person, several numbers.
conflicts as (
    select id_number as conflict
    from valid_numbers
    group by id_number
    having count(*) > 1
    union all
    select person_id as conflict
    from valid_numbers
    group by person_id
    having count(*) > 1
)

select
    measure_code,
    scheme,
    '{{ var("city_code") }}' as division_code,
    {{ amount('sum(value)') }} as value
from placed
group by
    measure_code,
    scheme
union all
select
    measure_code,
    scheme,
    county_code as division_code,
    {{ amount('sum(value)') }} as value
from placed
where not is_city_wide
group by
    measure_code,
    scheme,
    county_code
union all
select
    'ID_CONFLICTS' as measure_code,
    'all' as scheme,
    '{{ var("city_code") }}' as division_code,
    {{ amount('count(*)') }} as value
from conflicts
