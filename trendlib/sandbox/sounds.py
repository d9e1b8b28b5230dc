"""What sounds are called: ids, titles, artists, and the families in which one song has many sounds."""

from dataclasses import dataclass, replace

import numpy as np

from trendlib.sandbox.classes import BREAKOUTS, JUMP, REACTIVATED, Cast
from trendlib.sandbox.days import DAY_S, Calendar
from trendlib.sandbox.draws import Ints, between, bits, key, order, uniform
from trendlib.sandbox.regions import REGION_COUNT, REGIONS
from trendlib.sandbox.words import (
    ARTIST_FIRST,
    ARTIST_SECOND,
    BANDS,
    HANDLE_WORDS,
    HOSTILE_TITLES,
    ORIGINAL_SOUND,
    TITLE_FIRST,
    TITLE_SECOND,
    TITLES,
    VERSION_TITLES,
)

OFFICIAL, USER_RIP = "official", "user rip"
_FAMILY_VERSIONS = ("sped up", USER_RIP, "slowed", "remix", USER_RIP, "live")
_ORIGINAL_SHARE = 0.2


@dataclass(frozen=True)
class Sound:
    """One sound, as the platform would describe it, and which song it truly is."""

    sound_id: str
    title: str
    artist: str
    album: str
    duration_s: int
    is_original: bool
    is_commercial: bool
    home: int
    family: str
    version: str
    song_id: str
    born_at: int


def draw_sounds(calendar: Calendar, cast: Cast) -> tuple[Sound, ...]:
    """Name every sound of the cast."""
    size = len(cast.kind)
    rows = np.arange(size)
    seed = calendar.seed
    born_at = _births(calendar, cast)
    low = bits(key(seed, "sound id"), rows) >> np.uint64(32)
    homes = _homes(seed, size)
    lengths = between(key(seed, "length"), rows, 12, 61).astype(int)
    commercial = uniform(key(seed, "commercial"), rows) < 0.45
    sounds = []
    for row in rows:
        sound_id = str((int(born_at[row]) << 32) | int(low[row]))
        title, artist = _song_name(seed, int(row)), _artist(seed, int(row))
        # its last five digits are the sound's place, so no two songs of one second share an id
        song_id = str((int(sound_id) - int(low[row]) % 90_000_000) // 100_000 * 100_000 + int(row))
        sounds.append(
            Sound(
                sound_id, title, artist, title, int(lengths[row]), is_original=False,
                is_commercial=bool(commercial[row]), home=int(homes[row]), family=song_id, version=OFFICIAL,
                song_id=song_id, born_at=int(born_at[row]),
            )
        )  # fmt: skip
    in_family = _gather_families(calendar, cast, sounds)
    _make_originals(seed, sounds, [int(row) for row in rows if row not in in_family and not cast.is_staged[row]])
    return tuple(sounds)


def generic_title(region: int, name: str) -> str:
    """Title that the platform gives to somebody's own audio, in their language."""
    return f"{ORIGINAL_SOUND[REGIONS[region].language]} - {name}"


def uploader(seed: int, row: int) -> str:
    """Name of a user under whose own audio a song goes round."""
    draw = bits(key(seed, "uploader"), np.array([row]))[0]
    return f"{HANDLE_WORDS[int(draw) % len(HANDLE_WORDS)]}{int(draw >> np.uint64(40)) % 1000}"


def _births(calendar: Calendar, cast: Cast) -> Ints:
    rows = np.arange(len(cast.kind))
    years = np.exp(between(key(calendar.seed, "birth"), rows, np.log(0.2), np.log(5)))
    old = between(key(calendar.seed, "old birth"), rows, 2.3, 6.5)
    years = np.where(np.isin(cast.kind, (REACTIVATED,)), old, years)
    before = calendar.first_second - (years * 365 * DAY_S).astype(np.int64)
    return np.asarray(np.where(cast.born > 0, calendar.first_second + cast.born * DAY_S, before))


def _homes(seed: int, size: int) -> Ints:
    weights = np.cumsum([region.weight for region in REGIONS])
    draws = uniform(key(seed, "home"), np.arange(size)) * weights[-1]
    homes: Ints = np.minimum(np.searchsorted(weights, draws, side="right"), REGION_COUNT - 1).astype(np.int64)
    return homes


def _song_name(seed: int, row: int) -> str:
    shuffled = order(key(seed, "titles"), len(TITLES))
    if row < len(TITLES):
        return TITLES[int(shuffled[row])]
    pairs = len(TITLE_FIRST) * len(TITLE_SECOND)
    number, place = divmod(row - len(TITLES), pairs)
    first, second = divmod(place * 97 % pairs, len(TITLE_SECOND))
    suffix = f" Pt. {number + 1}" if number else ""
    return f"{TITLE_FIRST[first]} {TITLE_SECOND[second]}{suffix}"


def _artist(seed: int, row: int) -> str:
    draw = int(bits(key(seed, "artist"), np.array([row]))[0] >> np.uint64(8))
    if draw % 5 == 0:
        return BANDS[draw // 5 % len(BANDS)]
    return f"{ARTIST_FIRST[draw // 5 % len(ARTIST_FIRST)]} {ARTIST_SECOND[draw // 211 % len(ARTIST_SECOND)]}"


def _gather_families(calendar: Calendar, cast: Cast, sounds: list[Sound]) -> set[int]:
    """Make some sounds versions of others, in place; return the places of all of them.

    The first family stands around the staged jump.
    """
    shuffled = order(key(calendar.seed, "families"), len(sounds))
    free = [int(place) for place in shuffled if cast.kind[place] not in BREAKOUTS and not cast.is_staged[place]]
    heads = [cast.staged(JUMP)]
    taken: set[int] = set()
    for number in range(max(1, len(sounds) // 12)):
        if len(free) < 2:
            break
        if number >= len(heads):
            heads.append(free.pop())
        size = 2 + int(bits(key(calendar.seed, "family size"), np.array([number]))[0] >> np.uint64(60)) % 4
        members = [free.pop() for _ in range(min(size, len(free)))]
        taken |= {heads[number], *members}
        for version, member in zip(_FAMILY_VERSIONS, members, strict=False):
            sounds[member] = _as_version(calendar.seed, sounds[heads[number]], sounds[member], member, version)
    return taken


def _as_version(seed: int, official: Sound, own: Sound, row: int, version: str) -> Sound:
    if version == USER_RIP:
        name = uploader(seed, row)
        return replace(
            own, title=generic_title(own.home, name), artist=name, album="", is_original=True, is_commercial=False,
            family=official.family, version=version,
        )  # fmt: skip
    patterns = VERSION_TITLES[version]
    title = patterns[row % len(patterns)].format(title=official.title)
    return replace(
        own, title=title, artist=official.artist, album=official.album, home=official.home, family=official.family,
        version=version, song_id=official.song_id if version != "remix" else own.song_id,
    )  # fmt: skip


def _make_originals(seed: int, sounds: list[Sound], free: list[int]) -> None:
    """Give some sounds generic titles and some hostile ones, in place."""
    wanted = int(_ORIGINAL_SHARE * len(free))
    chosen = [free[int(place)] for place in order(key(seed, "originals"), len(free))]
    for row in chosen[:wanted]:
        name = uploader(seed, row)
        sounds[row] = replace(
            sounds[row], title=generic_title(sounds[row].home, name), artist=name, album="", is_original=True,
            is_commercial=False,
        )  # fmt: skip
    for number, row in enumerate(chosen[wanted : wanted + max(len(HOSTILE_TITLES), len(sounds) // 100)]):
        sounds[row] = replace(sounds[row], title=HOSTILE_TITLES[number % len(HOSTILE_TITLES)])
