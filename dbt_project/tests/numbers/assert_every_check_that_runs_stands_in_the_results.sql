-- A check that found nothing to compare must say `not run`; it must not vanish.
select rules.check_code
from {{ ref('check_rules') }} as rules
left join {{ ref('check_results') }} as results
    on rules.check_code = results.check_code
        and results.period in (select period from {{ source('control', 'close_period') }})
where rules.is_run and results.check_code is null
