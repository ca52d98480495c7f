{# Which of the rows in force that carry one key enters the city-level tables: the earlier period's, then the smaller office's, then the
   smaller line; the others keep their row and stay out (留存未入仓). Few keys stand twice, and a landed table is wide and grows with
   every month: only the rows of those keys are put in order, the others are counted and left where they are.

   `join_repeats` gives every repeated row its rank, by delivery and line; `is_entered` reads it. Keys are never null in landing.
   relation: the landed table itself (a CTE that is read several times is kept with all its columns); key: its columns as delivered. #}
{% macro join_repeats(relation, key) -%}
{%- set columns = [] -%}
{%- for name in key -%}
{%- do columns.append(col(name)) -%}
{%- endfor -%}
left join (
        select
            repeated._delivery_id as repeated_delivery_id,
            repeated._line as repeated_line,
            row_number() over (
                partition by {% for name in columns %}repeated.{{ name }}{{ ', ' if not loop.last }}{% endfor %}
                order by repeated._period, repeated._office, repeated._line
            ) as entry_rank
        from {{ relation }} as repeated
        inner join (
            select {{ columns | join(', ') }}
            from {{ relation }}
            group by {{ columns | join(', ') }}
            having count(*) > 1
        ) as repeated_keys
            on {% for name in columns %}repeated.{{ name }} = repeated_keys.{{ name }}{{ ' and ' if not loop.last }}{% endfor %}
    ) as repeats
        on source._delivery_id = repeats.repeated_delivery_id
            and source._line = repeats.repeated_line
{%- endmacro %}

{% macro is_entered() -%}
    coalesce(repeats.entry_rank, 1) = 1
{%- endmacro %}
