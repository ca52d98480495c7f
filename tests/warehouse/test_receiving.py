"""Deliveries received: what lands, what is rejected, what comes again, what waits."""

import csv
import datetime as dt
import io
import json
import os
import shutil
import time
from decimal import Decimal

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from delivery_builder import DeliveryBuilder, change_manifest

from warehouse.contracts import load_contracts
from warehouse.errors import UsageError
from warehouse.landing import deliveries, files_in_force, months_on_record, receive, rejects_in_force, write_rejects
from warehouse.periods import Period
from warehouse.settings import Settings

CLAIM = "00001,,P1,990102N0001,普通门诊,2025-06-03,2025-06-03,J18.9,10.0000,10.0000,4.0000,0.0000,6.0000,10.0000,0.0000"
FAMILY = "F1,张三,990102001001,某村,一般,M1,13800000000"
JUNE = Period(2025, 6)


@pytest.fixture
def settings(tmp_path):
    return Settings(tmp_path / "home")


@pytest.fixture
def inbox(tmp_path):
    return tmp_path / "inbox"


def landed(settings, system, table, columns="*", through=JUNE):
    files = [str(path) for path in files_in_force(settings, through)[system, table]]
    return duckdb.execute(f"select {columns} from read_parquet($1) order by _office, _line", [files]).fetchall() if files else []


def rejected(settings, through=JUNE):
    files = [str(path) for path in rejects_in_force(settings, through)]
    return duckdb.execute(
        "select table_name, _line, reason, column_name, raw_text from read_parquet($1) order by table_name, _line", [files]
    ).fetchall()


def accepted(settings, inbox):
    result = receive(settings, inbox)
    assert [row.reason for row in result.refused] == []
    (row,) = result.accepted
    return row


# --- what lands ---


def test_a_landed_row_is_typed_and_knows_its_delivery_and_line(settings, inbox):
    row = accepted(settings, DeliveryBuilder(lines={"families": [FAMILY], "clinic_claims": ["", CLAIM]}).write(inbox).parents[2])
    ((system, period, office, delivery_id, line, number, reverses, settled_on, total),) = landed(
        settings, "rural", "clinic_claims", "_system, _period, _office, _delivery_id, _line, 补偿序号, 冲红序号, 补偿日期, 总费用"
    )
    assert (system, period, office, delivery_id, line) == ("rural", "2025-06", "990102", "rural-2025-06-990102-1", 3)
    assert (number, reverses, settled_on, total) == ("00001", None, dt.date(2025, 6, 3), Decimal("10.0000"))
    assert row.delivery_id == delivery_id
    described = duckdb.execute("describe select * from read_parquet($1)", [str(row.folder / "clinic_claims.parquet")]).fetchall()
    types = {name: kind.lower() for name, kind, *_ in described}
    contract = load_contracts()["rural"].tables["clinic_claims"]
    assert types == {
        **dict.fromkeys(("_system", "_period", "_office", "_delivery_id"), "varchar"),
        "_line": "bigint",
        **{column.name: column.landing_type for column in contract.columns},
    }


def test_months_are_landed_with_a_hyphen_and_whole_numbers_as_numbers(settings, inbox):
    lines = {"fund_ledger": ["202506,1002,个人缴费,12.5"], "members": ["P1,F1,2025,张三,男,,,1958.3.7,户主,正常,2025-01-01,,1"]}
    accepted(settings, DeliveryBuilder(lines=lines).write(inbox).parents[2])
    assert landed(settings, "rural", "fund_ledger", "会计期, 金额") == [("2025-06", Decimal("12.5000"))]
    assert landed(settings, "rural", "members", "参合年度, 出生日期, 停保日期") == [(2025, "1958.3.7", None)]


def test_every_table_has_a_file_even_without_rows_and_an_optional_table_that_never_came_has_none(settings, inbox):
    DeliveryBuilder(system="city", office="990100").write(inbox)
    receive(settings, inbox)
    files = files_in_force(settings, JUNE)
    assert len(files["city", "divisions"]) == 1
    assert duckdb.execute("select count(*) from read_parquet($1)", [str(files["city", "divisions"][0])]).fetchone() == (0,)
    assert files["city", "history"] == []
    assert set(files) == {(system, table) for system, contract in load_contracts().items() for table in contract.tables}


def test_columns_are_found_by_name_in_whatever_order_they_stand(settings, inbox):
    header = ["电话", "家庭编号", "户属性", "户主姓名", "村名", "村编码", "医疗证号"]
    DeliveryBuilder(headers={"families": header}, lines={"families": ["138,F1,低保,张三,某村,990102001001,M1"]}).write(inbox)
    receive(settings, inbox)
    assert landed(settings, "rural", "families", "家庭编号, 户属性, 电话") == [("F1", "低保", "138")]


def test_unlisted_files_unknown_tables_and_extra_columns_are_accepted_told_and_not_landed(settings, inbox):
    header = [*DeliveryBuilder().header("families"), "备注"]
    folder = DeliveryBuilder(
        headers={"families": header}, lines={"families": [FAMILY + ",x"]}, extra_files={"说明.txt": b"x", "drugs.csv": b"a\n1\n"}
    ).write(inbox)
    import hashlib

    drugs = {"table": "drugs", "file": "drugs.csv", "rows": 1, "sha256": hashlib.sha256(b"a\n1\n").hexdigest(), "control_totals": {}}
    change_manifest(folder, lambda document: document["tables"].append(drugs))
    row = accepted(settings, inbox)
    assert row.note == (
        "unknown tables, not landed: drugs (drugs.csv); unlisted files, not landed: 说明.txt; "
        "extra columns in families.csv, not landed: 备注"
    )
    # Delivered counts what can land, so that delivered = landed + rejected always.
    assert (row.rows_delivered, row.rows_landed, row.rows_rejected) == (1, 1, 0)
    assert not (row.folder / "drugs.parquet").exists()
    assert "备注" not in pq.read_schema(row.folder / "families.parquet").names


def test_optional_columns_may_be_absent_and_land_as_null(settings, inbox):
    DeliveryBuilder(
        system="city",
        office="990100",
        headers={"divisions": ["code", "name", "level", "parent_code"]},
        lines={"divisions": ["990102,东城区,county,990100"]},
    ).write(inbox)
    receive(settings, inbox)
    assert landed(settings, "city", "divisions", "code, valid_from, valid_to, successor_code") == [("990102", None, None, None)]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(("system", "encoding"), [("employee", "utf-8"), ("employee", "utf-8-sig"), ("rural", "gb18030")])
def test_either_line_end_and_encoding_with_or_without_mark_gives_the_same_rows(settings, inbox, system, encoding, newline):
    table, line, office = {
        "employee": ("employers", "E1,𠮷祥公司,10,990102", "990100"),
        "rural": ("families", "F1,𠮷祥,990102001001,某村,一般,M1,1", "990102"),
    }[system]
    DeliveryBuilder(
        system=system, office=office, lines={table: [line, "", line.replace("1", "2")]}, encoding=encoding, newline=newline
    ).write(inbox)
    row = accepted(settings, inbox)
    assert (row.rows_landed, row.rows_rejected) == (2, 0)
    (first, second) = landed(settings, system, table)
    assert list(first[5:]) == line.split(",")
    assert second[4] == 4


def test_characters_that_only_gb18030_has_come_through(settings, inbox):
    names = ["\u3447", "𠮷田", "€", "ｶ", "·", "\ue5e5"]
    DeliveryBuilder(lines={"families": [f"F{place},{name},,,,," for place, name in enumerate(names)]}).write(inbox)
    receive(settings, inbox)
    assert [name for (name,) in landed(settings, "rural", "families", "户主姓名")] == names


def test_a_number_with_more_decimals_than_landing_keeps_is_rounded_and_told(settings, inbox):
    lines = {"history": ["2024-12,point,990100,employee,RATE,0.1234567,公报", "2024-11,point,990100,employee,RATE,0.5000000,公报"]}
    DeliveryBuilder(system="city", office="990100", lines=lines).write(inbox)
    row = accepted(settings, inbox)
    assert landed(settings, "city", "history", "value") == [(Decimal("0.123457"),), (Decimal("0.5"),)]
    assert row.note == "history.csv, value: 1 numbers rounded to 6 decimals"


# --- rejected rows ---


def test_a_row_broken_in_each_way_is_rejected_alone_and_kept_with_its_line_reason_and_text(settings, inbox):
    def claim(number, *changes):
        fields = CLAIM.split(",")
        fields[0] = number
        for place, value in changes:
            fields[place] = value
        return ",".join(fields)

    lines = [
        claim("A"),
        claim("B") + ",one more",
        claim("C", (2, '"P2')),
        "D,x",
        claim(""),
        claim("E", (8, "10,5")).replace("10,5", '"10,5"'),
        claim("F", (5, "2025-02-30")),
        claim("A", (2, "P9")),
        claim("G", (6, "2025-05-31")),
        claim("H", (6, "")),
        claim("I", (9, "10.00001")),
        claim("J", (4, 'a"b')),
        claim("K", (4, '"普通,门诊"')),
    ]
    DeliveryBuilder(lines={"clinic_claims": lines}, totals={"clinic_claims": {"总费用": "90.0000", "保内费用": "90.0000"}}).write(inbox)
    row = accepted(settings, inbox)
    assert (row.rows_delivered, row.rows_landed, row.rows_rejected) == (13, 3, 10)
    assert [number for (number,) in landed(settings, "rural", "clinic_claims", "补偿序号")] == ["A", "J", "K"]
    assert [name for (name,) in landed(settings, "rural", "clinic_claims", "类别")] == ["普通门诊", 'a"b', "普通,门诊"]
    assert rejected(settings) == [
        ("clinic_claims", 3, "cannot be split", None, lines[1]),
        ("clinic_claims", 4, "cannot be split", None, lines[2]),
        ("clinic_claims", 5, "cannot be split", None, lines[3]),
        ("clinic_claims", 6, "key is null", "补偿序号", lines[4]),
        ("clinic_claims", 7, "value cannot be read", "总费用", lines[5]),
        ("clinic_claims", 8, "value cannot be read", "就诊日期", lines[6]),
        ("clinic_claims", 9, "duplicate key", "补偿序号", lines[7]),
        ("clinic_claims", 10, "not of the period", "补偿日期", lines[8]),
        ("clinic_claims", 11, "not of the period", "补偿日期", lines[9]),
        ("clinic_claims", 12, "value cannot be read", "保内费用", lines[10]),
    ]
    (table,) = [table for table in row.tables if table.table == "clinic_claims"]
    # Unsplittable rows and refused values add nothing, every other rejected row adds its amounts.
    assert table.control_totals == {
        "总费用": {"delivered": "90.0000", "landed": "30.0000", "rejected": "60.0000"},
        "保内费用": {"delivered": "90.0000", "landed": "30.0000", "rejected": "60.0000"},
    }


def test_only_a_landed_row_takes_a_key(settings, inbox):
    before = CLAIM.replace("2025-06-03,J18", "2025-05-31,J18")
    DeliveryBuilder(lines={"clinic_claims": [before, CLAIM, CLAIM]}).write(inbox)
    receive(settings, inbox)
    assert [(line, reason) for _, line, reason, _, _ in rejected(settings)] == [(2, "not of the period"), (4, "duplicate key")]
    assert landed(settings, "rural", "clinic_claims", "_line") == [(3,)]


def test_a_key_of_two_columns_repeats_only_where_both_do_and_by_value(settings, inbox):
    def member(person, year):
        return f"{person},F1,{year},张三,男,,,,户主,正常,,,1"

    DeliveryBuilder(lines={"members": [member("P1", "2025"), member("P1", "2026"), member("P2", "2025"), member("P1", "02025")]}).write(
        inbox
    )
    receive(settings, inbox)
    assert [line for _, line, _, _, _ in rejected(settings)] == [5]


def test_the_ledgers_period_is_no_part_of_a_deliverys_key_but_must_be_its_period(settings, inbox):
    DeliveryBuilder(lines={"fund_ledger": ["202506,1001,x,1", "202505,1002,x,1", "202506,1003,x,1", ",1004,x,1"]}).write(inbox)
    receive(settings, inbox)
    assert [(line, reason) for _, line, reason, _, _ in rejected(settings)] == [(3, "not of the period"), (5, "not of the period")]


def test_whatever_is_odd_but_readable_lands(settings, inbox):
    lines = {
        "members": ["P1,没有这户,1899,,未知,000000000000000000,无,不详,?,?,2099-01-01,1900-01-01,9"],
        "clinic_claims": [CLAIM.replace("4.0000", "-99.99").replace("990102N0001", "").replace("J18.9", "???")],
    }
    row = accepted(settings, DeliveryBuilder(lines=lines).write(inbox).parents[2])
    assert (row.rows_landed, row.rows_rejected) == (2, 0)


def test_a_delivery_of_which_every_row_is_rejected_is_accepted(settings, inbox):
    lines = [CLAIM.replace("00001", f"{number:05}").replace("2025-06-03", "2025-04-03") for number in range(500)]
    DeliveryBuilder(lines={"clinic_claims": lines}, totals={"clinic_claims": {"总费用": "5000.0000"}}).write(inbox)
    row = accepted(settings, inbox)
    assert (row.rows_delivered, row.rows_landed, row.rows_rejected) == (500, 0, 500)
    assert len(rejected(settings)) == 500


def test_a_file_of_nothing_but_quotes_is_read(settings, inbox):
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(
        [CLAIM.replace("00001", f"{number:05}").split(",") for number in range(3000)]
    )
    DeliveryBuilder(lines={"clinic_claims": text.getvalue().splitlines()}, totals={"clinic_claims": {"总费用": "30000"}}).write(inbox)
    row = accepted(settings, inbox)
    assert (row.rows_landed, row.rows_rejected) == (3000, 0)


# --- workbooks and Parquet ---


def workbook(path, rows, formats=None):
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("数据")
        book.add_worksheet("说明").write(0, 0, "第二张表不读")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for place, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, dt.date):
                    sheet.write_datetime(place, column, cell, day)
                elif isinstance(cell, str) and cell.startswith("="):
                    sheet.write_formula(place, column, cell, None, (formats or {}).get(cell, "#DIV/0!"))
                elif cell is not None:
                    sheet.write(place, column, cell)
    return path.read_bytes()


HEADER = ["流水号", "参合年度", "来源", "人数", "金额", "到账日期"]


def xlsx_delivery(tmp_path, rows, count, total, header=HEADER):
    content = workbook(tmp_path / "made.xlsx", [header, *rows])
    return DeliveryBuilder(
        contents={"financing": content},
        entries={"financing": {"file": "financing.xlsx", "rows": count}},
        totals={"financing": {"金额": total}},
    )


def test_number_cells_count_with_their_columns_decimals_and_without_binary_dust(settings, inbox, tmp_path):
    rows = [
        ["A", "2025", "个人缴费", "3", 0.1 + 0.2, "2025-06-03"],
        ["B", 2025, "个人缴费", 4, "12.3400", "2025-06-03"],
        ["C", 2025.0, "个人缴费", 5, 7, "2025-06-03"],
        ["D", "2025", "个人缴费", "", 1234567.00005, dt.date(2025, 6, 30)],
        ["E", "2025", "个人缴费", None, -0.00005, "2025-06-03"],
        ["F", "2025", "个人缴费", None, None, "2025-06-03"],
    ]
    xlsx_delivery(tmp_path, rows, 6, "1234586.6400").write(inbox)
    row = accepted(settings, inbox)
    assert (row.rows_landed, row.rows_rejected) == (6, 0)
    assert landed(settings, "rural", "financing", "_line, 参合年度, 人数, 金额, 到账日期") == [
        (2, 2025, 3, Decimal("0.3000"), dt.date(2025, 6, 3)),
        (3, 2025, 4, Decimal("12.3400"), dt.date(2025, 6, 3)),
        (4, 2025, 5, Decimal("7.0000"), dt.date(2025, 6, 3)),
        (5, 2025, None, Decimal("1234567.0001"), dt.date(2025, 6, 30)),
        (6, 2025, None, Decimal("-0.0001"), dt.date(2025, 6, 3)),
        (7, 2025, None, None, dt.date(2025, 6, 3)),
    ]


def test_cells_that_no_column_can_read_reject_their_row_alone(settings, inbox, tmp_path):
    rows = [
        ["A", "2025", "x", 1.5, 1, "2025-06-03"],
        ["B", "2025", "x", 1, "=1/0", "2025-06-03"],
        ["C", "2025", "x", 1, True, "2025-06-03"],
        ["D", "2025", "x", 1, 1, dt.datetime(2025, 6, 3, 8, 30)],
        ["E", "2025", "x", 1, 1e20, "2025-06-03"],
        ["F", "2025", "x", 1, 1, "2025-06-03", "beyond the header"],
        [None, "2025", "x", 1, 1, "2025-06-03"],
        [],
        ["  "],
        [12345678901234, "2025", "x", 1, 1, "2025-06-03"],
    ]
    xlsx_delivery(tmp_path, rows, 8, "4").write(inbox)
    row = accepted(settings, inbox)
    assert landed(settings, "rural", "financing", "_line, 流水号") == [(11, "12345678901234")]
    assert [(line, reason, column) for _, line, reason, column, _ in rejected(settings)] == [
        (2, "value cannot be read", "人数"),
        (3, "value cannot be read", "金额"),
        (4, "value cannot be read", "金额"),
        (5, "value cannot be read", "到账日期"),
        (6, "value cannot be read", "金额"),
        (7, "cannot be split", None),
        (8, "key is null", "流水号"),
    ]
    assert row.rows_delivered == 8


def test_a_formula_counts_with_the_value_it_shows(settings, inbox, tmp_path):
    content = workbook(tmp_path / "made.xlsx", [HEADER, ["A", "2025", "x", 1, "=1+1", "2025-06-03"]], {"=1+1": 2})
    DeliveryBuilder(
        contents={"financing": content}, entries={"financing": {"file": "financing.XLSX", "rows": 1}}, totals={"financing": {"金额": "2"}}
    ).write(inbox)
    assert accepted(settings, inbox).rows_landed == 1


def test_the_text_of_a_rejected_workbook_row_is_a_line_of_csv(settings, inbox, tmp_path):
    xlsx_delivery(tmp_path, [["A", "2025", 'a "b", c', 1, "x", "2025-06-03"]], 1, "0").write(inbox)
    receive(settings, inbox)
    assert [raw for *_, raw in rejected(settings)] == ['A,2025,"a ""b"", c",1,x,2025-06-03']


def test_a_workbook_with_a_title_above_its_header_lacks_its_columns(settings, inbox, tmp_path):
    xlsx_delivery(tmp_path, [["A", "2025", "x", 1, 1, "2025-06-03"]], 1, "1", header=["某县新农合筹资表"]).write(inbox)
    assert receive(settings, inbox).refused[0].reason.startswith("column missing: financing.xlsx has no 流水号")


def parquet_delivery(tmp_path, columns, rows, total="3.50"):
    path = tmp_path / "made.parquet"
    pq.write_table(pa.table(columns), path)
    return DeliveryBuilder(
        system="resident",
        office="990100",
        contents={"fund_ledger_d": path.read_bytes()},
        entries={"fund_ledger_d": {"file": "fund_ledger_d.parquet", "rows": rows}},
        totals={"fund_ledger_d": {"amt": total}},
    )


def test_a_parquet_file_of_texts_is_read_row_by_row(settings, inbox, tmp_path):
    columns = {
        "amt": ["1.50", "x", "2.00", None],
        "insutype": pa.array(["391"] * 4).dictionary_encode(),
        "acct_ym": ["202506", "202506", "202506", "202507"],
        "subj_code": pa.array(["1", "2", "", "4"], pa.large_string()),
        "subj_name": ["a,b", 'say "no"', None, ""],
        "loaded_at": pa.array([1, 2, 3, 4]),
    }
    parquet_delivery(tmp_path, columns, 4).write(inbox)
    row = accepted(settings, inbox)
    assert landed(settings, "resident", "fund_ledger_d", "_line, acct_ym, subj_name, amt") == [(2, "2025-06", "a,b", Decimal("1.50"))]
    assert [(line, reason) for _, line, reason, _, _ in rejected(settings)] == [
        (3, "value cannot be read"),
        (4, "key is null"),
        (5, "not of the period"),
    ]
    assert rejected(settings)[0][4] == 'x,391,202506,2,"say ""no""",'
    assert row.note == "extra columns in fund_ledger_d.parquet, not landed: loaded_at"


def test_a_parquet_column_that_is_no_text_is_refused(settings, inbox, tmp_path):
    columns = {"amt": [1.5], "insutype": ["391"], "acct_ym": ["202506"], "subj_code": ["1"], "subj_name": ["x"]}
    parquet_delivery(tmp_path, columns, 1).write(inbox)
    reason = receive(settings, inbox).refused[0].reason
    assert reason.startswith("not decodable: fund_ledger_d.parquet, column amt is double, expected string")


def test_a_parquet_file_damaged_inside_is_refused(settings, inbox, tmp_path):
    columns = {
        name: ["202506" if name == "acct_ym" else f"{name}{place}" for place in range(5000)]
        for name in ("insutype", "acct_ym", "subj_code", "subj_name", "amt")
    }
    builder = parquet_delivery(tmp_path, columns, 5000, total="0")
    content = bytearray(builder.contents["fund_ledger_d"])
    content[200:3000] = bytes(2800)
    builder.contents["fund_ledger_d"] = bytes(content)
    builder.write(inbox)
    assert receive(settings, inbox).refused[0].reason.startswith("not decodable: fund_ledger_d.parquet cannot be read to its end")


# --- numbers, repetition, superseding ---


def numbered(number, lines=(FAMILY,), **changes):
    return DeliveryBuilder(delivery_no=number, folder_name=f"990102-{number}", lines={"families": list(lines)}, **changes)


def ledger(settings):
    return [(row.delivery_no, row.status, row.is_in_force, (row.reason or "").split(":")[0]) for row in deliveries(settings)]


def test_the_highest_accepted_number_is_in_force_and_the_earlier_ones_stay_on_record(settings, inbox):
    numbered(1).write(inbox)
    receive(settings, inbox)
    assert ledger(settings) == [(1, "accepted", True, "")]
    numbered(2, [FAMILY, FAMILY.replace("F1", "F2")]).write(inbox)
    receive(settings, inbox)
    assert ledger(settings) == [(1, "superseded", False, ""), (2, "accepted", True, "")]
    assert len(landed(settings, "rural", "families")) == 2


def test_a_lower_number_that_comes_later_lands_as_superseded(settings, inbox):
    numbered(3).write(inbox)
    receive(settings, inbox)
    numbered(2, [FAMILY, FAMILY.replace("F1", "F2")]).write(inbox)
    result = receive(settings, inbox)
    assert [row.status for row in result.accepted] == ["superseded"]
    assert ledger(settings) == [(2, "superseded", False, ""), (3, "accepted", True, "")]
    assert len(landed(settings, "rural", "families")) == 1


def test_the_same_number_with_the_same_checksums_is_nothing_new(settings, inbox):
    numbered(1).write(inbox)
    receive(settings, inbox)
    before = deliveries(settings)
    shutil.copytree(inbox / "rural" / "2025-06" / "990102-1", inbox / "rural" / "2025-06" / "990102")
    result = receive(settings, inbox)
    assert (result.accepted, result.refused) == ([], [])
    assert sorted(result.unchanged) == ["rural/2025-06/990102", "rural/2025-06/990102-1"]
    assert deliveries(settings) == before


def test_the_same_number_with_other_checksums_is_refused_and_the_accepted_one_keeps_its_row(settings, inbox):
    folder = numbered(1).write(inbox)
    receive(settings, inbox)
    numbered(1, [FAMILY.replace("张三", "李四")]).write(inbox)
    reason = receive(settings, inbox).refused[0].reason
    assert reason.startswith("number in use: delivery_no 1 was accepted on ")
    assert "now families differ" in reason
    assert ledger(settings) == [(1, "accepted", True, ""), (1, "refused", False, "number in use")]
    assert landed(settings, "rural", "families", "户主姓名") == [("张三",)]
    # Put right again, the folder repeats what is on record, and its refusal leaves the ledger.
    numbered(1).write(inbox)
    assert receive(settings, inbox).unchanged == ["rural/2025-06/990102-1"]
    assert ledger(settings) == [(1, "accepted", True, "")]
    assert folder.exists()


def test_a_file_changed_under_an_unchanged_manifest_is_not_the_delivery_on_record(settings, inbox):
    folder = numbered(1).write(inbox)
    receive(settings, inbox)
    (folder / "families.csv").write_bytes(b"something else")
    assert receive(settings, inbox).refused[0].reason.startswith("number in use: ")


def test_an_accepted_folder_from_which_files_were_tidied_away_repeats_what_is_on_record(settings, inbox):
    folder = numbered(1).write(inbox)
    receive(settings, inbox)
    (folder / "families.csv").unlink()
    result = receive(settings, inbox)
    assert (result.refused, len(result.unchanged)) == ([], 1)


def test_two_folders_with_one_number_in_one_look_give_one_acceptance_and_one_refusal(settings, inbox):
    DeliveryBuilder(lines={"families": [FAMILY]}).write(inbox)
    numbered(1, [FAMILY.replace("张三", "李四")]).write(inbox)
    result = receive(settings, inbox)
    assert ([row.inbox_folder for row in result.accepted], [row.inbox_folder for row in result.refused]) == (
        ["rural/2025-06/990102"],
        ["rural/2025-06/990102-1"],
    )


def test_a_refusal_does_not_use_up_its_number(settings, inbox):
    numbered(1, entries={"families": {"rows": 7}}).write(inbox)
    receive(settings, inbox)
    assert ledger(settings) == [(1, "refused", False, "rows")]
    numbered(1).write(inbox)
    receive(settings, inbox)
    assert ledger(settings) == [(1, "accepted", True, "")]


def test_a_number_refused_in_one_folder_and_accepted_from_another_has_one_row(settings, inbox):
    DeliveryBuilder(lines={"families": [FAMILY]}, entries={"families": {"rows": 7}}).write(inbox)
    receive(settings, inbox)
    numbered(1).write(inbox)
    receive(settings, inbox)
    assert ledger(settings) == [(1, "accepted", True, "")]


def test_a_manifest_that_arrives_after_its_files_makes_the_refusal_good(settings, inbox):
    folder = numbered(1).write(inbox)
    manifest = (folder / "delivery.json").read_bytes()
    (folder / "delivery.json").unlink()
    receive(settings, inbox)
    assert ledger(settings) == [(None, "refused", False, "manifest missing")]
    (folder / "delivery.json").write_bytes(manifest)
    receive(settings, inbox)
    assert ledger(settings) == [(1, "accepted", True, "")]


def test_a_refusal_is_looked_at_again_only_when_a_file_has_changed(settings, inbox, monkeypatch):
    folder = numbered(1, entries={"families": {"rows": 7}}).write(inbox)
    assert len(receive(settings, inbox).refused) == 1
    again = receive(settings, inbox)
    assert (again.refused, again.unchanged) == ([], ["rural/2025-06/990102-1"])
    os.utime(folder / "members.csv", (1, 1))
    assert len(receive(settings, inbox).refused) == 1
    assert len(list(settings.landing.rglob("receipts/*.json"))) == 2
    assert ledger(settings) == [(1, "refused", False, "rows")]


def test_the_same_number_of_another_month_or_office_is_another_delivery(settings, inbox):
    DeliveryBuilder(lines={"families": [FAMILY]}).write(inbox)
    DeliveryBuilder(lines={"families": [FAMILY]}, period="2025-07").write(inbox)
    DeliveryBuilder(lines={"families": [FAMILY]}, office="990103").write(inbox)
    assert len(receive(settings, inbox).accepted) == 3
    assert [str(month) for month in months_on_record(settings)] == ["2025-06", "2025-07"]
    assert len(landed(settings, "rural", "families")) == 2
    assert len(landed(settings, "rural", "families", through=Period(2025, 7))) == 3
    assert len(deliveries(settings, through=JUNE)) == 2


def test_the_manifest_decides_where_the_path_says_something_else(settings, inbox):
    folder = DeliveryBuilder(lines={"families": [FAMILY]}, folder_name="990104-9").write(inbox)
    change_manifest(folder, lambda document: document.update(office="990103", delivery_no=2))
    row = accepted(settings, inbox)
    assert (row.office, row.delivery_no) == ("990103", 2)
    assert row.note == "the folder says rural/2025-06/990104, delivery.json decides"


def test_a_month_with_refusals_alone_is_not_on_record(settings, inbox):
    numbered(1, entries={"families": {"rows": 7}}).write(inbox)
    receive(settings, inbox)
    assert months_on_record(settings) == []


# --- in motion ---


def test_a_folder_whose_newest_file_is_younger_than_the_settling_time_waits(settings, inbox):
    folder = numbered(1).write(inbox)
    result = receive(settings, inbox, settling_seconds=120)
    assert (result.waiting, result.accepted, deliveries(settings)) == (["rural/2025-06/990102-1"], [], [])
    long_ago = time.time() - 121
    for path in folder.iterdir():
        os.utime(path, (long_ago, long_ago))
    (folder / "delivery.json").touch()
    assert receive(settings, inbox, settling_seconds=120).waiting != []
    os.utime(folder / "delivery.json", (long_ago, long_ago))
    assert len(receive(settings, inbox, settling_seconds=120).accepted) == 1


def test_a_folder_that_changes_while_it_is_read_waits_and_leaves_nothing(settings, inbox, monkeypatch):
    from warehouse.landing import receiving

    folder = numbered(1).write(inbox)
    judge = receiving.judge

    def judge_while_a_copy_goes_on(*arguments):
        outcome = judge(*arguments)
        with (folder / "members.csv").open("ab") as file:
            file.write(b"more")
        return outcome

    monkeypatch.setattr(receiving, "judge", judge_while_a_copy_goes_on)
    result = receive(settings, inbox)
    assert (result.waiting, result.accepted, result.refused) == (["rural/2025-06/990102-1"], [], [])
    assert list(settings.landing.rglob("*.parquet")) == []
    assert deliveries(settings) == []


# --- looking without landing, and at a part ---


def test_a_dry_run_judges_and_writes_nothing(settings, inbox):
    numbered(1).write(inbox)
    numbered(2, entries={"families": {"rows": 7}}).write(inbox)
    result = receive(settings, inbox, dry_run=True)
    assert ([row.delivery_no for row in result.accepted], [row.delivery_no for row in result.refused]) == ([1], [2])
    assert result.accepted[0].rows_landed == 1
    assert not settings.landing.exists()
    assert [path for path in settings.home.rglob("*") if path.is_file()] == []
    assert len(receive(settings, inbox).accepted) == 1


def test_only_the_deliveries_meant_are_looked_at(settings, inbox):
    for office in ("990102", "990103"):
        DeliveryBuilder(lines={"families": [FAMILY]}, office=office).write(inbox)
    DeliveryBuilder(system="employee", office="990100").write(inbox)
    assert [row.office for row in receive(settings, inbox, only=("rural", "2025-06", "990103")).accepted] == ["990103"]
    assert [row.system for row in receive(settings, inbox, only=("employee", "2025-06", None)).accepted] == ["employee"]
    assert [row.office for row in receive(settings, inbox).accepted] == ["990102"]


def test_an_inbox_that_is_none_is_told(settings, tmp_path):
    with pytest.raises(UsageError, match="is no folder; expected an inbox"):
        receive(settings, tmp_path / "nowhere")


def test_progress_is_told_by_the_delivery_and_quotes_no_row(settings, inbox):
    numbered(1).write(inbox)
    numbered(2, [FAMILY, FAMILY, '"张三']).write(inbox)
    heard = []
    receive(settings, inbox, on_progress=heard.append)
    assert len(heard) == 2
    assert heard[0].startswith("rural 2025-06 990102 #1: accepted, 1 rows landed, 0 rejected")
    assert "张三" not in "".join(heard)


# --- what is on record ---


def test_landed_files_are_read_only_and_the_ledger_is_rebuilt_from_them_alone(settings, inbox, tmp_path):
    numbered(1).write(inbox)
    numbered(2, entries={"families": {"rows": 7}}).write(inbox)
    receive(settings, inbox)
    assert all(path.stat().st_mode & 0o222 == 0 for path in settings.landing.rglob("*") if path.is_file() and path.name != ".lock")
    elsewhere = Settings(tmp_path / "restored")
    shutil.copytree(settings.landing, elsewhere.landing)
    shutil.rmtree(inbox)
    restored = [{**row.__dict__, "folder": None} for row in deliveries(elsewhere)]
    assert restored == [{**row.__dict__, "folder": None} for row in deliveries(settings)]


def test_nothing_is_left_on_the_way(settings, inbox):
    numbered(1).write(inbox)
    numbered(2, entries={"families": {"rows": 7}}).write(inbox)
    receive(settings, inbox)
    assert list((settings.landing / ".incoming").glob("*")) == []
    assert list(settings.work.glob("*")) == []


def test_a_receipt_says_what_was_delivered_landed_and_rejected_by_table(settings, inbox):
    DeliveryBuilder(lines={"clinic_claims": [CLAIM, CLAIM]}, totals={"clinic_claims": {"总费用": "20"}}).write(inbox)
    row = accepted(settings, inbox)
    stored = json.loads((row.folder / "receipt.json").read_text(encoding="utf-8"))
    table = next(table for table in stored["tables"] if table["table"] == "clinic_claims")
    assert (table["rows_delivered"], table["rows_landed"], table["rows_rejected"]) == (2, 1, 1)
    assert table["rejected_by_reason"] == {"duplicate key": 1}
    assert table["control_totals"] == {"总费用": {"delivered": "20.0000", "landed": "10.0000", "rejected": "10.0000"}}


def test_names_that_are_no_text_are_noted_all_the_same(settings, inbox):
    folder = numbered(1).write(inbox)
    with open(os.fsencode(folder) + b"/" + "说明.txt".encode("gb18030"), "wb") as file:  # noqa: PTH123 - a name that is no text
        file.write(b"x")
    row = accepted(settings, inbox)
    assert row.note.startswith("unlisted files, not landed: ")
    assert receive(settings, inbox).unchanged == ["rural/2025-06/990102-1"]


# --- rejected rows, to be sent back ---


def test_an_office_gets_a_workbook_of_its_rejected_rows_that_says_it_holds_personal_data(settings, inbox, tmp_path):
    DeliveryBuilder(lines={"families": [FAMILY, FAMILY, '=1+1,"x', "F2"]}).write(inbox)
    DeliveryBuilder(lines={"families": [FAMILY]}, office="990103").write(inbox)
    DeliveryBuilder(system="employee", office="990100", lines={"persons": [",01,,王五,1,,10,,,1"]}).write(inbox)
    receive(settings, inbox)
    files = write_rejects(settings, JUNE, tmp_path / "out")
    assert [path.name for path in files] == ["rejects-2025-06-employee-990100.xlsx", "rejects-2025-06-rural-990102.xlsx"]
    book = openpyxl.load_workbook(files[1])
    assert book.sheetnames == ["说明", "退回行"]
    assert all("个人信息" in str([cell.value for row in sheet.iter_rows(max_row=2) for cell in row]) for sheet in book)
    rows = [[cell.value or None for cell in row] for row in book["退回行"].iter_rows(min_row=2)]
    assert rows == [
        ["表", "文件", "行号", "列", "退回原因", "说明", "原始行"],
        ["参合家庭", "families.csv", 3, "家庭编号", "主键重复", "与第 2 行重复", FAMILY],
        ["参合家庭", "families.csv", 4, None, "无法按列拆分", "引号不成对", '=1+1,"x'],
        ["参合家庭", "families.csv", 5, None, "无法按列拆分", "有 1 列，应为 7 列", "F2"],
    ]
    assert book["退回行"]["G4"].data_type == "s"


def test_workbooks_are_for_the_month_and_the_delivery_in_force(settings, inbox, tmp_path):
    numbered(1, [FAMILY, FAMILY]).write(inbox)
    numbered(2, [FAMILY]).write(inbox)
    DeliveryBuilder(lines={"families": [FAMILY, FAMILY]}, period="2025-07").write(inbox)
    receive(settings, inbox)
    assert write_rejects(settings, JUNE, tmp_path / "out") == []
    assert [path.name for path in write_rejects(settings, Period(2025, 7), tmp_path / "out")] == ["rejects-2025-07-rural-990102.xlsx"]


def test_a_line_longer_than_a_cell_goes_on_beside_it(settings, inbox, tmp_path):
    DeliveryBuilder(lines={"families": ["F1," + "长" * 70_000]}).write(inbox)
    receive(settings, inbox)
    (path,) = write_rejects(settings, JUNE, tmp_path)
    cells = [cell.value for cell in openpyxl.load_workbook(path)["退回行"][3]][6:]
    assert "".join(cells) == "F1," + "长" * 70_000
