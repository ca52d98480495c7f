"""Small deliveries written by hand, for tests of receiving: right by default, wrong where a test says so."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from warehouse.contracts import load_contracts


@dataclass
class DeliveryBuilder:
    """A delivery of one system with every table of its contract, empty unless a test gives it lines.

    `lines` are lines of CSV as they stand in the file; `totals` the control totals by table and column; `manifest` overrides entries of
    `delivery.json`, `entries` those of one of its tables.
    """

    system: str = "rural"
    period: str = "2025-06"
    office: str = "990102"
    delivery_no: int = 1
    lines: dict[str, list[str]] = field(default_factory=dict)
    headers: dict[str, list[str]] = field(default_factory=dict)
    totals: dict[str, dict[str, str]] = field(default_factory=dict)
    entries: dict[str, dict] = field(default_factory=dict)
    manifest: dict = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    extra_files: dict[str, bytes] = field(default_factory=dict)
    encoding: str | None = None
    newline: str = "\n"
    folder_name: str | None = None

    def header(self, table: str) -> list[str]:
        return self.headers.get(table) or [column.name for column in load_contracts()[self.system].tables[table].columns]

    def write(self, inbox: Path) -> Path:
        """Write it, and return its folder."""
        folder = inbox / self.system / self.period / (self.folder_name or self.office)
        folder.mkdir(parents=True, exist_ok=True)
        encoding = self.encoding or ("gb18030" if self.system == "rural" else "utf-8")
        listed = []
        for table, contract in load_contracts()[self.system].tables.items():
            if contract.optional and table not in self.lines:
                continue
            name = f"{table}.csv"
            lines = self.lines.get(table, [])
            content = self.newline.join([",".join(self.header(table)), *lines, ""]).encode(encoding)
            overrides = dict(self.entries.get(table, {}))
            name = overrides.get("file", name) if isinstance(overrides.get("file", name), str) else name
            content = self.contents.get(table, content)
            if "/" not in name and "\\" not in name and name not in ("", ".", ".."):
                (folder / name).write_bytes(content)
            listed.append(
                {
                    "table": table,
                    "file": name,
                    "rows": sum(bool(line.strip()) for line in lines),
                    "sha256": hashlib.sha256(content).hexdigest(),
                    "control_totals": self.totals.get(table, {}),
                    **overrides,
                }
            )
        for name, content in self.extra_files.items():
            (folder / name).write_bytes(content)
        document = {
            "system": self.system,
            "period": self.period,
            "office": self.office,
            "delivery_no": self.delivery_no,
            "extracted_at": "2025-07-03T08:12:00+08:00",
            "tables": listed,
            **self.manifest,
        }
        (folder / "delivery.json").write_text(json.dumps(document), encoding="utf-8")
        return folder


def read_manifest(folder: Path) -> dict:
    return json.loads((folder / "delivery.json").read_text(encoding="utf-8"))


def change_manifest(folder: Path, change) -> None:
    document = read_manifest(folder)
    change(document)
    (folder / "delivery.json").write_text(json.dumps(document), encoding="utf-8")
