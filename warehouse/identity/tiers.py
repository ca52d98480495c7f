"""The tiers of matching: each says in SQL which person records agree, and how surely.

What belongs here: one `Tier` per rule, strongest first. A tier reads the table `match_records` (one row per person record: record_no,
source_system, source_person_no, id_number, id_status, name_pinyin and what else is known of it) and selects edges: a, b, probability.
What does not: what follows from the edges (`components.py`, `matching.py`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tier:
    """One rule of agreement.

    Attributes:
        code: what the bridge shows as `match_tier`.
        title: the rule in words.
        sql: selects the edges: a, b (record numbers), probability.
    """

    code: str
    title: str
    sql: str


# A number whose birth date or sex contradicts its record may be a neighbour's, keyed in by mistake: it joins only records that carry
# the same name as well. Guardians' numbers, placeholders and numbers with a wrong check digit have no id_number and join nothing.
EXACT_ID = Tier(
    code="R1",
    title="the same sound ID number",
    sql="""
        select first_value(record_no) over (partition by id_number order by record_no) as a, record_no as b, 1.0 as probability
        from match_records
        where id_status in ('valid', 'repaired')
        union all
        select first_value(record_no) over (partition by id_number, name_pinyin order by record_no) as a, record_no as b, 1.0 as probability
        from match_records
        where id_status in ('valid', 'repaired', 'inconsistent') and name_pinyin is not null
    """,
)

TIERS: tuple[Tier, ...] = (EXACT_ID,)
