"""报表: the forms as they print, and the report package to download."""

from __future__ import annotations

import streamlit as st

from reports import components, data
from reports import forms_shown as shown
from reports.screen import choose_in_page, current_screen
from reports.texts import text

screen = current_screen()
names = shown.form_names(screen)
files = data.package_files(screen.settings, screen.limits, screen.row)

components.title(text("page.reports"), screen.about)
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    code, panel = "", ""
    if names:
        code = choose_in_page("form", text("filter.form"), list(names), names.__getitem__, default=next(iter(names)), width=420)
        panels = shown.panel_names(screen, code)
        panel = next(iter(panels))
        if len(panels) > 1:
            panel = choose_in_page("panel", text("filter.panel"), list(panels), panels.__getitem__, default=panel, width=180)
    with st.popover(text("reports.downloads"), icon=":material/download:", width=200):
        components.note(text("reports.downloads_note"))
        components.downloads(shown.downloads(screen, files), otherwise=text("reports.not_written", month=screen.row.period))
    components.note(text("reports.forms_note"))

table = shown.form_table(screen, code, panel) if names else None
if table:
    components.paper(table)
else:
    components.nothing(shown.why_no_form(screen) if names else text("reports.none"))
