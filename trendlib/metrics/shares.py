"""Shares: how far a share may lie from what was counted. Wilson's interval, for whoever needs one.

Parts of a whole that resemble each other (posters of one week, say) tell less than as many strangers: ``n`` of them
with an intraclass correlation ``rho`` count as ``n / (1 + (n - 1) rho)``.
"""

from typing import Any

import numpy as np

Vector = np.ndarray[Any, np.dtype[np.float64]]


def effective(n: Any, rho: Any) -> Vector:
    """Give how many strangers tell as much as ``n`` that resemble each other by ``rho``; at least one each."""
    number = np.maximum(np.asarray(n, dtype="float64"), 1.0)
    return np.asarray(number / (1 + (number - 1) * rho))


def wilson(share: Any, n: Any, z: Any) -> tuple[Vector, Vector]:
    """Give the ends of Wilson's interval of a share among ``n``, ``z`` standard deviations wide.

    Examples
    --------
    >>> [round(float(end), 3) for end in wilson(0.8, 10, 1.645)]
    [0.541, 0.931]
    """
    share, square = np.asarray(share, dtype="float64"), np.asarray(z, dtype="float64") ** 2 / n
    centre = (share + square / 2) / (1 + square)
    half = z / (1 + square) * np.sqrt(share * (1 - share) / n + square / n / 4)
    return np.asarray(centre - half), np.asarray(centre + half)
