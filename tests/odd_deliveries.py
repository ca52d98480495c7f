"""A city's deliveries in memory: read from a sample, made odd, written as an inbox whose manifests agree.

What belongs here: what tests need to change deliveries row by row, or to make a further month of them. What does not: one delivery sent
again (`redelivery.py`), and faulty files, which the tests of landing make.
"""

import copy
import csv
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import openpyxl

from warehouse.contracts import load_contracts

Row = dict[str, str]
Key = tuple[str, str, str]

# Other numbers by which a row names rows of its month, next to its key.
_NUMBERS_NAMED = ("YKA104", "init_setl_id", "冲红序号", "AKC190", "mdtrt_id")
_KEYS_OF_BOOKS = ("AAE140", "KMDM", "insutype", "subj_code", "科目编码")


@dataclass
class Table:
    """A delivered table: its header and its rows."""

    header: list[str]
    rows: list[Row] = field(default_factory=list)


class Deliveries:
    """The deliveries of a city by (system, period, office); of several numbers of one the highest."""

    def __init__(self) -> None:
        self.tables: dict[Key, dict[str, Table]] = {}

    @classmethod
    def read(cls, inbox: Path) -> "Deliveries":
        self = cls()
        manifests = [(path.parent, json.loads(path.read_text(encoding="utf-8-sig"))) for path in inbox.rglob("delivery.json")]
        for folder, manifest in sorted(manifests, key=lambda one: one[1]["delivery_no"]):
            key = (manifest["system"], manifest["period"], manifest["office"])
            self.tables[key] = {entry["table"]: _read(folder / entry["file"], manifest["system"]) for entry in manifest["tables"]}
        return self

    def table(self, name: str, system: str, period: str, office: str = "990100") -> Table:
        return self.tables[system, period, office][name]

    def rows(self, name: str, system: str | None = None, period: str | None = None) -> list[Row]:
        """Rows of a table, of every delivery that the words name; to be changed in place."""
        return [
            row
            for (one_system, one_period, _), tables in self.tables.items()
            if name in tables and system in (None, one_system) and period in (None, one_period)
            for row in tables[name].rows
        ]

    def copy_month(self, source: str, target: str, suffix: str) -> None:
        """Deliver a month's tables for another month too: its numbers with a suffix, its days in the other month."""
        for (system, period, office), tables in list(self.tables.items()):
            if period == source:
                self.tables[system, target, office] = {name: _moved(system, name, table, target, suffix) for name, table in tables.items()}

    def copy_office(self, period: str, source: str, target: str, prefix: str) -> None:
        """Let another office deliver a rural county's month, every number with a prefix."""
        numbers = ("家庭编号", "个人编号", "流水号", "补偿序号", "冲红序号")
        tables = copy.deepcopy(self.tables["rural", period, source])
        for table in tables.values():
            for row in table.rows:
                row.update({name: prefix + row[name] for name in numbers if row.get(name)})
        self.tables["rural", period, target] = tables

    def write(self, inbox: Path, number: int = 1) -> Path:
        """Write every delivery, all with one number."""
        for (system, period, office), tables in self.tables.items():
            folder = inbox / system / period / f"{office}-{number}"
            folder.mkdir(parents=True)
            entries = []
            for name, table in tables.items():
                path = folder / f"{name}.csv"
                with path.open("w", encoding="gb18030" if system == "rural" else "utf-8", newline="") as handle:
                    writer = csv.DictWriter(handle, table.header, lineterminator="\n", extrasaction="ignore")
                    writer.writeheader()
                    writer.writerows(table.rows)
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                entries.append({"table": name, "file": path.name, "rows": len(table.rows), "sha256": digest, "control_totals": {}})
            manifest = {
                "system": system, "period": period, "office": office, "delivery_no": number,
                "extracted_at": "2025-07-03T08:12:00+08:00", "tables": entries,
            }  # fmt: skip
            (folder / "delivery.json").write_text(json.dumps(manifest), encoding="utf-8")
        return inbox

    def only(self, *keys: Key) -> "Deliveries":
        """A copy of some of them."""
        chosen = Deliveries()
        chosen.tables = {key: copy.deepcopy(tables) for key, tables in self.tables.items() if key in keys}
        return chosen

    def of_month(self, period: str) -> "Deliveries":
        """A copy of a month's."""
        return self.only(*(key for key in self.tables if key[1] == period))


def _read(path: Path, system: str) -> Table:
    if path.suffix == ".csv":
        lines = path.read_text(encoding="gb18030" if system == "rural" else "utf-8-sig", errors="replace").splitlines()
        header = next(csv.reader([lines[0]]))
        # A damaged line of the sample is left out: what is wrong with rows is another test's matter.
        split = [_split(line) for line in lines[1:]]
        return Table(header, [dict(zip(header, values, strict=True)) for values in split if len(values) == len(header)])
    if path.suffix == ".parquet":
        found = duckdb.execute("select * from read_parquet($path)", {"path": str(path)})
        header = [column[0] for column in found.description]
        listed = found.fetchall()
    else:
        header, *listed = openpyxl.load_workbook(path, read_only=True).worksheets[0].iter_rows(values_only=True)
    rows = [{name: "" if value is None else str(value) for name, value in zip(header, values, strict=True)} for values in listed]
    return Table(list(header), [row for row in rows if any(row.values())])


def _split(line: str) -> list[str]:
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error:
        return []


def _moved(system: str, name: str, table: Table, target: str, suffix: str) -> Table:
    contract = load_contracts()[system].tables[name]
    moved = copy.deepcopy(table)
    if contract.kind == "snapshot":
        return moved
    period_column = contract.period_column
    for row in moved.rows:
        day = row[period_column]
        is_day = len(day) == 10
        row[period_column] = f"{target}-{min(int(day[8:]), 28):02d}" if is_day else target if "-" in day else target.replace("-", "")
        for number in (*contract.key, *_NUMBERS_NAMED):
            if row.get(number) and number != period_column and number not in _KEYS_OF_BOOKS:
                row[number] += suffix
    return moved
