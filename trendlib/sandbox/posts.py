"""Posts on demand: a post is a place (source, day, slot), everything else about it is drawn from that place.

A *source* is a sound or, after all sounds, a hashtag whose own posts use their creators' own audio. A post's code packs
its place into one integer; its public id holds the creation second in the upper bits, as the platform's ids do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from trendlib.sandbox.creators import (
    ACTIVE,
    BOT,
    BOTS_PER_SOUND,
    CROWD,
    STAR,
    TIER_WIDTH,
    Creators,
    Slots,
    creator_number,
    place_of,
    region_of,
    tier_of,
)
from trendlib.sandbox.days import DAY_S, Calendar
from trendlib.sandbox.draws import Flags, Floats, Ints, bits, key, normal, shuffle, uniform, unshuffle
from trendlib.sandbox.mix import Mix
from trendlib.sandbox.regions import REGION_COUNT

_SLOT_WIDTH, _DAY_WIDTH, _FIELDS = 18, 8, 32
MOST_SOURCES = 1 << (32 - _SLOT_WIDTH)
_TIME, _FAME, _LUCK, _LIKES, _COMMENTS, _SHARES, _SAVES, _DOWNLOADS, _LENGTH, _WORDS, _PHOTO = range(0, 22, 2)
_HOUR_WEIGHTS = np.array([5, 3, 2, 2, 2, 2, 3, 4, 5, 5, 5, 6, 6, 6, 6, 7, 8, 8, 9, 9, 9, 9, 8, 7], dtype=np.float64)
_CLOCK = np.concatenate([[0.0], np.cumsum(_HOUR_WEIGHTS) / _HOUR_WEIGHTS.sum()])
_CACHED_DAYS = 768
_CACHED_CUTS = 32_768
_ROWS_AT_ONCE = 128
_MANY_PAIRS = 8


def pack(sources: Ints, days: Ints, slots: Ints) -> Ints:
    """Code of each post."""
    return (sources << (_SLOT_WIDTH + _DAY_WIDTH)) | (days << _SLOT_WIDTH) | slots


def unpack(codes: Ints) -> tuple[Ints, Ints, Ints]:
    """Source, day and slot of each code."""
    days = (codes >> _SLOT_WIDTH) & ((1 << _DAY_WIDTH) - 1)
    return codes >> (_SLOT_WIDTH + _DAY_WIDTH), days, codes & ((1 << _SLOT_WIDTH) - 1)


@dataclass(frozen=True)
class Counters:
    """What a list of posts has gathered by some instant."""

    views: Ints
    likes: Ints
    comments: Ints
    shares: Ints
    saves: Ints
    downloads: Ints


@dataclass(frozen=True, eq=False)
class Posts:
    """Every post of a world, none of them held. ``counts`` and ``bots`` are posts of each source (row) on each day."""

    calendar: Calendar
    mix: Mix
    creators: Creators
    counts: Ints
    bots: Ints

    @property
    def seed(self) -> int:
        """Seed of the world."""
        return self.calendar.seed

    @cached_property
    def slots(self) -> Slots:
        """How slots are dealt to creators."""
        return Slots(self.seed)

    def seconds(self, codes: Ints) -> Ints:
        """Unix time at which each post was made."""
        _, days, _ = unpack(codes)
        clock = np.interp(self._uniform(codes, _TIME), _CLOCK, np.arange(25) * 3600.0)
        of_day: Ints = np.minimum(clock.astype(np.int64), DAY_S - 1)
        return of_day + (self.calendar.first_second + days * DAY_S)

    def day(self, source: int, day: int) -> tuple[Ints, Ints]:
        """Codes and seconds of a source's posts of one day, oldest first."""
        return self._day(source, day)

    @cached_property
    def _day(self) -> Callable[[int, int], tuple[Ints, Ints]]:
        return lru_cache(maxsize=_CACHED_DAYS)(self._draw_day)

    def _draw_day(self, source: int, day: int) -> tuple[Ints, Ints]:
        size = int(self.counts[source, day])
        codes = pack(np.full(size, source), np.full(size, day), np.arange(size))
        seconds = self.seconds(codes)
        by_time = np.argsort(seconds, kind="stable")
        return codes[by_time], seconds[by_time]

    def post_ids(self, codes: Ints) -> list[str]:
        """Public id of each post."""
        return self._ids(codes, "post id")

    def audio_ids(self, codes: Ints) -> list[str]:
        """Id of the creator's own audio, for posts that use it."""
        return self._ids(codes, "audio id")

    def post_code(self, post_id: str) -> int | None:
        """Read a post's code back from its id; None when there is no such post."""
        return self._code(post_id, "post id")

    def audio_code(self, sound_id: str) -> int | None:
        """Read the code of the post back whose creator's own audio this is; None when there is none."""
        return self._code(sound_id, "audio id")

    def _ids(self, codes: Ints, kind: str) -> list[str]:
        sources, _, slots = unpack(codes)
        low = ((sources << _SLOT_WIDTH) | slots) * self._factor(kind) & 0xFFFFFFFF
        return [str(whole) for whole in ((self.seconds(codes) << 32) | low).tolist()]

    def _code(self, public_id: str, kind: str) -> int | None:
        if not public_id.isascii() or not public_id.isdigit() or len(public_id) > 19:
            return None
        second, low = divmod(int(public_id), 1 << 32)
        day, _ = self.calendar.place(second)
        raw = low * pow(self._factor(kind), -1, 1 << 32) % (1 << 32)
        source, slot = raw >> _SLOT_WIDTH, raw & ((1 << _SLOT_WIDTH) - 1)
        rows, days = self.counts.shape
        if not (0 <= day < days and source < rows and slot < self.counts[source, day]):
            return None
        code = pack(np.array([source]), np.array([day]), np.array([slot]))
        return int(code[0]) if int(self.seconds(code)[0]) == second else None

    def _factor(self, kind: str) -> int:
        return (key(self.seed, kind) & 0x7FFFFFFF) | 1

    def creator_numbers(self, codes: Ints) -> Ints:
        """Creator of each post."""
        if len(codes) == 0:
            return codes
        sources, days, slots = unpack(codes)
        pairs, inverse = np.unique(sources * 256 + days, return_inverse=True)
        cuts = self._cuts_of(pairs // 256, pairs % 256)[inverse]
        regions = np.minimum((slots[:, None] >= cuts[:, 1:]).sum(axis=1), cuts.shape[1] - 2)
        first = np.take_along_axis(cuts, regions[:, None], axis=1)[:, 0]
        sizes = np.take_along_axis(cuts, regions[:, None] + 1, axis=1)[:, 0] - first
        stars, active = self.slots.tiers(sizes, sources, days)
        turn = slots - first
        numbers = np.zeros(len(codes), dtype=np.int64)
        for tier, start, stop in (
            (STAR, 0 * stars, stars),
            (ACTIVE, stars, stars + active),
            (CROWD, stars + active, sizes),
        ):
            chosen = (turn >= start) & (turn < stop)
            salts = self.slots.salts(sources[chosen], days[chosen], tier)
            place = shuffle((turn - start)[chosen], salts, TIER_WIDTH[tier])
            numbers[chosen] = creator_number(regions[chosen], np.full(len(place), tier), place)
        is_bot = turn >= sizes
        homes = self.mix.homes[sources[is_bot]]
        place = sources[is_bot] * BOTS_PER_SOUND + turn[is_bot] % BOTS_PER_SOUND
        numbers[is_bot] = creator_number(homes, np.full(len(place), BOT), place)
        return numbers

    def codes_of(self, creator: int) -> Ints:
        """Codes of all posts of a creator, oldest first."""
        one = np.array([creator])
        region, tier, place = int(region_of(one)[0]), int(tier_of(one)[0]), int(place_of(one)[0])
        codes = self._bot_codes(place) if tier == BOT else self._people_codes(region, tier, place)
        return codes[np.argsort(self.seconds(codes), kind="stable")]

    def _people_codes(self, region: int, tier: int, place: int) -> Ints:
        sources, days = (part.ravel() for part in np.indices(self.counts.shape))
        first, last = (self._all_cuts[:, :, region + side].ravel().astype(np.int64) for side in (0, 1))
        sizes = last - first
        stars, active = self.slots.tiers(sizes, sources, days)
        start = {STAR: 0 * stars, ACTIVE: stars, CROWD: stars + active}[tier]
        stop = {STAR: stars, ACTIVE: stars + active, CROWD: sizes}[tier]
        turn = unshuffle(np.full(len(sources), place), self.slots.salts(sources, days, tier), TIER_WIDTH[tier])
        posted = turn < stop - start
        return pack(sources[posted], days[posted], (first + start + turn)[posted])

    def _bot_codes(self, place: int) -> Ints:
        source, bot = divmod(place, BOTS_PER_SOUND)
        found = [np.empty(0, dtype=np.int64)]
        if source < len(self.counts):
            for day in np.flatnonzero(self.bots[source]):
                turns = np.arange(self.bots[source, day])
                slots = self.counts[source, day] - self.bots[source, day] + turns
                chosen = slots[(slots - self._cuts(source, int(day))[-2]) % BOTS_PER_SOUND == bot]
                found.append(pack(np.full(len(chosen), source), np.full(len(chosen), day), chosen))
        return np.concatenate(found)

    @cached_property
    def _cuts(self) -> Callable[[int, int], Ints]:
        return lru_cache(maxsize=_CACHED_CUTS)(self._draw_one_cut)

    def _draw_one_cut(self, source: int, day: int) -> Ints:
        cut: Ints = self._draw_cuts(np.array([source]), np.array([day]))[0]
        return cut

    def _cuts_of(self, sources: Ints, days: Ints) -> Ints:
        """First slots of all regions (column) for each source and day (row): a few from memory, many drawn at once."""
        if len(sources) > _MANY_PAIRS:
            return self._draw_cuts(sources, days)
        return np.array([self._cuts(source, day) for source, day in zip(sources.tolist(), days.tolist(), strict=True)])

    def _draw_cuts(self, sources: Ints, days: Ints) -> Ints:
        people = self.counts[sources, days] - self.bots[sources, days]
        return self.slots.cuts(self.mix.shares(sources, days), people, sources, days)

    @cached_property
    def _all_cuts(self) -> NDArray[np.int32]:
        """First slots of all regions (last axis) for every source and day; drawn once, for looking up creators."""
        rows, days = self.counts.shape
        cuts = np.zeros((rows, days, REGION_COUNT + 1), dtype=np.int32)
        for start in range(0, rows, _ROWS_AT_ONCE):
            part = cuts[start : start + _ROWS_AT_ONCE]
            sources, of_day = (index.ravel() for index in np.indices(part.shape[:2]))
            part[:] = self._draw_cuts(sources + start, of_day).reshape(part.shape)
        return cuts

    def counters(self, codes: Ints, now: int, numbers: Ints | None = None) -> Counters:
        """Count views, likes and the rest as of an instant; none ever falls. ``numbers``: the creators, if known."""
        hours = np.maximum(now - self.seconds(codes), 0) / 3600.0
        grown = np.where(hours < 24, (hours / 24) ** 0.7, 1 + 0.35 * np.log(np.clip(hours, 24, 1440) / 24))
        known = self.creator_numbers(codes) if numbers is None else numbers
        views = (self._first_day_views(codes, known) * grown).astype(np.int64)

        def part(field: int, low: float, high: float) -> Ints:
            return (views * (low + (high - low) * self._uniform(codes, field) ** 2)).astype(np.int64)

        return Counters(
            views=views,
            likes=part(_LIKES, 0.03, 0.18),
            comments=part(_COMMENTS, 0.0005, 0.006),
            shares=part(_SHARES, 0.0003, 0.02),
            saves=part(_SAVES, 0.0005, 0.03),
            downloads=part(_DOWNLOADS, 0.0001, 0.004),
        )

    def _first_day_views(self, codes: Ints, numbers: Ints) -> Floats:
        """Draw the views a post will have 24 hours after it was made."""
        reach = 180 + 0.06 * self.creators.followers(numbers)
        luck = np.exp(1.1 * normal(self._place, codes * (_FIELDS // 2) + _FAME // 2))
        viral = np.minimum((1 - self._uniform(codes, _LUCK)) ** -0.6, 400.0)
        return np.asarray(np.minimum(reach * luck * viral, 90_000_000))

    def lengths(self, codes: Ints) -> Ints:
        """Length of each post in seconds."""
        return (6 + 120 * self._uniform(codes, _LENGTH) ** 2.5).astype(np.int64)

    def are_photos(self, codes: Ints) -> Flags:
        """Whether each post is a photo post."""
        return np.asarray(self._uniform(codes, _PHOTO) < 0.05)

    def word_draws(self, codes: Ints) -> list[int]:
        """Thirty-two bits for each post that its words are chosen with."""
        drawn: list[int] = (bits(self._place, codes * _FIELDS + _WORDS) >> np.uint64(32)).tolist()
        return drawn

    @cached_property
    def _place(self) -> int:
        return key(self.seed, "posts")

    def _uniform(self, codes: Ints, field: int) -> Floats:
        return uniform(self._place, codes * _FIELDS + field)
