"""Velocity: how fast a sound is used now, against its own week before. A steady sound reads 1.

``X`` posts in the last 24 h, ``Y`` in the 7 days before, each over its exposure in days: ``growth_rate = (X / E1) / (Y / E0)``;
where ``Y`` is 0, ``((X + 1/2) / E1) / ((Y + 1/2) / E0)``; with no post at all there is no ratio (NULL).
Its 90 % interval is ``((X' + 1/2) / E1) / ((Y' + 1/2) / E0) * F(2 X' + 1, 2 Y' + 1)`` with ``X' = X / phi``, ``Y' = Y / phi``:
finite always, wide when little was seen. Show the ratio, rank by the lower bound.

With a board's `daily` history the exposures are weighted by the weekday and by the day's common shock, and ``phi`` is learnt from how far
days scatter (`trendlib.metrics.season`); without it ``phi`` is 1.

On a counter the rounding unit ``u`` is an error of both increments, taken into the interval's ends, and one half of it stands where 1/2 stands above.
The recent window is widened to 2, 3, 7, 14 days until ``u`` is at most a quarter of its increment; else the status is `rounded`.

Other people's velocities are named translations of this one (`DIALECTS`), never a second velocity.
"""

from datetime import datetime
from typing import Any, Literal

import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame
from scipy.special import fdtri

from trendlib.metrics.daily import Grid, Matrix, from_counter, grid, posts_by_day
from trendlib.metrics.engines import instant, leave, whole
from trendlib.metrics.season import Season, no_season, season
from trendlib.schema import Status

Dialect = Literal["trendlib", "tutorial_sound", "tutorial_hashtag"]
Vector = np.ndarray[Any, np.dtype[np.float64]]

COLUMNS = (
    "sound_id", "posts_last_24h", "posts_last_7d", "growth_rate", "growth_low", "growth_high", "exposure_recent_days",
    "exposure_baseline_days", "window_days", "status", "is_season_adjusted", "evidence_kind", "is_lower_bound",
)  # fmt: skip
BASELINE_DAYS = 7
WINDOWS_DAYS = (1, 2, 3, 7, 14)
LONGEST_DAYS = 28
RECENT_NEEDED = 0.5
BASELINE_NEEDED = 0.5
BASELINE_WEAK = 2.0
BASELINE_HALF = 0.5
HISTORY_DAYS = 10
GAP_DAYS = 3
COARSENESS = 0.25
LOW, HIGH = 0.05, 0.95
AN_HOUR = 1 / 24


def velocity(
    posts: IntoFrame,
    *,
    as_of: datetime,
    coverage: IntoFrame | datetime | None = None,
    daily: IntoFrame | None = None,
    dialect: Dialect = "trendlib",
) -> Any:
    """Measure velocity on lists of posts.

    Parameters
    ----------
    posts
        ``sound_id``, ``posted_at``; ``post_id`` so that no post counts twice.
    as_of
        End of the recent window; posts from then on don't count, nor do posts without a time.
    coverage
        Coverage frame, the instant since when all posts are known, or None: back to each sound's oldest post.
    daily
        Daily counts of the whole board, for weekday, common shock and scatter.
    dialect
        Whose velocity ``growth_rate`` and its interval are given in.

    Returns
    -------
    frame
        One row a sound, by ``sound_id``: ``posts_last_24h`` and ``posts_last_7d`` [posts] (at least, where ``is_lower_bound``), ``growth_rate``
        with ``growth_low`` and ``growth_high`` [ratio] (NULL without coverage), ``exposure_recent_days`` and ``exposure_baseline_days`` [days],
        ``window_days`` [days], ``status``, ``is_season_adjusted``, ``evidence_kind`` ("posts"), ``is_lower_bound``.

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    ValueError
        If ``as_of`` has no time zone, or the dialect is unknown.
    """
    days = 1 + BASELINE_DAYS
    counts = posts_by_day(posts, as_of=as_of, coverage=coverage, days=days)
    sounds = pd.Index(counts["sound_id"].iloc[::days])
    covered, seen, exposed = (_matrix(counts[name], days) for name in ("posts", "seen", "exposure_days"))
    covered = np.nan_to_num(covered)
    is_newborn = _matrix(counts["is_before_birth"], days)[:, -1] > 0
    exposed = np.where(_matrix(counts["is_before_birth"], days) > 0, 0.0, exposed)
    ordinary = no_season() if daily is None else season(grid(daily, as_of=as_of))
    recent, baseline = slice(0, 1), slice(1, days)
    board = _ratio(covered, exposed, sounds, ordinary, recent, baseline)
    e1, e0 = exposed[:, recent].sum(axis=1), exposed[:, baseline].sum(axis=1)
    is_short = (e1 < RECENT_NEEDED) | (e0 < BASELINE_NEEDED)
    status = np.where(e0 < BASELINE_WEAK, Status.WEAK.value, Status.OK.value)
    status = np.where(is_short, Status.NOT_ENOUGH_COVERAGE.value, status)
    status = np.where(is_newborn & (e1 >= RECENT_NEEDED), Status.NEW.value, status)
    board.loc[is_short, ["growth_rate", "growth_low", "growth_high"]] = np.nan
    is_lower_bound = (e1 < 1 - AN_HOUR) & ~is_newborn
    board["posts_last_24h"] = whole(np.where(is_lower_bound, seen[:, 0], covered[:, 0]))
    is_week_known = exposed[:, :BASELINE_DAYS].sum(axis=1) >= BASELINE_DAYS - AN_HOUR
    board["posts_last_7d"] = whole(np.where(is_week_known, covered[:, :7].sum(axis=1), seen[:, :7].sum(axis=1)))
    board = board.assign(exposure_recent_days=e1, exposure_baseline_days=e0, window_days=1, status=status)
    board["is_lower_bound"] = is_lower_bound | (status == Status.NOT_ENOUGH_COVERAGE.value)
    return leave(_finished(board, sounds, "posts", dialect, is_adjusted=ordinary.is_adjusted), posts)


def counter_velocity(
    readings: IntoFrame, *, as_of: datetime, daily: IntoFrame | None = None, dialect: Dialect = "trendlib"
) -> Any:
    """Measure velocity on use counters.

    Parameters
    ----------
    readings
        ``sound_id``, ``observed_at``, ``total_uses``, of the whole board.
    as_of
        End of the recent window; readings from then on don't count.
    daily
        What `daily.from_counter` gave for these readings and this instant, to save computing it again.
    dialect
        Whose velocity ``growth_rate`` and its interval are given in.

    Returns
    -------
    frame
        As `velocity` gives it, ``evidence_kind`` "counter". With ``window_days`` over 1, ``posts_last_24h`` is the daily mean of that window.

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    ValueError
        If ``as_of`` has no time zone, or the dialect is unknown.
    """
    history = from_counter(readings, as_of=as_of) if daily is None else daily
    counts = grid(history, as_of=as_of)
    ordinary = season(counts)
    board = _windowed(counts, ordinary)
    posts, exposed = np.nan_to_num(counts.posts), counts.exposure
    week, week_exposed = posts[:, :BASELINE_DAYS].sum(axis=1), exposed[:, :BASELINE_DAYS].sum(axis=1)
    board["posts_last_7d"] = whole(np.where(week_exposed > 0, week / np.maximum(week_exposed, 1) * BASELINE_DAYS, np.nan))
    board["status"] = _counter_status(board, counts)
    known = board["status"].isin([Status.COUNTER_ONLY, Status.WEAK, Status.NEW])
    board.loc[~known, ["growth_rate", "growth_low", "growth_high"]] = np.nan
    board["is_lower_bound"] = False
    return leave(_finished(board, counts.sounds, "counter", dialect, is_adjusted=ordinary.is_adjusted), readings)


def growth(x: Any, e1: Any, y: Any, e0: Any, *, phi: Any = 1.0, unit: Any = 1.0) -> tuple[Vector, Vector, Vector]:
    """Compare two counts over their exposures: the ratio and the ends of its 90 % interval.

    ``unit`` is the rounding unit of both counts; 1 means exact. NaN where nothing was counted or nothing covered.

    Examples
    --------
    >>> [float(f"{value[0]:.3g}") for value in growth([1], [1], [0], [7])]
    [21.0, 2.1, 4530.0]
    """
    x, e1, y, e0, phi, unit = np.broadcast_arrays(*(np.asarray(part, dtype="float64") for part in (x, e1, y, e0, phi, unit)))
    error = np.where(unit > 1, unit, 0.0)
    half = unit / 2
    is_known = (e1 > 0) & (e0 > 0) & ((x > 0) | (y > 0))
    pace = np.divide(e0, e1, out=np.full(x.shape, np.nan), where=is_known)
    has_baseline = y >= unit
    rate = pace * np.where(has_baseline, x, x + half) / np.where(has_baseline, y, y + half)
    low = pace * _quantile(np.maximum(x - error, 0.0) / phi, (y + error) / phi, LOW)
    high = pace * _quantile((x + error) / phi, np.maximum(y - error, 0.0) / phi, HIGH)
    return rate, np.minimum(low, rate), np.maximum(high, rate)


def _quantile(x: Vector, y: Vector, probability: float) -> Vector:
    return np.asarray((x + 0.5) / (y + 0.5) * fdtri(2 * x + 1, 2 * y + 1, probability))


def tutorial_sound(ratio: Any) -> Any:
    """Translate into the sound tutorial's velocity: last 24 h over (six days before, divided by seven)."""
    return ratio * 7 / 6


def tutorial_hashtag(ratio: Any) -> Any:
    """Translate into the hashtag tutorial's velocity: last 24 h over the mean of the last 7 days, these included; at most 7."""
    return 7 * ratio / (6 + ratio)


def as_it_is(ratio: Any) -> Any:
    """Leave the ratio as trendlib means it."""
    return ratio


DIALECTS = {"trendlib": as_it_is, "tutorial_sound": tutorial_sound, "tutorial_hashtag": tutorial_hashtag}


def _matrix(values: "pd.Series[Any]", days: int) -> Matrix:
    return values.to_numpy(dtype="float64", na_value=np.nan).reshape(-1, days)


def _ratio(
    posts: Matrix,
    exposed: Matrix,
    sounds: "pd.Index[Any]",
    ordinary: Season,
    recent: slice,
    baseline: slice,
    unit: Any = 1.0,
) -> pd.DataFrame:
    weighted = exposed * ordinary.expected(exposed.shape[1])
    windows = recent.stop - recent.start
    e1 = weighted[:, recent].sum(axis=1) * ordinary.shock[0] ** (1 / windows)
    e0 = weighted[:, baseline].sum(axis=1)
    x, y = posts[:, recent].sum(axis=1), posts[:, baseline].sum(axis=1)
    mean = np.divide(y, e0, out=np.zeros_like(y), where=e0 > 0)
    phi = 1 + mean * ordinary.scatter_of(sounds)
    rate, low, high = growth(x, e1, y, e0, phi=phi, unit=unit)
    return pd.DataFrame({"growth_rate": rate, "growth_low": low, "growth_high": high})


def _windowed(counts: Grid, ordinary: Season) -> pd.DataFrame:
    """Measure each sound on the narrowest recent window that its rounding allows."""
    chosen = _window(counts, ordinary, WINDOWS_DAYS[0])
    for days in WINDOWS_DAYS[1:]:
        wider = _window(counts, ordinary, days)
        is_better = ~chosen["is_fine"] & wider["is_covered"]
        chosen = chosen.where(~is_better, wider)
    return chosen


def _window(counts: Grid, ordinary: Season, days: int) -> pd.DataFrame:
    until = days + max(days, BASELINE_DAYS)
    recent, baseline = slice(0, days), slice(days, until)
    posts, exposed = np.nan_to_num(counts.posts), counts.exposure
    e1, e0 = exposed[:, recent].sum(axis=1), exposed[:, baseline].sum(axis=1)
    x = posts[:, recent].sum(axis=1)
    unit = _coarsest(counts.unit[:, : days + 1])
    board = _ratio(posts, exposed, counts.sounds, ordinary, recent, baseline, unit=_coarsest(counts.unit[:, :until]))
    is_gap = np.lib.stride_tricks.sliding_window_view(exposed[:, :until], GAP_DAYS + 1, axis=1).sum(axis=2) == 0
    is_covered = (exposed[:, 0] > 0) & (e1 >= days / 2) & (e0 >= BASELINE_NEEDED)
    is_resolved = (unit <= 1) | (unit <= COARSENESS * x)
    return board.assign(
        posts_last_24h=whole(np.where(is_covered & is_resolved, x / np.maximum(e1, 1), np.nan)),
        exposure_recent_days=e1,
        exposure_baseline_days=e0,
        window_days=days,
        is_covered=is_covered,
        is_resolved=is_resolved,
        is_fine=is_covered & is_resolved,
        is_thin=(e0 < (until - days) / 2) | is_gap.any(axis=1),
    )


def _coarsest(unit: Matrix) -> Vector:
    return np.asarray(np.nanmax(np.nan_to_num(unit, nan=1.0), axis=1, initial=1.0))


def _counter_status(board: pd.DataFrame, counts: Grid) -> Any:
    oldest = counts.is_seen.shape[1] - np.argmax(counts.is_seen[:, ::-1], axis=1)
    status = np.where(board["is_thin"] | (oldest <= HISTORY_DAYS), Status.WEAK.value, Status.COUNTER_ONLY.value)
    status = np.where(oldest <= 1 + BASELINE_DAYS, Status.NEW.value, status)
    status = np.where(board["is_resolved"], status, Status.ROUNDED.value)
    return np.where(board["is_covered"], status, Status.NOT_ENOUGH_COVERAGE.value)


def _finished(
    board: pd.DataFrame, sounds: "pd.Index[Any]", evidence_kind: str, dialect: str, *, is_adjusted: bool
) -> pd.DataFrame:
    if dialect not in DIALECTS:
        raise ValueError(f"no velocity dialect {dialect!r}; there are {', '.join(DIALECTS)}")
    ratios = ["growth_rate", "growth_low", "growth_high"]
    board[ratios] = DIALECTS[dialect](board[ratios])
    board = board.assign(sound_id=sounds.to_numpy(), evidence_kind=evidence_kind, is_season_adjusted=is_adjusted)
    text = dict.fromkeys(("sound_id", "status", "evidence_kind"), "str")
    return board.astype({**text, "window_days": "Int64"})[list(COLUMNS)]
