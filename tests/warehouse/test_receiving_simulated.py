"""A simulated city with frequent faults, received: landing and truth agree on every delivery and every rejected row."""

import csv
from pathlib import Path

import duckdb
import pytest

from warehouse.contracts import load_contracts
from warehouse.landing import deliveries, receive, rejects_in_force
from warehouse.periods import Period
from warehouse.settings import Settings
from warehouse.simulate import FaultRates, simulate

# What the simulator did to a row, and what landing must say of it.
REASONS = {
    "row_wrong_field_count": "cannot be split",
    "row_unclosed_quote": "cannot be split",
    "row_null_key": "key is null",
    "row_unreadable_value": "value cannot be read",
    "row_duplicate_key": "duplicate key",
    "row_wrong_period": "not of the period",
}


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """A city where every fault of rows and files is frequent, received."""
    specified = FaultRates.of("specified")
    often = {name: 0.002 for name in specified.__dataclass_fields__ if name.startswith("row_")}
    often |= {name: 0.05 for name in specified.__dataclass_fields__ if name.startswith("file_")}
    folder = tmp_path_factory.mktemp("city")
    summary = simulate(
        folder / "inbox", 900, Period(2025, 1), Period(2025, 4), seed=33, faults=FaultRates(**{**specified.__dict__, **often})
    )
    settings = Settings(folder / "home")
    receive(settings, summary.inbox)
    return summary, settings


def reason_of(row):
    """The simulator empties the key where no column of the table could hold an unreadable value."""
    table = load_contracts()[row["system"]].tables[row["table_name"]]
    if row["fault"] == "row_unreadable_value" and all(column.type == "text" for column in table.columns):
        return REASONS["row_null_key"]
    return REASONS[row["fault"]]


def truth(summary, name):
    with (Path(summary.truth) / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def number(text):
    return None if text == "" else int(text)


def test_the_ledger_is_the_truths(city):
    summary, settings = city
    expected = {
        (
            row["folder"],
            row["system"],
            row["period"],
            row["office"],
            number(row["delivery_no"]),
            row["status"],
            number(row["rows_delivered"]),
            int(row["rows_landed"]),
            int(row["rows_rejected"]),
            row["reason"],
        )
        for row in truth(summary, "expected_deliveries.csv")
    }
    found = {
        (
            row.inbox_folder,
            row.system,
            row.period,
            row.office,
            row.delivery_no,
            row.status,
            row.rows_delivered,
            row.rows_landed,
            row.rows_rejected,
            (row.reason or "").split(":")[0],
        )
        for row in deliveries(settings)
    }
    assert found == expected
    assert len({row[-1] for row in found}) >= 10


def test_every_rejected_row_is_the_truths_with_its_reason(city):
    summary, settings = city
    in_force = {row.delivery_id for row in deliveries(settings) if row.is_in_force}
    expected = {
        (f"{row['system']}-{row['period']}-{row['office']}-{row['delivery_no']}", row["table_name"], int(row["line"]), reason_of(row))
        for row in truth(summary, "rejected_rows.csv")
    }
    expected = {row for row in expected if row[0] in in_force}
    files = [str(path) for path in rejects_in_force(settings, Period(2025, 4))]
    found = set(duckdb.execute("select _delivery_id, table_name, _line, reason from read_parquet($1)", [files]).fetchall())
    assert found == expected
    assert {row[3] for row in found} == set(REASONS.values())
