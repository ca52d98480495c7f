"""What befalls whole deliveries on the way: cut off, wrongly encoded, renamed columns, manifests that do not fit, counties that come late.

What belongs here: faulty first deliveries, each made good by a second one of the same month, so that every month can be closed. What does
not: damaged rows (`writing.py`).
"""

from __future__ import annotations

import copy
import csv
import json
import os
import shutil
from decimal import Decimal, InvalidOperation
from pathlib import Path

import numpy as np

from warehouse.periods import Period

from .rates import FaultRates
from .writing import CSV, CSV_MARKED, GB18030, PARQUET, XLSX, Written, extracted_at, sha256, write_manifest

# Fault, what the reader says (None: accepted), which forms it can befall.
_TEXT = (CSV, CSV_MARKED, GB18030)
_ANY = (*_TEXT, XLSX, PARQUET)
REPLACED: dict[str, tuple[str | None, tuple[str, ...]]] = {
    "file_not_in_time": (None, _ANY),
    "file_redelivered": (None, _TEXT),
    "file_truncated": ("checksum", _ANY),
    "file_wrong_encoding": ("not decodable", _TEXT),
    "file_column_renamed": ("column missing", _TEXT),
    "file_wrong_checksum": ("checksum", _ANY),
    "file_wrong_rows": ("rows", _ANY),
    "file_wrong_control_total": ("control total", _ANY),
    "file_missing": ("file missing", _ANY),
    "file_table_missing": ("table missing", _ANY),
    "file_table_twice": ("table twice", _ANY),
    "file_manifest_missing": ("manifest missing", _ANY),
    "file_manifest_unreadable": ("manifest unreadable", _ANY),
}
_OPTIONAL = ("history",)  # a table whose absence is no fault says nothing of a column's
_SENSITIVE = {"employee": "persons", "resident": "psn_info_b", "rural": "members", "city": "divisions"}


def plan(
    chance: np.random.Generator, deliveries: list[tuple[str, Period, str, str]], rates: FaultRates
) -> tuple[dict[tuple[str, str, str], str], set[tuple[str, str, str]], set[tuple[str, str, str]]]:
    """Which deliveries have a faulty first attempt, a blank last line, an unlisted file.

    Args:
        chance: the stream to draw from.
        deliveries: system, period, office and form of each.
        rates: shares of deliveries. In a city of forty deliveries or more every fault with a rate occurs at least once.
    """
    faulty: dict[tuple[str, str, str], str] = {}
    many = len(deliveries) >= 40
    for fault, (_, forms) in REPLACED.items():
        rate = getattr(rates, fault)
        whole = rate * len(deliveries)
        wanted = int(whole) + int(chance.random() < whole - int(whole))
        if many and rate >= 0.004:
            wanted = max(wanted, 1)
        free = [
            (system, str(period), office)
            for system, period, office, form in deliveries
            if form in forms and (system, str(period), office) not in faulty and (fault != "file_not_in_time" or system == "rural")
        ]
        for place in chance.permutation(len(free))[:wanted].tolist():
            faulty[free[place]] = fault
    keys = [(system, str(period), office) for system, period, office, _ in deliveries]
    text = [(system, str(period), office) for system, period, office, form in deliveries if form in _TEXT]
    blank = {key for key in text if chance.random() < rates.file_blank_last_line}
    unlisted = {key for key in keys if chance.random() < rates.file_unlisted}
    return faulty, blank, unlisted


def spoil(written: Written, fault: str, chance: np.random.Generator) -> dict[str, object] | None:
    """Write the faulty first attempt beside the good second one.

    Returns:
        The row of `expected_deliveries.csv` for it, or None where the first attempt never came.
    """
    reason, _ = REPLACED[fault]
    if fault == "file_not_in_time":
        return None
    folder = written.folder.with_name(written.office)
    shutil.copytree(written.folder, folder)
    manifest = copy.deepcopy(written.manifest)
    manifest["delivery_no"] = 1
    manifest["extracted_at"] = extracted_at(written.period, 1)
    tables: list[dict] = manifest["tables"]  # type: ignore[assignment]
    landed = 0
    rejected = 0
    if fault == "file_redelivered":
        removed = _shorten(folder, tables, written)
        rejected = len(written.rejected)
        landed = written.rows - removed - rejected
    else:
        _break(folder, tables, fault, written, chance)
    delivered: int | None = sum(int(entry["rows"]) for entry in tables)
    number: int | None = 1
    write_manifest(folder, manifest)
    if fault == "file_manifest_missing":
        (folder / "delivery.json").unlink()
        delivered, number = None, None
    elif fault == "file_manifest_unreadable":
        path = folder / "delivery.json"
        content = path.read_text(encoding="utf-8")
        path.write_text(content[: len(content) // 2], encoding="utf-8")
        delivered, number = None, None
    return {
        "system": written.system,
        "period": str(written.period),
        "office": written.office,
        "delivery_no": number,
        "status": "refused" if reason else "superseded",
        "rows_delivered": delivered,
        "rows_landed": landed,
        "rows_rejected": rejected,
        "reason": reason,
        "fault": fault,
        "folder": f"{written.system}/{written.period}/{folder.name}",
    }


def _break(folder: Path, tables: list[dict], fault: str, written: Written, chance: np.random.Generator) -> None:
    """One fault of those that a reader refuses."""
    needed = [entry for entry in tables if entry["table"] not in _OPTIONAL]
    largest = max(needed, key=lambda entry: (folder / entry["file"]).stat().st_size)
    path = folder / largest["file"]
    if fault == "file_truncated":
        os.truncate(path, path.stat().st_size * 6 // 10)
    elif fault == "file_wrong_encoding":
        entry = next(entry for entry in tables if entry["table"] == _SENSITIVE[written.system])
        target = folder / entry["file"]
        if written.system == "rural":
            # 0xFF begins no character of GB18030: the mark of a file copied through the wrong program.
            content = target.read_bytes()
            middle = content.find(b"\n", len(content) // 2)
            target.write_bytes(content[: middle + 1] + b"\xff\xfe" + content[middle + 1 :])
        else:
            with target.open(encoding="utf-8-sig", newline="") as text, _anew(target).open("w", encoding="gb18030", newline="") as other:
                shutil.copyfileobj(text, other)
            _anew(target).replace(target)
        entry["sha256"] = sha256(target)
    elif fault == "file_column_renamed":
        with path.open("rb") as lines, _anew(path).open("wb") as other:
            other.write(lines.readline().rstrip(b"\r\n") + b"_1\n")
            shutil.copyfileobj(lines, other)
        _anew(path).replace(path)
        largest["sha256"] = sha256(path)
    elif fault == "file_wrong_checksum":
        largest["sha256"] = largest["sha256"][::-1]
    elif fault == "file_wrong_rows":
        largest["rows"] = int(largest["rows"]) + 1 + int(chance.integers(0, 9))
    elif fault == "file_wrong_control_total":
        entry = next(entry for entry in tables if entry["control_totals"])
        column = next(iter(entry["control_totals"]))
        entry["control_totals"][column] = str(Decimal(entry["control_totals"][column]) + Decimal("100.00"))
    elif fault == "file_missing":
        path.unlink()
    elif fault == "file_table_missing":
        entry = tables.pop(int(chance.integers(0, min(len(tables), 5))))
        (folder / entry["file"]).unlink()
    elif fault == "file_table_twice":
        tables.append(dict(tables[0]))


def _shorten(folder: Path, tables: list[dict], written: Written) -> int:
    """Leave the last rows of the claims out, as an extract made too early does."""
    damaged = {table for table, _, _ in written.rejected}
    names = ("settlements", "setl_d", "clinic_claims", "treasury_ledger")
    for entry in tables:
        if entry["table"] not in names or entry["table"] in damaged or int(entry["rows"]) < 10:
            continue
        path = folder / entry["file"]
        removed = max(1, int(entry["rows"]) // 50)
        with path.open("rb") as handle:
            header = next(csv.reader([handle.readline().decode(written.encoding)]))
        begin, lines = _last_lines(path, removed)
        for line in lines:
            row = next(csv.reader([line.decode(written.encoding)]))
            for column, total in entry["control_totals"].items():
                try:
                    amount = Decimal(row[header.index(column)] or "0")
                except InvalidOperation as error:
                    message = f"{path.name}: the last rows of an undamaged table hold an amount that is none"
                    raise ValueError(message) from error
                entry["control_totals"][column] = str(Decimal(total) - amount)
        os.truncate(path, begin)
        entry["rows"] = int(entry["rows"]) - removed
        entry["sha256"] = sha256(path)
        return removed
    return 0


def _last_lines(path: Path, count: int) -> tuple[int, list[bytes]]:
    """Where that many last lines of a file begin, and what they say; only its end is read."""
    size = path.stat().st_size
    length = 0
    lines: list[bytes] = []
    while len(lines) <= count and length < size:
        length = min(max(2 * length, 1 << 20), size)
        with path.open("rb") as handle:
            handle.seek(size - length)
            end = handle.read()
        lines = end.rstrip(b"\n").split(b"\n")
    return size - length + sum(len(line) + 1 for line in lines[:-count]), lines[-count:]


def _anew(path: Path) -> Path:
    """Where a file is written that takes another's place."""
    return path.with_suffix(".part")


def add_blank_line(written: Written) -> None:
    """A blank line at the end of the first file: no row."""
    entry = written.manifest["tables"][0]  # type: ignore[index]
    path = written.folder / entry["file"]
    with path.open("ab") as handle:
        handle.write(b"\n")
    entry["sha256"] = sha256(path)
    write_manifest(written.folder, written.manifest)


def add_unlisted(written: Written) -> None:
    """A file that the manifest does not list."""
    (written.folder / "说明.txt").write_text("本月数据已核对。\n", encoding="utf-8")


def read_manifest(folder: Path) -> dict:
    """The manifest of a delivery folder."""
    return json.loads((folder / "delivery.json").read_text(encoding="utf-8"))
