"""The licensed-music catalogue at one instant: its tracks, what entered and left, and which sound each may be.

A track carries no TikTok id. That it is a sound is a guess from title and artist, shown with its reason and its
confidence, and what it means for a use must be confirmed. The catalogue is made anew every 12 hours.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, TypeAlias

import pandas as pd

from trendlib import metrics
from trendlib.boards.charted import age_words, stale_note
from trendlib.boards.songbook import Songbook
from trendlib.errors import NoDataError
from trendlib.runs.pull import PullPlan, PullReport
from trendlib.runs.run import OnProgress, silent
from trendlib.show.exhibits import Exhibit
from trendlib.show.theme import time_words
from trendlib.show.track_picker import HONOURED, TrackPicker, payload_of
from trendlib.store import Store

Ask: TypeAlias = Callable[[PullPlan, int | None, OnProgress], PullReport]

TRACK_COLUMNS = ("title", "artist", "album", "duration_s", "language", "uses", "is_commerce_music", "track_id")
MATCH_COLUMNS = ("title", "artist", "track", "track_artist", "reason", "confidence", "candidates", "is_commerce_music")
CHANGE_COLUMNS = ("change", "title", "artist", "uses", "is_commerce_music", "track_id")
A_GUESS = "a guess from title and artist: the catalogue names no TikTok sound"
REMEDY = "Pull it: `trendlib pull --catalogue` (Layers, needs LAYERS_API_KEY and LAYERS_BASE_URL)."


@dataclass(frozen=True, eq=False)
class Tracks:
    """The snapshots of the catalogue that a home has, as known at one instant.

    Attributes
    ----------
    store
        Where they are.
    as_of
        The instant.
    """

    store: Store
    as_of: datetime

    @cached_property
    def snapshots(self) -> pd.DataFrame:
        """All tracks with ``pulled_at`` and ``is_whole``: a row a track and snapshot."""
        with self.store.as_of(self.as_of) as world:
            pulls, tracks = world.frame("catalog_pulls"), world.frame("catalog_tracks")
        is_whole = (pulls["items"] >= pulls["total"]).fillna(value=False)
        answers = pulls[["answer_id"]].assign(is_whole=is_whole)
        return tracks.rename(columns={"observed_at": "pulled_at"}).merge(answers, on="answer_id")

    @cached_property
    def latest(self) -> pd.DataFrame:
        """The tracks of the latest whole snapshot (of the latest, where none is whole), the most used first."""
        whole = self.snapshots[self.snapshots["is_whole"]]
        offered = whole if len(whole) else self.snapshots
        latest: pd.DataFrame = offered[offered["pulled_at"] == offered["pulled_at"].max()].drop_duplicates("track_id")
        return latest.sort_values(["uses", "track_id"], ascending=[False, True], ignore_index=True)

    def matched(self, sounds: pd.DataFrame) -> pd.DataFrame:
        """Guess which track each sound is: what `trendlib.metrics.match_tracks` gives, with the track's own words."""
        found: pd.DataFrame = metrics.match_tracks(self.latest, sounds)
        named = {"title": "track", "artist": "track_artist"}
        tracks = self.latest.rename(columns=named)[["track_id", *named.values(), "is_commerce_music", "pulled_at"]]
        return found.merge(tracks, on="track_id", how="left")


@dataclass(frozen=True, eq=False, repr=False)
class Catalogue:
    """The licensed-music catalogue, shown.

    Parameters
    ----------
    known
        Its snapshots.
    songbook
        The sounds that tracks are matched with, gathered into songs.
    ask
        Pulls from the provider.
    is_practice
        Whether it is the practice world's; every exhibit says so.
    """

    known: Tracks
    songbook: Songbook
    ask: Ask
    is_practice: bool = False

    def __repr__(self) -> str:
        """Say how much is known of it."""
        return f"Catalogue({len(self.known.latest):,} tracks; as of {time_words(self.as_of)})"

    @property
    def as_of(self) -> datetime:
        """The instant everything is shown as of."""
        return self.known.as_of

    def tracks(self, search: str = "", *, top: int | None = None) -> Exhibit:
        """List the catalogue's tracks, the most used first, or those that fit some words, the best first.

        Parameters
        ----------
        search
            Words of title, artist or album; misspelt ones are found too.
        top
            How many; None for all.

        Raises
        ------
        NoDataError
            If the catalogue was never pulled.
        """
        latest = self._latest()
        found = metrics.find_tracks(latest, search)
        frame = (found if top is None else found.head(top)).reset_index(drop=True)
        asked = f" for “{search}”" if search.strip() else ""
        return self._exhibit(
            "tracks",
            f"Licensed tracks{asked}",
            frame,
            subtitle=f"{len(found):,} of {len(latest):,} tracks",
            columns=TRACK_COLUMNS,
        )

    def entered_left(self) -> Exhibit:
        """List what entered and left the catalogue between its last two whole snapshots.

        Raises
        ------
        NoDataError
            If there are no two whole snapshots yet.
        """
        self._latest()
        everything = self.known.snapshots
        times = sorted(everything.loc[everything["is_whole"], "pulled_at"].unique())[-2:]
        if len(times) < 2:
            raise NoDataError(
                "Asked what entered and left the catalogue; fewer than two whole snapshots were known at "
                f"{time_words(self.as_of)}. {REMEDY}"
            )
        found = metrics.changes(everything, thing="track_id", as_of=self.as_of)
        shown = everything[everything["pulled_at"].isin(times)].sort_values("pulled_at")
        frame = found.merge(shown.drop_duplicates("track_id", keep="last"), on="track_id", how="left")
        counts = Counter(frame["change"])
        return self._exhibit(
            "catalogue_changes",
            "What the catalogue gained and lost",
            frame.drop(columns=["is_whole", "pulled_at"]),
            subtitle=f"{counts['entered']} entered, {counts['left']} left since {time_words(times[0])}",
            columns=CHANGE_COLUMNS,
        )

    def matches(self) -> Exhibit:
        """Guess which of the sounds known here, and which songs, stand in the catalogue.

        Returns
        -------
            A row a sound that may be a track: the sound, its ``song_id``, the track, ``reason``, ``confidence`` [0-1],
            ``candidates`` [tracks that fit equally well].

        Raises
        ------
        NoDataError
            If the catalogue was never pulled.
        """
        self._latest()
        sounds = self.songbook.sounds
        found = self.known.matched(sounds).drop(columns="pulled_at")
        frame = found.merge(sounds[["sound_id", "title", "artist", "song_id"]], on="sound_id", how="left")
        frame = frame.sort_values(["confidence", "sound_id"], ascending=[False, True], ignore_index=True)
        counts = ", ".join(f"{number} by {reason}" for reason, number in Counter(frame["reason"]).most_common())
        return self._exhibit(
            "catalogue_matches",
            "Which sounds may be in the catalogue",
            frame,
            subtitle=f"{len(frame)} of {len(sounds):,} sounds: {counts or 'none'}",
            columns=MATCH_COLUMNS,
            note=A_GUESS,
        )

    def payload(self, track_id: str) -> dict[str, dict[str, str]]:
        """Return what a post's request holds to choose a track; honoured with mode ``managed`` only.

        Raises
        ------
        NoDataError
            If the latest snapshot has no such track.
        """
        latest = self._latest()
        if track_id not in set(latest["track_id"]):
            raise NoDataError(
                f"Asked for track {track_id!r}; the catalogue of {time_words(latest['pulled_at'].iloc[0])} has no such "
                "id. Find it with `trendlib tracks --search …`."
            )
        return payload_of(track_id)

    def picker(self, search: str = "") -> TrackPicker:
        """Open a picker in a notebook: search, listen, pick, and take the payload; it loads nothing by itself."""
        return TrackPicker(self.tracks(search))

    def pull(self, *, budget: int | None = None, on_progress: OnProgress = silent) -> PullReport:
        """Ask for the catalogue, at most every 12 hours; it costs no credits.

        Raises
        ------
        AuthError
            If the key is missing or refused.
        """
        return self.ask(PullPlan(has_catalogue=True), budget, on_progress)

    def _latest(self) -> pd.DataFrame:
        latest = self.known.latest
        if latest.empty:
            raise NoDataError(f"The catalogue was not pulled before {time_words(self.as_of)}. {REMEDY}")
        return latest

    def _exhibit(self, name: str, title: str, frame: pd.DataFrame, *, note: str = "", **how: Any) -> Exhibit:
        latest = self.known.latest
        pulled_at = latest["pulled_at"].iloc[0]
        said = (
            note,
            "" if latest["is_whole"].iloc[0] else "not the whole catalogue",
            stale_note(self.as_of, pulled_at),
            HONOURED if name == "tracks" else "",
        )
        return Exhibit(
            name=name,
            title=title,
            frame=frame,
            as_of=self.as_of,
            source=f"Layers: catalogue of {time_words(pulled_at)} ({age_words(self.as_of, pulled_at)} before), "
            f"{len(latest):,} tracks",
            note="; ".join(filter(None, said)),
            is_practice=self.is_practice,
            **how,
        )
