{# The key of a stay: its visit number, or without one its settlement, told apart whatever the visit number reads. #}
{% macro stay_key(alias) -%}
    case
        when {{ alias }}.visit_id is null then 'settlement ' || {{ alias }}.settlement_id
        when {{ alias }}.visit_id like 'settlement %' or {{ alias }}.visit_id like 'visit %' then 'visit ' || {{ alias }}.visit_id
        else {{ alias }}.visit_id
    end
{%- endmacro %}

{# The settlements that stays are made of, as a query: every original, reversals aside, with its `stay_id` and the month in which it was
   first taken back (`reversed_month`, null while it stands). #}
{% macro stay_settlements() -%}
    select
        fct_settlements.*,
        {{ stay_key('fct_settlements') }} as stay_id,
        reversals.reversed_month
    from {{ ref('fct_settlements') }} as fct_settlements
    left join (
        select
            source_system,
            reverses_settlement_id,
            min(month) as reversed_month
        from {{ ref('fct_settlements') }}
        where is_reversal
        group by
            source_system,
            reverses_settlement_id
    ) as reversals
        on fct_settlements.source_system = reversals.source_system
            and fct_settlements.settlement_id = reversals.reverses_settlement_id
    where fct_settlements.care_type in ('inpatient', 'maternity_inpatient') and not fct_settlements.is_reversal
{%- endmacro %}
