"""What is compared of two records, in levels: the one place that says when two names, dates or numbers agree, and how far.

What belongs here: the levels of each comparison, strongest first, as conditions over two records. Rules (`tiers.py`), the model
(`scoring.py`) and the sentences of the evidence (`evidence.py`) all read the same levels. What does not: what follows from a level.

A condition writes `column[l]` and `column[r]` for the two records. DuckDB's edit distances count bytes, three for each Chinese
character, so names are compared by characters one by one or by pinyin; edit distances are for ID numbers alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SYSTEMS = ("employee", "resident", "rural")

_PLACEHOLDER = re.compile(r"(\w+)\[(l|r)\]")


@dataclass(frozen=True)
class Level:
    """One degree of agreement.

    Attributes:
        code: what tables show.
        condition: over `column[l]` and `column[r]`; None for what no condition above takes.
        zh, en: the level in words.
        frequency: column whose frequency in the city says how much the agreement is worth; None where every value is worth the same.
        is_missing: nothing can be said, because one record does not have it.
        among: name of the levels that its shares are counted among; the same for all of a comparison unless told otherwise.
    """

    code: str
    condition: str | None
    zh: str
    en: str
    frequency: str | None = None
    is_missing: bool = False
    among: str = "all"


@dataclass(frozen=True)
class Comparison:
    """One thing compared, with its levels, strongest first."""

    code: str
    zh: str
    en: str
    levels: tuple[Level, ...]

    def level(self, code: str) -> Level:
        """The level of that code."""
        return next(level for level in self.levels if level.code == code)


def over_aliases(condition: str, left: str, right: str) -> str:
    """A condition over the columns of two table aliases."""
    return _PLACEHOLDER.sub(lambda found: f"{left if found[2] == 'l' else right}.{found[1]}", condition)


def over_suffixes(condition: str) -> str:
    """A condition over columns that end in `_l` and `_r`, as Splink writes them."""
    return _PLACEHOLDER.sub(lambda found: f'"{found[1]}_{found[2]}"', condition)


def case_sql(comparison: Comparison, left: str, right: str) -> str:
    """The level of two records as SQL."""
    parts = [f"when {over_aliases(level.condition, left, right)} then '{level.code}'" for level in comparison.levels if level.condition]
    last = comparison.levels[-1]
    return "case " + " ".join(parts) + (f" else '{last.code}'" if last.condition is None else "") + " end"


def _either_way(condition: str) -> str:
    """A condition of two unlike columns, in both directions."""
    exchanged = _PLACEHOLDER.sub(lambda found: f"{found[1]}[{'r' if found[2] == 'l' else 'l'}]", condition)
    return f"(({condition}) or ({exchanged}))"


def _fits_lost() -> str:
    """Names whose characters agree wherever none was lost; of each at least one was not."""
    fits = _either_way("replace(name[r], '?', '') <> '' and name[l] like replace(name[r], '?', '_')")
    return f"(is_name_damaged[l] or is_name_damaged[r]) and {fits}"


def _fits_dropped() -> str:
    """One name is the other without its second or its last character: a machine dropped what it could not write."""
    return _either_way(
        "length(name[r]) between 2 and 4 and length(name[l]) = length(name[r]) - 1 and name[r] not like '%·%'"
        " and (starts_with(name[r], name[l]) or name[l] = left(name[r], 1) || substr(name[r], 3))"
    )


def _syllable(side: str, number: int) -> str:
    return f"string_split(name_pinyin[{side}], ' ')[{number}]"


def _sounded(column: str) -> str:
    """Pinyin without the differences that many speakers do not make: zh and z, ch and c, sh and s, ng and n, n and l, f and h."""
    once = f"replace(replace(replace(replace({column}, 'zh', 'z'), 'ch', 'c'), 'sh', 's'), 'ng', 'n')"
    return f"regexp_replace(regexp_replace({once}, '(^| )n', '\\1l', 'g'), '(^| )f', '\\1h', 'g')"


NAME = Comparison(
    "name",
    "姓名",
    "name",
    (
        Level("unknown", "name[l] is null or name[r] is null", "一方缺姓名", "no name on one side", is_missing=True),
        Level("exact", "name[l] = name[r] and not is_name_damaged[l]", "姓名相同", "the same name", frequency="name_in_cohort"),
        Level(
            "sound",
            "name_pinyin[l] = name_pinyin[r] and not is_name_damaged[l]",
            "姓名同音",
            "names that sound alike",
            frequency="pinyin_in_cohort",
        ),
        Level(
            "near_sound",
            f"({_sounded('name_pinyin[l]')} = {_sounded('name_pinyin[r]')} and not is_name_damaged[l])"
            " or (length(name[l]) > 2 and list_sort(string_split(name_pinyin[l], ' ')) = list_sort(string_split(name_pinyin[r], ' ')))",
            "姓名读音相近或字序颠倒",
            "names that sound nearly alike, or with syllables in another order",
        ),
        Level("lost", _fits_lost(), "姓名除缺字外相同", "names alike but for a lost character"),
        Level("shortened", _fits_dropped(), "一方姓名少一字", "names alike but for a character that one of them lacks"),
        Level(
            "given",
            "(length(given[l]) > 1 and given_pinyin[l] = given_pinyin[r] and name[l] not like '%·%' and name[r] not like '%·%') or "
            + _either_way("length(name[l]) > 1 and length(name[r]) = length(name[l]) + 1 and right(name[r], length(name[l])) = name[l]"),
            "名相同而姓不同（或冠姓）",
            "the same given name under another surname",
            frequency="given_in_cohort",
        ),
        Level(
            "like",
            _either_way("length(name[l]) >= 3 and starts_with(name[r], name[l])")
            + " or (length(name[l]) > 2 and length(name[l]) = length(name[r]) and left(name[l], 1) = left(name[r], 1)"
            + " and ("
            + " or ".join(f"{_syllable('l', n)} = {_syllable('r', n)}" for n in (2, 3))
            + "))",
            "姓名部分相同",
            "names that agree in part",
        ),
        Level("surname", "surname[l] = surname[r]", "仅姓相同", "only the surname agrees"),
        Level("different", None, "姓名不同", "different names"),
    ),
)

_SAME_DAY_OF_YEAR = "month(birth_date[l]) = month(birth_date[r]) and day(birth_date[l]) = day(birth_date[r])"

BIRTH = Comparison(
    "birth",
    "出生日期",
    "birth date",
    (
        Level("exact", "birth_date[l] = birth_date[r]", "出生日期相同", "the same birth date", frequency="birth_date"),
        Level(
            "inside_id",
            # Inside a number that both carry stands one date, whoever of them it belongs to: that says nothing.
            "id_number[l] is distinct from id_number[r] and ("
            + _either_way("birth_date[l] = id_birth_date[r]")
            + " or id_birth_date[l] = id_birth_date[r])",
            "一方出生日期与另一方证件号内日期相同",
            "a birth date that stands inside the other's ID number",
        ),
        Level(
            "swapped",
            "birth_date[l] = birth_date_if_swapped[r] or birth_date_if_swapped[l] = birth_date[r]",
            "出生日期月日互换",
            "day and month exchanged",
        ),
        Level(
            "lunar",
            "birth_date[l] = birth_date_if_lunar[r] or birth_date_if_lunar[l] = birth_date[r]",
            "一方为农历生日",
            "the lunar date of the other's birthday",
        ),
        Level("unknown", "birth_date[l] is null or birth_date[r] is null", "一方缺出生日期", "no birth date on one side", is_missing=True),
        Level(
            "first_of_january",
            "year(birth_date[l]) = year(birth_date[r]) and (dayofyear(birth_date[l]) = 1 or dayofyear(birth_date[r]) = 1)",
            "年份相同，一方记为1月1日",
            "the same year, one of them on 1 January by default",
        ),
        Level(
            "century",
            f"abs(year(birth_date[l]) - year(birth_date[r])) = 100 and {_SAME_DAY_OF_YEAR}",
            "出生年相差一百年",
            "a hundred years apart to the day",
        ),
        Level(
            "one_part",
            f"({_SAME_DAY_OF_YEAR} and abs(year(birth_date[l]) - year(birth_date[r])) in (1, 2, 3, 5, 10, 20, 30))"
            " or (year(birth_date[l]) = year(birth_date[r]) and"
            " (month(birth_date[l]) = month(birth_date[r]) or day(birth_date[l]) = day(birth_date[r])))",
            "出生日期仅年、月、日之一不同",
            "birth dates that differ in one part",
        ),
        Level("year", "year(birth_date[l]) = year(birth_date[r])", "仅出生年相同", "the same year of birth"),
        Level("different", None, "出生日期不同", "different birth dates"),
    ),
)

SEX = Comparison(
    "sex",
    "性别",
    "sex",
    (
        Level("unknown", "sex[l] is null or sex[r] is null", "一方缺性别", "no sex on one side", is_missing=True),
        Level("same", "sex[l] = sex[r]", "性别相同", "the same sex"),
        Level("different", None, "性别不同", "different sexes"),
    ),
)

# A spreadsheet keeps fifteen digits of a number and writes zeros for the rest.
_NEAR = (
    "length(id_text[l]) >= 15 and length(id_text[r]) >= 15 and (levenshtein(id_text[l], id_text[r]) <= 2"
    " or (left(id_text[l], 15) = left(id_text[r], 15) and (id_text[l] like '%000' or id_text[r] like '%000')))"
)

ID = Comparison(
    "id",
    "证件号码",
    "ID number",
    (
        Level("same", "id_number[l] = id_number[r]", "证件号码相同", "the same ID number"),
        Level(
            "unknown",
            "id_text[l] is null or id_text[r] is null",
            "一方无可比的证件号码",
            "no comparable ID number on one side",
            is_missing=True,
        ),
        # Numbers of one place and day are near each other by themselves: those born there that day differ in the order number alone.
        Level(
            "near_order",
            f"{_NEAR} and left(id_text[l], 14) = left(id_text[r], 14) and left(id_text[l], 17) <> left(id_text[r], 17)"
            " and id_text[l] not like '%000' and id_text[r] not like '%000'",
            "证件号码仅顺序码相差不超过两处",
            "ID numbers within two edits, in the order number alone",
        ),
        Level("near", _NEAR, "证件号码相差不超过两处", "ID numbers within two edits"),
        # A number that contradicts its record may be a relative's or a neighbour's: that it differs says little.
        Level(
            "doubtful",
            "is_id_doubtful[l] or is_id_doubtful[r]",
            "证件号码不同，但一方与本人信息矛盾",
            "different ID numbers, one of which contradicts its record",
            is_missing=True,
        ),
        Level("different", None, "证件号码不同", "different ID numbers"),
    ),
)

PHONE = Comparison(
    "phone",
    "电话",
    "telephone",
    (
        Level("unknown", "phone[l] is null or phone[r] is null", "一方缺电话", "no telephone on one side", is_missing=True),
        Level("same", "phone[l] = phone[r]", "电话相同", "the same telephone", frequency="phone"),
        Level("different", None, "电话不同", "different telephones"),
    ),
)

# The county where somebody is insured stands for an address that he does not give, or no longer lives at.
_INSURED_THERE = "(insured[l] = insured[r] or " + _either_way("insured[l] = county[r]") + ")"
# Where a number was issued is what its first six digits say. A number that both records carry says that of one person, whoever it is.
_ISSUED_THERE = "(own_id[l] is distinct from own_id[r] and " + _either_way("left(own_id[l], 6) in (county[r], insured[r])") + ")"
_UNPLACED = (
    "(county[l] is null or county[r] is null)"
    " and coalesce(county[l], insured[l]) is not null and coalesce(county[r], insured[r]) is not null"
)

PLACE = Comparison(
    "place",
    "住址",
    "place",
    (
        Level(
            "household",
            "household[l] = household[r] or guardian_number[l] = guardian_number[r]",
            "同户或同一监护人",
            "the same household or guardian",
        ),
        Level("village", "village[l] = village[r]", "同村（社区）", "the same village", frequency="village"),
        Level("township", "township[l] = township[r]", "同乡镇（街道）", "the same township"),
        Level("county", "county[l] = county[r]", "同县（区）", "the same county"),
        Level(
            "insured",
            f"county[l] <> county[r] and {_INSURED_THERE}",
            "住址不同县（区），但参保地相同或为另一方住址所在县（区）",
            "addresses in different counties, insured in the same one or in that of the other's address",
        ),
        Level(
            "issued",
            f"county[l] <> county[r] and {_ISSUED_THERE}",
            "不同县（区），但一方证件号码由另一方所在县（区）签发",
            "different counties, one of which the other's ID number was issued in",
        ),
        Level(
            "unplaced_insured",
            f"{_UNPLACED} and {_INSURED_THERE}",
            "一方住址不详，参保地与另一方同县（区）",
            "no address on one side, insured in the same county",
            among="unplaced",
        ),
        Level(
            "unplaced_issued",
            f"{_UNPLACED} and {_ISSUED_THERE}",
            "一方住址不详，参保地不同，但一方证件号码由另一方所在县（区）签发",
            "no address on one side, insured in different counties, one of which the other's ID number was issued in",
            among="unplaced",
        ),
        Level(
            "unplaced",
            _UNPLACED,
            "一方住址不详，参保地不同县（区）",
            "no address on one side, insured in different counties",
            among="unplaced",
        ),
        Level("unknown", "county[l] is null or county[r] is null", "一方住址不详", "no known place on one side", is_missing=True),
        Level("different", None, "不同县（区）", "different counties"),
    ),
)

# One system gives a person a second number less often than two systems give him one each.
SYSTEM = Comparison(
    "system",
    "系统",
    "system",
    (
        Level("two", "source_system[l] <> source_system[r]", "分属两个系统", "records of two systems"),
        Level("one", None, "同一系统", "records of one system"),
    ),
)

# Which two systems: what a city's own pairs say of them is weighed by these (`local_shares.py`).
SYSTEM_PAIR = "least(source_system[l], source_system[r]) || '-' || greatest(source_system[l], source_system[r])"
SYSTEM_PAIRS = tuple(f"{one}-{other}" for place, one in enumerate(SYSTEMS) for other in SYSTEMS[place:])

COMPARISONS: tuple[Comparison, ...] = (NAME, BIRTH, SEX, ID, PHONE, PLACE, SYSTEM)
BY_CODE = {comparison.code: comparison for comparison in COMPARISONS}
FREQUENCIES: tuple[str, ...] = tuple(
    sorted({level.frequency for comparison in COMPARISONS for level in comparison.levels if level.frequency is not None})
)
# What a record must show for its comparisons to be made.
_CONDITIONS = [level.condition for comparison in COMPARISONS for level in comparison.levels if level.condition]
COMPARED = tuple(sorted({found[0] for condition in _CONDITIONS for found in _PLACEHOLDER.findall(condition)}))


def compare_pairs(pairs: str, records: str = "match_paired") -> str:
    """SQL that gives each pair (a, b: record keys) of a table its levels, and what the rules ask besides."""
    levels = ", ".join(f"{case_sql(comparison, 'left_record', 'right_record')} as {comparison.code}_level" for comparison in COMPARISONS)
    return f"""
        select
            pairs.*,
            {levels},
            left_record.own_id is not null and right_record.own_id is not null and left_record.own_id <> right_record.own_id as is_two_own,
            left_record.is_id_doubtful or right_record.is_id_doubtful as is_id_doubtful,
            left_record.is_usable as is_usable_a,
            right_record.is_usable as is_usable_b,
            coalesce(left_record.household = right_record.household or left_record.guardian_number = right_record.guardian_number, false)
                as is_household,
            coalesce(left_record.village = right_record.village, false) as is_village,
            coalesce(left_record.village <> right_record.village, false) as is_elsewhere,
            left_record.source_system = right_record.source_system as is_one_system,
            coalesce(
                year(left_record.birth_date) <= cast(left(left_record.first_seen, 4) as integer) - 18
                and year(right_record.birth_date) <= cast(left(right_record.first_seen, 4) as integer) - 18,
                false
            ) as is_grown
        from {pairs} as pairs
        inner join {records} as left_record on pairs.a = left_record.record_key
        inner join {records} as right_record on pairs.b = right_record.record_key
    """


def place_from_both_sides(pairs: str, records: str) -> str:
    """SQL that gives each compared pair of a table (`compare_pairs`) once for each of its records that has a number of its own.

    The `place_level` is then as if the other record had none: such are the pairs that a model weighs, and pairs that both have one stand
    for them where shares are counted.
    """
    return " union all ".join(
        f"""
        select pairs.* exclude (place_level), {case_sql(PLACE, "holder", "bare")} as place_level
        from {pairs} as pairs
        inner join {records} as holder on pairs.{holder} = holder.record_key
        inner join (select * replace (cast(null as varchar) as own_id) from {records}) as bare on pairs.{bare} = bare.record_key
        where holder.own_id is not null
        """
        for holder, bare in (("a", "b"), ("b", "a"))
    )
