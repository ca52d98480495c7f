-- One row per check that counts rows and lists only those that fail, source system and row of the check: rows examined, and rows that
-- fail. Grain: (check_code, source_system, row_code).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

codes as (
    select
        'CHK-62' as check_code,
        listed.source_system,
        listed.source_table || '.' || listed.code_set as row_code,
        examined.coded_rows as rows_examined,
        coalesce(failing.unmapped_rows, 0) as rows_failing
    from ({{ coded_sets() }}) as listed
    inner join (
        select
            source_system,
            table_name,
            sum(coded_rows) as coded_rows
        from {{ ref('int_coded_rows') }}
        group by
            source_system,
            table_name
    ) as examined
        on listed.source_system = examined.source_system
            and listed.source_table = examined.table_name
    left join (
        select
            source_system,
            source_table,
            code_set,
            count(*) as unmapped_rows
        from {{ ref('int_unmapped_codes') }}
        group by
            source_system,
            source_table,
            code_set
    ) as failing
        on listed.source_system = failing.source_system
            and listed.source_table = failing.source_table
            and listed.code_set = failing.code_set
),

relations as (
    select
        relation_months.source_system,
        sum(case when relation_months.birth_date is not null and relation_months.start_date is not null then 1 else 0 end) as born_before_insured,
        count(relation_months.start_date) as insured_before_month_end
    from {{ ref('int_relation_months') }} as relation_months
    inner join close_period
        on relation_months.period = close_period.period
    group by relation_months.source_system
),

settlements as (
    select
        settlements.source_system,
        sum(case when settlements.admitted_on is not null and settlements.discharged_on is not null then 1 else 0 end) as admitted_before_discharged,
        sum(case when settlements.discharged_on is not null and settlements.settled_on is not null then 1 else 0 end) as discharged_before_settled
    from {{ ref('fct_settlements') }} as settlements
    inner join close_period
        on settlements.month = close_period.period
    group by settlements.source_system
),

dated as (
    select source_system, 'born_before_insured' as row_code, born_before_insured as rows_examined from relations
    union all
    select source_system, 'insured_before_month_end' as row_code, insured_before_month_end as rows_examined from relations
    union all
    select source_system, 'admitted_before_discharged' as row_code, admitted_before_discharged as rows_examined from settlements
    union all
    select source_system, 'discharged_before_settled' as row_code, discharged_before_settled as rows_examined from settlements
),

dates as (
    select
        'CHK-64' as check_code,
        dated.source_system,
        dated.row_code,
        dated.rows_examined,
        coalesce(failing.rows_failing, 0) as rows_failing
    from dated
    left join (
        select
            source_system,
            row_code,
            count(*) as rows_failing
        from {{ ref('int_days_out_of_order') }}
        group by
            source_system,
            row_code
    ) as failing
        on dated.source_system = failing.source_system
            and dated.row_code = failing.row_code
),

keys_again as (
    select
        'CHK-65' as check_code,
        deliveries.system as source_system,
        landed_rows.table_name as row_code,
        sum(landed_rows.rows_landed) as rows_examined,
        sum(landed_rows.rows_kept_out) as rows_failing
    from {{ ref('int_landed_rows') }} as landed_rows
    inner join {{ source('control', 'deliveries') }} as deliveries
        on landed_rows.delivery_id = deliveries.delivery_id
            and deliveries.is_in_force
    inner join close_period
        on deliveries.period = close_period.period
    where deliveries.system <> 'city'
    group by
        deliveries.system,
        landed_rows.table_name
)

select check_code, source_system, row_code, {{ count_of('rows_examined') }} as rows_examined, {{ count_of('rows_failing') }} as rows_failing from codes
union all
select check_code, source_system, row_code, {{ count_of('rows_examined') }} as rows_examined, {{ count_of('rows_failing') }} as rows_failing from dates
union all
select check_code, source_system, row_code, {{ count_of('rows_examined') }} as rows_examined, {{ count_of('rows_failing') }} as rows_failing from keys_again
