"""The weights of a pair of person records as a figure.

What belongs here: how evidence for and against one person is drawn. What does not: the weights (`warehouse/identity/scoring.py`), and the
page around the figure. It is drawn from the weights alone: neither a name nor a number of anybody is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log2

import plotly.graph_objects as go

from reports import palette
from reports.formats import MINUS
from reports.texts import text
from warehouse.identity.comparisons import COMPARISONS

HEIGHT = 320


def waterfall(pair: Mapping[str, object]) -> go.Figure | None:
    """From what a pair of any two records starts with to what this pair comes to, comparison by comparison, in bits.

    Args:
        pair: a row of the queue or of the evidence: `mw_prior`, `mw_<comparison>`, `<comparison>_level`, `match_probability`.

    Returns:
        The figure; None for a pair that no model has weighed.
    """
    if pair.get("match_weight") is None:
        return None
    steps = [(text("match.prior"), "", float(pair["mw_prior"]))]
    steps += [
        (comparison.zh, comparison.level(str(pair[f"{comparison.code}_level"])).zh, float(pair[f"mw_{comparison.code}"]))
        for comparison in COMPARISONS
    ]
    total = sum(weight for *_, weight in steps)
    ends = []
    for *_, weight in steps:
        ends.append((ends[-1] if ends else 0.0) + weight)
    bases = [0.0, *ends[:-1]]
    labels = [name for name, *_ in steps] + [text("match.sum")]
    said = [level for _, level, _ in steps]
    said.append(text("match.probability", probability=f"{float(pair['match_probability']):.4f}"))
    weights = [weight for *_, weight in steps] + [total]
    colours = [palette.TOTAL] + [palette.PRIMARY if weight >= 0 else palette.REDUCTION for weight in weights[1:-1]] + [palette.TOTAL]
    figure = go.Figure(
        go.Bar(
            x=labels,
            y=weights,
            base=[*bases, 0.0],
            marker={"color": colours},
            text=[_signed(weight) for weight in weights],
            textposition="outside",
            textfont={"size": 13, "color": palette.INK},
            cliponaxis=False,
            customdata=said,
            hovertemplate="%{x}：%{customdata}<br>%{text}<extra></extra>",
        )
    )
    for place, end in enumerate(ends):
        figure.add_shape(
            type="line", x0=place + 0.32, x1=place + 0.68, y0=end, y1=end, line={"color": palette.QUIET, "width": 1, "dash": "dot"}
        )
    figure.add_hline(y=0, line={"color": palette.RULE, "width": 1})
    reached = [0.0, *ends, total]
    room = 0.14 * max(max(reached) - min(reached), log2(2))
    figure.update_layout(
        height=HEIGHT,
        margin={"t": 36, "l": 8, "r": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": palette.FONT_STACK, "size": 13, "color": palette.INK},
        showlegend=False,
        dragmode=False,
        bargap=0.36,
    )
    figure.update_xaxes(type="category", showgrid=False, linecolor=palette.RULE, ticks="", automargin=True, fixedrange=True, tickangle=0)
    figure.update_yaxes(
        gridcolor=palette.RULE,
        zeroline=False,
        automargin=True,
        fixedrange=True,
        range=[min(reached) - room, max(reached) + room],
        title={"text": text("axis.bits"), "font": {"size": 12, "color": palette.QUIET}},
    )
    return figure


def _signed(weight: float) -> str:
    rounded = f"{abs(weight):.1f}"
    if rounded == "0.0":
        return "0"
    return f"+{rounded}" if weight > 0 else f"{MINUS}{rounded}"
