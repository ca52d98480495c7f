"""Named streams of chance: every part of the simulated city draws from its own, so that a change in one leaves the others as they were.

What belongs here: seeding and the few draws that several parts share. What does not: rates (`rates.py`).
"""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, *names: object) -> np.random.Generator:
    """The generator of one named part of the city.

    Args:
        seed: the city's seed.
        names: what is drawn, for example `'care', 'employee', '2025-03'`.
    """
    label = "/".join(str(name) for name in names)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(label.encode())])))


def weighted(chance: np.random.Generator, weights: np.ndarray, count: int) -> np.ndarray:
    """Positions drawn with replacement, in proportion to the weights (none when all weights are 0)."""
    if len(weights) == 0 or count == 0:
        return np.zeros(0, dtype=np.int64)
    edges = np.cumsum(weights, dtype=np.float64)
    if edges[-1] <= 0:
        return np.zeros(0, dtype=np.int64)
    return np.minimum(np.searchsorted(edges, chance.random(count) * edges[-1], side="right"), len(weights) - 1)


def some(chance: np.random.Generator, mask: np.ndarray, rate: float) -> np.ndarray:
    """Positions where the mask holds, each kept with the rate's probability, in order."""
    where = np.flatnonzero(mask)
    return where[chance.random(len(where)) < rate]
