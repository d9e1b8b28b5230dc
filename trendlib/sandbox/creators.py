"""Who posts: creators with heavy-tailed followers, each at home in one region.

A creator is a number: region, tier and place in the tier. So a handle can be written from the number and read back,
and nobody has to be kept in memory. Stars are few and post often, the crowd is large and posts rarely; bots serve one
sound.
"""

from dataclasses import dataclass

import numpy as np

from trendlib.sandbox.draws import Bits, Floats, Ints, bits, key, normal, uniform
from trendlib.sandbox.regions import REGION_COUNT, REGIONS
from trendlib.sandbox.words import HANDLE_WORDS, HOSTILE_NICKNAMES, NICKNAMES, SIGNATURES

STAR, ACTIVE, CROWD, BOT = 0, 1, 2, 3
TIER_WIDTH = {STAR: 6, ACTIVE: 10, CROWD: 17, BOT: 17}
BOTS_PER_SOUND = 5
_PLACE_WIDTH = 17
_NUMBER_WIDTH = 24
_NUMBER_MASK = (1 << _NUMBER_WIDTH) - 1
_MEDIAN_FOLLOWERS = np.array([600_000.0, 18_000.0, 320.0, 14.0])
_SPREAD = np.array([1.4, 1.3, 1.6, 0.6])
_MOST_FOLLOWERS = 160_000_000


def creator_number(region: Ints, tier: Ints, place: Ints) -> Ints:
    """Write a creator's number."""
    return (region << (_PLACE_WIDTH + 2)) | (tier << _PLACE_WIDTH) | place


def region_of(number: Ints) -> Ints:
    """Home region of a creator."""
    return number >> (_PLACE_WIDTH + 2)


def tier_of(number: Ints) -> Ints:
    """Tier of a creator."""
    return (number >> _PLACE_WIDTH) & 3


def place_of(number: Ints) -> Ints:
    """Place of a creator in the tier."""
    return number & ((1 << _PLACE_WIDTH) - 1)


@dataclass(frozen=True)
class Creator:
    """One creator, as the platform would describe them."""

    number: int
    creator_id: str
    handle: str
    nickname: str
    region: str
    signature: str
    is_verified: bool
    followers: int
    following: int
    likes: int


@dataclass(frozen=True)
class Creators:
    """All creators of a world."""

    seed: int

    def followers(self, numbers: Ints) -> Floats:
        """Followers of creators at the beginning of the world."""
        tier = tier_of(numbers)
        drawn = _MEDIAN_FOLLOWERS[tier] * np.exp(_SPREAD[tier] * normal(key(self.seed, "followers"), numbers))
        return np.asarray(np.minimum(drawn, _MOST_FOLLOWERS))

    def creator(self, number: int) -> Creator:
        """Describe one creator."""
        return self.describe(np.array([number]))[0]

    def describe(self, numbers: Ints) -> list[Creator]:
        """Describe creators."""
        draws = (bits(key(self.seed, "creator"), numbers) >> np.uint64(1)).tolist()
        columns = (numbers.tolist(), draws, self.handles(numbers), self.followers(numbers).astype(np.int64).tolist())
        return [self._creator(*row) for row in zip(*columns, strict=True)]

    def handles(self, numbers: Ints) -> list[str]:
        """Write the handles of creators; their digits are the numbers in disguise."""
        words = (bits(key(self.seed, "handle"), numbers) >> np.uint64(20)) % np.uint64(len(HANDLE_WORDS))
        digits = (numbers * (self._factor & _NUMBER_MASK)) & _NUMBER_MASK
        return [f"{HANDLE_WORDS[word]}{digit}" for word, digit in zip(words.tolist(), digits.tolist(), strict=True)]

    def _creator(self, number: int, draw: int, handle: str, followers: int) -> Creator:
        region = REGIONS[number >> (_PLACE_WIDTH + 2)]
        born = 1_420_000_000 + draw % 300_000_000
        creator_id = 10_000_000_000 + number * 3571 if draw % 11 == 0 else (born << 32) | (number * 128 + draw % 128)
        return Creator(
            number=number,
            creator_id=str(creator_id),
            handle=handle,
            nickname=_nickname(draw, region.language),
            region=region.code,
            signature=SIGNATURES[draw // 13 % len(SIGNATURES)],
            is_verified=followers > 900_000 and draw % 3 != 0,
            followers=followers,
            following=draw // 7 % 1_900,
            likes=followers * (3 + draw // 17 % 40),
        )

    def number_of(self, handle: str) -> int | None:
        """Read the number back from a handle; None when nobody has that handle."""
        digits = handle[len(handle.rstrip("0123456789")) :]
        if not digits or len(digits) > 8 or int(digits) >> _NUMBER_WIDTH:
            return None
        number = int(digits) * pow(self._factor, -1, 1 << _NUMBER_WIDTH) % (1 << _NUMBER_WIDTH)
        is_somebody = number >> (_PLACE_WIDTH + 2) < REGION_COUNT and self._is_in_tier(number)
        return number if is_somebody and self.handles(np.array([number])) == [handle] else None

    @property
    def _factor(self) -> int:
        return key(self.seed, "handle digits") | 1

    @staticmethod
    def _is_in_tier(number: int) -> bool:
        one = np.array([number])
        return int(place_of(one)[0]) < 1 << TIER_WIDTH[int(tier_of(one)[0])]


def _nickname(draw: int, language: str) -> str:
    names = HOSTILE_NICKNAMES if draw % 89 == 0 else NICKNAMES[language]
    return names[draw // 89 % len(names)]


@dataclass(frozen=True)
class Slots:
    """How the posts of one source on one day are dealt out, given the region mix: readable in both directions.

    The posts of a day are numbered 0 … n-1 (their slots, in no order of time). A region owns a run of slots; in a run,
    first come stars, then active creators, then the crowd. Within a tier slot and creator are matched one to one, so
    each creator posts at most once a day with a sound, and their posts are found without looking at anybody else's.
    """

    seed: int

    def salts(self, sources: Ints, days: Ints, tier: int) -> Bits:
        """Salt of the matching of slots and creators."""
        return bits(key(self.seed, "salt", tier), sources * 256 + days)

    def cuts(self, shares: Floats, counts: Ints, sources: Ints, days: Ints) -> Ints:
        """First slot of each region (column) and, last, the number of slots."""
        jitter = uniform(key(self.seed, "cut"), sources * 256 + days)[:, None]
        summed = np.cumsum(shares, axis=1) * counts[:, None] + jitter
        cuts = np.zeros((len(counts), REGION_COUNT + 1), dtype=np.int64)
        cuts[:, 1:] = np.minimum(np.floor(summed), counts[:, None])
        cuts[:, -1] = counts
        return cuts

    def tiers(self, sizes: Ints, sources: Ints, days: Ints) -> tuple[Ints, Ints]:
        """Count the stars and the active creators among a region's slots."""
        code = sources * 256 + days
        stars = self._part("stars", sizes, 0.03, code + (sizes << 22), TIER_WIDTH[STAR])
        return stars, self._part("active", sizes - stars, 0.22, code + (sizes << 22), TIER_WIDTH[ACTIVE])

    def _part(self, name: str, sizes: Ints, share: float, counters: Ints, width: int) -> Ints:
        wanted = np.floor(sizes * share + uniform(key(self.seed, name), counters)).astype(np.int64)
        return np.minimum(np.minimum(wanted, sizes), 1 << width)
