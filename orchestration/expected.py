"""Which deliveries a month needs, and which of them are missing or refused.

What belongs here: the rule of what is expected for a month, read from the ledger of deliveries and the bureau's list of divisions. What
does not: judging a delivery (`warehouse/landing`), and what a close does about it (`close.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from warehouse.errors import UsageError
from warehouse.landing import Delivery, deliveries, files_in_force, months_on_record
from warehouse.periods import Period
from warehouse.settings import Settings

CITY = "990100"
CITY_WIDE = ("employee", "resident", "city")
UNASSIGNED = "990199"
OFFICE_CODE = re.compile("[0-9]{6}")


@dataclass(frozen=True, order=True)
class Office:
    """A delivering office of a system: `rural/990104`."""

    system: str
    office: str

    def __str__(self) -> str:
        return f"{self.system}/{self.office}"

    @classmethod
    def parse(cls, text: str) -> Office:
        """Read `system/office`.

        Raises:
            UsageError: the text has another form.
        """
        system, slash, office = text.partition("/")
        if not slash or system not in (*CITY_WIDE, "rural") or not OFFICE_CODE.fullmatch(office):
            message = f"{text!r} is no office: expected system/office, for example rural/990104"
            raise UsageError(message)
        return cls(system, office)


@dataclass(frozen=True)
class MonthNeeds:
    """What a month needs, and how it stands.

    Attributes:
        expected: offices that owe a delivery.
        missing: of them those without an accepted or a refused one.
        refused: refused deliveries that stop the close: above the number in force, or none is in force.
        in_force: the delivery in force of each office that has one.
    """

    expected: tuple[Office, ...]
    missing: tuple[Office, ...]
    refused: tuple[Delivery, ...]
    in_force: dict[Office, Delivery]

    @property
    def refused_offices(self) -> tuple[Office, ...]:
        """Offices whose newest delivery is refused."""
        return tuple(sorted({Office(row.system, row.office) for row in self.refused}))


def needs_of(settings: Settings, period: Period) -> MonthNeeds:
    """What a month needs, by the deliveries on record."""
    ledger = deliveries(settings, through=period)
    month = str(period)
    in_force = {Office(row.system, row.office): row for row in ledger if row.period == month and row.is_in_force}
    expected = [Office(system, CITY) for system in CITY_WIDE]
    expected += [Office("rural", office) for office in _counties_expected(settings, period, ledger)]
    refused = []
    for row in ledger:
        if row.period != month or row.status != "refused":
            continue
        standing = in_force.get(Office(row.system, row.office))
        if standing is None or (row.delivery_no is not None and row.delivery_no > standing.delivery_no):
            refused.append(row)
    seen = set(in_force) | {Office(row.system, row.office) for row in refused}
    return MonthNeeds(
        expected=tuple(sorted(set(expected))),
        missing=tuple(sorted(set(expected) - seen)),
        refused=tuple(refused),
        in_force=in_force,
    )


def previous_on_record(settings: Settings, period: Period) -> Period | None:
    """The newest month on record before this one."""
    earlier = [month for month in months_on_record(settings) if month < period]
    return max(earlier, default=None)


def _counties_expected(settings: Settings, period: Period, ledger: list[Delivery]) -> set[str]:
    """Counties in force at the month's end that delivered for any earlier month; in the first month every county of the list."""
    counties = _counties_in_force(settings, period)
    earlier = {row.office for row in ledger if row.system == "rural" and row.period < str(period) and row.status != "refused"}
    if previous_on_record(settings, period) is None:
        return counties
    return counties & earlier


def _counties_in_force(settings: Settings, period: Period) -> set[str]:
    """Counties of the newest list of divisions up to the month that are in force on its last day; what no office can be is none."""
    files = files_in_force(settings, period)[("city", "divisions")]
    if not files:
        return set()
    rows = duckdb.execute(
        """
        select code
        from read_parquet($files)
        where _period = (select max(_period) from read_parquet($files))
            and level = 'county'
            and (valid_from is null or valid_from <= $last_day)
            and (valid_to is null or valid_to >= $last_day)
        """,
        {"files": [str(path) for path in files], "last_day": period.last_day},
    ).fetchall()
    return {code for (code,) in rows if OFFICE_CODE.fullmatch(code)} - {CITY, UNASSIGNED}
