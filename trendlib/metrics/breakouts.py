"""Breakouts: is today's pace more than the sound's own quiet days, and the board's, can explain.

With ``c`` = posts / exposure / weekday factor / the day's common shock, on each day ``t``::

    mu    = trimmed mean (highest and lowest dropped) of c over days t-24 ... t-4, at least 1
    far   = the same over days t-45 ... t-25
    b[u]  = c[u], but at most 1.8 times the day before: max(b[u-1], mu, r, 10)
    z[u]  = (b[u] - mu) / sqrt(phi mu)                              phi = 1 + mu tau^2
    E     = (0.4 z[t] + 0.6 E before, last 7 days) / sqrt(0.4 / 1.6)
    now   = mean(b[t-2..t]), or b[t] where that is lower: a spike that is over lifts nothing
    L     = now / mu

    unusual    E >= 3                                               shown, not sent
    watch      E >= 4, 30 posts in 24 h, status ok or counter_only, a crowd, and
               L >= 2, or slowly: L >= 1.5 and now / far >= 2.5
    confirmed  watch, and E >= 3, L >= 1.5 on the day before, or the last of 3 on which E is known
    new        first seen up to 14 days ago, no trusted baseline yet: 40 posts a day, a crowd of 20 creators, and
               its last days (up to 3, at most half of its life) twice those before, its first left out

What spreads from person to person multiplies day by day; what leaps at once is as often a spike of a day or two. So
``b`` believes a leap only as it stays: a lasting one is sent a day later, a spike not at all.

On a counter its rounding unit ``r`` adds ``r^2 / 15`` to ``phi mu``: a day's error is ``r^2 / 6``, but what one day
shows too much the next shows too little, so that ``E`` holds two fifths of it. Where ``r`` is more than a quarter of
what the last 14 days counted, ``E`` and ``L`` are NULL. Rank by evidence ``E``.

*Crowd*: of the posts known of the last 7 days, from whatever page or search, there are not more than 2 a creator
and day. Bots post by the hundred from a handful of accounts. Under 20 known posts nothing is said against a sound.
Where no creator of any sound is known at all, a ``new`` sound needs 60 posts a day instead of a crowd.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from trendlib.metrics.daily import grid
from trendlib.metrics.engines import DAY, aged, between, board, days_before, enter, instant, leave, whole
from trendlib.metrics.posters import counted
from trendlib.metrics.rules import BREAKOUT, Rule
from trendlib.metrics.season import TRIMMED_NEEDED, Vector, adjusted, coarsest, over, scatter, trimmed_mean
from trendlib.metrics.windows import HORIZON_DAYS, Grid, Matrix
from trendlib.schema import Status

COLUMNS = ("sound_id", "day", "alert", "evidence", "lift", "posts_last_24h", "status", "rule", "rule_version")
QUIET_FROM, QUIET_UNTIL, FAR_UNTIL = 4, 25, 46
LEAST_MEAN = 1.0
QUIET_DAYS_OK = 10
WEIGHTS = 0.4 * 0.6 ** np.arange(7)
STEADY_NOISE = np.sqrt(0.4 / 1.6)
LIFT_DAYS = 3
NEAR_DAYS = 3
BELIEVED_DAYS = 10
COARSENESS, WIDEST_DAYS = 0.25, 14
ROUNDING_SHARE = 15
NEW_DAYS = 8
YOUNG_DAYS = 14
CROWD_DAYS = 7
CROWD_COLUMNS = ("sound_id", "day", "posts", "creators")
_NOT_TOLD = [Status.NOT_ENOUGH_COVERAGE.value, Status.NEW.value, Status.ROUNDED.value]


@dataclass(frozen=True)
class _Known:
    """What is known of all sounds (row) on all days (column, the latest first)."""

    counts: Grid
    adjusted: Matrix
    crowd_posts: Matrix
    crowd_creators: Matrix
    has_creators: bool

    @classmethod
    def of(cls, counts: Grid, crowd_posts: Matrix, crowd_creators: Matrix) -> "_Known":
        """Put together what is known; creators are known at all if any sound has some."""
        has_creators = bool(np.isfinite(counts.creators).any() or crowd_posts.any())
        return cls(counts, adjusted(counts), crowd_posts, crowd_creators, has_creators)

    def only(self, place: int) -> "_Known":
        """Keep one sound."""
        row, whole_board = slice(place, place + 1), self.counts
        counts = Grid(*(getattr(whole_board, one.name)[row] for one in fields(Grid)))
        return _Known(counts, self.adjusted[row], self.crowd_posts[row], self.crowd_creators[row], self.has_creators)


@dataclass(frozen=True)
class _Day:
    """What one day says of every sound."""

    evidence: Vector
    lift: Vector
    posts: Vector
    status: np.ndarray[Any, np.dtype[np.str_]]
    is_watch: np.ndarray[Any, np.dtype[np.bool_]]
    is_near: np.ndarray[Any, np.dtype[np.bool_]]
    is_new: np.ndarray[Any, np.dtype[np.bool_]]


def breakouts(
    daily: Any,
    *,
    as_of: datetime,
    days: int = 1,
    rule: Rule = BREAKOUT,
    crowd: IntoFrame | None = None,
) -> Any:
    """Look for breakouts on the last day, or on each of the last ``days`` days.

    Parameters
    ----------
    daily
        A row a sound and day, as `daily.from_posts` (with ``posts_per_creator=2``) and `daily.from_counter` give
        it; the whole board. ``sound_id``, ``day``, ``posts`` and ``exposure_days`` are enough.
    as_of
        End of the last day.
    days
        How many days to look at, the last included.
    rule
        Thresholds.
    crowd
        What `crowds` gave for the posts known; None where no creators are known.

    Returns
    -------
    frame
        A row a sound and day: ``sound_id``, ``day`` [UTC, start of the window], ``alert`` (none, unusual, watch,
        confirmed, new), ``evidence`` [E], ``lift`` [L] (NULL where they can't be told), ``posts_last_24h`` [posts],
        ``status``, ``rule``, ``rule_version``.

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    counts, now = grid(daily, as_of=as_of, days=HORIZON_DAYS + days), instant(as_of)
    known = _Known.of(counts, *_crowd_of(counts, crowd, now))
    ends = [_day(known, back, rule, _scatter(known, back)) for back in range(days + NEAR_DAYS)]
    boards = []
    for back in range(days):
        today, before = ends[back], ends[back + 1 : back + 1 + NEAR_DAYS]
        frame = pd.DataFrame({"sound_id": counts.sounds.to_numpy(), "alert": _alert(today, before, rule)})
        frame = frame.assign(
            evidence=today.evidence, lift=today.lift, posts_last_24h=whole(today.posts), status=today.status
        )
        frame["day"] = (now - DAY * (back + 1)).as_unit("us")
        boards.append(frame[counts.is_seen[:, back:].any(axis=1)])
    result = pd.concat(boards).assign(rule=rule.name, rule_version=rule.version)
    text = dict.fromkeys(("sound_id", "alert", "status", "rule", "rule_version"), "str")
    result = result.astype(text)[list(COLUMNS)]
    return leave(result if days == 1 else result.sort_values(["sound_id", "day"]), daily)


def last_day(counts: Grid, sound_id: str, crowd: pd.DataFrame, *, rule: Rule = BREAKOUT) -> Mapping[str, Any]:
    """Look for a breakout of one sound on the last day, as `breakouts` does for all.

    Parameters
    ----------
    counts
        Daily counts of the whole board, by which an ordinary day is known.
    sound_id
        Which sound.
    crowd
        Its known posts: ``age`` of the day (1 is the last), ``posts``, ``creators``.
    rule
        Thresholds.

    Returns
    -------
        ``alert``, ``evidence`` and ``lift``; of a sound without a count in sight, all of them NULL.
    """
    place = int(counts.sounds.get_indexer(pd.Index([sound_id]))[0])
    if place < 0 or not counts.is_seen[place].any():
        return {"alert": None, "evidence": np.nan, "lift": np.nan}
    posts, creators = np.zeros_like(counts.posts), np.nan_to_num(counts.creators)
    cells = (place, crowd["age"].to_numpy() - 1)
    posts[cells] = crowd["posts"]
    creators[cells] = np.maximum(creators[cells], crowd["creators"])
    known = _Known.of(counts, posts, creators)
    own = known.only(place)
    # the days before are asked only of a sound that is watched
    today = _day(own, 0, rule, _scatter(known, 0)[place])
    backs = range(1, 1 + NEAR_DAYS) if today.is_watch.any() else ()
    before = [_day(own, back, rule, _scatter(known, back)[place]) for back in backs]
    return {"alert": str(_alert(today, before, rule)[0]), "evidence": today.evidence[0], "lift": today.lift[0]}


def crowds(posts: IntoFrame, *, as_of: datetime, days: int = CROWD_DAYS) -> Any:
    """Count each day's known posts of known creators, and these, however incomplete: a sample will do.

    Parameters
    ----------
    posts
        ``sound_id``, ``creator_id``, ``posted_at``, from any page or search; ``post_id`` so that no post counts twice.
    as_of
        End of the last day. Posts from then on don't count.
    days
        How many days back; for `breakouts` over several days, so many more than `CROWD_DAYS`.

    Returns
    -------
    frame
        A row a sound and day with posts: ``sound_id``, ``day`` [UTC, start of the window], ``posts``, ``creators``
        (distinct).

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    now = instant(as_of)
    frame = enter(posts, ids=["sound_id", "creator_id"], times=["posted_at"])
    recent = frame.filter(between("posted_at", now - DAY * days, now), ~nw.col("creator_id").is_null())
    by_day = counted(aged(recent, "posted_at", as_of=now, days=days), ["sound_id", "age"])
    table = board(by_day).astype({"posts": "Int64", "creators": "Int64"})
    table["day"] = (now - table["age"] * DAY).astype("datetime64[us, UTC]")
    return leave(table.sort_values(["sound_id", "day"])[list(CROWD_COLUMNS)], posts)


def _crowd_of(counts: Grid, crowd: IntoFrame | None, now: pd.Timestamp) -> tuple[Matrix, Matrix]:
    """Lay the known posts and their creators out like the counts."""
    posts, creators = np.zeros_like(counts.posts), np.nan_to_num(counts.creators)
    if crowd is None:
        return posts, creators
    table = board(enter(crowd, ids=["sound_id"], times=["day"], others=["posts", "creators"]).select(*CROWD_COLUMNS))
    row = counts.sounds.get_indexer(pd.Index(table["sound_id"]))
    age = np.rint(days_before(table["day"], now)).astype(int)
    is_in_sight = (row >= 0) & (age >= 1) & (age <= posts.shape[1])
    table, cells = table[is_in_sight], (row[is_in_sight], age[is_in_sight] - 1)
    posts[cells] = table["posts"]
    creators[cells] = np.maximum(creators[cells], table["creators"].astype("float64"))
    return posts, creators


def _scatter(known: _Known, back: int) -> Vector:
    """Give how far each sound's quiet days scatter, beside the board's, ``back`` days before the last."""
    quiet = slice(back + QUIET_FROM, back + QUIET_UNTIL)
    return scatter(known.adjusted[:, quiet], known.counts.unit[:, quiet])[0]


def _day(known: _Known, back: int, rule: Rule, scattered: Vector) -> _Day:
    """Judge every sound on one day, ``back`` days before the last."""
    counts, days = known.counts, known.adjusted
    quiet = slice(back + QUIET_FROM, back + QUIET_UNTIL)
    mean = np.maximum(trimmed_mean(days[:, quiet]), LEAST_MEAN)
    coarse = coarsest(counts.unit[:, back : back + QUIET_UNTIL])
    variance = mean * (1 + mean * scattered) + coarse**2 / ROUNDING_SHARE
    believed = _believed(days[:, back : back + BELIEVED_DAYS], np.maximum(mean, coarse), rule)
    level = _mean(believed[:, :LIFT_DAYS])
    widest = _mean(days[:, back : back + WIDEST_DAYS]) * WIDEST_DAYS
    status = _status(counts, back, np.isfinite(days[:, quiet]).sum(axis=1), coarse > COARSENESS * widest)
    pace = np.fmin(level, believed[:, 0])
    is_told = ~np.isin(status, _NOT_TOLD)
    evidence = np.where(is_told, _evidence(believed[:, : len(WEIGHTS)], mean, variance), np.nan)
    lift = np.where(is_told, pace / mean, np.nan)
    is_high = (lift >= rule["watch_lift"]) | _is_slow_rise(known, back, pace, lift, rule)
    is_crowd = _is_crowd(known, back, rule)
    is_trusted = np.isin(status, [Status.OK.value, Status.COUNTER_ONLY.value]) & is_crowd
    posts = counts.rate[:, back]
    is_loud = is_trusted & (evidence >= rule["watch_evidence"]) & (posts >= rule["watch_posts"])
    is_young = np.isin(status, [Status.NEW.value, Status.WEAK.value]) & (counts.history_days - back <= YOUNG_DAYS)
    return _Day(
        evidence=evidence,
        lift=lift,
        posts=posts,
        status=status,
        is_watch=is_loud & is_high,
        is_near=is_trusted & (evidence >= rule["unusual_evidence"]) & (lift >= rule["near_lift"]),
        is_new=is_young & is_crowd & _is_welcome(known, back, rule),
    )


def _is_welcome(known: _Known, back: int, rule: Rule) -> Any:
    """Tell which young sounds many people use already."""
    posts = known.counts.rate[:, back]
    rise = _rise(known.adjusted[:, back : back + YOUNG_DAYS], known.counts.history_days - back)
    if known.has_creators:
        creators = known.crowd_creators[:, back : back + CROWD_DAYS].sum(axis=1)
        is_loud = (posts >= rule["new_posts"]) & (creators >= rule["new_creators"])
    else:
        is_loud = posts >= rule["new_posts_uncounted"]
    return is_loud & (rise >= rule["new_lift"])


def _rise(days: Matrix, history_days: Any) -> Vector:
    """Compare a young sound's last days, three or at most half of its life, with those before."""
    back = np.arange(days.shape[1])
    recent = np.minimum((history_days - 1) // 2, LIFT_DAYS)[:, None]
    # the day of its birth is seldom a whole one
    before = _mean(np.where((back >= recent) & (back < history_days[:, None] - 1), days, np.nan))
    return np.asarray(_mean(np.where(back < recent, days, np.nan)) / np.maximum(before, LEAST_MEAN))


def _mean(days: Matrix) -> Vector:
    return over(np.nansum(days, axis=1), np.isfinite(days).sum(axis=1))


def _believed(days: Matrix, least: Vector, rule: Rule) -> Matrix:
    """Count each day at most so many times the day before: what leaps at once has to stay before it is believed."""
    believed = np.empty_like(days)
    least = np.maximum(least, rule["leap_posts"])
    before = least
    for day in range(days.shape[1] - 1, -1, -1):
        most = rule["growth_a_day"] * before
        believed[:, day] = np.minimum(days[:, day], most)
        before = np.maximum(np.where(np.isfinite(days[:, day]), believed[:, day], most), least)
    return believed


def _is_slow_rise(known: _Known, back: int, pace: Vector, lift: Vector, rule: Rule) -> Any:
    """Tell which sounds left their level of five weeks ago far behind, step by step, and still rise."""
    far = known.adjusted[:, back + QUIET_UNTIL : back + FAR_UNTIL]
    is_known = np.isfinite(far).sum(axis=1) >= QUIET_DAYS_OK
    mean = np.where(is_known, np.maximum(trimmed_mean(far), LEAST_MEAN), np.inf)
    return (lift >= rule["slow_lift"]) & (pace >= rule["slow_far_lift"] * mean)


def _is_crowd(known: _Known, back: int, rule: Rule) -> Any:
    """Tell which sounds' known posts don't come from a handful of accounts."""
    week = slice(back, back + CROWD_DAYS)
    is_sample = known.crowd_posts[:, week] > 0
    posts = known.crowd_posts[:, week].sum(axis=1)
    creators = np.where(is_sample, known.crowd_creators[:, week], 0.0).sum(axis=1)
    return (posts < rule["crowd_posts"]) | (posts <= rule["posts_per_creator"] * creators)


def _evidence(days: Matrix, mean: Vector, variance: Vector) -> Vector:
    z = (days - mean[:, None]) / np.sqrt(variance)[:, None]
    # a missing day takes its share of the noise along
    share = np.sqrt((np.isfinite(z) * WEIGHTS**2).sum(axis=1) / (WEIGHTS**2).sum())
    return over(np.nansum(z * WEIGHTS, axis=1), STEADY_NOISE * share)


def _status(counts: Grid, back: int, quiet_days: Any, is_coarse: Any) -> Any:
    is_missing = ~np.isfinite(counts.rate[:, back])
    status = np.where(counts.is_counter, Status.COUNTER_ONLY.value, Status.OK.value)
    status = np.where(is_coarse, Status.ROUNDED.value, status)
    status = np.where(quiet_days < QUIET_DAYS_OK, Status.WEAK.value, status)
    is_short = is_missing | (quiet_days < TRIMMED_NEEDED)
    status = np.where(is_short, Status.NOT_ENOUGH_COVERAGE.value, status)
    is_new = ~is_missing & (counts.history_days - back <= NEW_DAYS)
    return np.where(is_new, Status.NEW.value, status)


def _alert(today: _Day, before: list[_Day], rule: Rule) -> np.ndarray[Any, np.dtype[np.str_]]:
    was_near, is_unknown = np.zeros_like(today.is_near), np.ones_like(today.is_near)
    for day in before:
        was_near |= is_unknown & day.is_near
        is_unknown &= np.isnan(day.evidence)
    is_unusual = today.evidence >= rule["unusual_evidence"]
    words = np.where(is_unusual, "unusual", "none")
    words = np.where(today.is_watch, "watch", words)
    words = np.where(today.is_watch & was_near, "confirmed", words)
    return np.where(today.is_new, "new", words)
