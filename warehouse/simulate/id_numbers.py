"""Resident identity numbers by GB 11643, set-based: composing, the check digit, the old fifteen digits.

What belongs here: the form of a number. What does not: who has which number (`population.py`), how it is mistyped (`identity_faults.py`).
"""

from __future__ import annotations

import numpy as np

WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
CHECKS = np.array(list("10X98765432"))


def digits_of(texts: np.ndarray, width: int) -> np.ndarray:
    """Code points of texts of one width, one row each."""
    fixed = np.ascontiguousarray(texts.astype(f"<U{width}"))
    return fixed.view(np.uint32).reshape(len(fixed), width)


def texts_of(codes: np.ndarray) -> np.ndarray:
    """Texts from rows of code points."""
    rows = np.ascontiguousarray(codes.astype(np.uint32))
    return rows.view(f"<U{rows.shape[1]}").reshape(len(rows))


def check_characters(seventeen: np.ndarray) -> np.ndarray:
    """The eighteenth character of each row of seventeen digits (numbers 0 to 9)."""
    return CHECKS[(seventeen * WEIGHTS).sum(axis=1) % 11]


def compose(region: np.ndarray, birth: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Eighteen characters from region code (number), birth date (yyyymmdd as number) and order number (1 to 999)."""
    parts = np.zeros((len(region), 17), dtype=np.int64)
    for column in range(6):
        parts[:, column] = region // 10 ** (5 - column) % 10
    for column in range(8):
        parts[:, 6 + column] = birth // 10 ** (7 - column) % 10
    for column in range(3):
        parts[:, 14 + column] = order // 10 ** (2 - column) % 10
    codes = np.empty((len(region), 18), dtype=np.uint32)
    codes[:, :17] = parts + ord("0")
    codes[:, 17] = digits_of(check_characters(parts), 1)[:, 0]
    return texts_of(codes)


def fifteen(numbers: np.ndarray) -> np.ndarray:
    """The old form: two-digit year, no check digit."""
    codes = digits_of(numbers, 18)
    return texts_of(np.concatenate([codes[:, :6], codes[:, 8:17]], axis=1))
