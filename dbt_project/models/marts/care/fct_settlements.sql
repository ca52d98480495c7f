-- One row per settlement that enters the city-level tables, reversals included as rows of their own with negative money: whose, where,
-- what kind of care, who paid. A row is a reversal when it names an original, whatever its flag or sign says.
-- Grain: (source_system, settlement_id).
with

settlements as (
    select * from {{ ref('int_settlements_unioned') }}
),

person_links as (
    select * from {{ source('identity', 'person_links') }}
),

person_records as (
    select * from {{ ref('int_person_records') }}
),

counties as (
    select * from {{ ref('int_divisions') }}
    where division_level = 'county'
),

institutions as (
    select * from {{ ref('int_institutions') }}
),

-- The system stands on both sides: a condition on the settlements alone would make DuckDB join by nested loops.
county_institutions as (
    select
        'rural' as source_system,
        period,
        office,
        institution_code,
        institution_level,
        division_code
    from {{ ref('stg_rural__institutions') }}
),

placed as (
    select
        settlements.*,
        person_links.person_id,
        person_records.sex,
        person_records.birth_date,
        coalesce(counties.division_code, '{{ var("unassigned_code") }}') as division_code,
        coalesce(institutions.institution_code, 'unknown') as institution_id,
        institutions.institution_type,
        coalesce(
            county_institutions.institution_level,
            institutions.institution_level,
            settlements.institution_level_stated
        ) as institution_level,
        case
            -- The resident system states the institution's division on the settlement itself; it holds.
            when settlements.source_system = 'resident' then settlements.institution_division_stated
            when settlements.source_system = 'rural' then coalesce(county_institutions.division_code, institutions.division_code)
            else institutions.division_code
        end as institution_division_code
    from settlements
    left join person_links
        on settlements.source_system = person_links.source_system
            and settlements.source_person_no = person_links.source_person_no
    left join person_records
        on settlements.source_system = person_records.source_system
            and settlements.source_person_no = person_records.source_person_no
    left join counties
        on settlements.period = counties.period
            and settlements.delivered_division_code = counties.division_code
    left join institutions
        on settlements.source_system = institutions.source_system
            and settlements.institution_code = institutions.institution_code
            and settlements.period = institutions.period
    left join county_institutions
        on settlements.source_system = county_institutions.source_system
            and settlements.institution_code = county_institutions.institution_code
            and settlements.period = county_institutions.period
            and settlements.office = county_institutions.office
)

select
    source_system,
    settlement_id,
    reverses_settlement_id,
    scheme,
    -- A number without a person record, or no number at all, is a person of its own.
    coalesce(person_id, source_system || ' settlement ' || settlement_id) as person_id,
    source_person_no,
    institution_code,
    institution_id,
    institution_type,
    institution_level,
    institution_division_code,
    care_type,
    person_category,
    settled_on,
    period as month,
    division_code,
    visit_id,
    diagnosis_code,
    admitted_on,
    discharged_on,
    case
        when care_type not in ('inpatient', 'maternity_inpatient') then null
        when admitted_on is null or discharged_on is null then 1
        else {{ count_of('greatest(' ~ days_between('admitted_on', 'discharged_on') ~ ', 1)') }}
    end as bed_days,
    reverses_settlement_id is not null as is_reversal,
    case when reverses_settlement_id is null then 1 else -1 end as sign,
    left(coalesce(institution_division_code, institution_code, '{{ var("city_prefix") }}'), {{ var('city_prefix') | length }})
    <> '{{ var("city_prefix") }}' as is_out_of_area,
    is_direct,
    settlement_channel,
    is_referred,
    total_yuan,
    in_scope_yuan,
    self_paid_yuan,
    deductible_yuan,
    pooled_fund_yuan,
    catastrophic_yuan,
    civil_servant_yuan,
    medical_aid_yuan,
    other_payer_yuan,
    {{ money(added_up(['catastrophic_yuan', 'civil_servant_yuan', 'medical_aid_yuan', 'other_payer_yuan'])) }} as other_fund_yuan,
    {{ money_of_several(added_up(['pooled_fund_yuan', 'catastrophic_yuan', 'civil_servant_yuan', 'medical_aid_yuan', 'other_payer_yuan'])) }} as fund_yuan,
    personal_account_yuan,
    cash_yuan,
    person_burden_yuan,
    drug_yuan,
    exam_yuan,
    treatment_yuan,
    bed_yuan,
    consumable_yuan,
    other_fee_yuan,
    sex,
    birth_date,
    source_table,
    office,
    delivery_id,
    line_number
from placed
