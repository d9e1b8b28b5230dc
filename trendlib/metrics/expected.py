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
from numpy.lib.stride_tricks import sliding_window_view

from trendlib.metrics.daily import grid
from trendlib.metrics.engines import days_at, instant, leave
from trendlib.metrics.season import beside_the_board, coarsest, own_scatter, season, trimmed_mean
from trendlib.metrics.windows import HORIZON_DAYS, Matrix

COLUMNS = ("sound_id", "day", "mean", "low", "high")
QUIET_FROM, QUIET_UNTIL = 4, 25
LEAST_MEAN = 1.0
Z90 = 1.645


def expected(daily: Any, *, as_of: datetime, days: int = 28, only: str | None = None) -> Any:
    """Give the band in which each sound's days would lie if it went on as in its quiet days.

    Parameters
    ----------
    daily
        A row a sound and day, as `daily.from_posts` and `daily.from_counter` give it, or a grid of it; the whole board.
    as_of
        End of the last day.
    days
        How many days to look at, the last included.
    only
        Give the band of this sound alone; what is ordinary is learnt from the whole board all the same.

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
    ordinary = season(counts)
    usual = ordinary.expected(counts.posts.shape[1])
    usual[: len(ordinary.shock)] *= ordinary.shock
    asked = np.flatnonzero(counts.sounds == only) if only is not None else np.arange(len(counts.sounds))
    mean, spread = _baseline(counts.rate / usual, counts.unit, days, asked)
    scale = usual[:days] * counts.exposure[asked, :days]
    is_told = np.isfinite(mean) & (scale > 0)
    row, place = np.nonzero(is_told[:, ::-1])
    back = days - 1 - place
    mean, spread, scale = mean[row, back], spread[row, back], scale[row, back]
    table = pd.DataFrame(
        {
            "sound_id": pd.Series(counts.sounds.take(asked[row]), dtype="str"),
            "day": days_at(back + 1, instant(as_of)),
            "mean": mean * scale,
            "low": np.maximum(mean - Z90 * spread, 0.0) * scale,
            "high": (mean + Z90 * spread) * scale,
        }
    )
    return leave(table, daily)


def _baseline(plain: Matrix, units: Matrix, days: int, asked: Any) -> tuple[Matrix, Matrix]:
    """Give some sounds' mean over the quiet days before each day, and the standard deviation of a day around it."""
    short = ((0, 0), (0, max(days - 1 + QUIET_UNTIL - plain.shape[1], 0)))
    plain, units = (np.pad(matrix, short, constant_values=np.nan) for matrix in (plain, units))
    width = QUIET_UNTIL - QUIET_FROM
    quiet, unit = (sliding_window_view(one, width, axis=1)[:, QUIET_FROM:][:, :days] for one in (plain, units))
    mean = np.maximum(trimmed_mean(quiet[asked]), LEAST_MEAN)
    scattered, _ = beside_the_board(own_scatter(quiet, unit))
    coarse = coarsest(sliding_window_view(units, QUIET_UNTIL, axis=1)[asked, :days])
    return mean, np.sqrt(mean * (1 + mean * scattered[asked]) + coarse**2 / 6)
