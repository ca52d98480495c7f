-- One row per measure of stays reimbursed twice, scheme and line of divisions that the closing month moved: pairs standing at its end less
-- those standing at its beginning. A pair counts under both schemes and their counties and townships, once in the city and in `all`. The
-- township of a stay is that of its person number's newest relation in the county. Grain: (measure_code, scheme, division_code).
with

pairs as (
    select
        *,
        row_number() over (
            order by source_system_a, stay_id_a, source_system_b, stay_id_b, is_at_end
        ) as pair_number,
        case when is_at_end then 1 else -1 end as sign
    from {{ ref('int_double_stays') }}
),

sides as (
    select pair_number, scheme_a as scheme, source_system_a as source_system, source_person_no_a as source_person_no, division_code_a as division_code
    from pairs
    union all
    select pair_number, scheme_b as scheme, source_system_b as source_system, source_person_no_b as source_person_no, division_code_b as division_code
    from pairs
),

numbers as (
    select distinct
        source_system,
        source_person_no,
        division_code
    from sides
),

relations_ranked as (
    select
        numbers.source_system,
        numbers.source_person_no,
        numbers.division_code,
        relation_months.township_code,
        row_number() over (
            partition by numbers.source_system, numbers.source_person_no, numbers.division_code
            order by relation_months.period desc, relation_months.start_date desc, relation_months.relation_id
        ) as relation_rank
    from numbers
    inner join {{ ref('int_relation_months') }} as relation_months
        on numbers.source_system = relation_months.source_system
            and numbers.source_person_no = relation_months.source_person_no
            and numbers.division_code = relation_months.division_code
    where relation_months.scheme in ('employee', 'resident', 'rural')
),

located as (
    select
        sides.pair_number,
        sides.scheme,
        sides.division_code,
        case
            when sides.division_code <> '{{ var("unassigned_code") }}'
                then coalesce(relations_ranked.township_code, sides.division_code || '000')
        end as township_code
    from sides
    left join relations_ranked
        on sides.source_system = relations_ranked.source_system
            and sides.source_person_no = relations_ranked.source_person_no
            and sides.division_code = relations_ranked.division_code
            and relations_ranked.relation_rank = 1
),

listed as (
    select pair_number, scheme, township_code as division_code from located
    union all
    select pair_number, scheme, division_code from located
    union all
    select pair_number, scheme, '{{ var("city_code") }}' as division_code from located
),

places as (
    select distinct
        listed.pair_number,
        groups.scheme_group as scheme,
        listed.division_code
    from listed
    inner join {{ ref('scheme_groups') }} as groups
        on listed.scheme = groups.scheme
    where listed.division_code is not null
),

pair_lines as (
    select
        pair_number,
        '' as line_code
    from pairs
    union all
    select
        pairs.pair_number,
        case_lines.line_code
    from pairs
    inner join {{ ref('int_case_lines') }} as case_lines
        on pairs.case_id = case_lines.case_id
    where case_lines.line_code <> ''
),

moved as (
    select
        pair_lines.line_code,
        places.scheme,
        places.division_code,
        sum(pairs.sign) as double_stays,
        sum(pairs.sign * pairs.paid_twice_yuan) as double_paid_yuan
    from pairs
    inner join pair_lines
        on pairs.pair_number = pair_lines.pair_number
    inner join places
        on pairs.pair_number = places.pair_number
    group by
        pair_lines.line_code,
        places.scheme,
        places.division_code
),

long as (
    select 'double_stays' as counted, line_code, scheme, division_code, {{ amount('double_stays') }} as value from moved
    union all
    select 'double_paid_yuan' as counted, line_code, scheme, division_code, {{ amount('double_paid_yuan') }} as value from moved
)

select
    measures.measure_code || case when long.line_code = '' then '' else '.' || long.line_code end as measure_code,
    long.scheme,
    long.division_code,
    long.value
from long
inner join {{ ref('duplicate_measures') }} as measures
    on long.counted = measures.counted
where long.value <> 0
