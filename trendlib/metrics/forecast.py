"""Forecast: how many uses the next days bring, with an interval that other sounds' past errors have earned.

A *damped log-linear trend* over the last 21 daily counts, the latest weighing most (half after 5 days)::

    pace(t) = exp(a + b t)          fitted as Poisson counts with the slope held back, so zero days count as they are
    pace(h) = exp(a + b (0.9 + 0.9^2 + ... + 0.9^h))           h days ahead: today's slope dies out

The same is done at earlier instants of the board, on what was known by then, and held against what came:
``log_error = log(forecast / uses)``. The median error of the *other* sounds is taken off the forecast, their 10 % and
90 % quantiles are the ends of its 80 % interval. An error counts from the day on which its outcome is known, for ten
weeks. Without 20 errors of 4 other sounds there is no interval, and the status is ``weak``.

*No ceiling before an inflection*: how many uses are still to come is told only when the pace has clearly passed its
peak (the last week below 0.8 of the best week, which ended at least a week ago, and falling by 2 % a day or more).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from trendlib.metrics.daily import grid
from trendlib.metrics.engines import board, days_at, days_before, enter, instant, leave, whole
from trendlib.metrics.season import WEEK, Vector
from trendlib.metrics.windows import HORIZON_DAYS, Grid, Matrix
from trendlib.schema import Status

COLUMNS = (
    "sound_id", "uses_next", "uses_low", "uses_high", "uses_before", "daily_growth", "is_past_inflection",
    "uses_to_come", "errors_used", "status",
)  # fmt: skip
FITTED_DAYS = 21
HALF_LIFE_DAYS = 5.0
DAMPING = 0.9
HELD_BACK = 30.0
STEPS, SETTLED = 25, 1e-13
RECENT_DAYS, RECENT_NEEDED, WEEK_NEEDED = 14, 10, 5
COARSENESS = 0.25
LOW, HIGH = 0.1, 0.9
ERRORS_NEEDED, SOUNDS_NEEDED = 20, 4
ERRORS_REMEMBERED_DAYS = 70
ERRORS_EVERY_DAYS = 3
FOLDS = 20
PAST_PEAK, FALL_NEEDED = 0.8, 0.02
BEST_WEEK_DAYS = 35
_NOT_TOLD = [Status.NEW.value, Status.ROUNDED.value, Status.NOT_ENOUGH_COVERAGE.value]


@dataclass(frozen=True)
class _Trend:
    """A fitted trend: pace at the as-of instant [posts a day] and its daily slope on the log scale."""

    pace: Vector
    slope: Vector

    def uses(self, days: int) -> Vector:
        """Add up the damped pace of the days ahead."""
        # the middle of a day ahead lies half a step before its end
        ahead = np.cumsum(DAMPING ** np.arange(1, days + 1)) - 0.5
        return np.asarray(self.pace * np.exp(self.slope[:, None] * ahead).sum(axis=1))


# of each grid, the trends so many days back: forecasts so far ahead and farther stand on the same
_FITTED: "WeakKeyDictionary[Grid, dict[int, _Trend]]" = WeakKeyDictionary()


@dataclass(frozen=True)
class _Errors:
    """Errors of past forecasts: whose, as a place among the sounds, and how large."""

    sounds: list[str]
    place: Any
    error: Vector


def forecast(daily: Any, *, as_of: datetime, days: int = 7, errors: IntoFrame | None = None) -> Any:
    """Forecast each sound's uses over the next days.

    Parameters
    ----------
    daily
        A row a sound and day, as `daily.from_posts` and `daily.from_counter` give it; the whole board.
    as_of
        End of the last known day.
    days
        How many days ahead.
    errors
        What `forecast_errors` gave at this and earlier instants; None computes them from ``daily``, which reaches back
        ten weeks.

    Returns
    -------
    frame
        A row a sound, by ``sound_id``: ``uses_next`` with ``uses_low`` and ``uses_high`` [posts] (80 % interval),
        ``uses_before`` [posts] of as many days up to ``as_of``, ``daily_growth`` [ratio a day] now,
        ``is_past_inflection``, ``uses_to_come`` [posts] in all if the fall goes on (NULL before an inflection),
        ``errors_used``, ``status`` (``new``, ``rounded`` and ``not_enough_coverage`` forecast nothing).

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    ValueError
        If ``as_of`` has no time zone, or ``days`` is not 1 to 14.
    """
    _check(days)
    now = instant(as_of)
    counts = grid(daily, as_of=now)
    known = forecast_errors(daily, as_of=now, days=days) if errors is None else errors
    past = _usable(known, now, days)
    trend, recent = _trends(daily, counts, [0]), slice(0, RECENT_DAYS)
    status = _status(counts.rate[:, recent], counts.unit[:, recent], counts.is_counter, counts.history_days)
    middle, low, high, used = _learnt(past, counts.sounds)
    plain = trend.uses(days)
    is_told = ~np.isin(status, _NOT_TOLD)
    is_bare = is_told & ~np.isfinite(low)
    is_past = is_told & _is_past_inflection(counts.rate, trend)
    fall = -np.expm1(np.where(is_past, trend.slope, -1.0))
    table = pd.DataFrame(
        {
            "sound_id": pd.Series(counts.sounds, dtype="str"),
            "uses_next": np.where(is_told, plain * np.exp(-np.nan_to_num(middle)), np.nan),
            "uses_low": np.where(is_told, plain * np.exp(-high), np.nan),
            "uses_high": np.where(is_told, plain * np.exp(-low), np.nan),
            "uses_before": _week_before(counts.rate, days),
            "daily_growth": np.where(is_told, np.exp(trend.slope), np.nan),
            "is_past_inflection": is_past,
            "uses_to_come": whole(np.where(is_past, trend.pace / fall, np.nan)),
            "errors_used": whole(used),
            "status": pd.Series(np.where(is_bare, Status.WEAK.value, status), dtype="str"),
        }
    )
    return leave(table, daily)


def forecast_errors(daily: Any, *, as_of: datetime, days: int = 7) -> Any:
    """Forecast at earlier instants of the board, and hold it against what came.

    Parameters
    ----------
    daily
        As `forecast` takes it.
    as_of
        Nothing from then on is looked at.
    days
        How many days ahead.

    Returns
    -------
    frame
        A row a sound and earlier instant: ``sound_id``, ``as_of`` [UTC] of the forecast, ``log_error`` (above 0: too
        high a forecast), ``log_error_naive`` of "the same as in the days before".

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    ValueError
        If ``as_of`` has no time zone, or ``days`` is not 1 to 14.
    """
    _check(days)
    now = instant(as_of)
    counts = grid(daily, as_of=now)
    backs = range(days, HORIZON_DAYS - RECENT_DAYS + 1, ERRORS_EVERY_DAYS)[::-1]
    fitted = _trends(daily, counts, backs).uses(days).reshape(len(backs), -1)
    recent, units = (
        np.stack([one[:, back : back + RECENT_DAYS] for back in backs]) for one in (counts.rate, counts.unit)
    )
    came = np.stack([counts.rate[:, back - days : back] for back in backs])
    known = np.isfinite(came).sum(axis=-1)
    status = _status(recent, units, counts.is_counter, counts.history_days - np.array(backs)[:, None])
    is_told = (~np.isin(status, _NOT_TOLD) & (known >= days - 1)).T
    uses = (np.nansum(came, axis=-1) / np.maximum(known, 1) * days).T[is_told] + 1
    row, column = np.nonzero(is_told)
    table = pd.DataFrame(
        {
            "sound_id": pd.Series(counts.sounds.take(row), dtype="str"),
            "as_of": days_at(np.array(backs)[column], now),
            "log_error": np.log((fitted.T[is_told] + 1) / uses),
            "log_error_naive": np.log((_week_before(recent, days).T[is_told] + 1) / uses),
        }
    )
    return leave(table, daily)


def _check(days: int) -> None:
    if not 1 <= days <= RECENT_DAYS:
        raise ValueError(f"a forecast reaches 1 to {RECENT_DAYS} days ahead, not {days}")


def _trends(daily: Any, counts: Grid, backs: Sequence[int]) -> _Trend:
    """Fit all sounds at some instants, so many days back; of one grid once, however far ahead is looked."""
    known = _FITTED.setdefault(daily, {}) if isinstance(daily, Grid) else {}
    new = [back for back in backs if back not in known]
    if new:
        # all instants at once: many small fits take ten times as long
        windows = [_padded(counts.rate[:, back : back + FITTED_DAYS]) for back in new]
        fitted = _fitted(np.concatenate(windows))
        each = (np.split(values, len(new)) for values in (fitted.pace, fitted.slope))
        known.update({back: _Trend(*found) for back, *found in zip(new, *each, strict=True)})
    return _Trend(*(np.concatenate([getattr(known[back], name) for back in backs]) for name in ("pace", "slope")))


def _padded(window: Matrix) -> Matrix:
    """Fill a window at the edge of what is known up with unknown days."""
    if window.shape[1] == FITTED_DAYS:
        return window
    return np.pad(window, ((0, 0), (0, FITTED_DAYS - window.shape[1])), constant_values=np.nan)


def _fitted(rate: Matrix) -> _Trend:
    """Fit the weighted Poisson trend of every sound by Newton's method, all at once."""
    days = rate[:, :FITTED_DAYS]
    time = -(np.arange(days.shape[1]) + 0.5)
    is_known = np.isfinite(days)
    weight = np.where(is_known, 0.5 ** (-time / HALF_LIFE_DAYS), 0.0)
    posts = np.where(is_known, days, 0.0)
    mean = (weight * posts).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-9)
    told = weight * posts / np.maximum(mean, 1e-9)[:, None]
    level, slope = np.zeros(len(days)), np.zeros(len(days))
    moving = np.arange(len(days))
    for _ in range(STEPS):
        up, turn = _newton(level[moving], slope[moving], weight, told, time)
        level[moving] += up
        slope[moving] += turn
        is_moving = np.abs(up) + np.abs(turn) * FITTED_DAYS > SETTLED
        if not is_moving.any():
            break
        if not is_moving.all():
            moving, weight, told = moving[is_moving], weight[is_moving], told[is_moving]
    return _Trend(np.exp(level) * mean, slope)


def _newton(level: Vector, slope: Vector, weight: Matrix, told: Matrix, time: Any) -> tuple[Vector, Vector]:
    """Give the next step of level and slope."""
    expected = weight * np.exp(np.clip(level[:, None] + slope[:, None] * time, -20, 20))
    rest = told - expected
    pull, tilt = rest.sum(axis=1), rest @ time - HELD_BACK * slope
    a, b, c = expected.sum(axis=1), expected @ time, expected @ time**2 + HELD_BACK
    determinant = np.maximum(a * c - b**2, 1e-12)
    up, turn = (c * pull - b * tilt) / determinant, (a * tilt - b * pull) / determinant
    # a long step overshoots: at most half a unit of log pace over the span
    step = np.minimum(1.0, 0.5 / np.maximum(np.abs(turn) * FITTED_DAYS / 2 + np.abs(up), 1e-9))
    return step * up, step * turn


def _status(rate: Any, unit: Any, is_counter: Any, history_days: Any) -> Any:
    """Tell what is known by the last two weeks (the last axis) of each sound, at one instant or at many."""
    is_known = np.isfinite(rate)
    week = np.nan_to_num(rate[..., :WEEK]).sum(axis=-1)
    coarsest = np.max(np.nan_to_num(unit, nan=1.0), axis=-1, initial=1.0)
    is_short = ~is_known[..., 0] | (is_known[..., :WEEK].sum(axis=-1) < WEEK_NEEDED)
    is_short |= is_known.sum(axis=-1) < RECENT_NEEDED
    status = np.where(is_counter, Status.COUNTER_ONLY.value, Status.OK.value)
    status = np.where((coarsest > 1) & (coarsest > COARSENESS * week), Status.ROUNDED.value, status)
    status = np.where(is_short, Status.NOT_ENOUGH_COVERAGE.value, status)
    return np.where(is_known[..., 0] & (history_days <= WEEK + 1), Status.NEW.value, status)


def _usable(errors: IntoFrame, now: pd.Timestamp, days: int) -> _Errors:
    names = ["sound_id", "as_of", "log_error"]
    table = board(enter(errors, ids=["sound_id"], times=["as_of"], others=["log_error"]).select(*names))
    age = days_before(table["as_of"], now)
    is_usable = (age >= days) & (age <= ERRORS_REMEMBERED_DAYS + days) & table["log_error"].notna().to_numpy()
    place, sounds = pd.factorize(table["sound_id"].to_numpy(dtype="object")[is_usable])
    error, age = table["log_error"].to_numpy()[is_usable], age[is_usable]
    order = np.lexsort((age, place))  # of two errors of one sound and instant the first counts
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (np.diff(place[order]) != 0) | (np.diff(age[order]) != 0)
    first = order[is_first]
    return _Errors(sounds.tolist(), place[first], error[first])


def _learnt(errors: _Errors, sounds: "pd.Index[Any]") -> tuple[Vector, Vector, Vector, Vector]:
    """Give each sound the median and quantiles of the other sounds' errors, and how many they are.

    Sounds are dealt into folds, and a fold learns from the others: up to 20 sounds, each is a fold of its own.
    """
    fold_of = {sound: number % FOLDS for number, sound in enumerate(sorted({*sounds, *errors.sounds}))}
    fold = np.array([fold_of[name] for name in errors.sounds], dtype="int64")[errors.place]
    asked = np.array([fold_of[sound] for sound in sounds], dtype="int64")
    learnt = np.full((FOLDS, 4), np.nan)
    for one in np.unique(asked):
        is_other = fold != one
        learnt[one, 3] = is_other.sum()
        if learnt[one, 3] >= ERRORS_NEEDED and len(np.unique(errors.place[is_other])) >= SOUNDS_NEEDED:
            learnt[one, :3] = np.quantile(errors.error[is_other], [0.5, LOW, HIGH])
    middle, low, high, used = learnt[asked].reshape(-1, 4).T
    return middle, low, high, used


def _week_before(rate: Matrix, days: int) -> Vector:
    known = np.isfinite(rate[..., :days]).sum(axis=-1)
    total = np.nansum(rate[..., :days], axis=-1)
    return np.asarray(np.divide(total * days, known, out=np.full(total.shape, np.nan), where=known > 0))


def _is_past_inflection(rate: Matrix, trend: _Trend) -> Any:
    past = rate[:, :BEST_WEEK_DAYS]
    weeks = np.lib.stride_tricks.sliding_window_view(past, WEEK, axis=1)
    known = np.isfinite(weeks).sum(axis=2)
    means = np.where(known >= WEEK_NEEDED, np.nansum(weeks, axis=2) / np.maximum(known, 1), -np.inf)
    is_below = means[:, 0] < PAST_PEAK * means[:, WEEK:].max(axis=1, initial=-np.inf)
    return is_below & (trend.slope <= -FALL_NEEDED)
