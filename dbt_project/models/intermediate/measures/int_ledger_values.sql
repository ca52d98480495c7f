-- One row per ledger measure, scheme and line of divisions with a ledger row in the closing month. Which subjects a measure takes is the
-- seed ledger_measures; SUBJ_<subject> is each subject itself. Treasury subjects 4xxx, 5xxx, 6xxx match none.
-- Grain: (measure_code, scheme, division_code).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

ledger as (
    select
        ledger.scheme,
        ledger.division_code,
        ledger.subject_code,
        ledger.account_part,
        sum(ledger.amount_yuan) as amount_yuan
    from {{ ref('fct_fund_ledger') }} as ledger
    left join {{ source('control', 'excused_offices') }} as excused
        on ledger.month = excused.period
            and ledger.source_system = excused.system
            and excused.office in (ledger.division_code, '{{ var("city_code") }}')
    where ledger.is_of_fund and ledger.month in (select period from close_period) and excused.office is null
    group by
        ledger.scheme,
        ledger.division_code,
        ledger.subject_code,
        ledger.account_part
),

measured as (
    select
        measures.measure_code,
        ledger.scheme,
        ledger.division_code,
        ledger.amount_yuan
    from ledger
    inner join {{ ref('ledger_measures') }} as measures
        on ledger.scheme = measures.scheme
            and left(ledger.subject_code, length(measures.subject_prefix)) = measures.subject_prefix
            and (measures.account_part is null or ledger.account_part = measures.account_part)
    union all
    select
        'SUBJ_' || {{ subject_named('subject_code') }} as measure_code,
        scheme,
        division_code,
        amount_yuan
    from ledger
),

by_scheme_group as (
    select
        measured.measure_code,
        groups.scheme_group as scheme,
        measured.division_code,
        sum(measured.amount_yuan) as value
    from measured
    inner join {{ ref('scheme_groups') }} as groups
        on measured.scheme = groups.scheme
    group by
        measured.measure_code,
        groups.scheme_group,
        measured.division_code
)

select
    measure_code,
    scheme,
    division_code,
    {{ amount('value') }} as value
from by_scheme_group
where division_code <> '{{ var("city_code") }}'
union all
select
    measure_code,
    scheme,
    '{{ var("city_code") }}' as division_code,
    {{ amount('sum(value)') }} as value
from by_scheme_group
group by
    measure_code,
    scheme
