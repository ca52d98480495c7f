"""The dashboard's router: `tongchou app` runs it.

What belongs here: which pages there are, and what stands around each. What does not: what a page shows (`app_pages/`) and where it comes
from (`data.py`).
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st

from reports import screen as frame
from reports.texts import text
from warehouse.errors import TongchouError
from warehouse.settings import Settings

HERE = Path(__file__).parent
PAGES = {
    "overview": ":material/monitoring:",
    "reports": ":material/table_chart:",
    "duplicates": ":material/group:",
    "review": ":material/compare_arrows:",
    "deliveries": ":material/fact_check:",
    "about": ":material/info:",
}

st.set_page_config(page_title=text("app.title"), page_icon=HERE / "static" / "icon.svg", layout="wide")
st.html(HERE / "static" / "app.css")

settings = Settings.from_environment()
try:
    screen = frame.open_screen(settings, st.query_params)
except TongchouError as error:
    st.error(text("app.cannot_open", error=error))
    st.stop()

if screen is None:
    # Every address answers, also the one that a reader kept from before.
    waiting = [
        st.Page(partial(frame.welcome, settings), title=text(f"page.{name}"), url_path=name, default=name == "overview") for name in PAGES
    ]
    st.navigation(waiting, position="hidden").run()
    st.stop()

pages = [
    st.Page(HERE / "app_pages" / f"{name}.py", title=text(f"page.{name}"), icon=icon, url_path=name, default=name == "overview")
    for name, icon in PAGES.items()
]
page = st.navigation(pages, position="hidden")
frame.masthead(pages, screen)
frame.messages(screen)
page.run()
frame.footer(screen)
