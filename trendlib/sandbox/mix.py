"""From which regions a sound's posts come: a mix of its own that drifts, and sometimes truly crosses over.

The mix of a day is drawn by position, so the mix of one sound on one day costs nothing but itself.
"""

from dataclasses import dataclass

import numpy as np

from trendlib.sandbox.classes import NEVER
from trendlib.sandbox.draws import Floats, Ints, bell, bits, key
from trendlib.sandbox.regions import REGION_COUNT, REGIONS

_KNOT_DAYS = 7
_CROSSING_DAYS = 5


@dataclass(frozen=True)
class Mix:
    """Region mix of each source: where it is at home, and when and whereto it crosses over."""

    seed: int
    name: str
    homes: Ints
    crosses: Ints

    def targets(self) -> Ints:
        """Region each source crosses over into, were it to: never its home."""
        drawn = bits(key(self.seed, self.name, "target"), np.arange(len(self.homes)))
        step = 1 + (drawn % np.uint64(REGION_COUNT - 1)).astype(np.int64)
        return (self.homes + step) % REGION_COUNT

    def shares(self, sources: Ints, days: Ints) -> Floats:
        """Share of each region (column) for each pair of source and day (row)."""
        regions = np.arange(REGION_COUNT)
        weights = np.log([region.weight for region in REGIONS])
        own = bell(key(self.seed, self.name, "mix"), sources[:, None] * REGION_COUNT + regions)
        logs = weights + 0.9 * own + self._wobble(sources, days)
        logs = logs + 2.2 * (regions == self.homes[sources][:, None])
        exps = np.exp(logs)
        shares = exps / exps.sum(axis=1, keepdims=True)
        crosses = self.crosses[sources]
        progress = np.clip((days - crosses + 1) / _CROSSING_DAYS, 0, 1) * (crosses != NEVER)
        into = (regions == self.targets()[sources][:, None]).astype(np.float64)
        moved = 0.45 * progress[:, None]
        return np.asarray(shares * (1 - moved) + into * moved)

    def _wobble(self, sources: Ints, days: Ints) -> Floats:
        """Slow drift between weekly knots, and a little noise of each day."""
        regions = np.arange(REGION_COUNT)
        week, part = np.divmod(days, _KNOT_DAYS)
        place = key(self.seed, self.name, "wobble")
        knots, ends = (sources * 64 + week)[:, None], (sources * 256 + days)[:, None]
        before = bell(place, knots * REGION_COUNT + regions)
        after = bell(place, (knots + 1) * REGION_COUNT + regions)
        slope = (part / _KNOT_DAYS)[:, None]
        daily = bell(key(self.seed, self.name, "daily mix"), ends * REGION_COUNT + regions)
        return np.asarray(0.15 * (before * (1 - slope) + after * slope) + 0.08 * daily)
