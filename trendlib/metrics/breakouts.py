"""Breakouts: is today's pace more than the sound's own quiet days, and the board's, can explain?

With ``c`` = posts / exposure / weekday factor / the day's common shock, on each day ``t``::

    mu    = trimmed mean (highest and lowest dropped) of c over days t-24 ... t-4         phi = 1 + mu tau^2
    z[u]  = (c[u] - mu) / sqrt(phi mu)      E = (0.4 z[t] + 0.6 E before, last 7 days) / sqrt(0.4 / 1.6)      L = mean(c[t-2..t]) / mu

    unusual    E >= 3                                              shown, not sent
    watch      E >= 5, L >= 2, 30 posts in 24 h, status ok or counter_only
    confirmed  watch on the day before as well
    new        first seen under 8 days ago: 60 posts a day from 20 creators

On a counter the variance of the rounding, ``u^2 / 6``, is added to ``phi mu``. Rank by evidence ``E``.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from trendlib.metrics.daily import HORIZON_DAYS, Grid, Matrix, grid
from trendlib.metrics.engines import DAY, board, enter, instant, leave, whole
from trendlib.metrics.rules import BREAKOUT, CATCH_THEM_EARLY, Rule
from trendlib.metrics.season import OWN_WEIGHT, Season, Vector, scatter, season
from trendlib.schema import Status

COLUMNS = ("sound_id", "day", "alert", "evidence", "lift", "posts_last_24h", "status", "rule", "rule_version")
QUIET_FROM, QUIET_UNTIL = 4, 25
QUIET_DAYS_NEEDED = 3
QUIET_DAYS_OK = 10
WEIGHTS = 0.4 * 0.6 ** np.arange(7)
STEADY_NOISE = np.sqrt(0.4 / 1.6)
LIFT_DAYS = 3
NEW_DAYS = 8


@dataclass(frozen=True)
class _Day:
    """What one day says of every sound."""

    evidence: Vector
    lift: Vector
    posts: Vector
    status: np.ndarray[Any, np.dtype[np.str_]]
    is_watch: np.ndarray[Any, np.dtype[np.bool_]]
    is_new: np.ndarray[Any, np.dtype[np.bool_]]


def breakouts(daily: IntoFrame, *, as_of: datetime, days: int = 1, rule: Rule = BREAKOUT) -> Any:
    """Look for breakouts on the last day, or on each of the last ``days`` days.

    Parameters
    ----------
    daily
        A row a sound and day, as `daily.from_posts` (with ``posts_per_creator=2``) and `daily.from_counter` give it; the whole board.
    as_of
        End of the last day.
    days
        How many days to look at, the last included.
    rule
        Thresholds.

    Returns
    -------
    frame
        A row a sound and day: ``sound_id``, ``day`` [UTC, start of the window], ``alert`` (none, unusual, watch, confirmed, new), ``evidence`` [E],
        ``lift`` [L] (NULL where they can't be told), ``posts_last_24h`` [posts], ``status``, ``rule``, ``rule_version``.

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    counts = grid(daily, as_of=as_of, days=HORIZON_DAYS + days)
    ordinary = season(counts)
    adjusted = _adjusted(counts, ordinary)
    ends = [_day(counts, adjusted, back, rule) for back in range(days + 1)]
    now = instant(as_of)
    boards = []
    for back in range(days):
        today, before = ends[back], ends[back + 1]
        frame = pd.DataFrame({"sound_id": counts.sounds.to_numpy(), "alert": _alert(today, before, rule)})
        frame = frame.assign(evidence=today.evidence, lift=today.lift, posts_last_24h=whole(today.posts), status=today.status)
        frame["day"] = (now - DAY * (back + 1)).as_unit("us")
        boards.append(frame[counts.is_seen[:, back:].any(axis=1)])
    result = pd.concat(boards).assign(rule=rule.name, rule_version=rule.version)
    text = dict.fromkeys(("sound_id", "alert", "status", "rule", "rule_version"), "str")
    return leave(result.astype(text).sort_values(["sound_id", "day"])[list(COLUMNS)], daily)


def catch_them_early(leaders: IntoFrame, *, rule: Rule = CATCH_THEM_EARLY) -> Any:
    """Keep the sounds that grow fast while still small: the rule an A&R team acts on.

    A sound passes with a rankable status, ``growth_rate`` of at least 3, fewer than 100,000 uses in all and at least 50 posts
    in 24 h. Unknown uses don't pass.

    Parameters
    ----------
    leaders
        A leaderboard.
    rule
        Thresholds.

    Returns
    -------
    frame
        The rows that pass, as they came.

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    frame = enter(leaders, ids=["sound_id"], others=["status", *rule.thresholds])
    rankable = [status.value for status in Status if status.is_rankable]
    passing = frame.filter(
        nw.col("status").is_in(rankable),
        nw.col("growth_rate") >= rule["growth_rate"],
        nw.col("total_uses") < rule["total_uses"],
        nw.col("posts_last_24h") >= rule["posts_last_24h"],
    )
    return board(passing) if isinstance(passing, nw.LazyFrame) else passing.to_native()


def _adjusted(counts: Grid, ordinary: Season) -> Matrix:
    windows = counts.posts.shape[1]
    shock = np.ones(windows)
    shock[: len(ordinary.shock)] = ordinary.shock
    return counts.rate / (ordinary.expected(windows) * shock)


def _day(counts: Grid, adjusted: Matrix, back: int, rule: Rule) -> _Day:
    quiet, unit = adjusted[:, back + QUIET_FROM : back + QUIET_UNTIL], counts.unit[:, back + QUIET_FROM : back + QUIET_UNTIL]
    known = np.isfinite(quiet).sum(axis=1)
    mean = np.maximum(_trimmed_mean(quiet), 1 / (QUIET_UNTIL - QUIET_FROM))
    coarse = np.nanmax(np.where(counts.unit[:, back : back + QUIET_UNTIL] > 1, counts.unit[:, back : back + QUIET_UNTIL], 0.0), axis=1, initial=0.0)
    noise = np.sqrt(mean * (1 + mean * _scatter(quiet, unit)) + coarse**2 / 6)
    z = (adjusted[:, back : back + len(WEIGHTS)] - mean[:, None]) / noise[:, None]
    is_known = np.isfinite(z)
    # a missing day takes its share of the noise along
    share = np.sqrt((is_known * WEIGHTS**2).sum(axis=1) / (WEIGHTS**2).sum())
    evidence = np.divide(np.nansum(z * WEIGHTS, axis=1), STEADY_NOISE * share, out=np.full(len(z), np.nan), where=is_known[:, 0])
    latest = adjusted[:, back : back + LIFT_DAYS]
    pace = np.divide(np.nansum(latest, axis=1), np.isfinite(latest).sum(axis=1), out=np.full(len(z), np.nan), where=is_known[:, 0])
    lift = pace / mean
    history = counts.is_seen.shape[1] - np.argmax(counts.is_seen[:, ::-1], axis=1) - back
    status = np.where(counts.is_counter, Status.COUNTER_ONLY.value, Status.OK.value)
    status = np.where(coarse > pace * LIFT_DAYS / 4, Status.ROUNDED.value, status)
    status = np.where(known < QUIET_DAYS_OK, Status.WEAK.value, status)
    is_missing = ~np.isfinite(counts.rate[:, back])
    status = np.where((known < QUIET_DAYS_NEEDED) | is_missing, Status.NOT_ENOUGH_COVERAGE.value, status)
    status = np.where((history <= NEW_DAYS) & ~is_missing, Status.NEW.value, status)
    posts = counts.rate[:, back]
    is_unknown = np.isin(status, [Status.NOT_ENOUGH_COVERAGE.value, Status.NEW.value])
    evidence, lift = np.where(is_unknown, np.nan, evidence), np.where(is_unknown, np.nan, lift)
    is_trusted = np.isin(status, [Status.OK.value, Status.COUNTER_ONLY.value])
    is_watch = is_trusted & (evidence >= rule["watch_evidence"]) & (lift >= rule["watch_lift"]) & (posts >= rule["watch_posts"])
    is_crowd = counts.creators[:, back] >= rule["new_creators"]
    is_new = (status == Status.NEW.value) & (posts >= rule["new_posts"]) & is_crowd
    return _Day(evidence, lift, posts, status, is_watch, is_new)


def _trimmed_mean(days: Matrix) -> Vector:
    known = np.isfinite(days).sum(axis=1)
    highest = np.max(np.where(np.isfinite(days), days, -np.inf), axis=1)
    lowest = np.min(np.where(np.isfinite(days), days, np.inf), axis=1)
    is_enough = known >= QUIET_DAYS_NEEDED
    inner = np.nansum(days, axis=1) - np.where(is_enough, highest, 0.0) - np.where(is_enough, lowest, 0.0)
    return np.divide(inner, known - 2, out=np.full(len(days), np.nan), where=is_enough)


def _scatter(quiet: Matrix, unit: Matrix) -> Vector:
    own = scatter(quiet, unit)
    median = float(np.nanmedian(own)) if np.isfinite(own).any() else 0.0
    return np.where(np.isnan(own), median, OWN_WEIGHT * own + (1 - OWN_WEIGHT) * median)


def _alert(today: _Day, before: _Day, rule: Rule) -> np.ndarray[Any, np.dtype[np.str_]]:
    is_unusual = today.evidence >= rule["unusual_evidence"]
    words = np.where(is_unusual, "unusual", "none")
    words = np.where(today.is_watch, "watch", words)
    words = np.where(today.is_watch & before.is_watch, "confirmed", words)
    return np.where(today.is_new, "new", words)
