"""What must not stand in a release: names and ID numbers of persons.

What belongs here: looking for them in every column of a release, for tests and for whoever wants to be sure before a file is handed on.
What does not: keeping them out, which is the reporting layer's own doing. A finding says where and how many, never whom.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

_TEXT = ("VARCHAR",)
_WHOLE = ("BIGINT", "HUGEINT", "UBIGINT")
# A resident ID number by its own marks: a day that exists as month and day, and the check digit of GB 11643.
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_LIKE_A_NUMBER = r"[1-9][0-9]{5}(18|19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]"


@dataclass(frozen=True, order=True)
class Finding:
    """Personal data found in a column.

    Attributes:
        table: of schema `reporting`, or `review`.
        column: of the table.
        kind: `known number`, `known name`, or `looks like an ID number`.
        values: how many different values hold it.
    """

    table: str
    column: str
    kind: str
    values: int


def personal_data_found(release: Path, numbers: Iterable[str] = (), names: Iterable[str] = ()) -> list[Finding]:
    """Look for personal data in every text and whole-number column of a release.

    Args:
        release: its file.
        numbers: ID numbers that are known, of 15 or 18 digits; found wherever they stand within a run of digits.
        names: names that are known; of three characters and more they are found wherever they stand, of two only between signs that are
            no Chinese characters, because two characters are part of many a label.

    Returns:
        Where something was found; empty where nothing was. Numbers of 18 digits with a real date and the right check digit are found
        whether they are known or not.
    """
    known_numbers = sorted({number.strip().upper() for number in numbers if len(number.strip()) in (15, 18)})
    known_names = sorted({name.strip() for name in names if len(name.strip()) >= 2})
    findings: list[Finding] = []
    with duckdb.connect(":memory:") as con:
        path = str(release).replace("'", "''")
        con.execute(f"attach '{path}' as looked_at (read_only)")
        con.execute("create temp table known_numbers as select unnest($numbers::varchar[]) as number", {"numbers": known_numbers})
        con.execute("create temp table known_names as select unnest($names::varchar[]) as person_name", {"names": known_names})
        columns = con.execute(
            "select table_schema, table_name, column_name from information_schema.columns "
            "where table_catalog = 'looked_at' and data_type in (select unnest($types)) order by all",
            {"types": [*_TEXT, *_WHOLE]},
        ).fetchall()
        for schema, table, column in columns:
            con.execute(
                f'create or replace temp table held as select distinct upper(cast("{column}" as varchar)) as text '
                f'from looked_at."{schema}"."{table}" where "{column}" is not null'
            )
            for kind, sql in _LOOKS.items():
                count = con.execute(sql).fetchone()[0]
                if count:
                    findings.append(Finding(table, column, kind, count))
    return sorted(findings)


_CHECK_SUM = " + ".join(f"cast(substr(digits, {place}, 1) as integer) * {weight}" for place, weight in enumerate(_WEIGHTS, start=1))
_LOOKS = {
    "known number": """
        with runs as (
            select text, unnest(regexp_extract_all(text, '[0-9]{14,}[0-9X]')) as run
            from held
        ),
        windows as (
            select text, substr(run, place, width) as number
            from runs
            cross join (values (15), (18)) as widths (width)
            cross join lateral unnest(range(1, length(run) - width + 2)) as places (place)
        )
        select count(distinct windows.text) from windows inner join known_numbers on windows.number = known_numbers.number
    """,
    "known name": """
        with words as (
            select text, unnest(regexp_extract_all(text, '[\u3400-\u9fff·]+')) as word
            from held
        ),
        windows as (
            select text, word, substr(word, place, width) as person_name
            from words
            cross join (select distinct length(person_name) as width from known_names) as widths
            cross join lateral unnest(range(1, length(word) - width + 2)) as places (place)
        )
        select count(distinct windows.text)
        from windows
        inner join known_names
            on windows.person_name = known_names.person_name
        where length(windows.person_name) >= 3 or windows.person_name = windows.word
    """,
    "looks like an ID number": f"""
        with marked as (
            select text, unnest(regexp_extract_all(' ' || text || ' ', '[^0-9]({_LIKE_A_NUMBER})[^0-9X]', 1)) as digits
            from held
        )
        select count(distinct text)
        from marked
        where substr('10X98765432', ({_CHECK_SUM}) % 11 + 1, 1) = right(digits, 1)
    """,
}
