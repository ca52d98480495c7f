"""The records that are matched: one row per person number, with what is compared of it.

What belongs here: what of a record is compared, and what is worn out (a number under many names, a telephone on many records). What does
not: cleaning and which snapshot of a record counts, which are dbt SQL, and what follows from a comparison (`comparisons.py`, `tiers.py`).

`match_records` has one row per person number:
  record_key       number of the record in this warehouse, for as long as the warehouse lives; orders nothing
  place            place in the order of the ids: first month landed, then system, then number
  own_id           the ID number where it is sound and the record's own (`valid`, `repaired`) and not worn out
  id_text          the number as it can be compared for typing errors, whatever its status, unless it is nobody's or a guardian's
  id_birth_date    the day inside a sound number that is the record's own
  is_id_doubtful   a sound number that contradicts the record in a way no known slip of the date explains: perhaps another person's
  is_usable        an own_id, or a sound number whose date differs by a known slip alone
"""

from __future__ import annotations

import duckdb

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

_KEPT = (
    "id_number",
    "id_number_tidied",
    "id_status",
    "id_birth_date",
    "id_sex",
    "guardian_number",
    "name",
    "name_pinyin",
    "sex",
    "birth_date",
    "birth_date_if_swapped",
    "birth_date_if_lunar",
    "phone_number",
    "household_no",
    "place_village_code",
    "place_township_code",
    "place_county_code",
    "insured_county_code",
    "is_dead",
    "office",
)
# What a reviewer sees and no comparison reads.
_NOT_COMPARED = ("is_dead", "office")


def collect_records(con: duckdb.DuckDBPyConnection, *, only: str | None = None) -> None:
    """Write `match_records`: every person number seen, as its newest snapshot shows it.

    Reads `intermediate.int_person_records` and `intermediate.int_person_numbers_seen`; keeps `identity.record_keys`, which gives
    every person number a number of its own that lasts as long as the warehouse.

    Args:
        con: connection to the working warehouse.
        only: query of some rows of `identity.record_keys`: of these records alone. What is worn out, and the places, are then not theirs,
            for they depend on all; what a record shows is.
    """
    con.execute("create schema if not exists identity")
    con.execute("create table if not exists identity.record_keys (source_system varchar, source_person_no varchar, record_key bigint)")
    (known,) = con.execute("select coalesce(max(record_key), 0) from identity.record_keys").fetchone()
    # Numbers and places in one sort; records are joined by their texts once, and by whole numbers from then on.
    con.execute(f"""
        create or replace temp table match_seen as
        select placed.* replace (coalesce(placed.record_key, {known} + placed.place) as record_key)
        from (
            select
                seen.source_system,
                seen.source_person_no,
                seen.first_seen,
                seen.last_seen,
                keys.record_key,
                row_number() over (order by seen.first_seen, seen.source_system, seen.source_person_no) as place
            from intermediate.int_person_numbers_seen as seen
            {"left join identity.record_keys" if only is None else f"inner join ({only})"} as keys
                on seen.source_system = keys.source_system and seen.source_person_no = keys.source_person_no
        ) as placed
    """)
    con.execute(f"""
        insert into identity.record_keys
        select source_system, source_person_no, record_key from match_seen where record_key > {known}
    """)
    con.execute(_DESCRIBED)
    con.execute("drop table match_seen")
    if only is None:
        _take_worn(con)


def digest_records(con: duckdb.DuckDBPyConnection) -> str:
    """What all records show, in a few characters: where it is the same as before, no record is new, changed or gone.

    The months in which a record was seen last are no part of it (`digest_months`).
    """
    kept = ", ".join(column for column in _KEPT if column not in _NOT_COMPARED)
    shown = _digest(con, f"source_system, source_person_no, {kept}", "intermediate.int_person_records")
    seen = _digest(con, "source_system, source_person_no, first_seen, has_record", "intermediate.int_person_numbers_seen")
    return f"{shown}-{seen}"


def digest_months(con: duckdb.DuckDBPyConnection) -> str:
    """The months in which all records were seen last, in a few characters."""
    return _digest(con, "source_system, source_person_no, last_seen", "intermediate.int_person_numbers_seen")


def _digest(con: duckdb.DuckDBPyConnection, columns: str, table: str) -> str:
    """A digest of rows that does not depend on their order."""
    found = con.execute(f"select count(*), bit_xor(one), sum(one) from (select hash({columns}) as one from {table}) as hashed").fetchone()
    return "-".join(str(value) for value in found)


def _take_worn(con: duckdb.DuckDBPyConnection) -> None:
    """Take from `match_records` what is worn out; few records have any of it."""
    # Names are told apart only where a number stands on enough records.
    con.execute(f"""
        update match_records
        set id_number = null, own_id = null, id_text = null, id_birth_date = null, is_id_worn = true, is_usable = false
        where id_number in (
            select id_number
            from match_records
            where id_number in (
                select id_number
                from match_records
                where id_number is not null
                group by id_number
                having count(*) >= {NAMES_OF_A_WORN_NUMBER}
            )
            group by id_number
            having count(distinct name_pinyin) >= {NAMES_OF_A_WORN_NUMBER}
        )
    """)
    con.execute(f"""
        update match_records
        set phone = null
        where phone in (select phone from match_records where phone is not null group by phone having count(*) >= {RECORDS_OF_A_WORN_PHONE})
    """)


# A sound number contradicts its record, unless sex agrees and the date differs by a known slip. Only the few that differ are looked at:
# a case asks no further, and a list in brackets, unlike `in`, is not joined with all records.
_DOUBTFUL = """
    case
        when id_status = 'inconsistent' then not coalesce(
            (id_sex = sex or sex = 'unknown')
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

_DESCRIBED = f"""
    create or replace temp table match_records as
    with described as (
        select
            seen.*,
            records.source_system is not null as has_record,
            {", ".join(f"records.{column}" for column in _KEPT)},
            case
                when name like '%·%' then strpos(name, '·')
                when left(name, 2) in ({", ".join(f"'{surname}'" for surname in COMPOUND_SURNAMES)}) and length(name) > 2 then -2
                when length(name) > 1 then -1
            end as name_cut,
            {_DOUBTFUL} as is_id_doubtful
        from match_seen as seen
        left join intermediate.int_person_records as records
            on seen.source_system = records.source_system and seen.source_person_no = records.source_person_no
    )
    select
        record_key,
        place,
        source_system,
        source_person_no,
        first_seen,
        last_seen,
        has_record,
        id_status,
        id_number,
        case when id_status in ('valid', 'repaired') then id_number end as own_id,
        case when id_status in ('valid', 'repaired', 'inconsistent', 'invalid') then coalesce(id_number, id_number_tidied) end as id_text,
        case when id_number is not null and not is_id_doubtful then id_birth_date end as id_birth_date,
        id_number_tidied,
        false as is_id_worn,
        is_id_doubtful,
        coalesce(id_status in ('valid', 'repaired', 'inconsistent') and not is_id_doubtful, false) as is_usable,
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
        coalesce(contains(name, '?'), false) as is_name_damaged,
        coalesce(nullif(sex, 'unknown'), case when id_status in ('valid', 'repaired') then id_sex end) as sex,
        birth_date,
        birth_date_if_swapped,
        birth_date_if_lunar,
        phone_number,
        phone_number as phone,
        case when household_no is not null then source_system || ':' || household_no end as household,
        place_village_code as village,
        place_township_code as township,
        coalesce(place_county_code, left(place_township_code, 6)) as county,
        insured_county_code as insured,
        is_dead,
        office
    from described
"""
