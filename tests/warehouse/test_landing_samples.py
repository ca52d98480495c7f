"""The sample cities' inboxes, received: the ledger says what their authors expect."""

import csv
from pathlib import Path

import pytest

from warehouse.landing import deliveries, months_on_record, receive
from warehouse.settings import Settings

SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.mark.parametrize("sample", ["mini_city", "edge_city"])
def test_the_ledger_of_a_sample_city_is_the_expected_one(sample, tmp_path):
    settings = Settings(tmp_path)
    receive(settings, SAMPLES / sample / "inbox")
    with (SAMPLES / sample / "expected_deliveries.csv").open(encoding="utf-8", newline="") as file:
        expected = list(csv.DictReader(file))
    found = [
        {
            "system": row.system,
            "period": row.period,
            "office": row.office,
            "delivery_no": str(row.delivery_no),
            "status": row.status,
            "rows_delivered": str(row.rows_delivered),
            "rows_landed": str(row.rows_landed),
            "rows_rejected": str(row.rows_rejected),
        }
        for row in deliveries(settings)
    ]
    reasons = [row.pop("reason", "") for row in expected]
    assert sorted(map(str, found)) == sorted(map(str, expected))
    said = {(row.system, row.period, row.office, str(row.delivery_no)): row.reason or "" for row in deliveries(settings)}
    for row, reason in zip(expected, reasons, strict=True):
        mine = said[row["system"], row["period"], row["office"], row["delivery_no"]]
        assert mine.startswith(reason)
        assert (mine == "") == (reason == "")
    assert [str(month) for month in months_on_record(settings)] == sorted({row["period"] for row in expected})


def test_receiving_again_finds_nothing_new(tmp_path):
    settings = Settings(tmp_path)
    first = receive(settings, SAMPLES / "edge_city" / "inbox")
    again = receive(settings, SAMPLES / "edge_city" / "inbox")
    assert (len(first.accepted), len(first.refused)) == (23, 2)
    assert (again.accepted, again.refused, len(again.unchanged)) == ([], [], 25)
