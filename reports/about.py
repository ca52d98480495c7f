"""What the page of versions and definitions shows, put into words and tables.

What belongs here: tables of releases, of what an indicator is made of, and of definitions. What does not: rows (`data.py`), the page
(`app_pages/about.py`).
"""

from __future__ import annotations

from reports import components, data
from reports.data import Definition, Part
from reports.formats import EMPTY, moment, month_name, number
from reports.screen import Screen
from reports.tables import Cell, Column, Mark
from reports.texts import text, text_or


def release_table(screen: Screen) -> tuple[list[Column], list[list[Cell]], frozenset[int]]:
    """Every release ever published, the newest month first; the one shown stands out."""
    columns = [
        Column(text("column.month"), is_nowrap=True),
        Column(text("column.release"), is_nowrap=True),
        Column(text("column.state"), "center", is_nowrap=True),
        Column(text("column.built_at"), is_nowrap=True),
        Column(text("column.state_at"), is_nowrap=True),
        Column(text("column.state_by"), is_nowrap=True),
        Column(text("column.without")),
        Column(text("column.code_version"), is_nowrap=True),
        Column(text("column.fingerprint"), is_nowrap=True),
    ]
    releases = sorted(screen.limits.releases(screen.settings), key=lambda row: (row.period, row.number), reverse=True)
    rows: list[list[Cell]] = [
        [
            month_name(row.period),
            row.release,
            Mark(text(f"state.{row.state}"), components.STATE_TONES[row.state]),
            moment(row.built_at),
            moment(row.state_at),
            row.state_by,
            "、".join(row.without) or text("about.none_left_out"),
            row.code_version[:12],
            row.warehouse_fingerprint[:12],
        ]
        for row in releases
    ]
    return columns, rows, frozenset(place for place, row in enumerate(releases) if row.release == screen.row.release)


def indicators(screen: Screen) -> dict[str, Definition]:
    """The indicators that have a value of the month for the division and scheme shown, and those published elsewhere, by code."""
    return {code: one for code, one in data.definitions(screen.reader).items() if one.is_published}


def indicator_name(definition: Definition) -> str:
    """An indicator in a list."""
    return f"{definition.code} {definition.name}"


def value_facts(screen: Screen, definition: Definition, period_type: str) -> list[tuple[str, str, str]]:
    """An indicator's value of the month and the two numbers it is made of."""
    found = data.values(screen.reader, screen.county, screen.scheme, (definition.code,)).get(
        (definition.code, period_type, str(screen.period))
    )
    measured = definition.measured
    value = found.value if found else None
    shown = f"{measured.show(value, screen.unit)} {measured.unit_name(screen.unit) if value is not None else ''}".strip()
    why = data.why_empty(screen.reader, definition, screen.scheme, screen.county, found) if value is None else ""
    origin = text_or(f"origin.{found.origin}", found.origin or "") if found else ""
    return [
        (text("about.value"), shown, why or origin),
        (text("about.numerator"), _plain(found.numerator if found else None), definition.numerator),
        (text("about.denominator"), _plain(found.denominator if found else None), definition.denominator),
        (text("about.version"), definition.version, text("about.period_type", period_type=text(f"period_type.{period_type}"))),
    ]


def _plain(value: object) -> str:
    return EMPTY if value is None else number(value, 0 if value == value.to_integral_value() else 2)


def part_table(screen: Screen, parts: list[Part]) -> tuple[list[Column], list[list[Cell]]]:
    """The measures that a value is made of."""
    columns = [
        Column(text("column.part"), is_nowrap=True),
        Column(text("column.sign"), "center"),
        Column(text("column.measure"), is_nowrap=True),
        Column(text("column.measure_name"), is_nowrap=True),
        Column(text("column.value"), "right"),
        Column(text("column.unit"), is_nowrap=True),
        Column(text("column.origin"), is_nowrap=True),
        Column(text("column.counted"), width=40),
    ]
    rows: list[list[Cell]] = [
        [
            text(f"part.{part.part}"),
            "+" if part.sign > 0 else "−",
            part.code,
            part.name,
            _plain(part.value),
            text_or(f"unit.{part.unit}", part.unit or EMPTY),
            text_or(f"origin.{part.origin}", EMPTY),
            part.counted or EMPTY,
        ]
        for part in parts
    ]
    return columns, rows


def delivery_table(screen: Screen, period_type: str) -> tuple[list[Column], list[list[Cell]]]:
    """The deliveries behind a value."""
    columns = [
        Column(text("column.month"), is_nowrap=True),
        Column(text("column.system"), is_nowrap=True),
        Column(text("column.office"), is_nowrap=True),
        Column(text("column.delivery_no"), "right"),
        Column(text("column.received_at"), is_nowrap=True),
        Column(text("deliveries.rows_landed"), "right"),
        Column(text("deliveries.rows_rejected"), "right"),
    ]
    rows: list[list[Cell]] = [
        [
            row["period"],
            text_or(f"system.{row['system']}", row["system"]),
            data.division_name(screen.reader, row["office"]),
            str(row["delivery_no"]),
            moment(row["received_at"]),
            number(row["rows_landed"]),
            number(row["rows_rejected"]),
        ]
        for row in data.deliveries_behind(screen.reader, screen.scheme, period_type)
    ]
    return columns, rows


def definition_table(screen: Screen) -> tuple[list[Column], list[list[Cell]]]:
    """The definitions that vary between places, as they are used here."""
    columns = [
        Column(text("column.definition_name"), is_nowrap=True),
        Column(text("column.version"), "center"),
        Column(text("column.definition"), width=70),
    ]
    rows: list[list[Cell]] = [
        [
            text_or(f"definition.{row['parameter']}.name", row["parameter"]),
            row["definition_version"],
            text_or(f"definition.{row['parameter']}.{row['definition_version']}", row["definition"]),
        ]
        for row in data.definition_versions(screen.reader)
    ]
    return columns, rows
