"""The time between two reviews: what was known at both ends, which songs are picks, what turned out wrong.

Everything is read as it was known at the review's instant: answers fetched before it, alerts recorded on their day
under the rules of that day, notes made while looking at the world up to it. A home without data gives empty frames,
so that a review can say what is missing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import pandas as pd

from trendlib.api import said
from trendlib.boards.board import Board
from trendlib.boards.ledger import Ledger
from trendlib.errors import NoDataError
from trendlib.metrics.engines import board as brought
from trendlib.metrics.engines import enter
from trendlib.metrics.leaderboard import COLUMNS
from trendlib.metrics.ledger import MISS, NOT_YET
from trendlib.review.cut import NEAR, Cut, cut_near
from trendlib.review.desk import Desk
from trendlib.review.lineup import Lineup
from trendlib.review.picks import DROPPED, TAKEN_OUT, Flagged, Pick, by_hand, compared, gone
from trendlib.review.settings import Settings
from trendlib.schema import CALLS, NOTES, REJECTS, TABLES
from trendlib.show.exhibits import Exhibit
from trendlib.show.theme import day_words
from trendlib.store import frame_of

WEEK = timedelta(days=7)
_CREDIT_COLUMNS = ("provider", "endpoint", "credits", "error", "observed_at")


@dataclass(frozen=True, eq=False)
class Week:
    """What happened between the last review and this one.

    Parameters
    ----------
    desk
        The monitor of this review's instant.
    since
        The last review's instant.
    lineups
        What was measured of picks, by sound; reviews of the same week share it.
    """

    desk: Desk
    since: datetime
    lineups: dict[str, Lineup] = field(default_factory=dict)

    @property
    def as_of(self) -> datetime:
        """The instant of this review."""
        return self.desk.as_of

    @cached_property
    def board(self) -> Board | None:
        """All watched sounds; None where nothing is known of any."""
        try:
            return self.desk.board
        except NoDataError:
            return None

    @cached_property
    def everything(self) -> pd.DataFrame:
        """The whole leaderboard, unranked sounds too."""
        return pd.DataFrame(columns=list(COLUMNS)) if self.board is None else self.board.leaderboard()

    @cached_property
    def kept(self) -> Ledger | None:
        """The ledger; None where nothing is known."""
        try:
            return self.desk.kept
        except NoDataError:
            return None

    @cached_property
    def songs(self) -> pd.DataFrame:
        """Every sound known and its song: ``sound_id``, ``title``, ``artist``, ``song_id``, ``version``."""
        try:
            return self.desk.songbook.sounds
        except NoDataError:
            return pd.DataFrame(columns=["sound_id", "title", "artist", "song_id", "version"], dtype="str")

    def read(self, name: str, as_of: datetime | None = None) -> pd.DataFrame:
        """Read a table as it was known at this review's instant, or another; empty where nothing was."""
        try:
            with self.desk.store.as_of(as_of or self.as_of) as world:
                return world.frame(name)
        except NoDataError:
            return frame_of(TABLES[name], [])

    @cached_property
    def calls(self) -> pd.DataFrame:
        """The answers of sources since the last review: provider, endpoint, credits, error, observed_at."""
        try:
            with self.desk.store.as_of(self.as_of) as world:
                named = enter(world.table(CALLS.name), times=["observed_at"], others=_CREDIT_COLUMNS)
                table = brought(named.select(*_CREDIT_COLUMNS))
        except NoDataError:
            table = frame_of(CALLS, [])[list(_CREDIT_COLUMNS)]
        table = table[(table["observed_at"] >= self.since) & (table["provider"] != said.PROVIDER)]
        return table.sort_values(list(_CREDIT_COLUMNS), ignore_index=True)

    @property
    def credits(self) -> int:
        """Credits spent since the last review."""
        return int(self.calls["credits"].fillna(0).sum())

    @cached_property
    def rejects(self) -> int:
        """Items set aside since the last review."""
        return int((self.read(REJECTS.name)["observed_at"] >= self.since).sum())

    @cached_property
    def markets(self) -> list[str]:
        """Regions of the watchlist and of the charts that are known."""
        try:
            charted = self.desk.charts.charted.known["region"].dropna().tolist()
        except NoDataError:
            charted = []
        return list(dict.fromkeys((*self.desk.watchlist.regions, *sorted(set(charted)))))

    @cached_property
    def last_look(self) -> datetime | None:
        """When the rules were last asked, and their word kept, since the last review; None for never."""
        return _last_look(self.read("rule_runs"), self.since)

    @property
    def is_recorded(self) -> bool:
        """Whether what the rules said was kept since the last review."""
        return self.last_look is not None

    @cached_property
    def is_first(self) -> bool:
        """Whether no rule had been asked by the last review's instant: nothing to compare the picks with is kept."""
        return self.read("rule_runs", self.since).empty

    @cached_property
    def flagged(self) -> list[Pick]:
        """The songs that rules flagged since the last review, beside that review; the team's hand is not in it."""
        songs, growth = self.songs, self.everything
        if self.board is not None and not self.is_recorded:
            found = Flagged.of_board(self.board.alerts(), self.as_of, self.since)
        else:
            found = Flagged.of_ledger(self.read("alerts"), self.last_look, self.as_of, self.since)
        notes = self.notes
        return [_noted(pick, notes) for pick in compared(found.picks(songs, growth), self.picks_then, songs, growth)]

    @cached_property
    def picks_then(self) -> list[Pick]:
        """The picks of the last review, as they were known then, with the team's hand in them."""
        before = self.since - (self.as_of - self.since)
        alerts = self.read("alerts", self.since)
        look = _last_look(self.read("rule_runs", self.since), before)
        said = Flagged.of_ledger(alerts, look, self.since, before)
        picks = said.picks(self.songs, pd.DataFrame({"sound_id": [], "growth_low": []}))
        nearer_then_than_now = min(NEAR, (self.as_of - self.since) / 2)
        return by_hand(picks, cut_near(self.desk.config.reviews_folder, self.since, nearer_then_than_now), self.songs)

    def picks(self, cut: Cut) -> list[Pick]:
        """Give the picks with the team's hand in them."""
        return by_hand(self.flagged, cut, self.songs)

    def gone(self, picks: Sequence[Pick]) -> list[tuple[Pick, str, str]]:
        """List picks of the last review, and flagged ones, that these are without: what became of each, and why."""
        shown = {pick.song_id for pick in picks}
        taken = [(pick, DROPPED, TAKEN_OUT) for pick in self.flagged if pick.song_id not in shown]
        return [*gone([*self.flagged, *picks], self.picks_then, self.songs), *taken]

    @cached_property
    def told(self) -> pd.DataFrame:
        """What `trendlib.metrics.outcomes` told since the last review, with ``alert_id``, ``title``, ``note``."""
        if self.kept is None or self.kept.outcomes.empty:
            return pd.DataFrame(
                columns=["alert_id", "sound_id", "title", "rule", "alerted_at", "weeks", "outcome", "lift"]
            )
        outcomes = self.kept.outcomes
        due = outcomes["alerted_at"] + pd.to_timedelta(outcomes["weeks"].astype("int64") * 7, unit="D")
        found = outcomes[(due > self.since) & (due <= self.as_of) & (outcomes["outcome"] != NOT_YET)]
        return found.assign(note=found["alert_id"].map(self.notes)).sort_values(
            ["weeks", "alerted_at", "rule", "sound_id"], ignore_index=True
        )

    @property
    def wrong(self) -> pd.DataFrame:
        """Those of `told` that did not hold what the alert promised."""
        return self.told[self.told["outcome"] == MISS]

    @cached_property
    def notes(self) -> dict[str, str]:
        """The latest note on each alert; one written over a week after the review's instant says when."""
        notes = self.read(NOTES.name).sort_values(["written_at", "answer_id"])
        late = notes["written_at"] > self.as_of + WEEK
        words = [
            f"{note} (written {day_words(at)})" if is_late else note
            for note, at, is_late in zip(notes["note"], notes["written_at"], late, strict=True)
        ]
        return dict(zip(notes["alert_id"], words, strict=True))

    @cached_property
    def spoken(self) -> dict[str, list[str]]:
        """The versions under which each rule was asked since the last review, as it was recorded."""
        runs = self.read("rule_runs")
        runs = runs[runs["asked_as_of"] > self.since]
        return {str(rule): sorted(set(own["rule_version"])) for rule, own in runs.groupby("rule")}

    def lined_up(self, sounds: Sequence[str]) -> Mapping[str, Lineup]:
        """Measure some sounds together; one that is not on the board has no lineup."""
        watched = set(self.everything["sound_id"])
        fresh = tuple(one for one in sounds if one not in self.lineups and one in watched)
        if fresh and self.board is not None:
            self.lineups.update(dict.fromkeys(fresh, Lineup(self.desk, self.board, self.songs, fresh)))
        return self.lineups

    def exhibit(self, name: str, title: str, frame: pd.DataFrame, **how: Any) -> Exhibit:
        """Wrap a frame of the review's own."""
        how.setdefault("source", f"{len(frame):,} row{'' if len(frame) == 1 else 's'}")
        return Exhibit(name=name, title=title, frame=frame, as_of=self.as_of, is_practice=self.desk.is_practice, **how)


@dataclass(frozen=True, eq=False)
class Agenda:
    """What a section is made of.

    Attributes
    ----------
    week
        What happened since the last review.
    picks
        The picks, with the team's hand in them.
    settings
        What the team set.
    taken_over
        Which earlier review the team's hand began with, in words; "" for none.
    """

    week: Week
    picks: Sequence[Pick]
    settings: Settings
    taken_over: str = ""


def _last_look(runs: pd.DataFrame, since: datetime) -> datetime | None:
    looks = runs.loc[runs["asked_as_of"] > since, "asked_as_of"]
    return None if looks.empty else looks.max()


def _noted(pick: Pick, notes: dict[str, str]) -> Pick:
    own = [notes[one] for one in pick.alert_ids if one in notes]
    return Pick(**{**vars(pick), "note": own[0]}) if own else pick
