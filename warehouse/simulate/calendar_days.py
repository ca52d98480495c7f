"""Days as whole numbers since 1970-01-01, as all arrays of the simulated city hold them.

What belongs here: conversions between day numbers, calendar parts and texts. What does not: months as values (`warehouse/periods.py`).
"""

from __future__ import annotations

from datetime import date

import numpy as np

FAR = 1_000_000  # a day that never comes: open ends, persons alive


def day_of(day: date) -> int:
    """The number of a calendar day."""
    return (day - date(1970, 1, 1)).days


def date_of(day: int) -> date:
    """The calendar day of a number."""
    return date.fromordinal(day + date(1970, 1, 1).toordinal())


def parts_of(days: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Year, month and day of each day number."""
    stamps = days.astype("datetime64[D]")
    months = stamps.astype("datetime64[M]").astype(np.int64)
    return months // 12 + 1970, months % 12 + 1, (stamps - stamps.astype("datetime64[M]")).astype(np.int64) + 1


def year_of(days: np.ndarray) -> np.ndarray:
    """The year of each day number."""
    return parts_of(days)[0]


def number_of_day(days: np.ndarray) -> np.ndarray:
    """Each day as the number yyyymmdd."""
    year, month, day = parts_of(days)
    return year * 10000 + month * 100 + day
