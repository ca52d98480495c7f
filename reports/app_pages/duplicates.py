"""重复参保: who is insured twice, by type, county, money and state; cases without names."""

from __future__ import annotations

import streamlit as st

from reports import charts, components, data, exports
from reports import duplicates as shown
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
            lambda code, name=name: text("filter.any") if code == shown.ANY else text(f"{name}.{code}"),
            default=shown.ANY,
            width=190,
        )
        for name, options in (("standing", ("improper", "legitimate")), ("status", data.STATUSES), ("lasting", ("yes", "no")))
    }
wanted = data.CaseFilter(
    screen.county,
    screen.scheme,
    type_code=None if chosen_type == shown.ANY else chosen_type,
    **{name: None if code == shown.ANY else code for name, code in chosen.items()},
)

components.facts(shown.facts(screen, data.case_totals(screen.reader, wanted)))
components.note(text("duplicates.note"))

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
    lines = shown.case_list(screen, wanted)
    components.sheet(lines[: shown.SHOWN], otherwise=text("duplicates.none"))
    if len(lines) > shown.SHOWN:
        components.note(text("duplicates.cut", shown=shown.SHOWN, all=len(lines)))
    if lines:
        st.download_button(
            text("duplicates.download"),
            data=lambda: exports.csv_of(lines),
            file_name=f"{screen.row.release}-duplicates.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
