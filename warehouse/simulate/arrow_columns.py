"""Arrays of numbers to Arrow columns: money as decimals without passing through a float, days as dates, texts with null for empty.

What belongs here: conversions. What does not: which column a table has (`tables.py`).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .calendar_days import FAR


def money(amounts: np.ndarray, decimals: int = 2) -> pa.Array:
    """Whole numbers of the smallest unit as decimals."""
    words = np.empty((len(amounts), 2), dtype=np.int64)
    words[:, 0] = amounts
    words[:, 1] = np.asarray(amounts, dtype=np.int64) >> 63
    return pa.Array.from_buffers(pa.decimal128(18, decimals), len(amounts), [None, pa.py_buffer(words)])


def dates(days: np.ndarray) -> pa.Array:
    """Days as dates, null for the day that never comes."""
    values = np.asarray(days, dtype=np.int64)
    return pa.array(values.astype(np.int32), type=pa.int32(), mask=np.abs(values) >= FAR).cast(pa.date32())


def text(values: np.ndarray) -> pa.Array:
    """Texts, null for empty ones."""
    column = pa.array(values, type=pa.string())
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def take(column: pa.Array, places: np.ndarray) -> pa.Array:
    """The column's values at the places; null where the place is negative."""
    return column.take(pa.array(places, mask=places < 0))


def constant(value: str | int, count: int) -> pa.Array:
    """One value in every row."""
    return pa.repeat(pa.scalar(value), count)


def numbers(values: np.ndarray) -> pa.Array:
    """Whole numbers."""
    return pa.array(np.asarray(values, dtype=np.int64))


def digits(values: np.ndarray, prefix: str = "", width: int = 0) -> pa.Array:
    """Numbers as text, padded with zeros behind a prefix; null for negative ones."""
    values = np.asarray(values, dtype=np.int64)
    plain = pa.array(values, mask=values < 0).cast(pa.string())
    padded = pc.utf8_lpad(plain, width=width, padding="0") if width else plain
    return pc.binary_join_element_wise(pa.scalar(prefix), padded, "") if prefix else padded
