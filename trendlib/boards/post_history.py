"""A sound's posts as columns of numbers, counted as of any instant.

A *version* is what was said of a post from one answer up to the next. What was known at an instant is a filter of the
versions, and as they lie in the order of posting, a stretch of time is a slice: a million posts are counted in
milliseconds. Times are microseconds since 1970; a creator or region of 0 is unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

DAY_US = 86_400_000_000
NEVER = 9_000_000_000_000_000_000
# what stands where an answer leaves a column out; views that an answer shows as unknown are -1 and are not left out
_UNKNOWN = {"posted": NEVER, "creator": 0, "region": 0, "views": -2}

Numbers = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class PostHistory:
    """Every version of every post, the oldest post first: what was said, and from when until when it was the latest.

    Attributes
    ----------
    columns
        ``posted``, ``creator``, ``known_from``, ``known_until`` and others, an entry a version.
    """

    columns: Mapping[str, Any]

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> "PostHistory":
        """Order what was said of posts, each answer a row, in the order of their answers.

        Parameters
        ----------
        said
            ``post``, ``observed``, and of ``posted``, ``creator``, ``region`` and ``views`` those that are counted by;
            what an answer leaves out stays as it was.
        """
        order = np.argsort(said["post"], kind="stable")
        post, known_from = said["post"][order], said["observed"][order]
        is_first = np.ones(len(post), dtype=bool)
        is_first[1:] = post[1:] != post[:-1]
        known_until = np.full(len(post), NEVER)
        known_until[:-1] = np.where(is_first[1:], NEVER, known_from[1:])
        columns = {
            name: _kept_on(said[name][order], unknown, is_first) for name, unknown in _UNKNOWN.items() if name in said
        }
        by_time = np.argsort(columns["posted"], kind="stable")
        every = {**columns, "known_from": known_from, "known_until": known_until}
        return cls({name: values[by_time] for name, values in every.items()})

    def known(self, as_of: datetime, days: int | None = None) -> "Known":
        """Give the posts as they were known at an instant: all of them, or those of the last days."""
        now, posted = micros(as_of), self.columns["posted"]
        start = 0 if days is None else int(np.searchsorted(posted, now - days * DAY_US))
        near = slice(start, int(np.searchsorted(posted, now)))
        is_known = self.columns["known_from"][near] < now
        is_known &= self.columns["known_until"][near] >= now
        return Known(now, {name: values[near] for name, values in self.columns.items()}, is_known)


class Known:
    """Posts as they were known at an instant, the oldest first.

    Parameters
    ----------
    now
        The instant [microseconds since 1970].
    columns
        PostHistory of posts of before.
    is_known
        Which of them were the latest word.
    """

    def __init__(self, now: int, columns: Mapping[str, Numbers], is_known: np.ndarray[Any, np.dtype[np.bool_]]) -> None:
        self._now = now
        self._columns = columns
        self._is_known = is_known

    def column(self, name: str) -> Numbers:
        """Give a column of the posts."""
        return np.asarray(self._columns[name].take(self._places))

    @cached_property
    def _places(self) -> Any:
        return np.flatnonzero(self._is_known)

    def __len__(self) -> int:
        """Count the posts."""
        return int(np.count_nonzero(self._is_known))

    @property
    def oldest(self) -> pd.Timestamp | None:
        """When the oldest was posted; None without any."""
        if not self._is_known.any():
            return None
        posted = int(self._columns["posted"][np.argmax(self._is_known)])
        return pd.Timestamp(posted, unit="us", tz="UTC")

    def by_day(self, days: int, most: int, since: int, until: int) -> pd.DataFrame:
        """Count posts in each 24 h window, in all and within a stretch of time.

        Returns
        -------
            ``age`` (1 is the last window) of each with posts, ``posts``, ``capped`` (of each known creator at most
            ``most`` a window), ``creators``; the same three ``_within`` the stretch.
        """
        posted, creator = self.column("posted"), self.column("creator")
        edges = self._edges(posted, days, DAY_US)
        counts = [_counted(creator[start:end], most) for start, end in pairwise(edges)]
        cut = np.clip(edges, *np.searchsorted(posted, [since, max(since, until)]))
        within = [
            whole if (start, end) == (edges[place], edges[place + 1]) else _counted(creator[start:end], most)
            for place, (whole, start, end) in enumerate(zip(counts, cut[:-1], cut[1:], strict=True))
        ]
        names = [f"{name}{end}" for end in ("", "_within") for name in ("posts", "capped", "creators")]
        table = np.column_stack(
            [np.arange(days, 0, -1), np.array(counts).reshape(-1, 3), np.array(within).reshape(-1, 3)]
        )
        return pd.DataFrame(table[table[:, 1] > 0], columns=["age", *names])

    def by_region(self, cells: int, span_days: int) -> tuple[Numbers, Numbers, Numbers]:
        """Count posts by cell of some days, of which 1 is the last, and region: cells, regions, posts."""
        posted, region = self.column("posted"), self.column("region")
        edges = self._edges(posted, cells, span_days * DAY_US)
        cell, region = np.repeat(np.arange(cells, 0, -1), np.diff(edges)), region[edges[0] : edges[-1]]
        width = int(region.max(initial=0)) + 1
        counts = np.bincount(cell * width + region, minlength=(cells + 1) * width)
        found = np.flatnonzero(counts)
        return found // width, found % width, counts[found]

    def by_creator(self, days: int) -> pd.DataFrame:
        """Add the last days' posts up over their creators: what concentration is made of; a row, or none.

        Returns
        -------
            ``posts`` of known ``creators``, ``squares`` and ``top`` of what each posted, ``posts_of_unknown``, and
            ``first_timers``, who had not posted before; NaN where there are none.
        """
        posted, creator = self.column("posted"), self.column("creator")
        start = int(np.searchsorted(posted, self._now - days * DAY_US))
        names, times = np.unique(creator[start:], return_counts=True)
        is_unknown = names == 0
        known, each = names[~is_unknown], times[~is_unknown].astype("float64")
        has_posted = np.zeros(int(creator.max(initial=0)) + 1, dtype=bool)
        has_posted[creator[:start]] = True
        has_any = len(known) > 0
        row = {
            "posts": each.sum() if has_any else np.nan,
            "creators": float(len(known)),
            "squares": (each**2).sum() if has_any else np.nan,
            "top": each.max() if has_any else np.nan,
            "posts_of_unknown": float(times[is_unknown][0]) if is_unknown.any() else np.nan,
            "first_timers": float((~has_posted[known]).sum()),
        }
        return pd.DataFrame([row] if len(names) else [], columns=list(row))

    def _edges(self, posted: Numbers, cells: int, width: int) -> Numbers:
        return np.searchsorted(posted, self._now - np.arange(cells, -1, -1) * width)


def _counted(creator: Numbers, most: int) -> tuple[int, int, int]:
    """Count posts, posts of known creators counted so many times at most, and known creators."""
    ordered = np.sort(creator)
    known = ordered[np.searchsorted(ordered, 1) :]
    # in order, whoever posted more stands as many places before as well
    too_many = int(np.count_nonzero(known[most:] == known[:-most]))
    again = int(np.count_nonzero(known[1:] == known[:-1]))
    return len(creator), len(creator) - too_many, len(known) - again


def _kept_on(values: Numbers, unknown: int, is_first: np.ndarray[Any, np.dtype[np.bool_]]) -> Numbers:
    """Put what was known of a post before where a later answer leaves it out."""
    is_told = values != unknown
    if is_told.all():
        return values
    return values[np.maximum.accumulate(np.where(is_told | is_first, np.arange(len(values)), 0))]


def micros(instant: datetime | None, otherwise: int = 0) -> int:
    """Count microseconds since 1970."""
    return otherwise if instant is None or pd.isna(instant) else pd.Timestamp(instant).value // 1000
