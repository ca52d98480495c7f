"""The frame around every page: what it is about (month, county, scheme, unit), where to go, and what to know of the release.

What belongs here: the shared filters, kept in the URL; navigation that carries them along; messages about the release shown. What does
not: the pages themselves (`app_pages/`). The URL decides: a filter's widget shows what the URL says and writes it when it is changed, so
that Back, Forward, a bookmark and a sent link all show the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from reports import components, data, tables
from reports.formats import MONEY_UNITS, MoneyUnit, moment, month_name
from reports.texts import text
from warehouse.periods import Period
from warehouse.register import ReleaseRow
from warehouse.scope import ReleaseReader, ReviewReader, Scope, scope
from warehouse.settings import Settings

if TYPE_CHECKING:
    from streamlit.navigation.page import Page

_SEEN = "seen_releases"
_WATCHED_EVERY = "30s"


@dataclass(frozen=True)
class Filters:
    """What every page is about."""

    month: str
    county: str
    scheme: str
    unit: str

    def as_query(self) -> dict[str, str]:
        """The filters as the URL carries them."""
        return {"month": self.month, "county": self.county, "scheme": self.scheme, "unit": self.unit}

    @property
    def money_unit(self) -> MoneyUnit:
        """The unit that money is read in."""
        return MONEY_UNITS[self.unit]


@dataclass(frozen=True)
class Screen:
    """What a page has to work with."""

    settings: Settings
    limits: Scope
    in_force: dict[str, ReleaseRow]
    row: ReleaseRow
    reader: ReleaseReader
    review: ReviewReader | None
    filters: Filters
    messages: tuple[str, ...]

    @property
    def period(self) -> Period:
        """The month shown."""
        return self.reader.period

    @property
    def county(self) -> str:
        """The division shown."""
        return self.filters.county

    @property
    def scheme(self) -> str:
        """The scheme shown."""
        return self.filters.scheme

    @property
    def unit(self) -> MoneyUnit:
        """The unit that money is read in."""
        return self.filters.money_unit

    @property
    def about(self) -> str:
        """Month, county and scheme in words."""
        return text(
            "screen.about",
            month=month_name(self.period),
            county=data.division_name(self.reader, self.county),
            scheme=text(f"scheme.{self.scheme}"),
        )


def valid(query: Mapping[str, str], name: str, options: Sequence[str], default: str) -> tuple[str, str | None]:
    """What the URL asks for, or the default and a message where it asks for something that is not there."""
    asked = query.get(name)
    if asked is None or asked in options:
        return asked or default, None
    # A text of a URL may be anything; enough of it is quoted to recognise it.
    return default, text("screen.invalid", name=text(f"filter.{name}"), asked=asked[:20], default=_option_name(name, default))


def _option_name(name: str, value: str) -> str:
    if name == "month":
        return month_name(value)
    if name in ("scheme", "unit"):
        return text(f"{name}.{value}")
    return text("division.city") if value == data.CITY else value


def open_screen(settings: Settings, query: Mapping[str, str]) -> Screen | None:
    """What the URL asks for; None while no month is closed."""
    limits = scope(settings.reviewer, is_reviewer=settings.reviewer is not None)
    in_force = data.releases_in_force(settings, limits)
    if not in_force:
        return None
    messages = []
    month, said = valid(query, "month", list(in_force), next(iter(in_force)))
    messages.append(said)
    row = in_force[month]
    reader = data.open_month(settings, limits, row)
    counties = [one.code for one in data.counties_in_use(reader)]
    county, said = valid(query, "county", counties, data.CITY if data.CITY in counties else counties[0])
    messages.append(said)
    scheme, said = valid(query, "scheme", data.SCHEMES, "all")
    messages.append(said)
    unit, said = valid(query, "unit", list(MONEY_UNITS), "wan")
    messages.append(said)
    return Screen(
        settings=settings,
        limits=limits,
        in_force=in_force,
        row=row,
        reader=reader,
        review=data.open_review(settings, limits, row),
        filters=Filters(month, county, scheme, unit),
        messages=tuple(message for message in messages if message),
    )


def current_screen() -> Screen:
    """The screen that the URL asks for; the router has seen to it that there is one."""
    screen = open_screen(Settings.from_environment(), st.query_params)
    if screen is None:
        st.stop()
    return screen


def choose(
    name: str,
    label: str,
    options: Sequence[str],
    current: str,
    shown: Callable[[str], str],
    *,
    width: int | str = 180,
    forgets: Sequence[str] = (),
) -> str:
    """A choice that the URL keeps under `name`; what the URL says under the names in `forgets` ends with another choice."""
    key = f"choice_{name}"
    # The URL decides what the widget shows, also after Back and Forward.
    st.session_state[key] = current
    return st.selectbox(
        label,
        options,
        key=key,
        format_func=shown,
        on_change=_write_to_url,
        args=(name, key, tuple(forgets)),
        width=width,
        filter_mode=None,
    )


def choose_in_page(
    name: str,
    label: str,
    options: Sequence[str],
    shown: Callable[[str], str],
    *,
    default: str,
    elsewhere: Sequence[str] = (),
    width: int | str = 180,
    forgets: Sequence[str] = (),
) -> str:
    """A choice of one page alone, kept in the URL while the page is open.

    Args:
        name: its name in the URL.
        label: above it.
        options: what there is to choose from.
        shown: an option in words.
        default: what is chosen where the URL does not say.
        elsewhere: what there is to choose from with other filters; asking for one of these here falls back without a word.
        width: of the widget.
        forgets: names of the URL that end with another choice.

    Returns:
        The option chosen.
    """
    asked = st.query_params.get(name)
    current, said = valid({} if asked in elsewhere and asked not in options else st.query_params, name, options, default)
    if said:
        st.warning(said, icon=":material/link_off:")
    return choose(name, label, options, current, shown, width=width, forgets=forgets)


def _write_to_url(name: str, key: str, forgets: tuple[str, ...]) -> None:
    st.query_params[name] = st.session_state[key]
    for other in forgets:
        if other in st.query_params:
            del st.query_params[other]


def masthead(pages: Sequence[Page], screen: Screen) -> None:
    """Name of the product, the pages, and the shared filters."""
    with st.container(key="masthead", horizontal=True, vertical_alignment="center", gap="small"):
        _brand()
        for page in pages:
            st.page_link(page, query_params=screen.filters.as_query())
    with st.container(key="filters", horizontal=True, vertical_alignment="bottom", gap="small"):
        choose("month", text("filter.month"), list(screen.in_force), screen.filters.month, month_name, width=150)
        known = {one.code: one.name for one in data.counties_in_use(screen.reader)}
        choose("county", text("filter.county"), list(known), screen.county, known.__getitem__, width=190)
        choose("scheme", text("filter.scheme"), data.SCHEMES, screen.scheme, lambda code: text(f"scheme.{code}"), width=190)
        choose("unit", text("filter.unit"), list(MONEY_UNITS), screen.filters.unit, lambda code: text(f"unit.{code}"), width=110)
        st.html(f'<div class="tc-release">{_release_line(screen)}</div>', width="stretch")


def _brand() -> None:
    named = f"<b>{escape(text('app.name'))}</b><span>{escape(text('app.full_name'))}</span>"
    st.html(f'<div class="tc-brand">{named}</div>', width="content")


def _release_line(screen: Screen) -> str:
    state = tables.mark(tables.Mark(text(f"state.{screen.row.state}"), components.STATE_TONES[screen.row.state]))
    said = text("screen.release", release=screen.row.release, at=moment(screen.row.built_at))
    return f'{state}<span title="{escape(text(f"state.{screen.row.state}.means"))}">{escape(said)}</span>'


def messages(screen: Screen) -> None:
    """What the reader must know before reading a number."""
    for message in screen.messages:
        st.warning(message, icon=":material/link_off:")
    seen = st.session_state.setdefault(_SEEN, {})
    before = seen.get(screen.row.period)
    if before and before != screen.row.release:
        st.info(text("screen.replaced", month=month_name(screen.period), old=before, new=screen.row.release), icon=":material/update:")
    seen[screen.row.period] = screen.row.release
    offices = data.excused_offices(screen.reader)
    if offices:
        named = "、".join(f"{text(f'system.{system}')} {data.division_name(screen.reader, office)}" for system, office in offices)
        st.warning(text("screen.excused", month=month_name(screen.period), offices=named), icon=":material/report:")
    _watch(screen.settings, screen.limits, screen.row)


@st.fragment(run_every=_WATCHED_EVERY)
def _watch(settings: Settings, limits: Scope, shown: ReleaseRow) -> None:
    """Say so when the release shown is no longer the one in force, while the page stays open."""
    row = data.releases_in_force(settings, limits).get(shown.period)
    if row is None or row.release == shown.release:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(text("screen.superseded", month=month_name(shown.period), old=shown.release, new=row.release), icon=":material/update:")
        if st.button(text("screen.show_new"), key="show_new"):
            st.rerun()


def footer(screen: Screen) -> None:
    """What stands behind the numbers of the page."""
    info = data.release_info(screen.reader)
    said = text(
        "screen.footer",
        release=screen.row.release,
        at=moment(screen.row.built_at),
        code=info["code_version"] or text("value.empty"),
        rules=(info["rule_set_version"] or text("value.empty"))[:12],
    )
    st.html(f'<div class="tc-footer">{escape(said)}</div>')


def welcome(settings: Settings) -> None:
    """What stands where no month is closed yet: what to do."""
    with st.container(key="masthead"):
        _brand()
    components.title(text("welcome.title"))
    there = settings.home.exists()
    st.info(text("welcome.no_release" if there else "welcome.no_home", home=settings.home), icon=":material/info:")
    components.section(text("welcome.next"))
    st.code(text("welcome.commands"), language="shell")
