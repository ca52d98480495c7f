"""人员识别复核: which records are one person, pair by pair; the one page that names persons, to a reviewer alone."""

from __future__ import annotations

import streamlit as st

from reports import charts_matching, components, data
from reports import review as shown
from reports.formats import month_name
from reports.match_quality import quality_facts, quality_line
from reports.screen import Screen, choose_in_page, current_screen
from reports.texts import text
from warehouse.errors import ReleaseError, TongchouError
from warehouse.scope import ReviewReader

_PAIR = "pair"
_SAID = "review_said"
_FAILED = "review_failed"
# Keys that no browser takes for itself, and that nobody presses while writing.
_KEYS = dict(zip(shown.VERDICTS, ("F2", "F4", "F8"), strict=True))


def counts_only(screen: Screen, review: ReviewReader) -> None:
    """What everybody may see: how many pairs, and why."""
    components.facts([*shown.public_facts(review), *quality_facts(screen.reader)])
    st.info(text("review.counts_only"), icon=":material/lock:")
    with st.container(border=True):
        components.section(text("review.by_reason"), text("review.by_reason_note"))
        columns, rows, emphasised = shown.counts_table(review)
        components.table(columns, rows, emphasised=emphasised, otherwise=text("review.empty"))
    quality(screen)


def no_queue(screen: Screen) -> str:
    """What it means that there is nothing to review from."""
    return text("review.no_file", month=month_name(screen.period), release=screen.row.release)


def quality(screen: Screen) -> None:
    """Precision and recall, and the kinds of pairs behind them."""
    with st.container(border=True):
        components.section(text("review.quality"), text("review.quality_note"))
        columns, rows = shown.strata_table(screen.reader)
        components.table(columns, rows, otherwise=text("review.no_strata"))
        components.note(quality_line(screen.reader))


def reviewing(screen: Screen, review: ReviewReader) -> None:
    """The reviewer's own page: the pair at hand first, then the queue that it comes from."""
    try:
        queue = shown.queue_of(screen, review)
    except ReleaseError:
        # A release of before the queue held what the page shows.
        components.nothing(no_queue(screen))
        return
    components.facts(shown.facts(screen, queue, data.queue_cut(review)))
    newest = next(iter(screen.in_force))
    if newest != screen.row.period:
        st.info(text("review.older_month", month=month_name(screen.period), newest=month_name(newest)), icon=":material/history:")
    wanted = filters(screen)
    lines = queue.chosen(wanted)
    say_what_was_recorded()
    line = at_hand(screen, queue, lines)
    if line is None:
        finished = bool(queue.lines) and wanted.progress == shown.PROGRESS[0]
        components.nothing(text("review.all_done" if finished else "review.none" if queue.lines else "review.empty"))
    else:
        with st.container(border=True, key="review_pair"):
            one_pair(screen, review, queue, wanted, line)
    if lines:
        listed(screen, queue, lines)
    quality(screen)
    with st.container(border=True):
        components.section(text("review.findings"), text("review.findings_note"))
        rows = data.findings(review, screen.county)
        components.sheet(shown.findings_list(screen, rows), otherwise=text("review.no_findings"))
        if len(rows) > shown.SHOWN:
            components.note(text("review.findings_cut", shown=shown.SHOWN, all=len(rows)))


def filters(screen: Screen) -> shown.Wanted:
    """Which pairs the reviewer wants to see; another choice begins with its first pair."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        reason = choose_in_page(
            "reason",
            text("filter.reason"),
            [shown.ANY, *shown.REASONS],
            shown.reason_name,
            default=shown.ANY,
            forgets=[_PAIR],
        )
        systems = choose_in_page(
            "systems",
            text("filter.systems"),
            [shown.ANY, *shown.SYSTEM_PAIRS],
            shown.systems_name,
            default=shown.ANY,
            width=230,
            forgets=[_PAIR],
        )
        progress = choose_in_page(
            "progress",
            text("filter.progress"),
            [*shown.PROGRESS, shown.ANY],
            shown.progress_name,
            default=shown.PROGRESS[0],
            width=140,
            forgets=[_PAIR],
        )
        components.note(text("review.note"))
    return shown.Wanted(screen.county, screen.scheme, reason, systems, progress)


def say_what_was_recorded() -> None:
    """What became of the decision before."""
    said, failed = st.session_state.pop(_SAID, None), st.session_state.pop(_FAILED, None)
    if said:
        st.success(said, icon=":material/check:")
    if failed:
        st.error(failed, icon=":material/error:")


def at_hand(screen: Screen, queue: shown.Queue, lines: list[data.QueueLine]) -> data.QueueLine | None:
    """The pair that the URL names, else the first of those chosen."""
    asked = st.query_params.get(_PAIR)
    found = next((line for line in queue.lines if line.pair_id == asked), None)
    if found is None and asked is not None:
        st.warning(text("review.pair_gone", month=month_name(screen.period)), icon=":material/link_off:")
    return found or (lines[0] if lines else None)


def one_pair(screen: Screen, review: ReviewReader, queue: shown.Queue, wanted: shown.Wanted, line: data.QueueLine) -> None:
    """Two records side by side, what speaks for and against, and the decision."""
    pair = data.queue_pair(review, line.pair_id)
    lines = queue.chosen(wanted)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        components.section(shown.heading(line, lines), marks=shown.pair_marks(queue, line))
        move(text("review.previous"), ":material/chevron_left:", shown.neighbour(line, lines, -1), "previous")
        move(text("review.next"), ":material/chevron_right:", shown.neighbour(line, lines, 1), "next")
    left, right = st.columns([7, 5], gap="medium")
    with left:
        components.table(*shown.pair_table(screen, pair), otherwise="")
    with right:
        components.section(text("review.evidence"))
        components.said(pair["evidence_zh"])
        decision_form(screen, queue, wanted, line)
        columns, rows = shown.history_table(queue, line)
        if rows:
            components.section(text("review.history"))
            components.table(columns, rows, otherwise="")
        components.section(text("review.weights"), text("review.weights_note"))
        components.figure(charts_matching.waterfall(pair), key="weights", words=text("review.weights"), otherwise=text("review.no_weights"))


def move(label: str, icon: str, target: data.QueueLine | None, key: str) -> None:
    """A step to a neighbouring pair."""
    st.button(label, key=f"review_{key}", icon=icon, disabled=target is None, on_click=open_pair, args=(target,))


def open_pair(line: data.QueueLine | None) -> None:
    """Show another pair."""
    if line is None:
        st.query_params.pop(_PAIR, None)
    else:
        st.query_params[_PAIR] = line.pair_id


def decision_form(screen: Screen, queue: shown.Queue, wanted: shown.Wanted, line: data.QueueLine) -> None:
    """The three answers, and why. Enter in the field decides nothing."""
    with st.form(f"decision_{screen.row.release}_{line.pair_id}", enter_to_submit=False, border=False):
        # A key of its own for each pair: what was typed for one is not left standing for the next.
        reason = f"why_{screen.row.release}_{line.pair_id}"
        st.text_input(text("review.why"), key=reason, max_chars=200, placeholder=text("review.why_placeholder"))
        with st.container(horizontal=True, gap="small"):
            for verdict, key in _KEYS.items():
                st.form_submit_button(
                    shown.verdict_name(verdict),
                    key=f"decide_{key}",
                    shortcut=key,
                    on_click=decide,
                    args=(screen, queue, wanted, line, verdict, reason),
                )


def decide(screen: Screen, queue: shown.Queue, wanted: shown.Wanted, line: data.QueueLine, verdict: str, reason: str) -> None:
    """Record the decision on the pair that was shown, and go on to the next."""
    try:
        shown.record(screen, line.pair_id, verdict, st.session_state.get(reason, ""))
    except TongchouError as error:
        st.session_state[_FAILED] = text("review.not_recorded", error=error)
        st.query_params[_PAIR] = line.pair_id
        return
    st.session_state[_SAID] = text("review.recorded", place=line.place, verdict=shown.verdict_name(verdict))
    open_pair(queue.after(line, wanted))


def listed(screen: Screen, queue: shown.Queue, lines: list[data.QueueLine]) -> None:
    """The pairs chosen, one a line; a line that is chosen is opened."""
    with st.container(border=True):
        components.section(text("review.list"), text("review.list_note"))
        rows = shown.queue_list(screen, queue, lines)
        chosen = components.choosable_sheet(rows, key="review_list", otherwise=text("review.none"))
        if chosen is not None and chosen < len(rows) and st.query_params.get(_PAIR) != lines[chosen].pair_id:
            # The choice is taken once: it would hold against every other way to another pair.
            del st.session_state["review_list"]
            open_pair(lines[chosen])
            st.rerun()
        if len(lines) > len(rows):
            components.note(text("review.list_cut", shown=len(rows), all=len(lines)))


screen = current_screen()
is_reviewer = screen.limits.is_reviewer
components.title(
    text("page.review"),
    screen.about,
    [components.reviewer_mark(screen.limits.user)] if is_reviewer and screen.limits.user else [],
)
if not data.has_queue(screen.review):
    components.nothing(no_queue(screen))
elif is_reviewer:
    reviewing(screen, screen.review)
else:
    counts_only(screen, screen.review)
