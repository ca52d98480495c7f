"""Numbers, months and moments as a reader sees them.

What belongs here: rounding of decimals, separators, units, signs, changes against a base. What does not: words (`texts.py`), where the
numbers come from (`data.py`) and how they look (`components.py`, `charts.py`). Values stay `Decimal` until they are text; what is null is
`EMPTY`, never `nan` or `None`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from reports.texts import text
from warehouse.periods import Period

EMPTY = "—"
MINUS = "−"
OFFICE_TIME = ZoneInfo("Asia/Shanghai")
_PERCENT = Decimal(100)


@dataclass(frozen=True)
class MoneyUnit:
    """A unit that money is read in.

    Attributes:
        code: `yuan`, `wan`, `yi`.
        yuan: how many yuan one is.
        decimals: decimals it is shown with.
    """

    code: str
    yuan: Decimal
    decimals: int

    @property
    def name(self) -> str:
        """元, 万元, 亿元."""
        return text(f"unit.{self.code}")


MONEY_UNITS = {
    "yuan": MoneyUnit("yuan", Decimal(1), 2),
    "wan": MoneyUnit("wan", Decimal(10_000), 2),
    "yi": MoneyUnit("yi", Decimal(100_000_000), 4),
}


def number(value: Decimal | int | None, decimals: int = 0) -> str:
    """A number with separators, rounded half away from zero; a negative one with a minus as long as a plus."""
    if value is None:
        return EMPTY
    rounded = rounded_to(Decimal(value), decimals)
    return f"{rounded:,.{decimals}f}".replace("-", MINUS)


def rounded_to(value: Decimal, decimals: int) -> Decimal:
    """A decimal rounded half away from zero, never minus zero."""
    rounded = value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return abs(rounded) if rounded == 0 else rounded


def money(value: Decimal | None, unit: MoneyUnit) -> str:
    """Yuan in the unit asked for, without its name."""
    return EMPTY if value is None else number(value / unit.yuan, unit.decimals)


def percent(value: Decimal | None, decimals: int = 2) -> str:
    """A ratio as a percentage: 0.2186 is 21.86%."""
    return EMPTY if value is None else f"{number(value * _PERCENT, decimals)}%"


@dataclass(frozen=True)
class Measured:
    """What kind of number an indicator or measure is: enough to print it.

    Attributes:
        value_unit: unit of the published value: `yuan`, `person`, `ratio`, …
        unit_zh: unit that it is shown in.
        decimals: decimals that it is shown with.
    """

    value_unit: str
    unit_zh: str
    decimals: int

    @property
    def is_rate(self) -> bool:
        """Shown in per cent, compared in percentage points."""
        return self.value_unit == "ratio" and "%" in self.unit_zh

    @property
    def is_money(self) -> bool:
        """An amount that the reader's unit applies to."""
        return self.value_unit == "yuan"

    def show(self, value: Decimal | None, unit: MoneyUnit) -> str:
        """The value without its unit's name; the per cent sign belongs to it."""
        if self.is_money:
            return money(value, unit)
        return percent(value, self.decimals) if self.is_rate else number(value, self.decimals)

    def unit_name(self, unit: MoneyUnit) -> str:
        """The unit's name; empty for a percentage."""
        if self.is_money:
            return unit.name
        return "" if self.is_rate else self.unit_zh

    def plotted(self, value: Decimal | None, unit: MoneyUnit) -> float | None:
        """The value as a figure draws it: in the shown unit and with the shown decimals."""
        if value is None:
            return None
        if self.is_money:
            return float(rounded_to(value / unit.yuan, unit.decimals))
        return float(rounded_to(value * _PERCENT if self.is_rate else value, self.decimals))


@dataclass(frozen=True)
class Change:
    """A value against its base.

    Attributes:
        value: relative change of an amount or count; difference of a rate; None where there is none.
        is_points: the change is one of percentage points.
        reason: key of the text that says why there is none.
    """

    value: Decimal | None
    is_points: bool
    reason: str | None = None

    @property
    def direction(self) -> int:
        """1 up, -1 down, 0 unchanged as printed or none."""
        if self.value is None:
            return 0
        shown = rounded_to(self.value * _PERCENT, 2)
        return (shown > 0) - (shown < 0)

    def show(self) -> str:
        """`↑1.25%`, `↓0.30个百分点`, 持平, or `EMPTY`."""
        if self.value is None:
            return EMPTY
        if self.direction == 0:
            return text("change.none")
        shown = f"{'↑' if self.direction > 0 else '↓'}{number(abs(self.value) * _PERCENT, 2)}"
        return text("change.points", points=shown) if self.is_points else f"{shown}%"


def change(value: Decimal | None, base: Decimal | None, *, is_rate: bool, no_base: str) -> Change:
    """A value against its base: percentage points for a rate, per cent for anything else.

    Args:
        value: the value.
        base: the value that it is compared with.
        is_rate: the two are rates.
        no_base: key of the text to show where the base is missing.

    Returns:
        The change; none where a side is missing, and of amounts none against a base of zero or below.
    """
    if value is None:
        return Change(None, is_rate, "reason.no_value")
    if base is None:
        return Change(None, is_rate, no_base)
    if is_rate:
        return Change(value - base, is_points=True)
    if base <= 0:
        return Change(None, is_points=False, reason="reason.base_not_positive")
    return Change((value - base) / base, is_points=False)


def month_name(period: str | Period) -> str:
    """`2025-06` in words: 2025年6月."""
    month = Period.parse(str(period))
    return text("month.name", year=month.year, month=month.month)


def moment(at: datetime | str | None) -> str:
    """A moment of the register or a release (UTC where it does not say) in office time, to the minute."""
    if at is None:
        return EMPTY
    parsed = datetime.fromisoformat(at) if isinstance(at, str) else at
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    return f"{parsed.astimezone(OFFICE_TIME):%Y-%m-%d %H:%M}"


def file_size(size: int) -> str:
    """Bytes as a reader knows them."""
    if size < 1024 * 1024:
        return f"{number(Decimal(size) / 1024, 0 if size >= 10240 else 1)} KB"
    return f"{number(Decimal(size) / 1024 / 1024, 1)} MB"
