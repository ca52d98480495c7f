-- How addresses name the townships of a month's snapshot: county name and township name without blanks, with and without the
-- city's name before them. A name that two townships of the county share decides nothing and has no row.
-- Grain: (period, county_code, address_head).
with

divisions as (
    select * from {{ ref('int_divisions') }}
),

city as (
    select
        period,
        max({{ without_blanks('division_name') }}) as city_name
    from divisions
    where division_level = 'city'
    group by period
),

townships as (
    select
        townships.period,
        townships.county_code,
        {{ without_blanks('counties.division_name') }} || {{ without_blanks('townships.division_name') }} as head,
        min(townships.division_code) as township_code,
        count(*) as township_count
    from divisions as townships
    inner join divisions as counties
        on townships.period = counties.period
            and townships.county_code = counties.division_code
            and counties.division_level = 'county'
    -- A name of blanks alone would make every address of the county begin with it.
    where townships.division_level = 'township' and {{ without_blanks('townships.division_name') }} <> ''
    group by
        townships.period,
        townships.county_code,
        {{ without_blanks('counties.division_name') }} || {{ without_blanks('townships.division_name') }}
),

unambiguous as (
    select * from townships
    where township_count = 1
),

heads as (
    select
        period,
        county_code,
        head as address_head,
        township_code
    from unambiguous
    union all
    select
        unambiguous.period,
        unambiguous.county_code,
        city.city_name || unambiguous.head as address_head,
        unambiguous.township_code
    from unambiguous
    inner join city
        on unambiguous.period = city.period
    -- A city without a name would put the same head twice.
    where city.city_name <> ''
)

-- With and without the city's name two townships' heads may read alike.
select
    period,
    county_code,
    address_head,
    length(address_head) as head_length,
    min(township_code) as township_code
from heads
group by
    period,
    county_code,
    address_head
having count(*) = 1
