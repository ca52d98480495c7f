"""The records that are matched: one row per person number, with what is compared of it.

What belongs here: what of a record is compared, and what is worn out (a number under many names, a telephone on many records). What does
not: cleaning and which snapshot of a record counts, which are dbt SQL, and what follows from a comparison (`comparisons.py`, `tiers.py`).

`match_records` has one row per person number:
  record_key       a hash of system and number: the same in every run, and orders nothing
  own_id           the ID number where it is sound and the record's own (`valid`, `repaired`) and not worn out
  id_text          the number as it can be compared for typing errors, whatever its status, unless it is nobody's or a guardian's
  id_birth_date    the day inside a sound number that is the record's own
  is_id_doubtful   a sound number that contradicts the record in a way no known slip of the date explains: perhaps another person's
  is_usable        an own_id, or a sound number whose date differs by a known slip alone

`match_paired` has the few of them that a pair names, with their `place` in the order of the ids: first month landed, then system, then
number.
"""

from __future__ import annotations

import duckdb

from warehouse.errors import CloseRefusedError

# Surnames of two characters; everybody else's surname is the first character.
COMPOUND_SURNAMES = (
    "欧阳", "上官", "司马", "诸葛", "皇甫", "尉迟", "夏侯", "司徒", "公孙", "慕容", "令狐", "长孙", "宇文", "轩辕", "东方", "南宫",
    "端木", "独孤", "申屠", "澹台", "闻人", "赫连", "钟离", "淳于", "单于", "太史", "仲孙", "公冶", "宗政", "濮阳", "呼延", "东郭",
    "西门", "第五", "百里", "拓跋", "完颜", "鲜于", "闾丘", "司空", "亓官", "司寇", "微生", "壤驷", "漆雕", "乐正", "公羊", "谷梁",
)  # fmt: skip

# A sound number that records with this many different names carry is nobody's: a number put down where one had to stand.
NAMES_OF_A_WORN_NUMBER = 4
# A telephone on this many records is an agent's, a school's or a village office's.
RECORDS_OF_A_WORN_PHONE = 25

_RECORDS, _WITHOUT_RECORD = "intermediate.int_person_records", "intermediate.int_numbers_without_record"
# How many times keys are made before numbers that agree are taken for one number that stands twice.
_SALTS = 4
# What is compared of a record. When it was seen last, whether its person is dead and who delivered it say nothing of who it is.
_COMPARED = (
    "id_number",
    "id_number_otherwise",
    "id_status",
    "id_birth_date",
    "guardian_number",
    "name",
    "name_pinyin",
    "sex",
    "birth_date",
    "birth_date_if_swapped",
    "birth_date_if_lunar",
    "phone_number",
    "household_no",
    "place_code",
    "insured_county_code",
)


def record_key_sql(salt: int, suffix: str = "") -> str:
    """The number that a record goes by, as SQL over its system and number (columns that end in a suffix): the same in every run."""
    # Within the text: DuckDB puts the hashes of several values together by xor, and a salt beside the number would move all keys alike.
    salted = f"source_person_no{suffix}" if salt == 0 else f"'{salt}:' || source_person_no{suffix}"
    return f"cast(hash(source_system{suffix}, {salted}) >> 1 as bigint)"


def hash_records(con: duckdb.DuckDBPyConnection, salt: int = 0) -> int:
    """Write `match_hashes` (record_key, record_hash): every person number seen, and what it shows of what is compared.

    Of twelve million numbers two go by one key once in a hundred thousand cities; such a city takes the next salt, and compares all anew.

    Args:
        con: connection to the working warehouse.
        salt: what the keys were made with before.

    Returns:
        What they are made with now.

    Raises:
        CloseRefusedError: no salt tells the numbers apart, because one of them stands there twice.
    """
    for tried in range(salt, salt + _SALTS):
        con.execute(f"""
            create or replace temp table match_hashes as
            select {record_key_sql(tried)} as record_key, hash(first_seen, true, {", ".join(_COMPARED)}) as record_hash
            from {_RECORDS}
            union all
            select {record_key_sql(tried)}, hash(first_seen, false) from {_WITHOUT_RECORD}
        """)
        if con.execute("select count(*) = count(distinct record_key) from match_hashes").fetchone()[0]:
            return tried
    raise CloseRefusedError(f"a person number stands twice in {_RECORDS} or {_WITHOUT_RECORD}; each may stand in one of them, and once")


def digest_records(con: duckdb.DuckDBPyConnection) -> str:
    """What all records of `match_hashes` show, in a few characters: where it is the same as before, none is new, changed or gone."""
    hashed = "select hash(record_key, record_hash) as one from match_hashes"
    found = con.execute(f"select count(*), bit_xor(one), sum(one) from ({hashed}) as hashed").fetchone()
    return "-".join(str(value) for value in found)


def collect_records(con: duckdb.DuckDBPyConnection, salt: int = 0, *, only: str | None = None) -> None:
    """Write `match_records`, a view over the table `match_kept`: every person number seen, as its newest snapshot shows it.

    Reads `intermediate.int_person_records` and `intermediate.int_numbers_without_record`.

    Args:
        con: connection to the working warehouse.
        salt: what the keys are made with (`hash_records`).
        only: query of record keys: of these records alone. What is worn out depends on all and is then not told: `own_id` and `phone` are
            as delivered, which a run that compares nothing does not ask for.
    """
    con.execute(_kept(salt, only))
    con.execute(f"create or replace temp view match_records as {_shown('match_kept')}")
    if only is None:
        _take_worn(con)


def pair_records(con: duckdb.DuckDBPyConnection, salt: int = 0) -> None:
    """Write `match_paired`: the records that a pair of `match_candidates` or a decision of `match_decided` names, in the ids' order."""
    # A record has many columns: in a sort all would be carried along, and made of all that are in no pair.
    con.execute(f"""
        create or replace temp table match_placed as
        select record_key, row_number() over (order by first_seen, source_system, source_person_no) as place
        from match_kept
        where record_key in (
            select a from match_candidates
            union all
            select b from match_candidates
            union all
            select {record_key_sql(salt, "_a")} from match_decided
            union all
            select {record_key_sql(salt, "_b")} from match_decided
        )
    """)
    placed = (
        "(select kept.*, placed.place from match_kept as kept inner join match_placed as placed on kept.record_key = placed.record_key)"
    )
    con.execute(f"create or replace temp table match_paired as {_shown(placed, ', place')}")
    con.execute("drop table match_placed")


def _take_worn(con: duckdb.DuckDBPyConnection) -> None:
    """Mark in `match_kept` what is worn out; few records have any of it."""
    # Names are told apart only where a number stands on enough records.
    con.execute(f"""
        update match_kept
        set is_id_worn = true
        where id_number in (
            select id_number
            from match_kept
            where id_number in (
                select id_number
                from match_kept
                where id_number is not null
                group by id_number
                having count(*) >= {NAMES_OF_A_WORN_NUMBER}
            )
            group by id_number
            having count(distinct name_pinyin) >= {NAMES_OF_A_WORN_NUMBER}
        )
    """)
    con.execute(f"""
        update match_kept
        set is_phone_worn = true
        where phone_number in (
            select phone_number
            from match_kept
            where phone_number is not null
            group by phone_number
            having count(*) >= {RECORDS_OF_A_WORN_PHONE}
        )
    """)


# The sex that stands inside a sound number.
_ID_SEX = "case when ascii(substr(id_number, 17, 1)) % 2 = 1 then 'male' else 'female' end"
# A sound number contradicts its record, unless sex agrees and the date differs by a known slip. Only the few that differ are looked at:
# a case asks no further, and a list in brackets, unlike `in`, is not joined with all records.
_DOUBTFUL = f"""
    case
        when id_status = 'inconsistent' then not coalesce(
            ({_ID_SEX} = sex or sex = 'unknown')
            and (
                birth_date_if_swapped = id_birth_date
                or birth_date_if_lunar = id_birth_date
                or (year(birth_date) = year(id_birth_date) and dayofyear(birth_date) = 1)
                or (
                    list_contains([1, 2, 3, 5, 10, 20, 30, 100], abs(year(birth_date) - year(id_birth_date)))
                    and month(birth_date) = month(id_birth_date)
                    and day(birth_date) = day(id_birth_date)
                )
                or (
                    year(birth_date) = year(id_birth_date)
                    and (month(birth_date) = month(id_birth_date) or day(birth_date) = day(id_birth_date))
                )
            ),
            false
        )
        else false
    end
"""


def _kept(salt: int, only: str | None) -> str:
    """SQL of `match_kept`: what is read again and again, each text once; the other columns of `match_records` are made of these."""
    compound = ", ".join(f"'{surname}'" for surname in COMPOUND_SURNAMES)
    return f"""
        create or replace temp table match_kept as
        with
        numbers as (
            select *, period as last_seen, true as has_record from {_RECORDS}
            union all by name
            select *, false as has_record from {_WITHOUT_RECORD}
        ),
        cut as (
            select
                *,
                {record_key_sql(salt)} as record_key,
                case
                    when name like '%·%' then strpos(name, '·')
                    when left(name, 2) in ({compound}) and length(name) > 2 then -2
                    when length(name) > 1 then -1
                end as name_cut
            from numbers
        )
        select
            record_key,
            source_system,
            source_person_no,
            first_seen,
            last_seen,
            has_record,
            id_status,
            coalesce(id_status in ('valid', 'repaired'), false) as is_id_own,
            id_number,
            id_number_otherwise,
            id_birth_date,
            false as is_id_worn,
            {_DOUBTFUL} as is_id_doubtful,
            guardian_number,
            name,
            name_pinyin,
            -- A name of a people whose names have two parts is the person's own name, then the father's.
            case when name_cut > 0 then left(name, name_cut - 1) when name_cut < 0 then substr(name, 1 - name_cut) end as given,
            case when name_cut > 0 then substr(name, name_cut + 1) when name_cut < 0 then left(name, -name_cut) end as surname,
            case
                when name_cut > 0 then name_pinyin
                when name_cut = -1 then substr(name_pinyin, strpos(name_pinyin, ' ') + 1)
                when name_cut = -2
                    then substr(name_pinyin, strpos(name_pinyin, ' ') + 1 + strpos(substr(name_pinyin, strpos(name_pinyin, ' ') + 1), ' '))
            end as given_pinyin,
            case
                when name_cut > 0 then substr(name, name_cut + 1)
                when name_cut = -1 then split_part(name_pinyin, ' ', 1)
                when name_cut = -2 then split_part(name_pinyin, ' ', 1) || ' ' || split_part(name_pinyin, ' ', 2)
            end as surname_pinyin,
            coalesce(nullif(sex, 'unknown'), case when id_status in ('valid', 'repaired') then {_ID_SEX} end) as sex,
            birth_date,
            birth_date_if_swapped,
            birth_date_if_lunar,
            phone_number,
            false as is_phone_worn,
            case when household_no is not null then source_system || ':' || household_no end as household,
            place_code,
            insured_county_code as insured,
            is_dead,
            office
        from cut
        {f"where record_key in ({only})" if only is not None else ""}
    """


def _shown(kept: str, besides: str = "") -> str:
    """SQL of the columns of `match_records` over rows of `match_kept`."""
    return f"""
        select
            record_key,
            source_system,
            source_person_no,
            first_seen,
            last_seen,
            has_record,
            id_status,
            case when not is_id_worn then id_number end as id_number,
            case when is_id_own and not is_id_worn then id_number end as own_id,
            case
                when is_id_worn then null
                when id_number is not null then id_number
                when id_status = 'invalid' then id_number_otherwise
            end as id_text,
            case when id_number is not null and not is_id_worn and not is_id_doubtful then id_birth_date end as id_birth_date,
            coalesce(id_number_otherwise, id_number) as id_number_tidied,
            is_id_worn,
            is_id_doubtful,
            id_number is not null and not is_id_worn and not is_id_doubtful as is_usable,
            guardian_number,
            name,
            name_pinyin,
            given,
            surname,
            given_pinyin,
            surname_pinyin,
            coalesce(contains(name, '?'), false) as is_name_damaged,
            sex,
            birth_date,
            birth_date_if_swapped,
            birth_date_if_lunar,
            phone_number,
            is_phone_worn,
            case when not is_phone_worn then phone_number end as phone,
            household,
            -- A county has six digits, a township nine; what is written otherwise is a village's.
            case when length(place_code) not in (6, 9) then place_code end as village,
            case when length(place_code) <> 6 then left(place_code, 9) end as township,
            left(place_code, 6) as county,
            insured,
            is_dead,
            office{besides}
        from {kept}
    """
