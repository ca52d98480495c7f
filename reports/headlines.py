"""Which indicators head the overview, scheme by scheme, and which the figures draw.

What belongs here: codes of the catalogue and the period type they are shown for, in order. What does not: what an indicator is (the
catalogue, published with each release) and its values (`data.py`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Headline:
    """An indicator on a card.

    Attributes:
        code: of the catalogue.
        period_type: of the value in large type: `point` or `month`.
        has_year_to_date: whether the year so far stands below it.
    """

    code: str
    period_type: str = "month"
    has_year_to_date: bool = False


_INSURED = Headline("ENR-01", "point")
_FUND = (Headline("INC-01", has_year_to_date=True), Headline("EXP-01", has_year_to_date=True))
_SURPLUS = (Headline("SUR-01", has_year_to_date=True), Headline("SUR-02", "point"))
_CARE = (
    Headline("UTL-01", has_year_to_date=True),
    Headline("UTL-06", has_year_to_date=True),
    Headline("CST-02", has_year_to_date=True),
    Headline("BEN-01", has_year_to_date=True),
)
_HEADLINES: dict[str, tuple[Headline, ...]] = {
    "all": (_INSURED, *_FUND, *_SURPLUS, *_CARE, Headline("BEN-02", has_year_to_date=True)),
    "employee": (_INSURED, *_FUND, *_SURPLUS, *_CARE, Headline("SUR-06", "point")),
    "resident": (_INSURED, *_FUND, *_SURPLUS, *_CARE, Headline("SUR-05", "point")),
    "rural": (_INSURED, *_FUND, *_SURPLUS, *_CARE, Headline("SUR-05", "point")),
    "maternity": (
        _INSURED,
        *_FUND,
        *_SURPLUS,
        Headline("MAT-04", has_year_to_date=True),
        Headline("MAT-05", has_year_to_date=True),
        Headline("MAT-08", has_year_to_date=True),
    ),
}

INSURED = "ENR-01"
INCOME = "INC-01"
EXPENDITURE = "EXP-01"
SURPLUS = "SUR-01"

# What the reader may choose for the last figure of the overview, where the release has it for the scheme.
TREND_CHOICES = (
    "UTL-06",
    "UTL-01",
    "UTL-04",
    "UTL-07A",
    "CST-01",
    "CST-02",
    "CST-05",
    "BEN-01",
    "BEN-02",
    "INC-01",
    "EXP-01",
    "SUR-02",
    "SUR-05",
    "SUR-06",
    "ENR-01",
    "ENR-04",
    "MAT-04",
    "MAT-05",
    "MAT-08",
)


DISPLAYED = tuple(
    sorted({line.code for lines in _HEADLINES.values() for line in lines} | {INSURED, INCOME, EXPENDITURE, SURPLUS, *TREND_CHOICES})
)


def headlines(scheme: str) -> tuple[Headline, ...]:
    """The cards of a scheme, in order."""
    return _HEADLINES[scheme]
