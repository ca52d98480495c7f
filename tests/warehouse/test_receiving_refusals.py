"""What a delivery is refused for, whole, with the reason the contract page names, and nothing landed."""

import json
import os

import pytest
from delivery_builder import DeliveryBuilder, change_manifest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from warehouse.landing import deliveries, receive
from warehouse.landing.manifest import ManifestUnreadableError, read_manifest
from warehouse.settings import Settings

CLAIM = "00001,,P1,990102N0001,普通门诊,2025-06-03,2025-06-03,J18.9,10.0000,10.0000,4.0000,0.0000,6.0000,10.0000,0.0000"
FAMILY = "F1,张三,990102001001,某村,一般,M1,13800000000"


@pytest.fixture
def settings(tmp_path):
    return Settings(tmp_path / "home")


@pytest.fixture
def inbox(tmp_path):
    return tmp_path / "inbox"


def builder(**changes):
    return DeliveryBuilder(
        **{
            "lines": {"families": [FAMILY], "clinic_claims": [CLAIM]},
            "totals": {"clinic_claims": {"总费用": "10.0000", "统筹补偿": "4.0000"}},
            **changes,
        }
    )


def refusal(settings, inbox):
    """The one refusal that receiving comes to; nothing else may have happened."""
    result = receive(settings, inbox)
    assert result.accepted == []
    assert len(result.refused) == 1, result
    assert list(settings.landing.rglob("*.parquet")) == []
    (row,) = deliveries(settings)
    assert row == result.refused[0]
    assert (row.status, row.rows_landed, row.rows_rejected, row.folder, row.is_in_force) == ("refused", 0, 0, None, False)
    return row


def entry(document, table):
    return next(one for one in document["tables"] if one["table"] == table)


def test_a_right_delivery_is_accepted_so_that_each_refusal_below_has_one_cause(settings, inbox):
    builder().write(inbox)
    (row,) = receive(settings, inbox).accepted
    assert (row.rows_delivered, row.rows_landed, row.rows_rejected, row.reason, row.note) == (2, 2, 0, None, None)


# --- the manifest ---


def test_table_files_without_a_manifest_are_a_refused_delivery_of_the_office_in_the_path(settings, inbox):
    (builder(folder_name="990102-3").write(inbox) / "delivery.json").unlink()
    row = refusal(settings, inbox)
    assert row.reason.startswith("manifest missing: delivery.json is not in the folder")
    assert (row.system, row.period, row.office, row.delivery_no, row.rows_delivered) == ("rural", "2025-06", "990102", None, None)


def test_a_folder_without_table_files_is_no_delivery(settings, inbox):
    folder = inbox / "rural" / "2025-06" / "990102"
    folder.mkdir(parents=True)
    (folder / "说明.txt").write_text("稍后报送", encoding="utf-8")
    (folder / "~$members.xlsx").write_bytes(b"lock")
    result = receive(settings, inbox)
    assert (result.accepted, result.refused, deliveries(settings)) == ([], [], [])


def test_table_files_somewhere_else_are_told_but_are_nobodys_delivery(settings, inbox):
    (inbox / "to sort").mkdir(parents=True)
    (inbox / "to sort" / "members.csv").write_text("a,b\n", encoding="utf-8")
    result = receive(settings, inbox)
    assert (result.accepted, result.refused, deliveries(settings)) == ([], [], [])
    assert len(result.ignored) == 1
    assert "to sort" in result.ignored[0]


UNREADABLE = {
    "empty": b"",
    "half a file": b'{"system": "rural", "peri',
    "a list": b"[]",
    "a number": b"7",
    "null": b"null",
    "not UTF-8": '{"system": "农"}'.encode("gb18030"),
    "NaN": b'{"system": "rural", "x": NaN}',
    "a name said twice": b'{"system": "rural", "system": "city"}',
    "nested beyond reason": b"[" * 100_000,
    "a number of five thousand digits": b'{"delivery_no": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_a_manifest_that_is_no_json_object_is_unreadable(settings, inbox, content):
    (builder().write(inbox) / "delivery.json").write_bytes(content)
    row = refusal(settings, inbox)
    assert row.reason.startswith("manifest unreadable: ")
    assert (row.system, row.period, row.office, row.delivery_no, row.rows_delivered) == ("rural", "2025-06", "990102", None, None)


def test_a_manifest_with_a_byte_order_mark_is_read(settings, inbox):
    path = builder().write(inbox) / "delivery.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert [row.status for row in receive(settings, inbox).accepted] == ["accepted"]


WRONG_IDENTITY = {
    "unknown system": {"system": "urban"},
    "system of another type": {"system": 3},
    "no system": {"system": None},
    "a period that is no month": {"period": "2025-13"},
    "a period of year 0": {"period": "0000-01"},
    "a period in another form": {"period": "202506"},
    "a period with a line end": {"period": "2025-06\n"},
    "a period in full-width digits": {"period": "２０２５-０６"},
    "a period that is a number": {"period": 202506},
    "an office of five digits": {"office": "99010"},
    "an office that is a number": {"office": 990102},
    "an office with a path": {"office": "../../x"},
    "an office in full-width digits": {"office": "９９０１０２"},
    "the city as a county": {"office": "990100"},
    "delivery_no below one": {"delivery_no": 0},
    "negative delivery_no": {"delivery_no": -2},
    "delivery_no as text": {"delivery_no": "1"},
    "delivery_no as fraction": {"delivery_no": 1.0},
    "delivery_no as boolean": {"delivery_no": True},
    "delivery_no beyond reason": {"delivery_no": 10**30},
}


@pytest.mark.parametrize("change", WRONG_IDENTITY.values(), ids=WRONG_IDENTITY)
def test_a_manifest_that_does_not_say_whose_it_is_leaves_that_to_the_path(settings, inbox, change):
    folder = builder().write(inbox)
    change_manifest(folder, lambda document: document.update(change))
    row = refusal(settings, inbox)
    assert row.reason.startswith("manifest unreadable: delivery.json, ")
    assert next(iter(change)) in row.reason
    assert (row.system, row.period, row.office, row.delivery_no, row.rows_delivered) == ("rural", "2025-06", "990102", None, None)


def test_a_city_wide_system_delivers_for_the_city_alone(settings, inbox):
    DeliveryBuilder(system="employee", office="990102").write(inbox)
    row = refusal(settings, inbox)
    assert row.reason == "manifest unreadable: delivery.json, office is '990102', expected 990100 from employee"


WRONG_TABLES = {
    "tables missing": lambda document: document.pop("tables"),
    "tables of another type": lambda document: document.update(tables={"table": "members"}),
    "an entry of another type": lambda document: document["tables"].append("members"),
    "rows as text": lambda document: entry(document, "families").update(rows="1"),
    "negative rows": lambda document: entry(document, "families").update(rows=-1),
    "rows as boolean": lambda document: entry(document, "families").update(rows=True),
    "rows as fraction": lambda document: entry(document, "families").update(rows=1.5),
    "rows missing": lambda document: entry(document, "families").pop("rows"),
    "no table": lambda document: entry(document, "families").pop("table"),
    "table as number": lambda document: entry(document, "families").update(table=1),
    "table of half a character": lambda document: entry(document, "families").update(table="\ud800"),
    "no file": lambda document: entry(document, "families").pop("file"),
    "an empty file name": lambda document: entry(document, "families").update(file=""),
    "a file outside": lambda document: entry(document, "families").update(file="../990103/families.csv"),
    "a file by its full path": lambda document: entry(document, "families").update(file="/etc/passwd"),
    "a file outside, written as on Windows": lambda document: entry(document, "families").update(file="..\\families.csv"),
    "a file on another drive": lambda document: entry(document, "families").update(file="C:families.csv"),
    "the folder itself": lambda document: entry(document, "families").update(file="."),
    "the folder above": lambda document: entry(document, "families").update(file=".."),
    "the manifest itself": lambda document: entry(document, "families").update(file="delivery.json"),
    "a file name with a null character": lambda document: entry(document, "families").update(file="families\0.csv"),
    "a file name longer than any": lambda document: entry(document, "families").update(file="x" * 4000),
    "a checksum that is no text": lambda document: entry(document, "families").update(sha256=0),
    "no checksum": lambda document: entry(document, "families").pop("sha256"),
    "control totals of another type": lambda document: entry(document, "families").update(control_totals=[1]),
    "a control total that is no number": lambda document: entry(document, "clinic_claims").update(control_totals={"总费用": "ten"}),
    "a control total with thousands signs": lambda document: entry(document, "clinic_claims").update(control_totals={"总费用": "1,000.00"}),
    "a control total that is not finite": lambda document: entry(document, "clinic_claims").update(control_totals={"总费用": "NaN"}),
    "a control total of null": lambda document: entry(document, "clinic_claims").update(control_totals={"总费用": None}),
    "a control total with an exponent": lambda document: entry(document, "clinic_claims").update(control_totals={"总费用": 1e300}),
    "a moment that is none": lambda document: document.update(extracted_at="yesterday"),
    "one file for two tables": lambda document: entry(document, "families").update(file="members.csv"),
}


@pytest.mark.parametrize("change", WRONG_TABLES.values(), ids=WRONG_TABLES)
def test_a_manifest_that_says_whose_it_is_keeps_its_number_when_its_tables_are_wrong(settings, inbox, change):
    folder = builder(delivery_no=2).write(inbox)
    change_manifest(folder, change)
    row = refusal(settings, inbox)
    assert row.reason.startswith("manifest unreadable: delivery.json, ")
    assert (row.system, row.period, row.office, row.delivery_no, row.rows_delivered) == ("rural", "2025-06", "990102", 2, None)


def test_all_that_is_wrong_with_a_manifest_is_told_at_once(settings, inbox):
    folder = builder().write(inbox)
    change_manifest(
        folder, lambda document: (document.update(period="2025-00", delivery_no="x"), entry(document, "families").update(rows=-1))
    )
    reason = refusal(settings, inbox).reason
    assert all(word in reason for word in ("period", "delivery_no", "rows is -1"))


# --- what the manifest lists ---


def test_a_table_of_the_contract_that_is_not_listed_is_missing(settings, inbox):
    folder = builder().write(inbox)
    change_manifest(folder, lambda document: document["tables"].remove(entry(document, "members")))
    row = refusal(settings, inbox)
    assert row.reason == "table missing: delivery.json does not list members, expected every table of rural"
    assert (row.delivery_no, row.rows_delivered) == (1, 2)


def test_a_table_listed_twice_is_refused_and_delivered_counts_it_twice(settings, inbox):
    folder = builder().write(inbox)
    change_manifest(folder, lambda document: document["tables"].append(dict(entry(document, "families"))))
    row = refusal(settings, inbox)
    assert row.reason.startswith("table twice: delivery.json lists families 2 times (families.csv, families.csv)")
    assert row.rows_delivered == 3


def test_a_table_listed_twice_from_two_files_is_refused_too(settings, inbox):
    folder = builder(extra_files={"more.csv": b"x"}).write(inbox)
    change_manifest(folder, lambda document: document["tables"].append({**entry(document, "families"), "file": "more.csv"}))
    assert refusal(settings, inbox).reason.startswith("table twice: ")


def test_a_listed_file_that_is_not_there_is_missing(settings, inbox):
    (builder().write(inbox) / "members.csv").unlink()
    assert refusal(settings, inbox).reason.startswith("file missing: members.csv (members), listed in delivery.json, is not in the folder")


def test_a_folder_or_a_link_in_place_of_a_file_is_no_file(settings, inbox, tmp_path):
    folder = builder().write(inbox)
    outside = tmp_path / "outside.csv"
    (folder / "members.csv").rename(outside)
    (folder / "members.csv").symlink_to(outside)
    (folder / "families.csv").unlink()
    (folder / "families.csv").mkdir()
    reason = refusal(settings, inbox).reason
    assert reason.startswith("file missing: ")
    assert "families.csv" in reason
    assert "members.csv" in reason


def test_the_file_of_an_unknown_table_must_be_there_all_the_same(settings, inbox):
    folder = builder().write(inbox)
    change_manifest(folder, lambda document: document["tables"].append({"table": "drugs", "file": "drugs.csv", "rows": 1, "sha256": "x"}))
    assert refusal(settings, inbox).reason.startswith("file missing: drugs.csv (drugs)")


def test_a_file_that_is_not_the_one_sent_has_another_checksum(settings, inbox):
    folder = builder().write(inbox)
    content = (folder / "families.csv").read_bytes()
    (folder / "families.csv").write_bytes(content[:-3])
    reason = refusal(settings, inbox).reason
    assert reason.startswith("checksum: families.csv is not the file that delivery.json was written for")
    assert "张三" not in reason


def test_a_checksum_in_capitals_is_the_same_checksum(settings, inbox):
    folder = builder().write(inbox)
    change_manifest(folder, lambda document: [one.update(sha256=one["sha256"].upper()) for one in document["tables"]])
    assert len(receive(settings, inbox).accepted) == 1


@pytest.mark.parametrize("rows", [0, 2])
def test_another_count_of_rows_is_refused(settings, inbox, rows):
    builder(entries={"families": {"rows": rows}}).write(inbox)
    assert refusal(settings, inbox).reason == f"rows: families.csv has 1 rows, expected {rows} by delivery.json"


def test_a_damaged_row_counts_as_a_row_and_a_blank_line_does_not(settings, inbox):
    lines = [FAMILY, "", 'F2,"open', "   ", "\u3000", FAMILY.replace("F1", "F3"), ""]
    builder(lines={"families": lines}, totals={}, entries={"families": {"rows": 3}}).write(inbox)
    (row,) = receive(settings, inbox).accepted
    assert (row.rows_delivered, row.rows_landed, row.rows_rejected) == (3, 2, 1)


def test_another_control_total_is_refused_with_both_sums(settings, inbox):
    builder(totals={"clinic_claims": {"总费用": "10.0001"}}).write(inbox)
    assert refusal(settings, inbox).reason == "control total: clinic_claims.csv, 总费用 sums to 10.0000, expected 10.0001 by delivery.json"


@pytest.mark.parametrize("column", ["个人编号", "no such column", "就诊日期"])
def test_a_control_total_of_what_is_no_money_column_cannot_match(settings, inbox, column):
    builder(totals={"clinic_claims": {column: "10.0000"}}).write(inbox)
    assert refusal(settings, inbox).reason.startswith("control total: clinic_claims.csv has no money column ")


@pytest.mark.parametrize("total", ["10", "10.0", "10.00000", 10])
def test_a_control_total_may_be_written_with_other_decimals(settings, inbox, total):
    builder(totals={"clinic_claims": {"总费用": total}}).write(inbox)
    assert len(receive(settings, inbox).accepted) == 1


def test_a_column_under_another_name_is_missing_and_the_header_is_not_quoted(settings, inbox):
    header = ["家庭编号", "户主", "村编码", "村名", "户属性", "医疗证号", "电话"]
    builder(headers={"families": header}).write(inbox)
    reason = refusal(settings, inbox).reason
    assert reason.startswith("column missing: families.csv has no 户主姓名, expected 7 columns of families")


def test_a_file_without_header_is_refused_and_its_first_row_is_not_told(settings, inbox):
    builder(contents={"families": (FAMILY + "\n").encode("gb18030")}, lines={}, totals={}).write(inbox)
    reason = refusal(settings, inbox).reason
    assert reason.startswith("column missing: families.csv has no 家庭编号")
    assert "张三" not in reason


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\r\n", "家庭编号".encode("gb18030")])
def test_an_empty_file_has_no_columns(settings, inbox, content):
    builder(contents={"families": content}, lines={}, totals={}).write(inbox)
    assert refusal(settings, inbox).reason.startswith("column missing: families.csv has no ")


def test_a_column_that_stands_twice_cannot_be_read(settings, inbox):
    header = ["家庭编号", "家庭编号", "户主姓名", "村编码", "村名", "户属性", "医疗证号", "电话"]
    builder(headers={"families": header}, lines={}, totals={}).write(inbox)
    assert refusal(settings, inbox).reason.startswith("column missing: families.csv has 家庭编号 more than once")


@pytest.mark.parametrize(
    ("system", "encoding"), [("rural", "utf-8"), ("employee", "gb18030"), ("employee", "utf-16"), ("rural", "utf-16"), ("resident", "gbk")]
)
def test_a_file_of_another_encoding_cannot_be_decoded(settings, inbox, system, encoding):
    lines = {"rural": {"families": [FAMILY]}, "employee": {"employers": ["E1,某某公司,10,990102"]}, "resident": {"psn_info_b": []}}[system]
    if system == "resident":
        lines = {"psn_info_b": ["1,01,,李四,1,,,某路,1"]}
    office = "990102" if system == "rural" else "990100"
    DeliveryBuilder(system=system, office=office, lines=lines, encoding=encoding).write(inbox)
    reason = refusal(settings, inbox).reason
    assert reason.startswith("not decodable: ")
    assert "byte" in reason


def test_the_place_of_an_undecodable_byte_is_told_and_its_neighbours_are_not(settings, inbox):
    header = ",".join(DeliveryBuilder().header("families"))
    content = f"{header}\n{FAMILY}\n".encode("gb18030") + b"F2,\xff\xfe,x\n"
    builder(contents={"families": content}, lines={"families": [FAMILY, "F2"]}, totals={}).write(inbox)
    reason = refusal(settings, inbox).reason
    place = len(f"{header}\n{FAMILY}\n".encode("gb18030")) + 4
    assert reason == f"not decodable: families.csv, line 3, byte {place} of the file is not GB18030"


@pytest.mark.parametrize("name", ["persons.xlsx", "persons.parquet"])
def test_a_form_that_the_system_does_not_deliver_in_is_refused(settings, inbox, name):
    DeliveryBuilder(system="employee", office="990100", entries={"persons": {"file": name}}).write(inbox)
    assert refusal(settings, inbox).reason.startswith(f"not decodable: {name} is {name.split('.')[1]}, expected csv (utf-8) from employee")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nonsense", b"a,b\n1,2\n"])
@pytest.mark.parametrize(("system", "table", "name"), [("rural", "members", "members.xlsx"), ("resident", "setl_d", "setl_d.parquet")])
def test_a_workbook_or_parquet_file_that_is_none_cannot_be_decoded(settings, inbox, system, table, name, content):
    office = "990102" if system == "rural" else "990100"
    DeliveryBuilder(system=system, office=office, entries={table: {"file": name}}, contents={table: content}).write(inbox)
    assert refusal(settings, inbox).reason.startswith(f"not decodable: {name} is no ")


def test_faults_of_several_tables_are_told_together_the_first_one_first(settings, inbox):
    builder(entries={"families": {"rows": 7}}, totals={"clinic_claims": {"总费用": "1.0000"}}).write(inbox)
    reason = refusal(settings, inbox).reason
    assert reason.startswith("rows: families.csv has 1 rows, expected 7 by delivery.json; control total: clinic_claims.csv, ")


def test_one_refused_delivery_does_not_keep_the_others_out(settings, inbox):
    builder(office="990102", entries={"families": {"rows": 7}}).write(inbox)
    builder(office="990103").write(inbox)
    result = receive(settings, inbox)
    assert ([row.office for row in result.refused], [row.office for row in result.accepted]) == (["990102"], ["990103"])


def test_a_receipt_of_a_refusal_is_kept_and_holds_no_row(settings, inbox):
    builder(entries={"families": {"rows": 7}}).write(inbox)
    receive(settings, inbox)
    (receipt,) = settings.landing.rglob("*.json")
    stored = json.loads(receipt.read_text(encoding="utf-8"))
    assert stored["status"] == "refused"
    assert stored["reason"].startswith("rows: ")
    assert "张三" not in receipt.read_text(encoding="utf-8")


# --- any manifest ---

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["rural", "2025-06", "x.csv", "1.00", 2]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
PLACES = st.sampled_from(
    ["system", "period", "office", "delivery_no", "extracted_at", "tables"]
    + ["entry", "table", "file", "rows", "sha256", "control_totals", "total"]
)


@given(place=PLACES, value=VALUES, drop=st.booleans())
@hypothesis_settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_anywhere_in_a_manifest_is_read_or_refused(tmp_path, place, value, drop):
    entry = {"table": "members", "file": "members.csv", "rows": 0, "sha256": "0", "control_totals": {"总费用": "1.00"}}
    document = {"system": "rural", "period": "2025-06", "office": "990102", "delivery_no": 1, "tables": [entry]}
    where = document if place in document or place == "extracted_at" else entry["control_totals"] if place == "total" else entry
    if place == "entry":
        document["tables"].append(value)
    elif drop:
        where.pop("总费用" if place == "total" else place, None)
    else:
        where["总费用" if place == "total" else place] = value
    (tmp_path / "delivery.json").write_text(json.dumps(document), encoding="utf-8")
    try:
        manifest = read_manifest(tmp_path)
    except ManifestUnreadableError as refused:
        assert str(refused).startswith("manifest unreadable: delivery.json")
        assert str(refused).encode("utf-8")
    else:
        assert manifest.identity.delivery_id.startswith("rural-2025-06-") or place in ("system", "period")
        assert all(type(entry.rows) is int and entry.rows >= 0 for entry in manifest.entries)


def test_a_pipe_in_place_of_the_manifest_is_not_waited_for(settings, inbox):
    folder = builder().write(inbox)
    (folder / "delivery.json").unlink()
    os.mkfifo(folder / "delivery.json")
    assert refusal(settings, inbox).reason == "manifest unreadable: delivery.json is no file"
