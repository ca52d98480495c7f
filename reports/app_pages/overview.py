"""总览: a month at a glance."""

from __future__ import annotations

import streamlit as st

from reports import charts, components, data
from reports import overview as shown
from reports.headlines import TREND_CHOICES
from reports.screen import choose_in_page, current_screen
from reports.texts import text

screen = current_screen()
where = (screen.reader, screen.county, screen.scheme)

components.title(text("page.overview"), screen.about)
components.cards(data.cards(*where, screen.unit))

left, right = st.columns(2, gap="small")
with left, st.container(border=True, height="stretch"):
    components.section(text("overview.insured"), text("overview.insured_note"))
    components.figure(
        charts.courses(data.courses_by_scheme(*where, "ENR-01", "point", screen.unit), text("axis.persons")),
        key="insured",
        words=text("overview.insured"),
        otherwise=shown.why_no_course(screen, "ENR-01"),
    )
with right, st.container(border=True, height="stretch"):
    components.section(text("overview.fund"), text("overview.fund_note"))
    components.figure(
        charts.fund_flows(*data.fund_courses(*where, screen.unit), screen.unit.name),
        key="fund",
        words=text("overview.fund"),
        otherwise=shown.why_no_course(screen, "INC-01"),
    )

with st.container(border=True):
    components.section(text("overview.bridge"), text("overview.bridge_note"))
    left, right = st.columns([5, 6], gap="medium")
    with left:
        row = shown.bridge_row(screen)
        components.figure(
            charts.headcount_bridge(row) if row else None,
            key="bridge",
            words=text("overview.bridge"),
            otherwise=text("overview.bridge_missing"),
        )
    with right:
        columns, rows, emphasised = shown.bridge_table(screen)
        components.table(columns, rows, emphasised=emphasised, otherwise=text("overview.bridge_missing"))
        components.note(shown.cross_county_note(screen))

left, right = st.columns(2, gap="small")
with left, st.container(border=True, height="stretch"):
    components.section(text("overview.trend"), text("overview.trend_note"))
    choices = data.trend_choices(*where)
    if choices:
        names = {one.code: one.name for one in choices}
        code = choose_in_page(
            "trend", text("filter.trend"), list(names), names.__getitem__, default=next(iter(names)), elsewhere=TREND_CHOICES, width=320
        )
        components.figure(
            charts.year_against_year(*data.two_years(*where, code, screen.unit), shown.axis_of(screen, code)),
            key="trend",
            words=names[code],
            otherwise=text("reason.no_value"),
        )
    else:
        components.nothing(text("overview.trend_missing"))
with right, st.container(border=True, height="stretch"):
    components.section(text("overview.thresholds"), text("overview.thresholds_note"))
    columns, rows = shown.threshold_table(screen)
    components.table(columns, rows, otherwise=text("overview.thresholds_missing"))
