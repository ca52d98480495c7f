"""报表: the forms as they print, and the report package to download."""

from __future__ import annotations

import streamlit as st

from reports import components, data
from reports import forms_shown as shown
from reports.screen import choose_in_page, current_screen
from reports.texts import text

screen = current_screen()
names = shown.form_names(screen)

components.title(text("page.reports"), screen.about)
if not names:
    components.nothing(text("reports.none"))
else:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        code = choose_in_page("form", text("filter.form"), list(names), names.__getitem__, default=next(iter(names)), width=420)
        components.note(text("reports.forms_note"))
    tables = shown.form_tables(screen, code)
    for table in tables:
        components.paper(table)
    if not tables:
        components.nothing(shown.why_no_form(screen))

with st.container(border=True):
    components.section(text("reports.downloads"), text("reports.downloads_note"))
    files = data.package_files(screen.settings, screen.limits, screen.row)
    components.downloads(shown.downloads(screen, files), otherwise=text("reports.not_written", month=screen.row.period))
