"""Steps of duplicate cases that follow from deliveries: settled, closed, and opened again, as events with who and when.

What belongs here: reading them off the newest release against the register, after it was published. What does not: when a case is settled
or closed (`dbt_project/models/marts/duplicates/fct_duplicate_cases.sql`), and steps that people take (`duplicates.py`).

The events are a record for whoever asks what happened when; no number is computed from them, so that the same deliveries and answers give
the same release whatever was recorded.
"""

from __future__ import annotations

from typing import Any

from warehouse.register import CaseState, Register, ReleaseRow
from warehouse.scope import Scope
from warehouse.settings import Settings

_COLUMNS = ("case_id", "scheme_a", "relation_id_a", "scheme_b", "relation_id_b", "status", "ended_relation_id", "ended_on")
_FINAL = ("settled", "closed")


def record_case_steps(settings: Settings, register: Register, row: ReleaseRow, *, who: str, run: str) -> int:
    """Append the steps that the newest month's release shows and the register does not have yet.

    Args:
        settings: the home.
        register: open for writing.
        row: the release in force of the month that was closed; of an earlier month nothing is recorded.
        who: who closed it.
        run: the run that did.

    Returns:
        How many steps were recorded.
    """
    if next(reversed(register.all_in_force()), None) != row.period:
        return 0
    states = register.case_states()
    shown = {
        (one["scheme_a"], one["relation_id_a"], one["scheme_b"], one["relation_id_b"]): one
        for one in Scope().release(settings, row.release).rows("duplicate_cases", columns=_COLUMNS, order_by="case_id")
        if one["status"] in _FINAL or (one["scheme_a"], one["relation_id_a"], one["scheme_b"], one["relation_id_b"]) in states
    }
    entries: list[tuple[str, dict[str, object]]] = []
    for key, case in shown.items():
        step = _step(states.get(key), case)
        if step is not None:
            entries.append(("case_events", {**_keyed(key, case["case_id"]), "release": row.release, **step}))
    for key, state in states.items():
        if key not in shown and state.last_step != "closed":
            step = {"status": "closed", "note": f"{row.release} no longer shows the overlap"}
            entries.append(("case_events", {**_keyed(key, state.case_id), "release": row.release, **step}))
    if entries:
        register.append_all(who=who, run=run, entries=entries)
    return len(entries)


def _keyed(key: tuple[str, str, str, str], case_id: str | None) -> dict[str, object]:
    return dict(zip(("scheme_a", "relation_id_a", "scheme_b", "relation_id_b", "case_id"), (*key, case_id), strict=True))


def _step(state: CaseState | None, case: dict[str, Any]) -> dict[str, object] | None:
    """What is new of a case: that it is settled or closed, or that it is neither any more."""
    last = state.last_step if state is not None else None
    if case["status"] in _FINAL and last != case["status"]:
        ended_on = case["ended_on"].isoformat() if case["ended_on"] is not None else None
        return {"status": case["status"], "ended_relation_id": case["ended_relation_id"], "ended_on": ended_on}
    if case["status"] not in _FINAL and last in _FINAL:
        return {"status": "reopened", "note": "what had ended is normal again, or the overlap is back"}
    return None
