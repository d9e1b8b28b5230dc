"""Velocity: how fast a sound is used now, against its own week before. A steady sound reads 1.

``X`` posts in the last 24 h, ``Y`` in the 7 days before, each over its exposure in days:
``growth_rate = (X / E1) / (Y / E0)``; where ``Y`` is 0, ``((X + 1/2) / E1) / ((Y + 1/2) / E0)``; with no
post at all there is no ratio (NULL). Its 90 % interval is
``((X' + 1/2) / E1) / ((Y' + 1/2) / E0) * F(2 X' + 1, 2 Y' + 1)`` with ``X' = X / phi``, ``Y' = Y / phi``:
finite always, wide when little was seen. Show the ratio, rank by the lower bound.

With a history of some weeks, the board's or the posts' own, the exposures are weighted by the weekday and by the
day's common shock, and ``phi`` is learnt from how far days scatter (`trendlib.metrics.season`); else ``phi`` is 1.

On a counter the rounding unit ``u`` is an error of both counts, taken into the ends of the interval, and
``u / 2`` stands where 1/2 stands above. The recent window is widened to 2, 3, 7, 14 days until ``u`` is at
most a quarter of its increment; else the status is ``rounded``.

Other people's velocities are named translations of this one (`DIALECTS`), never a second velocity.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame
from scipy.special import fdtri

from trendlib.metrics.counters import Readings
from trendlib.metrics.daily import from_counter, from_posts, grid, posts_by_day
from trendlib.metrics.engines import DAY, between, board, enter, instant, leave, whole
from trendlib.metrics.season import PAST_WEEKS_DAYS, Season, Vector, season
from trendlib.metrics.windows import HORIZON_DAYS, Counts, Grid, Listed, Matrix
from trendlib.schema import Status

Dialect = Literal["trendlib", "tutorial_sound", "tutorial_hashtag", "tutorial_engagement"]

COLUMNS = (
    "sound_id",
    "posts_last_24h",
    "posts_last_7d",
    "growth_rate",
    "growth_low",
    "growth_high",
    "exposure_recent_days",
    "exposure_baseline_days",
    "window_days",
    "status",
    "is_season_adjusted",
    "evidence_kind",
    "is_lower_bound",
)
BASELINE_DAYS = 7
COUNTED_DAYS = 1 + BASELINE_DAYS
WINDOWS_DAYS = (1, 2, 3, 7, 14)
RECENT_NEEDED = 0.5
BASELINE_NEEDED = 0.5
BASELINE_OK = 2.0
HISTORY_DAYS = 10
GAP_DAYS = 3
COARSENESS = 0.25
LOW, HIGH = 0.05, 0.95
AN_HOUR = 1 / 24
_RATIOS = ["growth_rate", "growth_low", "growth_high"]
_TEXTS, _WHOLE = ("sound_id", "status", "evidence_kind"), ("posts_last_24h", "posts_last_7d", "window_days")
_COUNTER, _SHORT = Status.COUNTER_ONLY.value, Status.NOT_ENOUGH_COVERAGE.value


def _as_it_is(ratio: Any) -> Any:
    return ratio


def _over_six_days_divided_by_seven(ratio: Any) -> Any:
    return ratio * 7 / 6


def _over_a_week_that_holds_today(ratio: Any) -> Any:
    return 7 * ratio / (6 + ratio)


DIALECTS: Mapping[str, Callable[[Any], Any]] = {
    "trendlib": _as_it_is,
    # last 24 h over (posts from day -7 to day -1, divided by 7)
    "tutorial_sound": _over_six_days_divided_by_seven,
    # last 24 h over the mean of the last 7 days, these included: at most 7
    "tutorial_hashtag": _over_a_week_that_holds_today,
    # velocity times the mean views of the last 24 h's posts [views]
    "tutorial_engagement": _as_it_is,
}


@dataclass(frozen=True)
class _Windows:
    """A recent window and its baseline, as columns of a grid."""

    recent_days: int

    @property
    def recent(self) -> slice:
        return slice(0, self.recent_days)

    @property
    def baseline(self) -> slice:
        return slice(self.recent_days, self.both.stop)

    @property
    def both(self) -> slice:
        return slice(0, self.recent_days + max(self.recent_days, BASELINE_DAYS))


def velocity(
    posts: IntoFrame,
    *,
    as_of: datetime,
    coverage: IntoFrame | datetime | None = None,
    daily: Any = None,
    dialect: Dialect = "trendlib",
) -> Any:
    """Measure velocity on lists of posts.

    Parameters
    ----------
    posts
        ``sound_id``, ``posted_at``; ``post_id`` so that no post counts twice; ``views`` for ``tutorial_engagement``.
    as_of
        End of the recent window; posts from then on don't count, nor do posts without a time.
    coverage
        Coverage frame, the instant since when all posts are known, or None: back to each sound's oldest post.
    daily
        Daily counts of the whole board, for weekday, common shock and scatter; None learns them from the posts, as far
        as these reach back.
    dialect
        Whose velocity ``growth_rate`` and its interval are given in.

    Returns
    -------
    frame
        One row a sound, by ``sound_id``: ``posts_last_24h`` and ``posts_last_7d`` [posts] (at least, where
        ``is_lower_bound``), ``growth_rate`` with ``growth_low`` and ``growth_high`` [ratio] (NULL without coverage),
        ``exposure_recent_days`` and ``exposure_baseline_days`` [days], ``window_days`` [days], ``status``,
        ``is_season_adjusted``, ``evidence_kind`` ("posts"), ``is_lower_bound``.

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    ValueError
        If ``as_of`` has no time zone, or the dialect is unknown.
    """
    counts = posts_by_day(posts, as_of=as_of, coverage=coverage, days=COUNTED_DAYS)
    if daily is None:
        daily = from_posts(posts, as_of=as_of, coverage=coverage, days=PAST_WEEKS_DAYS + BASELINE_DAYS)
    table = _on_posts(counts, season(grid(daily, as_of=as_of)))
    if dialect == "tutorial_engagement":
        views = _mean_views(posts, as_of, table["sound_id"])
        table.update({name: table[name] * views for name in _RATIOS})
    return leave(_spoken(table, dialect), posts)


def of_counts(counts: Listed | Grid, ordinary: Season, *, dialect: Dialect = "trendlib") -> pd.DataFrame:
    """Measure velocity on counts that were made elsewhere, as `velocity` and `counter_velocity` do.

    Parameters
    ----------
    counts
        Of posts, what lists of them tell of 8 days; of counters, a grid.
    ordinary
        What an ordinary day is, learnt from the whole board.
    dialect
        Whose velocity; not one that needs views.

    Returns
    -------
    frame
        As `velocity` gives it.
    """
    if isinstance(counts, Grid):
        return _spoken(_on_counter(counts, ordinary), dialect)
    return _spoken(_on_posts(counts, ordinary), dialect)


def counter_velocity(
    readings: IntoFrame | Readings, *, as_of: datetime, daily: Any = None, dialect: Dialect = "trendlib"
) -> Any:
    """Measure velocity on use counters.

    Parameters
    ----------
    readings
        ``sound_id``, ``observed_at``, ``total_uses``, of the whole board; or these put in order once for many
        instants.
    as_of
        End of the recent window; readings from then on don't count.
    daily
        What `daily.from_counter` gave for these readings and this instant, or a grid of it, to save computing it again.
    dialect
        Whose velocity ``growth_rate`` and its interval are given in.

    Returns
    -------
    frame
        As `velocity` gives it, ``evidence_kind`` "counter". With ``window_days`` over 1, ``posts_last_24h`` is the
        daily mean of that window; where rounding or a falling counter hides the posts, they are NULL.

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    ValueError
        If ``as_of`` has no time zone, or the dialect is unknown, or needs views.
    """
    if dialect == "tutorial_engagement":
        raise ValueError("a counter shows no views; the dialect tutorial_engagement needs posts")
    if isinstance(readings, Readings):
        counts = Counts.of_counter(readings.by_day(instant(as_of), HORIZON_DAYS), HORIZON_DAYS).grid(HORIZON_DAYS)
    else:
        counts = grid(from_counter(readings, as_of=as_of) if daily is None else daily, as_of=as_of)
    return leave(_spoken(_on_counter(counts, season(counts)), dialect), readings)


def growth(x: Any, e1: Any, y: Any, e0: Any, *, phi: Any = 1.0, unit: Any = 1.0) -> tuple[Vector, Vector, Vector]:
    """Compare two counts over their exposures: the ratio and the ends of its 90 % interval.

    ``unit`` is the rounding unit of both counts; 1 means exact. NaN where nothing was counted or covered.

    Examples
    --------
    >>> [float(f"{value[0]:.3g}") for value in growth([1], [1], [0], [7])]
    [21.0, 2.07, 4530.0]
    """
    parts = (np.asarray(part, dtype="float64") for part in (x, e1, y, e0, phi, unit))
    x, e1, y, e0, phi, unit = np.broadcast_arrays(*parts)
    error, half = np.where(unit > 1, unit, 0.0), unit / 2
    is_known = (e1 > 0) & (e0 > 0) & ((x > 0) | (y > 0))
    pace = np.divide(e0, e1, out=np.full(x.shape, np.nan), where=is_known)
    has_baseline = y >= unit
    rate = pace * np.where(has_baseline, x, x + half) / np.where(has_baseline, y, y + half)
    low = pace * _quantile(np.maximum(x - error, 0.0) / phi, (y + error) / phi, LOW)
    high = pace * _quantile((x + error) / phi, np.maximum(y - error, half - 0.5) / phi, HIGH)
    return rate, np.minimum(low, rate), np.maximum(high, rate)


def _quantile(x: Vector, y: Vector, probability: float) -> Vector:
    return np.asarray((x + 0.5) / (y + 0.5) * fdtri(2 * x + 1, 2 * y + 1, probability))


def _ratio(counts: Grid, ordinary: Season, windows: _Windows) -> dict[str, Any]:
    """Compare the windows of every sound, in ordinary days instead of days; an array a column."""
    expected = counts.exposure * ordinary.expected(counts.exposure.shape[1])
    posts = np.nan_to_num(counts.posts)
    # a shock of one day is spread over a wider window
    e1 = expected[:, windows.recent].sum(axis=1) * ordinary.shock[0] ** (1 / windows.recent_days)
    e0 = expected[:, windows.baseline].sum(axis=1)
    x, y = posts[:, windows.recent].sum(axis=1), posts[:, windows.baseline].sum(axis=1)
    mean = np.divide(y, e0, out=np.zeros_like(y), where=e0 > 0)
    phi = 1 + mean * ordinary.scatter_of(counts.sounds)
    ratios = growth(x, e1, y, e0, phi=phi, unit=_coarsest(counts.unit[:, windows.both]))
    return {
        **dict(zip(_RATIOS, ratios, strict=True)),
        "sound_id": counts.sounds.to_numpy(),
        "exposure_recent_days": counts.exposure[:, windows.recent].sum(axis=1),
        "exposure_baseline_days": counts.exposure[:, windows.baseline].sum(axis=1),
        "window_days": np.full(len(x), windows.recent_days),
        "is_season_adjusted": np.full(len(x), ordinary.is_adjusted),
    }


def _coarsest(unit: Matrix) -> Vector:
    return np.asarray(np.max(np.nan_to_num(unit, nan=1.0), axis=1, initial=1.0))


def _on_posts(listed: Listed, ordinary: Season) -> dict[str, Any]:
    covered, seen, is_before_birth = np.nan_to_num(listed.posts), listed.seen, listed.is_before_birth
    exposed = np.where(is_before_birth, 0.0, listed.exposure)
    counts = Grid.of_posts(listed.sounds, covered, exposed)
    table = _ratio(counts, ordinary, _Windows(1))
    status = _posts_status(table, is_newborn=is_before_birth[:, -1])
    is_short = status == _SHORT
    is_lower_bound = is_short | (exposed[:, 0] < 1 - AN_HOUR)
    week = slice(0, BASELINE_DAYS)
    is_week_known = (exposed[:, week] + is_before_birth[:, week]).sum(axis=1) >= BASELINE_DAYS - AN_HOUR
    return {
        **table,
        **{name: np.where(is_short, np.nan, table[name]) for name in _RATIOS},
        "posts_last_24h": np.where(is_lower_bound, seen[:, 0], covered[:, 0]),
        "posts_last_7d": np.where(is_week_known, covered[:, week].sum(axis=1), seen[:, week].sum(axis=1)),
        "status": status,
        "evidence_kind": np.full(len(status), "posts"),
        "is_lower_bound": is_lower_bound,
    }


def _posts_status(table: Mapping[str, Any], *, is_newborn: Any) -> Any:
    recent, baseline = table["exposure_recent_days"], table["exposure_baseline_days"]
    status = np.where(baseline < BASELINE_OK, Status.WEAK.value, Status.OK.value)
    status = np.where(baseline < BASELINE_NEEDED, _SHORT, status)
    status = np.where(is_newborn, Status.NEW.value, status)
    return np.where(recent < RECENT_NEEDED, _SHORT, status)


def _mean_views(posts: IntoFrame, as_of: datetime, sounds: Any) -> Any:
    frame = enter(posts, ids=["sound_id"], times=["posted_at"], others=["views"])
    recent = frame.filter(between("posted_at", instant(as_of) - DAY, instant(as_of)))
    views = board(recent.group_by("sound_id").agg(nw.col("views").mean().alias("views")))
    return views.set_index("sound_id")["views"].astype("float64").reindex(sounds).to_numpy()


def _on_counter(counts: Grid, ordinary: Season) -> dict[str, Any]:
    """Measure each sound on the narrowest recent window that its rounding allows."""
    table = _on_window(counts, ordinary, _Windows(WINDOWS_DAYS[0]))
    for days in WINDOWS_DAYS[1:]:
        is_good = table["is_covered"] & table["is_resolved"]
        if is_good.all():
            break
        wider = _on_window(counts, ordinary, _Windows(days))
        is_better = ~is_good & wider["is_covered"]
        table = {name: np.where(is_better, wider[name], values) for name, values in table.items()}
    exposed = counts.exposure[:, :BASELINE_DAYS].sum(axis=1)
    week = np.nan_to_num(counts.posts[:, :BASELINE_DAYS]).sum(axis=1)
    is_told = (exposed > 0) & _is_resolved(counts, slice(0, BASELINE_DAYS))
    status = _counter_status(table, counts)
    is_measured = np.isin(status, [_COUNTER, Status.WEAK.value, Status.NEW.value])
    return {
        **table,
        **{name: np.where(is_measured, table[name], np.nan) for name in _RATIOS},
        "posts_last_7d": np.where(is_told, week / np.maximum(exposed, 1) * BASELINE_DAYS, np.nan),
        "status": status,
        "evidence_kind": np.full(len(status), "counter"),
        "is_lower_bound": np.zeros(len(status), dtype=bool),
    }


def _on_window(counts: Grid, ordinary: Season, windows: _Windows) -> dict[str, Any]:
    ratio = _ratio(counts, ordinary, windows)
    recent, baseline = ratio["exposure_recent_days"], ratio["exposure_baseline_days"]
    exposed = counts.exposure[:, windows.both]
    is_gap = np.lib.stride_tricks.sliding_window_view(exposed, GAP_DAYS + 1, axis=1).sum(axis=2) == 0
    is_covered = (exposed[:, 0] > 0) & (recent >= windows.recent_days / 2) & (baseline >= BASELINE_NEEDED)
    is_resolved = _is_resolved(counts, windows.recent)
    posts = np.nan_to_num(counts.posts[:, windows.recent]).sum(axis=1)
    return {
        **ratio,
        "posts_last_24h": np.where(is_covered & is_resolved, posts / np.maximum(recent, 1), np.nan),
        "is_covered": is_covered,
        "is_resolved": is_resolved,
        "is_thin": (baseline < exposed[:, windows.baseline].shape[1] / 2) | is_gap.any(axis=1),
    }


def _is_resolved(counts: Grid, window: slice) -> Any:
    """Tell whether the rounding unit is at most a quarter of what was counted in a window."""
    unit = _coarsest(counts.unit[:, : window.stop + 1])
    return (unit <= 1) | (unit <= COARSENESS * np.nan_to_num(counts.posts[:, window]).sum(axis=1))


def _counter_status(table: Mapping[str, Any], counts: Grid) -> Any:
    status = np.where(table["is_thin"] | (counts.history_days <= HISTORY_DAYS), Status.WEAK.value, _COUNTER)
    status = np.where(counts.history_days <= 1 + BASELINE_DAYS, Status.NEW.value, status)
    status = np.where(table["is_resolved"], status, Status.ROUNDED.value)
    return np.where(table["is_covered"], status, _SHORT)


def _spoken(table: Mapping[str, Any], dialect: str) -> pd.DataFrame:
    if dialect not in DIALECTS:
        raise ValueError(f"no velocity dialect {dialect!r}; there are {', '.join(DIALECTS)}")
    spoken = {
        **table,
        **{name: DIALECTS[dialect](table[name]) for name in _RATIOS},
        **{name: pd.array(table[name].astype("object"), dtype="str") for name in _TEXTS},
        **{name: whole(table[name]) for name in _WHOLE},
    }
    return pd.DataFrame({name: spoken[name] for name in COLUMNS})
