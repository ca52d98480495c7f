-- One row per kind of pairs of person records that the closing month compared, with what reviewers said of those that they looked at: what
-- precision and recall (match_quality) are estimated from.
-- Grain: (period, stratum).
select
    quality.period,
    strata.stratum,
    {{ count_of('strata.pairs') }} as pairs,
    {{ count_of('strata.same') }} as decided_same,
    {{ count_of('strata.different') }} as decided_different
from {{ source('identity', 'match_strata') }} as strata
cross join {{ source('identity', 'match_quality') }} as quality
