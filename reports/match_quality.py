"""How sure a release is of who is who, in words: precision and recall with their intervals.

What belongs here: the sentence that is printed with the duplicate report, on paper and on the screen. What does not: the estimate
(`warehouse/identity/decisions.py`) and its rows (`data.py`).
"""

from __future__ import annotations

from decimal import Decimal

from reports import data
from reports.data import MatchQuality
from reports.formats import EMPTY, number, percent
from reports.texts import text
from warehouse.scope import ReleaseReader

# Where a form's note takes the sentence in.
PLACEHOLDER = "{match_quality}"


def with_quality(note: str, reader: ReleaseReader) -> str:
    """A note of a form, with the sentence where it asks for it."""
    return note.replace(PLACEHOLDER, quality_line(reader)) if PLACEHOLDER in note else note


def quality_line(reader: ReleaseReader) -> str:
    """What a release says of its matching, in a sentence."""
    return quality_words(data.match_quality(reader))


def quality_words(quality: MatchQuality | None) -> str:
    """Precision and recall in a sentence, or that nobody has reviewed a sample yet."""
    if quality is None or quality.precision is None:
        return text("quality.none")
    if quality.recall is None:
        recall = text("quality.no_recall")
    else:
        recall = text("quality.recall", value=percent(quality.recall), interval=_interval(quality.recall_low, quality.recall_high))
    return text(
        "quality.line",
        precision=text(
            "quality.precision", value=percent(quality.precision), interval=_interval(quality.precision_low, quality.precision_high)
        ),
        recall=recall,
        decided=number(quality.decided),
    )


def quality_facts(reader: ReleaseReader) -> list[tuple[str, str, str]]:
    """Precision and recall as two figures with their intervals."""
    quality = data.match_quality(reader)
    names = (text("quality.precision_short"), text("quality.recall_short"))
    if quality is None or quality.precision is None:
        return [(name, EMPTY, text("quality.none_short")) for name in names]
    recall = _interval(quality.recall_low, quality.recall_high) if quality.recall is not None else text("quality.no_recall_short")
    return [
        (names[0], percent(quality.precision), _interval(quality.precision_low, quality.precision_high)),
        (names[1], percent(quality.recall), recall),
    ]


def _interval(low: Decimal | None, high: Decimal | None) -> str:
    return text("quality.interval", low=percent(low), high=percent(high))
