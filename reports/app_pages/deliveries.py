"""数据与审核: what was delivered, what was rejected, and which checks hold."""

from __future__ import annotations

import streamlit as st

from reports import components, data
from reports import deliveries as shown
from reports.screen import choose_in_page, current_screen
from reports.texts import text

screen = current_screen()

components.title(text("page.deliveries"), screen.about)
components.facts(shown.facts(screen))

with st.container(border=True):
    components.section(text("deliveries.ledger"), text("deliveries.ledger_note"))
    columns, rows = shown.ledger_table(screen)
    components.table(columns, rows, otherwise=text("deliveries.none"))

with st.container(border=True):
    components.section(text("deliveries.rejected"), text("deliveries.rejected_note"))
    columns, rows = shown.rejected_table(screen)
    components.table(columns, rows, otherwise=shown.why_no_rejects(screen))

with st.container(border=True):
    components.section(text("checks.title"), text("checks.title_note"))
    columns, rows = shown.check_table(screen)
    components.table(columns, rows, otherwise=text("checks.none"))

lines = {line.code: line for line in data.checks(screen.reader)}
if lines:
    with st.container(border=True):
        components.section(text("checks.places"), text("checks.places_note"))
        first = next((code for code, line in lines.items() if line.failed), next(iter(lines)))
        code = choose_in_page(
            "check", text("filter.check"), list(lines), lambda one: f"{one} {lines[one].rule}", default=first, width="stretch"
        )
        columns, rows, places = shown.place_table(screen, code)
        components.table(columns, rows, otherwise=text("checks.no_places"))
        if places > len(rows):
            components.note(text("checks.cut", shown=len(rows), all=places))
