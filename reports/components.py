"""Pieces that several pages are put together from.

What belongs here: how a card, a badge, a figure or a table stands on a page. What does not: which numbers they show (`data.py`), words
(`texts.py`), the frame around all pages (`screen.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING, Any

import streamlit as st

from reports import tables
from reports.charts import CONFIG
from reports.formats import EMPTY, Change
from reports.texts import text

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from reports.data import Card
    from reports.forms_shown import Download

_LEVEL_TONES = {"ok": "good", "watch": "watch", "alarm": "bad"}
# Rows of a list that are shown without a bar to move them.
_ROWS_IN_SIGHT = 10
STATE_TONES = {"provisional": "watch", "approved": "good", "superseded": "quiet"}
DELIVERY_TONES = {"accepted": "good", "refused": "bad", "superseded": "quiet"}
OUTCOME_TONES = {"passed": "good", "failed": "bad", "not run": "quiet"}


def title(heading: str, subtitle: str = "", marks: Sequence[tables.Mark] = ()) -> None:
    """What the page shows, in one line."""
    shown = "".join(tables.mark(one) for one in marks)
    below = f'<span class="tc-subtitle">{escape(subtitle)}</span>' if subtitle else ""
    st.html(f'<div class="tc-title"><h1>{escape(heading)}</h1>{below}{shown}</div>')


def section(heading: str, note: str = "", marks: Sequence[tables.Mark] = ()) -> None:
    """A heading inside a page, with states beside it and what there is to know about what follows."""
    beside = "".join(tables.mark(one) for one in marks)
    below = f'<p class="tc-note">{escape(note)}</p>' if note else ""
    st.html(f'<div class="tc-section"><h2>{escape(heading)}{beside}</h2>{below}</div>')


def note(words: str) -> None:
    """Something to know, in small type."""
    st.html(f'<p class="tc-note">{escape(words)}</p>')


def said(words: str) -> None:
    """A sentence in the page's own size."""
    st.html(f'<p class="tc-said">{escape(words)}</p>')


def reviewer_mark(name: str) -> tables.Mark:
    """Under whose name the page decides."""
    return tables.Mark(text("review.reviewer", name=name), "quiet")


def nothing(words: str) -> None:
    """What stands where there is nothing to show."""
    st.html(f'<div class="tc-nothing">{escape(words)}</div>')


def level_mark(level: str) -> tables.Mark:
    """A threshold state: ok, watch, alarm."""
    return tables.Mark(text(f"level.{level}"), _LEVEL_TONES[level])


def figure(drawn: go.Figure | None, *, key: str, words: str, otherwise: str) -> None:
    """A figure, or in words why there is none."""
    if drawn is None:
        nothing(otherwise)
        return
    st.plotly_chart(drawn, key=key, theme=None, config=CONFIG, alt=words)


def table(
    columns: Sequence[tables.Column],
    rows: Sequence[Sequence[tables.Cell]],
    *,
    otherwise: str,
    emphasised: frozenset[int] = frozenset(),
) -> None:
    """A table, or in words why there is none."""
    if not rows:
        nothing(otherwise)
        return
    st.html(tables.table(columns, rows, emphasised=emphasised))


def cards(shown: Sequence[Card]) -> None:
    """Headline indicators as a grid of cards."""
    st.html(f'<div class="tc-cards">{"".join(_card(one) for one in shown)}</div>')


def _card(card: Card) -> str:
    badge = tables.mark(level_mark(card.level)) if card.level else ""
    head = f'<div class="tc-card-head"><span class="tc-card-name">{escape(card.name)}</span>{badge}</div>'
    unit = f'<span class="tc-unit">{escape(card.unit)}</span>' if card.unit and card.reason is None else ""
    when = f'<span class="tc-when">{escape(card.when)}</span>'
    value = f'<div class="tc-value"><span><span class="tc-figure">{escape(card.shown)}</span>{unit}</span>{when}</div>'
    if card.reason is not None:
        below = f'<div class="tc-reason">{escape(card.reason)}</div>'
    else:
        below = (
            f'<div class="tc-changes">{_change(text("change.to_previous"), card.to_previous)}'
            f"{_change(text('change.to_last_year'), card.to_last_year)}</div>"
        )
    to_date = ""
    if card.year_to_date is not None:
        shown, against = card.year_to_date
        to_date = (
            f'<div class="tc-todate"><span>{escape(text("card.year_to_date"))} <b>{escape(shown)}</b></span>'
            f"{_change(text('change.to_last_year'), against)}</div>"
        )
    return f'<div class="tc-card">{head}{value}{below}{to_date}</div>'


def _change(label: str, change: Change) -> str:
    shown = change.show()
    reason = f' title="{escape(text(change.reason))}"' if change.reason else ""
    why = f" <i>{escape(text(change.reason))}</i>" if change.reason else ""
    return f'<span class="tc-change"{reason}><em>{escape(label)}</em> {escape(shown)}{why}</span>'


def facts(pairs: Sequence[tuple[str, str, str]]) -> None:
    """A row of small figures: name, value, and what to know about it."""
    shown = "".join(
        f'<div class="tc-fact"><span>{escape(name)}</span><b>{escape(value)}</b><i>{escape(below)}</i></div>'
        for name, value, below in pairs
    )
    st.html(f'<div class="tc-facts">{shown}</div>')


def sheet(lines: Sequence[dict[str, Any]], *, otherwise: str) -> None:
    """Many lines that the reader sorts and searches; decimals are shown as money."""
    if not lines:
        nothing(otherwise)
        return
    columns = {
        name: st.column_config.NumberColumn(format="%,.2f") if isinstance(value, Decimal) else st.column_config.Column()
        for name, value in lines[0].items()
    }
    # The browser's grid knows no decimals: they are whole fen by now, which a float of this size holds exactly.
    shown = [{name: float(value) if isinstance(value, Decimal) else value for name, value in line.items()} for line in lines]
    st.dataframe(shown, hide_index=True, column_config=columns, height=min(38 + 35 * len(shown), 520), placeholder=EMPTY)


def choosable_sheet(lines: Sequence[dict[str, Any]], *, key: str, otherwise: str) -> int | None:
    """Many lines of which the reader opens one; its place, or None where none is chosen."""
    if not lines:
        nothing(otherwise)
        return None
    columns = {
        name: st.column_config.NumberColumn(format="%,.2f") if isinstance(value, Decimal) else st.column_config.Column()
        for name, value in lines[0].items()
    }
    shown = [{name: float(value) if isinstance(value, Decimal) else value for name, value in line.items()} for line in lines]
    chosen = st.dataframe(
        shown,
        key=key,
        hide_index=True,
        column_config=columns,
        height="auto" if len(shown) <= _ROWS_IN_SIGHT else 388,
        placeholder=EMPTY,
        on_select="rerun",
        selection_mode="single-row",
    )
    return next(iter(chosen.selection.rows), None)


def paper(html_table: str) -> None:
    """A form as it prints, on a sheet that can be moved sideways where the window is narrow."""
    st.html(f'<div class="tc-paper">{html_table}</div>')


def downloads(files: Sequence[Download], *, otherwise: str) -> None:
    """Files to download, each with what is in it."""
    if not files:
        nothing(otherwise)
        return
    for one in files:
        st.download_button(
            one.label,
            data=one.path.read_bytes,
            file_name=one.name,
            mime=one.kind,
            key=f"download_{one.path.name}",
            icon=":material/download:",
            on_click="ignore",
            width="stretch",
        )
