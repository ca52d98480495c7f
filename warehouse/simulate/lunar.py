"""The Chinese calendar, as far as birth dates need it: solar days of 1900 to 2050 to lunar month and day.

What belongs here: the month lengths of each lunar year and the conversion. What does not: who was registered by the lunar date
(`identity_faults.py`).
"""

from __future__ import annotations

from datetime import date

import numpy as np

# One number a lunar year from 1900: bits 16 to 5 say which of the twelve months have 30 days, the last four which month is doubled,
# bit 17 whether the doubled month has 30 days.
_YEARS = (
    "04bd8 04ae0 0a570 054d5 0d260 0d950 16554 056a0 09ad0 055d2 04ae0 0a5b6 0a4d0 0d250 1d255 0b540 0d6a0 0ada2 095b0 14977 "
    "04970 0a4b0 0b4b5 06a50 06d40 1ab54 02b60 09570 052f2 04970 06566 0d4a0 0ea50 16a95 05ad0 02b60 186e3 092e0 1c8d7 0c950 "
    "0d4a0 1d8a6 0b550 056a0 1a5b4 025d0 092d0 0d2b2 0a950 0b557 06ca0 0b550 15355 04da0 0a5b0 14573 052b0 0a9a8 0e950 06aa0 "
    "0aea6 0ab50 04b60 0aae4 0a570 05260 0f263 0d950 05b57 056a0 096d0 04dd5 04ad0 0a4d0 0d4d4 0d250 0d558 0b540 0b6a0 195a6 "
    "095b0 049b0 0a974 0a4b0 0b27a 06a50 06d40 0af46 0ab60 09570 04af5 04970 064b0 074a3 0ea50 06b58 05ac0 0ab60 096d5 092e0 "
    "0c960 0d954 0d4a0 0da50 07552 056a0 0abb7 025d0 092d0 0cab5 0a950 0b4a0 0baa4 0ad50 055d9 04ba0 0a5b0 15176 052b0 0a930 "
    "07954 06aa0 0ad50 05b52 04b60 0a6e6 0a4e0 0d260 0ea65 0d530 05aa0 076a3 096d0 04afb 04ad0 0a4d0 1d0b6 0d250 0d520 0dd45 "
    "0b5a0 056d0 055b2 049b0 0a577 0a4b0 0aa50 1b255 06d20 0ada0 14b63"
)


def _months() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First day (days since 1970), lunar year and lunar month of every lunar month in the table, in order."""
    begin = (date(1900, 1, 31) - date(1970, 1, 1)).days
    firsts, years, months = [], [], []
    for offset, code in enumerate(int(text, 16) for text in _YEARS.split()):
        leap = code & 0xF
        for month in range(1, 13):
            lengths = [30 if code & (0x10000 >> month) else 29]
            if month == leap:
                lengths.append(30 if code & 0x10000 else 29)
            for length in lengths:
                firsts.append(begin)
                years.append(1900 + offset)
                months.append(month)
                begin += length
    return np.array(firsts), np.array(years), np.array(months)


def lunar_dates(days: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lunar year, month and day of each solar day.

    Args:
        days: days since 1970-01-01, from 1900-01-31 on.
    """
    firsts, years, months = _months()
    place = np.clip(np.searchsorted(firsts, days, side="right") - 1, 0, len(firsts) - 1)
    return years[place], months[place], days - firsts[place] + 1
