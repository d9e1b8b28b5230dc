"""What sounds are called: as their provider says, or, where it named nobody, as a chart did last."""

from collections.abc import Sequence
from typing import Protocol

import pandas as pd


class World(Protocol):
    """What was known at one instant."""

    def frame(self, name: str, **where: str | Sequence[str]) -> pd.DataFrame:
        """Return a table, its rows in the order of its key."""


def named_sounds(world: World, sounds: pd.DataFrame) -> pd.DataFrame:
    """Give sounds without a title the title and artist of the last chart they were on.

    Parameters
    ----------
    world
        What was known at the instant.
    sounds
        Rows of the table ``sounds``.
    """
    nameless = sounds.loc[sounds["title"].isna(), "sound_id"].tolist()
    if not nameless:
        return sounds
    charted = world.frame("chart_entries", sound_id=nameless).dropna(subset=["title"])
    last = charted.sort_values("observed_at").drop_duplicates("sound_id", keep="last").set_index("sound_id")
    return sounds.assign(
        **{name: sounds[name].fillna(sounds["sound_id"].map(last[name]).astype("str")) for name in ("title", "artist")}
    )
