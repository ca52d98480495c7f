"""Lists of a page as files to download.

What belongs here: how a list becomes a file. What does not: which rows it has (the pages' own modules) and the report packages
(`package.py`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any


def csv_of(lines: Sequence[dict[str, Any]]) -> bytes:
    """Lines as CSV that a double click opens right in Excel and WPS: UTF-8 with a mark."""
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, fieldnames=list(lines[0]) if lines else [])
    writer.writeheader()
    writer.writerows({name: _safe(value) for name, value in line.items()} for line in lines)
    return written.getvalue().encode("utf-8-sig")


def _safe(value: object) -> object:
    """A text that a spreadsheet would take for a formula is marked as text."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t"):
        return f"'{value}"
    return value
