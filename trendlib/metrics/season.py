"""What an ordinary day looks like: weekday rhythm, the board's common shock, and how far days scatter.

* *Weekday factor* = median over sounds (mean of at least 10 posts a day) of the day's count over its centred
  7-day mean, past 5 weeks, normalised to a mean of 1. It needs 4 weeks of board history, and 400 posts a
  weekday, or it would be noisier than 5 %; else nothing is adjusted for it. Windows are counted back from the
  as-of instant, so a "weekday" is a position in the week, at whatever hour a window starts.
* *Common shock* of a day = median over sounds (at least 30, with at least 80 posts in it and the 7 days before) of the
  day's adjusted count over the mean of those 7 days, coarsely rounded sounds left out: what happened to all of
  TikTok, or to the provider, happened to no sound in particular.
* *Scatter* tau squared = (variance - mean) / mean squared over 21 adjusted days, the rounding taken out: a
  quarter the sound's own, three quarters the board's median. Counts scatter by ``phi = 1 + mu tau squared``
  times what a Poisson count would.
"""

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from trendlib.metrics.windows import Grid, Matrix

Vector = np.ndarray[Any, np.dtype[np.float64]]

WEEK = 7
PAST_WEEKS_DAYS = 35
HISTORY_NEEDED_DAYS = 28
MEAN_NEEDED = 10.0
POSTS_NEEDED_PER_WEEKDAY = 400.0
SOUNDS_NEEDED = 30
BASELINE_POSTS_NEEDED = 70.0
QUIET_DAYS = slice(3, 24)
QUIET_DAYS_NEEDED = 10
TRIMMED_NEEDED = 3
OWN_WEIGHT = 0.25


@dataclass(frozen=True)
class Season:
    """What a window's count is divided by, and how far a sound's days scatter."""

    weekday: Vector
    shock: Vector
    scatter: "pd.Series[float]"
    board_scatter: float
    is_adjusted: bool

    def expected(self, windows: int) -> Vector:
        """Give the weekday's factor for each of the latest windows."""
        return np.asarray(self.weekday[np.arange(windows) % WEEK], dtype="float64")

    def scatter_of(self, sounds: "pd.Index[Any]") -> Vector:
        """Give tau squared for the sounds; the board's median stands in for those without days enough."""
        return np.asarray(self.scatter.reindex(sounds).fillna(self.board_scatter), dtype="float64")


# several metrics ask about the same grid
_LEARNT: "WeakKeyDictionary[Grid, Season]" = WeakKeyDictionary()


def season(grid: Grid) -> Season:
    """Learn the ordinary day from the board's daily counts; of one grid once."""
    if grid not in _LEARNT:
        _LEARNT[grid] = _learnt(grid)
    return _LEARNT[grid]


def _learnt(grid: Grid) -> Season:
    weekday = _weekday(grid)
    factors = np.ones(WEEK) if weekday is None else weekday
    adjusted = grid.rate / factors[np.arange(grid.posts.shape[1]) % WEEK][None, :]
    mixed, board = scatter(adjusted[:, QUIET_DAYS], grid.unit[:, QUIET_DAYS])
    mixed_by_sound = pd.Series(mixed, index=grid.sounds)
    return Season(factors, _shock(adjusted, grid.unit), mixed_by_sound, float(board), is_adjusted=weekday is not None)


def adjusted(counts: Grid) -> Matrix:
    """Give daily counts as if every day were an ordinary one: without weekday rhythm and common shock."""
    ordinary, windows = season(counts), counts.posts.shape[1]
    shock = np.ones(windows)
    shock[: len(ordinary.shock)] = ordinary.shock
    return np.asarray(counts.rate / (ordinary.expected(windows) * shock))


def scatter(days: Matrix, unit: Matrix) -> tuple[Vector, Any]:
    """Give tau squared of each row of adjusted daily counts, and the board's median of the rows' own."""
    return beside_the_board(own_scatter(days, unit))


def own_scatter(days: Any, unit: Any) -> Any:
    """Give tau squared of each row (the last axis) of adjusted daily counts by itself; NaN where it can't be told."""
    is_told = ~np.isnan(days)
    known = np.isfinite(days).sum(axis=-1)
    total = np.where(is_told, days, 0.0).sum(axis=-1)
    mean = np.divide(total, known, out=np.full(total.shape, np.nan), where=(known >= QUIET_DAYS_NEEDED) & (total > 0))
    variance = np.where(is_told, (days - mean[..., None]) ** 2, 0.0).sum(axis=-1) / np.maximum(known - 1, 1)
    coarse = coarsest(unit)
    extra = (variance - mean - coarse**2 / 6) / mean**2
    return np.where(coarse > mean, np.nan, np.maximum(extra, 0.0))


def beside_the_board(own: Any) -> tuple[Vector, Any]:
    """Shrink the sounds' own tau squared to their median, which stands in where one has none; give that too.

    A row is a sound; of a matrix every column is shrunk by itself.
    """
    board = np.nan_to_num(median(own))
    return np.where(np.isnan(own), board, OWN_WEIGHT * own + (1 - OWN_WEIGHT) * board), board


def median(values: Any) -> Any:
    """Give the median of each column's known values (all but the first axis together), NaN where there are none.

    Examples
    --------
    >>> median(np.array([[1.0, np.nan], [5.0, np.nan], [2.0, 4.0]])).tolist()
    [2.0, 4.0]
    """
    if not len(values):
        return np.full(values.shape[1:], np.nan)
    known = len(values) - np.isnan(values).sum(axis=0)
    ordered = np.sort(values, axis=0)  # the unknown last; of all columns at once, as numpy's own takes them one by one
    low, high = (
        np.take_along_axis(ordered, place[None], axis=0)[0] for place in (np.maximum(known - 1, 0) // 2, known // 2)
    )
    return (low + high) / 2


def coarsest(unit: Any) -> Any:
    """Give the largest rounding unit of each row (the last axis); 0 where counts are exact."""
    return np.max(np.where(unit > 1, unit, 0.0), axis=-1, initial=0.0)


def over(total: Any, number: Any) -> Vector:
    """Divide; NaN where there is nothing to divide by."""
    total, number = np.asarray(total, dtype="float64"), np.asarray(number, dtype="float64")
    return np.asarray(np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0))


def trimmed_mean(days: Any) -> Vector:
    """Give the mean of each row's (the last axis) known days without highest and lowest; NaN under 3 of them."""
    is_known = np.isfinite(days)
    known = is_known.sum(axis=-1)
    highest = np.max(np.where(is_known, days, -np.inf), axis=-1)
    lowest = np.min(np.where(is_known, days, np.inf), axis=-1)
    is_enough = known >= TRIMMED_NEEDED
    inner = np.nansum(days, axis=-1) - np.where(is_enough, highest, 0.0) - np.where(is_enough, lowest, 0.0)
    return over(inner, np.where(is_enough, known - 2, 0))


def _weekday(grid: Grid) -> Vector | None:
    rate = grid.rate[:, : PAST_WEEKS_DAYS + WEEK]
    if rate.shape[1] < HISTORY_NEEDED_DAYS or not len(rate):
        return None
    centred = np.lib.stride_tricks.sliding_window_view(rate, WEEK, axis=1).mean(axis=2)
    days = rate[:, 3 : 3 + centred.shape[1]]
    ratio = np.divide(days, centred, out=np.full(days.shape, np.nan), where=centred >= MEAN_NEEDED)
    unit = np.where(np.isfinite(rate), np.nan_to_num(grid.unit[:, : rate.shape[1]]), 0.0)
    ratio[unit.max(axis=1) > np.nan_to_num(centred).max(axis=1) / 4] = np.nan
    is_told = np.isfinite(ratio)
    if is_told.any(axis=0).sum() < HISTORY_NEEDED_DAYS - WEEK + 1:
        return None
    phase = (np.arange(ratio.shape[1]) + 3) % WEEK
    posts = np.where(is_told, days, 0.0).sum(axis=0)
    if min(posts[phase == day].sum() for day in range(WEEK)) < POSTS_NEEDED_PER_WEEKDAY:
        return None
    factors = np.array([median(ratio[:, phase == day].ravel()) for day in range(WEEK)])
    return np.asarray(factors / factors.mean()) if factors.min() > 0 else None


def _shock(adjusted: Matrix, unit: Matrix) -> Vector:
    windows = adjusted.shape[1] - WEEK
    shock = np.ones(max(windows, 1))
    if windows < 1 or len(adjusted) < SOUNDS_NEEDED:
        return shock
    week = np.lib.stride_tricks.sliding_window_view(adjusted, WEEK, axis=1)[:, 1 : windows + 1].mean(axis=2)
    # chosen by the day too, else those chosen had a high week by chance, and every day after it looked like a fall
    is_busy = week * WEEK + adjusted[:, :windows] >= BASELINE_POSTS_NEEDED * (WEEK + 1) / WEEK
    is_plain = is_busy & ((unit[:, :windows] <= 1) | (unit[:, :windows] <= week / 4))
    ratio = np.where(is_plain, adjusted[:, :windows] / np.where(week > 0, week, 1.0), np.nan)
    told = np.flatnonzero(np.isfinite(ratio).sum(axis=0) >= SOUNDS_NEEDED)
    usual = median(ratio[:, told])
    shock[told] = np.where(usual > 0, usual, 1.0)
    return shock
