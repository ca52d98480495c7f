-- One row per cell of a form and division: of the closing month put together from published measures and indicators alone, of earlier
-- months as their own releases published them. A cell without a value says why in `text`: × is not to be filled, 无来源 no system has it
-- yet, 未报送 an office did not report, — a part is not known or there is no base to divide by. Null is never zero.
-- Grain: (report_code, period, division_code, row_code, column_code).
with

close_period as (
    select
        period,
        previous_period,
        cast(cast(left(period, 4) as integer) - 1 as varchar) || '-01' as oldest_period
    from {{ source('control', 'close_period') }}
),

numbers as (
    select
        measure_values.measure_code as code,
        measure_values.scheme,
        measure_values.division_code,
        measure_values.period_type,
        measure_values.value
    from {{ ref('measure_values') }} as measure_values
    inner join close_period
        on measure_values.period = close_period.period
    union all
    select
        indicator_values.indicator_code as code,
        indicator_values.scheme,
        indicator_values.division_code,
        indicator_values.period_type,
        indicator_values.value
    from {{ ref('indicator_values') }} as indicator_values
    inner join close_period
        on indicator_values.period = close_period.period
),

divisions as (
    select
        division_code,
        division_level
    from {{ ref('int_division_lines') }}
),

-- A number that is computed for nobody at a level has no source there; one that is computed has, whatever its value.
sources as (
    select distinct
        numbers.code,
        numbers.scheme,
        numbers.period_type,
        divisions.division_level
    from numbers
    inner join divisions
        on numbers.division_code = divisions.division_code
),

-- Where an office did not report in the closing month, the one before (movements) or earlier in the year (windows); the city lacks it too.
offices_missing as (
    select
        excused_lines.scheme,
        excused_lines.division_code,
        max(case when excused_lines.period in (close_period.period, close_period.previous_period) then 1 else 0 end) as is_missing_now
    from {{ ref('int_excused_lines') }} as excused_lines
    inner join close_period
        on left(excused_lines.period, 4) = left(close_period.period, 4)
            or excused_lines.period = close_period.previous_period
    group by
        excused_lines.scheme,
        excused_lines.division_code
),

lines_missing as (
    select
        scheme,
        division_code,
        is_missing_now
    from offices_missing
    where division_code <> '{{ var("city_code") }}'
    union all
    select
        scheme,
        '{{ var("city_code") }}' as division_code,
        max(is_missing_now) as is_missing_now
    from offices_missing
    group by scheme
),

forms_due as (
    select forms.report_code
    from {{ ref('forms') }} as forms
    cross join close_period
    where forms.period_type = 'month'
        or forms.period_type = 'quarter' and right(close_period.period, 2) in ('03', '06', '09', '12')
        or forms.period_type = 'year' and right(close_period.period, 2) = '12'
),

cells as (
    select
        form_cells.report_code,
        divisions.division_code,
        divisions.division_level,
        form_cells.row_code,
        form_cells.column_code,
        form_cells.row_label,
        form_cells.column_label,
        form_cells.unit,
        case
            when form_cells.column_levels is null or {{ holds_word('form_cells.column_levels', 'divisions.division_level') }}
                then form_cells.kind
            else 'blank'
        end as kind
    from {{ ref('int_form_cells') }} as form_cells
    inner join forms_due
        on form_cells.report_code = forms_due.report_code
    inner join divisions
        on {{ holds_word('form_cells.row_levels', 'divisions.division_level') }}
),

terms as (
    select
        *,
        code || '[' || scheme || ', ' || period_type || ']' as term_text,
        case when right(code, 3) = '_LY' then left(code, length(code) - 3) else code end as source_code
    from {{ ref('int_form_cell_terms') }}
),

-- Parts written as they are added: the first without its plus, several in brackets.
part_texts as (
    select
        report_code,
        row_code,
        column_code,
        part,
        case
            when count(*) = 1 and min(sign) = 1 then min(term_text)
            else '(' || string_agg(case sign when 1 then '+ ' else '− ' end || term_text, ' ' order by sign desc, term_text) || ')'
        end as part_text
    from terms
    group by
        report_code,
        row_code,
        column_code,
        part
),

provenances as (
    select
        report_code,
        row_code,
        column_code,
        max(case part when 'numerator' then part_text end) as numerator_text,
        max(case part when 'denominator' then part_text end) as denominator_text
    from part_texts
    group by
        report_code,
        row_code,
        column_code
),

valued_terms as (
    select
        cells.report_code,
        cells.division_code,
        cells.row_code,
        cells.column_code,
        terms.part,
        terms.sign * numbers.value as value,
        sources.code is not null as has_source,
        numbers.code is not null and numbers.value is null
        and coalesce(lines_missing.is_missing_now = 1 or terms.period_type not in ('month', 'point') and lines_missing.scheme is not null, false)
            as is_unreported
    from cells
    inner join terms
        on cells.report_code = terms.report_code
            and cells.row_code = terms.row_code
            and cells.column_code = terms.column_code
    left join numbers
        on terms.code = numbers.code
            and terms.scheme = numbers.scheme
            and terms.period_type = numbers.period_type
            and cells.division_code = numbers.division_code
    left join sources
        on terms.source_code = sources.code
            and terms.scheme = sources.scheme
            and terms.period_type = sources.period_type
            and cells.division_level = sources.division_level
    left join lines_missing
        on terms.scheme = lines_missing.scheme
            and cells.division_code = lines_missing.division_code
    where cells.kind <> 'blank'
),

added_up as (
    select
        report_code,
        division_code,
        row_code,
        column_code,
        case
            when count(case part when 'numerator' then value end) = sum(case part when 'numerator' then 1 else 0 end)
                then {{ amount("sum(case part when 'numerator' then value end)") }}
        end as numerator,
        case
            when count(case part when 'denominator' then value end) = sum(case part when 'denominator' then 1 else 0 end)
                then {{ amount("sum(case part when 'denominator' then value end)") }}
        end as denominator,
        min(case when has_source then 1 else 0 end) = 1 as has_sources,
        max(case when is_unreported then 1 else 0 end) = 1 as is_unreported
    from valued_terms
    group by
        report_code,
        division_code,
        row_code,
        column_code
),

computed as (
    select
        cells.report_code,
        close_period.period,
        cells.division_code,
        cells.row_code,
        cells.column_code,
        cells.row_label,
        cells.column_label,
        case
            when cells.kind = 'value' then added_up.numerator
            when cells.kind = 'ratio' then {{ ratio('added_up.numerator', 'added_up.denominator') }}
            when cells.kind = 'growth' and added_up.denominator > 0
                then {{ ratio('added_up.numerator - added_up.denominator', 'added_up.denominator') }}
        end as value,
        cells.kind,
        added_up.has_sources,
        added_up.is_unreported,
        cells.unit,
        case cells.kind
            when 'value' then provenances.numerator_text
            when 'ratio' then provenances.numerator_text || ' ÷ ' || provenances.denominator_text
            when 'growth' then provenances.numerator_text || ' ÷ ' || provenances.denominator_text || ' − 1'
        end as provenance
    from cells
    cross join close_period
    left join added_up
        on cells.report_code = added_up.report_code
            and cells.division_code = added_up.division_code
            and cells.row_code = added_up.row_code
            and cells.column_code = added_up.column_code
    left join provenances
        on cells.report_code = provenances.report_code
            and cells.row_code = provenances.row_code
            and cells.column_code = provenances.column_code
)

select
    report_code,
    period,
    division_code,
    row_code,
    column_code,
    row_label,
    column_label,
    {{ amount('value') }} as value,
    case
        when kind = 'blank' then '×'
        when value is not null then null
        when not has_sources then '无来源'
        when is_unreported then '未报送'
        else '—'
    end as text,
    unit,
    provenance
from computed
union all
select
    published.report_code,
    published.period,
    published.division_code,
    published.row_code,
    published.column_code,
    published.row_label,
    published.column_label,
    published.value,
    published.text,
    published.unit,
    published.provenance
from {{ source('published', 'report_cells') }} as published
inner join close_period
    on published.period >= close_period.oldest_period
        and published.period < close_period.period
