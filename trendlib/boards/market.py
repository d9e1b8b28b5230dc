"""The market around the sounds: trending charts, the licensed-music catalogue, songs, artists of a public catalogue.

`Market` adds them to what `trendlib.boards.gallery.Gallery` shows: each source is asked only when
somebody pulls it, and shown as of the monitor's instant. What one source lacks takes nothing away from the others.
"""

from abc import abstractmethod
from collections.abc import Collection
from functools import cached_property

from trendlib import practice
from trendlib.boards.artist import artist_exhibit, look_up
from trendlib.boards.board import Board
from trendlib.boards.catalogue import Catalogue, Tracks
from trendlib.boards.chart_board import ChartBoard
from trendlib.boards.charted import Charted
from trendlib.boards.gallery import Gallery
from trendlib.boards.song import Song
from trendlib.boards.songbook import Songbook, read_overrides
from trendlib.config import Config
from trendlib.errors import NoDataError
from trendlib.runs.pull import PullPlan, PullReport, pull
from trendlib.runs.run import OnProgress, silent
from trendlib.show.exhibits import Exhibit
from trendlib.store import Store
from trendlib.watchlist import Watchlist


class Market(Gallery):
    """Charts, catalogue, songs and artists of one home at one instant, beside what its gallery shows."""

    config: Config
    store: Store

    @property
    @abstractmethod
    def watchlist(self) -> Watchlist:
        """What is followed."""

    @abstractmethod
    def move_on(self) -> None:
        """Forget what was shown, as the present has moved on."""

    @cached_property
    def charts(self) -> ChartBoard:
        """Trending charts: `trendlib.boards.chart_board.ChartBoard`."""
        return ChartBoard(Charted(self.store, self.as_of), self._followed, self.pull, is_practice=self.is_practice)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The licensed-music catalogue: `trendlib.boards.catalogue.Catalogue`."""
        return Catalogue(Tracks(self.store, self.as_of), self.songbook, self.pull, is_practice=self.is_practice)

    @cached_property
    def songbook(self) -> Songbook:
        """Every sound known, gathered into songs; ``families.toml`` of the home wins."""
        return Songbook(Charted(self.store, self.as_of), read_overrides(self.config.home))

    def song(self, name: str | int) -> Song:
        """Find a song by the id or address of any of its sounds, the charts' id of the song, or part of a title.

        Raises
        ------
        NoDataError
            If none is found, or more than one.
        """
        family = self.songbook.family(name)
        return Song(self._measured, self.charts, family, is_practice=self.is_practice)

    def artist(self, name: str) -> Exhibit:
        """Show releases and labels of an artist in MusicBrainz' public catalogue, with how well the name fits.

        A name that was not looked up yet, or not answered in full, is, if the settings name a contact
        (``TRENDLIB_MUSICBRAINZ_CONTACT``): it costs nothing.

        Raises
        ------
        NoDataError
            If it was never looked up, and can't be now.
        """
        why = ""
        if (self.is_practice or self.config.musicbrainz_contact is not None) and not self._is_looked_up(name):
            run = self.pull(PullPlan(artists=(name,))).run
            why = " ".join([*(one.reason for one in run.failures), run.stopped or ""]).strip()
        return artist_exhibit(self.store, self.as_of, name, why=why, is_practice=self.is_practice)

    def _is_looked_up(self, name: str) -> bool:
        try:
            return look_up(self.store, self.as_of, name).is_whole
        except NoDataError:
            return False

    def pull(self, plan: PullPlan, budget: int | None = None, on_progress: OnProgress = silent) -> PullReport:
        """Pull charts, details, the catalogue or artists, each from its provider, and load it all.

        Parameters
        ----------
        plan
            What to pull.
        budget
            Credits it may spend at each provider; None for no limit [credits].
        on_progress
            Told the stage, how many are done and of how many.

        Returns
        -------
            What was pulled, what it cost, and whose part ended early; in the practice world nothing is spent.

        Raises
        ------
        AuthError
            If a key is missing or was refused, and nobody answered.
        """
        if self.is_practice:
            report = practice.pull_more(self.config.home.parent, plan, on_progress=on_progress)
        else:
            report = pull(self.config, plan, budget=budget, on_progress=on_progress)
        self.move_on()
        return report

    def _followed(self) -> Collection[str]:
        """Sound ids of the watchlist; without one, those that were ever read."""
        listed = self.watchlist.sounds
        return set(listed or (() if self._measured is None else self._measured.leaderboard()["sound_id"]))

    @property
    def _measured(self) -> Board | None:
        """The board, or None in a home that only ever pulled."""
        try:
            return self.board
        except NoDataError:
            return None
