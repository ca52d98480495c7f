"""Colours of screens and figures, in one place.

What belongs here: colours and the font stack. What does not: where they are used. The four scheme colours and the two of money differ in
lightness as well as in hue, so that they stay apart for colour-blind readers and on a grey printer; states always carry a word beside
their colour.
"""

from __future__ import annotations

INK = "#1f2d3d"
QUIET = "#5b6b7b"
RULE = "#dbe2ea"
GROUND = "#ffffff"
PRIMARY = "#1b4f8a"

SCHEMES = {
    "all": "#33475b",
    "employee": "#1b4f8a",
    "resident": "#e0942f",
    "rural": "#2f9c8f",
    "maternity": "#9a6fa8",
}
INCOME = "#1b4f8a"
EXPENDITURE = "#e0942f"
SURPLUS = "#33475b"
THIS_YEAR = "#1b4f8a"
LAST_YEAR = "#9fb0c1"
REDUCTION = "#c0504d"
TOTAL = "#33475b"
IMPROPER = "#1b4f8a"
LEGITIMATE = "#b9c7d6"

# The fonts of office machines come first, they are drawn for their screens; the shipped one is there so that none is without.
FONTS = (
    "Microsoft YaHei",
    "PingFang SC",
    "Source Han Sans SC",
    "Noto Sans CJK SC",
    "Noto Sans SC Tongchou",
    "sans-serif",
)
FONT_STACK = ", ".join(f'"{font}"' if " " in font else font for font in FONTS)
