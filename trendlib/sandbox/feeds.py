"""Feeds: which posts of a sound or a hashtag stand in which order, and how they are cut into pages.

Nothing posted at or after ``now`` (Unix time) is ever in a feed. A cursor is an offset into the feed as it stands then.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np

from trendlib.sandbox.classes import DRIFT, REACTIVATED, SLOW_BURNER
from trendlib.sandbox.creators import region_of
from trendlib.sandbox.draws import Ints
from trendlib.sandbox.quirks import Quirks, chance, draw
from trendlib.sandbox.regions import region_index
from trendlib.sandbox.world import World

Order = Literal["newest", "likes", "mixed"]
_STAGED_BY_LIKES = frozenset({DRIFT, SLOW_BURNER, REACTIVATED})
_EVERYTHING = 1 << 40
_NO_CODES = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Subject:
    """Whose feed it is: ``sound`` or ``hashtag``, its place in the world, and the region asked for, if any."""

    kind: Literal["sound", "hashtag"]
    row: int
    region: str = ""


@dataclass(frozen=True)
class Page:
    """One page of a feed: its posts' codes, where the next page begins, and whether there is one."""

    codes: Ints
    cursor: int
    has_more: bool


@dataclass(frozen=True, eq=False)
class Feeds:
    """The feeds of a world in one order, cut off after ``page_cap`` posts (None: never)."""

    world: World
    order: Order = "newest"
    page_cap: int | None = 600
    quirks: Quirks = field(default_factory=Quirks)

    def page(self, subject: Subject, now: int, start: int, count: int) -> Page:
        """Cut one page out of a feed."""
        quirks, where = self.quirks, (self.world.seed, subject, start)
        if quirks.empty_pages and start and self._is_hole(subject, start) and not self._is_hole(subject, start - 1):
            return Page(_NO_CODES, start + 1, has_more=True)
        length = max(1, count * (27 + draw(*where, now, "short") % 34) // 100) if quirks.short_pages else count
        first = max(0, start - 1) if quirks.repeats or quirks.empty_pages else start
        codes = self.codes(subject, now, first, start + length + 1)
        has_more = len(codes) > start + length - first
        codes = codes[: start + length - first]
        if not has_more and quirks.stuck_cursors and chance(8, self.world.seed, subject, "stuck"):
            return Page(codes, start, has_more=True)
        return Page(codes, start + len(codes) - (start - first if len(codes) else 0), has_more)

    def codes(self, subject: Subject, now: int, start: int, stop: int) -> Ints:
        """Codes of the posts at these offsets of a feed."""
        stop = min(stop, self.page_cap if self.page_cap is not None else _EVERYTHING)
        if start >= stop:
            return _NO_CODES
        if self.is_newest_first(subject):
            return self.newest(subject, now, start, stop)
        return self._by_likes(subject, now)[start:stop]

    def is_newest_first(self, subject: Subject) -> bool:
        """Whether a feed is in order of time; in a mixed world about half of them are, and most of the staged ones."""
        if self.order != "mixed":
            return self.order == "newest"
        cast = self.world.cast
        if subject.kind == "sound" and cast.is_staged[subject.row]:
            return cast.kind[subject.row] not in _STAGED_BY_LIKES
        return chance(2, self.world.seed, subject.kind, subject.row, "order")

    def newest(self, subject: Subject, now: int, start: int, stop: int, since: int = 0) -> Ints:
        """Codes of the newest posts before ``now`` and not before ``since``, from one offset to another."""
        calendar = self.world.calendar
        today = min(calendar.place(now)[0], calendar.length - 1)
        earliest = max(0, calendar.place(since)[0])
        parts: list[Ints] = []
        passed = 0
        for day in range(today, earliest - 1, -1):
            size = self._known_size(subject, day, today)
            if size is not None and passed + size <= start:
                passed += size
                continue
            codes, seconds = self._day(subject, day)
            seen = codes[np.searchsorted(seconds, since) : np.searchsorted(seconds, now)][::-1]
            parts.append(seen[max(0, start - passed) : stop - passed])
            passed += len(seen)
            if passed >= stop:
                break
        return np.concatenate(parts) if parts else _NO_CODES

    def _known_size(self, subject: Subject, day: int, today: int) -> int | None:
        """Count the posts of a whole day, when that is known without drawing them."""
        if day == today or subject.region:
            return None
        counts = self.world.posts.counts if subject.kind == "sound" else self.world.hashtag_counts
        return int(counts[subject.row, day])

    def _is_hole(self, subject: Subject, start: int) -> bool:
        return chance(12, self.world.seed, subject, start, "hole")

    @cached_property
    def _day(self) -> Callable[[Subject, int], tuple[Ints, Ints]]:
        return lru_cache(maxsize=512)(self._draw_day)

    def _draw_day(self, subject: Subject, day: int) -> tuple[Ints, Ints]:
        draw_day = self.world.sound_day if subject.kind == "sound" else self.world.hashtag_day
        codes, seconds = draw_day(subject.row, day)
        if not subject.region:
            return codes, seconds
        region = region_index(subject.region)
        if region is None:
            return _NO_CODES, _NO_CODES
        here = region_of(self.world.posts.creator_numbers(codes)) == region
        return codes[here], seconds[here]

    @cached_property
    def _by_likes(self) -> Callable[[Subject, int], Ints]:
        return lru_cache(maxsize=128)(self._rank_by_likes)

    @cached_property
    def _top_of_day(self) -> Callable[[Subject, int], Ints]:
        return lru_cache(maxsize=16_384)(self._draw_top_of_day)

    def _draw_top_of_day(self, subject: Subject, day: int) -> Ints:
        """Draw the posts of a day that can ever come into the feed: the most liked ones."""
        codes, seconds = self._day(subject, day)
        if self.page_cap is None or len(codes) <= self.page_cap:
            return codes
        likes = self.world.posts.counters(codes, int(seconds[-1]) + 60 * 86_400).likes
        return codes[np.argsort(-likes, kind="stable")[: self.page_cap]]

    def _rank_by_likes(self, subject: Subject, now: int) -> Ints:
        calendar, posts = self.world.calendar, self.world.posts
        today = min(calendar.place(now)[0], calendar.length - 1)
        parts = [self._top_of_day(subject, day) for day in range(today)]
        if today >= 0:
            codes, seconds = self._day(subject, today)
            parts.append(codes[: np.searchsorted(seconds, now)])
        codes = np.concatenate(parts) if parts else _NO_CODES
        ranked = np.argsort(-posts.counters(codes, now).likes, kind="stable")
        return codes[ranked][: self.page_cap]
