"""Daily counts: how many posts a sound got in each 24 h window counted back from the as-of instant.

Window 1 is ``[as_of - 1 d, as_of)``, window 2 the one before, and so on: calendar UTC days when ``as_of`` is
midnight. A window's count never travels without its *exposure*, the part of the window that is known [days].
Where nothing is known the count is NULL and the exposure 0; a zero means that there was nothing.

Two kinds of evidence give the same frame: a list of posts (`from_posts`), counted within its proven coverage,
and the readings of a use counter (`from_counter`, reasoned in `trendlib.metrics.counters`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from trendlib.metrics.counters import Told, readings_by_day
from trendlib.metrics.coverage import BEGINNING, exposure, spans
from trendlib.metrics.engines import (
    DAY,
    Frame,
    aged,
    between,
    board,
    bring,
    dated,
    days_at,
    days_before,
    enter,
    instant,
    leave,
    whole,
)
from trendlib.metrics.posters import counted

HORIZON_DAYS = 70
COLUMNS = ("sound_id", "day", "posts", "exposure_days", "net_change", "is_flagged", "rounding_unit", "source")
_KEY = ["sound_id", "age"]

Matrix = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, eq=False)
class Grid:
    """Daily counts as matrices: a row a sound (sorted), a column a window, the latest first."""

    sounds: "pd.Index[Any]"
    posts: Matrix
    exposure: Matrix
    unit: Matrix
    is_counter: np.ndarray[Any, np.dtype[np.bool_]]
    is_seen: np.ndarray[Any, np.dtype[np.bool_]]
    creators: Matrix

    @classmethod
    def of_posts(cls, sounds: "pd.Index[Any]", posts: Matrix, exposure: Matrix) -> "Grid":
        """Lay out exact counts of posts."""
        unknown = np.full_like(posts, np.nan)
        is_counter = np.zeros(len(sounds), dtype=bool)
        return cls(sounds, posts, exposure, np.ones_like(posts), is_counter, exposure > 0, unknown)

    def cut(self, days: int) -> "Grid":
        """Keep the latest windows."""
        if days >= self.posts.shape[1]:
            return self
        posts, exposure, unit, creators = (
            one[:, :days] for one in (self.posts, self.exposure, self.unit, self.creators)
        )
        return Grid(self.sounds, posts, exposure, unit, self.is_counter, self.is_seen[:, :days], creators)

    def beside(self, own: "Grid") -> "Grid":
        """Put the sounds of another grid in the place of this one's sounds of the same names."""
        others = ~self.sounds.isin(own.sounds)
        sounds = self.sounds[others].append(own.sounds)
        order = np.argsort(sounds.to_numpy(dtype="object"), kind="stable")

        def joined(name: str) -> Any:
            return np.concatenate([getattr(self, name)[others], getattr(own, name)])[order]

        return Grid(
            sounds[order],
            joined("posts"),
            joined("exposure"),
            joined("unit"),
            joined("is_counter"),
            joined("is_seen"),
            joined("creators"),
        )

    @cached_property
    def history_days(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Windows from the first one in sight to the last."""
        windows = self.is_seen.shape[1]
        return np.where(self.is_seen.any(axis=1), windows - np.argmax(self.is_seen[:, ::-1], axis=1), 0)

    @cached_property
    def rate(self) -> Matrix:
        """Posts a day; NaN in windows known for less than half."""
        is_known = self.exposure >= 0.5
        return np.where(is_known, self.posts / np.where(is_known, self.exposure, 1.0), np.nan)


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
    counts = posts_by_day(
        posts,
        as_of=as_of,
        coverage=coverage,
        days=days,
        posts_per_creator=posts_per_creator,
        are_creators_counted=True,
    )
    return leave(covered_only(counts, as_of=instant(as_of)), posts)


def covered_only(counts: pd.DataFrame, *, as_of: pd.Timestamp) -> pd.DataFrame:
    """Keep the windows of which something is known, with what `from_posts` says of each."""
    is_known = (counts["exposure_days"].to_numpy() > 0) & ~counts["is_before_birth"].to_numpy()
    sound, _ = pd.factorize(counts["sound_id"])
    order = np.lexsort((-counts["age"].to_numpy(), sound))
    frame = counts.iloc[order[is_known[order]]].reset_index(drop=True)
    number = len(frame)
    return pd.DataFrame(
        {
            "sound_id": frame["sound_id"],
            "day": days_at(frame["age"], as_of),
            "posts": frame["posts"],
            "exposure_days": frame["exposure_days"],
            "net_change": whole(np.full(number, np.nan)),
            "is_flagged": np.zeros(number, dtype=bool),
            "rounding_unit": whole(np.ones(number)),
            "source": pd.Series("posts", index=range(number), dtype="str"),
            "creators": frame["creators"],
        }
    )


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
    now = instant(as_of)
    return leave(counted_days(readings_by_day(readings, as_of=now, days=days), as_of=now), readings)


def counted_days(told: Told, *, as_of: pd.Timestamp) -> pd.DataFrame:
    """Lay what counters told out as `from_counter` gives it."""
    first = told.age[told.is_first]
    end = first.cumsum()
    number = int(first.sum())
    place = end[told.sound] - told.age

    def column(name: str) -> Matrix:
        values = np.full(number, np.nan)
        values[place] = told.columns[name]
        return values

    age = np.repeat(end, first) - np.arange(number)
    return pd.DataFrame(
        {
            "sound_id": told.names.take(np.repeat(np.arange(len(first)), first)),
            "day": days_at(age, as_of),
            "posts": column("posts"),
            "exposure_days": np.nan_to_num(column("exposure_days")),
            "net_change": whole(column("net_change")),
            "is_flagged": column("is_flagged") == 1,
            "rounding_unit": whole(column("rounding_unit")),
            "source": pd.Series("counter", index=range(number), dtype="str"),
        }
    )


def counted_grid(told: Told, *, days: int = HORIZON_DAYS) -> Grid:
    """Lay what counters told out as a grid, as `grid` does with what `from_counter` gives."""
    cells = (told.sound, told.age - 1)

    def matrix(name: str, empty: float) -> Matrix:
        filled = np.full((len(told.names), days), empty)
        filled[cells] = told.columns[name]
        return filled

    exposed, posts = matrix("exposure_days", 0.0), matrix("posts", np.nan)
    is_seen = np.arange(days) < told.age[told.is_first][:, None]
    is_counter, creators = np.ones(len(told.names), dtype=bool), np.full_like(posts, np.nan)
    return Grid(told.names, posts, exposed, matrix("rounding_unit", np.nan), is_counter, is_seen, creators)


def posts_by_day(
    posts: IntoFrame,
    *,
    as_of: datetime,
    coverage: IntoFrame | datetime | None,
    days: int,
    posts_per_creator: int | None = None,
    are_creators_counted: bool = False,
) -> pd.DataFrame:
    """Count posts in every window of every sound, covered or not.

    Returns
    -------
    frame
        ``sound_id``, ``age`` (1 is the last window), ``posts`` covered (NaN where exposure is 0),
        ``exposure_days``, ``creators`` where they are counted, ``seen`` posts whether covered or not,
        ``is_before_birth`` (a complete feed, before its first post).
    """
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


def laid_out(counts: Mapping[str, Matrix], span: pd.DataFrame, *, as_of: pd.Timestamp) -> pd.DataFrame:
    """Lay counts out on the windows of each sound, with what is covered: the result of `posts_by_day`.

    They have a row a sound of ``span``, as `trendlib.metrics.coverage.spans` gives it, and a column a window, the
    latest first: ``seen``, all posts; ``posts`` within the proven stretch, and their ``creators`` where known.
    """
    rows, days = counts["seen"].shape
    covered_days = exposure(span["since"], span["until"], as_of=as_of, days=days)
    is_known = covered_days > 0
    posts, creators = (
        np.where(is_known, counts[name], np.nan) if name in counts else np.full((rows, days), np.nan)
        for name in ("posts", "creators")
    )
    first_age = np.ceil(np.nan_to_num(days_before(span["oldest"], as_of), nan=np.inf))
    is_born_in_sight = (span["since"] <= BEGINNING).to_numpy()
    age = np.arange(1, days + 1)
    return pd.DataFrame(
        {
            "sound_id": span.index.repeat(days),
            "age": np.tile(age, rows),
            "exposure_days": covered_days.ravel(),
            "posts": posts.ravel(),
            "creators": whole(creators.ravel()),
            "seen": counts["seen"].ravel(),
            "is_before_birth": (is_born_in_sight[:, None] & (age > first_age[:, None])).ravel(),
        }
    )


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
