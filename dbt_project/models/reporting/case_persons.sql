-- One row per duplicate case for whoever checks it (review file, never a release): the two relations with name and masked ID number of
-- their person records, what is suggested, and whether its counties are to be asked. Grain: (case_id).
{{ config(schema='review') }}
with

cases as (
    select * from {{ ref('fct_duplicate_cases') }}
),

answers as (
    select * from {{ ref('int_case_answers') }}
),

relations as (
    select * from {{ ref('int_case_relations') }}
),

-- Pairs of person records that were compared; the record of the smaller system and number stands first.
match_evidence as (
    select * from {{ source('identity', 'match_evidence') }}
    where is_current
),

joined as (
    select
        cases.*,
        answers.is_passed_on,
        answers.answered_facts_hash,
        answers.answered_at,
        answers.sent_at,
        answers.is_contested,
        answers.note as answer_note,
        -- An answer stands until what it was given on has changed; one that was passed on was given on another year.
        coalesce(
            cases.answer is not null
            and cases.status not in ('settled', 'closed')
            and not (cases.answer in ('legitimate', 'wrong_match') and cases.overlap_to is not null)
            and not answers.is_passed_on
            and answers.answered_facts_hash <> cases.facts_hash,
            false
        ) as is_changed
    from cases
    left join answers
        on cases.scheme_a = answers.scheme_a
            and cases.relation_id_a = answers.relation_id_a
            and cases.scheme_b = answers.scheme_b
            and cases.relation_id_b = answers.relation_id_b
)

select
    joined.case_id,
    joined.division_code_a,
    joined.relation_id_a,
    joined.source_person_no_a,
    relations_a.person_name as person_name_a,
    relations_a.masked_id_number as masked_id_number_a,
    relations_a.id_status as id_status_a,
    relations_a.township_name as township_name_a,
    relations_a.unit_no as unit_no_a,
    relations_a.relation_status as relation_status_a,
    cast(relations_a.first_day as date) as first_day_a,
    cast(relations_a.last_day as date) as last_day_a,
    relations_a.shown_in as shown_in_a,
    joined.division_code_b,
    joined.relation_id_b,
    joined.source_person_no_b,
    relations_b.person_name as person_name_b,
    relations_b.masked_id_number as masked_id_number_b,
    relations_b.id_status as id_status_b,
    relations_b.township_name as township_name_b,
    relations_b.unit_no as unit_no_b,
    relations_b.relation_status as relation_status_b,
    cast(relations_b.first_day as date) as first_day_b,
    cast(relations_b.last_day as date) as last_day_b,
    relations_b.shown_in as shown_in_b,
    case
        when joined.retained_relation_id is null then null
        when joined.retained_relation_id = joined.relation_id_a then 'a'
        when joined.retained_relation_id = joined.relation_id_b then 'b'
        else 'neither'
    end as suggested,
    joined.scheme_a = joined.scheme_b and joined.source_person_no_a = joined.source_person_no_b as is_one_record,
    joined.facts_hash,
    match_evidence.fields_hash as match_fields_hash,
    joined.legitimate_rule is null and (joined.status in ('to_verify', 'sent') or joined.is_changed) as is_asked,
    joined.is_changed,
    coalesce(joined.is_contested, false) as is_contested,
    coalesce(joined.is_passed_on, false) as is_passed_on,
    cast(joined.sent_at as timestamp) as sent_at,
    cast(case when joined.answer is not null then joined.answered_at end as timestamp) as answered_at,
    joined.answer_note
from joined
inner join relations as relations_a
    on joined.scheme_a = relations_a.scheme
        and joined.relation_id_a = relations_a.relation_id
inner join relations as relations_b
    on joined.scheme_b = relations_b.scheme
        and joined.relation_id_b = relations_b.relation_id
left join match_evidence
    on match_evidence.source_system_a = joined.scheme_a
        and match_evidence.source_system_b = joined.scheme_b
        and match_evidence.source_person_no_a
        = case
            when joined.scheme_a = joined.scheme_b then least(joined.source_person_no_a, joined.source_person_no_b)
            else joined.source_person_no_a
        end
        and match_evidence.source_person_no_b
        = case
            when joined.scheme_a = joined.scheme_b then greatest(joined.source_person_no_a, joined.source_person_no_b)
            else joined.source_person_no_b
        end
