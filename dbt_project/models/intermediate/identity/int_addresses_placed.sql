-- One row per address as keyed in that names a county or township of the closing month's divisions: the smallest division that it names and
-- does not leave open, a village or a township or the county alone. Grain: (address).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

divisions as (
    select
        int_divisions.division_code,
        int_divisions.division_level,
        int_divisions.county_code,
        int_divisions.township_code,
        {{ normalised_label('int_divisions.division_name') }} as label
    from {{ ref('int_divisions') }} as int_divisions
    inner join close_period
        on int_divisions.period = close_period.period
    where int_divisions.division_name <> ''
),

counties as (
    select
        division_code as county_code,
        label as county_label
    from divisions
    where division_level = 'county'
),

townships as (
    select
        divisions.division_code as township_code,
        divisions.label as township_label,
        counties.county_label,
        count(*) over (partition by divisions.label) as namesake_count
    from divisions
    left join counties
        on divisions.county_code = counties.county_code
    where divisions.division_level = 'township'
),

villages as (
    select
        division_code as village_code,
        township_code,
        label as village_label
    from divisions
    where division_level = 'village'
),

-- What stands before the house number is written by many.
places as (
    select
        address,
        regexp_extract({{ normalised_label('address') }}, '^[^0-9]+', 0) as place_text
    from (
        -- Rural families have a village's code instead.
        select address from {{ ref('stg_employee__persons') }} where address is not null
        union
        select address from {{ ref('stg_resident__psn_info_b') }} where address is not null
    ) as addresses
),

place_texts as (
    select distinct place_text
    from places
    where place_text <> ''
),

counties_found as (
    select
        place_texts.place_text,
        min(counties.county_code) as county_code
    from place_texts
    inner join counties
        on {{ contains_text('place_texts.place_text', 'counties.county_label') }}
    group by place_texts.place_text
    having count(*) = 1
),

-- A township whose name another has too is meant only where its county stands beside it; of several the longest name.
townships_found as (
    select
        place_texts.place_text,
        townships.township_code,
        row_number() over (
            partition by place_texts.place_text
            order by length(townships.township_label) desc, townships.township_code
        ) as find_rank,
        count(*) over (partition by place_texts.place_text, length(townships.township_label)) as find_count
    from place_texts
    inner join townships
        on {{ contains_text('place_texts.place_text', 'townships.township_label') }}
            and (townships.namesake_count = 1 or {{ contains_text('place_texts.place_text', 'townships.county_label') }})
),

villages_found as (
    select
        townships_found.place_text,
        villages.village_code,
        row_number() over (
            partition by townships_found.place_text
            order by length(villages.village_label) desc, villages.village_code
        ) as find_rank,
        count(*) over (partition by townships_found.place_text, length(villages.village_label)) as find_count
    from townships_found
    inner join villages
        on townships_found.township_code = villages.township_code
            and {{ contains_text('townships_found.place_text', 'villages.village_label') }}
    where townships_found.find_rank = 1 and townships_found.find_count = 1
)

select
    places.address,
    coalesce(villages_found.village_code, townships_found.township_code, counties_found.county_code) as place_code
from places
left join townships_found
    on places.place_text = townships_found.place_text
        and townships_found.find_rank = 1
        and townships_found.find_count = 1
left join counties_found
    on places.place_text = counties_found.place_text
left join villages_found
    on places.place_text = villages_found.place_text
        and villages_found.find_rank = 1
        and villages_found.find_count = 1
where townships_found.township_code is not null or counties_found.county_code is not null
