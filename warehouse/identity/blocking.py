"""Which pairs of records are compared at all: passes that join records on keys, with a guard against blocks that explode.

What belongs here: the passes, how a month's new and changed records are joined to all others, and what the guard cut. What does not:
what the comparison of a pair says (`comparisons.py`) and what follows from it (`tiers.py`).

Two records that both carry a sound number of their own are compared only where the numbers are the same, or where so much else agrees
that a reviewer should look. So nearly every pass has on its left side the records without such a number, a few in a hundred.

`identity.candidates` keeps the pairs found, by pass; a later run compares only new and changed records with all, and finds what a full
run finds: a pair depends on its two records, and on whether its block is cut, and a block whose state changes is joined anew.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

# Pairs of one block of one pass. Two thousand villagers under one key would be two million pairs, nearly all of them strangers.
PAIRS_OF_A_BLOCK = 2500


@dataclass(frozen=True)
class Pass:
    """One way to find pairs.

    Attributes:
        code: what tables show.
        title: the key in words.
        left, right: select `record_key` and `block` (a text) from `match_records`.
        keeps: condition over `l` and `r` (the two records); None keeps every pair.
    """

    code: str
    title: str
    left: str
    right: str
    keeps: str | None = None


_WEAK = "own_id is null and has_record"


def _keyed(key: str, condition: str = "true") -> str:
    return f"select record_key, {key} as block from match_records where {condition} and {key} is not null"


_NAME_BIRTH = "name_pinyin || '|' || birth_date"
_OTHER_DATES = f"""
    select record_key, name_pinyin || '|' || other_date as block
    from (
        select record_key, name_pinyin, birth_date, unnest([
            id_birth_date, birth_date_if_swapped, birth_date_if_lunar,
            cast(birth_date + to_years(100) as date), cast(birth_date - to_years(100) as date)
        ]) as other_date
        from match_records
        where {_WEAK} and name_pinyin is not null
    ) as other_dates
    where other_date is not null and other_date is distinct from birth_date
"""


def _parts(*spans: tuple[int, int]) -> str:
    return " || '|' || ".join(f"substr(id_text, {first}, {last - first + 1})" for first, last in spans)


_MISTYPED = "id_status = 'invalid' and length(id_text) = 18"
_WHOLE = "length(id_text) = 18"
# Two edits leave at least two of the four parts of a number whole, or the first three of them.
_ID_PARTS = (((1, 14),), ((1, 6), (15, 18)), ((7, 10), (15, 18)), ((11, 18),))

PASSES: tuple[Pass, ...] = (
    Pass("same_id", "the same sound ID number", _keyed("id_number"), _keyed("id_number")),
    Pass(
        "name_birth",
        "pinyin and birth date",
        _keyed(_NAME_BIRTH),
        _keyed(_NAME_BIRTH),
        "l.own_id is null or r.own_id is null or l.own_id = r.own_id or l.phone = r.phone or l.village = r.village"
        " or l.household = r.household or l.guardian_number = r.guardian_number or levenshtein(l.own_id, r.own_id) <= 2",
    ),
    Pass("name_other_birth", "pinyin and another reading of the birth date", _OTHER_DATES, _keyed(_NAME_BIRTH)),
    Pass(
        "name_first_of_january",
        "pinyin and year of birth, one on 1 January",
        _keyed("name_pinyin || '|' || year(birth_date)", f"{_WEAK} and dayofyear(birth_date) = 1"),
        _keyed("name_pinyin || '|' || year(birth_date)"),
    ),
    Pass("name_phone", "pinyin and telephone", _keyed("name_pinyin || '|' || phone", _WEAK), _keyed("name_pinyin || '|' || phone")),
    Pass("name_village", "pinyin and village", _keyed("name_pinyin || '|' || village", _WEAK), _keyed("name_pinyin || '|' || village")),
    Pass(
        "name_guardian",
        "pinyin and guardian",
        _keyed("name_pinyin || '|' || guardian_number", _WEAK),
        _keyed("name_pinyin || '|' || guardian_number"),
    ),
    Pass("given_phone", "given name and telephone", _keyed("given_pinyin || '|' || phone", _WEAK), _keyed("given_pinyin || '|' || phone")),
    Pass(
        "given_birth",
        "given name, birth date and sex",
        _keyed("given_pinyin || '|' || birth_date || '|' || sex", _WEAK),
        _keyed("given_pinyin || '|' || birth_date || '|' || sex"),
    ),
    Pass("birth_phone", "birth date and telephone", _keyed("birth_date || '|' || phone", _WEAK), _keyed("birth_date || '|' || phone")),
    Pass(
        "birth_village",
        "birth date, sex and village",
        _keyed("birth_date || '|' || sex || '|' || village", _WEAK),
        _keyed("birth_date || '|' || sex || '|' || village"),
    ),
    Pass(
        "birth_guardian",
        "birth date and guardian",
        _keyed("birth_date || '|' || guardian_number", _WEAK),
        _keyed("birth_date || '|' || guardian_number"),
    ),
    Pass(
        "damaged_name",
        "birth date, sex and length of a name with a lost character",
        _keyed("birth_date || '|' || sex || '|' || length(name)", f"{_WEAK} and is_name_damaged"),
        _keyed("birth_date || '|' || sex || '|' || length(name)"),
        "left(l.name, 1) = left(r.name, 1) or right(l.name, 1) = right(r.name, 1)",
    ),
    Pass(
        "shortened_name",
        "birth date, sex and surname, one name a character shorter",
        _keyed("birth_date || '|' || sex || '|' || left(name, 1)", f"{_WEAK}"),
        _keyed("birth_date || '|' || sex || '|' || left(name, 1)"),
        "abs(length(l.name) - length(r.name)) = 1 and (starts_with(l.name, r.name) or starts_with(r.name, l.name))",
    ),
    Pass(
        "name_of_a_damaged",
        "birth date, sex and length of name beside a name with a lost character",
        _keyed("birth_date || '|' || sex || '|' || length(name)", _WEAK),
        _keyed("birth_date || '|' || sex || '|' || length(name)", "is_name_damaged"),
        "left(l.name, 1) = left(r.name, 1) or right(l.name, 1) = right(r.name, 1)",
    ),
    *(
        Pass(
            f"id_parts_{number}",
            "parts of a mistyped ID number",
            _keyed(_parts(*spans), _MISTYPED),
            _keyed(_parts(*spans), _WHOLE),
            "levenshtein(l.id_text, r.id_text) <= 2",
        )
        for number, spans in enumerate(_ID_PARTS, start=1)
    ),
)


def find_candidates(con: duckdb.DuckDBPyConnection, *, everything: bool, passes: tuple[Pass, ...] = PASSES) -> dict[str, int]:
    """Bring `identity.candidates` (a, b, pass) and `identity.blocks_cut` up to date.

    Args:
        con: connection with `match_records`, and `match_changed` (record_key) of the records that are new or changed.
        everything: compare all with all, whatever was kept.
        passes: the ways to find pairs.

    Returns:
        Pairs of each pass that were compared anew.
    """
    con.execute("create table if not exists identity.candidates (a bigint, b bigint, pass varchar)")
    con.execute("create table if not exists identity.blocks_cut (pass varchar, block varchar, left_records bigint, right_records bigint)")
    if everything:
        con.execute("truncate identity.candidates")
        con.execute("truncate identity.blocks_cut")
    else:
        con.execute("""
            delete from identity.candidates
            where a in (select record_key from match_changed) or b in (select record_key from match_changed)
        """)
    return {one.code: _run(con, one, everything=everything) for one in passes}


def _run(con: duckdb.DuckDBPyConnection, one: Pass, *, everything: bool) -> int:
    con.execute(f"create or replace temp table block_left as {one.left}")
    if con.execute("select count(*) from block_left").fetchone()[0] == 0:
        con.execute("delete from identity.blocks_cut where pass = $code", {"code": one.code})
        return 0
    con.execute(f"create or replace temp table block_right as {one.right}")
    con.execute(f"""
        create or replace temp table block_cut as
        select sizes_left.block, sizes_left.records as left_records, sizes_right.records as right_records
        from (select block, count(*) as records from block_left group by block) as sizes_left
        inner join (select block, count(*) as records from block_right group by block) as sizes_right
            on sizes_left.block = sizes_right.block
        where sizes_left.records * sizes_right.records > {PAIRS_OF_A_BLOCK}
    """)
    if not everything:
        _turn_blocks(con, one)
    con.execute("delete from identity.blocks_cut where pass = $code", {"code": one.code})
    con.execute("insert into identity.blocks_cut select $code, block, left_records, right_records from block_cut", {"code": one.code})
    # A pass that joins a set with itself meets every pair twice.
    is_symmetric = one.left == one.right
    distinct_pair = "lefts.record_key < rights.record_key" if is_symmetric else "lefts.record_key <> rights.record_key"
    anew = ("true",)
    if not everything:
        anew = tuple(f"{side}.record_key in (select record_key from block_changed)" for side in ("lefts", "rights"))
    both = """
        inner join match_records as l on lefts.record_key = l.record_key
        inner join match_records as r on rights.record_key = r.record_key
    """
    found = " union all ".join(
        f"""
        select lefts.record_key as one, rights.record_key as other
        from block_left as lefts
        inner join block_right as rights on lefts.block = rights.block and {distinct_pair}
        anti join block_cut on lefts.block = block_cut.block
        {both if one.keeps else ""}
        where {condition} and ({one.keeps or "true"})
        """
        for condition in anew
    )
    inserted = con.execute(
        f"insert into identity.candidates select distinct least(one, other), greatest(one, other), '{one.code}' from ({found}) as found"
    ).fetchone()[0]
    for table in ("block_left", "block_right", "block_cut"):
        con.execute(f"drop table {table}")
    return inserted


def _turn_blocks(con: duckdb.DuckDBPyConnection, one: Pass) -> None:
    """Write `block_changed`: changed records, and all records of blocks that are cut now and were not before, or the other way round."""
    con.execute(
        """
        create or replace temp table block_turned as
        with turned as (
            (select block from block_cut except select block from identity.blocks_cut where pass = $code)
            union
            (select block from identity.blocks_cut where pass = $code except select block from block_cut)
        )
        select record_key from block_left where block in (select block from turned)
        union
        select record_key from block_right where block in (select block from turned)
        """,
        {"code": one.code},
    )
    con.execute(
        """
        delete from identity.candidates
        where pass = $code
            and (a in (select record_key from block_turned) or b in (select record_key from block_turned))
        """,
        {"code": one.code},
    )
    con.execute("""
        create or replace temp table block_changed as
        select record_key from match_changed
        union
        select record_key from block_turned
    """)
