"""The monthly close: when a month may be closed, the stages in their order, and approval.

What belongs here: the rules that stop a close before anything is built, the order of the stages, progress. What does not: the stages
themselves (`stages.py`), what a month needs (`expected.py`), and how things are printed (`cli.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from orchestration import stages
from orchestration.case_steps import record_case_steps
from orchestration.expected import MonthNeeds, Office, needs_of, previous_on_record
from orchestration.stages import CheckSummary, CloseOptions
from warehouse import releases
from warehouse.errors import CloseRefusedError, UsageError
from warehouse.landing import ReceiveResult, receive
from warehouse.periods import Period
from warehouse.register import Register, ReleaseRow, current_user, new_run_id
from warehouse.settings import Settings

Say = Callable[[str, int | None, float], None]


@dataclass
class CloseResult:
    """What a close did.

    Attributes:
        period: the month.
        release: the release now in force.
        published: whether this close published it; False when nothing was new.
        received: what was received on the way, where an inbox was named.
        checks: how the checks came out; None when nothing was built.
        package: folder of the report package; None when nothing was built.
        to_close_again: later provisional months, which rest on the earlier release of this one, in order.
        seconds: of each stage.
    """

    period: Period
    release: ReleaseRow
    published: bool
    received: ReceiveResult | None = None
    checks: CheckSummary | None = None
    package: Path | None = None
    to_close_again: tuple[Period, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)


def close_month(
    settings: Settings,
    period: Period,
    *,
    inbox: Path | None = None,
    without: tuple[Office, ...] = (),
    in_force: tuple[Office, ...] = (),
    full: bool = False,
    say: Say | None = None,
) -> CloseResult:
    """Close a month: receive, build, match persons, check, publish a provisional release, write the report package.

    Args:
        settings: the home.
        period: the month.
        inbox: deliveries to receive first; None when they are received already.
        without: offices to go on without, for this month alone.
        in_force: offices whose accepted delivery is used although a newer one was refused.
        full: run every test of the dbt project before publishing.
        say: called after each stage with its title, rows and seconds.

    Raises:
        CloseRefusedError: the month cannot be closed as things stand; nothing was published.
        UsageError: `without` or `in_force` names an office that it cannot name.
    """
    timer = _Timer(say)
    run = new_run_id()
    with stages.locked(settings), Register(settings.register) as register:
        releases.mend(settings, register)
        received = None
        if inbox is not None:
            with timer.stage("接收 receive") as done:
                received = receive(settings, inbox)
                done(sum(row.rows_landed or 0 for row in received.accepted))
        options = CloseOptions(without=tuple(sorted(set(without))), in_force=tuple(sorted(set(in_force))))
        may_be_closed(settings, register, period, options)
        fingerprint = stages.fingerprint_of(settings, register, period, options)
        standing = register.in_force(str(period))
        if standing is not None and standing.warehouse_fingerprint == fingerprint:
            # A close that was cut short after publishing has not recorded them.
            record_case_steps(settings, register, standing, who=current_user(), run=run)
            return CloseResult(period, standing, published=False, received=received, seconds=timer.seconds)
        with timer.stage("准备 prepare") as done:
            done(stages.prepare(settings, register, period, options))
        with timer.stage("统一记录 unify records") as done:
            done(stages.build_records(settings).models)
        with timer.stage("识别人员 match persons") as done:
            done(stages.match_persons(settings, period).persons)
        with timer.stage("计算指标 compute numbers") as done:
            done(stages.build_numbers(settings).models)
        if full:
            with timer.stage("全部测试 all tests") as done:
                done(stages.run_all_tests(settings).tests)
        with timer.stage("审核 check") as done:
            checks = stages.gate(settings, period)
            done(checks.passed + checks.failed + checks.not_run)
        with timer.stage("发布 publish"):
            release, _ = stages.publish(settings, register, period, who=current_user(), run=run)
        with timer.stage("报表 reports"):
            package = stages.write_reports(settings, period)
        later = tuple(Period.parse(month) for month in register.all_in_force() if month > str(period))
    return CloseResult(period, release, True, received, checks, package, later, timer.seconds)


def approve(settings: Settings, period: Period, name: str) -> ReleaseRow:
    """Freeze a month: its release in force is approved, its reports say so, later changes need a restatement.

    Raises:
        CloseRefusedError: the month is not closed, approved already, or an earlier month on record is not approved.
        UsageError: nobody is named.
    """
    if not name.strip():
        message = "an approval needs the name of whoever approves: --as NAME"
        raise UsageError(message)
    with stages.locked(settings), Register(settings.register) as register:
        releases.mend(settings, register)
        standing = register.in_force(str(period))
        if standing is None:
            message = f"{period} is not closed: close it first with `tongchou close {period}`"
            raise CloseRefusedError(message)
        if standing.state == "approved":
            message = f"{period} is approved already: {standing.release}, by {standing.state_by} on {standing.state_at[:10]}"
            raise CloseRefusedError(message)
        in_force = register.all_in_force()
        earlier = [month for month in _months_before(settings, period) if month not in in_force or in_force[month].state != "approved"]
        if earlier:
            message = f"{period} cannot be approved before {', '.join(earlier)}: approve earlier months first, in order"
            raise CloseRefusedError(message)
        _refuse_stale(register, standing)
        release = register.approve(str(period), name, new_run_id())
        releases.mend(settings, register)
        # The package of the release says 暂定 until it is written again.
        stages.write_reports(settings, period)
    return release


def _refuse_stale(register: Register, standing: ReleaseRow, *, before: Period | None = None) -> None:
    """Refuse to freeze, or to build the next month on, a release that rests on other releases of earlier months than those in force now.

    An approved month is frozen as it is: it does not change any more, whatever earlier months came to be.
    """
    if before is not None and standing.state == "approved":
        return
    in_force = {row.release for month, row in register.all_in_force().items() if month < standing.period}
    replaced = sorted(set(standing.earlier_releases) - in_force)
    added = sorted(in_force - set(standing.earlier_releases))
    if not replaced and not added:
        return
    reason = f"rests on {', '.join(replaced)}, which was replaced since" if replaced else f"does not rest on {', '.join(added)}"
    ending = "then approve it" if before is None else f"then {before}"
    message = f"{standing.period} {reason}: close {standing.period} again (`tongchou close {standing.period}`), {ending}"
    raise CloseRefusedError(message)


def _months_before(settings: Settings, period: Period) -> list[str]:
    from warehouse.landing import months_on_record

    return [str(month) for month in months_on_record(settings) if month < period]


def may_be_closed(settings: Settings, register: Register, period: Period, options: CloseOptions) -> MonthNeeds:
    """Whether a month may be closed as things stand.

    Raises:
        CloseRefusedError: it may not, and why, and what to do.
        UsageError: an option names an office that it cannot name.
    """
    standing = register.in_force(str(period))
    if standing is not None and standing.state == "approved":
        message = (
            f"{period} is approved ({standing.release}, by {standing.state_by} on {standing.state_at[:10]}) and does not change any more; "
            f"what came later needs a restatement: `tongchou restate {period} --as NAME --reason TEXT`"
        )
        raise CloseRefusedError(message)
    previous = previous_on_record(settings, period)
    if previous is not None and register.in_force(str(previous)) is None:
        message = f"{period} cannot be closed before {previous}, which is on record and not closed: `tongchou close {previous}` first"
        raise CloseRefusedError(message)
    if previous is not None:
        _refuse_stale(register, register.in_force(str(previous)), before=period)
    needs = needs_of(settings, period)
    known = set(needs.expected) | set(needs.in_force) | set(needs.refused_offices)
    for office in (*options.without, *options.in_force):
        if office not in known:
            listed = ", ".join(str(one) for one in sorted(known))
            message = f"{office} owes nothing for {period}: expected are {listed}"
            raise UsageError(message)
    for office in options.without:
        if office in needs.in_force:
            message = (
                f"{office} has delivered {period} (number {needs.in_force[office].delivery_no} is in force): leave out --without {office}"
            )
            raise UsageError(message)
    for office in options.in_force:
        if office not in needs.in_force:
            message = f"{office} has no accepted delivery for {period} to go on with: use --without {office} or wait for its delivery"
            raise UsageError(message)
        if office not in needs.refused_offices:
            message = f"{office} has no refused delivery for {period} after the one in force: leave out --in-force {office}"
            raise UsageError(message)
    missing = [office for office in needs.missing if office not in options.without]
    refused = [
        row
        for row in needs.refused
        if Office(row.system, row.office) not in options.without and Office(row.system, row.office) not in options.in_force
    ]
    if missing or refused:
        raise CloseRefusedError(_what_is_lacking(period, missing, refused, needs))
    return needs


def _what_is_lacking(period: Period, missing: list[Office], refused: list, needs: MonthNeeds) -> str:
    lines = [f"{period} cannot be closed yet:"]
    lines += [f"  {office} has not delivered {period}; wait for it, or go on without it: --without {office}" for office in missing]
    for row in refused:
        office = Office(row.system, row.office)
        number = "without a number" if row.delivery_no is None else f"number {row.delivery_no}"
        way_on = f"--in-force {office}" if office in needs.in_force else f"--without {office}"
        lines.append(f"  {office} delivered {period} {number}, which was refused ({row.reason}); have it sent again, or go on: {way_on}")
    return "\n".join(lines)


class _Timer:
    """Says what each stage took."""

    def __init__(self, say: Say | None) -> None:
        self.say = say
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, title: str) -> Iterator[Callable[[int], None]]:
        counted: list[int] = []
        began = time.perf_counter()
        yield counted.append
        self.seconds[title] = time.perf_counter() - began
        if self.say is not None:
            self.say(title, counted[-1] if counted else None, self.seconds[title])
