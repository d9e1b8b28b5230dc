"""What a use counter tells about a day: the reasoning behind `trendlib.metrics.daily.from_counter`.

A use counter is a cumulative number read now and then. It is rounded, it falls, two backends may answer in turn,
and readings are missing. So:

* *Level* of a window = the highest reading in it, dated with the last reading at that level.
* *Rounding unit* = the largest power of ten that divides all levels of the same number of digits; 1 below 10,000.
* *Increment* = level above the highest of the three levels before, divided by the time since that level, or since a later one that could be
  used: +1000 a day with two days missing is 1000, 1000, 1000.
* A level that lies below those three by more than the rounding is a *fall*: its net change is kept, its posts are unknown
  (exposure 0). After three such levels the lower one is the base.
* A level that returns in one step to a height known before the fall is a *return* of the other backend, not new posts: unknown too.
* An increment over more than 14 days says nothing of a day: unknown.
"""

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from trendlib.metrics.engines import DAY, ages, between, board, enter, whole

LEVELS_COMPARED = 3
LONGEST_STEP_DAYS = 14.0
EXACT_BELOW = 10_000
_KEY = ["sound_id", "age"]


def readings_by_day(readings: IntoFrame, *, as_of: pd.Timestamp, days: int) -> pd.DataFrame:
    """Derive posts and exposure of every window from the first one with a reading.

    Returns
    -------
    frame
        ``sound_id``, ``age`` (1 is the last window), ``posts`` [a day], ``exposure_days``, ``net_change``, ``is_flagged``,
        ``rounding_unit``, sorted by sound and time.
    """
    levels = _levels(readings, as_of=as_of, days=days)
    levels["rounding_unit"] = _rounding_unit(levels)
    levels = _increments(levels)
    first = levels.groupby("sound_id")["age"].max()
    sounds = np.repeat(first.index.to_numpy(), first)
    age = np.concatenate([np.arange(oldest, 0, -1) for oldest in first]) if len(first) else np.array([], dtype="int64")
    every_window = pd.MultiIndex.from_arrays([sounds, age], names=_KEY)
    columns = ["posts", "exposure_days", "net_change", "is_flagged", "rounding_unit"]
    frame = levels.set_index(_KEY)[columns].reindex(every_window).reset_index()
    frame["sound_id"] = frame["sound_id"].astype("str")
    frame["exposure_days"] = frame["exposure_days"].fillna(0.0)
    frame["is_flagged"] = frame["is_flagged"].astype("boolean").fillna(value=False).astype(bool)
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
    level = levels["level"].to_numpy()
    whole_level = level.astype("int64")
    digits = np.array([len(str(number)) for number in whole_level], dtype="int64")
    zeros = sum(((whole_level % 10**power == 0).astype("int64") for power in range(1, 10)), np.zeros(len(level), dtype="int64"))
    classes = pd.DataFrame({"sound_id": levels["sound_id"], "digits": digits, "zeros": zeros}, index=levels.index)
    group = classes.groupby(["sound_id", "digits"])["zeros"]
    # a handful of readings may all end in a zero by chance: they are trusted to two digits
    cap = classes["digits"] - np.where(group.transform("size") < 5, 2, 1)
    power = np.minimum(group.transform("min"), cap).clip(lower=0)
    return (10.0**power).where(levels["level"] >= EXACT_BELOW, 1.0)


def _increments(levels: pd.DataFrame) -> pd.DataFrame:
    sounds = levels.groupby("sound_id")
    by_sound = sounds["level"]
    before = [by_sound.shift(steps) for steps in range(1, LEVELS_COMPARED + 1)]
    base = pd.concat(before, axis=1).max(axis=1)
    base_at = sounds["at"].shift(LEVELS_COMPARED)
    for steps in range(LEVELS_COMPARED - 1, 0, -1):
        base_at = base_at.mask(before[steps - 1] == base, sounds["at"].shift(steps))
    unit = levels.groupby("sound_id")["rounding_unit"].shift().combine(levels["rounding_unit"], np.fmax)
    highest = by_sound.cummax().groupby(levels["sound_id"]).shift()
    step = levels["level"] - base
    is_fall = -step > unit.where(unit > 1, 0.0)
    is_return = _is_return(levels["level"], base, highest, unit)
    is_usable = base.isna() | ~(is_fall | is_return)
    used_at = levels["at"].where(is_usable).groupby(levels["sound_id"]).ffill().groupby(levels["sound_id"]).shift()
    elapsed = (levels["at"] - base_at.where(~(used_at > base_at), used_at)) / DAY
    is_counted = base.notna() & is_usable & (elapsed > 0) & (elapsed <= LONGEST_STEP_DAYS)
    levels["posts"] = (step.clip(lower=0.0) / elapsed).where(is_counted)
    levels["exposure_days"] = is_counted.astype("float64")
    levels["net_change"] = levels["level"] - before[0]
    levels["is_flagged"] = is_fall | is_return
    return levels


def _is_return(level: "pd.Series[float]", base: "pd.Series[float]", highest: "pd.Series[float]", unit: "pd.Series[float]") -> "pd.Series[bool]":
    had_fallen = highest > 1.02 * base + unit
    is_back = level >= 0.98 * highest - unit
    return had_fallen & is_back & (level - base > 0.5 * (highest - base))
