"""Deliveries made from a sample's: copied, edited, numbered anew, with a manifest that agrees.

What belongs here: what tests need to send something again. What does not: faulty files, which the tests of landing make.
"""

import csv
import hashlib
import json
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

Edit = Callable[[list[dict[str, str]]], list[dict[str, str]]]


def send_again(source: Path, inbox: Path, number: int, edits: dict[str, Edit] | None = None, **manifest_changes: object) -> Path:
    """Copy a CSV delivery into an inbox under another number, with edited tables.

    Args:
        source: the delivery's folder.
        inbox: where it goes.
        number: its delivery number.
        edits: per table what becomes of its rows.
        manifest_changes: further values of the manifest, such as `period`.
    """
    manifest = json.loads((source / "delivery.json").read_text(encoding="utf-8-sig")) | {"delivery_no": number} | manifest_changes
    folder = inbox / manifest["system"] / manifest["period"] / f"{manifest['office']}-{number}"
    shutil.copytree(source, folder)
    for entry in manifest["tables"]:
        path = folder / entry["file"]
        if edits and entry["table"] in edits:
            encoding = "gb18030" if manifest["system"] == "rural" else "utf-8-sig"
            with path.open(encoding=encoding, newline="") as handle:
                reader = csv.DictReader(handle)
                header, rows = list(reader.fieldnames), list(reader)
            rows = edits[entry["table"]](rows)
            with path.open("w", encoding=encoding, newline="") as handle:
                writer = csv.DictWriter(handle, header, lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
            entry["rows"] = len(rows)
            entry["control_totals"] = {
                name: str(sum((Decimal(row[name] or 0) for row in rows), Decimal())) for name in entry["control_totals"]
            }
        entry["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "delivery.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    return folder
