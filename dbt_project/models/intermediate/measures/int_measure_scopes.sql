-- One row per measure (of the catalogue, of our own, or of a family), scheme and level of division at which it is published.
-- Grain: (measure_code, scheme, division_level).
with

catalogue as (
    select
        measure_code,
        levels,
        period_basis,
        additive_over,
        missing_months,
        is_filled_with_zero,
        is_from_city_tables
    from {{ ref('measures') }}
    where is_computed
    union all
    select
        measure_code,
        levels,
        period_basis,
        additive_over,
        missing_months,
        is_filled_with_zero,
        is_from_city_tables
    from {{ ref('own_measures') }}
),

letters as (
    select distinct
        scheme_group as scheme,
        catalogue_letter
    from {{ ref('scheme_groups') }}
),

division_levels as (
    select * from (values ('city'), ('county'), ('township')) as listed (division_level)
),

catalogue_scopes as (
    select
        catalogue.measure_code,
        letters.scheme,
        division_levels.division_level,
        catalogue.period_basis,
        coalesce(catalogue.additive_over like '%months%', false) as is_additive_over_months,
        coalesce(catalogue.missing_months like '%month before%', false) as needs_month_before,
        catalogue.is_filled_with_zero,
        catalogue.is_from_city_tables
    from catalogue
    cross join letters
    cross join division_levels
    where {{ names_level('catalogue.levels', 'letters.catalogue_letter', 'division_levels.division_level') }}
),

-- The catalogue names fewer levels for last year's numbers than for the numbers themselves; each measure has them at its own levels.
stated_scopes as (
    select *
    from catalogue_scopes
    where right(measure_code, 3) <> '_LY'
),

subject_members as (
    select
        scheme,
        subject_code
    from {{ ref('ledger_subjects') }}
    union
    select
        scheme,
        {{ subject_named('subject_code') }} as subject_code
    from {{ ref('fct_fund_ledger') }}
    where is_of_fund
),

category_members as (
    select
        scheme,
        person_category
    from {{ ref('person_categories') }}
    union
    select
        relation_months.scheme,
        {{ category_named('listed', 'relation_months.person_category') }} as person_category
    from {{ ref('int_relation_months') }} as relation_months
    {{ join_category('listed', 'relation_months.scheme', 'relation_months.person_category') }}
    where
        relation_months.is_insured
        and relation_months.scheme in ('employee', 'resident')
        and relation_months.person_category is not null
),

care_members as (
    select
        letters.scheme,
        care_types.care_type,
        cast(null as varchar) as person_category
    from letters
    cross join {{ ref('care_types') }} as care_types
    union all
    select
        categories.scheme,
        care_types.care_type,
        categories.person_category
    from (
        select
            scheme,
            person_category
        from category_members
        union
        select
            'maternity' as scheme,
            person_category
        from category_members
        where scheme = 'employee'
        union
        select
            settlements.scheme,
            {{ category_named('listed', 'settlements.person_category') }} as person_category
        from {{ ref('fct_settlements') }} as settlements
        {{ join_category('listed', 'settlements.scheme', 'settlements.person_category') }}
        where settlements.person_category is not null
    ) as categories
    cross join {{ ref('care_types') }} as care_types
),

family_members as (
    select
        'SUBJ_' || subject_code as measure_code,
        'INCOME' as levels_as,
        scheme
    from subject_members
    union all
    select
        'BUDGET_' || subject_code as measure_code,
        'BUDGET_INCOME' as levels_as,
        scheme
    from subject_members
    union all
    select
        'INSURED.' || person_category as measure_code,
        'INSURED' as levels_as,
        scheme
    from category_members
    union all
    select
        'INSURED.female.' || person_category as measure_code,
        'INSURED' as levels_as,
        scheme
    from category_members
    union all
    select
        'INSURED.female' as measure_code,
        'INSURED' as levels_as,
        scheme
    from letters
    where scheme in ('employee', 'resident', 'rural')
    union all
    select
        'EXITS.' || exit_reasons.exit_reason as measure_code,
        'EXITS' as levels_as,
        letters.scheme
    from letters
    cross join {{ ref('exit_reasons') }} as exit_reasons
    union all
    select
        care_families.measure_code || '.' || care_members.care_type
        || coalesce('.' || care_members.person_category, '') as measure_code,
        care_families.levels_as,
        care_members.scheme
    from {{ ref('care_families') }} as care_families
    cross join care_members
    union
    select
        duplicate_measures.measure_code || '.' || duplicate_lines.line_code as measure_code,
        duplicate_measures.measure_code as levels_as,
        letters.scheme
    from {{ ref('duplicate_measures') }} as duplicate_measures
    inner join {{ ref('duplicate_lines') }} as duplicate_lines
        on {{ holds_word('duplicate_measures.line_groups', 'duplicate_lines.line_group') }}
    inner join letters
        on {{ holds_word('duplicate_lines.schemes', 'letters.scheme') }}
),

-- The lines of detail are of the yearly report alone, which has no townships.
lines_without_townships as (
    select distinct line_code
    from {{ ref('duplicate_lines') }}
    where line_group = 'detail'
)

select
    measure_code,
    scheme,
    division_level,
    period_basis,
    is_additive_over_months,
    needs_month_before,
    is_filled_with_zero,
    is_from_city_tables,
    false as is_family
from stated_scopes
union all
select
    family_members.measure_code,
    family_members.scheme,
    stated_scopes.division_level,
    stated_scopes.period_basis,
    stated_scopes.is_additive_over_months,
    stated_scopes.needs_month_before,
    stated_scopes.is_filled_with_zero,
    stated_scopes.is_from_city_tables,
    true as is_family
from family_members
inner join stated_scopes
    on family_members.levels_as = stated_scopes.measure_code
        and family_members.scheme = stated_scopes.scheme
left join lines_without_townships
    on family_members.measure_code = family_members.levels_as || '.' || lines_without_townships.line_code
where lines_without_townships.line_code is null or stated_scopes.division_level <> 'township'
