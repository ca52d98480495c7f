"""What the page of duplicate enrollment shows, put into words and tables.

What belongs here: tables and facts of that page. What does not: rows (`data.py`), figures (`charts.py`), the page
(`app_pages/duplicates.py`). Cases are shown by relation and surrogate, never by name or ID number.
"""

from __future__ import annotations

from typing import Any

from reports import data
from reports.data import CaseFilter, CaseTotals
from reports.exports import csv_of
from reports.formats import EMPTY, money, number
from reports.screen import Screen
from reports.tables import Cell, Column
from reports.texts import text

ANY = "any"
# What one page of the browser can still sort and search at ease; the downloaded list is whole.
SHOWN = 2000
# What the reader may choose besides the type, and the text that each option is read as.
CHOICES = {
    "standing": {"improper": "standing.improper", "legitimate": "standing.legitimate"},
    "status": {status: f"status.{status}" for status in data.STATUSES},
    "lasting": {"yes": "lasting.yes", "no": "lasting.no"},
}
_MONEY = ("subsidy", "central", "province", "city", "county", "benefit", "premium")


def facts(screen: Screen, totals: CaseTotals) -> list[tuple[str, str, str]]:
    """The cases meant, in six figures."""
    unit = screen.unit
    return [
        (text("duplicates.cases"), number(totals.cases), text("duplicates.cases_note", persons=number(totals.persons))),
        (text("duplicates.improper"), number(totals.improper), text("duplicates.improper_note", count=number(totals.to_verify))),
        (text("duplicates.legitimate"), number(totals.legitimate), text("duplicates.legitimate_note")),
        (text("duplicates.lasting"), number(totals.lasting), text("duplicates.lasting_note")),
        (
            text("duplicates.subsidy"),
            f"{money(totals.subsidy, unit)} {unit.name}",
            text("duplicates.subsidy_note"),
        ),
        (text("duplicates.benefit"), f"{money(totals.benefit, unit)} {unit.name}", text("duplicates.benefit_note")),
    ]


def type_options(screen: Screen) -> list[str]:
    """The types that the release's cases have."""
    return [ANY, *data.case_totals_by(screen.reader, CaseFilter(screen.county, screen.scheme), "type_code")]


def type_name(screen: Screen, code: str) -> str:
    """A type in words."""
    return text("filter.any") if code == ANY else f"{code} {data.rule_names(screen.reader).get(code, '')}".strip()


def choice_name(name: str, code: str) -> str:
    """An option of one of the further choices in words."""
    return text("filter.any") if code == ANY else text(CHOICES[name][code])


def county_table(screen: Screen, wanted: CaseFilter) -> tuple[list[Column], list[list[Cell]], frozenset[int]]:
    """Cases and money by county, the whole first."""
    unit = screen.unit
    columns = [
        Column(text("column.division"), is_nowrap=True),
        Column(text("duplicates.cases"), "right"),
        Column(text("duplicates.persons"), "right"),
        Column(text("duplicates.improper"), "right"),
        Column(text("duplicates.legitimate"), "right"),
        *(Column(text(f"duplicates.{name}_short", unit=unit.name), "right") for name in _MONEY),
    ]
    whole = data.case_totals(screen.reader, wanted)
    if not whole.cases:
        return columns, [], frozenset()
    counted = data.case_totals_by_county(screen.reader, wanted)
    rows = [_totals_row(text("duplicates.whole"), whole, screen)]
    rows += [_totals_row(data.division_name(screen.reader, code), totals, screen) for code, totals in counted.items()]
    return columns, rows, frozenset({0})


def _totals_row(name: str, totals: CaseTotals, screen: Screen) -> list[Cell]:
    counts = (totals.cases, totals.persons, totals.improper, totals.legitimate)
    return [name, *(number(count) for count in counts), *(money(getattr(totals, column), screen.unit) for column in _MONEY)]


def type_county_table(screen: Screen, wanted: CaseFilter) -> tuple[list[Column], list[list[Cell]]]:
    """How many cases by type and county."""
    counted = data.case_counts_by_type_and_county(screen.reader, wanted)
    counties = sorted({county for _, county in counted})
    names = data.rule_names(screen.reader)
    columns = [
        Column(text("duplicates.type")),
        *(Column(data.division_name(screen.reader, county), "right") for county in counties),
    ]
    rows: list[list[Cell]] = [
        [f"{code} {names.get(code, '')}".strip(), *(number(counted.get((code, county), 0)) for county in counties)]
        for code in sorted({code for code, _ in counted})
    ]
    return columns, rows


def status_table(screen: Screen, wanted: CaseFilter) -> tuple[list[Column], list[list[Cell]]]:
    """How many cases stand where in their verification."""
    counted = data.case_totals_by(screen.reader, wanted, "status")
    columns = [
        Column(text("duplicates.status")),
        Column(text("duplicates.improper"), "right"),
        Column(text("duplicates.legitimate"), "right"),
        Column(text("duplicates.subsidy_short", unit=screen.unit.name), "right"),
    ]
    rows: list[list[Cell]] = [
        [
            text(f"status.{status}"),
            number(counted[status].improper),
            number(counted[status].legitimate),
            money(counted[status].subsidy, screen.unit),
        ]
        for status in data.STATUSES
        if status in counted
    ]
    return columns, rows


def case_list(screen: Screen, wanted: CaseFilter, most: int | None = None) -> list[dict[str, Any]]:
    """The cases one by one, columns as the reader names them; no more than `most` where it is given."""
    names = data.rule_names(screen.reader)
    return [_case_line(screen, names, row) for row in data.cases(screen.reader, wanted, most)]


def case_file(screen: Screen, wanted: CaseFilter) -> bytes:
    """All the cases as a file for a spreadsheet."""
    return csv_of(case_list(screen, wanted))


def _case_line(screen: Screen, names: dict[str, str], row: dict[str, Any]) -> dict[str, Any]:
    retained = {
        row["relation_id_a"]: text(f"scheme.{row['scheme_a']}"),
        row["relation_id_b"]: text(f"scheme.{row['scheme_b']}"),
    }.get(row["retained_relation_id"], EMPTY)
    legitimate = row["legitimate_rule"]
    return {
        text("case.id"): row["case_id"],
        text("case.type"): f"{row['type_code']} {names.get(row['type_code'], '')}".strip(),
        text("case.relation_a"): f"{text('scheme.' + row['scheme_a'])} {row['relation_id_a'] or EMPTY}",
        text("case.county_a"): data.division_name(screen.reader, row["division_code_a"]),
        text("case.relation_b"): f"{text('scheme.' + row['scheme_b'])} {row['relation_id_b'] or EMPTY}",
        text("case.county_b"): data.division_name(screen.reader, row["division_code_b"]),
        text("case.from"): f"{row['overlap_from']:%Y-%m-%d}",
        text("case.to"): f"{row['overlap_to']:%Y-%m-%d}" if row["overlap_to"] else text("case.lasting"),
        text("case.months"): row["overlap_months"],
        text("case.subsidy"): row["duplicate_subsidy_yuan"],
        text("case.benefit"): row["duplicate_benefit_yuan"],
        text("case.standing"): f"{legitimate} {names.get(legitimate, '')}".strip() if legitimate else text("case.improper"),
        text("case.retained"): retained,
        text("case.status"): text(f"status.{row['status']}"),
        text("case.confidence"): text(f"confidence.{row['confidence']}"),
        text("case.keep_rule"): row["keep_rule"] or EMPTY,
        text("case.premium"): row["duplicate_premium_yuan"],
        text("case.evidence"): row["evidence"] or EMPTY,
    }
