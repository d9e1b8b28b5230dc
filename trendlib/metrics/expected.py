"""Expected: the posts a day that a sound's own quiet days lead to expect, and how far chance alone scatters them.

With ``c`` = posts / exposure / weekday factor / the day's common shock, on each day ``t``::

    mu    = trimmed mean (highest and lowest dropped) of c over days t-24 ... t-4, at least 1
    phi   = 1 + mu tau^2                                            tau^2: `trendlib.metrics.season`
    band  = mu -+ 1.645 sqrt(phi mu + u^2 / 6)                      90 %, times weekday factor, shock and exposure

It is the baseline that `trendlib.metrics.breakouts` judges by: a steady sound's days lie within the band.
"""

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from trendlib.metrics.daily import HORIZON_DAYS, Matrix, grid
from trendlib.metrics.engines import DAY, instant, leave
from trendlib.metrics.season import Vector, scatter, season

COLUMNS = ("sound_id", "day", "mean", "low", "high")
QUIET_FROM, QUIET_UNTIL = 4, 25
QUIET_DAYS_NEEDED = 3
LEAST_MEAN = 1.0
Z90 = 1.645


def expected(daily: Any, *, as_of: datetime, days: int = 28) -> Any:
    """Give the band in which each sound's days would lie if it went on as in its quiet days.

    Parameters
    ----------
    daily
        A row a sound and day, as `daily.from_posts` and `daily.from_counter` give it; the whole board.
    as_of
        End of the last day.
    days
        How many days to look at, the last included.

    Returns
    -------
    frame
        A row a sound and day of which it can be told: ``sound_id``, ``day`` [UTC, start of the window], ``mean``,
        ``low`` and ``high`` [posts].

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    counts = grid(daily, as_of=as_of, days=HORIZON_DAYS + days)
    now = instant(as_of)
    ordinary = season(counts)
    usual = ordinary.expected(counts.posts.shape[1])
    usual[: len(ordinary.shock)] *= ordinary.shock
    plain = counts.rate / usual
    boards = []
    for back in range(days):
        mean, spread = _baseline(plain, counts.unit, back)
        scale = usual[back] * counts.exposure[:, back]
        frame = pd.DataFrame({"sound_id": counts.sounds.to_numpy(), "mean": mean * scale})
        frame = frame.assign(low=np.maximum(mean - Z90 * spread, 0.0) * scale, high=(mean + Z90 * spread) * scale)
        frame["day"] = (now - DAY * (back + 1)).as_unit("us")
        boards.append(frame[np.isfinite(mean) & (scale > 0)])
    table = pd.concat(boards).astype({"sound_id": "str"}).sort_values(["sound_id", "day"])
    return leave(table[list(COLUMNS)], daily)


def _baseline(plain: Matrix, units: Matrix, back: int) -> tuple[Vector, Vector]:
    """Give each sound's mean over the quiet days before a day, and the standard deviation of a day around it."""
    quiet = slice(back + QUIET_FROM, back + QUIET_UNTIL)
    mean = np.maximum(trimmed_mean(plain[:, quiet]), LEAST_MEAN)
    scattered, _ = scatter(plain[:, quiet], units[:, quiet])
    unit = np.nan_to_num(units[:, back : back + QUIET_UNTIL])
    coarse = np.max(np.where(unit > 1, unit, 0.0), axis=1, initial=0.0)
    return mean, np.sqrt(mean * (1 + mean * scattered) + coarse**2 / 6)


def over(total: Any, number: Any) -> Vector:
    """Divide; NaN where there is nothing to divide by."""
    total, number = np.asarray(total, dtype="float64"), np.asarray(number, dtype="float64")
    return np.asarray(np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0))


def trimmed_mean(days: Matrix) -> Vector:
    """Give the mean of each row's known days without its highest and lowest; NaN under 3 of them."""
    is_known = np.isfinite(days)
    known = is_known.sum(axis=1)
    highest = np.max(np.where(is_known, days, -np.inf), axis=1)
    lowest = np.min(np.where(is_known, days, np.inf), axis=1)
    is_enough = known >= QUIET_DAYS_NEEDED
    inner = np.nansum(days, axis=1) - np.where(is_enough, highest, 0.0) - np.where(is_enough, lowest, 0.0)
    return over(inner, np.where(is_enough, known - 2, 0))
