-- One row per case of the closing month: what the case counts as (期末疑似, 合法, 已反馈, 已处理 …), what is known of its person, and which
-- relation of the person is kept. An answer holds whatever step the case has come to since. Grain: (case_id).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

cases as (
    select * from {{ ref('fct_duplicate_cases') }}
),

retained as (
    select
        person_id,
        scheme
    from {{ ref('int_relations_retained') }}
    where keep_rank = 1
),

ages as (
    select
        birth_dates.person_id,
        year(close_period.last_day) - year(birth_dates.birth_date)
        - case
            when month(close_period.last_day) * 100 + day(close_period.last_day) < month(birth_dates.birth_date) * 100 + day(birth_dates.birth_date)
                then 1
            else 0
        end as age
    from {{ ref('int_person_birth_dates') }} as birth_dates
    cross join close_period
),

standing as (
    select
        cases.*,
        cases.overlap_to is null as is_lasting,
        cases.legitimate_rule is not null as is_legitimate,
        cases.overlap_to is null and cases.legitimate_rule is null as is_candidate,
        cases.overlap_to is null
        and cases.legitimate_rule is null
        and coalesce(cases.answer, 'none') not in ('legitimate', 'wrong_match') as is_duplicate,
        coalesce(cases.answer = 'duplicate', false) as is_confirmed,
        cases.status in ('settled', 'closed') as is_settled,
        retained.scheme as retained_scheme,
        -- A birth date that lies ahead tells no age.
        case when ages.age >= 0 then ages.age end as age
    from cases
    left join retained
        on cases.person_id = retained.person_id
    left join ages
        on cases.person_id = ages.person_id
)

select
    case_id,
    person_id,
    type_code,
    scheme_a,
    relation_id_a,
    scheme_b,
    relation_id_b,
    same_county as is_same_county,
    scheme_a <> scheme_b as is_cross_scheme,
    confidence,
    status,
    age,
    is_lasting,
    is_legitimate,
    is_candidate,
    is_duplicate,
    is_confirmed,
    is_settled,
    retained_scheme,
    -- Of the person: whether every such case is answered, and whether every confirmed one is settled.
    min(case when is_candidate and answer is null then 0 else 1 end) over (partition by person_id) = 1 as has_every_answer,
    min(case when is_confirmed and not is_settled then 0 else 1 end) over (partition by person_id) = 1 as has_all_settled
from standing
