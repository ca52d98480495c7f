-- The catalogue prints a numerator and denominator as text; the terms that are computed must be those.
with

stated as (
    select
        indicator_code,
        replace(measure_numerator, ' ', '') as numerator,
        replace(case when measure_denominator = '1' then '' else coalesce(measure_denominator, '') end, ' ', '') as denominator
    from {{ ref('indicators') }}
    where is_published
),

lengths as (
    select
        indicator_code,
        part,
        count(*) as term_count,
        sum(length(measure_code)) as code_length,
        sum(case when sign = -1 then 1 else 0 end) as minus_count
    from {{ ref('indicator_terms') }}
    group by
        indicator_code,
        part
),

missing as (
    select
        terms.indicator_code,
        terms.part,
        terms.measure_code
    from {{ ref('indicator_terms') }} as terms
    inner join stated
        on terms.indicator_code = stated.indicator_code
    where '+' || replace(case terms.part when 'numerator' then stated.numerator else stated.denominator end, '-', '+') || '+'
        not like '%+' || terms.measure_code || '+%'
)

select
    indicator_code,
    part,
    measure_code as found
from missing
union all
select
    stated.indicator_code,
    lengths.part,
    cast(lengths.term_count as varchar) as found
from stated
inner join lengths
    on stated.indicator_code = lengths.indicator_code
where
    lengths.code_length + lengths.term_count - 1
    <> length(case lengths.part when 'numerator' then stated.numerator else stated.denominator end)
    or lengths.minus_count
    <> length(case lengths.part when 'numerator' then stated.numerator else stated.denominator end)
    - length(replace(case lengths.part when 'numerator' then stated.numerator else stated.denominator end, '-', ''))
