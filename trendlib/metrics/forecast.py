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

from collections.abc import Mapping, Sequence
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
FITTED_AT_ONCE = 1000  # many small fits take ten times as long, and large ones leave the processor's cache
_TIME = -(np.arange(FITTED_DAYS) + 0.5)
_WEIGHT = 0.5 ** (-_TIME / HALF_LIFE_DAYS)


@dataclass(frozen=True)
class _Trend:
    """A fitted trend: pace at the as-of instant [posts a day] and its daily slope on the log scale."""

    pace: Any
    slope: Any

    def uses(self, days: int) -> Any:
        """Add up the damped pace of the days ahead."""
        # the middle of a day ahead lies half a step before its end
        ahead = np.cumsum(DAMPING ** np.arange(1, days + 1)) - 0.5
        return self.pace * np.exp(self.slope[..., None] * ahead).sum(axis=-1)


@dataclass(frozen=True)
class _Past(_Trend):
    """What would have been forecast at an earlier instant, and of which sounds; or at many, a row each."""

    is_told: Any


# of each grid, its past so many days back: forecasts so far ahead and farther stand on the same
_PASTS: "WeakKeyDictionary[Grid, dict[int, _Past]]" = WeakKeyDictionary()


@dataclass(frozen=True)
class Errors:
    """Errors of past forecasts of one horizon.

    Attributes
    ----------
    sounds
        Sounds.
    place
        Of each error, whose: a place among the sounds.
    back
        How many days before the as-of instant the forecast was made [days].
    came
        What came, and one more [posts].
    log_error
        By how much the forecast was too high.
    """

    sounds: "pd.Index[Any]"
    place: Any
    back: Any
    came: Vector
    log_error: Vector


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
    past = past_errors(counts, days) if errors is None else _usable(errors, now, days)
    return leave(outlook(counts, {days: past}).drop(columns="days"), daily)


def outlook(counts: Grid, errors: Mapping[int, Errors]) -> pd.DataFrame:
    """Forecast each sound's uses for one or more horizons: what `forecast` gives of each, and its ``days`` ahead.

    Parameters
    ----------
    counts
        Daily counts.
    errors
        By horizon [days], the errors of past forecasts.
    """
    trend, doubts = _fitted(_padded(counts.rate[:, :FITTED_DAYS])), _doubts(counts, [0])
    is_told, status = ~np.any([*doubts.values()], axis=0)[0], _status(doubts, counts.is_counter)[0]
    is_past = is_told & _is_past_inflection(counts.rate, trend)
    fall = -np.expm1(np.where(is_past, trend.slope, -1.0))
    plain, before = np.stack([[trend.uses(days), _days_before(counts.rate, days)] for days in errors], axis=1)
    middle, low, high, used = np.stack([_learnt(past, counts.sounds) for past in errors.values()], axis=1)

    def each(values: Any) -> Any:
        return np.broadcast_to(values, plain.shape).ravel()

    return pd.DataFrame(
        {
            "sound_id": pd.Series(counts.sounds.take(each(np.arange(len(counts.sounds)))), dtype="str"),
            "uses_next": each(np.where(is_told, plain * np.exp(-np.nan_to_num(middle)), np.nan)),
            "uses_low": each(np.where(is_told, plain * np.exp(-high), np.nan)),
            "uses_high": each(np.where(is_told, plain * np.exp(-low), np.nan)),
            "uses_before": each(before),
            "daily_growth": each(np.where(is_told, np.exp(trend.slope), np.nan)),
            "is_past_inflection": each(is_past),
            "uses_to_come": whole(each(np.where(is_past, trend.pace / fall, np.nan))),
            "errors_used": whole(each(used)),
            "status": pd.Series(each(np.where(is_told & ~np.isfinite(low), Status.WEAK.value, status)), dtype="str"),
            "days": each(np.array([*errors])[:, None]),
        }
    )


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
    past = past_errors(counts, days)
    days_before = counts.rate[past.place[:, None], past.back[:, None] + np.arange(days)]
    table = pd.DataFrame(
        {
            "sound_id": pd.Series(past.sounds.take(past.place), dtype="str"),
            "as_of": days_at(past.back, now),
            "log_error": past.log_error,
            "log_error_naive": np.log((_days_before(days_before, days) + 1) / past.came),
        }
    )
    return leave(table, daily)


def past_errors(counts: Grid, days: int) -> Errors:
    """Forecast a grid's sounds at earlier instants and hold it against what came, as `forecast_errors` does."""
    backs = np.arange(days, HORIZON_DAYS - RECENT_DAYS + 1, ERRORS_EVERY_DAYS)[::-1]
    past = _past(counts, backs.tolist())
    came = np.stack([counts.rate[:, back - days : back] for back in backs])
    known = np.isfinite(came).sum(axis=-1)
    is_told = (past.is_told & (known >= days - 1)).T
    uses = (np.nansum(came, axis=-1) / np.maximum(known, 1) * days).T[is_told] + 1
    place, column = np.nonzero(is_told)
    return Errors(counts.sounds, place, backs[column], uses, np.log((past.uses(days).T[is_told] + 1) / uses))


def _check(days: int) -> None:
    if not 1 <= days <= RECENT_DAYS:
        raise ValueError(f"a forecast reaches 1 to {RECENT_DAYS} days ahead, not {days}")


def _past(counts: Grid, backs: Sequence[int]) -> _Past:
    """Look back at some instants, so many days ago: a row each; of one grid once, however far ahead is looked."""
    known = _PASTS.setdefault(counts, {})
    new = [back for back in backs if back not in known]
    is_told = ~np.any([*_doubts(counts, new).values()], axis=0) if new else ()
    at_once = max(1, FITTED_AT_ONCE // max(len(counts.sounds), 1))
    for first in range(0, len(new), at_once):
        some = slice(first, first + at_once)
        days = [_padded(counts.rate[:, back : min(back + FITTED_DAYS, HORIZON_DAYS)]) for back in new[some]]
        fitted = _fitted(np.concatenate(days))
        pace, slope = (one.reshape(len(days), -1) for one in (fitted.pace, fitted.slope))
        known.update({back: _Past(*row) for back, *row in zip(new[some], pace, slope, is_told[some], strict=True)})
    return _Past(*(np.stack([getattr(known[back], name) for back in backs]) for name in ("pace", "slope", "is_told")))


def _padded(window: Matrix) -> Matrix:
    """Fill a window at the edge of what is known up with unknown days."""
    if window.shape[1] == FITTED_DAYS:
        return window
    return np.pad(window, ((0, 0), (0, FITTED_DAYS - window.shape[1])), constant_values=np.nan)


def _fitted(days: Matrix) -> _Trend:
    """Fit the weighted Poisson trend of every sound by Newton's method, all at once."""
    is_known = np.isfinite(days)
    weight = np.where(is_known, _WEIGHT, 0.0)
    told = weight * np.where(is_known, days, 0.0)
    mean = told.sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-9)
    told /= np.maximum(mean, 1e-9)[:, None]
    level, slope = np.zeros(len(days)), np.zeros(len(days))
    moving = np.arange(len(days))
    for _ in range(STEPS):
        up, turn = _newton(level[moving], slope[moving], weight, told)
        level[moving] += up
        slope[moving] += turn
        is_moving = np.abs(up) + np.abs(turn) * FITTED_DAYS > SETTLED
        if not is_moving.any():
            break
        if not is_moving.all():
            moving, weight, told = moving[is_moving], weight[is_moving], told[is_moving]
    return _Trend(np.exp(level) * mean, slope)


def _newton(level: Vector, slope: Vector, weight: Matrix, told: Matrix) -> tuple[Vector, Vector]:
    """Give the next step of level and slope."""
    expected = slope[:, None] * _TIME
    expected += level[:, None]
    # in place, as each matrix more takes as long as the arithmetic
    np.clip(expected, -20, 20, out=expected)
    np.exp(expected, out=expected)
    expected *= weight
    a, b, c = expected.sum(axis=1), expected @ _TIME, expected @ _TIME**2 + HELD_BACK
    rest = np.subtract(told, expected, out=expected)
    pull, tilt = rest.sum(axis=1), rest @ _TIME - HELD_BACK * slope
    determinant = np.maximum(a * c - b**2, 1e-12)
    up, turn = (c * pull - b * tilt) / determinant, (a * tilt - b * pull) / determinant
    # a long step overshoots: at most half a unit of log pace over the span
    step = np.minimum(1.0, 0.5 / np.maximum(np.abs(turn) * FITTED_DAYS / 2 + np.abs(up), 1e-9))
    return step * up, step * turn


def _doubts(counts: Grid, backs: Sequence[int]) -> Mapping[Status, Any]:
    """Tell by the last two weeks before some instants (rows) what forbids to forecast each sound, the gravest first."""
    rate, unit = (np.stack([one[:, back : back + RECENT_DAYS] for back in backs]) for one in (counts.rate, counts.unit))
    is_known = np.isfinite(rate)
    week = np.where(is_known, rate, 0.0)[..., :WEEK].sum(axis=-1)
    coarsest = np.fmax.reduce(unit, axis=-1, initial=1.0)
    is_short = ~is_known[..., 0] | (is_known[..., :WEEK].sum(axis=-1) < WEEK_NEEDED)
    is_young = counts.history_days - np.array(backs)[:, None] <= WEEK + 1
    return {
        Status.NEW: is_known[..., 0] & is_young,
        Status.NOT_ENOUGH_COVERAGE: is_short | (is_known.sum(axis=-1) < RECENT_NEEDED),
        Status.ROUNDED: (coarsest > 1) & (coarsest > COARSENESS * week),
    }


def _status(doubts: Mapping[Status, Any], is_counter: Any) -> Any:
    known = np.where(is_counter, Status.COUNTER_ONLY.value, Status.OK.value)
    return np.select([*doubts.values()], [status.value for status in doubts], known)


def _usable(errors: IntoFrame, now: pd.Timestamp, days: int) -> Errors:
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
    return Errors(pd.Index(sounds), place[first], age[first], np.full(len(first), np.nan), error[first])


def _learnt(errors: Errors, sounds: "pd.Index[Any]") -> Any:
    """Give each sound the median and quantiles of the other sounds' errors, and how many they are: a row each.

    Sounds are dealt into folds, and a fold learns from the others: up to 20 sounds, each is a fold of its own.
    """
    number = np.bincount(errors.place, minlength=len(errors.sounds))
    names, others = sounds.tolist(), errors.sounds[number > 0].tolist()
    fold_of = {sound: place % FOLDS for place, sound in enumerate(sorted({*names, *others}))}
    fold = np.full(len(number), -1)
    fold[number > 0] = [fold_of[sound] for sound in others]
    asked = np.array([fold_of[sound] for sound in names], dtype="int64")
    learnt = np.full((4, FOLDS), np.nan)
    for one in np.unique(asked):
        is_other = (number > 0) & (fold != one)
        learnt[3, one] = number[is_other].sum()
        if learnt[3, one] >= ERRORS_NEEDED and is_other.sum() >= SOUNDS_NEEDED:
            learnt[:3, one] = np.quantile(errors.log_error[is_other[errors.place]], [0.5, LOW, HIGH])
    return learnt[:, asked]


def _days_before(rate: Matrix, days: int) -> Vector:
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
