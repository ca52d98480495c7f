"""Rejected rows as workbooks, one per office, to be sent back.

What belongs here: the workbook. What does not: why a row is rejected (`row_rules.py`).

A workbook holds rows as they were delivered, names and ID numbers among them: it says so, and goes to the office that sent them alone.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from warehouse.contracts import load_contracts
from warehouse.periods import Period
from warehouse.settings import Settings

from .receipts import REJECTS, Delivery, deliveries
from .row_rules import DUPLICATE, NULL_KEY, OTHER_PERIOD, UNREADABLE, UNSPLITTABLE, text_sql

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

PERSONAL_DATA = "本文件含个人信息（姓名、身份证号等），仅限退回原报送单位更正使用，不得外传。"
REASON_TITLES = {
    UNSPLITTABLE: "无法按列拆分",
    NULL_KEY: "主键为空",
    UNREADABLE: "数值或日期无法识别",
    DUPLICATE: "主键重复",
    OTHER_PERIOD: "不属于本期",
}
_HEADINGS = (("表", 14), ("文件", 24), ("行号", 10), ("列", 18), ("退回原因", 20), ("说明", 28), ("原始行", 100))
# Limits of the format itself.
_LONGEST_CELL = 32_767
_ROWS_OF_A_SHEET = 1_048_576


def write_rejects(settings: Settings, period: Period, out: Path | str) -> list[Path]:
    """One workbook per office with rejected rows in its delivery in force for the month.

    Args:
        settings: the home.
        period: the month of the deliveries.
        out: the folder to write to.

    Returns:
        The workbooks written; none where no row was rejected.
    """
    out = Path(out)
    written = []
    for delivery in deliveries(settings, period):
        if delivery.period == str(period) and delivery.is_in_force and delivery.rows_rejected:
            out.mkdir(parents=True, exist_ok=True)
            path = out / f"rejects-{delivery.period}-{delivery.system}-{delivery.office}.xlsx"
            partial = out / f".{path.name}.{uuid.uuid4().hex[:8]}"
            try:
                _write_workbook(partial, delivery)
                # Whole ID numbers stand in it.
                partial.chmod(0o600)
                partial.replace(path)
            finally:
                partial.unlink(missing_ok=True)
            written.append(path)
    return written


def _write_workbook(path: Path, delivery: Delivery) -> None:
    # The writer costs a tenth of a second to import, and most commands write no workbook.
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        head = book.add_format({"bold": True, "bg_color": "#DDE7F0", "border": 1, "text_wrap": True, "valign": "vcenter"})
        text = book.add_format({"num_format": "@", "valign": "top"})
        warning = book.add_format({"bold": True, "font_color": "#C00000"})
        _write_cover(book.add_worksheet("说明"), delivery, head, text, warning)
        for number, rows in enumerate(_sheets(delivery), start=1):
            _write_rows(book, f"退回行{number}" if number > 1 else "退回行", rows, head, text, warning)


def _write_cover(sheet: Worksheet, delivery: Delivery, head: Format, text: Format, warning: Format) -> None:
    contract = load_contracts()[delivery.system]
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 3, 18)
    sheet.write_string(0, 0, f"{contract.title} {delivery.period} 退回行清单", warning)
    sheet.write_string(1, 0, PERSONAL_DATA, warning)
    facts = [
        ("系统", delivery.system),
        ("所属期", delivery.period),
        ("报送单位", delivery.office),
        ("报送序号", str(delivery.delivery_no)),
        ("接收时间（UTC）", delivery.received_at[:19].replace("T", " ")),
    ]
    for place, (name, value) in enumerate(facts, start=3):
        sheet.write_string(place, 0, name, head)
        sheet.write_string(place, 1, value, text)
    row = 3 + len(facts)
    for name, value in (
        ("报送行数", delivery.rows_delivered or 0),
        ("入库行数", delivery.rows_landed),
        ("退回行数", delivery.rows_rejected),
    ):
        sheet.write_string(row, 0, name, head)
        sheet.write_number(row, 1, value)
        row += 1
    row += 1
    for column, name in enumerate(("表", "退回原因", "行数")):
        sheet.write_string(row, column, name, head)
    for table in delivery.tables:
        for reason, count in table.rejected_by_reason.items():
            row += 1
            sheet.write_string(row, 0, f"{contract.tables[table.table].title}（{table.table}）", text)
            sheet.write_string(row, 1, REASON_TITLES[reason], text)
            sheet.write_number(row, 2, count)


def _write_rows(
    book: Workbook, name: str, rows: list[tuple[Any, ...]] | Iterator[tuple[Any, ...]], head: Format, text: Format, warning: Format
) -> None:
    sheet = book.add_worksheet(name)
    for column, (_, width) in enumerate(_HEADINGS):
        sheet.set_column(column, column, width)
    sheet.write_string(0, 0, PERSONAL_DATA, warning)
    for column, (heading, _) in enumerate(_HEADINGS):
        sheet.write_string(1, column, heading, head)
    sheet.freeze_panes(2, 0)
    for place, (table, file, line, column_name, reason, detail, raw) in enumerate(rows, start=2):
        sheet.write_string(place, 0, table, text)
        sheet.write_string(place, 1, file, text)
        sheet.write_number(place, 2, line)
        sheet.write_string(place, 3, column_name or "", text)
        sheet.write_string(place, 4, REASON_TITLES[reason], text)
        sheet.write_string(place, 5, _in_words(reason, detail)[:_LONGEST_CELL], text)
        # A cell holds so much and no more; a longer line goes on in the cells beside it.
        for part, start in enumerate(range(0, max(len(raw), 1), _LONGEST_CELL)):
            sheet.write_string(place, 6 + part, raw[start : start + _LONGEST_CELL], text)


def _in_words(reason: str, detail: str | None) -> str:
    """What was found, as the office reads it."""
    if detail is None:
        return ""
    if reason == UNSPLITTABLE:
        numbers = re.findall(r"[0-9]+", detail)
        return f"有 {numbers[0]} 列，应为 {numbers[1]} 列" if numbers else "引号不成对"
    return f"与第 {detail} 行重复" if reason == DUPLICATE else f"报送值：{detail}"


def _sheets(delivery: Delivery) -> Iterator[Iterator[tuple[Any, ...]]]:
    """The rejected rows, as many to a sheet as it holds."""
    if delivery.folder is None:
        return
    room = _ROWS_OF_A_SHEET - 2
    titles = load_contracts()[delivery.system].tables
    with duckdb.connect(":memory:") as con:
        file = f"read_parquet({text_sql(str(delivery.folder / REJECTS))})"
        for start in range(0, delivery.rows_rejected, room):
            con.execute(
                f"""select table_name, file_name, _line, column_name, reason, detail, raw_text from {file}
                order by table_name, _line limit {room} offset {start}"""
            )
            yield ((titles[row[0]].title, *row[1:]) for row in _fetched(con))


def _fetched(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while rows := con.fetchmany(10_000):
        yield from rows
