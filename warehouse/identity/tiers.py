"""The tiers of matching: what two compared records are to each other, by rules that go before any score.

What belongs here: one `Rule` per line of the design's table, in the order of precedence, each a condition over the levels of
`comparisons.py`. What does not: which pairs are compared (`blocking.py`), what the model makes of the rest (`scoring.py`), and what
follows from all pairs together (`holds.py`).

Verdicts: `same`; `different`, a veto, which no score overrules; `finding`, one number on two persons, never a match; `review`, a person
must look; `score`, left to the model.

Twins share birth date, sex, household, telephone and place, their numbers differ in one or two digits, and their names often in one
character. So no rule and no score takes two records for one person whose given names differ, unless they carry the same sound number;
and a number alone is not enough where a third record shows that both names exist (`is_twin_shown`). Names that only sound alike pass
between grown-up persons of two households, and where order numbers differ of two villages: twins may be 思阳 and 思洋.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

RULE_VERSION = "2025.2"


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        code: what the evidence shows.
        verdict: `same`, `different`, `finding`, `review` or `score`.
        condition: over the columns of `compare_pairs` and `is_twin_shown`.
        zh, en: the rule in words.
    """

    code: str
    verdict: str
    condition: str
    zh: str
    en: str


_SAME_BIRTH_AND_SEX = "birth_level = 'exact' and sex_level = 'same'"
_ONE_UNUSABLE = "not (is_usable_a and is_usable_b)"
_NONE_USABLE = "not is_usable_a and not is_usable_b"
# A county in common is little, and more than nothing.
_ONE_COUNTY = "place_level in ('township', 'county', 'insured', 'unplaced_insured')"
_NEAR_ONE = "(is_household or is_village or phone_level = 'same')"

RULES: tuple[Rule, ...] = (
    Rule(
        "R1",
        "same",
        "id_level = 'same' and name_level in ('exact', 'sound') and (birth_level <> 'different' or not is_id_doubtful)",
        "有效证件号码相同，姓名相同或同音",
        "the same valid ID number, and the name or its sound",
    ),
    Rule(
        "R1",
        "same",
        f"id_level = 'same' and {_SAME_BIRTH_AND_SEX} and not is_twin_shown and ("
        "name_level in ('near_sound', 'lost', 'shortened', 'given') or phone_level = 'same' or is_household"
        " or (is_village and name_level in ('like', 'surname')))",
        "有效证件号码、出生日期、性别相同，另有一项相同",
        "the same valid ID number, birth date and sex, and one thing more",
    ),
    # What a number and half a name say is for the model; a number and nothing else says only that two persons carry it.
    Rule(
        "R4",
        "score",
        "id_level = 'same' and not is_twin_shown and (name_level in ('exact', 'sound', 'near_sound', 'lost', 'shortened', 'given', 'like')"
        " or (name_level in ('unknown', 'surname') and birth_level = 'exact' and sex_level = 'same'))",
        "证件号码相同，其他信息仅部分相同",
        "the same ID number, and other things that agree in part",
    ),
    Rule(
        "R1x",
        "finding",
        "id_level = 'same'",
        "一号两人：证件号码相同，其他信息不符",
        "one number, two persons: the same ID number and nothing else",
    ),
    Rule(
        "V1",
        "different",
        "is_two_own",
        "两个各自有效的证件号码",
        "two ID numbers, each valid and its record's own",
    ),
    Rule(
        "R2",
        "same",
        f"(name_level = 'exact' or (name_level = 'sound' and is_grown and not is_household and (id_level = 'near' or not {_NEAR_ONE})))"
        f" and {_SAME_BIRTH_AND_SEX}"
        " and id_level in ('near', 'near_order')",
        "姓名同音、出生日期、性别相同，证件号码相差不超过两处",
        "names that sound alike, the same birth date and sex, ID numbers within two edits",
    ),
    Rule(
        "R3",
        "same",
        f"name_level = 'exact' and {_SAME_BIRTH_AND_SEX} and {_ONE_UNUSABLE} and {_NEAR_ONE}",
        "一方证件号码不可用；姓名、出生日期、性别相同，且同村、同户或电话相同",
        "no usable ID number on one side; the same name, birth date and sex, and village, household or telephone",
    ),
    Rule(
        "R3x",
        "review",
        f"name_level = 'exact' and {_SAME_BIRTH_AND_SEX} and {_NONE_USABLE} and not {_ONE_COUNTY}",
        "双方均无可用证件号码；仅姓名、出生日期、性别相同",
        "no usable ID number; the same name, birth date and sex only",
    ),
    Rule(
        "V2",
        "different",
        "name_level in ('different', 'surname')",
        "姓名不同，证件号码不同",
        "different names and ID numbers",
    ),
    # Two children of one day and surname, with half a given name in common, are twins far more often than one child under two names.
    Rule(
        "V3",
        "different",
        "name_level = 'like' and birth_level = 'exact'",
        "出生日期相同，姓名部分相同：疑为孪生",
        "the same birth date and half a name: twins",
    ),
    Rule(
        "V4",
        "different",
        "sex_level = 'different' and birth_level in ('different', 'year', 'one_part', 'unknown')",
        "性别与出生日期均不同",
        "different sexes and birth dates",
    ),
    Rule(
        "R4",
        "score",
        f"name_level = 'exact' and {_SAME_BIRTH_AND_SEX}",
        "一方或双方证件号码不可用；姓名、出生日期、性别相同",
        "no usable ID number on one side or both; the same name, birth date and sex",
    ),
    Rule(
        "R5",
        "score",
        f"name_level in ('exact', 'sound', 'near_sound', 'lost', 'shortened') and {_NEAR_ONE}",
        "姓名相同或相近，且同村、同户或电话相同",
        "names that agree or nearly, and village, household or telephone",
    ),
    Rule(
        "R6",
        "score",
        "true",
        "其他部分相同的组合",
        "other combinations that agree in part",
    ),
)


def judge_pairs(con: duckdb.DuckDBPyConnection, compared: str, judged: str) -> None:
    """Write what the rules say of compared pairs.

    Args:
        con: connection with `match_records` and `match_paired`.
        compared: table that `compare_pairs` made.
        judged: table to write: the same rows, with `is_twin_shown`, `rule` and `verdict`.
    """
    # Somebody else was born the same day, carries a sound number that is close to this one, and one of the two names: a twin, whose
    # number was put down here. Only pairs of one number under two given names ask for it.
    con.execute(f"""
        create or replace temp table twins_shown as
        select distinct pairs.a, pairs.b
        from {compared} as pairs
        inner join match_paired as left_record on pairs.a = left_record.record_key
        inner join match_paired as right_record on pairs.b = right_record.record_key
        inner join match_records as third
            on third.birth_date = left_record.birth_date
            and third.name_pinyin in (left_record.name_pinyin, right_record.name_pinyin)
            and third.id_number <> left_record.id_number
        where pairs.id_level = 'same' and pairs.name_level not in ('exact', 'sound') and pairs.birth_level = 'exact'
    """)
    rule = " ".join(f"when {one.condition} then '{one.code}'" for one in RULES)
    verdict = " ".join(f"when {one.condition} then '{one.verdict}'" for one in RULES)
    con.execute(f"""
        create or replace temp table {judged} as
        select *, case {rule} end as rule, case {verdict} end as verdict
        from (
            select compared.*, twins.a is not null as is_twin_shown
            from {compared} as compared
            left join twins_shown as twins on compared.a = twins.a and compared.b = twins.b
        ) as compared
    """)
    con.execute("drop table twins_shown")
