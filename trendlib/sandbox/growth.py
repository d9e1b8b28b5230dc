"""Daily counts of posts: a self-exciting count with season, noise that remembers, and what each class adds.

On day t a source expects ``season * noise * (quiet + branching * memory)`` posts, where ``memory`` is the exponentially
weighted mean of its past seasonless counts (weight one half). With the everyday branching ratio of 0.3 the count hovers
around its level. A ratio above 1 is a breakout, bent down to 1 as the memory nears its ceiling; below 1, a decay.
"""

from dataclasses import dataclass

import numpy as np

from trendlib.sandbox.days import Calendar
from trendlib.sandbox.draws import Floats, Ints, between, key, normal, poisson

QUIET_BRANCHING = 0.3
MOST_A_DAY = 60_000


@dataclass(frozen=True)
class Drivers:
    """What moves each source (row) on each day (column); ``level`` and ``ceiling``: one number a source [posts/day]."""

    level: Floats
    ceiling: Floats
    trend: Floats
    branching: Floats
    sparks: Floats
    spikes: Floats

    @classmethod
    def steady(cls, level: Floats, days: int) -> "Drivers":
        """Leave each source at its level; classes then write their own days over it."""
        shape = (len(level), days)
        return cls(
            level=level,
            ceiling=np.full(len(level), float(MOST_A_DAY)),
            trend=np.ones(shape),
            branching=np.full(shape, QUIET_BRANCHING),
            sparks=np.zeros(shape),
            spikes=np.ones(shape),
        )


def daily_counts(calendar: Calendar, drivers: Drivers, name: str) -> Ints:
    """Draw the posts of each source (row) on each day (column)."""
    sources, days = drivers.trend.shape
    season = calendar.season(sources, name)
    noise = _noise(calendar.seed, name, sources, days)
    counts = np.zeros((sources, days), dtype=np.int64)
    memory = drivers.level * drivers.trend[:, 0]
    rows = np.arange(sources)
    for day in range(days):
        quiet = drivers.level * drivers.trend[:, day] * (1 - QUIET_BRANCHING)
        rate = quiet + _saturated(drivers.branching[:, day], memory, drivers.ceiling) * memory + drivers.sparks[:, day]
        known = season[:, day] * drivers.spikes[:, day]
        mean = np.minimum(known * noise[:, day] * rate, MOST_A_DAY)
        counts[:, day] = poisson(key(calendar.seed, name, "posts", day), rows, mean)
        memory = 0.5 * memory + 0.5 * counts[:, day] / known
    return counts


def _saturated(branching: Floats, memory: Floats, ceiling: Floats) -> Floats:
    excess = np.maximum(branching - 1.0, 0.0)
    return np.asarray(np.minimum(branching, 1.0) + excess * np.clip(1.0 - memory / ceiling, 0.0, 1.0))


def _noise(seed: int, name: str, sources: int, days: int) -> Floats:
    """Log-normal day noise with mean 1 whose logarithm remembers the day before."""
    rows = np.arange(sources)
    spread = between(key(seed, name, "noise spread"), rows, 0.08, 0.22)
    recall = between(key(seed, name, "noise recall"), rows, 0.3, 0.7)
    logs = np.zeros((sources, days))
    log = spread * normal(key(seed, name, "noise", -1), rows)
    for day in range(days):
        log = recall * log + np.sqrt(1 - recall**2) * spread * normal(key(seed, name, "noise", day), rows)
        logs[:, day] = log
    return np.asarray(np.exp(logs - spread[:, None] ** 2 / 2))
