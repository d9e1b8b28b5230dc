"""One song over all its sounds: how each moves, where it charts, who hears it, who carries it, how it may be used.

A song is a family of sounds (`trendlib.boards.songbook`). Its totals count a post once, whatever feeds list it. What
no source has told is said in a sentence, and takes nothing away from the rest.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pandas as pd

from trendlib import metrics
from trendlib.boards import findings
from trendlib.boards.board import Board
from trendlib.boards.chart_board import PERIOD, ChartBoard
from trendlib.boards.licence import COLUMNS as LICENCE_COLUMNS
from trendlib.boards.licence import CONFIRM, licence_lines, licence_sentence
from trendlib.boards.songbook import told_shares
from trendlib.errors import ConfigError, NoDataError
from trendlib.metrics.leaderboard import COLUMNS
from trendlib.schema import Status
from trendlib.show import charts
from trendlib.show.book import Gap, book, leaf_through
from trendlib.show.canvas import Words
from trendlib.show.exhibits import Exhibit, write_file
from trendlib.show.places import the_region
from trendlib.show.theme import short_number, time_words
from trendlib.store import Store

SOUND_COLUMNS = (
    "title", "artist", "version", "reason", "growth_rate", "growth_low", "growth_high", "posts_last_24h", "window_days",
    "total_uses", "status", "alert",
)  # fmt: skip
CREATOR_COLUMNS = ("rank", "handle", "nickname", "posts", "views", "reach_per_post", "followers")
VERSION_COLUMNS = ("day", "version", "posts", "share", "n", "status")
TOP_CREATORS = 8


@dataclass(frozen=True)
class _Posts:
    """What the posts of all its sounds say, each post once."""

    number: int
    totals: pd.DataFrame
    shares: pd.DataFrame
    note: str
    creators: pd.DataFrame
    concentration: pd.DataFrame


@dataclass(frozen=True, eq=False, repr=False)
class Song:
    """One song at one instant.

    Parameters
    ----------
    board
        All watched sounds at that instant; None where nothing was ever swept.
    charts
        The trending charts, and the store behind them.
    family
        Its sounds, the head first, as `trendlib.boards.songbook.Songbook.family` gives them.
    is_practice
        Whether it is a song of the practice world; every exhibit says so.
    """

    board: Board | None
    charts: ChartBoard
    family: pd.DataFrame
    is_practice: bool = False

    def __repr__(self) -> str:
        """Name the song."""
        return f"Song({self.name!r}, {_counted(len(self.family))}, {self.song_id})"

    @property
    def as_of(self) -> datetime:
        """The instant everything is shown as of."""
        return self.charts.as_of

    @property
    def song_id(self) -> str:
        """The id of the family's head."""
        return str(self.family["song_id"].iloc[0])

    @property
    def name(self) -> str:
        """Title and artist of the head, or its id."""
        words = [word for word in self.family[["title", "artist"]].iloc[0] if isinstance(word, str)]
        return " · ".join(words) or f"song {self.song_id}"

    def sounds(self) -> Exhibit:
        """List its sounds: version, why each belongs to it, and how each moves."""
        everything = pd.DataFrame(columns=COLUMNS) if self.board is None else self.board.leaderboard()
        measured = everything.drop(columns=["title", "artist", "song_id"])
        frame = self.family.merge(measured.astype({"sound_id": "str"}), on="sound_id", how="left")
        frame["is_watched"] = frame["status"].notna()
        frame["status"] = frame["status"].fillna(Status.NOT_ENOUGH_COVERAGE.value)
        frame["alert"] = frame["alert"].fillna("")
        unwatched = int((~frame["is_watched"]).sum())
        return self._exhibit(
            "song_sounds",
            f"The sounds of {self.name}",
            frame,
            subtitle=self._total_words(),
            columns=SOUND_COLUMNS,
            draw=partial(charts.leaderboard.sheet, frame),
            source=f"TikLiveAPI: {self._posts.number:,} posts, each counted once",
            tally=Counter(frame["status"]),
            note="a rank is that among all watched sounds"
            + (f"; {unwatched} of them are not watched, so not measured" if unwatched else ""),
        )

    def totals(self) -> Exhibit:
        """Count its posts of the last week over all sounds, each post once."""
        return self._exhibit(
            "song_totals",
            f"A week of {self.name}",
            self._posts.totals,
            subtitle=self._total_words(),
            source=f"TikLiveAPI: {self._posts.number:,} posts, each counted once",
            tally=Counter(self._posts.totals["status"]),
        )

    def versions(self) -> Exhibit:
        """Show how its posts divide among versions, day by day.

        Raises
        ------
        NoDataError
            If no post of it is known.
        """
        shares = self._posts.shares
        if shares.empty:
            raise NoDataError("No post with any of its sounds is known: which version leads can't be told.")
        return self._exhibit(
            "versions",
            f"Which version of {self.name}",
            shares.iloc[::-1].reset_index(drop=True),
            columns=VERSION_COLUMNS,
            draw=partial(charts.versions.sheet, shares),
            source=f"TikLiveAPI: {self._posts.number:,} posts, each counted once",
            tally=Counter(shares.drop_duplicates("day", keep="last")["status"]),
            things="days",
            note=self._posts.note,
        )

    def ranks(self, period: int = PERIOD) -> Exhibit:
        """Follow the ranks of all its sounds on the charts of all regions.

        Raises
        ------
        NoDataError
            If none of them was on a chart that was pulled.
        """
        rows = self.charts.charted.of_sounds(self.family["sound_id"].tolist())
        rows = rows[rows["period_days"] == period]
        if rows.empty:
            raise NoDataError(f"None of its sounds stands on a {period}-day chart that was pulled (KeyAPI).")
        named = self.family[["sound_id", "title", "artist", "version"]]
        lines = dict(zip(named["sound_id"], _told_apart(named), strict=True))
        frame = metrics.rank_path(rows, as_of=self.as_of).merge(named, on="sound_id", how="left")
        frame = frame.sort_values(["day", "rank"], ascending=[False, True], ignore_index=True)
        latest = frame.sort_values("day", kind="stable").drop_duplicates(["sound_id", "region"], keep="last")
        best = latest.sort_values("rank").head(3)
        return self._exhibit(
            "rank_paths",
            f"Where {self.name} charts",
            frame,
            columns=("day", "region", "rank", "move", "title", "version"),
            subtitle="last seen at "
            + ", ".join(f"{row.rank} in {the_region(row.region)}" for row in best.itertuples()),
            draw=partial(
                charts.rank_path.sheet, frame.drop(columns="period_days").assign(title=frame["sound_id"].map(lines))
            ),
            source=f"KeyAPI: {len(rows):,} chart entries of {frame['region'].nunique()} regions, {period} days",
            note="a day without a pull says nothing",
        )

    def audience(self) -> Exhibit:
        """Show who hears it, as an index: the latest known of any of its sounds.

        Raises
        ------
        NoDataError
            If no details of its sounds were pulled.
        """
        frame = self.charts.charted.audience_of(self.family["sound_id"].tolist())
        if frame.empty:
            raise NoDataError("Who hears it is not known: no details of its sounds were pulled (KeyAPI).")
        return self.charts.audience_exhibit(frame)

    def licence(self) -> Exhibit:
        """List what each source says of the use of each of its sounds."""
        lines = licence_lines(self._store, self.as_of, self.family)
        frame = lines.merge(self.family[["sound_id", "title", "version"]], on="sound_id")
        head = lines[lines["sound_id"] == self.song_id]
        return self._exhibit(
            "licence",
            f"What is known of the use of {self.name}",
            frame,
            subtitle=licence_sentence(head),
            columns=("title", "version", *LICENCE_COLUMNS[1:]),
            source=f"{frame['dated'].notna().sum()} of {len(frame)} statements known",
            note=f"none of them is a licence; {CONFIRM}",
        )

    def creators(self) -> Exhibit:
        """List who reaches most people with it, over all its sounds.

        Raises
        ------
        NoDataError
            If no post of a known creator is known.
        """
        top = self._posts.creators
        if top.empty:
            raise NoDataError("No post of a known creator with any of its sounds is known.")
        return self._exhibit(
            "creators",
            f"Who carries {self.name}",
            top,
            subtitle=findings.concentration(self._posts.concentration),
            columns=CREATOR_COLUMNS,
            draw=partial(charts.creators.sheet, top),
            source=f"TikLiveAPI: {self._posts.number:,} posts, each counted once",
        )

    def exhibits(self) -> list[Exhibit]:
        """Return what is known of it, in the order of its page; what is not known is left out."""
        return [part for _, part in self._parts if isinstance(part, Exhibit)]

    def page(self) -> str:
        """Write all of it as one HTML page that needs nothing from outside; what is not known says so."""
        return book(self._words, self._parts, is_practice=self.is_practice)

    def _ipython_display_(self) -> None:
        """Show all of it in a notebook, part by part."""
        leaf_through(self._words, self._parts)

    def save(self, path: str | Path) -> Path:
        """Write its page to a file whose name ends in ``html``.

        Raises
        ------
        ConfigError
            If the ending is another one, or the file cannot be written.
        """
        target = Path(path)
        if target.suffix.lower() != ".html":
            raise ConfigError(f"cannot save a song as {target.name!r}; name a file that ends in html")
        write_file(target, self.page().encode())
        return target

    @cached_property
    def _parts(self) -> list[tuple[str, Exhibit | Gap]]:
        wanted: dict[str, Callable[[], Exhibit]] = {
            "Sounds": self.sounds,
            "Versions": self.versions,
            "Charts": self.ranks,
            "Audience": self.audience,
            "Creators": self.creators,
            "Use": self.licence,
        }
        return [(heading, _shown_or_gap(heading, make)) for heading, make in wanted.items()]

    @cached_property
    def _posts(self) -> _Posts:
        """Measure the posts of all its sounds, each counted under the song, once."""
        as_of, ids = self.as_of, self.family["sound_id"].tolist()
        with self._store.as_of(as_of) as world:
            pages = world.frame("feed_pages", subject="sound", subject_id=ids)
            posts = world.posts(ids).df()
            people = sorted(set(posts["creator_id"].dropna()))
            named = world.frame("creators", creator_id=people)[["creator_id", "handle", "nickname"]]
            followers = world.frame("creator_observations", creator_id=people)[["creator_id", "followers"]]
        posts = posts.astype({"sound_id": "str", "post_id": "str", "creator_id": "str"}).drop_duplicates("post_id")
        covered = metrics.coverage(pages, as_of=as_of)
        joined = posts.assign(sound_id=self.song_id)
        top = metrics.top_creators(joined, as_of=as_of, top=TOP_CREATORS, followers=followers)
        shares = metrics.version_share(posts, self.family, as_of=as_of, coverage=covered)
        own = shares[shares["song_id"] == self.song_id]
        return _Posts(
            len(posts),
            metrics.family_totals(posts, self.family, as_of=as_of, coverage=covered),
            *told_shares(own, self.family, {*posts["sound_id"], *covered["subject_id"]}),
            top.merge(named, on="creator_id", how="left"),
            metrics.concentration(joined, as_of=as_of),
        )

    @property
    def _words(self) -> Words:
        as_of = f"As of {time_words(self.as_of)} · {_counted(len(self.family))}"
        return Words(self.name, self._total_words(), as_of)

    @property
    def _store(self) -> Store:
        return self.charts.charted.store

    def _total_words(self) -> str:
        totals = self._posts.totals
        if totals.empty:
            return f"{_counted(len(self.family))}; no post with any of them is known"
        row = totals.iloc[0]
        least = "" if row["status"] == Status.OK else "at least "
        return f"{least}{short_number(row['posts'])} posts in 7 days over {_counted(len(self.family))}, each post once"

    def _exhibit(self, name: str, title: str, frame: pd.DataFrame, **how: Any) -> Exhibit:
        return Exhibit(name=name, title=title, frame=frame, as_of=self.as_of, is_practice=self.is_practice, **how)


def _shown_or_gap(heading: str, make: Callable[[], Exhibit]) -> Exhibit | Gap:
    try:
        return make()
    except NoDataError as error:
        return Gap(heading.lower(), f"{heading}: not known", str(error))


def _counted(sounds: int) -> str:
    return f"{sounds} sound{'s' * (sounds != 1)}"


def _told_apart(sounds: pd.DataFrame) -> list[str]:
    """Name each sound of a song by its version, and by the end of its id where several are of one."""
    is_alone = ~sounds["version"].duplicated(keep=False)
    pairs = zip(sounds["version"], sounds["sound_id"], is_alone, strict=True)
    return [version if alone else f"{version} …{sound[-4:]}" for version, sound, alone in pairs]
