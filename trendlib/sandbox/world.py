"""The practice world: sounds, hashtags and creators with a truth behind them, all of it drawn from one seed.

Nothing is held but the daily counts; posts are drawn when somebody asks for them (`posts`). The same seed gives the
same world on any machine and in any time zone.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from math import ceil

import numpy as np

from trendlib.errors import ConfigError
from trendlib.sandbox.captions import caption
from trendlib.sandbox.classes import NEVER, Cast, bot_posts, draw_cast, drivers
from trendlib.sandbox.creators import Creator, Creators, region_of
from trendlib.sandbox.days import RUN_UP, Calendar
from trendlib.sandbox.draws import Ints
from trendlib.sandbox.growth import daily_counts
from trendlib.sandbox.hashtags import (
    BUMP,
    RISING,
    Hashtag,
    HashtagCast,
    draw_hashtags,
    hashtag_drivers,
    offsets,
    tagged_counts,
)
from trendlib.sandbox.mix import Mix
from trendlib.sandbox.posts import MOST_SOURCES, Posts, pack, unpack
from trendlib.sandbox.regions import REGIONS
from trendlib.sandbox.sounds import Sound, draw_sounds, generic_title
from trendlib.sandbox.truth import Crossover, Truth

DEFAULT_START = date(2026, 9, 7)


@dataclass(frozen=True)
class SeenPost:
    """One post as it stands at some instant."""

    code: int
    post_id: str
    posted_at: int
    creator: Creator
    sound: Sound
    caption: str
    duration_s: int
    is_photo: bool
    views: int
    likes: int
    comments: int
    shares: int
    saves: int
    downloads: int


@dataclass(frozen=True)
class World:
    """A practice world.

    Attributes
    ----------
    seed
        What everything is drawn from.
    sounds
        Number of sounds, 10 to 10,000.
    hashtags
        Number of hashtags, 1 to 1,000.
    days
        Days of the world, 10 to 120; four weeks of run-up come before them.
    start
        First of these days, in UTC.

    Raises
    ------
    ConfigError
        If a number is out of its range.
    """

    seed: int = 7
    sounds: int = 60
    hashtags: int = 20
    days: int = 70
    start: date = DEFAULT_START

    def __post_init__(self) -> None:
        """Refuse a world that cannot be drawn."""
        for name, low, high in (("sounds", 10, 10_000), ("hashtags", 1, 1_000), ("days", 10, 120)):
            given = getattr(self, name)
            if not low <= given <= high:
                msg = f"a practice world has {low} to {high} {name}, not {given}"
                raise ConfigError(msg)
        if self.sounds + self.hashtags > MOST_SOURCES:
            msg = f"a practice world has at most {MOST_SOURCES} sounds and hashtags together"
            raise ConfigError(msg)

    @cached_property
    def calendar(self) -> Calendar:
        """The days of the world."""
        return Calendar(self.seed, self.start, self.days)

    @property
    def end(self) -> datetime:
        """Midnight (UTC) after the last day."""
        return self.calendar.end

    @cached_property
    def cast(self) -> Cast:
        """What happens to each sound."""
        return draw_cast(self.calendar, self.sounds)

    @cached_property
    def catalogue(self) -> tuple[Sound, ...]:
        """Every sound."""
        return draw_sounds(self.calendar, self.cast)

    @cached_property
    def tags(self) -> tuple[Hashtag, ...]:
        """Every hashtag."""
        return self._hashtag_cast.hashtags

    @cached_property
    def creators(self) -> Creators:
        """Every creator."""
        return Creators(self.seed)

    @cached_property
    def posts(self) -> Posts:
        """Every post, on demand."""
        people = daily_counts(self.calendar, drivers(self.calendar, self.cast), "sounds")
        own = daily_counts(self.calendar, hashtag_drivers(self.calendar, self._hashtag_cast), "hashtags")
        days = np.arange(self.calendar.length)
        is_on = (days >= self.cast.onset[:, None]) & (days < self.cast.turn[:, None])
        bots = np.concatenate([np.where(is_on, bot_posts(self.calendar, self.cast), 0), np.zeros_like(own)])
        hashtag_homes = np.arange(self.hashtags) * 5 % len(REGIONS)
        homes = np.concatenate([[sound.home for sound in self.catalogue], hashtag_homes]).astype(np.int64)
        crosses = np.concatenate([self.cast.crosses, np.full(self.hashtags, NEVER)])
        mix = Mix(self.seed, "mix", homes, crosses)
        return Posts(self.calendar, mix, self.creators, np.concatenate([people, own]) + bots, bots)

    @cached_property
    def _hashtag_cast(self) -> HashtagCast:
        return draw_hashtags(self.calendar, self.hashtags, self.sounds)

    @cached_property
    def sound_rows(self) -> dict[str, int]:
        """Place of each sound id in the catalogue."""
        return {sound.sound_id: row for row, sound in enumerate(self.catalogue)}

    @cached_property
    def hashtag_rows(self) -> dict[str, int]:
        """Place of each hashtag."""
        return {tag.name: row for row, tag in enumerate(self.tags)}

    @cached_property
    def challenge_rows(self) -> dict[str, int]:
        """Place of each hashtag, by its challenge id."""
        return {tag.challenge_id: row for row, tag in enumerate(self.tags)}

    def sound_day(self, row: int, day: int) -> tuple[Ints, Ints]:
        """Codes and seconds of a sound's posts of one day, oldest first."""
        return self.posts.day(row, day)

    def hashtag_day(self, row: int, day: int) -> tuple[Ints, Ints]:
        """Codes and seconds of the posts with a hashtag of one day, oldest first."""
        tag = self.tags[row]
        parts = [self.posts.day(self.sounds + row, day)[0]]
        for source in tag.affiliates:
            slots = np.arange(self.posts.counts[source, day])
            sources, days = np.array([source]), np.array([day])
            first = offsets(self.seed, row, sources, days, tag.period)
            chosen = slots[(slots + first) % tag.period == 0]
            parts.append(pack(np.full(len(chosen), source), np.full(len(chosen), day), chosen))
        codes = np.concatenate(parts)
        seconds = self.posts.seconds(codes)
        by_time = np.argsort(seconds, kind="stable")
        return codes[by_time], seconds[by_time]

    @cached_property
    def hashtag_counts(self) -> Ints:
        """Posts with each hashtag (row) on each day (column), run-up included."""
        counts = self.posts.counts[self.sounds :].copy()
        days = np.arange(self.calendar.length)
        for row, tag in enumerate(self.tags):
            for source in tag.affiliates:
                first = offsets(self.seed, row, np.full(len(days), source), days, tag.period)
                counts[row] += tagged_counts(self.posts.counts[source], first, tag.period)
        return counts

    def sound_uses(self, row: int, now: int) -> int:
        """Exact uses of a sound by an instant (Unix time), that second itself excluded."""
        before, today = self._split(now)
        total = int(self.cast.earlier_uses[row]) + int(self.posts.counts[row, :before].sum())
        return total + (int(np.searchsorted(self.sound_day(row, before)[1], now)) if today else 0)

    def hashtag_posts(self, row: int, now: int) -> int:
        """Exact posts with a hashtag by an instant (Unix time), that second itself excluded."""
        before, today = self._split(now)
        total = self.tags[row].earlier_posts + int(self.hashtag_counts[row, :before].sum())
        return total + (int(np.searchsorted(self.hashtag_day(row, before)[1], now)) if today else 0)

    def hashtag_views(self, row: int, now: int) -> int:
        """Count views of all posts with a hashtag by an instant; half of a day's views come on the day after."""
        tag = self.tags[row]
        day, second = self.calendar.place(now)
        counts = self.hashtag_counts[row]
        day = min(max(day, 0), len(counts))
        part = second / 86_400 if day < len(counts) else 0.0
        today = counts[day] if day < len(counts) else 0
        yesterday = counts[day - 1] if day else 0
        seen = tag.earlier_posts + counts[:day].sum() + 0.5 * (part * today - (1 - part) * yesterday)
        return int(seen * tag.views_a_post)

    def _split(self, now: int) -> tuple[int, bool]:
        """Whole days before an instant, and whether it falls into a day of the world."""
        day, _ = self.calendar.place(now)
        last = self.calendar.length
        return min(max(day, 0), last), 0 <= day < last

    def look(self, codes: Ints, now: int) -> list[SeenPost]:
        """Show posts as they stand at an instant (Unix time)."""
        if len(codes) == 0:
            return []
        posts, sources = self.posts, unpack(codes)[0].tolist()
        numbers = posts.creator_numbers(codes)
        languages = [REGIONS[region].language for region in region_of(numbers).tolist()]
        counters = posts.counters(codes, now, numbers)
        seconds, creators = posts.seconds(codes).tolist(), self.creators.describe(numbers)
        audio_ids = posts.audio_ids(codes)
        sounds = [
            self.catalogue[source] if source < self.sounds else self.own_audio(creator, audio_id, second)
            for source, creator, audio_id, second in zip(sources, creators, audio_ids, seconds, strict=True)
        ]
        words = [
            caption(draw, language, tracked)
            for draw, language, tracked in zip(posts.word_draws(codes), languages, self._carried(codes), strict=True)
        ]
        columns = (
            codes.tolist(), posts.post_ids(codes), seconds, creators, sounds, words, posts.lengths(codes).tolist(),
            posts.are_photos(codes).tolist(), counters.views.tolist(), counters.likes.tolist(),
            counters.comments.tolist(), counters.shares.tolist(), counters.saves.tolist(), counters.downloads.tolist(),
        )  # fmt: skip
        return [SeenPost(*row) for row in zip(*columns, strict=True)]

    @staticmethod
    def own_audio(creator: Creator, audio_id: str, second: int) -> Sound:
        """Describe the audio a creator recorded for one post."""
        home = next(place for place, region in enumerate(REGIONS) if region.code == creator.region)
        return Sound(
            sound_id=audio_id, title=generic_title(home, creator.handle), artist=creator.nickname, album="",
            duration_s=5 + second % 55, is_original=True, is_commercial=False, home=home, family=audio_id,
            version="official", song_id=audio_id, born_at=second,
        )  # fmt: skip

    @cached_property
    def _carriers(self) -> dict[int, list[int]]:
        carriers: dict[int, list[int]] = {}
        for row, tag in enumerate(self.tags):
            for source in tag.affiliates:
                carriers.setdefault(source, []).append(row)
        return carriers

    def _carried(self, codes: Ints) -> list[list[str]]:
        """Tracked hashtags in the caption of each post."""
        sources, days, slots = unpack(codes)
        found = [[self.tags[source - self.sounds].name] if source >= self.sounds else [] for source in sources.tolist()]
        for row in sorted({row for source in set(sources.tolist()) for row in self._carriers.get(source, [])}):
            tag = self.tags[row]
            first = offsets(self.seed, row, sources, days, tag.period)
            is_carried = np.isin(sources, tag.affiliates) & ((slots + first) % tag.period == 0)
            for place in np.flatnonzero(is_carried):
                found[place].append(tag.name)
        return found

    def truth(self) -> Truth:
        """Tell what a perfect observer would know of this world."""
        cast, calendar = self.cast, self.calendar
        ids = [sound.sound_id for sound in self.catalogue]
        counts = self.posts.counts[:, RUN_UP:]
        begun = [row for row in range(self.sounds) if cast.onset[row] != NEVER]
        families: dict[str, list[str]] = {}
        for sound in sorted(self.catalogue, key=lambda one: one.version != "official"):
            families.setdefault(sound.family, []).append(sound.sound_id)
        targets = self.posts.mix.targets()
        crossovers = [
            Crossover(
                ids[row],
                calendar.date_of(int(cast.crosses[row])),
                REGIONS[self.catalogue[row].home].code,
                REGIONS[int(targets[row])].code,
            )
            for row in np.argsort(cast.crosses, kind="stable")
            if cast.crosses[row] != NEVER
        ]
        return Truth(
            days=tuple(calendar.date_of(RUN_UP + day) for day in range(self.days)),
            classes=dict(zip(ids, cast.kind, strict=True)),
            onsets={ids[row]: calendar.date_of(int(cast.onset[row])) for row in begun},
            peaks={ids[row]: self._peak(row) for row in begun},
            crossovers=tuple(crossovers),
            families={song: tuple(members) for song, members in families.items() if len(members) > 1},
            versions={sound.sound_id: sound.version for sound in self.catalogue},
            daily=dict(zip(ids, counts, strict=False)),
            bot_posts={ids[row]: self.posts.bots[row, RUN_UP:] for row in np.flatnonzero(cast.bots)},
            hashtag_classes={tag.name: tag.kind for tag in self.tags},
            hashtag_onsets={tag.name: calendar.date_of(tag.onset) for tag in self.tags if tag.kind in {BUMP, RISING}},
            hashtag_daily={tag.name: self.hashtag_counts[row, RUN_UP:] for row, tag in enumerate(self.tags)},
        )

    def _peak(self, row: int) -> date | None:
        counts = self.posts.counts[row].astype(np.float64)
        smooth = np.convolve(counts, np.ones(3) / 3, mode="same")
        day = int(self.cast.onset[row]) + int(np.argmax(smooth[self.cast.onset[row] :]))
        return self.calendar.date_of(day) if day < self.calendar.length - 2 else None


def unix(moment: datetime) -> int:
    """Whole seconds since 1970 of an instant with a time zone, rounded up: what came before it has a smaller second."""
    return ceil(moment.astimezone(UTC).timestamp())
