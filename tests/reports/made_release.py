"""A release made by hand: every cell of every form has a number that follows from its codes, so that a test knows what must be printed.

What belongs here: filling the tables of a release in the shapes that the dbt project declares, and publishing it the ordinary way. What
does not: what the numbers of a real month are (the sample cities).
"""

import csv
import hashlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import yaml

from warehouse import releases
from warehouse.periods import Period
from warehouse.register import Register, ReleaseRow
from warehouse.settings import PROJECT_ROOT, Settings
from warehouse.shapes import reporting_shapes

DBT_PROJECT = PROJECT_ROOT / "dbt_project"
SEEDS = DBT_PROJECT / "seeds" / "forms"
PERIOD = "2025-02"
DIVISIONS = (
    ("990100", "宁川市", "city", False),
    ("990102", "东城区", "county", False),
    ("990103", "西山区", "county", False),
    ("990199", "未分县区", "county", True),
)
FIGURES = ("value", "ratio", "growth")
# Cells that have no number, by their row and column, and why.
WITHOUT_NUMBER = {
    ("RPT-M01", "ALL", "DUPLICATE"): "无来源",
    ("RPT-M01", "E", "LAST_YEAR"): "—",
    ("RPT-M01", "SUM", "FEMALE"): "×",
    ("RPT-M01", "N", "NET"): "未报送",
}
ZERO = ("RPT-M01", "M", "INSURED")
NEGATIVE = ("RPT-M02", "N_SURPLUS", "MONTH")


def seed(name: str) -> list[dict[str, Any]]:
    """A seed of the forms with the types that its description declares."""
    described = yaml.safe_load((SEEDS / "_forms_seeds.yml").read_text(encoding="utf-8"))["seeds"]
    types = next(one["config"]["column_types"] for one in described if one["name"] == name)
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return [{column: _typed(value, types[column]) for column, value in row.items()} for row in csv.DictReader(handle)]


def _typed(value: str, kind: str) -> Any:
    if value == "":
        return None
    if kind == "boolean":
        return value == "true"
    return int(value) if kind == "integer" else value


def value_of(report: str, division: str, row: str, column: str, unit: str) -> Decimal:
    """The number of a cell: no two alike, with fen and thousandths of a per cent that rounding must not lose."""
    if (report, row, column) == ZERO:
        return Decimal(0)
    drawn = int(hashlib.sha256(f"{report} {division} {row} {column}".encode()).hexdigest()[:8], 16)
    if unit == "ratio":
        return Decimal(drawn % 1_500_000) / 1_000_000
    if unit == "yuan":
        amount = Decimal(drawn % 9_000_000_000) / 100
        return -amount if (report, row, column) == NEGATIVE else amount
    return Decimal(drawn % 200_000)


def made_cells() -> list[dict[str, Any]]:
    """Every cell of every form and division."""
    columns, rows = seed("form_columns"), seed("form_rows")
    cells = []
    for row in rows:
        for column in columns:
            if row["report_code"] != column["report_code"] or row["kind"] != "figures" or column["kind"] not in FIGURES:
                continue
            for division, _, level, _ in DIVISIONS:
                if level not in row["levels"].split():
                    continue
                place = (row["report_code"], row["row_code"], column["column_code"])
                reason = WITHOUT_NUMBER.get(place)
                value = None if reason else value_of(place[0], division, place[1], place[2], column["unit"])
                cells.append(
                    {
                        "report_code": place[0],
                        "period": PERIOD,
                        "division_code": division,
                        "row_code": place[1],
                        "column_code": place[2],
                        "row_label": row["label_zh"],
                        "column_label": column["label_zh"],
                        "value": value,
                        "text": reason,
                        "unit": column["unit"],
                        "provenance": f"{place[1]}[{row['scheme']}]",
                    }
                )
    return cells


def checks() -> list[dict[str, Any]]:
    """A check that holds, one that does not, one that was not run, one of the landing."""
    half, seven = Decimal("10.5"), Decimal(7)
    return [
        _check("CHK-10", "RPT-M02", "rural", "INCOME.month", (half, half, Decimal(0)), "passed", None, "ours"),
        _check(
            "CHK-20",
            "RPT-M03",
            "employee",
            "total_is_all_payers",
            (Decimal(3), Decimal(40), Decimal("0.07")),
            "failed",
            "三行不成立",
            "theirs",
        ),
        _check("CHK-01", "RPT-M01", "resident", "INSURED", (None, Decimal(9), None), "not run", "缺少一侧数据, 不执行", "ours"),
        _check("CHK-60", "ETL", "employee", "rows", (seven, seven, Decimal(0)), "passed", None, "ours"),
    ]


def _check(code: str, report: str, scheme: str, row: str, sides: tuple, outcome: str, note: str | None, kind: str) -> dict[str, Any]:
    return {
        "check_code": code,
        "report_code": report,
        "period": PERIOD,
        "division_code": "990100",
        "scheme": scheme,
        "row_code": row,
        "left_value": sides[0],
        "right_value": sides[1],
        "difference": sides[2],
        "tolerance": Decimal("0.01"),
        "severity": "error",
        "outcome": outcome,
        "passed": {"passed": True, "failed": False}.get(outcome),
        "note": note,
        "kind": kind,
    }


def publish_release(
    home: Path, cells: list[dict[str, Any]] | None = None, *, excused: str | None = None, forms: bool = True
) -> tuple[Settings, ReleaseRow]:
    """Publish a release of the month with these cells, through the ordinary door."""
    settings = Settings.from_environment(home)
    with duckdb.connect() as con, Register(settings.register) as register:
        for schema in ("reporting", "review", "published"):
            con.execute(f"create schema {schema}")
        for shape in reporting_shapes(DBT_PROJECT).values():
            listed = ", ".join(f'"{name}" {kind}' for name, kind in shape.columns.items())
            con.execute(f'create table reporting."{shape.name}" ({listed})')
        con.execute("create table published.attached_releases (period varchar, release varchar, sha256 varchar)")
        _fill(con, "release_info", [{"period": PERIOD, "excused_offices": excused}])
        _fill(con, "report_cells", made_cells() if cells is None else cells)
        _fill(con, "check_results", checks())
        _fill(
            con,
            "divisions",
            [
                {"division_code": code, "division_name": name, "division_level": level, "is_unassigned_line": line, "is_current": True}
                for code, name, level, line in DIVISIONS
            ],
        )
        _fill(
            con,
            "check_definitions",
            [{"check_code": f"CHK-{number}", "rule_zh": f"审核关系 {number}"} for number in ("01", "10", "20", "60")],
        )
        _fill(con, "definition_versions", [{"parameter": "insured_rule", "definition_version": "1", "is_in_force": True}])
        _fill(con, "indicator_definitions", [{"indicator_code": "ENR-01", "definition_version": "1", "is_published": True}])
        _fill(con, "form_notes", [{**one, "definition_version": "1" if one["parameter"] else None} for one in seed("form_note_texts")])
        for name in ("forms", "form_rows", "form_columns", "form_recipients") if forms else ():
            _seed_table(con, name)
        row = releases.publish(
            settings, register, con, Period.parse(PERIOD), fingerprint="f" * 64, code_version="code", rule_set_version="rules",
            without=tuple((excused or "").split()), in_force=(), who="test", run="run",
        )  # fmt: skip
    return settings, row


def _fill(con: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    con.register("filled", pa.Table.from_pylist(rows))
    con.execute(f"insert into reporting.{table} by name select * from filled")
    con.unregister("filled")


def _seed_table(con: duckdb.DuckDBPyConnection, name: str) -> None:
    rows = seed(name)
    kinds = {bool: "boolean", int: "integer", str: "varchar"}
    first = {column: next((type(row[column]) for row in rows if row[column] is not None), str) for column in rows[0]}
    con.execute(f"create table reporting.{name} ({', '.join(f'{column} {kinds[kind]}' for column, kind in first.items())})")
    _fill(con, name, rows)
