"""What a use counter tells about a day: the reasoning behind `trendlib.metrics.daily.from_counter`.

A use counter is a cumulative number, read now and then. It is rounded, it falls, two backends may answer in
turn, and readings are missing. So:

* *Level* of a window = the highest reading in it, dated with the last reading at that level.
* *Rounding unit* = the largest power of ten that divides all levels of the same number of digits; 1 below
  10,000.
* *Increment* = level above the highest of the three levels before, divided by the time since that level, or
  since a later one that could be used: +1000 a day with two days missing is 1000, 1000, 1000.
* *Fall* = a level below those three by more than the rounding. Its net change is kept, its posts are unknown
  (exposure 0): more posts were deleted than made, or another backend answered. After three such levels the
  lower one is the base.
* *Return* = a step up to a former height: as large as a fall among the last 14 levels, or most of the way back to
  their highest, or to any earlier height far above. The other backend answers again, or a stale answer came. Only what
  lies above that height is new; at or below it, or where it is too old, nothing is known.
* An increment over more than 14 days says nothing of a day: unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from trendlib.metrics.engines import DAY, Frame, aged, between, board, enter

LEVELS_COMPARED = 3
LEVELS_REMEMBERED = 14
FAR_ABOVE = 1.02
LONGEST_STEP_DAYS = 14.0
EXACT_BELOW = 10_000
_KEY = ["sound_id", "age"]
_DAY_US = DAY // pd.Timedelta(microseconds=1)

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class _Levels:
    """The levels of all sounds below each other, each sound's in the order of time; a name a sound, a code a level."""

    names: "pd.Index[Any]"
    sound: Any
    age: Any
    level: Floats
    time: Floats

    @cached_property
    def place(self) -> Any:
        """How many levels of the same sound come before."""
        return np.arange(len(self.sound)) - np.searchsorted(self.sound, self.sound)

    def before(self, values: Any, steps: int = 1) -> Floats:
        """Give each level what stands some steps before it in its sound; NaN where nothing does."""
        found = np.full(len(values), np.nan)
        found[steps:] = values[: max(len(values) - steps, 0)]
        found[self.place < steps] = np.nan
        return found


class Readings:
    """Readings of use counters, put in order once, so that the daily counts of any instant are quick.

    Parameters
    ----------
    readings
        ``sound_id``, ``observed_at``, ``total_uses``, of any time; a pandas frame of the house's types.
    """

    def __init__(self, readings: pd.DataFrame) -> None:
        known = readings[readings["total_uses"].notna().to_numpy()]
        sound, self._names = pd.factorize(known["sound_id"], sort=True)
        at = known["observed_at"].to_numpy(dtype="datetime64[us]").astype("int64")
        order = np.lexsort((at, sound))
        self._sound, self._at = sound[order], at[order]
        self._uses = known["total_uses"].to_numpy(dtype="int64")[order]

    def by_day(self, as_of: pd.Timestamp, days: int) -> "Told":
        """Tell posts and exposure of every window that holds a reading."""
        now = as_of.value // 1000
        is_near = (self._at >= now - days * _DAY_US) & (self._at < now)
        sound, at, uses = self._sound[is_near], self._at[is_near], self._uses[is_near]
        # windows are closed at their start: a reading at the very edge is of the later window
        age = -(-(now - at) // _DAY_US)
        # they lie by sound and time: of each window's, the last of the highest
        window = np.cumsum(np.diff(sound, prepend=-1).astype(bool) | np.diff(age, prepend=-1).astype(bool)) - 1
        starts = np.flatnonzero(np.diff(window, prepend=-1))
        highest = np.maximum.reduceat(uses, starts) if len(starts) else uses
        last = np.zeros(len(starts), dtype="int64")
        at_height = np.flatnonzero(uses == highest[window])
        last[window[at_height]] = at_height
        present, code = np.unique(sound[last], return_inverse=True)
        names = pd.Index(self._names.take(present), dtype="str")
        return _told(_Levels(names, code, age[last], uses[last].astype("float64"), at[last] / _DAY_US))


@dataclass(frozen=True)
class Told:
    """What the levels of all sounds tell of their windows: an entry a level, each sound's in the order of time."""

    names: "pd.Index[Any]"
    sound: Any
    age: Any
    is_first: Any
    columns: Mapping[str, Floats]


def readings_by_day(readings: IntoFrame, *, as_of: pd.Timestamp, days: int) -> Told:
    """Tell posts and exposure of every window that holds a reading, of frames of any engine.

    Returns
    -------
        Its columns are ``posts`` [a day], ``exposure_days``, ``net_change``, ``is_flagged``, ``rounding_unit``.
    """
    frame = enter(readings, ids=["sound_id"], times=["observed_at"], others=["total_uses"])
    known = frame.filter(between("observed_at", as_of - DAY * days, as_of), ~nw.col("total_uses").is_null())
    known = known.select("sound_id", "observed_at", "total_uses")
    if not known.implementation.is_pandas():
        known = _reduced(known, as_of=as_of, days=days)
    return Readings(board(known)).by_day(as_of, days)


def _reduced(known: Frame, *, as_of: pd.Timestamp, days: int) -> Frame:
    """Keep, in their engine, the last of each window's highest readings."""
    highest = aged(known, "observed_at", as_of=as_of, days=days).with_columns(
        nw.col("total_uses").max().over(_KEY).alias("level")
    )
    at_level = highest.filter(nw.col("total_uses") == nw.col("level"))
    return at_level.group_by([*_KEY, "total_uses"]).agg(nw.col("observed_at").max())


def _told(levels: _Levels) -> Told:
    columns = _increments(levels, _rounding_unit(levels))
    return Told(levels.names, levels.sound, levels.age, levels.place == 0, columns)


def _rounding_unit(levels: _Levels) -> Floats:
    level = levels.level.astype("int64")
    digits = np.floor(np.log10(np.maximum(levels.level, 1.0))).astype("int64") + 1
    zeros = np.zeros(len(level), dtype="int64")
    for power in range(1, 10):
        zeros += level % 10**power == 0
    _, group, size = np.unique(levels.sound * 32 + digits, return_inverse=True, return_counts=True)
    fewest = np.full(len(size), 32)
    np.minimum.at(fewest, group, zeros)
    # a handful of readings may all end in a zero by chance: they are trusted to two digits
    cap = digits - np.where(size[group] < 5, 2, 1)
    unit = 10.0 ** np.clip(np.minimum(fewest[group], cap), 0, None)
    return np.where(level < EXACT_BELOW, 1.0, unit)


def _increments(levels: _Levels, rounding: Floats) -> dict[str, Floats]:
    level, at = levels.level, levels.time
    unit = np.fmax(levels.before(rounding), rounding)
    unit[levels.place == 0] = np.nan
    error = np.where(unit > 1, unit, 0.0)
    base, base_at = _highest_before(levels, level, LEVELS_COMPARED)
    step = level - base
    is_fall = step < -error
    height, height_at = _highest_before(levels, level, LEVELS_REMEMBERED)
    is_return = _is_return(levels, base, height, error)
    is_old = ~is_return & _is_return_of_old(levels, base, error)
    is_return |= is_old
    used_at = _last_used(levels, np.isnan(base) | ~(is_fall | is_return))
    since = np.where(used_at > base_at, used_at, base_at)
    since = np.where(is_return, np.where(is_old, np.nan, height_at), since)
    elapsed = at - since
    is_told = ~np.isnan(base) & ~is_fall & ~(is_return & (level <= height + error))
    is_counted = is_told & (elapsed > 0) & (elapsed <= LONGEST_STEP_DAYS)
    increment = np.maximum(np.where(is_return, level - height, step), 0.0)
    return {
        "posts": np.divide(increment, elapsed, out=np.full(len(level), np.nan), where=is_counted),
        "exposure_days": is_counted.astype("float64"),
        "net_change": level - levels.before(level),
        "is_flagged": (is_fall | is_return).astype("float64"),
        "rounding_unit": rounding,
    }


def _last_used(levels: _Levels, is_usable: Any) -> Floats:
    """Give each level the time of the latest one before it that could be used; NaN where none could."""
    latest = np.maximum.accumulate(np.where(is_usable, np.arange(len(is_usable)), -1))
    is_own = latest >= np.arange(len(is_usable)) - levels.place
    return levels.before(np.where(is_own, levels.time[latest], np.nan)) if len(is_usable) else levels.time


def _highest_before(levels: _Levels, values: Floats, number: int) -> tuple[Floats, Floats]:
    """Give the highest of so many values before each, and when it was last read."""
    highest, at, looked_at = levels.before(values), levels.before(levels.time), 1
    while looked_at < number:
        # what was highest a few levels earlier was highest of as many levels more
        more = min(looked_at, number - looked_at)
        older, older_at = levels.before(highest, more), levels.before(at, more)
        is_older = np.isnan(highest) | (older > highest)
        highest, at = np.where(is_older, older, highest), np.where(is_older, older_at, at)
        looked_at += more
    return highest, at


def _is_return(levels: _Levels, base: Floats, height: Floats, error: Floats) -> Any:
    """Tell which steps lead back to the height of the last levels."""
    level = levels.level
    # two backends keep their distance while both grow: the step up is as large as the fall was
    fall, _ = _highest_before(levels, levels.before(level) - level, LEVELS_REMEMBERED)
    step, gap = level - base, height - base
    is_fall_undone = (fall > error) & (step > 0.5 * fall) & (step < 1.5 * fall + error) & (level > height - 0.5 * fall)
    is_climb = (gap > error) & (step > 0.25 * gap) & (level <= height + error)
    return is_fall_undone | is_climb


def _is_return_of_old(levels: _Levels, base: Floats, error: Floats) -> Any:
    """Tell which steps lead back to a height far above, however long ago it stood there."""
    laid_out = np.full((len(levels.names), int(levels.place.max(initial=0)) + 1), -np.inf)
    cells = (levels.sound, levels.place)
    laid_out[cells] = levels.level
    height = levels.before(np.maximum.accumulate(laid_out, axis=1)[cells])
    step, gap = levels.level - base, height - base
    return (height > FAR_ABOVE * base + error) & (step > 0.5 * gap) & (step < 1.5 * gap + error)
