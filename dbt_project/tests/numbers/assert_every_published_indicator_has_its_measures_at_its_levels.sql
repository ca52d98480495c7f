-- An indicator is published only when every measure of it is computed, at each scheme and level where the indicator stands.
select
    scopes.indicator_code,
    terms.measure_code,
    scopes.scheme,
    scopes.division_level
from {{ ref('int_indicator_scopes') }} as scopes
inner join {{ ref('indicator_terms') }} as terms
    on scopes.indicator_code = terms.indicator_code
left join {{ ref('int_measure_scopes') }} as measure_scopes
    on measure_scopes.measure_code = case
        when right(terms.measure_code, 3) = '_LY' then left(terms.measure_code, length(terms.measure_code) - 3)
        else terms.measure_code
    end
    and scopes.scheme = measure_scopes.scheme
    and scopes.division_level = measure_scopes.division_level
where measure_scopes.measure_code is null
group by
    scopes.indicator_code,
    terms.measure_code,
    scopes.scheme,
    scopes.division_level
