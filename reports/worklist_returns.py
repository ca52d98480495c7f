"""Worklists as they come back from counties: read whatever a spreadsheet program made of them, and check row by row.

What belongs here: opening a returned workbook, recognising its list and its rows, and what is wrong with a row by itself. What does not:
whether the list was ever sent, what the release and other counties say, and what becomes of an answer (`orchestration/duplicates.py`).

What is said of a row that is not taken never quotes a text that somebody typed, for it may name a person: dates and the words of the
drop-down lists alone are quoted.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from reports import worklist_texts as words
from reports.worklists import (
    COLUMNS,
    FACTS,
    KEY_COLUMNS,
    MARK,
    VERSION,
    Column,
    canonical,
    checksum_of_keys,
    checksum_of_row,
    comparable,
    day_of,
)
from warehouse.errors import TongchouError

# A worklist of a city of millions has some ten thousand rows; what is larger is no worklist.
_MOST_BYTES = 400 * 1024 * 1024
_FAR_CELL = re.compile(rb'\br="(?:[A-Z]{3}[0-9]|[A-Z]{1,2}[0-9]{7})')
_HEAD_SEARCHED = 30
_LONGEST_REMARK = 200
_LONGEST_QUOTED = 12
_ANSWER_KEYS = ("verdict", "kept", "ended_on", "remark")
_BY_KEY = {column.key: column for column in COLUMNS}
# Numbers that may be somebody's: of identity cards (15, 18), telephones (11) and bank cards.
_LONG_NUMBER = re.compile(r"\d{7,}[\dXx]?")
_HIDDEN_NAME, _HIDDEN_NUMBER = "〔姓名〕", "〔号码〕"


class ReturnRefusedError(TongchouError):
    """A file is no worklist that can be taken, as a whole."""


@dataclass(frozen=True)
class RowProblem:
    """A row that is not taken.

    Attributes:
        line: its number in the sheet.
        case_id: of its case, as far as it is known.
        column: the head of the column that is wrong.
        found: what stands there, without quoting what may name a person.
        expected: what was expected.
    """

    line: int
    case_id: str
    column: str
    found: str
    expected: str


@dataclass(frozen=True)
class GivenAnswer:
    """What a county answered in one row.

    Attributes:
        line: the row's number in the sheet.
        case_id: of the case.
        answer: `duplicate`, `legitimate` or `wrong_match`.
        kept: `a`, `b`, `neither`, or None where it says nothing.
        ended_on: last day of the relation that is not kept.
        remark: in words, without the names of the row and without long numbers.
        facts_hash: of what the case was when the list was written.
        own_relations: the relation ids that the hidden sheet names, by side; a county's own alone.
    """

    line: int
    case_id: str
    answer: str
    kept: str | None
    ended_on: date | None
    remark: str | None
    facts_hash: str
    own_relations: dict[str, str]


@dataclass
class ReturnedList:
    """A returned workbook, read.

    Attributes:
        file_name: of the file.
        sha256: of its bytes.
        release: the release that the list was written from.
        release_sha256: of the file of that release.
        period: its month.
        division_code: the county.
        answers: rows that are right by themselves.
        problems: rows that are not.
        unanswered: rows without an answer, whether they stand there or were deleted.
        changed: lines whose locked cells were changed, with what they hold now, by column.
    """

    file_name: str
    sha256: str
    release: str
    release_sha256: str
    period: str
    division_code: str
    answers: list[GivenAnswer] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    unanswered: int = 0
    changed: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def worklist(self) -> str:
        """The worklist's own name, as the register knows it."""
        return f"{self.release}/{self.division_code}"


def read_return(path: Path, today: date) -> ReturnedList:
    """Read a returned workbook and check each row by itself.

    Args:
        path: of the file.
        today: the day that no end may lie behind.

    Raises:
        ReturnRefusedError: it cannot be read, or is no worklist of ours, or its hidden sheet is not as it was sent.
    """
    sheets, merged = _sheets(path)
    facts, keys = _keys(path, sheets)
    found = ReturnedList(
        file_name=path.name,
        sha256=_sha256(path),
        release=facts["release"],
        release_sha256=facts["release_sha256"],
        period=facts["period"],
        division_code=facts["division_code"],
    )
    head, places = _head(path, sheets)
    rows = sheets[words.LIST_SHEET]
    by_case: dict[str, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    covered: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for number in range(head + 1, len(rows)):
        cells = {key: rows[number][place] if place < len(rows[number]) else None for key, place in places.items()}
        if not any(canonical(value) for key, value in cells.items() if key not in ("number", "hint")):
            continue
        case_id = canonical(cells["case_id"])
        hidden = next((key for key in _ANSWER_KEYS if (number, places[key]) in merged), None)
        if hidden is not None:
            covered[case_id].append((number + 1, hidden))
        else:
            by_case[case_id].append((number + 1, cells))
    answered = 0
    for case_id, hidden_cells in covered.items():
        answered += case_id in keys and case_id not in by_case
        for line, key in hidden_cells:
            found.problems.append(
                RowProblem(line, case_id if case_id in keys else "", _BY_KEY[key].name, "合并的单元格", "每行各填各的；请取消合并单元格")
            )
    for case_id, lines in by_case.items():
        answered += _take_case(found, case_id, lines, keys, today)
    found.unanswered = len(keys) - answered
    found.answers.sort(key=lambda one: one.line)
    found.problems.sort(key=lambda one: one.line)
    return found


# Opening


def _sheets(path: Path) -> tuple[dict[str, list[list[Any]]], set[tuple[int, int]]]:
    """Every sheet as rows of values, from its first cell; and the cells of the list that a merged cell with a value covers."""
    from python_calamine import CalamineWorkbook

    if not path.is_file():
        message = f"{path}: no such file; expected the workbook that a county returned"
        raise ReturnRefusedError(message)
    try:
        _refuse_monsters(path)
        book = CalamineWorkbook.from_path(path)
        opened = {name: book.get_sheet_by_name(name) for name in book.sheet_names}
        sheets = {name: sheet.to_python(skip_empty_area=False) for name, sheet in opened.items()}
        listed = opened.get(words.LIST_SHEET)
        return sheets, _under_merged(sheets[words.LIST_SHEET], listed.merged_cell_ranges or []) if listed else set()
    except TongchouError:
        raise
    # A damaged workbook fails wherever the reader happens to notice it, a panic of the library among them; it cannot be read.
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        message = (
            f"{path.name} is no workbook that can be read ({type(error).__name__}): expected the returned worklist as .xlsx, without a "
            "password; open it in WPS or Excel and save it as .xlsx"
        )
        raise ReturnRefusedError(message) from None


def _under_merged(rows: list[list[Any]], ranges: Iterable[tuple[tuple[int, int], tuple[int, int]]]) -> set[tuple[int, int]]:
    """Cells by row and column, from 0, that a merged cell with a value covers besides its own first one."""
    hidden: set[tuple[int, int]] = set()
    for (top, left), (bottom, right) in ranges:
        if top < len(rows) and left < len(rows[top]) and canonical(rows[top][left]):
            hidden |= {(row, place) for row in range(top, bottom + 1) for place in range(left, right + 1)} - {(top, left)}
    return hidden


def _refuse_monsters(path: Path) -> None:
    """A cell far out would make a sheet of many gigabytes of it, and so would a small file that unpacks to a large one."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        size = sum(part.file_size for part in archive.infolist())
        if size > _MOST_BYTES:
            message = f"{path.name} unpacks to {size:,} bytes, no worklist has more than {_MOST_BYTES:,}: it is not a worklist of ours"
            raise ReturnRefusedError(message)
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml") and _FAR_CELL.search(archive.read(name)):
                message = f"{path.name} has cells beyond column ZZ or row 999999; delete what lies outside of the list, and send it again"
                raise ReturnRefusedError(message)


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _keys(path: Path, sheets: dict[str, list[list[Any]]]) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """What the hidden sheet says of the list, and its rows by case."""
    rows = [[canonical(cell) for cell in row] for row in sheets.get(words.KEYS_SHEET, [])]
    facts = {row[0]: row[1] for row in rows[: len(FACTS)] if len(row) > 1}
    if facts.get("mark") != MARK:
        message = (
            f"{path.name} is no worklist of ours: its hidden sheet {words.KEYS_SHEET} is missing. Expected the workbook that "
            "`tongchou duplicates worklists` wrote, filled in; a copy of its cells in another workbook cannot be taken"
        )
        raise ReturnRefusedError(message)
    if facts.get("version") != str(VERSION):
        message = (
            f"{path.name} is a worklist of version {facts.get('version')}, this program reads version {VERSION}: use the other program"
        )
        raise ReturnRefusedError(message)
    keyed = [tuple((row + [""] * len(KEY_COLUMNS))[: len(KEY_COLUMNS)]) for row in rows[len(FACTS) + 2 :]]
    keyed = [row for row in keyed if any(row)]
    missing = [name for name in FACTS if name not in facts]
    if missing or facts["rows"] != str(len(keyed)) or facts["checksum"] != checksum_of_keys(facts, keyed):
        message = f"{path.name}: its hidden sheet {words.KEYS_SHEET} was changed after it was sent; have the county fill in a new copy"
        raise ReturnRefusedError(message)
    return facts, {row[0]: dict(zip(KEY_COLUMNS, row, strict=True)) for row in keyed}


def _head(path: Path, sheets: dict[str, list[list[Any]]]) -> tuple[int, dict[str, int]]:
    """The row of the heads, and where each column stands; columns that somebody added are passed over."""
    rows = sheets.get(words.LIST_SHEET)
    if rows is None:
        message = f"{path.name} has no sheet {words.LIST_SHEET}, expected it under that name; it has {len(sheets)} other sheets"
        raise ReturnRefusedError(message)
    wanted = [(column, _squeezed(column.head)) for column in COLUMNS]
    for number, row in enumerate(rows[:_HEAD_SEARCHED]):
        titles = [_squeezed(cell) for cell in row]
        if _squeezed(words.HEADS["case_id"]) not in titles:
            continue
        places: dict[str, int] = {}
        at = 0
        for column, title in wanted:
            try:
                at = titles.index(title, at)
            except ValueError:
                message = (
                    f"{path.name}, sheet {words.LIST_SHEET}, row {number + 1}: the column {column.name} is missing or stands elsewhere; "
                    "expected the columns as they were sent"
                )
                raise ReturnRefusedError(message) from None
            places[column.key] = at
            at += 1
        return number, places
    message = f"{path.name}, sheet {words.LIST_SHEET}: no row of heads with {words.HEADS['case_id']} within its first {_HEAD_SEARCHED} rows"
    raise ReturnRefusedError(message)


def _squeezed(value: object) -> str:
    return re.sub(r"\s+", "", canonical(value))


# Rows


def _take_case(
    found: ReturnedList, case_id: str, lines: list[tuple[int, dict[str, Any]]], keys: dict[str, dict[str, str]], today: date
) -> int:
    """Check the rows that name a case; 1 where it was answered, rightly or not."""
    if case_id not in keys:
        for line, _ in lines:
            problem = ("空" if not case_id else "本清单中没有的编号", "下发时的案件编号，一件一行")
            found.problems.append(RowProblem(line, "", _BY_KEY["case_id"].name, *problem))
        return 0
    given = [(line, cells) for line, cells in lines if any(canonical(cells[key]) for key in _ANSWER_KEYS)]
    if not given:
        return 0
    said = {tuple(canonical(cells[key]) for key in _ANSWER_KEYS) for _, cells in given}
    if len(given) > 1:
        if len(said) > 1:
            listed = "、".join(str(line) for line, _ in given)
            for line, _ in given:
                found.problems.append(RowProblem(line, case_id, _BY_KEY["case_id"].name, f"第 {listed} 行是同一件，答复不同", "一件一行"))
            return 1
        given = given[:1]
    line, cells = given[0]
    key = keys[case_id]
    if checksum_of_row({**cells, "case_id": case_id}) != key["row_checksum"]:
        found.changed[line] = cells
        return 1
    answer = _answer(line, case_id, cells, key, today)
    if isinstance(answer, RowProblem):
        found.problems.append(answer)
    else:
        found.answers.append(answer)
    return 1


def changed_column(line: int, cells: dict[str, Any], expected: dict[str, Any]) -> RowProblem:
    """Which locked cell of a row was changed, against the row as it was sent."""
    case_id = canonical(cells["case_id"])
    for column in COLUMNS:
        if column.is_checked and comparable(column, cells[column.key]) != comparable(column, expected[column.key]):
            quoted = canonical(expected[column.key]) if column.kind in ("day", "money", "count") else ""
            return RowProblem(
                line, case_id, column.name, "与下发时不同", f"下发时的内容{'，即 ' if quoted else ''}{quoted}；锁定的单元格不能改"
            )
    return RowProblem(line, case_id, "锁定的单元格", "与下发时不同", "下发时的内容；锁定的单元格不能改")


def _answer(line: int, case_id: str, cells: dict[str, Any], key: dict[str, str], today: date) -> GivenAnswer | RowProblem:
    def wrong(column: str, found: str, expected: str) -> RowProblem:
        return RowProblem(line, case_id, _BY_KEY[column].name, found, expected)

    verdict_text, kept_text = _squeezed(cells["verdict"]), _squeezed(cells["kept"])
    if verdict_text not in words.VERDICTS:
        return wrong("verdict", _seen(cells["verdict"], words.VERDICTS), "、".join(words.VERDICTS))
    if kept_text and kept_text not in words.KEPT:
        return wrong("kept", _seen(cells["kept"], words.KEPT), "、".join(words.KEPT))
    verdict, kept = words.VERDICTS[verdict_text], words.KEPT.get(kept_text)
    is_lasting = canonical(cells["overlap_to"]) == words.LASTING
    if verdict == "duplicate" and is_lasting and kept is None:
        return wrong("kept", "空", f"{'、'.join(words.KEPT)}：确认重复、仍在重叠的必须选择")
    if verdict != "duplicate" and kept is not None:
        return wrong("kept", kept_text, f"空：核查结论是{verdict_text}")
    ended_on = day_of(cells["ended_on"])
    if ended_on is None and canonical(cells["ended_on"]):
        return wrong("ended_on", _seen(cells["ended_on"], ()), "日期，如 2025-06-30")
    if ended_on is not None:
        if verdict != "duplicate":
            return wrong("ended_on", ended_on.isoformat(), f"空：核查结论是{verdict_text}")
        first = _first_day(cells, kept)
        if first is not None and ended_on < first:
            return wrong("ended_on", ended_on.isoformat(), f"不早于该关系的起始日 {first.isoformat()}")
        if ended_on > today:
            return wrong("ended_on", ended_on.isoformat(), f"不晚于今天 {today.isoformat()}；尚未终止的留空")
    remark = canonical(cells["remark"])
    if len(remark) > _LONGEST_REMARK:
        return wrong("remark", f"{len(remark)} 字", f"{_LONGEST_REMARK} 字以内")
    return GivenAnswer(
        line=line,
        case_id=case_id,
        answer=verdict,
        kept=kept,
        ended_on=ended_on,
        remark=without_persons(remark, cells["name"]) or None,
        facts_hash=key["facts_hash"],
        own_relations={side: key[f"relation_id_{side}"] for side in "ab" if key[f"relation_id_{side}"]},
    )


def _first_day(cells: dict[str, Any], kept: str | None) -> date | None:
    """The first day of the relation that is not kept; of the earlier one where neither is."""
    days = {side: day_of(cells[f"first_day_{side}"]) for side in "ab"}
    if kept in ("a", "b"):
        return days["b" if kept == "a" else "a"]
    return min((day for day in days.values() if day is not None), default=None)


def _seen(value: object, vocabulary: Iterable[str]) -> str:
    """What stands in a cell, quoted where it is a date, a number of few digits, or made of the signs of the words that belong there."""
    text = canonical(value)
    if not text:
        return "空"
    known = set("".join(vocabulary)) | set("是否有无不未已重复合理确认人同一二甲乙/、，。.-年月日 0123456789")
    if len(text) <= _LONGEST_QUOTED and set(text) <= known and not _LONG_NUMBER.search(text):
        return f"“{text}”"
    return f"其他文字（{len(text)} 个字）"


def without_persons(remark: str, names: object) -> str:
    """A remark without the names of its row and without numbers that may be a person's: it is kept where names must not be."""
    shown = _LONG_NUMBER.sub(_HIDDEN_NUMBER, remark)
    plain = canonical(names)
    for side in words.SIDES.values():
        plain = plain.replace(f"（{side}）", "")
    for name in sorted({part for part in plain.split("\n") if part and part != words.NO_NAME}, key=len, reverse=True):
        shown = shown.replace(name, _HIDDEN_NAME)
    return shown


def column_name(key: str) -> str:
    """The head of a column as messages name it."""
    column: Column = _BY_KEY[key]
    return column.name
