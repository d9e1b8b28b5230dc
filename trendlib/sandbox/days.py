"""The days of the practice world: a run-up, then the days the world is about, all counted in UTC.

Day 0 is the first day of the run-up; the world proper starts on day `RUN_UP`. The run-up exists so that feeds and
baselines already reach back when the world begins.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

import numpy as np

from trendlib.sandbox.draws import Floats, between, key, normal, order

RUN_UP = 28
DAY_S = 86_400


@dataclass(frozen=True)
class Calendar:
    """The days of a world and what all its sounds share: weekdays and holidays."""

    seed: int
    start: date
    days: int

    @property
    def length(self) -> int:
        """Days with the run-up."""
        return RUN_UP + self.days

    @cached_property
    def first_second(self) -> int:
        """Unix time at which the run-up begins."""
        return int(datetime.combine(self.start, time(), UTC).timestamp()) - RUN_UP * DAY_S

    @property
    def end(self) -> datetime:
        """Midnight after the last day."""
        return datetime.combine(self.start, time(), UTC) + timedelta(days=self.days)

    def date_of(self, day: int) -> date:
        """Date of a day."""
        return self.start + timedelta(days=day - RUN_UP)

    def second_of(self, day: int) -> int:
        """Unix time at which a day begins."""
        return self.first_second + day * DAY_S

    def place(self, second: int) -> tuple[int, int]:
        """Day and second of that day of a Unix time."""
        return divmod(second - self.first_second, DAY_S)

    @cached_property
    def holidays(self) -> tuple[int, ...]:
        """Two days on which everybody posts more."""
        free = order(key(self.seed, "holidays"), max(self.days - 10, 2))[:2]
        return tuple(sorted(RUN_UP + 5 + int(day) for day in free))

    def season(self, sources: int, name: str) -> Floats:
        """Weekday and holiday factor of each source (row) on each day (column); mean 1 over a week."""
        weekend = between(key(self.seed, "weekend"), np.arange(1), 1.12, 1.35)[0]
        shared = np.array([0.96, 0.94, 0.97, 1.0, 1.06, weekend, weekend * 0.97])
        own = 1 + 0.04 * normal(key(self.seed, name, "weekday"), np.arange(sources * 7)).reshape(sources, 7)
        week = np.clip(shared * own, 0.5, 2.0)
        week /= week.mean(axis=1, keepdims=True)
        weekdays = (np.arange(self.length) + self.date_of(0).weekday()) % 7
        factors = week[:, weekdays]
        lift = between(key(self.seed, "holiday lift"), np.arange(2), 1.2, 1.6)
        for holiday, factor in zip(self.holidays, lift, strict=False):
            if holiday < self.length:
                factors[:, holiday] *= factor
        return factors
