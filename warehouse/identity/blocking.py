"""Which pairs of records are compared at all: passes that join records on keys, with a guard against blocks that explode.

What belongs here: the passes, how a month's new and changed records are joined to all others, and what the guard cut. What does not:
what the comparison of a pair says (`comparisons.py`) and what follows from it (`tiers.py`).

Two records that both carry a sound number of their own are compared only where the numbers are the same, or where so much else agrees
that a reviewer should look. So nearly every pass has on its left side the records without such a number, a few in a hundred.

`identity.candidates` keeps the pairs found, by pass; a later run compares only new and changed records with all, and finds what a full
run finds: a pair depends on its two records, and on whether its block is cut, and a block whose state changes is joined anew.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

# Pairs of one block of one pass. Two thousand villagers under one key would be two million pairs, nearly all of them strangers.
PAIRS_OF_A_BLOCK = 2500


@dataclass(frozen=True)
class Keyed:
    """Records with a key.

    Attributes:
        key: expressions over the records that must all agree; a record without one of them has no key.
        condition: which records.
        source: where they are read.
    """

    key: tuple[str, ...]
    condition: str = "true"
    source: str = "match_records"

    def select(self, besides: tuple[str, ...] = ()) -> str:
        """SQL: `record_key`, `block`, a hash of the key, and columns besides. Two keys of one hash cost a comparison and change nothing."""
        known = " and ".join(f"{part} is not null" for part in self.key)
        columns = ", ".join(("record_key", f"hash({', '.join(self.key)}) as block", *besides))
        return f"select {columns} from {self.source} where {self.condition} and {known}"

    def named(self, blocks: str) -> str:
        """SQL: `block` and its key as a text (`title`), of those that a table of blocks holds."""
        title = f"concat_ws('|', {', '.join(self.key)})"
        hashed = f"select hash({', '.join(self.key)}) as block, {title} as title from {self.source} where {self.condition}"
        return f"select block, min(title) as title from ({hashed}) as named where block in (select block from {blocks}) group by block"


@dataclass(frozen=True)
class Pass:
    """One way to find pairs.

    Attributes:
        code: what tables show.
        title: the key in words.
        left, right: the records to join.
        keeps: condition over `l` and `r` (the two records); None keeps every pair.
    """

    code: str
    title: str
    left: Keyed
    right: Keyed
    keeps: str | None = None

    @property
    def asked(self) -> tuple[str, ...]:
        """The columns that `keeps` asks for."""
        return tuple(sorted(set(re.findall(r"\b[lr]\.(\w+)", self.keeps or ""))))


# What the passes ask of a record without a number of its own.
_OF_WEAK = """
    record_key, id_status, id_text, id_birth_date, guardian_number, name, name_pinyin, given_pinyin, is_name_damaged, sex,
    birth_date, birth_date_if_swapped, birth_date_if_lunar, phone, village
"""
_OTHER_DATES = Keyed(
    ("name_pinyin", "other_date"),
    "other_date is distinct from birth_date",
    """(
        select record_key, name_pinyin, birth_date, unnest([
            id_birth_date, birth_date_if_swapped, birth_date_if_lunar,
            cast(birth_date + to_years(100) as date), cast(birth_date - to_years(100) as date)
        ]) as other_date
        from match_weak
        where name_pinyin is not null
    ) as other_dates""",
)


def _of_weak(code: str, title: str, *key: str, keeps: str | None = None, weak: str = "true", right: str = "true") -> Pass:
    """A pass from the records without a number of their own to all, on one key."""
    among = "match_called" if "phone" in key else "match_records"
    return Pass(code, title, Keyed(key, weak, "match_weak"), Keyed(key, right, among), keeps)


def _parts(*spans: tuple[int, int]) -> tuple[str, ...]:
    return tuple(f"substr(id_text, {first}, {last - first + 1})" for first, last in spans)


_MISTYPED = "id_status = 'invalid' and length(id_text) = 18"
_WHOLE = "length(id_text) = 18"
# Two edits leave at least two of the four parts of a number whole, or the first three of them.
_ID_PARTS = (((1, 14),), ((1, 6), (15, 18)), ((7, 10), (15, 18)), ((11, 18),))
_NAME_BIRTH = ("name_pinyin", "birth_date")

PASSES: tuple[Pass, ...] = (
    Pass("same_id", "the same sound ID number", Keyed(("id_number",)), Keyed(("id_number",))),
    Pass(
        "name_birth",
        "pinyin and birth date",
        Keyed(_NAME_BIRTH),
        Keyed(_NAME_BIRTH),
        "l.own_id is null or r.own_id is null or l.own_id = r.own_id or l.phone = r.phone or l.village = r.village"
        " or l.household = r.household or l.guardian_number = r.guardian_number or levenshtein(l.own_id, r.own_id) <= 2",
    ),
    Pass("name_other_birth", "pinyin and another reading of the birth date", _OTHER_DATES, Keyed(_NAME_BIRTH)),
    _of_weak(
        "name_first_of_january",
        "pinyin and year of birth, one on 1 January",
        "name_pinyin",
        "year(birth_date)",
        weak="dayofyear(birth_date) = 1",
    ),
    _of_weak("name_phone", "pinyin and telephone", "name_pinyin", "phone"),
    _of_weak("name_village", "pinyin and village", "name_pinyin", "village"),
    _of_weak("name_guardian", "pinyin and guardian", "name_pinyin", "guardian_number"),
    _of_weak("given_phone", "given name and telephone", "given_pinyin", "phone"),
    _of_weak("given_birth", "given name, birth date and sex", "given_pinyin", "birth_date", "sex"),
    _of_weak("birth_phone", "birth date and telephone", "birth_date", "phone"),
    _of_weak("birth_village", "birth date, sex and village", "birth_date", "sex", "village"),
    _of_weak("birth_guardian", "birth date and guardian", "birth_date", "guardian_number"),
    _of_weak(
        "damaged_name",
        "birth date, sex and length of a name with a lost character",
        "birth_date",
        "sex",
        "length(name)",
        keeps="left(l.name, 1) = left(r.name, 1) or right(l.name, 1) = right(r.name, 1)",
        weak="is_name_damaged",
    ),
    _of_weak(
        "shortened_name",
        "birth date, sex and surname, one name a character shorter",
        "birth_date",
        "sex",
        "left(name, 1)",
        keeps="abs(length(l.name) - length(r.name)) = 1 and (starts_with(l.name, r.name) or starts_with(r.name, l.name))",
    ),
    _of_weak(
        "name_of_a_damaged",
        "birth date, sex and length of name beside a name with a lost character",
        "birth_date",
        "sex",
        "length(name)",
        keeps="left(l.name, 1) = left(r.name, 1) or right(l.name, 1) = right(r.name, 1)",
        right="is_name_damaged",
    ),
    *(
        _of_weak(
            f"id_parts_{number}",
            "parts of a mistyped ID number",
            *_parts(*spans),
            keeps="levenshtein(l.id_text, r.id_text) <= 2",
            weak=_MISTYPED,
            right=_WHOLE,
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
    if everything:
        con.execute("create or replace table identity.candidates (a bigint, b bigint, pass varchar)")
        con.execute("""
            create or replace table identity.blocks_cut (
                pass varchar, key_text varchar, block ubigint, left_records bigint, right_records bigint
            )
        """)
    else:
        con.execute("""
            delete from identity.candidates
            where a in (select record_key from match_changed) or b in (select record_key from match_changed)
        """)
    # Nearly every pass begins with the few records that have no number of their own, and few others have the telephone of one of them.
    con.execute(f"create or replace temp table match_weak as select {_OF_WEAK} from match_records where own_id is null and has_record")
    # (A pass over telephones that asks for another column wants it here too.)
    con.execute("""
        create or replace temp table match_called as
        select record_key, name_pinyin, given_pinyin, birth_date, phone
        from match_records
        where phone in (select phone from match_weak)
    """)
    found = {one.code: _run(con, one, everything=everything) for one in passes}
    con.execute("drop view block_right")
    for table in ("match_weak", "match_called", "block_left", "block_right_found", "block_cut_found", "block_turned", "block_changed"):
        con.execute(f"drop table if exists {table}")
    return found


def _run(con: duckdb.DuckDBPyConnection, one: Pass, *, everything: bool) -> int:
    # A pass that joins a set with itself meets every pair twice, and nobody in a block of one.
    is_symmetric = one.left == one.right
    if is_symmetric:
        con.execute(f"""
            create or replace temp table block_left as
            with keyed as (
                {one.left.select(one.asked)}
            )
            select * from keyed
            where block in (select block from keyed group by block having count(*) > 1)
        """)
        con.execute("create or replace temp view block_right as select * from block_left")
    else:
        con.execute(f"create or replace temp table block_left as {one.left.select(one.asked)}")
        con.execute(f"""
            create or replace temp table block_right_found as
            select * from ({one.right.select(one.asked)}) as keyed
            where block in (select block from block_left)
        """)
        con.execute("create or replace temp view block_right as select * from block_right_found")
    con.execute(f"""
        create or replace temp table block_cut_found as
        select sizes_left.block, sizes_left.records as left_records, sizes_right.records as right_records
        from (select block, count(*) as records from block_left group by block) as sizes_left
        inner join (select block, count(*) as records from block_right group by block) as sizes_right
            on sizes_left.block = sizes_right.block
        where sizes_left.records * sizes_right.records > {PAIRS_OF_A_BLOCK}
    """)
    if not everything:
        _turn_blocks(con, one)
    con.execute("delete from identity.blocks_cut where pass = $code", {"code": one.code})
    if con.execute("select count(*) from block_cut_found").fetchone()[0]:
        con.execute(
            f"""
            insert into identity.blocks_cut
            select $code, named.title, cut.block, cut.left_records, cut.right_records
            from block_cut_found as cut
            inner join ({one.left.named("block_cut_found")}) as named on cut.block = named.block
            """,
            {"code": one.code},
        )
    distinct_pair = "l.record_key < r.record_key" if is_symmetric else "l.record_key <> r.record_key"
    anew = ("true",)
    if not everything:
        anew = tuple(f"{side}.record_key in (select record_key from block_changed)" for side in "lr")
    found = " union all ".join(
        f"""
        select l.record_key as one, r.record_key as other
        from block_left as l
        inner join block_right as r on l.block = r.block and {distinct_pair}
        anti join block_cut_found as cut on l.block = cut.block
        where {condition} and ({one.keeps or "true"})
        """
        for condition in anew
    )
    return con.execute(
        f"insert into identity.candidates select distinct least(one, other), greatest(one, other), '{one.code}' from ({found}) as found"
    ).fetchone()[0]


def _turn_blocks(con: duckdb.DuckDBPyConnection, one: Pass) -> None:
    """Write `block_changed`: changed records, and all records of blocks that are cut now and were not before, or the other way round."""
    con.execute(
        """
        create or replace temp table block_turned as
        with turned as (
            (select block from block_cut_found except select block from identity.blocks_cut where pass = $code)
            union
            (select block from identity.blocks_cut where pass = $code except select block from block_cut_found)
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
