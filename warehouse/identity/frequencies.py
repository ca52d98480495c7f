"""How often each name, date, telephone and village occurs in the city: what an agreement on it is worth.

What belongs here: one table of frequencies for each column that `comparisons.py` weighs by them, computed from the records of the month
that is closed. What does not: the weights of levels, which are the model's (`model.py`).

Two records that agree are two of those that carry the value: what their agreement is worth depends on how many others do. So two are
taken off each count. Where that leaves none, a name is as rare as its surname and its given name together would be by chance, though not
rarer than one among all records, and a date or telephone as rare as the rarest.

Names go by fashion: a girl's name of the 2010s is rare among all and common among girls of ten. So a name's frequency is its share among
those of the same sex and decade; two such girls born on one day are then less of a surprise, as they should be.
"""

from __future__ import annotations

import duckdb

_COHORT = "coalesce(sex, '') || coalesce(cast(year(birth_date) // 10 as varchar), '')"


def count_frequencies(con: duckdb.DuckDBPyConnection, records: str = "match_records") -> None:
    """Write `frequency_<column>` (the column's value, `tf_<column>`) for every column that is weighed by frequency."""
    con.execute(f"""
        create or replace temp table frequency_cohorts as
        select {_COHORT} as cohort, count(*) as records from {records} where name is not null group by {_COHORT}
    """)
    _count_names(con, records, "name", "surname", "given")
    _count_names(con, records, "pinyin", "surname_pinyin", "given_pinyin", whole="name_pinyin")
    con.execute(f"""
        create or replace temp table frequency_given_in_cohort as
        select counted.value as given_in_cohort, greatest(counted.records - 2, 1) / cohorts.records as tf_given_in_cohort
        from (
            select given_in_cohort as value, {_COHORT} as cohort, count(*) as records
            from {records} where given_in_cohort is not null
            group by given_in_cohort, {_COHORT}
        ) as counted
        inner join frequency_cohorts as cohorts on counted.cohort = cohorts.cohort
    """)
    for column in ("birth_date", "phone", "village"):
        con.execute(f"""
            create or replace temp table frequency_{column} as
            with counted as (
                select {column} as value, count(*) as records from {records} where {column} is not null group by {column}
            )
            select value as {column}, greatest(records - 2, 0.5) / sum(records) over () as tf_{column}
            from counted
        """)
    con.execute("drop table frequency_cohorts")


def _count_names(con: duckdb.DuckDBPyConnection, records: str, kind: str, surname: str, given: str, whole: str = "name") -> None:
    column = f"{kind}_in_cohort"
    con.execute(f"""
        create or replace temp table frequency_{column} as
        with
        cohorts as (
            select * from frequency_cohorts
        ),
        -- Among peoples whose names have two parts the second is no surname of the others.
        surnames as (
            select
                {surname} as surname,
                contains(name, '·') as is_of_two_parts,
                count(*) / sum(count(*)) over (partition by contains(name, '·')) as share
            from {records} where {surname} is not null
            group by {surname}, contains(name, '·')
        ),
        given_names as (
            select {given} as given, {_COHORT} as cohort, count(*) as records
            from {records} where {given} is not null
            group by {given}, {_COHORT}
        ),
        counted as (
            select
                {column} as value,
                {_COHORT} as cohort,
                any_value({surname}) as surname,
                any_value({given}) as given,
                any_value(contains(name, '·')) as is_of_two_parts,
                count(*) as records
            from {records}
            where {whole} is not null
            group by {column}, {_COHORT}
        )
        select
            counted.value as {column},
            greatest(
                (counted.records - 2) / cohorts.records,
                coalesce(surnames.share * given_names.records / cohorts.records, 1 / cohorts.records),
                1 / (select sum(records) from cohorts)
            ) as tf_{column}
        from counted
        inner join cohorts on counted.cohort = cohorts.cohort
        left join surnames on counted.surname = surnames.surname and counted.is_of_two_parts = surnames.is_of_two_parts
        left join given_names on counted.given = given_names.given and counted.cohort = given_names.cohort
    """)
