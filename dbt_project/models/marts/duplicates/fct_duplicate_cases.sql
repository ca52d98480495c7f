-- One row per pair of relations of one person whose normal intervals share at least a day, as the closing month's cases stand:
-- overlaps that last and, for 24 months, those that are over. Legitimate overlaps are cases too, with their rule; they are not counted
-- as duplicates. The case's id follows from the four relation keys alone. Grain: (case_id).
with

typed_overlaps as (
    select * from {{ ref('int_overlaps_typed') }}
),

current_overlaps as (
    select * from {{ ref('int_overlaps_current') }}
),

retained as (
    select * from {{ ref('int_relations_retained') }}
    where keep_rank = 1
),

answers as (
    select * from {{ ref('int_case_answers') }}
),

rules as (
    select * from {{ ref('int_duplicate_rules_in_force') }}
),

-- Two records of one person are as sure as the weakest link of the strongest way between them; the smaller system and number stands first.
person_pairs as (
    select * from {{ source('identity', 'person_pairs') }}
),

-- Cases of which the month before has already shown that nothing is left to do.
done_before as (
    select distinct case_id
    from {{ source('published', 'duplicate_cases') }}
    where release_period = (select max(release_period) from {{ source('published', 'duplicate_cases') }})
        and (
            status in ('settled', 'closed')
            or (answer in ('legitimate', 'wrong_match') and overlap_to is not null)
        )
),

extra_relations as (
    select
        scheme_a,
        relation_id_a,
        scheme_b,
        relation_id_b,
        sum(central_yuan) as central_yuan,
        sum(province_yuan) as province_yuan,
        sum(city_yuan) as city_yuan,
        sum(county_yuan) as county_yuan,
        sum(person_yuan) as person_yuan
    from {{ ref('int_extra_relations') }}
    group by
        scheme_a,
        relation_id_a,
        scheme_b,
        relation_id_b
),

-- A double stay is booked once: on the overlap of its two persons' relations that holds its first common day, else on their first.
double_stays_ranked as (
    select
        typed_overlaps.scheme_a,
        typed_overlaps.relation_id_a,
        typed_overlaps.scheme_b,
        typed_overlaps.relation_id_b,
        double_stays.paid_twice_yuan,
        row_number() over (
            partition by double_stays.source_system_a, double_stays.stay_id_a, double_stays.source_system_b, double_stays.stay_id_b
            order by
                case when double_stays.both_from between typed_overlaps.overlap_from and typed_overlaps.overlap_end then 0 else 1 end,
                typed_overlaps.relation_id_a,
                typed_overlaps.relation_id_b
        ) as booking_rank
    from {{ ref('int_stays_paid_twice') }} as double_stays
    inner join typed_overlaps
        on double_stays.is_at_end
            and double_stays.source_system_a = typed_overlaps.scheme_a
            and double_stays.source_person_no_a = typed_overlaps.source_person_no_a
            and double_stays.source_system_b = typed_overlaps.scheme_b
            and double_stays.source_person_no_b = typed_overlaps.source_person_no_b
),

double_stays as (
    select
        scheme_a,
        relation_id_a,
        scheme_b,
        relation_id_b,
        sum(paid_twice_yuan) as paid_twice_yuan
    from double_stays_ranked
    where booking_rank = 1
    group by
        scheme_a,
        relation_id_a,
        scheme_b,
        relation_id_b
),

paid_and_used as (
    select * from {{ ref('int_overlaps_paid_and_used') }}
),

months_to_keep_employee as (
    select max(parameter) as full_months
    from rules
    where rule_code = 'DK-04'
),

joined as (
    select
        typed_overlaps.*,
        retained.relation_id as retained_relation_id,
        answers.status as asked_status,
        answers.answer,
        answers.retained_relation_id as answered_relation_id,
        extra_relations.central_yuan,
        extra_relations.province_yuan,
        extra_relations.city_yuan,
        extra_relations.county_yuan,
        extra_relations.person_yuan,
        double_stays.paid_twice_yuan,
        paid_and_used.paid_overlap_months,
        paid_and_used.benefits_drawn,
        person_pairs.match_tier,
        case
            when retained.relation_id is null then null
            when typed_overlaps.is_shared_by_three_on_last_day then 'DK-07'
            when typed_overlaps.scheme_a = 'employee' and typed_overlaps.scheme_b = 'employee' then 'DK-01'
            when
                typed_overlaps.scheme_a = 'employee'
                and not typed_overlaps.is_flexible_a
                and {{ add_months_to_day('typed_overlaps.normal_from_a', 'months_to_keep_employee.full_months') }} <= typed_overlaps.period_last_day
                then 'DK-04'
            when typed_overlaps.scheme_a = 'employee' then 'DK-05'
            when typed_overlaps.is_university_student_a or typed_overlaps.is_university_student_b then 'DK-03'
            when typed_overlaps.scheme_a = typed_overlaps.scheme_b then 'DK-02'
            else 'DK-06'
        end as keep_rule
    from typed_overlaps
    cross join months_to_keep_employee
    left join current_overlaps
        on typed_overlaps.scheme_a = current_overlaps.scheme_a
            and typed_overlaps.relation_id_a = current_overlaps.relation_id_a
            and typed_overlaps.scheme_b = current_overlaps.scheme_b
            and typed_overlaps.relation_id_b = current_overlaps.relation_id_b
    left join retained
        on current_overlaps.person_id = retained.person_id
    left join answers
        on typed_overlaps.scheme_a = answers.scheme_a
            and typed_overlaps.relation_id_a = answers.relation_id_a
            and typed_overlaps.scheme_b = answers.scheme_b
            and typed_overlaps.relation_id_b = answers.relation_id_b
    left join extra_relations
        on typed_overlaps.scheme_a = extra_relations.scheme_a
            and typed_overlaps.relation_id_a = extra_relations.relation_id_a
            and typed_overlaps.scheme_b = extra_relations.scheme_b
            and typed_overlaps.relation_id_b = extra_relations.relation_id_b
    left join double_stays
        on typed_overlaps.scheme_a = double_stays.scheme_a
            and typed_overlaps.relation_id_a = double_stays.relation_id_a
            and typed_overlaps.scheme_b = double_stays.scheme_b
            and typed_overlaps.relation_id_b = double_stays.relation_id_b
    left join paid_and_used
        on typed_overlaps.scheme_a = paid_and_used.scheme_a
            and typed_overlaps.relation_id_a = paid_and_used.relation_id_a
            and typed_overlaps.scheme_b = paid_and_used.scheme_b
            and typed_overlaps.relation_id_b = paid_and_used.relation_id_b
    left join person_pairs
        on person_pairs.source_system_a = typed_overlaps.scheme_a
            and person_pairs.source_system_b = typed_overlaps.scheme_b
            and person_pairs.source_person_no_a
            = case
                when typed_overlaps.scheme_a = typed_overlaps.scheme_b then least(typed_overlaps.source_person_no_a, typed_overlaps.source_person_no_b)
                else typed_overlaps.source_person_no_a
            end
            and person_pairs.source_person_no_b
            = case
                when typed_overlaps.scheme_a = typed_overlaps.scheme_b then greatest(typed_overlaps.source_person_no_a, typed_overlaps.source_person_no_b)
                else typed_overlaps.source_person_no_b
            end
),

identified as (
    select
        *,
        'C' || left(md5(scheme_a || ':' || relation_id_a || '|' || scheme_b || ':' || relation_id_b), 16) as case_id,
        -- What is to end, and has: the relation not kept, whichever ended first where neither is.
        case
            when answer <> 'duplicate' or answer is null or is_lasting then null
            when answered_relation_id = relation_id_a then case when normal_to_b < period_last_day then relation_id_b end
            when answered_relation_id = relation_id_b then case when normal_to_a < period_last_day then relation_id_a end
            when normal_to_a <= normal_to_b then relation_id_a
            else relation_id_b
        end as ended_relation_id
    from joined
),

worded as (
    select
        identified.*,
        case scheme_a when 'employee' then '职工' when 'resident' then '居民' else '新农合' end as scheme_name_a,
        case scheme_b when 'employee' then '职工' when 'resident' then '居民' else '新农合' end as scheme_name_b,
        scheme_a = scheme_b and source_person_no_a = source_person_no_b as is_one_record,
        case
            when scheme_a = scheme_b and source_person_no_a = source_person_no_b then 'high'
            when match_tier = 'score' then 'low'
            when match_tier in ('R2', 'R3', 'reviewer') then 'medium'
            else 'high'
        end as confidence,
        case when ended_relation_id = relation_id_a then normal_to_a when ended_relation_id = relation_id_b then normal_to_b end as ended_on,
        ended_relation_id is not null or (answer in ('legitimate', 'wrong_match') and not is_lasting) as is_done,
        done_before.case_id is not null as is_done_before
    from identified
    left join done_before
        on identified.case_id = done_before.case_id
),

-- Which version of each rule that speaks in the case was in force.
versions as (
    select
        worded.case_id,
        worded.type_code || ':' || coalesce(types.rule_version, '')
        || coalesce(' ' || worded.legitimate_rule || ':' || legitimate.rule_version, '')
        || coalesce(' ' || worded.keep_rule || ':' || kept.rule_version, '') as rule_versions
    from worded
    left join rules as types
        on worded.type_code = types.rule_code
    left join rules as legitimate
        on worded.legitimate_rule = legitimate.rule_code
    left join rules as kept
        on worded.keep_rule = kept.rule_code
)

select
    worded.case_id,
    person_id,
    type_code,
    scheme_a,
    relation_id_a,
    source_person_no_a,
    division_code_a,
    scheme_b,
    relation_id_b,
    source_person_no_b,
    division_code_b,
    division_code_a = division_code_b as same_county,
    overlap_from,
    case when not is_lasting then overlap_end end as overlap_to,
    {{ count_of(months_touched('overlap_from', 'overlap_end_so_far')) }} as overlap_months,
    paid_overlap_months,
    benefits_drawn,
    confidence,
    case
        when is_one_record then '同一个人编号'
        when confidence = 'high' then '身份证号一致'
        when confidence = 'medium' then '多项身份信息一致'
        else '身份信息相似, 依评分判定'
    end
    || '; ' || scheme_name_a || '关系自' || cast(normal_from_a as varchar)
    || case when normal_to_a < {{ open_end() }} then '至' || cast(normal_to_a as varchar) else '起未终止' end
    || ', ' || scheme_name_b || '关系自' || cast(normal_from_b as varchar)
    || case when normal_to_b < {{ open_end() }} then '至' || cast(normal_to_b as varchar) else '起未终止' end
    || '; 自' || cast(overlap_from as varchar) || '起重叠'
    || cast({{ months_touched('overlap_from', 'overlap_end_so_far') }} as varchar) || '个月'
    || case when is_lasting then ', 期末仍重叠' else ', 已于' || cast(overlap_end as varchar) || '结束' end
    || case when paid_overlap_months > 0 then '; 两边均已缴费' || cast(paid_overlap_months as varchar) || '个月' else '' end
    || case when benefits_drawn = 'both' then '; 重叠期间两边均报销过费用' else '' end
    || case when division_code_a = division_code_b then '; 同一县区' else '; 不同县区' end
    || case when legitimate_rule is not null then '; 合理重叠 ' || legitimate_rule else '' end as evidence,
    legitimate_rule,
    retained_relation_id,
    keep_rule,
    versions.rule_versions,
    case
        when is_done and is_done_before then 'closed'
        when ended_relation_id is not null then 'settled'
        else coalesce(asked_status, 'to_verify')
    end as status,
    answer,
    ended_relation_id,
    cast(ended_on as date) as ended_on,
    -- What a county judges; where one of these changes, its answer holds and the case is asked again.
    md5(
        type_code || '|' || division_code_a || '|' || division_code_b || '|' || cast(overlap_from as varchar) || '|'
        || case when is_lasting then 'lasting' else cast(overlap_end as varchar) end || '|' || coalesce(legitimate_rule, 'none')
    ) as facts_hash,
    {{ money_or_zero('central_yuan + province_yuan + city_yuan + county_yuan') }} as duplicate_subsidy_yuan,
    {{ money_or_zero('central_yuan') }} as duplicate_subsidy_central_yuan,
    {{ money_or_zero('province_yuan') }} as duplicate_subsidy_province_yuan,
    {{ money_or_zero('city_yuan') }} as duplicate_subsidy_city_yuan,
    {{ money_or_zero('county_yuan') }} as duplicate_subsidy_county_yuan,
    {{ money_or_zero('paid_twice_yuan') }} as duplicate_benefit_yuan,
    {{ money_or_zero('person_yuan') }} as duplicate_premium_yuan
from worded
inner join versions
    on worded.case_id = versions.case_id
