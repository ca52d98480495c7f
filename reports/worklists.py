"""Worklists: one workbook per county with the duplicate cases that it is to check, made to come back filled in.

What belongs here: what a county's list says of each case, the workbook's sheets, locked and answer cells, and the keys by which a returned
row is recognised wherever it stands. What does not: what a county may see of another's relation (`warehouse/scope.py`), reading a returned
workbook (`worklist_returns.py`), and what was sent and answered (`orchestration/duplicates.py`).

The workbooks hold names and masked ID numbers, and say so. The same release gives the same bytes: everything on them comes from the release
and its review file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from reports import data
from reports import worklist_texts as words
from reports.formats import OFFICE_TIME, month_name
from reports.forms import lines_needed
from reports.workbook import FONT
from warehouse.errors import ReleaseError
from warehouse.register import ReleaseRow
from warehouse.scope import ReleaseReader, Scope
from warehouse.settings import Settings

# What the hidden sheet says it is; a program that reads another version says so instead of guessing.
MARK, VERSION = "tongchou duplicate worklist", 1
KEY_COLUMNS = ("case_id", "scheme_a", "relation_id_a", "scheme_b", "relation_id_b", "facts_hash", "row_checksum")
FACTS = ("mark", "version", "release", "release_sha256", "period", "division_code", "rows", "checksum")

_GB2312 = 134
_A3 = 8
_A4 = 9
_TITLE_ROW, _NOTE_ROW, _GROUP_ROW, HEAD_ROW, FIRST_ROW = range(5)
_WHITE, _GREY, _YELLOW, _HEAD, _ANSWER_HEAD = "#FFFFFF", "#F5F6F8", "#FFF7D6", "#E3EAF2", "#F4E3A1"
_ALARM, _QUIET = "#B00020", "#7F7F7F"
# Longest row of the list, in lines.
_MOST_LINES = 12
_RULE_TAIL = re.compile(r"[;；,，]\s*见 persons_and_duplicates$")
_LATEST_DAY = date(2099, 12, 31)
_DAY_TEXT = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:\s+0{1,2}:00(?::00)?)?|(\d{4})(\d{2})(\d{2})")
_NUMBER_TEXT = re.compile(r"-?\d[\d,]*(\.\d+)?")
_SERIAL_DAYS = (7306, 73050)  # 1920-01-01 to 2099-12-31, as spreadsheets count days
_SERIAL_BEGIN = date(1899, 12, 30)


@dataclass(frozen=True)
class Column:
    """A column of the list.

    Attributes:
        key: names it in the code and in messages.
        head: its head.
        group: over which group's head it stands.
        width: in characters.
        kind: `text`, `centre`, `day`, `money` or `count`.
        is_answer: whether the county fills it in.
        is_checked: whether its value is part of the row's checksum.
    """

    key: str
    head: str
    group: str
    width: float
    kind: str = "text"
    is_answer: bool = False
    is_checked: bool = True

    @property
    def name(self) -> str:
        """The head as a message names it: on one line, with its relation where there are two such columns."""
        plain = self.head.replace("\n", "")
        return f"{words.GROUPS[self.group]}的{plain}" if self.group in ("a", "b") else plain


def _relation_columns(side: str) -> tuple[Column, ...]:
    parts = (
        ("scheme", 8.5, "centre"),
        ("place", 10, "centre"),
        ("relation_id", 18.5, "centre"),
        ("person_no", 14.5, "centre"),
        ("unit_no", 17, "centre"),
        ("first_day", 9.5, "day"),
        ("last_day", 9.5, "day"),
        ("status", 9, "centre"),
    )
    return tuple(Column(f"{part}_{side}", words.HEADS[part], side, width, kind) for part, width, kind in parts)


COLUMNS: tuple[Column, ...] = (
    Column("number", words.HEADS["number"], "case", 5, "count", is_checked=False),
    Column("case_id", words.HEADS["case_id"], "case", 17, "centre"),
    Column("name", words.HEADS["name"], "case", 9, "centre"),
    Column("id_number", words.HEADS["id_number"], "case", 19, "centre"),
    Column("type", words.HEADS["type"], "case", 11, "centre"),
    Column("situation", words.HEADS["situation"], "case", 14),
    *_relation_columns("a"),
    *_relation_columns("b"),
    Column("overlap_from", words.HEADS["overlap_from"], "overlap", 9.5, "day"),
    Column("overlap_to", words.HEADS["overlap_to"], "overlap", 9.5, "day"),
    Column("overlap_months", words.HEADS["overlap_months"], "overlap", 6, "count"),
    Column("subsidy", words.HEADS["subsidy"], "money", 12, "money"),
    Column("benefit", words.HEADS["benefit"], "money", 12, "money"),
    Column("premium", words.HEADS["premium"], "money", 11, "money"),
    Column("evidence", words.HEADS["evidence"], "basis", 42),
    Column("suggested", words.HEADS["suggested"], "basis", 14, "centre"),
    Column("reason", words.HEADS["reason"], "basis", 28),
    Column("verdict", words.HEADS["verdict"], "answer", 12, "centre", is_answer=True, is_checked=False),
    Column("kept", words.HEADS["kept"], "answer", 12, "centre", is_answer=True, is_checked=False),
    Column("ended_on", words.HEADS["ended_on"], "answer", 12, "day", is_answer=True, is_checked=False),
    Column("remark", words.HEADS["remark"], "answer", 20, is_answer=True, is_checked=False),
    Column("hint", words.HEADS["hint"], "answer", 16, "centre", is_checked=False),
)
PLACES = {column.key: place for place, column in enumerate(COLUMNS)}
_FROZEN = PLACES["type"]

OTHER_COLUMNS: tuple[Column, ...] = (
    *(column for column in COLUMNS if column.key in ("number", "case_id", "name", "id_number", "type")),
    Column("state", words.HEADS["state"], "case", 34),
    *(column for column in COLUMNS if column.group in ("a", "b") and column.key[:-2] not in ("person_no", "unit_no")),
    *(column for column in COLUMNS if column.group == "overlap"),
)


@dataclass(frozen=True)
class Worklist:
    """What one county's workbook says.

    Attributes:
        release: of the release.
        release_sha256: of its file.
        rules: version of the rules.
        period: its month.
        built_at: when it was built.
        division_code: the county.
        county: its name.
        asked: rows of the list, by column, with the keys of the hidden sheet under the names of `KEY_COLUMNS`.
        others: rows that need no answer.
    """

    release: str
    release_sha256: str
    rules: str
    period: str
    built_at: datetime
    division_code: str
    county: str
    asked: tuple[dict[str, Any], ...]
    others: tuple[dict[str, Any], ...]

    @property
    def name(self) -> str:
        """The worklist's own name, as the register knows it."""
        return f"{self.release}/{self.division_code}"

    @property
    def file_name(self) -> str:
        """Plain signs alone: some mail programs lose others."""
        return f"duplicates-{self.division_code}-{self.release}.xlsx"


# What a list says


class CaseBook:
    """The cases of one release, and each county's view of them."""

    def __init__(self, settings: Settings, row: ReleaseRow) -> None:
        """Opens the release and its review file.

        Raises:
            ReleaseError: one of the two is missing, or the review file is of a version that kept no persons for cases.
        """
        self.settings = settings
        self.row = row
        self.city = Scope(is_reviewer=True)
        self.reader: ReleaseReader = self.city.release(settings, row.release)
        if not has_persons(settings, row):
            message = (
                f"the review file of {row.release} holds no persons for its duplicate cases (review.case_persons), so no worklist can be "
                f"written: close {row.period} again"
            )
            raise ReleaseError(message)

    @cached_property
    def divisions(self) -> dict[str, str]:
        """Code and name of the counties (and of 未分县区) with a case, in order."""
        names = {row["division_code"]: row["division_name"] for row in self.reader.rows("divisions")}
        codes = self.reader.query(
            "select division_code_a as code from duplicate_cases union select division_code_b as code from duplicate_cases order by code"
        )
        return {code: names.get(code, code) for code in codes["code"].to_pylist()}

    @cached_property
    def _rules(self) -> dict[str, dict[str, Any]]:
        return data.rules_in_force(self.reader)

    @cached_property
    def _info(self) -> dict[str, Any]:
        return self.reader.rows("release_info")[0]

    def worklist(self, division_code: str) -> Worklist:
        """One county's list, as that county may see it."""
        county = Scope(counties=(division_code,), is_reviewer=True)
        order = "type_code, division_code_a, division_code_b, case_id"
        cases = county.release(self.settings, self.row.release).rows("duplicate_cases", order_by=order)
        persons = {row["case_id"]: row for row in county.review(self.settings, self.row.release).rows("case_persons")}
        both = [(case, persons[case["case_id"]]) for case in cases]
        asked = [self._asked(case, person, division_code) for case, person in both if person["is_asked"]]
        others = [self._other(case, person, division_code) for case, person in both if not person["is_asked"]]
        return Worklist(
            release=self.row.release,
            release_sha256=self.row.sha256,
            rules=self._info["rule_set_version"],
            period=self.row.period,
            built_at=self._info["built_at"],
            division_code=division_code,
            county=self.divisions.get(division_code, division_code),
            asked=tuple({**row, "number": number} for number, row in enumerate(asked, start=1)),
            others=tuple({**row, "number": number} for number, row in enumerate(others, start=1)),
        )

    def _asked(self, case: dict[str, Any], person: dict[str, Any], division_code: str) -> dict[str, Any]:
        row = {
            **self._shared(case, person, division_code),
            "situation": self._situation(case, person),
            "subsidy": case["duplicate_subsidy_yuan"],
            "benefit": case["duplicate_benefit_yuan"],
            "premium": case["duplicate_premium_yuan"],
            "evidence": case["evidence"],
            "suggested": words.SUGGESTED.get(person["suggested"], words.OVER),
            "reason": self._reason(case["keep_rule"]),
            "scheme_key_a": case["scheme_a"],
            "relation_key_a": case["relation_id_a"],
            "scheme_key_b": case["scheme_b"],
            "relation_key_b": case["relation_id_b"],
            "facts_hash": person["facts_hash"],
        }
        return {**row, "row_checksum": checksum_of_row(row)}

    def _other(self, case: dict[str, Any], person: dict[str, Any], division_code: str) -> dict[str, Any]:
        return {**self._shared(case, person, division_code), "state": self._state(case, person)}

    def _shared(self, case: dict[str, Any], person: dict[str, Any], division_code: str) -> dict[str, Any]:
        row = {
            "case_id": case["case_id"],
            "name": _of_both(person, "person_name", words.NO_NAME, division_code),
            "id_number": _of_both({**person, **_id_numbers(person)}, "id_number", "", division_code),
            "type": self._rules.get(case["type_code"], {}).get("name_zh", case["type_code"]),
            "overlap_from": case["overlap_from"],
            "overlap_to": case["overlap_to"] or words.LASTING,
            "overlap_months": case["overlap_months"],
        }
        for side in "ab":
            is_own = case[f"division_code_{side}"] == division_code
            status = words.RELATION_STATUSES.get(person[f"relation_status_{side}"], words.UNKNOWN_STATUS)
            if person[f"shown_in_{side}"] < self.row.period:
                status += words.LAST_SHOWN.format(month=person[f"shown_in_{side}"])
            place = self.divisions.get(case[f"division_code_{side}"], case[f"division_code_{side}"])
            township = person[f"township_name_{side}"] or ""
            hidden = "" if is_own else words.HIDDEN
            row |= {
                f"scheme_{side}": words.SCHEMES[case[f"scheme_{side}"]],
                f"place_{side}": f"{place}\n{township}" if township else place,
                f"relation_id_{side}": case[f"relation_id_{side}"] or hidden,
                f"person_no_{side}": case[f"source_person_no_{side}"] or hidden,
                f"unit_no_{side}": person[f"unit_no_{side}"] or hidden,
                f"first_day_{side}": person[f"first_day_{side}"],
                f"last_day_{side}": person[f"last_day_{side}"],
                f"status_{side}": status,
            }
        return row

    def _situation(self, case: dict[str, Any], person: dict[str, Any]) -> str:
        if person["is_changed"]:
            return words.SITUATIONS["changed"].format(on=_office_day(person["answered_at"]), answer=words.VERDICT_WORDS[case["answer"]])
        if person["is_contested"]:
            # Counties are noted by their codes, which outlast their names.
            note = re.sub(r"\d{6}", lambda found: self.divisions.get(found[0], found[0]), person["answer_note"])
            return words.SITUATIONS["contested"].format(note=note)
        if person["sent_at"] is not None:
            return words.SITUATIONS["sent"].format(on=_office_day(person["sent_at"]))
        return words.SITUATIONS["first"]

    def _reason(self, rule_code: str | None) -> str:
        return "" if rule_code is None else f"{rule_code} {self._rule(rule_code)}"

    def _rule(self, rule_code: str) -> str:
        rule = self._rules.get(rule_code)
        if rule is None:
            return ""
        shown = f"{rule['name_zh']}：{_RULE_TAIL.sub('', rule['detail_zh'])}"
        return f"{shown}{words.RULE_VERSION.format(version=rule['rule_version'])}"

    def _state(self, case: dict[str, Any], person: dict[str, Any]) -> str:
        if case["status"] == "closed":
            return words.OTHER_STATES["closed"]
        if case["status"] == "settled":
            side = next((side for side in "ab" if case["ended_relation_id"] == case[f"relation_id_{side}"] is not None), None)
            if side is None:
                return words.OTHER_STATES["settled_elsewhere"].format(day=case["ended_on"])
            return words.OTHER_STATES["settled"].format(side=words.SIDES[side], day=case["ended_on"])
        if case["legitimate_rule"] is not None:
            return words.OTHER_STATES["legitimate"].format(rule=self._reason(case["legitimate_rule"]))
        answer = words.VERDICT_WORDS[case["answer"]]
        if person["is_passed_on"]:
            return words.OTHER_STATES["passed_on"].format(answer=answer)
        return words.OTHER_STATES["answered"].format(on=_office_day(person["answered_at"]), answer=answer)


def has_persons(settings: Settings, row: ReleaseRow) -> bool:
    """Whether worklists can be written of a release: whether its review file is there and names the persons of its cases."""
    return (settings.review / row.file).exists() and "case_persons" in Scope(is_reviewer=True).review(settings, row.release).tables


def _office_day(at: datetime | None) -> str:
    return "" if at is None else at.replace(tzinfo=UTC).astimezone(OFFICE_TIME).date().isoformat()


def _id_numbers(person: dict[str, Any]) -> dict[str, str | None]:
    """The masked number of each record with what is wrong with it."""
    found: dict[str, str | None] = {}
    for side in "ab":
        status = person[f"id_status_{side}"]
        shown = person[f"masked_id_number_{side}"] or ""
        told = [part for part in (shown, words.ID_STATUSES.get(status, "")) if part]
        found[f"id_number_{side}"] = None if status is None else "\n".join(told)
    return found


def _of_both(person: dict[str, Any], part: str, empty: str, division_code: str) -> str:
    """What the county's own records say: once where they agree, else each with its relation."""
    own = {side: person[f"{part}_{side}"] or empty for side in "ab" if person[f"division_code_{side}"] == division_code}
    if len(set(own.values())) == 1:
        return next(iter(own.values()))
    return "\n".join(words.OF_SIDE.format(value=value, side=words.SIDES[side]) for side, value in own.items())


# Keys of a returned row


def checksum_of_row(row: dict[str, Any]) -> str:
    """A checksum over what a county may not change of a row, whichever program has saved it."""
    parts = [comparable(column, row[column.key]) for column in COLUMNS if column.is_checked]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def checksum_of_keys(facts: dict[str, str], rows: list[tuple[str, ...]]) -> str:
    """A checksum over the hidden sheet."""
    lines = [f"{name}={facts[name]}" for name in FACTS if name != "checksum"] + ["\x1f".join(row) for row in rows]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def canonical(value: object) -> str:
    """A cell's value as one text, however a spreadsheet program stores it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        return f"{number.normalize():f}" if number else "0"
    return re.sub(r"(\r\n|\r|_x000D_\n|\n)+", "\n", str(value)).strip()


def comparable(column: Column, value: object) -> str:
    """A cell's value as one text, whether a day or a number came back as such, as a text, or as the number behind a day."""
    text = canonical(value)
    if column.kind == "day":
        day = day_of(value)
        return text if day is None else day.isoformat()
    if column.kind in ("money", "count") and _NUMBER_TEXT.fullmatch(text):
        return canonical(Decimal(text.replace(",", "")))
    return text


def day_of(value: object) -> date | None:
    """A day however it was typed: a date, a text, or the number behind a date; None where it is none."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if value == int(value) and _SERIAL_DAYS[0] <= value <= _SERIAL_DAYS[1]:
            return _SERIAL_BEGIN + timedelta(days=int(value))
        value = str(int(value)) if value == int(value) else ""
    text = canonical(value).translate(str.maketrans("０１２３４５６７８９－／．", "0123456789-/."))
    match = _DAY_TEXT.fullmatch(text)
    if match is None:
        return None
    parts = [int(part) for part in match.groups() if part]
    try:
        return date(*parts)
    except ValueError:
        return None


def keys_of(worklist: Worklist) -> tuple[dict[str, str], list[tuple[str, ...]]]:
    """What the hidden sheet says: facts of the list, and the keys of its rows; of another county's relation no number."""
    rows = [
        (
            row["case_id"],
            row["scheme_key_a"],
            row["relation_key_a"] or "",
            row["scheme_key_b"],
            row["relation_key_b"] or "",
            row["facts_hash"],
            row["row_checksum"],
        )
        for row in worklist.asked
    ]
    facts = {
        "mark": MARK,
        "version": str(VERSION),
        "release": worklist.release,
        "release_sha256": worklist.release_sha256,
        "period": worklist.period,
        "division_code": worklist.division_code,
        "rows": str(len(rows)),
    }
    return {**facts, "checksum": checksum_of_keys(facts, rows)}, rows


# The workbook


def worklists(settings: Settings, row: ReleaseRow) -> Iterator[Worklist]:
    """Every county's list of a release, in order of their codes."""
    book = CaseBook(settings, row)
    for division_code in book.divisions:
        yield book.worklist(division_code)


def write_worklist(path: Path, worklist: Worklist) -> None:
    """Write a county's workbook, readable by its owner and group alone."""
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        # Widths of columns are counted in digits of this font; one that is missing somewhere makes them wider there.
        "default_format_properties": {"font_name": FONT, "font_size": 10},
    }
    book = _LockedWorkbook(str(path), options)
    book.set_properties(
        {
            "title": f"{words.TITLE} {worklist.county}",
            "subject": worklist.period,
            "comments": words.PERSONAL_DATA,
            "author": "统筹",
            "created": worklist.built_at.replace(tzinfo=None),
        }
    )
    _Writer(book, worklist).write()
    book.close()
    path.chmod(0o640)


class _LockedWorkbook(xlsxwriter.Workbook):
    """A workbook whose sheets cannot be removed, renamed or shown by accident; the writer knows protection of sheets alone."""

    def _write_workbook_pr(self) -> None:
        super()._write_workbook_pr()
        # The schema wants it here, between the workbook's properties and its views.
        self._xml_empty_tag("workbookProtection", [("lockStructure", 1)])


class _Writer:
    """Writes the sheets of one workbook; formats are made once and shared."""

    def __init__(self, book: xlsxwriter.Workbook, worklist: Worklist) -> None:
        self.book = book
        self.worklist = worklist
        self.made: dict[tuple[tuple[str, Any], ...], Format] = {}

    def write(self) -> None:
        """Every sheet, in the order in which they are seen."""
        # Sheets stand in the order in which they are added.
        guide, listed, others, keys = (
            self.book.add_worksheet(name) for name in (words.GUIDE_SHEET, words.LIST_SHEET, words.OTHERS_SHEET, words.KEYS_SHEET)
        )
        self._guide(guide)
        self._list(listed)
        self._others(others)
        self._keys(keys)
        keys.very_hidden()
        guide.activate()

    def _format(self, **properties: Any) -> Format:  # noqa: ANN401 - what xlsxwriter takes
        described = {"font_name": FONT, "font_charset": _GB2312, "font_size": 10, "valign": "vcenter", **properties}
        key = tuple(sorted(described.items()))
        if key not in self.made:
            self.made[key] = self.book.add_format(described)
        return self.made[key]

    def _of_column(self, column: Column, *, is_shaded: bool) -> Format:
        styles: dict[str, dict[str, Any]] = {
            "text": {"align": "left", "text_wrap": True, "indent": 1},
            "centre": {"align": "center", "text_wrap": True},
            "day": {"align": "center", "num_format": "yyyy-mm-dd"},
            "money": {"align": "right", "num_format": "#,##0.00", "indent": 1},
            "count": {"align": "center", "num_format": "0"},
        }
        properties = {"border": 1, "border_color": "#BFC5CC", "font_size": 9, **styles[column.kind]}
        if column.is_answer:
            return self._format(**properties, bg_color=_YELLOW, locked=False)
        if column.key == "hint":
            properties["font_color"] = _QUIET
        return self._format(**properties, bg_color=_GREY if is_shaded else _WHITE)

    # The list

    def _list(self, sheet: Worksheet) -> None:
        worklist = self.worklist
        self._table_head(sheet, COLUMNS, words.TITLE, len(worklist.asked), words.PERSONAL_DATA)
        self._rows(sheet, COLUMNS, worklist.asked)
        last = FIRST_ROW + max(len(worklist.asked), 1) - 1
        if worklist.asked:
            self._answers(sheet, last)
        else:
            sheet.merge_range(FIRST_ROW, 0, FIRST_ROW, _FROZEN, words.NOTHING_ASKED, self._format(align="left", font_color=_QUIET))
        self._close_table(sheet, COLUMNS, last)
        sheet.repeat_columns(0, PLACES["name"])
        # Two sheets of paper across: the relations on the first, what follows from them and the answers on the second. A break holds only
        # where the scale is a number.
        sheet.set_print_scale(62)
        sheet.set_v_pagebreaks([PLACES["overlap_from"]])

    def _table_head(self, sheet: Worksheet, columns: tuple[Column, ...], title: str, count: int, note: str) -> None:
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width)
        # Not merged, so that they stay in sight left of the frozen edge; short enough for the columns that are repeated on paper.
        sheet.write_string(_TITLE_ROW, 0, title, self._format(font_name="黑体", font_size=16, bold=True, align="left"))
        sheet.set_row(_TITLE_ROW, 28)
        head = words.TABLE_HEAD.format(county=self.worklist.county, period=self.worklist.period, count=count)
        sheet.write_string(_NOTE_ROW, 0, head, self._format(align="left"))
        sheet.write_string(_NOTE_ROW, PLACES["id_number"], note, self._format(align="left", font_color=_ALARM))
        sheet.set_row(_NOTE_ROW, 18)
        for first, last, group in _groups(columns):
            colour = _ANSWER_HEAD if group == "answer" else _HEAD
            form = self._format(border=1, border_color="#8A94A0", bold=True, align="center", bg_color=colour)
            if first == last:
                sheet.write_string(_GROUP_ROW, first, words.GROUPS[group], form)
            else:
                sheet.merge_range(_GROUP_ROW, first, _GROUP_ROW, last, words.GROUPS[group], form)
        sheet.set_row(_GROUP_ROW, 18)
        for place, column in enumerate(columns):
            colour = _ANSWER_HEAD if column.group == "answer" else _HEAD
            form = self._format(border=1, border_color="#8A94A0", bold=True, align="center", text_wrap=True, bg_color=colour, font_size=9)
            sheet.write_string(HEAD_ROW, place, column.head, form)
        sheet.set_row(HEAD_ROW, 30)

    def _rows(self, sheet: Worksheet, columns: tuple[Column, ...], rows: tuple[dict[str, Any], ...]) -> None:
        forms = [self._of_column(column, is_shaded=column.group in ("b", "money")) for column in columns]
        for place, row in enumerate(rows, start=FIRST_ROW):
            lines = 1
            for number, (column, form) in enumerate(zip(columns, forms, strict=True)):
                value = row.get(column.key)
                if column.key == "hint":
                    sheet.write_formula(place, number, _hint(place + 1), form, "")
                elif value is None or value == "":
                    sheet.write_blank(place, number, None, form)
                elif isinstance(value, date):
                    # A day has no zone.
                    sheet.write_datetime(place, number, datetime(value.year, value.month, value.day), form)  # noqa: DTZ001
                elif isinstance(value, (int, Decimal)):
                    sheet.write_number(place, number, float(value), form)
                else:
                    sheet.write_string(place, number, value, form)
                    if column.kind in ("text", "centre"):
                        lines = max(lines, _lines(value, column))
            sheet.set_row(place, 13.0 * min(lines, _MOST_LINES) + 5)

    def _answers(self, sheet: Worksheet, last: int) -> None:
        """Drop-downs and the limits of what may be typed into the answer cells."""

        def limit(key: str, **how: Any) -> None:  # noqa: ANN401 - what xlsxwriter takes
            title, prompt = words.PROMPTS[key]
            sheet.data_validation(
                FIRST_ROW,
                PLACES[key],
                last,
                PLACES[key],
                {**how, "input_title": title, "input_message": prompt, "error_title": title, "error_message": prompt, "ignore_blank": True},
            )

        limit("verdict", validate="list", source=list(words.VERDICTS))
        limit("kept", validate="list", source=list(words.KEPT))
        limit("ended_on", validate="date", criteria="between", minimum=date(1990, 1, 1), maximum=_LATEST_DAY)
        limit("remark", validate="length", criteria="<=", value=200)
        hints = sheet_range(PLACES["hint"], FIRST_ROW, last)
        sheet.conditional_format(
            hints,
            {"type": "text", "criteria": "begins with", "value": "请", "format": self.book.add_format({"font_color": _ALARM})},
        )
        sheet.conditional_format(
            hints,
            {"type": "text", "criteria": "begins with", "value": "只", "format": self.book.add_format({"font_color": _ALARM})},
        )

    def _close_table(self, sheet: Worksheet, columns: tuple[Column, ...], last: int) -> None:
        sheet.autofilter(HEAD_ROW, 0, last, len(columns) - 1)
        sheet.freeze_panes(FIRST_ROW, _FROZEN)
        allowed = dict.fromkeys(("autofilter", "sort", "format_cells", "format_columns", "format_rows"), True)
        sheet.protect("", allowed)
        sheet.set_landscape()
        sheet.set_paper(_A3)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.hide_gridlines(2)
        sheet.repeat_rows(_GROUP_ROW, HEAD_ROW)
        sheet.print_area(0, 0, last, len(columns) - 1)
        footer = words.FOOTER.format(county=self.worklist.county, release=self.worklist.release)
        sheet.set_footer(f"&L&9{footer}&R&9第 &P 页  共 &N 页")

    def _others(self, sheet: Worksheet) -> None:
        worklist = self.worklist
        self._table_head(sheet, OTHER_COLUMNS, words.OTHERS_TITLE, len(worklist.others), f"{words.OTHERS_NOTE}{words.PERSONAL_DATA}")
        self._rows(sheet, OTHER_COLUMNS, worklist.others)
        self._close_table(sheet, OTHER_COLUMNS, FIRST_ROW + max(len(worklist.others), 1) - 1)
        sheet.fit_to_pages(1, 0)

    # The instructions

    def _guide(self, sheet: Worksheet) -> None:
        worklist = self.worklist
        sheet.set_column(0, 0, 16)
        sheet.set_column(1, 1, 84)
        sheet.merge_range(0, 0, 0, 1, words.TITLE, self._format(font_name="黑体", font_size=18, bold=True, align="center"))
        sheet.set_row(0, 34)
        head = words.GUIDE_HEAD.format(county=worklist.county, month=month_name(worklist.period))
        sheet.merge_range(1, 0, 1, 1, head, self._format(font_size=12, align="center"))
        sheet.set_row(1, 20)
        sheet.merge_range(
            2, 0, 2, 1, words.PERSONAL_DATA, self._format(bold=True, font_color=_ALARM, align="center", border=1, border_color=_ALARM)
        )
        sheet.set_row(2, 24)
        row = 3
        values = {
            "asked": len(worklist.asked),
            "others": len(worklist.others),
            "subsidy": sum((one["subsidy"] for one in worklist.asked), Decimal(0)),
            "release": worklist.release,
            "rules": worklist.rules,
        }
        framed: dict[str, Any] = {"text_wrap": True, "align": "left", "border": 1, "border_color": "#BFC5CC"}
        for name, shown in words.GUIDE_FACTS:
            row += 1
            sheet.write_string(row, 0, name, self._format(**framed, bold=True, bg_color=_HEAD, indent=1))
            sheet.write_string(row, 1, shown.format(**values), self._format(**framed, indent=1))
            sheet.set_row(row, 18)
        row += 1
        for heading, paragraphs in words.GUIDE:
            row += 1
            sheet.merge_range(row, 0, row, 1, heading, self._format(font_name="黑体", font_size=12, bold=True, align="left"))
            sheet.set_row(row, 26)
            for paragraph in paragraphs:
                row += 1
                if isinstance(paragraph, tuple):
                    name, shown = paragraph
                    room = 84.0
                    sheet.write_string(row, 0, name, self._format(**framed, bold=True, bg_color=_HEAD, indent=1))
                    sheet.write_string(row, 1, shown, self._format(**framed, indent=1))
                else:
                    shown, room = f"　　{paragraph}", 100.0
                    sheet.merge_range(row, 0, row, 1, shown, self._format(align="left", text_wrap=True))
                sheet.set_row(row, 15.0 * lines_needed(shown, room - 2) + 4)
        sheet.protect("")
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
        sheet.center_horizontally()
        sheet.hide_gridlines(2)
        sheet.print_area(0, 0, row, 1)
        sheet.set_footer("&R&9第 &P 页  共 &N 页")

    # The hidden sheet

    def _keys(self, sheet: Worksheet) -> None:
        facts, rows = keys_of(self.worklist)
        for place, name in enumerate(FACTS):
            sheet.write_string(place, 0, name)
            sheet.write_string(place, 1, facts[name])
        head = len(FACTS) + 1
        for place, name in enumerate(KEY_COLUMNS):
            sheet.write_string(head, place, name)
        for number, row in enumerate(rows, start=head + 1):
            for place, value in enumerate(row):
                sheet.write_string(number, place, value)
        sheet.protect("")


def _groups(columns: tuple[Column, ...]) -> list[tuple[int, int, str]]:
    """First and last column of each group."""
    found: list[tuple[int, int, str]] = []
    for place, column in enumerate(columns):
        if found and found[-1][2] == column.group:
            found[-1] = (found[-1][0], place, column.group)
        else:
            found.append((place, place, column.group))
    return found


@lru_cache(maxsize=20_000)
def _lines(value: str, column: Column) -> int:
    """Lines that a text takes. Widths are counted in ten-point digits, the cells of the table are written in nine."""
    room = (column.width - (1.5 if column.kind == "text" else 0)) * 1.08
    return sum(lines_needed(part, room) for part in value.split("\n"))


def sheet_range(column: int, first: int, last: int) -> str:
    """A range of one column, rows from 0: `AF5:AF12`."""
    name = xl_col_to_name(column)
    return f"{name}{first + 1}:{name}{last + 1}"


def _hint(line: int) -> str:
    """The formula that tells whoever fills in a row what is missing."""
    verdict, kept, ended, remark, overlap_to = (
        f"{xl_col_to_name(PLACES[key])}{line}" for key in ("verdict", "kept", "ended_on", "remark", "overlap_to")
    )
    hints = words.HINTS
    return (
        f'=IF(AND({verdict}="",{kept}="",{ended}="",{remark}=""),"",'
        f'IF({verdict}="","{hints["no_verdict"]}",'
        f'IF({verdict}="{words.VERDICT_WORDS["duplicate"]}",'
        f'IF(AND({kept}="",{overlap_to}="{words.LASTING}"),"{hints["no_kept"]}","{hints["complete"]}"),'
        f'IF(OR({kept}<>"",{ended}<>""),"{hints["only_duplicate"]}","{hints["complete"]}"))))'
    )
