"""Reads the contract files into frozen values.

What belongs here: how a field of the standard becomes a type, a key, a period column. What does not: the contracts (the `.odcs.yaml` files
beside this module).

How the standard's fields are used: `logicalType` and `logicalTypeOptions.format` name the type (a date of format `yyyyMM` is a month; a
number with the custom property `unit: yuan` is money), `physicalType` is the type in landing, `primaryKey` makes the key, and the custom
properties `kind`, `periodColumn`, `optional` and `office` say what the standard has no field for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import yaml

from warehouse.errors import TongchouError

COUNTY = "county"

ColumnType = Literal["text", "date", "month", "money", "whole", "number"]


class ContractError(TongchouError):
    """A contract file does not say what a contract must say."""


@dataclass(frozen=True)
class ColumnContract:
    """One column.

    Attributes:
        name: as it stands in the header row.
        type: what its values must be; only typed columns (all but `text`) can reject a row.
        scale: decimals of `money` and `number`, else None.
        landing_type: its type in landing.
        optional: may be absent from a file; landed as null then.
        is_personal: holds names, numbers or addresses of persons.
    """

    name: str
    type: ColumnType
    scale: int | None
    landing_type: str
    optional: bool
    is_personal: bool


@dataclass(frozen=True)
class TableContract:
    """One table.

    Attributes:
        system: the delivering system.
        name: as it stands in the manifest.
        title: its Chinese name, for people.
        kind: `snapshot` (the whole state at the period's end) or `monthly` (the period's rows alone).
        optional: its absence is no fault.
        columns: in the contract's order.
        key: names of the key columns.
        period_column: the column whose month must be the delivery's period, None for snapshots.
    """

    system: str
    name: str
    title: str
    kind: Literal["snapshot", "monthly"]
    optional: bool
    columns: tuple[ColumnContract, ...]
    key: tuple[str, ...]
    period_column: str | None

    def column(self, name: str) -> ColumnContract | None:
        """The column of that name, None where the contract has none."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True)
class FileFormat:
    """A form in which a system may deliver: `csv`, `xlsx` or `parquet`, and the encoding of its text."""

    format: str
    encoding: str


@dataclass(frozen=True)
class SystemContract:
    """Everything one system delivers.

    Attributes:
        system: `employee`, `resident`, `rural` or `city`.
        title: its Chinese name, for people.
        office: the division code that delivers, None where each county does.
        formats: the forms a file may have.
        tables: by name, in the contract's order.
    """

    system: str
    title: str
    office: str | None
    formats: tuple[FileFormat, ...]
    tables: Mapping[str, TableContract]


@cache
def load_contracts() -> Mapping[str, SystemContract]:
    """The contract of every system, by system."""
    files = sorted(Path(__file__).parent.glob("*.odcs.yaml"))
    contracts = [read_contract(path) for path in files]
    return MappingProxyType({contract.system: contract for contract in contracts})


def read_contract(path: Path) -> SystemContract:
    """The contract in one file.

    Raises:
        ContractError: the file says something that no contract can mean.
    """
    document = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    system = document["dataProduct"]
    office = _custom(document, "office")
    tables = [_table(path, system, entry) for entry in document["schema"]]
    return SystemContract(
        system=system,
        title=document["name"],
        office=None if office == COUNTY else office,
        formats=tuple(FileFormat(server["format"], server["encoding"].lower()) for server in document["servers"]),
        tables=MappingProxyType({table.name: table for table in tables}),
    )


def _table(path: Path, system: str, entry: dict[str, Any]) -> TableContract:
    columns = tuple(_column(path, entry["name"], column) for column in entry["properties"])
    keys = sorted((column["primaryKeyPosition"], column["name"]) for column in entry["properties"] if column.get("primaryKey"))
    kind, period_column = _custom(entry, "kind"), _custom(entry, "periodColumn")
    if kind not in ("snapshot", "monthly") or not keys or (kind == "monthly") != (period_column in {column.name for column in columns}):
        message = (
            f"{path.name}, table {entry['name']}: a table is a snapshot, or monthly with one of its columns as periodColumn, "
            f"and has a primary key; found kind {kind}, periodColumn {period_column}, {len(keys)} key columns"
        )
        raise ContractError(message)
    return TableContract(
        system=system,
        name=entry["name"],
        title=entry["businessName"],
        kind=kind,
        optional=bool(_custom(entry, "optional")),
        columns=columns,
        key=tuple(name for _, name in keys),
        period_column=period_column,
    )


def _column(path: Path, table: str, entry: dict[str, Any]) -> ColumnContract:
    logical = (entry["logicalType"], entry.get("logicalTypeOptions", {}).get("format"), _custom(entry, "unit"))
    types: dict[tuple[str, str | None, str | None], ColumnType] = {
        ("string", None, None): "text",
        ("date", "yyyy-MM-dd", None): "date",
        ("date", "yyyyMM", None): "month",
        ("number", None, "yuan"): "money",
        ("number", None, None): "number",
        ("integer", None, None): "whole",
    }
    if logical not in types:
        expected = sorted(map(str, types))
        message = f"{path.name}, {table}.{entry['name']}: type {logical} is none that landing knows; expected one of {expected}"
        raise ContractError(message)
    decimals = re.fullmatch(r"decimal\(\d+,(\d+)\)", entry["physicalType"])
    return ColumnContract(
        name=entry["name"],
        type=types[logical],
        scale=int(decimals[1]) if decimals else None,
        landing_type=entry["physicalType"],
        optional=bool(_custom(entry, "optional")),
        is_personal=entry.get("classification") == "personal",
    )


def _custom(entry: dict[str, Any], name: str) -> Any:  # noqa: ANN401 - a custom property may be of any type
    return next((custom["value"] for custom in entry.get("customProperties", []) if custom["property"] == name), None)
