"""Figures as plain functions: numbers in, a Plotly figure out.

What belongs here: how a course, a comparison and a bridge are drawn. What does not: which rows they show (`data.py`), words
(`texts.py`) and the page around them. A figure without anything to draw is None: the page says so in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from reports import palette
from reports.formats import MINUS, number
from reports.texts import text
from warehouse.periods import Period

if TYPE_CHECKING:
    from reports.data import BridgeRow, CaseTotals, Course

HEIGHT = 300
_COUNTED_SINGLY = 8
_MARKS = {"all": "circle", "employee": "circle", "resident": "square", "rural": "diamond", "maternity": "triangle-up"}
CONFIG = {"displayModeBar": False, "responsive": True, "scrollZoom": False, "doubleClick": False}


def courses(lines: Sequence[Course], unit: str) -> go.Figure | None:
    """Several courses over the same months, one line each."""
    drawn = [line for line in lines if not line.is_empty]
    if not drawn:
        return None
    figure = _figure(unit)
    for line in drawn:
        figure.add_trace(
            go.Scatter(
                x=_month_labels(line.months),
                y=line.plotted,
                name=line.name,
                customdata=line.shown,
                mode="lines+markers",
                line={"color": palette.SCHEMES[line.scheme], "width": 2.5},
                marker={"symbol": _MARKS[line.scheme], "size": 8},
                cliponaxis=False,
                hovertemplate="%{customdata}",
            )
        )
    _order_months(figure, drawn)
    values = [value for line in drawn for value in line.plotted if value is not None]
    figure.update_yaxes(range=_roomy(values))
    _count_whole(figure, values)
    return figure


def fund_flows(income: Course, expenditure: Course, surplus: Course, unit: str) -> go.Figure | None:
    """Income and expenditure side by side, the surplus as a line over them."""
    if income.is_empty and expenditure.is_empty:
        return None
    figure = _figure(unit)
    for line, colour in ((income, palette.INCOME), (expenditure, palette.EXPENDITURE)):
        figure.add_trace(
            go.Bar(
                x=_month_labels(line.months),
                y=line.plotted,
                name=line.name,
                customdata=line.shown,
                marker={"color": colour},
                hovertemplate="%{customdata}",
            )
        )
    figure.add_trace(
        go.Scatter(
            x=_month_labels(surplus.months),
            y=surplus.plotted,
            name=surplus.name,
            customdata=surplus.shown,
            mode="lines+markers",
            line={"color": palette.SURPLUS, "width": 2, "dash": "dot"},
            marker={"size": 7, "symbol": "diamond", "color": palette.GROUND, "line": {"color": palette.SURPLUS, "width": 2}},
            hovertemplate="%{customdata}",
        )
    )
    _order_months(figure, [income, expenditure, surplus])
    # Few months are no reason for broad bars.
    figure.update_layout(barmode="group", bargap=0.32 + 0.06 * max(0, 8 - len(income.months)), bargroupgap=0.06)
    figure.update_yaxes(rangemode="tozero", zeroline=True, zerolinecolor=palette.QUIET)
    return figure


def year_against_year(this_year: Course, last_year: Course, unit: str) -> go.Figure | None:
    """The months of this year over those of last year."""
    if this_year.is_empty:
        return None
    figure = _figure(unit)
    drawn = [(last_year, palette.LAST_YEAR, "dash", "square"), (this_year, palette.THIS_YEAR, "solid", "circle")]
    for line, colour, dash, mark in drawn:
        if line.is_empty:
            continue
        figure.add_trace(
            go.Scatter(
                x=[_month_of_year(month) for month in line.months],
                y=line.plotted,
                name=line.name,
                customdata=line.shown,
                mode="lines+markers",
                line={"color": colour, "width": 2.5, "dash": dash},
                marker={"size": 8, "symbol": mark},
                cliponaxis=False,
                hovertemplate="%{customdata}",
            )
        )
    labels = [text("figure.month_short", month=month) for month in range(1, 13)]
    figure.update_xaxes(categoryorder="array", categoryarray=labels, range=[-0.5, 11.5])
    values = [value for line in (this_year, last_year) for value in line.plotted if value is not None]
    figure.update_yaxes(range=_roomy(values))
    _count_whole(figure, values)
    return figure


def headcount_bridge(row: BridgeRow) -> go.Figure | None:
    """From the three schemes' persons added up to persons counted once, as a waterfall."""
    if not row.is_whole or not row.sum_of_schemes:
        return None
    steps = [
        ("scheme.employee", row.employee, "relative", palette.SCHEMES["employee"]),
        ("scheme.resident", row.resident, "relative", palette.SCHEMES["resident"]),
        ("scheme.rural", row.rural, "relative", palette.SCHEMES["rural"]),
        ("bridge.sum_short", row.sum_of_schemes, "total", palette.TOTAL),
        ("bridge.twice_short", -(row.counted_twice or 0), "relative", palette.REDUCTION),
        ("bridge.three_times_short", -2 * (row.counted_three_times or 0), "relative", palette.REDUCTION),
        ("bridge.distinct_short", row.distinct_persons, "total", palette.PRIMARY),
    ]
    labels = [text(key) for key, *_ in steps]
    values = [value or 0 for _, value, _, _ in steps]
    shown = [
        number(value) if value > 0 or kind == "total" else (f"{MINUS}{number(-value)}" if value else "0") for _, value, kind, _ in steps
    ]
    figure = _figure(text("axis.persons"))
    # Bars of our own rather than Plotly's waterfall, which knows three colours and not one for each scheme.
    base = 0
    bases, heights = [], []
    for value, (_, _, kind, _) in zip(values, steps, strict=True):
        if kind == "total":
            bases.append(0)
            heights.append(value)
            base = value
        else:
            bases.append(min(base, base + value))
            heights.append(abs(value))
            base += value
    figure.add_trace(
        go.Bar(
            x=labels,
            y=heights,
            base=bases,
            marker={"color": [colour for *_, colour in steps]},
            text=shown,
            textposition="outside",
            textfont={"size": 13, "color": palette.INK},
            cliponaxis=False,
            customdata=shown,
            hovertemplate="%{x}: %{customdata}<extra></extra>",
            showlegend=False,
        )
    )
    ends = [start + height for start, height in zip(bases, heights, strict=True)]
    for place in range(len(steps) - 1):
        level = ends[place] if values[place] >= 0 else bases[place]
        figure.add_shape(
            type="line", x0=place + 0.32, x1=place + 0.68, y0=level, y1=level, line={"color": palette.QUIET, "width": 1, "dash": "dot"}
        )
    figure.update_layout(bargap=0.36)
    figure.update_yaxes(range=[0, max(ends) * 1.14])
    figure.update_xaxes(tickangle=0)
    _count_whole(figure, ends)
    return figure


def cases_by_type(totals: dict[str, CaseTotals], names: dict[str, str]) -> go.Figure | None:
    """Cases by type: those that are not legitimate, and beside them those that are."""
    if not totals:
        return None
    codes = sorted(totals, reverse=True)
    labels = [f"{names.get(code, code)}  {code}" for code in codes]
    figure = _figure("")
    for name, colour, counts in (
        (text("duplicates.improper"), palette.IMPROPER, [totals[code].improper for code in codes]),
        (text("duplicates.legitimate"), palette.LEGITIMATE, [totals[code].legitimate for code in codes]),
    ):
        figure.add_trace(
            go.Bar(
                y=labels,
                x=counts,
                name=name,
                orientation="h",
                marker={"color": colour},
                customdata=[number(count) for count in counts],
                hovertemplate="%{y}<br>%{fullData.name}: %{customdata}<extra></extra>",
            )
        )
    most = max(totals[code].cases for code in codes)
    figure.add_trace(
        go.Scatter(
            y=labels,
            x=[totals[code].cases for code in codes],
            mode="text",
            text=[f" {number(totals[code].cases)}" for code in codes],
            textposition="middle right",
            textfont={"size": 13, "color": palette.INK},
            cliponaxis=False,
            hoverinfo="skip",
            showlegend=False,
        )
    )
    figure.update_layout(barmode="stack", bargap=0.35, hovermode="closest", height=max(HEIGHT, 90 + 34 * len(codes)))
    figure.update_xaxes(
        type="linear", title={"text": text("axis.cases"), "font": {"size": 12}}, range=[0, most * 1.15], tickformat=",d", showgrid=True
    )
    figure.update_xaxes(gridcolor=palette.RULE, nticks=6)
    figure.update_yaxes(type="category", showgrid=False, nticks=0, dtick=1)
    return figure


def _figure(unit: str) -> go.Figure:
    """An empty figure in the house style."""
    figure = go.Figure()
    figure.update_layout(
        height=HEIGHT,
        margin={"t": 36, "l": 8, "r": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": palette.FONT_STACK, "size": 13, "color": palette.INK},
        hovermode="x unified",
        hoverlabel={"bgcolor": palette.GROUND, "bordercolor": palette.RULE, "font": {"size": 13, "color": palette.INK}},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
        separators=".,",
        dragmode=False,
    )
    figure.update_xaxes(showgrid=False, linecolor=palette.RULE, ticks="", automargin=True, fixedrange=True, type="category")
    figure.update_yaxes(
        gridcolor=palette.RULE,
        zeroline=False,
        tickformat=",",
        automargin=True,
        fixedrange=True,
        nticks=6,
    )
    if unit:
        # At the head of the figure and upright: a turned axis title of Chinese characters is hard to read.
        figure.add_annotation(
            text=text("figure.unit", unit=unit),
            x=1,
            y=1.02,
            xref="paper",
            yref="paper",
            xanchor="right",
            yanchor="bottom",
            showarrow=False,
            font={"size": 12, "color": palette.QUIET},
        )
    return figure


def _month_labels(months: Sequence[str]) -> list[str]:
    return [_month_label(month) for month in months]


def _month_label(month: str) -> str:
    period = Period.parse(month)
    return text("figure.month", year=period.year, month=period.month)


def _month_of_year(month: str) -> str:
    return text("figure.month_short", month=Period.parse(month).month)


def _order_months(figure: go.Figure, lines: Sequence[Course]) -> None:
    months = sorted({month for line in lines for month in line.months})
    ticks = [
        text("figure.january", month=period.month, year=period.year)
        if place == 0 or period.month == 1
        else text("figure.month_short", month=period.month)
        for place, period in enumerate(Period.parse(month) for month in months)
    ]
    labels = _month_labels(months)
    figure.update_xaxes(categoryorder="array", categoryarray=labels, tickmode="array", tickvals=labels, ticktext=ticks)


def _count_whole(figure: go.Figure, values: Sequence[float]) -> None:
    """Few whole things are counted one by one: half a person has no place on an axis."""
    if all(float(value).is_integer() for value in values) and max(values, default=0) <= _COUNTED_SINGLY:
        figure.update_yaxes(dtick=1)


def _roomy(values: Sequence[float]) -> list[float] | None:
    """A range around the values: a line needs no zero, but small movements must not look like great ones."""
    if not values:
        return None
    low, high = min(values), max(values)
    if low >= 0:
        floor = low - max((high - low) * 0.6, high * 0.05)
        return [max(0.0, floor), high + max((high - low) * 0.25, high * 0.04) or 1.0]
    reach = high - low or abs(high)
    return [low - reach * 0.2, high + reach * 0.2]
