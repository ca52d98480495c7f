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

COHORT = "coalesce(sex, '') || coalesce(cast(year(birth_date) // 10 as varchar), '')"
# The columns that records are weighed by and do not have: a name among those of one sex and decade.
IN_COHORT = {
    "name_in_cohort": f"{COHORT} || '|' || name",
    "pinyin_in_cohort": f"{COHORT} || '|' || name_pinyin",
    "given_in_cohort": f"{COHORT} || '|' || given_pinyin",
}


def count_frequencies(con: duckdb.DuckDBPyConnection, asked: str, records: str = "match_records") -> None:
    """Write `frequency_<column>` (the column's value, `tf_<column>`) for every column that is weighed by frequency.

    Args:
        con: connection with the records.
        asked: table of the records whose values are asked for; of other values nothing is counted.
        records: all records, among which they are counted.
    """
    con.execute(f"""
        create or replace temp table frequency_cohorts as
        select {COHORT} as cohort, count(*) as records from {records} where name is not null group by {COHORT}
    """)
    _count_names(con, asked, records, "name", "surname", "given")
    _count_names(con, asked, records, "pinyin", "surname_pinyin", "given_pinyin", whole="name_pinyin")
    con.execute(f"""
        create or replace temp table frequency_given_in_cohort as
        select
            counted.cohort || '|' || counted.given_pinyin as given_in_cohort,
            greatest(counted.records - 2, 1) / cohorts.records as tf_given_in_cohort
        from (
            select given_pinyin, {COHORT} as cohort, count(*) as records
            from {records}
            where given_pinyin in (select given_pinyin from {asked})
            group by given_pinyin, {COHORT}
        ) as counted
        inner join frequency_cohorts as cohorts on counted.cohort = cohorts.cohort
    """)
    for column in ("birth_date", "phone", "village"):
        con.execute(f"""
            create or replace temp table frequency_{column} as
            with counted as (
                select {column} as value, count(*) as records
                from {records}
                where {column} in (select {column} from {asked})
                group by {column}
            )
            select value as {column}, greatest(records - 2, 0.5) / (select count({column}) from {records}) as tf_{column}
            from counted
        """)
    con.execute("drop table frequency_cohorts")


def _count_names(
    con: duckdb.DuckDBPyConnection, asked: str, records: str, kind: str, surname: str, given: str, whole: str = "name"
) -> None:
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
            select {given} as given, {COHORT} as cohort, count(*) as records
            from {records}
            where {given} in (select {given} from {asked})
            group by {given}, {COHORT}
        ),
        counted as (
            select
                {whole} as value,
                {COHORT} as cohort,
                min({surname}) as surname,
                min({given}) as given,
                bool_or(contains(name, '·')) as is_of_two_parts,
                count(*) as records
            from {records}
            where {whole} in (select {whole} from {asked})
            group by {whole}, {COHORT}
        )
        select
            counted.cohort || '|' || counted.value as {column},
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
