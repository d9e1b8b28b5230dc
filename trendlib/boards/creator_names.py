"""The names of creators, as they were known at any instant: what was said of each, in the order of its answers."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

_NAMES = ("handle", "nickname")


class CreatorNames:
    """What was said of creators that were asked for: handle, nickname, followers."""

    def __init__(self) -> None:
        self._names: dict[str, list[tuple[int, Any, Any]]] = {}
        self._followers: dict[str, list[tuple[int, Any]]] = {}

    def missing(self, creator_ids: Iterable[str]) -> list[str]:
        """Tell whose names were not asked for yet."""
        return sorted({*creator_ids} - self._names.keys())

    def add(self, asked: Sequence[str], names: Iterable[tuple[Any, ...]], followers: Iterable[tuple[Any, ...]]) -> None:
        """Keep all that was ever said of some creators.

        Parameters
        ----------
        asked
            Who.
        names
            ``creator_id``, when [microseconds since 1970], handle, nickname, in the order of the answers.
        followers
            ``creator_id``, when, followers, in the same order.
        """
        for one in asked:
            self._names[one], self._followers[one] = [], []
        for creator_id, *said in names:
            self._names[creator_id].append((said[0], said[1], said[2]))
        for creator_id, *said in followers:
            self._followers[creator_id].append((said[0], said[1]))

    def at(self, now: int, creator_ids: Iterable[str]) -> pd.DataFrame:
        """Give ``creator_id``, ``handle``, ``nickname`` and ``followers`` of some of them as known at an instant."""
        asked = list(dict.fromkeys(creator_ids))
        known = [self._names[one][: bisect_left(self._names[one], (now,))] for one in asked]
        words = {
            name: [next((said[place] for said in reversed(rows) if said[place] is not None), None) for rows in known]
            for place, name in enumerate(_NAMES, start=1)
        }
        counted = [self._followers[one][: bisect_left(self._followers[one], (now,))] for one in asked]
        columns = {"creator_id": asked, **words}
        frame = pd.DataFrame({name: pd.Series(values, dtype="str") for name, values in columns.items()})
        return frame.assign(followers=pd.array([rows[-1][1] if rows else None for rows in counted], dtype="Int64"))
