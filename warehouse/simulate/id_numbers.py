"""Resident identity numbers by GB 11643, set-based: composing, the check digit, the old fifteen digits.

What belongs here: the form of a number. What does not: who has which number (`population.py`), how it is mistyped (`identity_faults.py`).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
CHECKS = np.array(list("10X98765432"))
_CHECKS = pa.array(CHECKS)


def digits_of(texts: np.ndarray, width: int) -> np.ndarray:
    """Code points of texts of one width, one row each."""
    fixed = np.ascontiguousarray(texts.astype(f"<U{width}"))
    return fixed.view(np.uint32).reshape(len(fixed), width)


def texts_of(codes: np.ndarray) -> np.ndarray:
    """Texts from rows of code points."""
    rows = np.ascontiguousarray(codes.astype(np.uint32))
    return rows.view(f"<U{rows.shape[1]}").reshape(len(rows))


def compose(region: np.ndarray, birth: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The first seventeen digits as one number, from region code, birth date (yyyymmdd as number) and order number (1 to 999)."""
    return (region.astype(np.int64) * 10**8 + birth) * 1000 + order


def check_places(seventeen: np.ndarray) -> np.ndarray:
    """Where in `CHECKS` the eighteenth character of each number of seventeen digits stands."""
    total, rest = np.zeros(len(seventeen), dtype=np.int64), seventeen
    for weight in WEIGHTS[::-1].tolist():
        rest, digit = np.divmod(rest, 10)
        total += digit * weight
    return total % 11


def written(seventeen: np.ndarray) -> pa.Array:
    """Eighteen characters from the first seventeen digits; null for the number 0."""
    digits = pa.array(seventeen, mask=seventeen == 0).cast(pa.string())
    return pc.binary_join_element_wise(digits, _CHECKS.take(pa.array(check_places(seventeen))), "")


def fifteen(numbers: np.ndarray) -> np.ndarray:
    """The old form: two-digit year, no check digit."""
    codes = digits_of(numbers, 18)
    return texts_of(np.concatenate([codes[:, :6], codes[:, 8:17]], axis=1))
