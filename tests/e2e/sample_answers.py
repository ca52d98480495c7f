"""A sample city's right answers against a closed home, read through the published names alone.

What belongs here: reading `expected_*.csv` and saying what differs. What does not: how the home was closed (`tests/conftest.py`).
"""

import csv
from decimal import Decimal
from pathlib import Path

import duckdb

from warehouse.periods import Period
from warehouse.register import Register
from warehouse.settings import Settings

# Counts and sums over the working warehouse's settlements, by scheme and month.
_OF_SETTLEMENTS = {
    "S-ROWS": "count(*)",
    "S-TOTAL": "sum(total_yuan)",
    "S-POOL": "sum(pooled_fund_yuan)",
    "S-FUND": "sum(pooled_fund_yuan + coalesce(other_fund_yuan, 0))",
}
_CASE_KEY = ("scheme_a", "relation_id_a", "scheme_b", "relation_id_b")
_DELIVERY_KEY = ("system", "period", "office", "delivery_no")


def differences(settings: Settings, sample: Path, month: str) -> tuple[int, list[str]]:
    """How many answers of a month were compared, and those that are not right, in words."""
    with Register(settings.register, read_only=True) as register:
        release = register.in_force(month)
    with duckdb.connect() as con:
        con.execute(f"attach '{settings.warehouse}' as warehouse (read_only)")
        con.execute(f"attach '{settings.published / release.file}' as release (read_only)")
        numbers = [row for row in _rows(sample / "expected_numbers.csv") if row["period"] == month]
        cases = [row for row in _rows(sample / "expected_overlaps.csv") if row["period"] == month]
        deliveries = [row for row in _rows(sample / "expected_deliveries.csv") if row["period"] <= month]
        wrong = [text for row in numbers if (text := _wrong_number(con, row))]
        wrong += _wrong_rows(con, "duplicate_cases", _CASE_KEY, [{k: v for k, v in row.items() if k != "period"} for row in cases])
        wrong += _wrong_rows(con, "deliveries", _DELIVERY_KEY, deliveries)
    return len(numbers) + len(cases) + len(deliveries), wrong


def _wrong_number(con: duckdb.DuckDBPyConnection, row: dict[str, str]) -> str | None:
    where = f"period = '{row['period']}' and division_code = '{row['division_code']}'"
    cell = f"{where} and period_type = '{row['period_type']}' and scheme = '{row['scheme']}'"
    match row["published_in"]:
        case "indicator_values":
            sql = (
                f"select {row['part']} from release.reporting.indicator_values where {cell} and indicator_code = '{row['indicator_code']}'"
            )
        case "measure_values":
            sql = f"select value from release.reporting.measure_values where {cell} and measure_code = '{row['indicator_code']}'"
        case "headcount_bridge":
            sql = f"select {row['part']} from release.reporting.headcount_bridge where {where}"
        case _:
            first = Period.parse(row["period"]) if row["period_type"] == "month" else Period(int(row["period"][:4]), 1)
            sql = (
                f"select {_OF_SETTLEMENTS[row['indicator_code']]} from warehouse.marts.fct_settlements "
                f"where scheme = '{row['scheme']}' and month between '{first}' and '{row['period']}'"
            )
    found = con.execute(sql).fetchone()
    value = None if found is None else found[0]
    # A null may be published as null or not at all.
    is_right = value is None if row["value"] == "" else value is not None and Decimal(str(value)) == Decimal(row["value"])
    named = " ".join(row[part] for part in ("indicator_code", "part", "scheme", "division_code", "period_type", "period"))
    return None if is_right else f"{named}: {value}, expected {row['value'] or 'null'}"


def _wrong_rows(con: duckdb.DuckDBPyConnection, table: str, key: tuple[str, ...], expected: list[dict[str, str]]) -> list[str]:
    if not expected:
        return []
    columns = list(expected[0])
    found = con.execute(f"select {', '.join(columns)} from release.reporting.{table}").fetchall()
    by_key = {tuple(row[name] for name in key): row for row in (dict(zip(columns, map(_text, row), strict=True)) for row in found)}
    wanted = {tuple(_text(row[name]) for name in key): row for row in expected}
    wrong = [f"{table} {' '.join(one)}: not expected" for one in by_key.keys() - wanted.keys()]
    for one, row in wanted.items():
        if one not in by_key:
            wrong.append(f"{table} {' '.join(one)}: missing")
            continue
        for column, value in row.items():
            got = by_key[one][column]
            if not (got.startswith(value) if column == "reason" else got == _text(value)):
                wrong.append(f"{table} {' '.join(one)}: {column} is {got or 'null'}, expected {value or 'null'}")
    return wrong


def _text(value: object) -> str:
    """One spelling for both sides: null is empty, decimals lose trailing zeros, booleans are 1 and 0."""
    if value is None:
        return ""
    text = str(value).strip()
    if text.lower() in {"true", "false"}:
        return str(int(text.lower() == "true"))
    if "." in text and text.replace(".", "", 1).lstrip("-").isdigit():
        return format(Decimal(text).normalize(), "f")
    return text


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))
