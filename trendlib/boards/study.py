"""What is known of one sound at one instant, and what is measured of it: cheap, however large the board.

Whoever looks closely at a sound asks for it again and again, as of many instants. So what the warehouse holds of it is
read once (`trendlib.boards.excerpt`), and every instant is a filter of that. What an ordinary day is (weekday, common
shock, scatter) is learnt from the *company*: the use counters of all sounds that are watched, or of 200 drawn
from them where they are more. So growth may differ from the leaderboard's in the last digit, never in its evidence.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from numbers import Integral
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from trendlib.boards.board import Board, board
from trendlib.boards.charted import Charted
from trendlib.boards.excerpt import Excerpt
from trendlib.boards.songbook import Songbook, read_overrides
from trendlib.boards.together import Part, Together
from trendlib.errors import ConfigError
from trendlib.metrics import Rule
from trendlib.metrics.counters import Readings
from trendlib.metrics.coverage import Feed
from trendlib.metrics.engines import instant
from trendlib.metrics.forecast import Errors, past_errors
from trendlib.metrics.windows import HORIZON_DAYS, Counts, Grid
from trendlib.schema import YEARS
from trendlib.show.exhibits import Exhibit
from trendlib.store import Store
from trendlib.warehouse import state

COMPANY = 200
GRID_DAYS = HORIZON_DAYS + 1
_POSTS_AHEAD = 100_000
_SOUNDS_KEPT, _INSTANTS_KEPT, _BOARDS_KEPT, _OFFERS_KEPT = 6, 48, 2, 8

Kept = TypeVar("Kept")


class _Shelf:
    """The last things that were made of a file, by key; empty as soon as the file has changed."""

    def __init__(self, room: int, path: Path) -> None:
        self._room = room
        self._path = path
        self._stamp = state(path)
        self._things: OrderedDict[Hashable, Any] = OrderedDict()

    def keep(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """Give the thing of a key, made if it is not there."""
        stamp = state(self._path)
        if stamp != self._stamp:
            self._things.clear()
            self._stamp = stamp
        if key not in self._things:
            self._things[key] = make()
            if len(self._things) > self._room:
                self._things.popitem(last=False)
        self._things.move_to_end(key)
        kept: Kept = self._things[key]
        return kept

    def things(self) -> list[Any]:
        """Give what there is of the file as it is."""
        return list(self._things.values()) if state(self._path) == self._stamp else []


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
        self._shelf = partial(_Shelf, path=store.path)
        self._draws, self._listed, self._offered = self._shelf(1), self._shelf(1), self._shelf(_OFFERS_KEPT)
        self._names = self._shelf(_INSTANTS_KEPT)
        self._songbooks, self._boards = self._shelf(_BOARDS_KEPT), self._shelf(_BOARDS_KEPT)
        self.forget_sounds()

    def evidence(self, sound_id: str, as_of: datetime, make: Callable[[], Kept]) -> Kept:
        """Keep what is known of a sound at an instant."""
        return self._evidence.keep((sound_id, as_of), make)

    def board(self, as_of: datetime) -> Board:
        """Measure all watched sounds; needed for ranks only."""
        return self._boards.keep(as_of, lambda: self._board(as_of))

    def songbook(self, as_of: datetime) -> Songbook:
        """Gather every sound known into songs."""
        make = lambda: Songbook(Charted(self.store, as_of), read_overrides(self.home))  # noqa: E731
        return self._songbooks.keep(as_of, make)

    def excerpt(self, *sound_ids: str) -> Excerpt:
        """Return what the warehouse holds of some sounds."""
        return self._excerpts.keep(sound_ids, lambda: self._excerpt(sound_ids))

    def _excerpt(self, sound_ids: Sequence[str]) -> Excerpt:
        whole = self._read_before(*sound_ids)
        return Excerpt(self.store, sound_ids) if whole is None else Part(whole, sound_ids)

    def _read_before(self, *sound_ids: str) -> Together | None:
        """Give what was read ahead, if these sounds are among it."""
        ahead: list[Together] = [*self._listed.things(), *self._offered.things()]
        return next((one for one in ahead if set(sound_ids) <= set(one.sound_ids)), None)

    def read_ahead(self, sound_ids: Sequence[str]) -> None:
        """Read sounds of a list, which somebody may well look at next, all at once, in place of the list before.

        To seek one sound's posts takes as long as to seek those of fifty. Sounds with very many posts are left out.
        """
        self._listed.keep(tuple(sound_ids), lambda: self._read_ahead(sound_ids))

    def _read_ahead(self, sound_ids: Sequence[str]) -> Together:
        ahead = _of_usual_size(self.store, sound_ids)
        for _ in ahead.reading():
            pass
        return ahead

    def reading_ahead(self, sound_ids: Sequence[str]) -> Iterator[None]:
        """Read sounds that are offered to somebody, but for those read ahead before, in steps that can be left.

        What is left before its last step, or finds that the file has changed meanwhile, is dropped. It never waits.

        Raises
        ------
        StoreBusyError
            If another program holds the warehouse.
        """
        began, new = state(self.store.path), [one for one in sound_ids if self._read_before(one) is None]
        if not new:
            return
        ahead = _of_usual_size(Store(self.store.path, wait_s=0), new)
        yield from ahead.reading()
        if state(self.store.path) == began:
            self._offered.keep(ahead.sound_ids, lambda: ahead)

    def tags(self) -> Excerpt:
        """Return what the warehouse holds of the hashtags that were read."""
        return self._excerpts.keep("hashtags", lambda: Excerpt(self.store, (), subject="hashtag"))

    def company_days(self, as_of: datetime) -> Grid:
        """Return the daily counts of the company by its counters, as a grid."""
        return self._company_days.keep(as_of, lambda: self._counted(as_of))

    def forecast_errors(self, as_of: datetime, days: int) -> Errors:
        """Hold past forecasts of the company's sounds against what came."""
        return self._errors.keep((as_of, days), lambda: past_errors(self.company_days(as_of), days))

    def feed(self, sound_id: str) -> Feed:
        """Return the pages of a sound's feed, divided into walks."""
        return self._feeds.keep(sound_id, lambda: Feed(self.excerpt(sound_id).log("feed_pages")))

    def counters(self, *sound_ids: str) -> Readings:
        """Return the readings of the use counters of some sounds, put in order."""
        make = lambda: Readings(self.excerpt(*sound_ids).log("sound_observations"))  # noqa: E731
        return self._counters.keep(sound_ids, make)

    def company_hashtags(self, as_of: datetime, days: int) -> pd.DataFrame:
        """Count the hashtags beside the company's sounds."""
        return self._hashtags.keep((as_of, days), lambda: self._tagged(as_of, days))

    def _tagged(self, as_of: datetime, days: int) -> pd.DataFrame:
        return self.excerpt(*self.company(as_of)).at(as_of).hashtags_by_sound(days)

    def company(self, as_of: datetime) -> tuple[str, ...]:
        """Choose the sounds that tell what an ordinary day is; whatever is read later, the choice stays."""
        draw = self._draws.keep("draw", self._draw)
        known = draw[draw["first_read"] < pd.Timestamp(as_of)]
        return tuple(known["sound_id"].head(COMPANY))

    def _draw(self) -> pd.DataFrame:
        """Every watched sound that was ever read, and when first, in an order that is as good as drawn by lot."""
        first = self.excerpt().first_readings()
        chosen = first[first["sound_id"].isin(self.watched)] if self.watched else first
        lots = chosen["sound_id"].map(lambda one: blake2b(one.encode()).digest())
        return chosen.assign(lot=lots).sort_values("lot", ignore_index=True)

    def known(self, as_of: datetime) -> pd.DataFrame:
        """Return the titles of all sounds that were watched by an instant, a chart's where the provider named none."""
        return self._names.keep(as_of, lambda: self._known(as_of))

    def _known(self, as_of: datetime) -> pd.DataFrame:
        with self.store.as_of(as_of) as world:
            asked = world.table("feed_pages", subject="sound").project("subject_id AS sound_id")
            read = world.table("sound_observations").project("sound_id").union(asked).distinct().df()["sound_id"]
            sounds = world.frame("sounds", sound_id=sorted({*self.watched, *read.dropna()}))
            charted = world.table("chart_entries").project("sound_id, title").distinct().order("sound_id, title").df()
        named = charted.dropna().drop_duplicates("sound_id").set_index("sound_id")["title"]
        sounds["title"] = sounds["title"].fillna(sounds["sound_id"].map(named))
        return sounds[sounds["sound_id"].isin(self.watched)] if self.watched else sounds

    def _counted(self, as_of: datetime) -> Grid:
        told = self.counters(*self.company(as_of)).by_day(instant(as_of), HORIZON_DAYS)
        return Counts.of_counter(told, GRID_DAYS).grid(GRID_DAYS)

    def _board(self, as_of: datetime) -> Board:
        with self.store.as_of(as_of) as world:
            return board(world, self.watched, rules=self.rules)

    def forget_sounds(self) -> None:
        """Forget what was read and measured of single sounds; boards stay, and what was read ahead."""
        self._excerpts, self._feeds = self._shelf(_SOUNDS_KEPT), self._shelf(_SOUNDS_KEPT)
        self._counters = self._shelf(_SOUNDS_KEPT)
        self._evidence, self._errors = self._shelf(_INSTANTS_KEPT), self._shelf(_INSTANTS_KEPT)
        self._company_days, self._hashtags = self._shelf(_INSTANTS_KEPT), self._shelf(_INSTANTS_KEPT)


def _of_usual_size(store: Store, sound_ids: Sequence[str]) -> Together:
    return Together(store, Excerpt(store, sound_ids).of_usual_size(_POSTS_AHEAD))


def in_utc(as_of: datetime) -> datetime:
    """Read an instant that somebody gave as UTC.

    Raises
    ------
    ConfigError
        If it is no time, has no zone, or lies outside the years 2000 to 2100.
    """
    if not isinstance(as_of, datetime):
        raise ConfigError(f"as_of={as_of!r} is no instant; give one, for example datetime(2026, 3, 2, tzinfo=UTC)")
    if as_of.tzinfo is None:
        raise ConfigError(f"as_of={as_of} has no time zone; give one, for example tzinfo=datetime.UTC")
    if as_of.year not in YEARS:
        raise ConfigError(f"as_of={as_of} lies outside the years {YEARS[0]} to {YEARS[-1]}; choose one within")
    return as_of.astimezone(UTC)


def at_least_one(**asked: object) -> None:
    """Refuse to show fewer than one day, cell or row, or a number that is none; None is no limit.

    Raises
    ------
    ConfigError
        If it is no whole number, or below 1.
    """
    for name, number in asked.items():
        if number is not None and (not isinstance(number, Integral) or number < 1):
            raise ConfigError(f"asked for {name}={number!r}; ask for a whole number, 1 or more")


def named_exhibit(shown: object, names: Sequence[str], name: str, **how: Any) -> Exhibit:
    """Return one of the exhibits that somebody's methods make, by name.

    Raises
    ------
    ConfigError
        If there is none of that name.
    """
    if name not in names:
        raise ConfigError(f"there is no exhibit {name!r} here; there are: {', '.join(names)}")
    exhibit: Exhibit = getattr(shown, name)(**how)
    return exhibit
