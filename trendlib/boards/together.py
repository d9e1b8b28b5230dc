"""Sounds that are read together, before anybody asks for one of them: each is then a part of what was read.

Rows lie sound by sound, so that what is known of one is a slice of arrays. Only who asks for more in SQL has its rows
copied, from one database in memory to another.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from trendlib.boards.creator_names import CreatorNames
from trendlib.boards.excerpt import OF_SOUNDS, Excerpt
from trendlib.boards.post_versions import SAID_BY_SOUND
from trendlib.schema import TABLES
from trendlib.snapshot import framed
from trendlib.store import Store

# Whose a row is, of those tables that every look at a sound takes whole.
_OWNERS: Mapping[str, str] = {
    **dict.fromkeys(("sounds", "sound_observations"), "sound_id"),
    "feed_pages": "subject_id",
    "alerts": "max(subject_id) OVER (PARTITION BY alert_id)",  # later answers name the alert only
}
_Stretches = Mapping[str, slice]


class Together(Excerpt):
    """Several sounds, read all at once.

    Parameters
    ----------
    store
        The warehouse.
    sound_ids
        Which sounds.
    """

    def __init__(self, store: Store, sound_ids: Sequence[str]) -> None:
        super().__init__(store, sound_ids)
        self._owned: dict[str, tuple[pd.DataFrame, _Stretches]] = {}
        self._all_said: dict[str, tuple[Mapping[str, Any], _Stretches]] = {}

    def reading(self) -> Iterator[None]:
        """Copy all that may be asked of the sounds, and read what is cut, in steps."""
        for table in OF_SOUNDS:
            yield
            self.taken(table)
        for name in _OWNERS:
            yield
            self._by_sound(name)
        for of in SAID_BY_SOUND:
            yield
            self._said_by_sound(of)
        yield
        _ = self._creators

    @contextmanager
    def copied(self, tables: Sequence[str]) -> Iterator[str]:
        """Name the database in memory in which these tables are, copied if they were not."""
        self.taken(*tables)
        yield self._place[1]

    def _origin(self, tables: Sequence[str]) -> AbstractContextManager[str]:
        return self.copied(tables) if self._taken.issuperset(tables) else super()._origin(tables)

    def creator_ids(self, numbers: Sequence[int]) -> list[str]:
        """Give the ids of some creators by their numbers."""
        return [self._creators[one - 1] for one in numbers]

    @cached_property
    def _creators(self) -> list[str]:
        ids = (
            self.taken("creator_numbers").execute("SELECT creator_id FROM creator_numbers ORDER BY creator").fetchall()
        )
        return [one for (one,) in ids]

    def log_of(self, sound_ids: Sequence[str], name: str) -> pd.DataFrame:
        """Return the rows of some of the sounds, each's as `log` does."""
        rows, stretches = self._by_sound(name)
        return rows.take(_places(stretches, sound_ids)).reset_index(drop=True)

    def said_of(self, sound_id: str, of: str) -> Mapping[str, Any]:
        """Return what was said of one sound's posts, or of their views, as `PostHistory.of` takes it."""
        columns, stretches = self._said_by_sound(of)
        return {name: values[stretches.get(sound_id, slice(0))] for name, values in columns.items()}

    def _by_sound(self, name: str) -> tuple[pd.DataFrame, _Stretches]:
        if name not in self._owned:
            order = ", ".join(dict.fromkeys(("owner", *TABLES[name].key, "observed_at", "answer_id")))
            sql = f"SELECT {_OWNERS[name]} AS owner, * FROM {name} ORDER BY {order}"  # noqa: S608 - of schema
            columns = self.taken(name).execute(sql).fetchnumpy()
            stretches = _stretches(columns.pop("owner"))
            self._owned[name] = framed(columns, TABLES[name]), stretches
        return self._owned[name]

    def _said_by_sound(self, of: str) -> tuple[Mapping[str, Any], _Stretches]:
        if of not in self._all_said:
            tables, sql = SAID_BY_SOUND[of]
            columns = self.taken(*tables).execute(sql).fetchnumpy()
            stretches = _stretches(columns.pop("sound_id"))
            self._all_said[of] = columns, stretches
        return self._all_said[of]


class Part(Excerpt):
    """Some of the sounds that were read together.

    Parameters
    ----------
    whole
        All of them.
    sound_ids
        Which of them.
    """

    together = ()

    def __init__(self, whole: Together, sound_ids: Sequence[str]) -> None:
        super().__init__(whole, sound_ids)
        self._whole = whole

    def names(self, creator_ids: Sequence[str]) -> CreatorNames:
        """Give what is known of the names of some creators."""
        return self._whole.names(creator_ids)

    def creator_ids(self, numbers: Sequence[int]) -> list[str]:
        """Give the ids of some creators by their numbers, which are those of all the sounds."""
        return self._whole.creator_ids(numbers)

    @property
    def regions(self) -> list[str | None]:
        """The name of each number of a region, of all the sounds."""
        return self._whole.regions

    def _log(self, name: str) -> pd.DataFrame:
        return self._whole.log_of(self.sound_ids, name)

    def _said(self, of: str) -> Mapping[str, Any]:
        (sound_id,) = self.sound_ids
        return self._whole.said_of(sound_id, of)

    def _origin(self, tables: Sequence[str]) -> AbstractContextManager[str]:
        return self._whole.copied(tables)


def _stretches(owners: Any) -> _Stretches:
    """Tell where the rows of each owner lie, which are together."""
    ends = [*(np.flatnonzero(owners[1:] != owners[:-1]) + 1), len(owners)]
    return {owners[start]: slice(start, end) for start, end in pairwise([0, *ends]) if end}


def _places(stretches: _Stretches, sound_ids: Sequence[str]) -> Any:
    return np.r_[tuple(stretches.get(one, slice(0)) for one in sound_ids)]
