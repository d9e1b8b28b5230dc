"""Windows as matrices: what is known of sounds' 24 h windows, a row a sound (sorted), a column a window, latest first.

Daily counts travel so from metric to metric; a frame is made of them where somebody reads them (`Counts.frame`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from trendlib.metrics.counters import Told
from trendlib.metrics.coverage import BEGINNING, exposure
from trendlib.metrics.engines import days_at, days_before, whole

HORIZON_DAYS = 70
WHOLE_DAY = 0.99

Matrix = np.ndarray[Any, np.dtype[np.float64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True, eq=False)
class Grid:
    """Daily counts as metrics read them, whatever they rest on."""

    sounds: "pd.Index[Any]"
    posts: Matrix
    exposure: Matrix
    unit: Matrix
    is_counter: Mask
    is_seen: Mask
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


@dataclass(frozen=True, eq=False)
class Listed:
    """What lists of posts tell of windows, covered or not.

    Attributes
    ----------
    sounds
        Whose rows they are, sorted.
    exposure
        The covered part of each window [days].
    posts, creators
        Those within the proven stretch; NaN where nothing is covered, creators also where nobody counted them.
    seen
        All posts, whether covered or not.
    is_before_birth
        Before the first post of a complete feed.
    """

    sounds: "pd.Index[Any]"
    exposure: Matrix
    posts: Matrix
    creators: Matrix
    seen: Matrix
    is_before_birth: Mask


def laid_out(counts: Mapping[str, Matrix], span: pd.DataFrame, *, as_of: pd.Timestamp) -> Listed:
    """Lay counts of posts out with what is covered.

    They have a row a sound of ``span``, as `trendlib.metrics.coverage.spans` gives it: ``seen``, all posts; ``posts``
    within the proven stretch, and their ``creators`` where known.
    """
    rows, days = counts["seen"].shape
    covered_days = exposure(span["since"], span["until"], as_of=as_of, days=days)
    posts, creators = (
        np.where(covered_days > 0, counts[name], np.nan) if name in counts else np.full((rows, days), np.nan)
        for name in ("posts", "creators")
    )
    first_age = np.ceil(np.nan_to_num(days_before(span["oldest"], as_of), nan=np.inf))
    is_born_in_sight = (span["since"] <= BEGINNING).to_numpy()
    is_before_birth = is_born_in_sight[:, None] & (np.arange(1, days + 1) > first_age[:, None])
    return Listed(span.index, covered_days, posts, creators, counts["seen"], is_before_birth)


@dataclass(frozen=True, eq=False)
class Counts:
    """Daily counts by posts or by counters, with all that is said of each window; NaN where something is unknown.

    Attributes
    ----------
    sounds
        Whose rows they are, sorted.
    columns
        ``posts``, ``exposure_days`` [days], ``net_change``, ``is_flagged`` (0 or 1), ``rounding_unit``, ``creators``.
    is_told
        Of which windows something is said.
    is_counter
        Of which windows the counter says it.
    """

    sounds: "pd.Index[Any]"
    columns: Mapping[str, Matrix]
    is_told: Mask
    is_counter: Mask

    @classmethod
    def of_posts(cls, listed: Listed) -> "Counts":
        """Take the windows of which lists of posts tell something."""
        is_told = (listed.exposure > 0) & ~listed.is_before_birth
        columns = {
            "posts": listed.posts,
            "exposure_days": listed.exposure,
            "net_change": np.full(is_told.shape, np.nan),
            "is_flagged": np.zeros(is_told.shape),
            "rounding_unit": np.ones(is_told.shape),
            "creators": listed.creators,
        }
        return cls(listed.sounds, columns, is_told, np.zeros_like(is_told))

    @classmethod
    def of_counter(cls, told: Told, days: int) -> "Counts":
        """Take the windows since each sound's first reading."""
        cells = (told.sound, told.age - 1)
        unknown = dict.fromkeys(("posts", "net_change", "rounding_unit", "creators"), np.nan)
        columns = {}
        for name, empty in {**unknown, "exposure_days": 0.0, "is_flagged": 0.0}.items():
            columns[name] = np.full((len(told.names), days), empty)
            if name in told.columns:
                columns[name][cells] = told.columns[name]
        is_told = np.arange(days) < told.age[told.is_first][:, None]
        return cls(told.names, columns, is_told, is_told)

    def beside(self, counter: "Counts") -> "Counts":
        """Join what posts tell with what counters tell: a day that the posts cover whole stands on them.

        Any other day stands on the counter; where that says nothing of it, on the part that the posts cover.
        """
        sounds = self.sounds.union(counter.sounds)
        listed, counted = self.among(sounds), counter.among(sounds)
        is_whole = listed.is_told & (listed.columns["exposure_days"] >= WHOLE_DAY)
        is_listed = is_whole | ~counted.is_told
        columns = {name: np.where(is_listed, values, counted.columns[name]) for name, values in listed.columns.items()}
        return Counts(sounds, columns, listed.is_told | counted.is_told, counted.is_told & ~is_listed)

    def among(self, sounds: "pd.Index[Any]") -> "Counts":
        """Give the sounds their places among more."""
        if len(sounds) == len(self.sounds):
            return self
        row = sounds.get_indexer(self.sounds)

        def spread(values: Any, empty: float) -> Any:
            filled = np.full((len(sounds), values.shape[1]), empty, dtype=values.dtype)
            filled[row] = values
            return filled

        columns = {name: spread(values, np.nan) for name, values in self.columns.items()}
        return Counts(sounds, columns, spread(self.is_told, empty=False), spread(self.is_counter, empty=False))

    def frame(self, as_of: pd.Timestamp) -> pd.DataFrame:
        """Give a row a sound and window that something is said of, the oldest window first.

        Returns
        -------
            As `trendlib.metrics.daily.from_posts` gives it.
        """
        row, place = np.nonzero(self.is_told[:, ::-1])
        back = self.is_told.shape[1] - 1 - place
        told = {name: values[row, back] for name, values in self.columns.items()}
        return pd.DataFrame(
            {
                "sound_id": pd.Series(self.sounds.take(row), dtype="str"),
                "day": days_at(back + 1, as_of),
                "posts": told["posts"],
                "exposure_days": told["exposure_days"],
                "net_change": whole(told["net_change"]),
                "is_flagged": told["is_flagged"] == 1,
                "rounding_unit": whole(told["rounding_unit"]),
                "source": pd.Series(np.where(self.is_counter[row, back], "counter", "posts"), dtype="str"),
                "creators": whole(told["creators"]),
            }
        )

    def grid(self, days: int) -> Grid:
        """Lay them out as metrics read them, as `trendlib.metrics.daily.grid` does with the frame."""
        is_there: Mask = np.asarray(self.is_told[:, :days].any(axis=1))
        missing = max(days - self.is_told.shape[1], 0)

        def matrix(name: str, is_told: Mask, empty: float) -> Matrix:
            values = np.where(is_told, self.columns[name], empty)[is_there, :days]
            return np.pad(values, ((0, 0), (0, missing)), constant_values=empty) if missing else values

        is_counted = self.is_told & (self.columns["exposure_days"] > 0) & (self.columns["posts"] >= 0)
        return Grid(
            self.sounds[is_there],
            matrix("posts", is_counted, np.nan),
            matrix("exposure_days", is_counted, 0.0),
            matrix("rounding_unit", self.is_told, np.nan),
            np.asarray(self.is_counter[is_there, :days].any(axis=1)),
            np.pad(self.is_told[is_there, :days], ((0, 0), (0, missing))),
            matrix("creators", self.is_told, np.nan),
        )
