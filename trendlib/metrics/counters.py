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

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from trendlib.metrics.engines import DAY, ages, between, board, enter, whole

LEVELS_COMPARED = 3
LEVELS_REMEMBERED = 14
FAR_ABOVE = 1.02
LONGEST_STEP_DAYS = 14.0
EXACT_BELOW = 10_000
_KEY = ["sound_id", "age"]


def readings_by_day(readings: IntoFrame, *, as_of: pd.Timestamp, days: int) -> pd.DataFrame:
    """Derive posts and exposure of every window from the first one with a reading.

    Returns
    -------
    frame
        ``sound_id``, ``age`` (1 is the last window), ``posts`` [a day], ``exposure_days``, ``net_change``,
        ``is_flagged``, ``rounding_unit``, sorted by sound and time.
    """
    levels = _levels(readings, as_of=as_of, days=days)
    codes, sounds = pd.factorize(levels["sound_id"])
    levels["sound"] = codes
    levels["rounding_unit"] = _rounding_unit(levels)
    levels = _increments(levels)
    first = levels.groupby("sound")["age"].max().to_numpy()
    end = first.cumsum()
    frame = pd.DataFrame({"sound_id": np.repeat(np.asarray(sounds), first)}, dtype="str")
    frame["age"] = np.repeat(end, first) - np.arange(len(frame))
    place = end[codes] - levels["age"]
    for name in ("posts", "exposure_days", "net_change", "is_flagged", "rounding_unit"):
        column = np.full(len(frame), np.nan)
        column[place] = levels[name]
        frame[name] = column
    frame = frame.fillna({"exposure_days": 0.0, "is_flagged": 0.0}).astype({"is_flagged": "bool"})
    return frame.assign(net_change=whole(frame["net_change"]), rounding_unit=whole(frame["rounding_unit"]))


def _levels(readings: IntoFrame, *, as_of: pd.Timestamp, days: int) -> pd.DataFrame:
    """Reduce readings, in their engine, to the level of each window and when it was last read."""
    frame = enter(readings, ids=["sound_id"], times=["observed_at"], others=["total_uses"])
    known = frame.filter(between("observed_at", as_of - DAY * days, as_of), ~nw.col("total_uses").is_null())
    aged = known.select("sound_id", "observed_at", "total_uses", ages("observed_at", as_of=as_of, days=days))
    highest = aged.with_columns(nw.col("total_uses").max().over(_KEY).alias("level"))
    at_level = highest.filter(nw.col("total_uses") == nw.col("level"))
    table = board(at_level.group_by([*_KEY, "level"]).agg(nw.col("observed_at").max().alias("at")))
    table["age"] = table["age"].astype("int64")
    return table.astype({"level": "float64"}).sort_values(["sound_id", "at"], ignore_index=True)


def _rounding_unit(levels: pd.DataFrame) -> "pd.Series[float]":
    level = levels["level"].astype("int64")
    digits = np.floor(np.log10(levels["level"].clip(lower=1.0))).astype("int64") + 1
    zeros = pd.Series(0, index=levels.index)
    for power in range(1, 10):
        zeros += level % 10**power == 0
    group = zeros.groupby([levels["sound"], digits])
    # a handful of readings may all end in a zero by chance: they are trusted to two digits
    cap = digits - np.where(group.transform("size") < 5, 2, 1)
    unit = 10.0 ** group.transform("min").clip(upper=cap).clip(lower=0)
    return pd.Series(np.where(level < EXACT_BELOW, 1.0, unit), index=levels.index)


def _increments(levels: pd.DataFrame) -> pd.DataFrame:
    sounds = levels.groupby("sound")
    previous = sounds["level"].shift()
    unit = sounds["rounding_unit"].shift().clip(lower=levels["rounding_unit"])
    error = unit.where(unit > 1, 0.0)
    base, base_at = _highest_before(levels, LEVELS_COMPARED)
    level, step = levels["level"], levels["level"] - base
    is_fall = step < -error
    height, height_at = _highest_before(levels, LEVELS_REMEMBERED)
    is_return = _is_return(levels, base, height, error)
    is_old = ~is_return & _is_return_of_old(levels, base, error)
    is_return |= is_old
    is_usable = base.isna() | ~(is_fall | is_return)
    used_at = levels["at"].where(is_usable).groupby(levels["sound"]).ffill().groupby(levels["sound"]).shift()
    since = base_at.mask(used_at > base_at, used_at).mask(is_return, height_at.mask(is_old))
    elapsed = (levels["at"] - since).dt.total_seconds() / 86_400
    is_told = base.notna() & ~is_fall & ~(is_return & (level <= height + error))
    is_counted = is_told & (elapsed > 0) & (elapsed <= LONGEST_STEP_DAYS)
    increment = step.mask(is_return, level - height).clip(lower=0.0)
    levels["posts"] = (increment / elapsed).where(is_counted)
    levels["exposure_days"] = is_counted.astype("float64")
    levels["net_change"] = levels["level"] - previous
    levels["is_flagged"] = is_fall | is_return
    return levels


def _highest_before(levels: pd.DataFrame, number: int) -> "tuple[pd.Series[float], pd.Series[Any]]":
    """Give the highest of so many levels before each, and when it was last read."""
    sounds = levels.groupby("sound")
    highest, at = sounds["level"].shift(number), sounds["at"].shift(number)
    for steps in range(number - 1, 0, -1):
        level = sounds["level"].shift(steps)
        is_higher = highest.isna() | (level >= highest)
        highest, at = highest.mask(is_higher, level), at.mask(is_higher, sounds["at"].shift(steps))
    return highest, at


def _is_return(
    levels: pd.DataFrame, base: "pd.Series[float]", height: "pd.Series[float]", error: "pd.Series[float]"
) -> "pd.Series[bool]":
    """Tell which steps lead back to the height of the last levels."""
    falls = levels.assign(level=-levels.groupby("sound")["level"].diff())
    # two backends keep their distance while both grow: the step up is as large as the fall was
    fall, _ = _highest_before(falls, LEVELS_REMEMBERED)
    level, step, gap = levels["level"], levels["level"] - base, height - base
    is_fall_undone = (fall > error) & (step > 0.5 * fall) & (step < 1.5 * fall + error) & (level > height - 0.5 * fall)
    is_climb = (gap > error) & (step > 0.25 * gap) & (level <= height + error)
    return is_fall_undone | is_climb


def _is_return_of_old(levels: pd.DataFrame, base: "pd.Series[float]", error: "pd.Series[float]") -> "pd.Series[bool]":
    """Tell which steps lead back to a height far above, however long ago it stood there."""
    height = levels.groupby("sound")["level"].cummax().groupby(levels["sound"]).shift()
    step, gap = levels["level"] - base, height - base
    return (height > FAR_ABOVE * base + error) & (step > 0.5 * gap) & (step < 1.5 * gap + error)
