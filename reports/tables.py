"""Tables as HTML: the cells' text in, one string of HTML out.

What belongs here: heads, alignment, emphasis, and that nothing of a value is ever taken for HTML. What does not: which rows there are
(`data.py`) and the look (`static/app.css`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from reports.formats import EMPTY


@dataclass(frozen=True)
class Column:
    """A column: its head, and how its cells stand.

    Attributes:
        title: head.
        align: `left`, `right` (numbers) or `center`.
        width: share of the table's width, in per cent; None leaves it to the browser.
        is_nowrap: its cells stay on one line.
    """

    title: str
    align: str = "left"
    width: int | None = None
    is_nowrap: bool = False


@dataclass(frozen=True)
class Mark:
    """A cell that is a state: a word with a colour.

    Attributes:
        word: what it says.
        tone: `good`, `watch`, `bad`, `quiet` or `plain`.
    """

    word: str
    tone: str


@dataclass(frozen=True)
class Marked:
    """A cell in which some stretches stand out.

    Attributes:
        parts: stretches of its text, and whether each stands out.
    """

    parts: tuple[tuple[str, bool], ...]


Cell = str | Mark | Marked


def mark(state: Mark) -> str:
    """A state as HTML."""
    return f'<span class="tc-mark tc-{escape(state.tone)}">{escape(state.word)}</span>'


def table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], *, emphasised: frozenset[int] = frozenset(), caption: str = "") -> str:
    """A table; rows whose number is in `emphasised` stand out."""
    widths = "".join(f'<col style="width:{column.width}%">' if column.width else "<col>" for column in columns)
    head = "".join(f'<th scope="col" class="tc-{column.align}">{escape(column.title)}</th>' for column in columns)
    body = "".join(
        f'<tr class="tc-total">{_cells(columns, row)}</tr>' if number in emphasised else f"<tr>{_cells(columns, row)}</tr>"
        for number, row in enumerate(rows)
    )
    titled = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="tc-scroll"><table class="tc-table">{titled}<colgroup>{widths}</colgroup>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cells(columns: Sequence[Column], row: Sequence[Cell]) -> str:
    return "".join(_cell(column, cell) for column, cell in zip(columns, row, strict=True))


def _cell(column: Column, cell: Cell) -> str:
    inner = _inner(cell)
    nowrap = " tc-nowrap" if column.is_nowrap or column.align == "right" else ""
    return f'<td class="tc-{column.align}{nowrap}">{inner}</td>'


def _inner(cell: Cell) -> str:
    if isinstance(cell, Mark):
        return mark(cell)
    if isinstance(cell, Marked):
        return "".join(f'<span class="tc-differs">{escape(part)}</span>' if stands_out else escape(part) for part, stands_out in cell.parts)
    return escape(cell if cell != "" else EMPTY)
