"""An inbox looked through: deliveries landed atomically, a receipt for every judgement.

What belongs here: which folders are deliveries, which of them are looked at, in what order, and how a judged delivery becomes part of
landing. What does not: the judgement (`judging.py`), and what receipts say together (`receipts.py`).

A delivery is written to `<home>/landing/.incoming/<random>/`, made durable, and renamed into its place: a kill at any instant leaves
nothing or all of it. What a killed receive left under `.incoming` is swept by the next one; a lock keeps two from sweeping each other.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import duckdb

from warehouse.errors import TongchouError, UsageError
from warehouse.settings import Settings

from .inbox import Found, files_of, folders, look_at, path_notes
from .judging import engine, judge
from .manifest import MANIFEST, Identity, RefusedError
from .receipts import (
    NUMBER_IN_USE,
    RECEIPT,
    RECEIPTS,
    Delivery,
    Receipt,
    delivery_id_of,
    folder_of,
    ledger_of,
    read_receipts,
    shown_name,
)

INCOMING = ".incoming"
_RECEIVING = "receiving"
_JUDGING = "judging"


class LandingError(TongchouError):
    """Landing cannot be written."""


@dataclass
class ReceiveResult:
    """What one look through an inbox came to.

    Attributes:
        accepted: deliveries landed now, in force or superseded.
        refused: deliveries refused now, each with its reason.
        unchanged: folders on record that have not changed, or that repeat what is on record.
        waiting: folders still in motion.
        ignored: folders that are no delivery, with what was found.
    """

    accepted: list[Delivery] = field(default_factory=list)
    refused: list[Delivery] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    @property
    def rows_rejected(self) -> int:
        """Rejected rows of the deliveries accepted now."""
        return sum(row.rows_rejected for row in self.accepted)


def receive(
    settings: Settings,
    inbox: Path | str,
    *,
    dry_run: bool = False,
    settling_seconds: float = 0,
    only: tuple[str | None, str | None, str | None] | None = None,
    on_progress: Callable[[str], None] | None = None,
) -> ReceiveResult:
    """Look through an inbox, land what is right, refuse what is not.

    Args:
        settings: the home.
        inbox: the folder that holds `<system>/<period>/<office>/` folders.
        dry_run: judge, and write nothing.
        settling_seconds: a folder whose newest file is younger waits.
        only: system, period and office of the deliveries meant; None stands for any.
        on_progress: told one line per delivery.

    Raises:
        UsageError: there is no such inbox.
        LandingError: landing cannot be written.
    """
    inbox = Path(inbox).expanduser()
    if not inbox.is_dir():
        message = f"{inbox} is no folder; expected an inbox with folders <system>/<period>/<office>"
        raise UsageError(message)
    say = on_progress or (lambda _: None)
    with nullcontext() if dry_run else _landing_lock(settings, say), _scratch(settings, dry_run) as scratch:
        return _Receiving(settings, dry_run, settling_seconds, say, scratch).run(inbox.resolve(), only)


class _Receiving:
    """One look through an inbox."""

    def __init__(self, settings: Settings, dry_run: bool, settling_seconds: float, say: Callable[[str], None], scratch: Path) -> None:
        self._settings = settings
        self._scratch = scratch
        self._dry_run = dry_run
        self._settling_seconds = settling_seconds
        self._say = say
        self._receipts = read_receipts(settings)
        self._last = {row.inbox_folder: row for row in self._receipts}
        self._new: list[Receipt] = []
        self._result = ReceiveResult()

    def run(self, inbox: Path, only: tuple[str | None, str | None, str | None] | None) -> ReceiveResult:
        found = []
        for folder, files in folders(inbox, lambda folder: self._ignore(folder, inbox, f"table files without {MANIFEST}")):
            one = look_at(folder, files, inbox)
            if one is None:
                self._ignore(folder, inbox, f"{MANIFEST} cannot be read")
            elif only is None or all(wanted in (None, part) for wanted, part in zip(only, one.whose, strict=True)):
                found.append(one)
        for one in sorted(found, key=lambda one: one.order):
            self._judge(one)
        ledger = ledger_of(self._receipts + self._new, self._settings)
        rows = {(row.inbox_folder, row.received_at): row for row in ledger}
        for receipt in self._new:
            row = rows.get((receipt.inbox_folder, receipt.received_at))
            if row is not None:
                (self._result.refused if row.status == "refused" else self._result.accepted).append(row)
        return self._result

    def _ignore(self, folder: Path, inbox: Path, what: str) -> None:
        place = shown_name(folder.relative_to(inbox).as_posix())
        self._result.ignored.append(f"{place}: {what}, and the path is not <system>/<period>/<office>, so nobody knows whose it is")

    def _judge(self, one: Found) -> None:
        """Look at one folder, unless nothing about it has changed or it is still in motion."""
        last = self._last.get(one.place)
        if last is not None and last.fingerprint == one.files:
            self._result.unchanged.append(one.place)
            return
        if self._is_in_motion(one):
            self._result.waiting.append(one.place)
            self._say(f"{one.place}: still in motion, looked at later")
            return
        started = time.monotonic()
        system, period, office = one.whose
        receipt = Receipt(
            status="refused",
            system=system,
            period=period,
            office=office,
            delivery_no=one.identity.delivery_no if one.identity else None,
            received_at=datetime.now(UTC).isoformat(timespec="microseconds"),
            inbox_folder=one.place,
            fingerprint=one.files,
            rows_delivered=one.manifest.rows if one.manifest else None,
            extracted_at=one.manifest.extracted_at if one.manifest else None,
            checksums=one.manifest.checksums if one.manifest else {},
        )
        scratch = self._scratch / uuid.uuid4().hex
        stage = scratch / "stage" if self._dry_run else self._settings.landing / INCOMING / uuid.uuid4().hex
        try:
            scratch.mkdir(parents=True)
            stage.mkdir(parents=True)
            try:
                receipt = self._decide(one, receipt, stage, scratch)
            except RefusedError as refusal:
                receipt = replace(receipt, reason=str(refusal))
            if files_of(one.folder) != one.files:
                # Whatever was read, part of it has changed since: a share is still copying.
                self._result.waiting.append(one.place)
                self._say(f"{one.place}: changed while it was read, looked at later")
                return
            if not self._dry_run:
                self._keep(receipt, stage)
        except OSError as error:
            message = f"{error.filename or self._settings.landing} cannot be written: {error.strerror}; nothing of {one.place} was landed"
            raise LandingError(message) from error
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            message = f"{one.place} could not be landed: {type(error).__name__} under {self._settings.home}; is the disk full?"
            raise LandingError(message) from error
        finally:
            shutil.rmtree(stage, ignore_errors=True)
            shutil.rmtree(scratch, ignore_errors=True)
        self._remember(receipt, time.monotonic() - started)

    def _decide(self, one: Found, receipt: Receipt, stage: Path, scratch: Path) -> Receipt:
        """The receipt of a folder that must be judged.

        Raises:
            RefusedError: it is refused.
        """
        if one.manifest is None:
            raise one.refusal or RefusedError("manifest missing", f"{MANIFEST} is not in the folder")
        accepted = self._accepted(one.manifest.identity)
        if accepted is not None:
            _check_repetition(one, accepted)
            return replace(receipt, status="repeated")
        judgement = judge(self._engine, one.folder, one.manifest, sorted(one.files), stage, scratch)
        return replace(
            receipt,
            status="accepted",
            rows_delivered=sum(table.rows_delivered for table in judgement.tables),
            rows_landed=sum(table.rows_landed for table in judgement.tables),
            rows_rejected=sum(table.rows_rejected for table in judgement.tables),
            note="; ".join(judgement.notes + path_notes(one)) or None,
            tables=tuple(judgement.tables),
        )

    @cached_property
    def _engine(self) -> duckdb.DuckDBPyConnection:
        return engine(self._scratch)

    def _accepted(self, identity: Identity) -> Receipt | None:
        for row in self._receipts + self._new:
            if row.status == "accepted" and delivery_id_of(row) == identity.delivery_id:
                return row
        return None

    def _keep(self, receipt: Receipt, stage: Path) -> None:
        """Make the judgement part of landing."""
        office = folder_of(self._settings, receipt.system, receipt.period, receipt.office)
        if receipt.status == "accepted":
            (stage / RECEIPT).write_bytes(receipt.to_json())
            for path in sorted(stage.iterdir()):
                path.chmod(0o444)
            _make_durable(*stage.iterdir(), stage)
            office.mkdir(parents=True, exist_ok=True)
            stage.rename(office / str(receipt.delivery_no))
            _make_durable(office, *list(office.parents)[:3])
            return
        written = stage / RECEIPT
        written.write_bytes(receipt.to_json())
        written.chmod(0o444)
        _make_durable(written)
        folder = office / RECEIPTS
        folder.mkdir(parents=True, exist_ok=True)
        stamp = re.sub(r"[^0-9T]", "", receipt.received_at.removesuffix("+00:00"))
        written.rename(folder / f"{stamp}-{uuid.uuid4().hex[:8]}.json")
        _make_durable(folder, *list(folder.parents)[:4])

    def _remember(self, receipt: Receipt, seconds: float) -> None:
        name = f"{receipt.system} {receipt.period} {receipt.office}" + (f" #{receipt.delivery_no}" if receipt.delivery_no else "")
        self._new.append(receipt)
        self._last[receipt.inbox_folder] = receipt
        if receipt.status == "refused":
            self._say(f"{name}: refused, {receipt.reason}")
        elif receipt.status == "repeated":
            self._result.unchanged.append(receipt.inbox_folder)
        else:
            self._say(f"{name}: accepted, {receipt.rows_landed} rows landed, {receipt.rows_rejected} rejected, {seconds:.1f} s")

    def _is_in_motion(self, one: Found) -> bool:
        newest = max((time_ns for _, time_ns in one.files.values()), default=0)
        return self._settling_seconds > 0 and time.time() - newest / 1e9 < self._settling_seconds


def _check_repetition(one: Found, accepted: Receipt) -> None:
    """An accepted number that comes again must be what was accepted.

    Raises:
        RefusedError: it is something else.
    """
    import hashlib

    assert one.manifest is not None
    checksums = dict(one.manifest.checksums)
    for entry in one.manifest.entries:
        path = one.folder / entry.file
        # Files may have been tidied away since; those that are there must be the same.
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                checksums[entry.table] = hashlib.file_digest(file, "sha256").hexdigest()
    if len(one.manifest.entries) == len(checksums) and checksums == accepted.checksums:
        return
    differing = [table for table in {**checksums, **accepted.checksums} if checksums.get(table) != accepted.checksums.get(table)]
    tables = ", ".join(map(shown_name, differing)) or MANIFEST
    raise RefusedError(
        NUMBER_IN_USE,
        f"delivery_no {accepted.delivery_no} was accepted on {accepted.received_at[:10]}, now {tables} differ; expected a new delivery_no",
    )


@contextmanager
def _landing_lock(settings: Settings, say: Callable[[str], None]) -> Iterator[None]:
    """One receive at a time; leftovers of a killed one are swept."""
    try:
        settings.landing.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(settings.landing / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        message = f"{settings.landing} cannot be written: {error.strerror}"
        raise LandingError(message) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another receive is at work, waiting for it")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        shutil.rmtree(settings.landing / INCOMING, ignore_errors=True)
        day_ago = time.time() - 24 * 60 * 60
        left = [
            *settings.work.glob(f"{_RECEIVING}-*"),
            *(path for path in settings.work.glob(f"{_JUDGING}-*") if path.stat().st_mtime < day_ago),
        ]
        for scratch in left:
            shutil.rmtree(scratch, ignore_errors=True)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _scratch(settings: Settings, dry_run: bool) -> Iterator[Path]:
    """A folder for what is on the way. A dry run holds no lock, so its folder has another name, swept only a day later."""
    scratch = settings.work / f"{_JUDGING if dry_run else _RECEIVING}-{uuid.uuid4().hex}"
    try:
        settings.work.mkdir(parents=True, exist_ok=True)
        # Rows of persons pass through it.
        scratch.mkdir(mode=0o700)
    except OSError as error:
        message = f"{scratch} cannot be written: {error.strerror}"
        raise LandingError(message) from error
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _make_durable(*paths: Path) -> None:
    """On disk, whatever happens to the machine."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
