-- One row per resident or rural relation that a person has too many in current overlaps: what its year costs the budgets by level
-- (DC-01) and the person (DC-04), and the one overlap on which it is booked: the first that holds it and the retained relation, else
-- the first that holds it. Grain: (scheme, relation_id).
with

relations as (
    select * from {{ ref('int_relations_retained') }}
),

current_overlaps as (
    select * from {{ ref('int_overlaps_current') }}
),

close_period as (
    select * from {{ source('control', 'close_period') }}
),

standards_ranked as (
    select
        standards.*,
        -- Each snapshot states a scheme's year whole: a source that the newest one leaves out pays nothing.
        rank() over (
            partition by standards.scheme
            order by standards.period desc
        ) as snapshot_rank
    from {{ ref('stg_city__financing_standards') }} as standards
    inner join close_period
        on standards.year = year(close_period.last_day)
),

standards as (
    select
        scheme,
        sum(case when financing_source = 'central' then yuan_per_person end) as central_yuan,
        sum(case when financing_source = 'province' then yuan_per_person end) as province_yuan,
        sum(case when financing_source = 'city' then yuan_per_person end) as city_yuan,
        sum(case when financing_source = 'county' then yuan_per_person end) as county_yuan,
        sum(case when financing_source = 'person' then yuan_per_person end) as person_yuan
    from standards_ranked
    where snapshot_rank = 1
    group by scheme
),

residents_who_paid as (
    select distinct source_person_no
    from {{ ref('fct_contributions') }}
    where source_system = 'resident' and {{ added_up(['person_paid_yuan', 'subsidised_yuan']) }} > 0
),

extra as (
    select
        extras.person_id,
        extras.scheme,
        extras.relation_id,
        extras.source_person_no,
        retained.scheme as retained_scheme,
        retained.relation_id as retained_relation_id
    from relations as extras
    inner join relations as retained
        on extras.person_id = retained.person_id
            and retained.keep_rank = 1
    where extras.keep_rank > 1 and extras.scheme in ('resident', 'rural')
),

bookable as (
    select
        extra.*,
        current_overlaps.scheme_a,
        current_overlaps.relation_id_a,
        current_overlaps.scheme_b,
        current_overlaps.relation_id_b,
        row_number() over (
            partition by extra.scheme, extra.relation_id
            order by
                case
                    when
                        (current_overlaps.scheme_a = extra.retained_scheme and current_overlaps.relation_id_a = extra.retained_relation_id)
                        or (current_overlaps.scheme_b = extra.retained_scheme and current_overlaps.relation_id_b = extra.retained_relation_id)
                        then 0
                    else 1
                end,
                current_overlaps.row_order
        ) as booking_rank
    from extra
    inner join current_overlaps
        on extra.person_id = current_overlaps.person_id
            and (
                (extra.scheme = current_overlaps.scheme_a and extra.relation_id = current_overlaps.relation_id_a)
                or (extra.scheme = current_overlaps.scheme_b and extra.relation_id = current_overlaps.relation_id_b)
            )
)

select
    bookable.person_id,
    bookable.scheme,
    bookable.relation_id,
    bookable.scheme_a,
    bookable.relation_id_a,
    bookable.scheme_b,
    bookable.relation_id_b,
    {{ money_or_zero('standards.central_yuan') }} as central_yuan,
    {{ money_or_zero('standards.province_yuan') }} as province_yuan,
    {{ money_or_zero('standards.city_yuan') }} as city_yuan,
    {{ money_or_zero('standards.county_yuan') }} as county_yuan,
    case
        when bookable.scheme = 'rural' or residents_who_paid.source_person_no is not null then {{ money_or_zero('standards.person_yuan') }}
        else {{ money('0') }}
    end as person_yuan
from bookable
left join standards
    on bookable.scheme = standards.scheme
-- The scheme stands inside the key: a condition on the left side alone would make the join compare every row with every row.
left join residents_who_paid
    on case when bookable.scheme = 'resident' then bookable.source_person_no end = residents_who_paid.source_person_no
where bookable.booking_rank = 1
