"""`delivery.json`: what an office says it sends, read with suspicion.

What belongs here: the manifest's form, and the words a refusal begins with. What does not: whether what it says is true (`judging.py`).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, NoReturn

from warehouse.contracts import load_contracts
from warehouse.periods import Period

MANIFEST = "delivery.json"
# A manifest of the largest system has a few kilobytes.
LARGEST = 16 * 1024 * 1024
LARGEST_NUMBER = 2**31 - 1
LARGEST_COUNT = 2**63 - 1

REASONS = (
    "manifest missing",
    "manifest unreadable",
    "file missing",
    "checksum",
    "rows",
    "control total",
    "table missing",
    "table twice",
    "column missing",
    "not decodable",
    "number in use",
)


class RefusedError(Exception):
    """A delivery is refused whole; the text is its reason."""

    def __init__(self, word: str, *details: str) -> None:
        """Word is one of `REASONS`; each detail says file, found, expected."""
        if word not in REASONS:
            message = f"{word!r} is no reason for a refusal"
            raise ValueError(message)
        self.word = word
        super().__init__(f"{word}: {'; '.join(details)}")


@dataclass(frozen=True, order=True)
class Identity:
    """Which delivery: what a number is unique in, and the number."""

    system: str
    period: str
    office: str
    delivery_no: int

    @property
    def delivery_id(self) -> str:
        """One text for it, carried by every row it lands."""
        return f"{self.system}-{self.period}-{self.office}-{self.delivery_no}"


@dataclass(frozen=True)
class Entry:
    """A table as the manifest lists it."""

    table: str
    file: str
    rows: int
    sha256: str
    control_totals: dict[str, Decimal]


@dataclass(frozen=True)
class Manifest:
    """A manifest whose form is right."""

    identity: Identity
    extracted_at: str | None
    entries: tuple[Entry, ...]

    @property
    def rows(self) -> int:
        """Rows delivered, as the manifest says."""
        return sum(entry.rows for entry in self.entries)

    @property
    def checksums(self) -> dict[str, str]:
        """Checksum by table."""
        return {entry.table: entry.sha256 for entry in self.entries}


class ManifestUnreadableError(RefusedError):
    """The manifest is not what the contract says; `identity` is known where it says that much in the right form."""

    def __init__(self, identity: Identity | None, *details: str) -> None:
        """Details say what was found and expected."""
        super().__init__("manifest unreadable", *details)
        self.identity = identity


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a delivery's folder.

    Raises:
        ManifestUnreadableError: it is no JSON, or not of the contract's form.
        FileNotFoundError: there is none.
    """
    document = _document(folder / MANIFEST)
    faults: list[str] = []
    identity = _identity(document, faults)
    extracted_at = document.get("extracted_at")
    if extracted_at is not None and not _is_moment(extracted_at):
        faults.append(f"extracted_at is {_shown(extracted_at)}, expected a time as 2025-07-03T08:12:00+08:00")
    tables = document.get("tables")
    entries: list[Entry] = []
    if not isinstance(tables, list):
        faults.append(f"tables is {_shown(tables)}, expected a list")
    else:
        for place, entry in enumerate(tables, start=1):
            _read_entry(f"entry {place} of tables", entry, entries, faults)
    if faults or identity is None:
        raise ManifestUnreadableError(identity, *(f"{MANIFEST}, {fault}" for fault in faults))
    _check_files(identity, entries)
    return Manifest(identity, extracted_at, tuple(entries))


def _document(path: Path) -> dict[str, Any]:
    def refuse_constant(name: str) -> NoReturn:
        message = f"{name} is no number"
        raise ValueError(message)

    def refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
        if twice:
            message = f"{twice[0]!r} is said twice"
            raise ValueError(message)
        return dict(pairs)

    try:
        # A named pipe in its place would be waited for without end.
        if path.exists() and not path.is_file():
            raise ManifestUnreadableError(None, f"{MANIFEST} is no file")
        if path.stat().st_size > LARGEST:
            raise ManifestUnreadableError(None, f"{MANIFEST} has more than {LARGEST} bytes")
        text = path.read_bytes().decode("utf-8-sig")
        document = json.loads(text, parse_float=Decimal, parse_constant=refuse_constant, object_pairs_hook=refuse_twice)
    except FileNotFoundError:
        raise
    except json.JSONDecodeError as error:
        raise ManifestUnreadableError(None, f"{MANIFEST} is no JSON: {error.msg}, line {error.lineno}, column {error.colno}") from None
    except UnicodeDecodeError as error:
        raise ManifestUnreadableError(None, f"{MANIFEST} is not UTF-8, byte {error.start + 1}") from None
    except RecursionError:
        raise ManifestUnreadableError(None, f"{MANIFEST} is nested too deeply") from None
    except OSError as error:
        raise ManifestUnreadableError(None, f"{MANIFEST} cannot be opened: {error.strerror}") from None
    except ValueError as error:
        raise ManifestUnreadableError(None, f"{MANIFEST} cannot be read as JSON: {_short(str(error))}") from None
    if not isinstance(document, dict):
        raise ManifestUnreadableError(None, f"{MANIFEST} holds {_shown(document)}, expected an object")
    return document


def _identity(document: dict[str, Any], faults: list[str]) -> Identity | None:
    before = len(faults)
    contracts = load_contracts()
    system, period, office, number = (document.get(name) for name in ("system", "period", "office", "delivery_no"))
    if not isinstance(system, str) or system not in contracts:
        faults.append(f"system is {_shown(system)}, expected one of {', '.join(contracts)}")
    if not isinstance(period, str) or not is_period(period):
        faults.append(f"period is {_shown(period)}, expected a month as 2025-06")
    if not isinstance(office, str) or not re.fullmatch(r"[0-9]{6}", office):
        faults.append(f"office is {_shown(office)}, expected a division code of six digits")
    elif isinstance(system, str) and system in contracts and not is_office_of(system, office):
        expected = contracts[system].office or f"a county's code, not {_city_office()}"
        faults.append(f"office is {_shown(office)}, expected {expected} from {system}")
    if not _is_count(number) or not 1 <= number <= LARGEST_NUMBER:
        faults.append(f"delivery_no is {_shown(number)}, expected a whole number from 1 on")
    return Identity(system, period, office, number) if len(faults) == before else None


def is_period(text: str) -> bool:
    """Whether a text is a month as `2025-06`."""
    try:
        return text.isascii() and Period.parse(text).year > 0
    except ValueError:
        return False


def is_office_of(system: str, office: str) -> bool:
    """Whether an office delivers for a system: the city for most, each county for those that deliver by county."""
    delivering = load_contracts()[system].office
    return office == delivering if delivering is not None else office != _city_office()


def _city_office() -> str:
    return next(contract.office for contract in load_contracts().values() if contract.office is not None)


def _read_entry(where: str, entry: object, entries: list[Entry], faults: list[str]) -> None:
    before = len(faults)
    if not isinstance(entry, dict):
        faults.append(f"{where} is {_shown(entry)}, expected an object")
        return
    table, file, rows, sha256 = (entry.get(name) for name in ("table", "file", "rows", "sha256"))
    if not isinstance(table, str) or not table or not table.isprintable():
        faults.append(f"{where}: table is {_shown(table)}, expected a name")
    if not isinstance(file, str) or not _is_plain_name(file):
        faults.append(f"{where}: file is {_shown(file)}, expected the name of a file in this folder")
    if not _is_count(rows) or not 0 <= rows <= LARGEST_COUNT:
        faults.append(f"{where}: rows is {_shown(rows)}, expected a whole number from 0 on")
    if not isinstance(sha256, str):
        faults.append(f"{where}: sha256 is {_shown(sha256)}, expected a text of 64 hexadecimal digits")
    totals = _control_totals(where, entry.get("control_totals"), faults)
    if len(faults) == before:
        entries.append(Entry(table, file, rows, sha256.strip().lower(), totals))


def _control_totals(where: str, totals: object, faults: list[str]) -> dict[str, Decimal]:
    if totals is None:
        return {}
    if not isinstance(totals, dict):
        faults.append(f"{where}: control_totals is {_shown(totals)}, expected an object of columns and sums")
        return {}
    read: dict[str, Decimal] = {}
    for column, total in totals.items():
        # A JSON number keeps its digits here, so it is as exact as a text.
        text = str(total) if isinstance(total, Decimal) or _is_count(total) else total
        if isinstance(text, str) and len(text) <= 60 and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
            read[column] = Decimal(text)
        else:
            faults.append(f"{where}: the control total of {_shown(column)} is {_shown(total)}, expected a sum as 10234512.34")
    return read


def _check_files(identity: Identity, entries: list[Entry]) -> None:
    """One file cannot be two tables; one table listed twice is a refusal of its own, judged with the contract."""
    tables_of: dict[str, set[str]] = {}
    for entry in entries:
        tables_of.setdefault(entry.file, set()).add(entry.table)
    for file, tables in tables_of.items():
        if len(tables) > 1:
            names = ", ".join(sorted(map(_shown, tables)))
            raise ManifestUnreadableError(identity, f"{MANIFEST}, file {_shown(file)} is listed for {names}, expected one table")


def _is_plain_name(name: str) -> bool:
    """A name inside the folder: no path, nothing that leads elsewhere."""
    return (
        name not in {"", ".", "..", MANIFEST}
        and PurePosixPath(name).name == name
        and PureWindowsPath(name).name == name
        and all(mark.isprintable() for mark in name)
        and len(name.encode("utf-8", "surrogatepass")) <= 255
    )


def _is_count(value: object) -> bool:
    # bool is an int in Python, and true is no number of rows.
    return isinstance(value, int) and not isinstance(value, bool)


def _is_moment(value: object) -> bool:
    try:
        datetime.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return True


def _shown(value: object) -> str:
    """A value of a manifest, short enough for a message."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if value is None:
        return "missing"
    return _short(str(value) if isinstance(value, Decimal) else repr(value))


def _short(text: str) -> str:
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= 80 else text[:77] + "..."
