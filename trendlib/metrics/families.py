"""Families: which sounds are versions of one song.

Two levels: the sound (``sound_id``, the only key by which posts are told apart) and the song, a family of sounds
named by its head: the official sound, the oldest of several. Sounds are linked, the surest reason first:

* *override*: an analyst says that they are the same; "different" forbids what any other reason says.
* *song id*: KeyAPI gives them one ``song_id``.
* *artist and title*: one credited artist and one song, as `trendlib.metrics.titles` reads them.
* *named in title*: the title names a guest, a remixer or "by ..." who is credited with that song elsewhere, or the
  song without its subtitle, or a long one (20 letters) without its last two words, stands elsewhere under the same
  artist.
* *fuzzy artist and title*: both alike (RapidFuzz ``ratio`` of 90 and 88 at least), with the same numbers.
* *version of a title*: a remix, sped-up or slowed upload under another name, where a title of three words belongs to
  one artist only.

A generic title ("original sound") links nothing: such a sound joins a family by song id or override only, as a user
rip. Totals count a post once, under one sound, even if two feeds list it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from trendlib.metrics.daily import posts_by_day
from trendlib.metrics.engines import DAY, board, enter, instant, leave
from trendlib.metrics.likeness import nearly_same
from trendlib.metrics.titles import OFFICIAL, USER_RIP, VERSIONS, Title, numbers, read_title
from trendlib.schema import Status

OVERRIDE, SONG_ID, TITLE = "override", "song id", "artist and title"
NAMED, FUZZY, VERSION_OF = "named in title", "fuzzy artist and title", "version of a title"
CONFIDENCE = {OVERRIDE: 1.0, SONG_ID: 0.99, TITLE: 0.97, NAMED: 0.9, FUZZY: 0.85, VERSION_OF: 0.7}
CONTINUED_LETTERS, CONTINUED_WORDS = 20, 2
DISTINCTIVE_LETTERS, DISTINCTIVE_WORDS = 10, 3
_NO_SONG_IDS = frozenset({"", "0", "None", "nan"})
_AN_HOUR = 1 / 24


@dataclass(frozen=True)
class Overrides:
    """What an analyst knows better.

    Attributes
    ----------
    same
        Groups of sound ids that are one song.
    different
        Groups of sound ids of which no two are one song.
    versions
        Version by sound id.
    """

    same: Sequence[Sequence[str]] = ()
    different: Sequence[Sequence[str]] = ()
    versions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse versions that don't exist."""
        unknown = sorted(set(self.versions.values()) - set(VERSIONS))
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no version; versions are {', '.join(VERSIONS)}")


@dataclass(frozen=True, order=True)
class _Link:
    """A reason to take two sounds for one song; the surest sorts first."""

    doubt: float
    one: str
    other: str
    reason: str


def families(sounds: IntoFrame, *, chart_links: IntoFrame | None = None, overrides: Overrides | None = None) -> Any:
    """Gather sounds into songs.

    Parameters
    ----------
    sounds
        ``sound_id``, ``title``, ``artist``, a row a sound.
    chart_links
        ``sound_id``, ``song_id`` as KeyAPI's charts give them.
    overrides
        What an analyst knows better.

    Returns
    -------
    frame
        A row a sound, by ``sound_id``: ``song_id`` (sound id of the family's head), ``version`` (official, sped up,
        slowed, remix, live, user rip), ``reason`` of the surest link to the family (NULL for a sound alone),
        ``confidence`` [0-1] in it (NULL alike).

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    ValueError
        If two sounds are overridden to be both the same and different.
    """
    said = overrides or Overrides()
    known = board(enter(sounds, ids=["sound_id"], others=["title", "artist"]).select("sound_id", "title", "artist"))
    known = known.sort_values(["sound_id", "title", "artist"]).drop_duplicates("sound_id")
    titles = {row[0]: read_title(_text(row[1]), _text(row[2])) for row in known.itertuples(index=False, name=None)}
    links = {
        *_said(said, titles),
        *_charted(chart_links, titles),
        *_titled(titles),
        *_alike(titles),
        *_versions_of(titles),
    }
    kept = _unite(sorted(links), titles, said)
    surest: dict[str, _Link] = {}
    for link in kept.links:
        for sound in (link.one, link.other):
            surest.setdefault(sound, link)
    rows = []
    for members in kept.groups():
        versions = {sound: _version(sound, titles, surest, said) for sound in members}
        head = min(members, key=lambda sound: (versions[sound] != OFFICIAL, titles[sound].is_generic, _age(sound)))
        for sound in members:
            why = surest.get(sound)
            evidence = (None, np.nan) if why is None else (why.reason, 1 - why.doubt)
            rows.append((sound, head, versions[sound], *evidence))
    table = pd.DataFrame(rows, columns=["sound_id", "song_id", "version", "reason", "confidence"])
    text = dict.fromkeys(("sound_id", "song_id", "version", "reason"), "str")
    return leave(table.astype({**text, "confidence": "float64"}).sort_values("sound_id"), sounds)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _age(sound: str) -> tuple[float, str]:
    # ids grow with time
    return (float(sound) if sound.isdecimal() else np.inf, sound)


def _version(sound: str, titles: Mapping[str, Title], surest: Mapping[str, _Link], said: Overrides) -> str:
    if sound in said.versions:
        return said.versions[sound]
    title, link = titles[sound], surest.get(sound)
    is_rip = link is not None and (title.is_generic or (title.is_attributed and link.reason == NAMED))
    return USER_RIP if is_rip and title.version == OFFICIAL else title.version


def _link(one: str, other: str, reason: str, confidence: float | None = None) -> _Link:
    sure = CONFIDENCE[reason] if confidence is None else confidence
    return _Link(round(1 - sure, 6), min(one, other), max(one, other), reason)


def _said(said: Overrides, titles: Mapping[str, Title]) -> Iterator[_Link]:
    for group in said.same:
        # an override may name sounds that this frame lacks, and still ties the others together
        yield from _star([sound for sound in dict.fromkeys(group) if sound in titles], OVERRIDE)


def _charted(chart_links: IntoFrame | None, titles: Mapping[str, Title]) -> Iterator[_Link]:
    if chart_links is None:
        return
    charted = board(enter(chart_links, ids=["sound_id", "song_id"]).select("sound_id", "song_id")).dropna()
    is_told = charted["sound_id"].isin(titles.keys()) & ~charted["song_id"].isin(_NO_SONG_IDS)
    charted = charted[is_told].drop_duplicates().sort_values(["song_id", "sound_id"])
    for _, group in charted.groupby("song_id")["sound_id"]:
        yield from _star(group, SONG_ID)


def _star(sounds: Iterable[str], reason: str) -> Iterator[_Link]:
    first, *others = [*sounds] or [""]
    return (_link(first, other, reason) for other in others)


def _titled(titles: Mapping[str, Title]) -> Iterator[_Link]:
    """Link sounds by what their titles say to the letter."""
    credited: dict[tuple[str, str], list[str]] = {}
    for sound, title in titles.items():
        for person in title.people if title.song else ():
            credited.setdefault((person, title.song), []).append(sound)
    for group in credited.values():
        yield from _star(group, TITLE)
    for sound, title in titles.items():
        shorter = [(person, song) for person in title.people for song in _shorter(title)]
        for named in (*title.mentions, *shorter):
            others = [other for other in credited.get(named, ()) if other != sound]
            yield from (_link(sound, other, NAMED) for other in others[:1])


def _shorter(title: Title) -> Iterator[str]:
    """Give the song without its subtitle, and a long one without its last words."""
    if title.head != title.song:
        yield title.head
    words = title.song.split()
    for cut in range(1, CONTINUED_WORDS + 1):
        song = " ".join(words[:-cut])
        if len(song) >= CONTINUED_LETTERS and not numbers(words[-cut:]):
            yield song


def _alike(titles: Mapping[str, Title]) -> Iterator[_Link]:
    for one, other, likeness in nearly_same(titles):
        yield _link(one, other, FUZZY, CONFIDENCE[FUZZY] * likeness)


def _versions_of(titles: Mapping[str, Title]) -> Iterator[_Link]:
    """Link remixes and the like under other names to the one artist whose title is so distinctive."""
    holders: dict[str, list[str]] = {}
    for sound, title in titles.items():
        for song in {title.song, title.head} if title.version == OFFICIAL else ():
            holders.setdefault(song, []).append(sound)
    for sound, title in titles.items():
        for song in title.originals:
            held = holders.get(song, ())
            is_distinctive = len(song) >= DISTINCTIVE_LETTERS and len(song.split()) >= DISTINCTIVE_WORDS
            if held and is_distinctive and set.intersection(*(set(titles[other].people) for other in held)):
                yield _link(sound, held[0], VERSION_OF)
                break


class _Union:
    """Groups that grow by links, except where two of their members are known to be different."""

    def __init__(self, sounds: Iterable[str], different: Sequence[Sequence[str]]) -> None:
        self.links: list[_Link] = []
        self._members: dict[str, set[str]] = {sound: {sound} for sound in sounds}
        self._different: dict[str, set[str]] = {}
        for one, other in (pair for group in different for pair in combinations(group, 2)):
            self._different.setdefault(one, set()).add(other)
            self._different.setdefault(other, set()).add(one)

    def join(self, link: _Link) -> bool:
        """Follow a link; tell whether its sounds now stand in one group."""
        one, other = self._members[link.one], self._members[link.other]
        small, large = sorted((one, other), key=len)
        if one is not other:
            if any(self._different.get(sound, set()) & large for sound in small):
                return False
            large |= small
            self._members.update(dict.fromkeys(small, large))
        self.links.append(link)
        return True

    def groups(self) -> Iterator[list[str]]:
        """Give each group once, its members sorted."""
        return (sorted(members) for members in {id(one): one for one in self._members.values()}.values())


def _unite(links: Sequence[_Link], titles: Mapping[str, Title], said: Overrides) -> _Union:
    union = _Union(titles, said.different)
    for link in links:
        if not union.join(link) and link.reason == OVERRIDE:
            raise ValueError(f"sounds {link.one} and {link.other} are overridden to be both the same and different")
    return union


def family_totals(
    posts: IntoFrame,
    families: IntoFrame,
    *,
    as_of: datetime,
    days: int = 7,
    coverage: IntoFrame | datetime | None = None,
) -> Any:
    """Count each song's recent posts over all of its sounds, every post once.

    Parameters
    ----------
    posts
        ``post_id``, ``sound_id``, ``posted_at``.
    families
        What `families` gave; a sound it lacks is a song of its own.
    as_of
        End of the window.
    days
        Its length.
    coverage
        Coverage frame, the instant since when all posts are known, or None: back to each sound's oldest post.

    Returns
    -------
    frame
        A row a song, by ``song_id``: ``sounds`` with posts known, ``posts`` of the window (at least, unless ``ok``),
        ``status`` (``ok`` if all sounds are covered for the whole window, ``weak`` if for half of it, else
        ``not_enough_coverage``).

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    counts = _counts(posts, families, as_of=as_of, days=days, coverage=coverage)
    sounds = counts.groupby(["song_id", "sound_id"], as_index=False).agg(
        posts=("seen", "sum"), exposed=("exposed", "mean")
    )
    songs = sounds.groupby("song_id").agg(
        sounds=("sound_id", "size"), posts=("posts", "sum"), exposed=("exposed", "min")
    )
    songs = songs.reset_index().assign(status=_status(songs["exposed"].to_numpy(), days))
    return leave(songs[["song_id", "sounds", "posts", "status"]].astype(_TOTALS), posts)


def version_share(
    posts: IntoFrame,
    families: IntoFrame,
    *,
    as_of: datetime,
    days: int = 28,
    coverage: IntoFrame | datetime | None = None,
) -> Any:
    """Tell day by day how a song's posts divide among its versions.

    Parameters
    ----------
    posts
        ``post_id``, ``sound_id``, ``posted_at``.
    families
        What `families` gave; a sound it lacks is a song of its own.
    as_of
        End of the last day.
    days
        How many 24 h windows back.
    coverage
        Coverage frame, the instant since when all posts are known, or None: back to each sound's oldest post.

    Returns
    -------
    frame
        A row a song, day and version: ``song_id``, ``day`` [UTC, start of the window], ``version``, ``posts`` covered,
        ``share`` [0-1] among the ``n`` posts of the song's covered sounds that day (NULL where n is 0), ``status``
        (``ok`` if all of the song's sounds are covered that day, ``weak`` if some are not, ``not_enough_coverage`` if
        none is).

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    counts = _counts(posts, families, as_of=as_of, days=days, coverage=coverage)
    counts["posts"] = counts["posts"].fillna(0.0)
    day = counts.groupby(["song_id", "age"]).agg(n=("posts", "sum"), least=("exposed", "min"), most=("exposed", "max"))
    by_version = counts.groupby(["song_id", "age", "version"], as_index=False).agg(posts=("posts", "sum"))
    table = by_version.merge(day.reset_index(), on=["song_id", "age"])
    posted, n = table["posts"].to_numpy(), table["n"].to_numpy()
    table["share"] = np.divide(posted, n, out=np.full(len(table), np.nan), where=n > 0)
    status = np.where(table["least"] >= 1 - _AN_HOUR, Status.OK.value, Status.WEAK.value)
    table["status"] = np.where(table["most"] > 0, status, Status.NOT_ENOUGH_COVERAGE.value)
    table["day"] = (instant(as_of) - table["age"] * DAY).astype("datetime64[us, UTC]")
    table = table.sort_values(["song_id", "day", "version"])
    return leave(table[["song_id", "day", "version", "posts", "share", "n", "status"]].astype(_SHARES), posts)


_TOTALS = {"song_id": "str", "sounds": "Int64", "posts": "Int64", "status": "str"}
_SHARES = {"song_id": "str", "version": "str", "posts": "Int64", "n": "Int64", "status": "str"}


def _counts(
    posts: IntoFrame,
    families: IntoFrame,
    *,
    as_of: datetime,
    days: int,
    coverage: IntoFrame | datetime | None,
) -> pd.DataFrame:
    """Count each sound's posts a day, every post under one sound only, and name its song."""
    listed = enter(posts, ids=["post_id", "sound_id"], times=["posted_at"])
    listed = listed.filter(~nw.col("sound_id").is_null(), ~nw.col("post_id").is_null())
    once = listed.group_by("post_id").agg(nw.col("sound_id").min(), nw.col("posted_at").min())
    by_day = posts_by_day(once.to_native(), as_of=as_of, coverage=coverage, days=days)
    # before its first post a whole feed has nothing to miss
    exposed = np.where(by_day.is_before_birth, 1.0, by_day.exposure)
    counts = pd.DataFrame(
        {
            "sound_id": by_day.sounds.repeat(days),
            "age": np.tile(np.arange(1, days + 1), len(by_day.sounds)),
            "posts": by_day.posts.ravel(),
            "seen": by_day.seen.ravel(),
            "exposed": exposed.ravel(),
        }
    )
    named = board(enter(families, ids=["sound_id", "song_id"], others=["version"]))
    table = counts.merge(named[["sound_id", "song_id", "version"]], on="sound_id", how="left")
    table["song_id"] = table["song_id"].fillna(table["sound_id"])
    table["version"] = table["version"].fillna(OFFICIAL)
    return table


def _status(exposed: Any, days: int) -> Any:
    status = np.where(exposed >= 1 - _AN_HOUR / days, Status.OK.value, Status.WEAK.value)
    return np.where(exposed >= 0.5, status, Status.NOT_ENOUGH_COVERAGE.value)
