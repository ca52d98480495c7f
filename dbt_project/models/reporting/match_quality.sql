-- One row for the closing month: how sure it is who is who. Precision and recall of what is taken for one person without a reviewer, each
-- with its 95% interval, as the reviewers' decisions on samples tell them; null where no decision speaks to them.
-- Grain: (period).
select
    period,
    cast(precision as decimal(9, 8)) as precision_value,
    cast(precision_low as decimal(9, 8)) as precision_low,
    cast(precision_high as decimal(9, 8)) as precision_high,
    cast(recall as decimal(9, 8)) as recall_value,
    cast(recall_low as decimal(9, 8)) as recall_low,
    cast(recall_high as decimal(9, 8)) as recall_high,
    {{ count_of('pairs_decided') }} as pairs_decided
from {{ source('identity', 'match_quality') }}
