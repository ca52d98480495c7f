"""What `tongchou status` says: months, their states, and what to do next.

What belongs here: reading ledger and register into one line per month. What does not: rules of the close (`close.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestration import stages
from orchestration.close import may_be_closed
from orchestration.expected import Office, needs_of
from orchestration.stages import CloseOptions
from warehouse.errors import CloseRefusedError
from warehouse.landing import deliveries, months_on_record
from warehouse.periods import Period
from warehouse.register import Register, ReleaseRow
from warehouse.settings import Settings

STATES = {None: "未月结 open", "provisional": "暂定 provisional", "approved": "已批准 approved"}


@dataclass(frozen=True)
class MonthStatus:
    """One month, for the terminal."""

    period: Period
    state: str
    release: str | None
    delivered: int
    missing: str
    refused: str
    next_step: str


def months_and_next(settings: Settings, only: Period | None = None) -> list[MonthStatus]:
    """Every month on record (or the one asked for), oldest first."""
    months = [only] if only else sorted({*months_on_record(settings), *_months_refused(settings)})
    with Register(settings.register, read_only=True) as register:
        return [_status(settings, register, month) for month in months]


def _months_refused(settings: Settings) -> set[Period]:
    """Months of which nothing landed, because all that came was refused."""
    return {Period.parse(row.period) for row in deliveries(settings) if row.status == "refused"}


def _status(settings: Settings, register: Register, month: Period) -> MonthStatus:
    needs = needs_of(settings, month)
    standing = register.in_force(str(month))
    excused = {Office.parse(text) for text in standing.without} if standing else set()
    missing = [office for office in needs.missing if office not in excused]
    return MonthStatus(
        period=month,
        state=STATES[standing.state if standing else None],
        release=standing.release if standing else None,
        delivered=len(needs.in_force),
        missing=" ".join(str(office) for office in needs.missing),
        refused=" ".join(f"{office} ({row.reason.split(':')[0]})" for row in needs.refused for office in [Office(row.system, row.office)]),
        next_step=_next_step(settings, register, month, standing, blocked=bool(missing or needs.refused)),
    )


def _next_step(settings: Settings, register: Register, month: Period, standing: ReleaseRow | None, *, blocked: bool) -> str:
    if standing is not None and standing.state == "approved":
        return ""
    options = CloseOptions(
        without=tuple(Office.parse(text) for text in standing.without) if standing else (),
        in_force=tuple(Office.parse(text) for text in standing.in_force) if standing else (),
    )
    if standing is not None:
        if standing.warehouse_fingerprint == stages.fingerprint_of(settings, register, month, options):
            return f"tongchou approve {month} --as NAME"
        return f"有新内容 something is new: tongchou close {month}"
    if blocked:
        return "等待交付 wait for deliveries, or see `tongchou close` --without / --in-force"
    try:
        may_be_closed(settings, register, month, options)
    except CloseRefusedError as refusal:
        return str(refusal).splitlines()[0]
    return f"tongchou close {month}"
