"""版本与口径: which release the numbers come from, and what they mean."""

from __future__ import annotations

import streamlit as st

from reports import about as shown
from reports import components, data
from reports.screen import choose_in_page, current_screen
from reports.texts import text

screen = current_screen()

components.title(text("page.about"), screen.about)

with st.container(border=True):
    components.section(text("about.releases"), text("about.releases_note"))
    columns, rows, emphasised = shown.release_table(screen)
    components.table(columns, rows, emphasised=emphasised, otherwise=text("about.no_releases"))

with st.container(border=True):
    components.section(text("about.provenance"), text("about.provenance_note"))
    known = shown.indicators(screen)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        code = choose_in_page(
            "indicator",
            text("filter.indicator"),
            list(known),
            lambda one: shown.indicator_name(known[one]),
            default=next(iter(known)),
            width=420,
        )
        period_type = choose_in_page(
            "period_type",
            text("filter.period_type"),
            known[code].period_types,
            lambda one: text(f"period_type.{one}"),
            default=known[code].period_types[0],
            elsewhere=data.PERIOD_TYPES,
            width=180,
        )
    components.facts(shown.value_facts(screen, known[code], period_type))
    columns, rows = shown.part_table(screen, data.measure_parts(screen.reader, code, screen.county, screen.scheme, period_type))
    components.table(columns, rows, otherwise=text("about.no_parts"))
    components.note(text("about.deliveries_note"))
    columns, rows = shown.delivery_table(screen, period_type)
    components.table(columns, rows, otherwise=text("deliveries.none"))

with st.container(border=True):
    components.section(text("about.definitions"), text("about.definitions_note"))
    columns, rows = shown.definition_table(screen)
    components.table(columns, rows, otherwise=text("about.no_definitions"))
