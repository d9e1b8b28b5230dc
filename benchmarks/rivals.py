"""The rules trendlib's own is measured against, each on what its client could buy, each with what it pays.

* *CUSUM*: quasi-Poisson, tuned to a doubling: ``S = max(0, S + (x ln 2 - mu) / phi)`` on the same adjusted daily
  increments of the counter that our rule reads (1 credit a sound and day); ``mu`` and ``phi`` from the days
  t-36 ... t-8; flagged from `CUSUM_LIMIT` on (chosen for about one false alarm per 100 sounds and week on other
  seeds) with 30 posts a day; begun anew when the pace is back below 1.25 ``mu``.
* *Tutorial sound rule*: posts of the last 24 h over (posts from day -7 to day -1, divided by 7), at least 0.001;
  flagged above 3. On 10 or 20 pages of every sound's feed as it comes, or on all posts.
* *Tutorial hashtag rule*: posts of the last 24 h over the daily mean of the last 7 days with these; flagged above 3.
  On one page.
* *z-score*: the latest of 14 daily values against mean and standard deviation of the 13 before; flagged from 2 on.
  On the totals of the counter, or on their daily differences.

None of them ever says that it does not know: silence is a sound without any data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from benchmarks.scoring import Matrix, Verdicts
from trendlib.sandbox import World
from trendlib.sandbox.days import DAY_S
from trendlib.sandbox.draws import Ints
from trendlib.sandbox.posts import pack
from trendlib.sandbox.world import unix

PAGE = 30
CAP = 600
LIMIT = 3.0
LEAST_BASELINE = 0.001
Z_LIMIT, Z_DAYS = 2.0, 14
CUSUM_LIMIT = 60.0
CUSUM_LAG, CUSUM_DAYS, CUSUM_NEEDED = 8, 28, 10
CUSUM_POSTS = 30.0
CUSUM_OVER = 1.25
_GROWN_UP_DAYS = 60


def cusum(adjusted: Matrix, posts: Matrix, first: int) -> Verdicts:
    """Accumulate the evidence for a doubling; on adjusted daily counts, a row a sound and a column a day."""
    sounds, days = adjusted.shape
    total, sums = np.zeros(sounds), np.zeros_like(adjusted)
    for day in range(CUSUM_LAG + CUSUM_NEEDED, days):
        past = adjusted[:, max(0, day - CUSUM_LAG - CUSUM_DAYS) : day - CUSUM_LAG + 1]
        is_enough = np.isfinite(past).sum(axis=1) >= CUSUM_NEEDED
        past = np.where(is_enough[:, None], past, 0.0)
        mean = np.maximum(np.nanmean(past, axis=1), 1.0)
        spread = np.maximum(np.nanvar(past, axis=1, ddof=1) / mean, 1.0)
        x = np.where(np.isfinite(adjusted[:, day]), adjusted[:, day], mean)
        total = np.maximum(0.0, total + (x * np.log(2) - mean) / spread)
        total = np.where(is_enough & (x >= CUSUM_OVER * mean), total, 0.0)
        sums[:, day] = total
    flagged = (sums >= CUSUM_LIMIT) & (np.nan_to_num(posts) >= CUSUM_POSTS)
    is_told = np.isfinite(adjusted)
    paid = _each(is_told)[first:]
    return Verdicts("CUSUM on counters", flagged[:, first:], sums[:, first:], is_told[:, first:], paid)


def z_scores(totals: Matrix, first: int) -> list[Verdicts]:
    """Compare the latest of 14 values with the 13 before, on totals and on their differences."""
    return [
        _z_score("z-score on totals", totals, first),
        _z_score("z-score on deltas", np.diff(totals, axis=1, prepend=np.nan), first),
    ]


def _z_score(name: str, values: Matrix, first: int) -> Verdicts:
    z = np.full(values.shape, np.nan)
    for day in range(Z_DAYS - 1, values.shape[1]):
        past = values[:, day - Z_DAYS + 1 : day]
        spread = past.std(axis=1)
        z[:, day] = np.divide(values[:, day] - past.mean(axis=1), spread, out=z[:, day], where=spread > 0)
    is_known = np.isfinite(values)
    told = np.isfinite(z[:, first:])
    return Verdicts(name, np.nan_to_num(z[:, first:]) >= Z_LIMIT, z[:, first:], told, _each(is_known)[first:])


def _each(is_known: Any) -> Matrix:
    return np.asarray(is_known.sum(axis=0), dtype="float64")


def tutorial(world: World, order: str, mornings: Sequence[datetime]) -> list[Verdicts]:
    """Read the tutorials' rules off each sound's feed, morning by morning."""
    rules = (
        _Reader("tutorial sound, 10 pages", 10 * PAGE),
        _Reader("tutorial sound, 20 pages", 20 * PAGE),
        _Reader("tutorial sound, all posts", None),
        _Reader("tutorial hashtag, 1 page", PAGE, is_hashtag=True),
    )
    seconds = np.array([unix(morning) for morning in mornings])
    shape = (world.sounds, len(seconds))
    velocity = np.full((len(rules), *shape), np.nan)
    credits_paid = np.zeros((len(rules), len(seconds)))
    growth = likes_growth(world) if order == "likes" else None
    for row in range(world.sounds):
        feed = Feed.of(world, row, growth)
        for day, now in enumerate(seconds):
            if world.catalogue[row].born_at < now:
                first, everything = feed.first(int(now)), feed.everything(int(now))
                read = [rule.read(first, everything, int(now)) for rule in rules]
                velocity[:, row, day] = [speed for speed, _ in read]
                credits_paid[:, day] += [paid for _, paid in read]
    return [
        Verdicts(rule.name, np.nan_to_num(speed) > LIMIT, speed, np.isfinite(speed), paid)
        for rule, speed, paid in zip(rules, velocity, credits_paid, strict=True)
    ]


@dataclass(frozen=True)
class Feed:
    """All posts of a sound in order of time; those that can come into a capped feed by likes, with their likes.

    It is the server's feed, worked out for all mornings at once; ``growth`` None means newest first.
    """

    seconds: Ints
    candidates: Ints
    likes: Matrix
    growth: "tuple[Ints, Matrix] | None"

    @classmethod
    def of(cls, world: World, row: int, growth: "tuple[Ints, Matrix] | None") -> "Feed":
        """Work out the feed of a sound."""
        counts = world.posts.counts[row]
        days = np.repeat(np.arange(len(counts)), counts)
        slots = np.arange(len(days)) - np.repeat(np.cumsum(counts) - counts, counts)
        codes = pack(np.full(len(days), row), days, slots)
        seconds = world.posts.seconds(codes)
        if growth is None or not len(codes):
            return cls(np.sort(seconds), seconds[:0], np.zeros(0), None)
        likes = world.posts.counters(codes, int(seconds.max()) + _GROWN_UP_DAYS * DAY_S).likes.astype("float64")
        ranked = np.lexsort((-likes, days))
        place = np.arange(len(days)) - np.repeat(np.cumsum(counts) - counts, counts)
        kept = ranked[place < CAP]
        kept = kept[np.argsort(seconds[kept], kind="stable")]
        return cls(np.sort(seconds), seconds[kept], likes[kept], growth)

    def everything(self, now: int) -> Ints:
        """Give the times of all posts."""
        return self.seconds[: np.searchsorted(self.seconds, now)]

    def first(self, now: int) -> Ints:
        """Give the times of the posts that the feed shows, in its order."""
        if self.growth is None:
            return self.everything(now)[: -CAP - 1 : -1]
        known = int(np.searchsorted(self.candidates, now))
        seconds = self.candidates[:known]
        likes = self.likes[:known] * np.interp(now - seconds, *self.growth)
        best = np.argpartition(-likes, CAP)[:CAP] if known > CAP else np.arange(known)
        return seconds[best[np.argsort(-likes[best], kind="stable")]]


def likes_growth(world: World) -> tuple[Ints, Matrix]:
    """Read the curve along which every post grows off a much viewed one: age in seconds, share of its final views."""
    row = int(world.posts.counts[: world.sounds].sum(axis=1).argmax())
    codes = world.sound_day(row, 0)[0]
    famous = codes[[int(world.posts.counters(codes, world.calendar.second_of(_GROWN_UP_DAYS)).views.argmax())]]
    born = int(world.posts.seconds(famous)[0])
    ages = np.unique(np.round(np.geomspace(60, _GROWN_UP_DAYS * DAY_S, 200))).astype(np.int64)
    views = np.array([world.posts.counters(famous, born + int(age)).views[0] for age in ages])
    return ages, views / views[-1]


@dataclass(frozen=True)
class _Reader:
    """One tutorial rule: how many posts of a feed it reads (None: all there are), and which of the two ratios."""

    name: str
    posts: int | None
    is_hashtag: bool = False

    def read(self, first: Ints, everything: Ints, now: int) -> tuple[float, int]:
        """Give the velocity of a sound and the pages paid for."""
        seen = everything if self.posts is None else first[: self.posts]
        last = int((seen >= now - DAY_S).sum())
        week = int((seen >= now - 7 * DAY_S).sum())
        # all posts: what a client pays that pages on until the week is behind it
        paid = max(-(-(week if self.posts is None else len(seen)) // PAGE), 1)
        if self.is_hashtag:
            return (last / (week / 7) if week else 0.0), paid
        return last / max((week - last) / 7, LEAST_BASELINE), paid
