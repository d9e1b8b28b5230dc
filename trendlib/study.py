"""What is known of one sound at one instant, and what is measured of it: cheap, however large the board.

Whoever looks closely at a sound asks for it again and again, as of many instants. So what the warehouse holds of it is
read once (`trendlib.excerpt`), and every instant is a filter of that. What an ordinary day is (weekday, common shock,
scatter) is learnt from the *company*: the use counters of all sounds that are watched, or of 200 drawn
from them where they are more. So growth may differ from the leaderboard's in the last digit, never in its evidence.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from trendlib import metrics
from trendlib.board import POSTS_PER_CREATOR, SENT_ALERTS, Board, board, joined_days, latest_uses, not_measured
from trendlib.charted import Charted
from trendlib.errors import ConfigError
from trendlib.excerpt import Excerpt
from trendlib.metrics import Rule
from trendlib.metrics.breakouts import CROWD_DAYS
from trendlib.metrics.velocity import Dialect
from trendlib.songbook import Songbook, read_overrides
from trendlib.store import Store

COMPANY = 200
FLAGGED_DAYS = 28
FORECAST_SPANS = (1, 3, 7)
_SOUNDS_KEPT, _INSTANTS_KEPT, _BOARDS_KEPT = 6, 48, 2
_COUNTED = ("sound_id", "creator_id", "region", "posted_at")

Kept = TypeVar("Kept")


class _Shelf:
    """The last things that were made, by key."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._things: OrderedDict[Hashable, Any] = OrderedDict()

    def keep(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """Give the thing of a key, made if it is not there."""
        if key not in self._things:
            self._things[key] = make()
            if len(self._things) > self._room:
                self._things.popitem(last=False)
        self._things.move_to_end(key)
        kept: Kept = self._things[key]
        return kept


class Study:
    """The sounds of one home, to be looked at one by one; it keeps what it read, and forgets it when the file changes.

    Parameters
    ----------
    store
        Where everything is.
    home
        Where an analyst says which sounds are one song.
    watched
        Sound ids; none given means every sound whose counter or posts were ever asked for.
    rules
        Which thresholds count.
    """

    def __init__(self, store: Store, home: Path, watched: Sequence[str], rules: Mapping[str, Rule]) -> None:
        self.store = store
        self.home = home
        self.watched = tuple(watched)
        self.rules = rules
        self._forget()

    def evidence(self, sound_id: str, as_of: datetime) -> "Evidence":
        """Return what is known of a sound at an instant."""
        if self._stamp != _stamp(self.store.path):
            self._forget()
        return self._evidence.keep((sound_id, as_of), lambda: Evidence(self, sound_id, as_of))

    def board(self, as_of: datetime) -> Board:
        """Measure all watched sounds; needed for ranks only."""
        return self._boards.keep(as_of, lambda: self._board(as_of))

    def songbook(self, as_of: datetime) -> Songbook:
        """Gather every sound known into songs."""
        make = lambda: Songbook(Charted(self.store, as_of), read_overrides(self.home))  # noqa: E731
        return self._songbooks.keep(as_of, make)

    def excerpt(self, *sound_ids: str) -> Excerpt:
        """Return what the warehouse holds of some sounds."""
        return self._excerpts.keep(sound_ids, lambda: Excerpt(self.store, sound_ids))

    def tags(self) -> Excerpt:
        """Return what the warehouse holds of the hashtags that were read."""
        return self._excerpts.keep("hashtags", lambda: Excerpt(self.store, (), subject="hashtag"))

    def company_days(self, as_of: datetime) -> pd.DataFrame:
        """Return the daily counts of the company by its counters."""
        return self._company_days.keep(as_of, lambda: self._counted(as_of))

    def company_hashtags(self, as_of: datetime, days: int) -> pd.DataFrame:
        """Count the hashtags beside the company's sounds."""
        return self._hashtags.keep((as_of, days), lambda: self._tagged(as_of, days))

    def _tagged(self, as_of: datetime, days: int) -> pd.DataFrame:
        world = self.excerpt(*self.company(as_of)).at(as_of)
        posts, tags = world.posts_known(has_counters=False), world.table("post_hashtags")
        counts: pd.DataFrame = metrics.hashtag_counts(posts, tags, as_of=as_of, days=days)
        return counts

    def company(self, as_of: datetime) -> tuple[str, ...]:
        """Choose the sounds that tell what an ordinary day is; whatever is read later, the choice stays."""
        known = self._draw[self._draw["first_read"] < pd.Timestamp(as_of)]
        return tuple(known["sound_id"].head(COMPANY))

    @cached_property
    def _draw(self) -> pd.DataFrame:
        """Every watched sound that was ever read, and when first, in an order that is as good as drawn by lot."""
        first = self.excerpt().first_readings()
        chosen = first[first["sound_id"].isin(self.watched)] if self.watched else first
        lots = chosen["sound_id"].map(lambda one: blake2b(one.encode()).digest())
        return chosen.assign(lot=lots).sort_values("lot", ignore_index=True)

    def known(self, as_of: datetime) -> pd.DataFrame:
        """Return the titles of all sounds that were watched by an instant: a row a sound with a title."""
        return self._names.keep(as_of, lambda: self._known(as_of))

    def _known(self, as_of: datetime) -> pd.DataFrame:
        with self.store.as_of(as_of) as world:
            asked = world.table("feed_pages", subject="sound").project("subject_id AS sound_id")
            read = world.table("sound_observations").project("sound_id").union(asked).distinct().df()["sound_id"]
            sounds = world.frame("sounds", sound_id=sorted({*self.watched, *read.dropna()}))
        return sounds[sounds["sound_id"].isin(self.watched)] if self.watched else sounds

    def _counted(self, as_of: datetime) -> pd.DataFrame:
        readings = self.excerpt(*self.company(as_of)).at(as_of).frame("sound_observations")
        counted: pd.DataFrame = metrics.daily.from_counter(readings, as_of=as_of)
        return counted

    def _board(self, as_of: datetime) -> Board:
        with self.store.as_of(as_of) as world:
            return board(world, self.watched, rules=self.rules)

    def _forget(self) -> None:
        self._stamp = _stamp(self.store.path)
        self.__dict__.pop("_draw", None)
        self._evidence, self._names = _Shelf(_INSTANTS_KEPT), _Shelf(_INSTANTS_KEPT)
        self._company_days, self._hashtags = _Shelf(_INSTANTS_KEPT), _Shelf(_INSTANTS_KEPT)
        self._excerpts, self._songbooks, self._boards = _Shelf(_SOUNDS_KEPT), _Shelf(_BOARDS_KEPT), _Shelf(_BOARDS_KEPT)


class Evidence:
    """One sound at one instant: what is known, and what is measured of it.

    Parameters
    ----------
    study
        The sounds it is one of.
    sound_id
        Which one.
    as_of
        The instant.
    """

    def __init__(self, study: Study, sound_id: str, as_of: datetime) -> None:
        self.study = study
        self.sound_id = sound_id
        self.as_of = as_of
        self.world = study.excerpt(sound_id).at(as_of)

    @cached_property
    def is_known(self) -> bool:
        """Whether it was watched by then."""
        return self.sound_id in self.study.watched or bool(len(self.readings) or len(self.pages))

    @cached_property
    def identity(self) -> pd.DataFrame:
        """Title, artist and the like: a row, or none."""
        return self.world.frame("sounds")

    @cached_property
    def readings(self) -> pd.DataFrame:
        """The readings of its use counter."""
        return self.world.frame("sound_observations")

    @cached_property
    def pages(self) -> pd.DataFrame:
        """The pages of its feed."""
        return self.world.frame("feed_pages")

    @cached_property
    def uses(self) -> pd.DataFrame:
        """Its latest known total uses: a row, or none."""
        return latest_uses(self.readings)

    @cached_property
    def covered(self) -> pd.DataFrame:
        """What its feed's pages prove."""
        totals = self.uses.rename(columns={"sound_id": "subject_id", "total_uses": "total"}).dropna()
        covered: pd.DataFrame = metrics.coverage(self.pages, as_of=self.as_of, totals=totals)
        return covered

    @cached_property
    def posts(self) -> Any:
        """Its posts, one row each, to be counted: a relation without what counting does not need."""
        return self.world.posts_known(has_counters=False).project(", ".join(_COUNTED))

    @cached_property
    def listed(self) -> Any:
        """Its posts with all that is said of them: a relation."""
        return self.world.posts_known(has_counters=False)

    @cached_property
    def viewed(self) -> Any:
        """Its posts with all that is said of them and their latest counters: a relation."""
        return self.world.posts_known(has_counters=True)

    @cached_property
    def counted(self) -> pd.DataFrame:
        """Its daily counts by the counter."""
        counted: pd.DataFrame = metrics.daily.from_counter(self.readings, as_of=self.as_of)
        return counted

    @cached_property
    def days(self) -> pd.DataFrame:
        """Its daily counts, oldest first: by the posts where they cover a day whole, else by the counter."""
        listed = metrics.daily.from_posts(
            self.posts, as_of=self.as_of, coverage=self.covered, posts_per_creator=POSTS_PER_CREATOR
        )
        return joined_days(self.counted, listed)

    @cached_property
    def company_days(self) -> pd.DataFrame:
        """Daily counts of the company, this sound's own among them."""
        return self._beside_company(self.days)

    def _beside_company(self, own: pd.DataFrame) -> pd.DataFrame:
        company = self.study.company_days(self.as_of)
        return pd.concat([company[company["sound_id"] != self.sound_id], own], ignore_index=True)

    def velocities(self, dialect: Dialect = "trendlib") -> Sequence[pd.DataFrame]:
        """Measure its velocity in a dialect: on its posts, and on its counter, which shows no views."""
        is_of_views = dialect == "tutorial_engagement"
        how: dict[str, Any] = {"as_of": self.as_of, "dialect": dialect}
        posts = self.viewed if is_of_views else self.posts
        on_posts = metrics.velocity(posts, coverage=self.covered, daily=self.company_days, **how)
        if is_of_views:
            return (on_posts,)
        every = metrics.counter_velocity(self.readings, daily=self._beside_company(self.counted), **how)
        return on_posts, every[every["sound_id"] == self.sound_id]

    @cached_property
    def measured(self) -> Sequence[pd.DataFrame]:
        """Its velocity on both kinds of evidence."""
        return self.velocities()

    def row_of(self, velocities: Sequence[pd.DataFrame]) -> pd.DataFrame:
        """Return a leaderboard of this sound alone; of one that was never seen, a row that says so."""
        row: pd.DataFrame = metrics.leaderboard(
            (*velocities, not_measured([self.sound_id], velocities)),
            as_of=self.as_of,
            facts=(self.identity, self.uses),
            max_uses=None,
            top=None,
            include_unrankable=True,
        )
        return row

    @cached_property
    def leaders(self) -> pd.DataFrame:
        """Its row as the leaderboard has it, but for what only the board can tell: rank, alert, creators."""
        return self.row_of(self.measured)

    @property
    def row(self) -> "pd.Series[Any]":
        """The one row of its leaderboard."""
        return self.leaders.iloc[0]

    @cached_property
    def window_days(self) -> int:
        """Length of the recent window that its growth is measured on [days]."""
        every = pd.concat([frame[["status", "growth_rate", "window_days"]] for frame in self.measured])
        own = every[(every["status"] == self.row["status"]) & (every["growth_rate"] == self.row["growth_rate"])]
        return int(own["window_days"].iloc[0]) if len(own) else 1

    @cached_property
    def flags(self) -> pd.DataFrame:
        """What the breakout rule says of it on each of the last four weeks' days."""
        crowd = metrics.crowds(self.listed, as_of=self.as_of, days=FLAGGED_DAYS + CROWD_DAYS + 1)
        flags: pd.DataFrame = metrics.breakouts(
            self.company_days, as_of=self.as_of, days=FLAGGED_DAYS, crowd=crowd, rule=self.study.rules["breakout"]
        )
        return flags[flags["sound_id"] == self.sound_id]

    @cached_property
    def flagged_by(self) -> list[str]:
        """The rules that flag it now, but for those that need all sounds."""
        rules = self.study.rules
        today = self.flags.tail(1)
        small = metrics.catch_them_early(self.leaders, rule=rules["catch_them_early"])
        woken = metrics.reactivations(today, self.company_days, as_of=self.as_of, rule=rules["reactivation"])
        told = {
            "breakout": today["alert"].isin(SENT_ALERTS).any(),
            "catch_them_early": len(small),
            "reactivation": len(woken),
        }
        return [rule for rule, is_flagged in told.items() if is_flagged]

    @cached_property
    def number_of_posts(self) -> int:
        """How many of its posts are known."""
        return int(self.posts.aggregate("count(*)").fetchall()[0][0])

    def forecast(self, days: int) -> pd.DataFrame:
        """Forecast its uses of the next days, and of shorter spans on the way: a row a span, ``days`` long."""
        spans = [span for span in FORECAST_SPANS if span < days]
        told = [self._forecast(span).assign(days=span) for span in (*spans, days)]
        return pd.concat(told, ignore_index=True)

    def _forecast(self, days: int) -> pd.DataFrame:
        every: pd.DataFrame = metrics.forecast(self.company_days, as_of=self.as_of, days=days)
        return every[every["sound_id"] == self.sound_id]

    def names(self, creator_ids: Sequence[str]) -> pd.DataFrame:
        """Return handle and nickname of some creators, where known."""
        return self._people("creators", creator_ids)[["creator_id", "handle", "nickname"]]

    def followers(self, creator_ids: Sequence[str]) -> pd.DataFrame:
        """Return the followers of some creators, where known."""
        return self._people("creator_observations", creator_ids)[["creator_id", "followers"]]

    def _people(self, table: str, creator_ids: Sequence[str]) -> pd.DataFrame:
        with self.study.store.as_of(self.as_of) as world:
            return world.frame(table, creator_id=list(creator_ids))


def _stamp(path: Path) -> tuple[int, int] | None:
    """Tell one state of a file from another."""
    if not path.exists():
        return None
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size


def in_utc(as_of: datetime) -> datetime:
    """Read an instant that somebody gave as UTC.

    Raises
    ------
    ConfigError
        If it has no time zone, or lies outside the years 1 to 9999.
    """
    if as_of.tzinfo is None:
        raise ConfigError(f"as_of={as_of} has no time zone; give one, for example tzinfo=datetime.UTC")
    try:
        return as_of.astimezone(UTC)
    except OverflowError:
        raise ConfigError(f"as_of={as_of} lies outside the years 1 to 9999; give an instant within them") from None
