"""Rows: split, typed, landed or rejected one by one; what is done set by set is what a plain reader does row by row."""

import datetime as dt
import hashlib
import shutil
from decimal import Decimal

import pyarrow as pa
import pytest
import reference_reader
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from warehouse.contracts import load_contracts
from warehouse.landing import judging
from warehouse.landing.manifest import Entry, Identity
from warehouse.landing.row_rules import is_unreadable_sql, value_sql
from warehouse.landing.table_judging import TableJudge
from warehouse.sources import UndecodableError, delimited
from warehouse.sources.delimited import DelimitedSource
from warehouse.sources.splitting import split_chunk, split_record, split_records

PERIOD = "2025-06"


def column(system, table, name):
    return load_contracts()[system].tables[table].column(name)


COLUMNS = {
    "date": column("rural", "financing", "到账日期"),
    "month": column("rural", "fund_ledger", "会计期"),
    "money(4)": column("rural", "financing", "金额"),
    "money(2)": column("employee", "settlements", "YKA055"),
    "whole": column("rural", "financing", "人数"),
    "number": column("city", "history", "value"),
}

ACCEPTED = {
    "date": {
        "2025-06-30": dt.date(2025, 6, 30),
        "2024-02-29": dt.date(2024, 2, 29),
        "9999-12-31": dt.date(9999, 12, 31),
        "0001-01-01": dt.date(1, 1, 1),
    },
    "month": {"202506": "2025-06", "202512": "2025-12", "999912": "9999-12"},
    "money(4)": {
        "0": 0,
        "-0.0": 0,
        "12": 12,
        "12.3": Decimal("12.3"),
        "12.3456": Decimal("12.3456"),
        "-7.10": Decimal("-7.1"),
        "007.5": Decimal("7.5"),
        "99999999999999.9999": Decimal("99999999999999.9999"),
    },
    "money(2)": {
        "0.05": Decimal("0.05"),
        "9999999999999999.99": Decimal("9999999999999999.99"),
        "0000000000000000000012.30": Decimal("12.3"),
    },
    "whole": {"0": 0, "-1": -1, "007": 7, "9223372036854775807": 2**63 - 1},
    "number": {"0.123456": Decimal("0.123456"), "-3": -3, "1234567890.5": Decimal("1234567890.5")},
}
_NEVER = [
    " 1",
    "1 ",
    "1e3",
    "1E3",
    "+1",
    "1,000",
    "1_000",
    "0x10",
    "１２",
    "一",
    "无",
    "NaN",
    "inf",
    "infinity",
    "-",
    ".",
    "--1",
    "1-",
    "1.2.3",
    "¥1",
    "TRUE",
    "\t1",
    "1\u3000",
    "9999999999999999999999999999999999999999999",
]
_NO_DATE = [
    "2025-02-30",
    "2025-13-01",
    "2025-00-10",
    "2025-6-3",
    "20250603",
    "2025/06/03",
    "2025.06.03",
    "2025-06-03 ",
    " 2025-06-03",
    "2025-06-03 00:00:00",
    "0000-01-01",
    "10000-01-01",
    "-infinity",
    "epoch",
    "today",
    "2023-02-29",
    "２０２５-０６-０３",
    "2025-06-03T00:00:00",
]
REFUSED = {
    "date": [*_NEVER, *_NO_DATE],
    "month": [*_NEVER, "2025-06", "202500", "202513", "20256", "2025061", "000001", "２０２５０６", "202506 "],
    "money(4)": [*_NEVER, "1.23456", "1.", ".5", "-.5", "100000000000000.00", "1.2 "],
    "money(2)": [*_NEVER, "1.234", "1.", ".5", "10000000000000000.00", "1.230"],
    "whole": [*_NEVER, "1.0", "1.5", "9223372036854775808", "-9223372036854775809"],
    "number": [*_NEVER, "1.", ".5", "1e-3", "99999999999999999999999"],
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with judging.engine(tmp_path_factory.mktemp("engine")) as con:
        yield con


def judged(engine, kind, text):
    """The value of a text, and whether its type refuses it."""
    value = value_sql(COLUMNS[kind], "t")
    unreadable = is_unreadable_sql(COLUMNS[kind], "t", "v")
    return engine.execute(f"select v, {unreadable} from (select t, {value} as v from (select $1::varchar as t))", [text]).fetchone()


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in ACCEPTED.items() for text in texts])
def test_a_value_in_the_written_form_is_read(engine, kind, text):
    assert judged(engine, kind, text) == (ACCEPTED[kind][text], False)
    assert reference_reader.value_of(COLUMNS[kind], text) == ACCEPTED[kind][text]


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in REFUSED.items() for text in texts])
def test_a_value_in_any_other_form_is_refused(engine, kind, text):
    assert judged(engine, kind, text)[1] is True
    with pytest.raises(ValueError):
        reference_reader.value_of(COLUMNS[kind], text)


def test_null_is_refused_by_no_type(engine):
    for kind in COLUMNS:
        assert judged(engine, kind, None) == (None, False)


@given(
    kind=st.sampled_from(list(COLUMNS)),
    text=st.one_of(
        st.text("0123456789.-", min_size=1, max_size=24),
        st.text(min_size=1, max_size=6),
        st.decimals(allow_nan=False, allow_infinity=False, places=3).map(str),
        st.dates().map(str),
        st.integers().map(str),
    ),
)
@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_types_refuse_exactly_what_a_plain_reader_refuses(engine, kind, text):
    try:
        expected = (reference_reader.value_of(COLUMNS[kind], text), False)
    except ValueError:
        assert judged(engine, kind, text)[1] is True
        return
    value, refused = judged(engine, kind, text)
    assert refused is False
    # A number keeps six decimals.
    assert value == expected[0] or (kind == "number" and abs(value - expected[0]) <= Decimal("0.0000005"))


# --- splitting ---

MARKS = st.text(st.sampled_from(['"', ",", "a", " ", "\r", "中", "\t", "\u3000", "é", "'", "\\", "\0"]), max_size=14)


@given(MARKS)
@example('""')
@example('"a""b",c')
@example('a"b,c"')
@example('"a"b')
@example('"')
@example(',"')
@example("")
def test_a_line_is_split_as_a_strict_csv_reader_splits_it(text):
    if "\r" in text or text == "":
        return
    assert split_record(text) == reference_reader.split(text)


@given(st.lists(MARKS.filter(bool), max_size=6))
def test_lines_split_together_are_split_alone(texts):
    assert split_records(texts) == [split_record(text) for text in texts]


def test_a_quote_inside_an_unquoted_field_is_a_character_like_others():
    assert split_record('a"b,5"2,"c""d",""') == ['a"b', '5"2', 'c"d', ""]


@pytest.mark.parametrize("line", ['"a,b', 'a,"b', '"a""', '"a"b,c', '"a" ,b', 'a,"b"c'])
def test_quotes_that_do_not_balance_leave_no_fields(line):
    assert split_record(line) is None


def test_a_field_longer_than_pythons_limit_is_read():
    long = '"' + "长" * 200_000 + '",b'
    assert split_records([long]) == [["长" * 200_000, "b"]]


@given(st.lists(st.tuples(MARKS, st.sampled_from(["\n", "\r\n"])), max_size=12), st.integers(1, 50))
def test_a_chunk_is_split_as_its_lines_are(pieces, first_line):
    text = "".join(line.replace("\n", "") + end for line, end in pieces)
    batch = split_chunk(text.encode(), first_line) if text else None
    lines = [line.removesuffix("\r") for line in text.split("\n")[:-1]]
    expected = [(first_line + place, split_record(line)) for place, line in enumerate(lines) if line.strip()]
    found = [] if batch is None else list(zip(batch.column("line").to_pylist(), batch.column("fields").to_pylist(), strict=True))
    assert found == expected
    if batch is not None:
        batch.validate(full=True)
        raw = batch.column("raw").to_pylist()
        texts = [text if text is not None else ",".join(fields) for text, (_, fields) in zip(raw, found, strict=True)]
        assert texts == [line for line in lines if line.strip()]


# --- decoding ---


@given(
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    encoding=st.sampled_from(["utf-8", "gb18030"]),
    size=st.integers(1, 40),
    mark=st.booleans(),
)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_chunks_of_any_size_decode_to_the_same_records(tmp_path, monkeypatch, text, encoding, size, mark):
    path = tmp_path / "t.csv"
    path.write_bytes((b"\xef\xbb\xbf" if mark and encoding == "utf-8" else b"") + ("h1,h2\n" + text).encode(encoding))
    whole = pa.Table.from_batches(DelimitedSource(path, encoding).batches())
    monkeypatch.setattr(delimited, "CHUNK", size)
    source = DelimitedSource(path, encoding)
    chunked = pa.Table.from_batches(source.batches())
    assert source.header == ["h1", "h2"]
    assert chunked.to_pylist() == whole.to_pylist()
    every_second = chunked.column("line").to_numpy()[::2]
    again = [row for batch in source.batches(every_second) for row in batch.to_pylist()]
    assert again == [row for row in whole.to_pylist() if row["line"] in set(every_second.tolist())]


@given(content=st.binary(max_size=30), encoding=st.sampled_from(["utf-8", "gb18030"]))
@example(content=b"\xed\xa0\x80", encoding="utf-8")
@example(content=b"\xc0\xaf", encoding="utf-8")
@example(content=b"\xf4\x90\x80\x80", encoding="utf-8")
@example(content=b"\x80", encoding="gb18030")
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_pythons_decoder_refuses_is_undecodable_and_nothing_else(tmp_path, content, encoding):
    path = tmp_path / "t.csv"
    path.write_bytes(b"h1,h2\n" + content)
    try:
        # A last line without its end gets one, so that half a character at the end is seen as such.
        (content + b"\n").decode(encoding)
    except UnicodeDecodeError:
        with pytest.raises(UndecodableError, match=rf"t\.csv, line \d+, byte \d+ of the file is not {encoding.upper()}"):
            list(DelimitedSource(path, encoding).batches())
    else:
        list(DelimitedSource(path, encoding).batches())


def test_a_file_without_line_feeds_is_not_read_into_memory_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "CHUNK", 1000)
    monkeypatch.setattr(delimited, "LONGEST_LINE", 5000)
    path = tmp_path / "t.csv"
    path.write_bytes(b"h1,h2\n" + b"x" * 20_000)
    with pytest.raises(UndecodableError, match=r"line 2 is longer than 5000 bytes"):
        list(DelimitedSource(path, "utf-8").batches())


# --- whole tables ---

FIELD = st.sampled_from(
    [
        "",
        "A",
        "B",
        "C",
        "B ",
        "1",
        "2025",
        "2025.5",
        "3.1234",
        "3.12345",
        "-2.5",
        "2025-06-01",
        "2025-06-30",
        "2025-05-31",
        "2025-07-01",
        "2025-06-31",
        "无",
        'x"y',
        "99999999999999999",
    ]
)
ROW = st.tuples(
    st.sampled_from(["", "A", "B", "C", "D", "E"]),
    st.sampled_from(["2025", "2025", "02025", "", "x"]),
    st.sampled_from(["个人缴费", "中央补助", "a,b", 'say "no"']),
    st.sampled_from(["5", "", "-1", "5.0"]),
    st.sampled_from(["3.1234", "3.1", "-2.5", "7", "", "3.12345", "99999999999999999"]),
    st.sampled_from(["2025-06-01", "2025-06-30", "2025-05-31", "2025-07-01", "2025-06-31", ""]),
)


def line_of(fields, quote_all):
    quoted = ['"' + field.replace('"', '""') + '"' if quote_all or "," in field else field for field in fields]
    return ",".join(quoted)


LINES = st.one_of(
    st.builds(line_of, ROW, st.booleans()),
    st.builds(line_of, st.lists(FIELD, max_size=8), st.just(False)),
    st.text(st.sampled_from(['"', ",", "a", " ", "中"]), max_size=8),
)


@given(lines=st.lists(LINES, max_size=14), newline=st.sampled_from(["\n", "\r\n"]), last=st.booleans())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_a_table_lands_and_rejects_what_a_plain_reader_lands_and_rejects(engine, tmp_path, lines, newline, last):
    contract = load_contracts()["rural"]
    table = contract.tables["financing"]
    text = newline.join([",".join(column.name for column in table.columns), *lines]) + (newline if last else "")
    landed, rejected, totals = reference_reader.read(text, table, PERIOD)

    work = tmp_path / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    (work / "financing.csv").write_bytes(text.encode("gb18030"))
    entry = Entry("financing", "financing.csv", len(landed) + len(rejected), hashlib.sha256().hexdigest(), {"金额": totals["金额"]})
    identity = Identity("rural", PERIOD, "990102", 1)
    receipt, _ = TableJudge(engine, work, identity, contract, table, entry).write(work, work / "rejects.parquet")

    assert (receipt.rows_landed, receipt.rows_rejected) == (len(landed), len(rejected))
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    rows = engine.execute(f"select _line, {names} from read_parquet('{work}/financing.parquet')").fetchall()
    assert {row[0]: dict(zip([column.name for column in table.columns], row[1:], strict=True)) for row in rows} == landed
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    if rejected:
        found = engine.execute(f"select _line, reason, raw_text from read_parquet('{work}/rejects.parquet')").fetchall()
        assert {line: reason for line, reason, _ in found} == rejected
        physical = text.split("\n")
        assert all(raw == physical[line - 1].removesuffix("\r") for line, _, raw in found)
