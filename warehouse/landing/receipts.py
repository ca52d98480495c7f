"""Receipts, and the ledger of deliveries derived from them alone.

What belongs here: the form of a receipt, and what the receipts in landing say together: which deliveries there are, which are in force,
where their files lie. What does not: writing landing (`receiving.py`).

Landing holds `<system>/<period>/<office>/<delivery_no>/receipt.json` beside the Parquet of every accepted delivery, and
`<system>/<period>/<office>/receipts/*.json` for every other judgement: refusals, and accepted deliveries seen again.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from warehouse.contracts import load_contracts
from warehouse.errors import TongchouError
from warehouse.periods import Period
from warehouse.settings import Settings

RECEIPT = "receipt.json"
RECEIPTS = "receipts"
REJECTS = "rejects.parquet"
NUMBER_IN_USE = "number in use"


class ReceiptError(TongchouError):
    """A receipt in landing cannot be read."""


@dataclass(frozen=True)
class TableReceipt:
    """What became of one table.

    Attributes:
        table: its name in the contract.
        file: the file it came in.
        sha256: the file's checksum.
        rows_delivered: records of the file; `rows_landed` + `rows_rejected`.
        rows_landed: rows in landing.
        rows_rejected: rows in `rejects.parquet`.
        rejected_by_reason: rejected rows by reason.
        control_totals: by column the sums `delivered`, `landed`, `rejected`, exact decimals as text.
    """

    table: str
    file: str
    sha256: str
    rows_delivered: int
    rows_landed: int
    rows_rejected: int
    rejected_by_reason: dict[str, int] = field(default_factory=dict)
    control_totals: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Receipt:
    """One judgement of one folder of an inbox.

    Attributes:
        status: `accepted`, `refused`, or `repeated` (an accepted delivery that came again).
        system: the delivering system, as period, office and number from the manifest, else from the path.
        period: `YYYY-MM`.
        office: division code.
        delivery_no: None where the manifest is missing or does not say it.
        received_at: when, ISO 8601 in UTC.
        inbox_folder: `system/period/office` of the folder, what a second look at it is known by.
        fingerprint: size and time of every file of the folder, by name.
        rows_delivered: None for an unreadable manifest.
        rows_landed: 0 for a refusal.
        rows_rejected: 0 for a refusal.
        reason: why it was refused.
        note: what was accepted but not landed.
        extracted_at: as the manifest says.
        checksums: by table, all that the manifest lists.
        tables: what became of each table of the contract.
    """

    status: Literal["accepted", "refused", "repeated"]
    system: str
    period: str
    office: str
    delivery_no: int | None
    received_at: str
    inbox_folder: str
    fingerprint: dict[str, list[int]]
    rows_delivered: int | None
    rows_landed: int = 0
    rows_rejected: int = 0
    reason: str | None = None
    note: str | None = None
    extracted_at: str | None = None
    checksums: dict[str, str] = field(default_factory=dict)
    tables: tuple[TableReceipt, ...] = ()

    def to_json(self) -> bytes:
        """The receipt as it is stored."""
        return json.dumps({"receipt": 1, **asdict(self)}, ensure_ascii=False, indent=1).encode("utf-8") + b"\n"

    @classmethod
    def from_file(cls, path: Path) -> Receipt:
        """Read a stored receipt.

        Raises:
            ReceiptError: it is none.
        """
        try:
            stored: dict[str, Any] = json.loads(path.read_bytes())
            stored.pop("receipt")
            stored["tables"] = tuple(TableReceipt(**table) for table in stored["tables"])
            return cls(**stored)
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"{path} is no receipt ({type(error).__name__}), expected one as receive writes it; restore the file from a backup"
            raise ReceiptError(message) from error


@dataclass(frozen=True)
class Delivery:
    """One row of the ledger of deliveries.

    Attributes:
        system: the delivering system.
        period: `YYYY-MM`.
        office: division code.
        delivery_no: None where the manifest is missing or does not say it.
        status: `accepted`, `refused` or `superseded`.
        received_at: when, ISO 8601 in UTC.
        rows_delivered: None for an unreadable manifest.
        rows_landed: rows in landing.
        rows_rejected: rejected rows.
        reason: None unless refused.
        note: what was accepted but not landed.
        is_in_force: accepted, and no higher number was.
        delivery_id: what its rows in landing carry, None for a refusal.
        content_sha256: checksum by table, as delivered.
        tables: what became of each table.
        folder: where it lies in landing, None for a refusal.
        inbox_folder: where it came from.
    """

    system: str
    period: str
    office: str
    delivery_no: int | None
    status: Literal["accepted", "refused", "superseded"]
    received_at: str
    rows_delivered: int | None
    rows_landed: int
    rows_rejected: int
    reason: str | None
    note: str | None
    is_in_force: bool
    delivery_id: str | None
    content_sha256: dict[str, str]
    tables: tuple[TableReceipt, ...]
    folder: Path | None
    inbox_folder: str


_LIKE_AN_ID_NUMBER = re.compile(r"[0-9]{14,}[0-9Xx]")


def shown_name(name: str) -> str:
    """A name from an inbox, safe to print and to store: file systems hold names that are no text, and offices put ID numbers into them."""
    text = os.fsencode(name).decode("utf-8", "replace") if isinstance(name, str) else str(name)
    text = "".join(mark if mark.isprintable() else "?" for mark in text)
    text = _LIKE_AN_ID_NUMBER.sub(lambda found: f"{found[0][:6]}{'*' * (len(found[0]) - 6)}", text)
    return text if len(text) <= 120 else text[:117] + "..."


def folder_of(settings: Settings, system: str, period: str, office: str) -> Path:
    """The place in landing of an office's deliveries for a month."""
    return settings.landing / system / period / office


def delivery_id_of(receipt: Receipt) -> str:
    """The id of an accepted delivery."""
    return f"{receipt.system}-{receipt.period}-{receipt.office}-{receipt.delivery_no}"


def read_receipts(settings: Settings) -> list[Receipt]:
    """Every receipt in landing, oldest judgement first."""
    receipts = []
    for office in _offices(settings):
        receipts += [Receipt.from_file(path) for path in sorted(office.glob(f"*/{RECEIPT}"))]
        receipts += [Receipt.from_file(path) for path in sorted(office.glob(f"{RECEIPTS}/*.json"))]
    return sorted(receipts, key=lambda receipt: receipt.received_at)


def deliveries(settings: Settings, through: Period | None = None) -> list[Delivery]:
    """The ledger: one row per delivery folder as last judged, and one per accepted delivery.

    Once a delivery is accepted, its earlier refusals remain in their receipts alone. An accepted delivery keeps its row when its number
    comes again; the refusal `number in use` is a row of its own for as long as the folder is as it was.
    """
    # A folder may be judged for another month than before, so what was judged last is asked of all receipts.
    rows = ledger_of(read_receipts(settings), settings)
    return [row for row in rows if through is None or row.period <= str(through)]


def ledger_of(receipts: list[Receipt], settings: Settings) -> list[Delivery]:
    """The ledger that receipts, oldest first, say together."""
    accepted = {(row.system, row.period, row.office, row.delivery_no): row for row in receipts if row.status == "accepted"}
    highest: dict[tuple[str, str, str], int] = {}
    for system, period, office, number in accepted:
        highest[system, period, office] = max(number or 0, highest.get((system, period, office), 0))
    last = {row.inbox_folder: row for row in receipts}
    rows = []
    for row in receipts:
        if row.status == "accepted":
            in_force = row.delivery_no == highest[row.system, row.period, row.office]
            rows.append(_delivery(row, "accepted" if in_force else "superseded", settings))
        elif row.status == "refused" and last[row.inbox_folder] is row:
            later = accepted.get((row.system, row.period, row.office, row.delivery_no))
            if later is None or later.received_at <= row.received_at:
                rows.append(_delivery(row, "refused", settings))
    return sorted(
        rows, key=lambda row: (row.period, row.system, row.office, row.delivery_no is None, row.delivery_no or 0, row.received_at)
    )


def files_in_force(settings: Settings, through: Period) -> dict[tuple[str, str], list[Path]]:
    """The Parquet files in force for each table of each contract, periods up to one; none where an optional table never came."""
    files: dict[tuple[str, str], list[Path]] = {
        (contract.system, table): [] for contract in load_contracts().values() for table in contract.tables
    }
    for row in deliveries(settings, through):
        if row.is_in_force and row.folder is not None:
            for table in row.tables:
                files[row.system, table.table].append(row.folder / f"{table.table}.parquet")
    return files


def rejects_in_force(settings: Settings, through: Period) -> list[Path]:
    """The files of rejected rows of the deliveries in force, periods up to one; a delivery without any has an empty file."""
    return [row.folder / REJECTS for row in deliveries(settings, through) if row.is_in_force and row.folder is not None]


def months_on_record(settings: Settings) -> list[Period]:
    """The months for which any delivery was accepted, in order."""
    return sorted({Period.parse(path.parts[-4]) for path in settings.landing.glob(f"*/*/*/*/{RECEIPT}")})


def _delivery(row: Receipt, status: Literal["accepted", "refused", "superseded"], settings: Settings) -> Delivery:
    landed = status != "refused"
    return Delivery(
        system=row.system,
        period=row.period,
        office=row.office,
        delivery_no=row.delivery_no,
        status=status,
        received_at=row.received_at,
        rows_delivered=row.rows_delivered,
        rows_landed=row.rows_landed,
        rows_rejected=row.rows_rejected,
        reason=row.reason,
        note=row.note,
        is_in_force=status == "accepted",
        delivery_id=delivery_id_of(row) if landed else None,
        content_sha256=row.checksums,
        tables=row.tables,
        folder=folder_of(settings, row.system, row.period, row.office) / str(row.delivery_no) if landed else None,
        inbox_folder=row.inbox_folder,
    )


def _offices(settings: Settings) -> Iterator[Path]:
    for system in sorted(load_contracts()):
        yield from sorted((settings.landing / system).glob("[0-9][0-9][0-9][0-9]-[0-9][0-9]/[0-9][0-9][0-9][0-9][0-9][0-9]"))
