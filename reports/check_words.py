"""What a check compares, in words.

What belongs here: names for the row codes of checks, for the page and the workbook alike. What does not: the checks (`dbt_project/`), and
where they are shown (`deliveries.py`, `workbook.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from reports.formats import EMPTY
from reports.texts import text_or
from warehouse.contracts import load_contracts


def compared(names: Mapping[str, str], code: str) -> str:
    """A measure, an indicator, a rule, a table and its codes, or a system's deliveries; with its period type where it has one.

    Args:
        names: of measures and indicators by code.
        code: `row_code` of a check's result, as `INCOME.ytd`, `members.sex`, `rural.landed`.
    """
    head, _, tail = code.partition(".")
    named = names.get(head) or text_or(f"compared.{head}", "") or text_or(f"system.{head}", "") or _tables().get(head, "")
    if not named:
        return code or EMPTY
    further = text_or(f"period_type.{tail}", "") or text_or(f"compared.{tail}", "") or text_or(f"code_set.{tail}", "")
    return f"{named} {further or tail}".strip()


@cache
def _tables() -> dict[str, str]:
    """Titles of the deliveries' tables by name; of a name that two systems use the first."""
    titles: dict[str, str] = {}
    for contract in load_contracts().values():
        for name, table in contract.tables.items():
            titles.setdefault(name, table.title)
    return titles
