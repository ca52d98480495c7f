"""What the page of deliveries and checks shows, put into words and tables.

What belongs here: tables and facts of that page. What does not: rows (`data.py`), the page (`app_pages/deliveries.py`). Of the review file
only counts are shown.
"""

from __future__ import annotations

from typing import Any

from reports import components, data
from reports.check_words import compared
from reports.formats import EMPTY, moment, number
from reports.screen import Screen
from reports.tables import Cell, Column, Mark
from reports.texts import text, text_or

PLACES_SHOWN = 300


def of_scope(screen: Screen) -> list[dict[str, Any]]:
    """The month's deliveries of the office shown; of all where the city is."""
    rows = data.deliveries_of(screen.reader, screen.period)
    return [row for row in rows if screen.county in (data.CITY, row["office"])]


def facts(screen: Screen) -> list[tuple[str, str, str]]:
    """The month's deliveries and checks in six figures."""
    rows = of_scope(screen)
    by_status = {status: sum(1 for row in rows if row["status"] == status) for status in ("accepted", "refused", "superseded")}
    taken = [row for row in rows if row["status"] == "accepted"]
    sums = {name: sum(row[name] or 0 for row in taken) for name in ("rows_delivered", "rows_landed", "rows_rejected")}
    lines = data.checks(screen.reader)
    outcomes = {name: sum(getattr(line, name) for line in lines) for name in ("passed", "failed", "not_run")}
    return [
        (
            text("deliveries.accepted"),
            number(by_status["accepted"]),
            text("deliveries.accepted_note", refused=number(by_status["refused"]), superseded=number(by_status["superseded"])),
        ),
        (text("deliveries.rows_delivered"), number(sums["rows_delivered"]), text("deliveries.rows_delivered_note")),
        (text("deliveries.rows_landed"), number(sums["rows_landed"]), text("deliveries.rows_landed_note")),
        (text("deliveries.rows_rejected"), number(sums["rows_rejected"]), text("deliveries.rows_rejected_note")),
        (
            text("checks.passed"),
            number(outcomes["passed"]),
            text("checks.passed_note", failed=number(outcomes["failed"]), not_run=number(outcomes["not_run"])),
        ),
        (
            text("checks.ours_failed"),
            number(sum(line.failed for line in lines if line.kind == "ours")),
            text("checks.ours_failed_note"),
        ),
    ]


def ledger_table(screen: Screen) -> tuple[list[Column], list[list[Cell]]]:
    """The ledger of the month's deliveries."""
    columns = [
        Column(text("column.system"), is_nowrap=True),
        Column(text("column.office"), is_nowrap=True),
        Column(text("column.delivery_no"), "right"),
        Column(text("column.state"), "center", is_nowrap=True),
        Column(text("column.received_at"), is_nowrap=True),
        Column(text("deliveries.rows_delivered"), "right"),
        Column(text("deliveries.rows_landed"), "right"),
        Column(text("deliveries.rows_rejected"), "right"),
        Column(text("column.reason"), width=34),
    ]
    rows: list[list[Cell]] = [
        [
            text_or(f"system.{row['system']}", row["system"]),
            data.division_name(screen.reader, row["office"]),
            EMPTY if row["delivery_no"] is None else str(row["delivery_no"]),
            Mark(text(f"delivery.{row['status']}"), components.DELIVERY_TONES[row["status"]]),
            moment(row["received_at"]),
            number(row["rows_delivered"]),
            number(row["rows_landed"]),
            number(row["rows_rejected"]),
            _refusal(row["reason"]) if row["reason"] else row["note"] or EMPTY,
        ]
        for row in of_scope(screen)
    ]
    return columns, rows


def _refusal(reason: str) -> str:
    """Why a delivery was refused: the reason in the reader's language, then file, found and expected as the receipt has them."""
    word, _, detail = reason.partition(": ")
    named = text_or(f"refusal.{word}", "")
    return text("refusal.said", word=named, detail=detail) if named else reason


def rejected_table(screen: Screen) -> tuple[list[Column], list[list[Cell]]]:
    """Rejected rows of the month by system and reason."""
    columns = [
        Column(text("column.system"), is_nowrap=True),
        Column(text("column.reject_reason")),
        Column(text("column.rows"), "right"),
    ]
    rows: list[list[Cell]] = [
        [
            text_or(f"system.{row['system']}", row["system"]),
            text_or(f"reject.{row['reason']}", row["reason"] or EMPTY),
            number(row["row_count"]),
        ]
        for row in data.rejected_by_reason(screen.review, screen.period) or ()
    ]
    return columns, rows


def why_no_rejects(screen: Screen) -> str:
    """What it means that there are no rejected rows to show."""
    known = data.rejected_by_reason(screen.review, screen.period)
    return text("deliveries.no_review" if known is None else "deliveries.no_rejects")


def check_table(screen: Screen) -> tuple[list[Column], list[list[Cell]]]:
    """The checks of the month."""
    failing = data.failing_rows_by_check(screen.review) or {}
    columns = [
        Column(text("column.check"), is_nowrap=True),
        Column(text("column.rule"), width=46),
        Column(text("column.kind"), is_nowrap=True),
        Column(text("checks.outcome.passed"), "right"),
        Column(text("checks.outcome.failed"), "right"),
        Column(text("checks.outcome.not_run"), "right"),
        Column(text("column.failing_rows"), "right"),
        Column(text("column.state"), "center", is_nowrap=True),
    ]
    rows: list[list[Cell]] = [
        [
            line.code,
            line.rule,
            text(f"checks.kind.{line.kind}"),
            number(line.passed),
            number(line.failed),
            number(line.not_run),
            number(failing[line.code]) if line.code in failing else EMPTY,
            _state_of(line),
        ]
        for line in data.checks(screen.reader)
    ]
    return columns, rows


def _state_of(line: data.CheckLine) -> Mark:
    if line.failed:
        return Mark(text("checks.outcome.failed"), "bad" if line.kind == "ours" else "watch")
    if not line.passed:
        return Mark(text("checks.outcome.not_run"), "quiet")
    return Mark(text("checks.outcome.passed"), "good")


def place_table(screen: Screen, code: str) -> tuple[list[Column], list[list[Cell]], int]:
    """A check of the month place by place; how many places there are."""
    names = data.measure_names(screen.reader)
    places = data.check_places(screen.reader, code)
    places = [row for row in places if screen.county in (data.CITY, row["division_code"])]
    columns = [
        Column(text("column.division"), is_nowrap=True),
        Column(text("column.scheme"), is_nowrap=True),
        Column(text("column.compared")),
        Column(text("column.left"), "right"),
        Column(text("column.right"), "right"),
        Column(text("column.difference"), "right"),
        Column(text("column.state"), "center", is_nowrap=True),
        Column(text("column.note"), width=28),
    ]
    rows: list[list[Cell]] = [
        [
            data.division_name(screen.reader, row["division_code"]),
            text_or(f"scheme.{row['scheme']}", row["scheme"] or EMPTY),
            compared(names, row["row_code"] or ""),
            _side(row["left_value"]),
            _side(row["right_value"]),
            _side(row["difference"]),
            Mark(text(f"checks.outcome.{row['outcome'].replace(' ', '_')}"), _tone(row)),
            row["note"] or EMPTY,
        ]
        for row in places[:PLACES_SHOWN]
    ]
    return columns, rows, len(places)


def _tone(row: dict[str, Any]) -> str:
    """A rule of the sources that does not hold is no fault of ours."""
    tone = components.OUTCOME_TONES[row["outcome"]]
    return "watch" if tone == "bad" and row["kind"] == "theirs" else tone


def _side(value: Any) -> str:  # noqa: ANN401 - a decimal of the release or None
    """A side of a check: whole numbers whole, money to the fen."""
    if value is None:
        return EMPTY
    return number(value, 0 if value == value.to_integral_value() else 2)
