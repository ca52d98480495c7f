"""What the tables of a release look like: columns, types and grain, as the dbt project's YAML declares and enforces them.

What belongs here: reading those declarations, for whoever makes or compares such tables outside dbt. What does not: the declarations
themselves (`dbt_project/models/reporting`), and any second list of columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from warehouse.errors import ReleaseError

# libyaml reads the project's declarations ten times faster; it is part of most wheels, and its absence changes nothing but the time.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class TableShape:
    """One table.

    Attributes:
        name: of the table.
        columns: names and SQL types, in order.
        grain: the columns that no two rows share; empty where none is declared.
    """

    name: str
    columns: dict[str, str]
    grain: tuple[str, ...]


@cache
def reporting_shapes(dbt_project: Path) -> dict[str, TableShape]:
    """Every model of the reporting layer with declared columns, by name; those of the review file among them."""
    shapes: dict[str, TableShape] = {}
    for path in sorted((dbt_project / "models" / "reporting").rglob("*.yml")):
        for model in _read(path).get("models") or []:
            columns = model.get("columns") or []
            if all("data_type" in column for column in columns) and columns:
                shapes[model["name"]] = TableShape(
                    model["name"],
                    {column["name"]: " ".join(column["data_type"].split()) for column in columns},
                    _grain(model),
                )
    return shapes


@cache
def tables_read_from_earlier_releases(dbt_project: Path) -> tuple[str, ...]:
    """Names of the tables that models read of earlier months (dbt source `published`)."""
    path = dbt_project / "models" / "_external__sources.yml"
    names = [table["name"] for source in _read(path)["sources"] if source["name"] == "published" for table in source["tables"]]
    if not names:
        message = f"{path}: the source `published` names no table, so nothing of earlier months would be copied"
        raise ReleaseError(message)
    return tuple(names)


def _grain(model: dict[str, Any]) -> tuple[str, ...]:
    for test in model.get("data_tests") or []:
        if isinstance(test, dict) and "unique_grain" in test:
            declared = test["unique_grain"]
            return tuple(declared.get("arguments", declared)["columns"])
    return ()


def _read(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8") as handle:
        # The safe loader, whichever of its two forms is at hand.
        return yaml.load(handle, Loader=_LOADER) or {}  # noqa: S506
