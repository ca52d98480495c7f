"""Reporting months: `YYYY-MM` as a value with arithmetic.

What belongs here: months and their days. What does not: which months are on record or closed (`register.py`).
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date

_PATTERN = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, order=True)
class Period:
    """One reporting month; orders and prints as `YYYY-MM`."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read `YYYY-MM`.

        Raises:
            ValueError: the text is no month of that form.
        """
        match = _PATTERN.fullmatch(text)
        if match is None:
            message = f"{text!r} is no month: expected YYYY-MM, for example 2025-06"
            raise ValueError(message)
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    def shift(self, months: int) -> Period:
        """The month that many months later (earlier when negative)."""
        index = self.year * 12 + self.month - 1 + months
        return Period(index // 12, index % 12 + 1)

    @property
    def first_day(self) -> date:
        """The first day of the month."""
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        """The last day of the month."""
        return date(self.year, self.month, calendar.monthrange(self.year, self.month)[1])

    @staticmethod
    def span(first: Period, last: Period) -> list[Period]:
        """Every month from first to last, both included; empty when last is before first."""
        months = (last.year - first.year) * 12 + last.month - first.month
        return [first.shift(step) for step in range(months + 1)]
