"""Daily counts: how many posts a sound got in each 24 h window counted back from the as-of instant.

Window 1 is ``[as_of - 1 d, as_of)``, window 2 the one before, and so on: calendar UTC days when ``as_of`` is
midnight. A window's count never travels without its *exposure*, the part of the window that is known [days].
Where nothing is known the count is NULL and the exposure 0; a zero means that there was nothing.

Two kinds of evidence give the same frame: a list of posts (`from_posts`), counted within its proven coverage,
and the readings of a use counter (`from_counter`, reasoned in `trendlib.metrics.counters`).
"""

from datetime import datetime
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from trendlib.metrics.counters import readings_by_day
from trendlib.metrics.coverage import spans
from trendlib.metrics.engines import DAY, Frame, aged, between, board, bring, dated, days_before, enter, instant, leave
from trendlib.metrics.posters import counted
from trendlib.metrics.windows import HORIZON_DAYS, Counts, Grid, Listed, Matrix, laid_out

COLUMNS = ("sound_id", "day", "posts", "exposure_days", "net_change", "is_flagged", "rounding_unit", "source")
_KEY = ["sound_id", "age"]


def from_posts(
    posts: IntoFrame,
    *,
    as_of: datetime,
    coverage: IntoFrame | datetime | None = None,
    days: int = HORIZON_DAYS,
    posts_per_creator: int | None = None,
) -> Any:
    """Count posts per sound and day within what is proven covered.

    Parameters
    ----------
    posts
        ``sound_id``, ``posted_at``; ``post_id`` so that no post counts twice; ``creator_id``.
    as_of
        End of the last window. Posts from then on don't count; nor do posts without a time.
    coverage
        Coverage frame, the instant since when all posts are known, or None: back to each sound's oldest post.
    days
        How many windows back.
    posts_per_creator
        Count at most so many posts of one creator a day; posts of unknown creators all count.

    Returns
    -------
    frame
        A row a sound and known day: ``sound_id``, ``day`` [UTC, start of the window], ``posts``, ``exposure_days``
        [days], ``net_change`` [posts] (NULL), ``is_flagged``, ``rounding_unit`` [posts] (1), ``source`` ("posts"),
        ``creators`` (distinct).

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    counts = listed_counts(posts, as_of=as_of, coverage=coverage, days=days, posts_per_creator=posts_per_creator)
    return leave(counts.frame(instant(as_of)), posts)


def listed_counts(
    posts: IntoFrame,
    *,
    as_of: datetime,
    coverage: IntoFrame | datetime | None,
    days: int = HORIZON_DAYS,
    posts_per_creator: int | None = None,
) -> Counts:
    """Count as `from_posts` does, to be joined with what counters tell."""
    listed = posts_by_day(
        posts,
        as_of=as_of,
        coverage=coverage,
        days=days,
        posts_per_creator=posts_per_creator,
        are_creators_counted=True,
    )
    return Counts.of_posts(listed)


def from_counter(readings: IntoFrame, *, as_of: datetime, days: int = HORIZON_DAYS) -> Any:
    """Derive daily counts from the readings of a use counter.

    Parameters
    ----------
    readings
        ``sound_id``, ``observed_at``, ``total_uses``, in any rhythm.
    as_of
        End of the last window. Readings from then on don't count.
    days
        How many windows back.

    Returns
    -------
    frame
        A row a sound and window since its first reading: ``sound_id``, ``day`` [UTC, start of the window], ``posts``
        [a day], ``exposure_days`` [days], ``net_change`` [posts], ``is_flagged`` (the counter fell, or jumped back),
        ``rounding_unit`` [posts], ``source`` ("counter").

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    counts = counter_counts(readings, as_of=as_of, days=days)
    return leave(counts.frame(instant(as_of)).drop(columns="creators"), readings)


def counter_counts(readings: IntoFrame, *, as_of: datetime, days: int = HORIZON_DAYS) -> Counts:
    """Derive counts as `from_counter` does, to be joined with what posts tell."""
    return Counts.of_counter(readings_by_day(readings, as_of=instant(as_of), days=days), days)


def posts_by_day(
    posts: IntoFrame,
    *,
    as_of: datetime,
    coverage: IntoFrame | datetime | None,
    days: int,
    posts_per_creator: int | None = None,
    are_creators_counted: bool = False,
) -> Listed:
    """Count posts in every window of every sound, covered or not."""
    now = instant(as_of)
    frame = enter(posts, ids=["sound_id"], times=["posted_at"])
    counted_by = ("post_id", "creator_id") if are_creators_counted else ("post_id",)
    frame = frame.select("sound_id", "posted_at", *(name for name in counted_by if name in _names(frame)))
    span = spans(frame, coverage, now)
    recent = aged(frame.filter(between("posted_at", now - DAY * days, now)), "posted_at", as_of=now, days=days)
    seen = board(counted(recent, _KEY, posts_per_creator=posts_per_creator)).set_index(_KEY)
    within = _counts_within(recent, seen, span, posts_per_creator, as_of=now)
    counts = {"seen": _cells(seen, "posts", span, days), "posts": _cells(within, "posts", span, days)}
    if "creators" in within:
        counts["creators"] = _cells(within, "creators", span, days)
    return laid_out(counts, span, as_of=now)


def _cells(frame: pd.DataFrame, name: str, span: pd.DataFrame, days: int) -> Matrix:
    """Lay a column of a frame by ``sound_id`` and ``age`` out as a matrix."""
    filled = np.zeros((len(span), days))
    row, age = span.index.get_indexer(frame.index.get_level_values(0)), frame.index.get_level_values(1).to_numpy()
    filled[row[row >= 0], age[row >= 0] - 1] = frame[name].to_numpy(dtype="float64")[row >= 0]
    return filled


def _names(frame: Frame) -> list[str]:
    return frame.collect_schema().names()


def _counts_within(
    recent: Frame, seen: pd.DataFrame, span: pd.DataFrame, posts_per_creator: int | None, *, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Leave out windows beyond a sound's proven stretch, and count those anew in which the stretch begins or ends."""
    sound = seen.index.get_level_values("sound_id")
    age = seen.index.get_level_values("age").to_numpy(dtype="float64")
    row = span.index.get_indexer(sound)
    since, until = (days_before(span[name], as_of)[row] for name in ("counted_from", "until"))
    is_whole = np.isnan(since) | ((age <= since) & (age - 1 >= until))
    is_cut = ~is_whole & (age - 1 < since) & (age > until)
    inside: pd.DataFrame = seen[is_whole]
    if not is_cut.any():
        return inside
    cut = seen.index[is_cut].to_frame(index=False).merge(span[["counted_from", "until"]], on="sound_id")
    edges: Any = bring(cut, to=recent)
    stretch = (nw.col("posted_at") >= nw.col("counted_from")) & (nw.col("posted_at") < nw.col("until"))
    listed = edges.join(recent, on=_KEY, how="inner").filter(stretch)
    again = board(counted(listed, _KEY, posts_per_creator=posts_per_creator)).set_index(_KEY)
    return pd.concat([inside, again])


def grid(daily: Any, *, as_of: datetime, days: int = HORIZON_DAYS) -> Grid:
    """Lay a daily frame out as matrices, as known at ``as_of``; a ``day`` may be a date.

    What is no count (negative, infinite) is unknown.

    A grid of that instant, of as many days, is one already.

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    if isinstance(daily, Grid):
        return daily.cut(days)
    now = instant(as_of)
    frame = enter(dated(daily, "day"), ids=["sound_id"], times=["day"], others=["posts", "exposure_days"])
    names = [name for name in ("rounding_unit", "source", "creators") if name in _names(frame)]
    # in memory the ages tell as much, and take less time
    known = frame if frame.implementation.is_pandas() else frame.filter(between("day", now - DAY * (days + 0.5), now))
    table = board(known.select("sound_id", "day", "posts", "exposure_days", *names))
    age = np.rint(days_before(table["day"], now)).astype(int)
    table = table[(age >= 1) & (age <= days)].assign(age=age[(age >= 1) & (age <= days)])
    row, sounds = pd.factorize(table["sound_id"], sort=True)
    cells = (row, table["age"].to_numpy() - 1)

    def matrix(values: Any, empty: float) -> Matrix:
        filled = np.full((len(sounds), days), empty)
        filled[cells] = np.asarray(pd.Series(values).astype("float64"))
        return filled

    exposed = matrix(table["exposure_days"], 0.0)
    posts = matrix(table["posts"], np.nan)
    is_count = np.isfinite(posts) & (posts >= 0) & np.isfinite(exposed) & (exposed > 0)
    posts, exposed = np.where(is_count, posts, np.nan), np.where(is_count, exposed, 0.0)
    unit = matrix(table["rounding_unit"], np.nan) if "rounding_unit" in names else np.ones_like(posts)
    is_counter = np.zeros(len(sounds), dtype=bool)
    if "source" in names:
        is_counter[row[(table["source"] == "counter").to_numpy()]] = True
    is_seen = matrix(np.ones(len(table)), 0.0) > 0
    creators = matrix(table["creators"], np.nan) if "creators" in names else np.full_like(posts, np.nan)
    return Grid(pd.Index(sounds), posts, exposed, unit, is_counter, is_seen, creators)
