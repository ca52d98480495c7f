"""重复参保: who is insured twice, by type, county, money and state; cases without names."""

from __future__ import annotations

from functools import partial

import streamlit as st

from reports import charts, components, data
from reports import duplicates as shown
from reports.match_quality import quality_line
from reports.screen import choose_in_page, current_screen
from reports.texts import text

screen = current_screen()

components.title(text("page.duplicates"), screen.about)
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    chosen_type = choose_in_page(
        "type",
        text("duplicates.type"),
        shown.type_options(screen),
        lambda code: shown.type_name(screen, code),
        default=shown.ANY,
        elsewhere=list(data.rule_names(screen.reader)),
        width=260,
    )
    chosen = {
        name: choose_in_page(
            name,
            text(f"duplicates.{name}"),
            [shown.ANY, *options],
            partial(shown.choice_name, name),
            default=shown.ANY,
            width=190,
        )
        for name, options in shown.CHOICES.items()
    }
wanted = data.CaseFilter(
    screen.county,
    screen.scheme,
    type_code=None if chosen_type == shown.ANY else chosen_type,
    **{name: None if code == shown.ANY else code for name, code in chosen.items()},
)

totals = data.case_totals(screen.reader, wanted)
components.facts(shown.facts(screen, totals))
components.note(text("duplicates.note"))
components.note(quality_line(screen.reader))

left, right = st.columns([5, 7], gap="small")
with left, st.container(border=True, height="stretch"):
    components.section(text("duplicates.by_type"), text("duplicates.by_type_note"))
    components.figure(
        charts.cases_by_type(data.case_totals_by(screen.reader, wanted, "type_code"), data.rule_names(screen.reader)),
        key="by_type",
        words=text("duplicates.by_type"),
        otherwise=text("duplicates.none"),
    )
with right, st.container(border=True, height="stretch"):
    components.section(text("duplicates.by_type_and_county"), text("duplicates.by_county_note"))
    columns, rows = shown.type_county_table(screen, wanted)
    components.table(columns, rows, otherwise=text("duplicates.none"))

with st.container(border=True):
    components.section(text("duplicates.by_county"), text("duplicates.by_county_note"))
    columns, rows, emphasised = shown.county_table(screen, wanted)
    components.table(columns, rows, emphasised=emphasised, otherwise=text("duplicates.none"))

with st.container(border=True):
    components.section(text("duplicates.by_status"), text("duplicates.by_status_note"))
    columns, rows = shown.status_table(screen, wanted)
    components.table(columns, rows, otherwise=text("duplicates.none"))

with st.container(border=True):
    components.section(text("duplicates.list"), text("duplicates.list_note"))
    lines = shown.case_list(screen, wanted, shown.SHOWN)
    components.sheet(lines, otherwise=text("duplicates.none"))
    if totals.cases > len(lines):
        components.note(text("duplicates.cut", shown=len(lines), all=totals.cases))
    if lines:
        st.download_button(
            text("duplicates.download"),
            data=partial(shown.case_file, screen, wanted),
            file_name=f"{screen.row.release}-duplicates.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
