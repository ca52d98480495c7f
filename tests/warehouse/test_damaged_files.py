"""Workbooks and Parquet files damaged in any way: read, or said to be undecodable; never a crash."""

import io
import random
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from warehouse.contracts import load_contracts
from warehouse.sources import UndecodableError, open_file

SAMPLE = Path(__file__).parents[1] / "samples" / "mini_city" / "inbox"
WORKBOOK = SAMPLE / "rural" / "2025-01" / "990104" / "clinic_claims.xlsx"
PARQUET = SAMPLE / "resident" / "2025-02" / "990100" / "fund_ledger_d.parquet"


def damaged(content, chance):
    """A few bytes changed, lost or added."""
    content = bytearray(content)
    for _ in range(chance.randrange(1, 8)):
        place = chance.randrange(len(content))
        how = chance.random()
        if how < 0.6:
            content[place] = chance.randrange(256)
        elif how < 0.8:
            del content[place : place + chance.randrange(1, 20)]
        else:
            content[place:place] = chance.randbytes(5)
    return bytes(content)


def damaged_part(content, chance):
    """A workbook whose archive is sound and one of whose parts is not."""
    archive, made = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(made, "w") as copy:
        victim = chance.choice(archive.namelist())
        for name in archive.namelist():
            part = archive.read(name)
            copy.writestr(name, damaged(part, chance) if name == victim else part)
    return made.getvalue()


def read(path, system, table):
    """Rows of a file, or None where it is undecodable; anything else fails the test."""
    contract = load_contracts()[system]
    try:
        source = open_file(path, contract, contract.tables[table])
        return sum(len(batch) for batch in source.batches())
    except UndecodableError as error:
        assert path.name in str(error)
        return None


@pytest.mark.parametrize(
    ("file", "system", "table", "damage"),
    [
        (WORKBOOK, "rural", "clinic_claims", damaged),
        (WORKBOOK, "rural", "clinic_claims", damaged_part),
        (PARQUET, "resident", "fund_ledger_d", damaged),
    ],
    ids=["workbook", "part of a workbook", "parquet"],
)
def test_a_damaged_file_is_read_or_undecodable(tmp_path, file, system, table, damage):
    chance, content = random.Random(7), file.read_bytes()
    outcomes = set()
    for _ in range(60):
        path = tmp_path / file.name
        path.write_bytes(damage(content, chance))
        outcomes.add(read(path, system, table) is None)
    assert True in outcomes
    path.write_bytes(content)
    assert read(path, system, table) > 0


def test_a_cell_far_to_the_right_does_not_take_all_memory(tmp_path):
    path = tmp_path / "financing.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["流水号", "参合年度", "来源", "人数", "金额", "到账日期"])
        sheet.write(1_048_575, 16_383, "x")
    contract = load_contracts()["rural"]
    with pytest.raises(UndecodableError, match="financing.xlsx has cells beyond column ZZ"):
        open_file(path, contract, contract.tables["financing"])
