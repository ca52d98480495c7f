"""What the overview page shows, put into words and tables.

What belongs here: tables and sentences of that page. What does not: rows (`data.py`), figures (`charts.py`), the page
(`app_pages/overview.py`).
"""

from __future__ import annotations

from reports import components, data
from reports.data import BridgeRow
from reports.formats import number
from reports.screen import Screen
from reports.tables import Cell, Column
from reports.texts import text


def why_no_course(screen: Screen, code: str) -> str:
    """Why an indicator has no course for the division and scheme shown."""
    definition = data.definitions(screen.reader).get(code)
    if definition is None:
        return text("reason.no_source", what=code)
    return data.why_empty(screen.reader, definition, screen.scheme, screen.county, None)


def axis_of(screen: Screen, code: str) -> str:
    """What the axis of an indicator's figure says: its unit."""
    measured = data.definitions(screen.reader)[code].measured
    return text("axis.percent") if measured.is_rate else measured.unit_name(screen.unit)


def bridge_row(screen: Screen) -> BridgeRow | None:
    """The bridge of the division shown."""
    return data.bridge(screen.reader).get(screen.county)


def bridge_table(screen: Screen) -> tuple[list[Column], list[list[Cell]], frozenset[int]]:
    """The bridge of the city and of each county, the division shown standing out."""
    columns = [
        Column(text("column.division"), is_nowrap=True),
        *(Column(text(f"scheme.{scheme}"), "right") for scheme in data.BASIC_SCHEMES),
        Column(text("bridge.sum"), "right"),
        Column(text("bridge.twice"), "right"),
        Column(text("bridge.three_times"), "right"),
        Column(text("bridge.distinct"), "right"),
    ]
    rows = list(data.bridge(screen.reader).values())
    cells: list[list[Cell]] = [
        [
            row.division.name,
            *(
                number(value)
                for value in (
                    row.employee,
                    row.resident,
                    row.rural,
                    row.sum_of_schemes,
                    row.counted_twice,
                    row.counted_three_times,
                    row.distinct_persons,
                )
            ),
        ]
        for row in rows
    ]
    return columns, cells, frozenset(place for place, row in enumerate(rows) if row.division.code == screen.county)


def cross_county_note(screen: Screen) -> str:
    """How the counties' persons go into the city's."""
    city = data.bridge(screen.reader).get(data.CITY)
    if city is None or city.cross_county is None:
        return text("bridge.cross_county_missing")
    return text("bridge.cross_county", persons=number(city.cross_county))


def threshold_table(screen: Screen) -> tuple[list[Column], list[list[Cell]]]:
    """Every judged value of the month."""
    columns = [
        Column(text("column.indicator")),
        Column(text("column.scheme"), is_nowrap=True),
        Column(text("column.period_type"), is_nowrap=True),
        Column(text("column.value"), "right"),
        Column(text("column.watch"), "right"),
        Column(text("column.alarm"), "right"),
        Column(text("column.state"), "center", is_nowrap=True),
    ]
    rows: list[list[Cell]] = [
        [one.name, one.scheme, one.when, one.shown, one.watch, one.alarm, components.level_mark(one.level)]
        for one in data.threshold_states(screen.reader, screen.county, screen.scheme, screen.unit)
    ]
    return columns, rows
