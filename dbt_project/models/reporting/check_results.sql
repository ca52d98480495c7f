-- One row per check, form, month, division, scheme and row: both sides, the difference, and whether it held. For checks over rows the left
-- side counts failing rows, the right the rows examined, the difference adds up the deviations. A side that is missing makes a check
-- `not run`. Earlier months as published. Grain: (check_code, report_code, period, division_code, scheme, row_code).
with

close_period as (
    select * from {{ source('control', 'close_period') }}
),

rules as (
    select * from {{ ref('check_rules') }}
    where is_run
),

compared as (
    select check_code, scheme, division_code, row_code, left_value, right_value, false as is_bound, note from {{ ref('int_enrollment_checks') }}
    union all
    select check_code, scheme, division_code, row_code, left_value, right_value, false as is_bound, note from {{ ref('int_fund_checks') }}
    union all
    select check_code, scheme, division_code, row_code, left_value, right_value, false as is_bound, note from {{ ref('int_landing_checks') }}
    union all
    select check_code, scheme, division_code, row_code, left_value, right_value, is_bound, note from {{ ref('int_case_checks') }}
    union all
    select check_code, scheme, division_code, row_code, left_value, right_value, is_bound, note from {{ ref('int_reported_checks') }}
),

compared_results as (
    select
        check_code,
        scheme,
        division_code,
        row_code,
        left_value,
        right_value,
        left_value - right_value as difference,
        -- Of a bound (left ≤ right) only what exceeds it deviates.
        case when is_bound then greatest(left_value - right_value, {{ amount('0') }}) else abs(left_value - right_value) end as deviation,
        note
    from compared
),

row_results as (
    select
        check_code,
        source_system as scheme,
        '{{ var("city_code") }}' as division_code,
        row_code,
        sum(case when is_failing then 1 else 0 end) as left_value,
        count(*) as right_value,
        sum(case when is_failing then abs(left_value - right_value) else 0 end) as difference,
        sum(case when is_failing then 1 else 0 end) as deviation,
        cast(null as varchar) as note
    from {{ ref('int_row_checks') }}
    group by
        check_code,
        source_system,
        row_code
    union all
    select
        check_code,
        source_system as scheme,
        '{{ var("city_code") }}' as division_code,
        row_code,
        rows_failing as left_value,
        rows_examined as right_value,
        rows_failing as difference,
        rows_failing as deviation,
        cast(null as varchar) as note
    from {{ ref('int_row_counts') }}
),

-- A system without the columns of a rule, or without a settlement in the month, says so.
row_rules_owed as (
    select
        owed.check_code,
        owed.scheme,
        '{{ var("city_code") }}' as division_code,
        owed.row_code,
        cast(null as decimal(28, 6)) as left_value,
        cast(null as decimal(28, 6)) as right_value,
        cast(null as decimal(28, 6)) as difference,
        cast(null as decimal(28, 6)) as deviation,
        owed.note
    from (
        values
        ('CHK-20', 'employee', 'total_is_all_payers', '本月无结算, 不执行'),
        ('CHK-20', 'resident', 'total_is_fund_and_person', '本月无结算, 不执行'),
        ('CHK-20', 'resident', 'fund_is_all_layers', '本月无结算, 不执行'),
        ('CHK-20', 'resident', 'person_is_account_and_cash', '本月无结算, 不执行'),
        ('CHK-20', 'rural', 'total_is_all_payers', '本月无结算, 不执行'),
        ('CHK-21', 'employee', 'total_is_all_scopes', '本月无结算, 不执行'),
        ('CHK-21', 'resident', 'total_is_all_scopes', '本月无结算, 不执行'),
        ('CHK-21', 'rural', 'total_is_all_scopes', '新农合无全自费、超限价、先行自付列, 不执行'),
        ('CHK-24', 'employee', 'in_scope_within_total', '本月无结算, 不执行'),
        ('CHK-24', 'resident', 'in_scope_within_total', '本月无结算, 不执行'),
        ('CHK-24', 'rural', 'in_scope_within_total', '本月无结算, 不执行')
    ) as owed (check_code, scheme, row_code, note)
    left join row_results
        on owed.check_code = row_results.check_code
            and owed.scheme = row_results.scheme
            and owed.row_code = row_results.row_code
    where row_results.check_code is null
),

-- So does a check that found no row at all.
rules_owed as (
    select
        rules.check_code,
        'all' as scheme,
        '{{ var("city_code") }}' as division_code,
        'rows' as row_code,
        cast(null as decimal(28, 6)) as left_value,
        cast(null as decimal(28, 6)) as right_value,
        cast(null as decimal(28, 6)) as difference,
        cast(null as decimal(28, 6)) as deviation,
        '本月无可核对的数据, 不执行' as note
    from rules
    where
        rules.check_code not in (select check_code from compared_results)
        and rules.check_code not in (select check_code from row_results)
        and rules.check_code not in (select check_code from row_rules_owed)
),

together as (
    select check_code, scheme, division_code, row_code, left_value, right_value, difference, deviation, note from compared_results
    union all
    select check_code, scheme, division_code, row_code, left_value, right_value, difference, deviation, note from row_results
    union all
    select check_code, scheme, division_code, row_code, left_value, right_value, difference, deviation, note from row_rules_owed
    union all
    select check_code, scheme, division_code, row_code, left_value, right_value, difference, deviation, note from rules_owed
),

judged as (
    select
        together.*,
        rules.kind,
        rules.report_code,
        rules.severity,
        rules.tolerance,
        case
            when together.left_value is null or together.right_value is null then 'not run'
            when together.deviation <= rules.tolerance then 'passed'
            else 'failed'
        end as outcome
    from together
    inner join rules
        on together.check_code = rules.check_code
)

select
    judged.check_code,
    judged.report_code,
    close_period.period,
    judged.division_code,
    judged.scheme,
    judged.row_code,
    {{ amount('judged.left_value') }} as left_value,
    {{ amount('judged.right_value') }} as right_value,
    {{ amount('judged.difference') }} as difference,
    judged.tolerance,
    judged.severity,
    judged.outcome,
    case judged.outcome when 'passed' then true when 'failed' then false end as passed,
    coalesce(judged.note, case judged.outcome when 'not run' then '缺少一侧数据, 不执行' end) as note,
    judged.kind
from judged
cross join close_period
union all
select
    published.check_code,
    published.report_code,
    published.period,
    published.division_code,
    published.scheme,
    published.row_code,
    published.left_value,
    published.right_value,
    published.difference,
    published.tolerance,
    published.severity,
    published.outcome,
    published.passed,
    published.note,
    rules.kind
from {{ source('published', 'check_results') }} as published
inner join close_period
    on published.period < close_period.period
left join {{ ref('check_rules') }} as rules
    on published.check_code = rules.check_code
