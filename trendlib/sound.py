"""One sound, looked at closely: how it moves, and why it is on a list or not."""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import pandas as pd

from trendlib import metrics
from trendlib.board import Board
from trendlib.licence import licence_exhibit, licence_lines
from trendlib.schema import Status
from trendlib.show import charts
from trendlib.show.exhibits import Exhibit
from trendlib.show.theme import ratio_words, short_number
from trendlib.store import Store

DAY_COLUMNS = ("day", "posts", "exposure_days", "source", "is_flagged")
MAX_USES = int(metrics.CATCH_THEM_EARLY["total_uses"])


@dataclass(frozen=True, eq=False, repr=False)
class Sound:
    """One watched sound at one instant.

    Parameters
    ----------
    board
        All watched sounds at that instant.
    store
        Where its own readings are.
    sound_id
        Which one.
    is_practice
        Whether it is a sound of the practice world; every exhibit says so.
    """

    board: Board
    store: Store
    sound_id: str
    is_practice: bool = False

    def __repr__(self) -> str:
        """Name the sound."""
        return f"Sound({self.name!r}, {self.sound_id})"

    @cached_property
    def row(self) -> "pd.Series[Any]":
        """Its row of the whole leaderboard."""
        everything = self.board.leaderboard()
        return everything[everything["sound_id"] == self.sound_id].iloc[0]

    @property
    def name(self) -> str:
        """Title and artist, or the id when it has no title."""
        title, artist = self.row["title"], self.row["artist"]
        named = " · ".join(word for word in (title, artist) if isinstance(word, str))
        return named or f"sound {self.sound_id}"

    def velocity(self) -> Exhibit:
        """Show its posts a day and its total uses, with what is not covered and what was flagged."""
        days = self.board.days_of(self.sound_id)
        with self.store.as_of(self.board.as_of) as world:
            readings = world.frame("sound_observations", sound_id=self.sound_id)
        status = Status(self.row["status"])
        return Exhibit(
            name="velocity",
            title=self.name,
            subtitle=_headline(self.row, self.board.window_days_of(self.sound_id)),
            frame=days.iloc[::-1].reset_index(drop=True),
            columns=DAY_COLUMNS,
            draw=partial(charts.velocity, days, readings=readings, alerts=self.board.marks_of(self.sound_id)),
            as_of=self.board.as_of,
            source=_source(days, readings),
            tally={status.value: 1},
            note=status.meaning,
            is_practice=self.is_practice,
        )

    def why(self) -> Exhibit:
        """Say which check keeps it off the list, by how much, and what would change it."""
        checks = metrics.why(
            self.sound_id, self.board.leaderboard(), max_uses=MAX_USES, rule=self.board.rules["catch_them_early"]
        )
        place = "not ranked" if pd.isna(self.row["rank"]) else f"rank {self.row['rank']} of all that is watched"
        alerts = self.board.alerts()
        rules = alerts.loc[alerts["sound_id"] == self.sound_id, "rule"]
        flags = f"flagged by {' and '.join(rules)}" if len(rules) else "flagged by no rule"
        failed = int((~checks["passed"]).sum())
        verdict = f"{place}; {flags}; {failed or 'none'} of {len(checks)} checks below say no"
        return Exhibit(
            name="why",
            title=f"Why, or why not: {self.name}",
            subtitle=verdict,
            frame=checks,
            as_of=self.board.as_of,
            source="the whole leaderboard of this instant",
            tally={self.row["status"]: 1},
            is_practice=self.is_practice,
        )

    def licence(self) -> Exhibit:
        """Say what each source knows of its use, in one sentence and one table; rights must be confirmed."""
        one = pd.DataFrame([{name: self.row[name] for name in ("sound_id", "title", "artist")}])
        lines = licence_lines(self.store, self.board.as_of, one)
        return licence_exhibit(self.name, lines, self.board.as_of, is_practice=self.is_practice)


def _headline(row: "pd.Series[Any]", window_days: int) -> str:
    if pd.isna(row["growth_rate"]):
        return f"Can't tell how fast it moves: {Status(row['status']).meaning}"
    words = ratio_words(row["growth_rate"], row["growth_low"], row["growth_high"])
    pace = short_number(row["posts_last_24h"])
    if window_days > 1:
        return f"{words}: the last {window_days} days against the days before; about {pace} posts a day"
    return f"{words} its own week before, {pace} posts in the last 24 h"


def _source(days: pd.DataFrame, readings: pd.DataFrame) -> str:
    sources = " and ".join(sorted(days["source"].unique())) or "nothing"
    return f"TikLiveAPI: {len(readings):,} counter readings; daily counts from {sources}"
