"""Hashtags with a life of their own: their own posts, and a part of the posts of a few sounds."""

from dataclasses import dataclass

import numpy as np

from trendlib.sandbox.days import RUN_UP, Calendar
from trendlib.sandbox.draws import Floats, Ints, between, bits, key, normal, order, uniform
from trendlib.sandbox.growth import Drivers
from trendlib.sandbox.words import HASHTAG_FIRST, HASHTAG_SECOND, HASHTAGS

STEADY, FADING, BUMP, RISING = "steady", "fading", "bump", "rising"
_KINDS = (STEADY, BUMP, STEADY, RISING, FADING, BUMP, STEADY)
_MOST_AFFILIATES = 3


@dataclass(frozen=True)
class Hashtag:
    """One hashtag: ``affiliates`` are places of sounds, every ``period``-th post of which carries it."""

    name: str
    challenge_id: str
    kind: str
    onset: int
    period: int
    affiliates: tuple[int, ...]
    earlier_posts: int
    views_a_post: float


@dataclass(frozen=True)
class HashtagCast:
    """All hashtags of a world, and the level of their own posts [posts/day]."""

    hashtags: tuple[Hashtag, ...]
    level: Floats


def draw_hashtags(calendar: Calendar, count: int, sounds: int) -> HashtagCast:
    """Draw the hashtags of a world."""
    seed, rows = calendar.seed, np.arange(count)
    level = np.clip(90 * np.exp(1.0 * normal(key(seed, "hashtag level"), rows)), 8, 4_000)
    age = np.exp(between(key(seed, "hashtag age"), rows, np.log(60), np.log(1_500)))
    views = np.exp(between(key(seed, "hashtag views"), rows, np.log(2_000), np.log(30_000)))
    moments = uniform(key(seed, "hashtag onset"), rows)
    hashtags = []
    for row in rows:
        kind = _KINDS[row % len(_KINDS)]
        is_staged = row in {1, 3}
        day = (
            calendar.days - (4 if kind == BUMP else 16) if is_staged else 10 + moments[row] * max(calendar.days - 14, 1)
        )
        draw = bits(key(seed, "hashtag"), np.array([row]))[0]
        affiliates = order(key(seed, "affiliates", row), sounds)[: int(draw >> np.uint64(61)) % (_MOST_AFFILIATES + 1)]
        hashtags.append(
            Hashtag(
                name=_name(int(row)),
                challenge_id=str(
                    int(draw >> np.uint64(3 * (int(row) % 4) + 2)) if row % 3 else 1_000 + 7_919 * int(row)
                ),
                kind=kind,
                onset=RUN_UP + max(min(int(day), calendar.days - 1), 1),
                period=4 + int(draw >> np.uint64(20)) % 20,
                affiliates=tuple(sorted(int(place) for place in affiliates)),
                earlier_posts=int(level[row] * age[row]),
                views_a_post=float(views[row]),
            )
        )
    return HashtagCast(tuple(hashtags), level)


def hashtag_drivers(calendar: Calendar, cast: HashtagCast) -> Drivers:
    """Write each hashtag's own days over a steady world."""
    days = np.arange(calendar.length)
    moves = Drivers.steady(cast.level, calendar.length)
    rows = np.arange(len(cast.hashtags))
    lift = between(key(calendar.seed, "hashtag lift"), rows, 2.5, 6.0)
    slope = between(key(calendar.seed, "hashtag slope"), rows, 0.02, 0.05)
    for row, hashtag in enumerate(cast.hashtags):
        since = days - hashtag.onset
        if hashtag.kind == BUMP:
            moves.trend[row] = 1 + (lift[row] - 1) * np.where(
                since < 0, 0, np.minimum((since + 1) / 2, 0.85 ** (since - 1))
            )
        elif hashtag.kind == RISING:
            moves.trend[row] = np.exp(slope[row] * np.clip(since, 0, 40))
        elif hashtag.kind == FADING:
            moves.trend[row] = np.exp(-0.012 * days)
    return moves


def offsets(seed: int, row: int, sources: Ints, days: Ints, period: int) -> Ints:
    """Where among the slots of each source and day a hashtag's posts begin: slot + offset divides by the period."""
    return (bits(key(seed, "tagged", row), sources * 256 + days) % np.uint64(period)).astype(np.int64)


def tagged_counts(counts: Ints, first: Ints, period: int) -> Ints:
    """How many of ``counts`` slots carry the hashtag."""
    return (counts - 1 + first) // period - (first - 1) // period


def _name(row: int) -> str:
    if row < len(HASHTAGS):
        return HASHTAGS[row]
    number, place = divmod(row - len(HASHTAGS), len(HASHTAG_FIRST) * len(HASHTAG_SECOND))
    first, second = divmod(place, len(HASHTAG_SECOND))
    return HASHTAG_FIRST[first] + HASHTAG_SECOND[second] + (str(number + 2) if number else "")
