{# The columns of the source systems that a code map covers: staging model, the key that names a row, and for each such column its code set
   and name. Code sets that pick single codes out of another column (referral_care of the employee and resident systems) cover none. #}
{% macro coded_tables() -%}
    {{ return([
        ('employee', 'employers', 'stg_employee__employers', 'employer_no', [('unit_type', 'unit_type_code')]),
        ('employee', 'persons', 'stg_employee__persons', 'source_person_no', [('sex', 'sex_code'), ('household_type', 'household_type_code'), ('vital_status', 'vital_status_code')]),
        ('employee', 'enrollments', 'stg_employee__enrollments', 'relation_id', [('insurance_type', 'insurance_type_code'), ('person_category', 'person_category_code'), ('relation_status', 'status_code')]),
        ('employee', 'contributions', 'stg_employee__contributions', 'contribution_id', [('insurance_type', 'insurance_type_code'), ('received', 'received_code')]),
        ('employee', 'settlements', 'stg_employee__settlements', 'settlement_id', [('insurance_type', 'insurance_type_code'), ('person_category', 'person_category_code'), ('care_type', 'care_type_code'), ('settlement_channel', 'settlement_channel_code')]),
        ('employee', 'institutions', 'stg_employee__institutions', 'institution_code', [('institution_type', 'institution_type_code'), ('institution_level', 'institution_level_code')]),
        ('employee', 'fund_ledger', 'stg_employee__fund_ledger', "insurance_type_code || ' ' || subject_code", [('insurance_type', 'insurance_type_code')]),
        ('resident', 'psn_info_b', 'stg_resident__psn_info_b', 'source_person_no', [('sex', 'sex_code'), ('vital_status', 'vital_status_code')]),
        ('resident', 'psn_insu_d', 'stg_resident__psn_insu_d', 'relation_id', [('insurance_type', 'insurance_type_code'), ('person_category', 'person_category_code'), ('relation_status', 'status_code'), ('special_person_type', 'special_person_type_code')]),
        ('resident', 'rsdt_psn_clct_detl_d', 'stg_resident__rsdt_psn_clct_detl_d', 'contribution_id', [('insurance_type', 'insurance_type_code')]),
        ('resident', 'finsubs_d', 'stg_resident__finsubs_d', 'subsidy_id', [('insurance_type', 'insurance_type_code'), ('fiscal_level', 'fiscal_level_code')]),
        ('resident', 'setl_d', 'stg_resident__setl_d', 'settlement_id', [('insurance_type', 'insurance_type_code'), ('person_category', 'person_category_code'), ('institution_level', 'institution_level_code'), ('care_type', 'care_type_code'), ('settlement_channel', 'settlement_channel_code')]),
        ('resident', 'fixmedins_b', 'stg_resident__fixmedins_b', 'institution_code', [('institution_type', 'institution_type_code'), ('institution_level', 'institution_level_code')]),
        ('resident', 'fund_ledger_d', 'stg_resident__fund_ledger_d', "insurance_type_code || ' ' || subject_code", [('insurance_type', 'insurance_type_code')]),
        ('rural', 'families', 'stg_rural__families', 'household_no', [('family_attribute', 'family_attribute_code')]),
        ('rural', 'members', 'stg_rural__members', 'relation_id', [('sex', 'sex_code'), ('relation_status', 'status_code'), ('vital_status', 'vital_status_code')]),
        ('rural', 'financing', 'stg_rural__financing', 'receipt_no', [('financing_source', 'financing_source_code')]),
        ('rural', 'institutions', 'stg_rural__institutions', 'institution_code', [('institution_type', 'institution_type_code'), ('institution_level', 'institution_level_code')]),
        ('rural', 'clinic_claims', 'stg_rural__clinic_claims', 'settlement_id', [('care_type', 'care_type_code')]),
        ('rural', 'hospital_claims', 'stg_rural__hospital_claims', 'settlement_id', [('claim_institution_level', 'claim_institution_level_code'), ('referral_care', 'referral_code'), ('settlement_channel', 'settlement_channel_code')]),
    ]) }}
{%- endmacro %}

{# The rows of one of these tables landed for the closing month that have a code which the map of its month does not hold, and in which code
   sets. A resident care type is read by four digits, else by two. #}
{% macro unmapped_rows(system, table, model, key, columns) -%}
    select
        '{{ system }}' as source_system,
        '{{ table }}' as source_table,
        landed.office,
        landed.delivery_id as delivery,
        landed.line_number as line,
        {{ key }} as key,
        ''
        {%- for code_set, column in columns %}
        || case when {{ is_unmapped(system, code_set, column, loop.index) }} then '{{ code_set }} ' else '' end
        {%- endfor %} as code_sets
    from {{ ref(model) }} as landed
    inner join {{ source('control', 'close_period') }} as close_period
        on landed.period = close_period.period
    {% for code_set, column in columns -%}
    {{ join_code('map_' ~ loop.index, system, code_set, ('left(landed.' ~ column ~ ', 4)') if system == 'resident' and code_set == 'care_type' else 'landed.' ~ column, 'landed.period') }}
    {% if system == 'resident' and code_set == 'care_type' -%}
    {{ join_code('shorter', system, code_set, 'left(landed.' ~ column ~ ', 2)', 'landed.period') }}
    {% endif -%}
    {% endfor -%}
    where
        {%- for code_set, column in columns %}
        {{ 'or ' if not loop.first }}{{ is_unmapped(system, code_set, column, loop.index) }}
        {%- endfor %}
{%- endmacro %}

{% macro is_unmapped(system, code_set, column, number) -%}
    landed.{{ column }} is not null and map_{{ number }}.code is null{{ ' and shorter.code is null' if system == 'resident' and code_set == 'care_type' }}
{%- endmacro %}

{# One row per table and code set of its columns: source_system, source_table, code_set. #}
{% macro coded_sets() -%}
    select * from (
        values
        {% for system, table, model, key, columns in coded_tables() -%}
        {% set is_last_table = loop.last -%}
        {% for code_set, column in columns -%}
        ('{{ system }}', '{{ table }}', '{{ code_set }}'){{ ',' if not (is_last_table and loop.last) }}
        {% endfor -%}
        {% endfor %}
    ) as listed (source_system, source_table, code_set)
{%- endmacro %}
