-- One row per combination of what the closing month's care is broken down by, and amount: settlements (net counts and money) and
-- stays (admissions and bed-days) in one long table, summed before anything is joined to it.
-- Grain: (source, amount_code, and every breakdown column).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

settlements as (
    select
        settlements.*,
        case
            when settlements.institution_type = 'pharmacy' then cast(null as varchar)
            when settlements.institution_level in ('1', '9') then 'primary'
            when settlements.institution_level = '2' then 'secondary'
            when settlements.institution_level = '3' then 'tertiary'
            -- A clinic claim of an institution that no list holds comes from the county's own clinics.
            when settlements.source_table = 'clinic_claims' then 'primary'
        end as institution_class
    from {{ ref('fct_settlements') }} as settlements
    left join {{ source('control', 'excused_offices') }} as excused
        on settlements.month = excused.period
            and settlements.source_system = excused.system
            and settlements.office = excused.office
    where settlements.month in (select period from close_period) and excused.office is null
),

settlement_sums as (
    select
        scheme,
        division_code,
        care_type,
        person_category,
        institution_class,
        is_out_of_area,
        is_direct,
        cast(null as boolean) as is_referred,
        cast(null as boolean) as is_in_county,
        cast(null as boolean) as is_60_plus,
        settlement_channel,
        source_table <> 'clinic_claims' as is_itemised,
        catastrophic_yuan <> 0 as has_catastrophic,
        medical_aid_yuan <> 0 as has_medical_aid,
        sum(sign) as settlement_count,
        sum(total_yuan) as total_yuan,
        sum(in_scope_yuan) as in_scope_yuan,
        sum(self_paid_yuan) as self_paid_yuan,
        sum(deductible_yuan) as deductible_yuan,
        sum(pooled_fund_yuan) as pooled_fund_yuan,
        sum(catastrophic_yuan) as catastrophic_yuan,
        sum(civil_servant_yuan) as civil_servant_yuan,
        sum(medical_aid_yuan) as medical_aid_yuan,
        sum(other_payer_yuan) as other_payer_yuan,
        sum(fund_yuan) as fund_yuan,
        sum(personal_account_yuan) as personal_account_yuan,
        sum(cash_yuan) as cash_yuan,
        sum(person_burden_yuan) as person_burden_yuan,
        sum(drug_yuan) as drug_yuan,
        sum(exam_yuan) as exam_yuan,
        sum(treatment_yuan) as treatment_yuan,
        sum(bed_yuan) as bed_yuan,
        sum(consumable_yuan) as consumable_yuan
    from settlements
    group by
        scheme,
        division_code,
        care_type,
        person_category,
        institution_class,
        is_out_of_area,
        is_direct,
        settlement_channel,
        source_table <> 'clinic_claims',
        catastrophic_yuan <> 0,
        medical_aid_yuan <> 0
),

stays as (
    select movements.*
    from {{ ref('int_stay_movements') }} as movements
    left join {{ source('control', 'excused_offices') }} as excused
        on movements.month = excused.period
            and movements.source_system = excused.system
            and excused.office in (movements.division_code, '{{ var("city_code") }}')
    where movements.month in (select period from close_period) and excused.office is null
),

stay_sums as (
    select
        scheme,
        division_code,
        care_type,
        person_category,
        cast(null as varchar) as institution_class,
        is_out_of_area,
        is_direct,
        coalesce(is_referred, false) as is_referred,
        coalesce(left(institution_division_code, 6) = division_code, false) as is_in_county,
        coalesce({{ add_months_to_day('birth_date', 720) }} <= admitted_on, false) as is_60_plus,
        cast(null as varchar) as settlement_channel,
        cast(null as boolean) as is_itemised,
        cast(null as boolean) as has_catastrophic,
        cast(null as boolean) as has_medical_aid,
        sum(admissions) as admission_count,
        sum(bed_days) as bed_day_count
    from stays
    group by
        scheme,
        division_code,
        care_type,
        person_category,
        is_out_of_area,
        is_direct,
        coalesce(is_referred, false),
        coalesce(left(institution_division_code, 6) = division_code, false),
        coalesce({{ add_months_to_day('birth_date', 720) }} <= admitted_on, false)
)

{% set breakdown = ['scheme', 'division_code', 'care_type', 'person_category', 'institution_class', 'is_out_of_area', 'is_direct', 'is_referred', 'is_in_county', 'is_60_plus', 'settlement_channel', 'is_itemised', 'has_catastrophic', 'has_medical_aid'] %}
{% set settlement_amounts = ['settlement_count', 'total_yuan', 'in_scope_yuan', 'self_paid_yuan', 'deductible_yuan', 'pooled_fund_yuan', 'catastrophic_yuan', 'civil_servant_yuan', 'medical_aid_yuan', 'other_payer_yuan', 'fund_yuan', 'personal_account_yuan', 'cash_yuan', 'person_burden_yuan', 'drug_yuan', 'exam_yuan', 'treatment_yuan', 'bed_yuan', 'consumable_yuan'] %}
{% for amount_code in settlement_amounts -%}
select
    'settlements' as source,
    '{{ amount_code }}' as amount_code,
    {{ breakdown | join(', ') }},
    {{ amount(amount_code) }} as value
from settlement_sums
where {{ amount_code }} <> 0
union all
{% endfor -%}
{% for amount_code in ['admission_count', 'bed_day_count'] -%}
select
    'stays' as source,
    '{{ amount_code }}' as amount_code,
    {{ breakdown | join(', ') }},
    {{ amount(amount_code) }} as value
from stay_sums
where {{ amount_code }} <> 0
{% if not loop.last %}union all
{% endif -%}
{% endfor %}
