"""The floor both wings stand on: every table and column, and the archived answer they come from.

A column is declared once, here: name, kind, unit, meaning and source. The warehouse's DDL, the
checks at the store's doors, the documentation and the axis labels are read from it.

Conventions of measurement:

* ``observed_at`` is the true fetch time of the answer a row came from, also when the answer was
  served by the cache. "As known at T" means ``observed_at < T``.
* Every row carries the ``answer_id`` of the archived answer it rests on. An answer is loaded whole
  or not at all, so loading the same answer twice adds nothing.
* Ids are text. Times are UTC. Missing is NULL, never 0.
* Tables only grow: an identity table holds what each answer said of a thing; the latest non-NULL
  word before the as-of instant wins.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal

Kind = Literal["text", "int", "float", "bool", "time"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it is called, what it holds, in which unit, and who says so."""

    name: str
    kind: Kind
    unit: str
    meaning: str
    source: str = "derived"


@dataclass(frozen=True)
class Table:
    """One table of the warehouse.

    ``role`` tells how a read as of an instant condenses it: ``identity`` to one row a thing with
    the latest known word in each column, ``latest`` to the latest row a thing, ``log`` to all rows.
    ``key`` names the thing.
    """

    name: str
    role: Literal["identity", "latest", "log"]
    key: tuple[str, ...]
    meaning: str
    columns: tuple[Column, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)


OBSERVED_AT = Column("observed_at", "time", "UTC", "when the answer behind this row was fetched", "archive")
ANSWER_ID = Column("answer_id", "text", "id", "the archived answer this row rests on", "archive")
_PROOF = (OBSERVED_AT, ANSWER_ID)


def _table(name: str, role: Literal["identity", "latest", "log"], key: str, meaning: str, *columns: Column) -> Table:
    return Table(name, role, tuple(key.split()), meaning, (*columns, *_PROOF))


SOUNDS = _table(
    "sounds", "identity", "sound_id", "what answers said of a sound",
    Column("sound_id", "text", "id", "TikTok's music id", "music_info.id, music-info id"),
    Column("title", "text", "text", "title; NULL for a removed sound", "title"),
    Column("artist", "text", "text", "who the sound is credited to", "author"),
    Column("album", "text", "text", "album", "album"),
    Column("duration_s", "int", "s", "length", "duration"),
    Column("is_original", "bool", "yes/no", "original audio (label uploads carry it too)", "original"),
)  # fmt: skip
SOUND_OBSERVATIONS = _table(
    "sound_observations", "log", "sound_id", "readings of a sound's use counter",
    Column("sound_id", "text", "id", "TikTok's music id", "id"),
    Column("total_uses", "int", "posts", "platform-wide uses, rounded by the source", "music-info video_count"),
)  # fmt: skip
POSTS = _table(
    "posts", "identity", "post_id", "what answers said of a post",
    Column("post_id", "text", "id", "TikTok's video id", "video_id, id"),
    Column("sound_id", "text", "id", "the sound it uses", "music_info.id"),
    Column("creator_id", "text", "id", "who posted it", "author.id"),
    Column("posted_at", "time", "UTC", "when it was posted", "create_time, or the post id's upper bits"),
    Column("region", "text", "ISO 3166-1 alpha-2", "region of the poster's account", "region"),
    Column("caption", "text", "text", "caption, hashtags included", "title"),
    Column("duration_s", "int", "s", "length; NULL for a photo post", "duration"),
    Column("is_photo", "bool", "yes/no", "a photo post", "images"),
    Column("is_pinned", "bool", "yes/no", "pinned by its creator when seen", "is_top"),
    Column("is_ad", "bool", "yes/no", "an advertisement", "is_ad"),
)  # fmt: skip
POST_OBSERVATIONS = _table(
    "post_observations", "latest", "post_id", "readings of a post's counters",
    Column("post_id", "text", "id", "TikTok's video id", "video_id, id"),
    Column("views", "int", "views", "plays so far", "play_count"),
    Column("likes", "int", "likes", "likes so far", "digg_count"),
    Column("comments", "int", "comments", "comments so far", "comment_count"),
    Column("shares", "int", "shares", "shares so far", "share_count"),
    Column("saves", "int", "saves", "saves so far", "collect_count"),
)  # fmt: skip
CREATORS = _table(
    "creators", "identity", "creator_id", "what answers said of a creator",
    Column("creator_id", "text", "id", "TikTok's user id", "author.id, user.id"),
    Column("handle", "text", "text", "unique_id without @; may change", "author.unique_id, user.uniqueId"),
    Column("nickname", "text", "text", "display name", "author.nickname, user.nickname"),
    Column("is_verified", "bool", "yes/no", "verified by TikTok", "user.verified"),
)  # fmt: skip
CREATOR_OBSERVATIONS = _table(
    "creator_observations", "latest", "creator_id", "readings of a creator's counters",
    Column("creator_id", "text", "id", "TikTok's user id", "user.id"),
    Column("followers", "int", "creators", "followers, rounded by the source", "stats.followerCount"),
    Column("following", "int", "creators", "accounts followed", "stats.followingCount"),
    Column("likes", "int", "likes", "likes received, rounded by the source", "stats.heartCount"),
    Column("posts", "int", "posts", "posts on the account", "stats.videoCount"),
)  # fmt: skip
HASHTAGS = _table(
    "hashtags", "identity", "hashtag", "what answers said of a hashtag",
    Column("hashtag", "text", "text", "lower case, without #", "cha_name"),
    Column("challenge_id", "text", "id", "TikTok's id of the hashtag", "id"),
    Column("description", "text", "text", "TikTok's description", "desc"),
    Column("is_commerce", "bool", "yes/no", "a commercial hashtag", "is_commerce"),
)  # fmt: skip
HASHTAG_OBSERVATIONS = _table(
    "hashtag_observations", "log", "hashtag", "readings of a hashtag's counters",
    Column("hashtag", "text", "text", "lower case, without #", "cha_name"),
    Column("total_posts", "int", "posts", "posts with the hashtag, rounded by the source", "user_count"),
    Column("total_views", "int", "views", "views of those posts, rounded by the source", "view_count"),
)  # fmt: skip
POST_HASHTAGS = _table(
    "post_hashtags", "latest", "post_id hashtag", "hashtags that stand in captions",
    Column("post_id", "text", "id", "TikTok's video id", "video_id"),
    Column("hashtag", "text", "text", "lower case, without #", "title"),
)  # fmt: skip
FEED_PAGES = _table(
    "feed_pages", "log", "answer_id", "what each fetched page of a feed proves",
    Column("subject", "text", "sound, hashtag, creator, keyword", "what kind of feed this is", "endpoint"),
    Column("subject_id", "text", "id", "whose feed: sound_id, hashtag or challenge id, handle, keyword", "params"),
    Column("region", "text", "ISO 3166-1 alpha-2", "market asked for; NULL for none", "params"),
    Column("cursor", "text", "cursor", "where the page was asked to begin; NULL for the first page", "params"),
    Column("next_cursor", "text", "cursor", "where the provider says the next page begins", "cursor"),
    Column("has_more", "bool", "yes/no", "the provider says the feed goes on; NULL when it does not say", "hasMore"),
    Column("items", "int", "posts", "items on the page", "videos"),
    Column("items_read", "int", "posts", "items that could be read and dated", "videos"),
    Column("newest_posted_at", "time", "UTC", "newest post on the page, pinned and ad items left out", "create_time"),
    Column("oldest_posted_at", "time", "UTC", "oldest post on the page, pinned and ad items left out", "create_time"),
    Column("pairs", "int", "pairs", "adjacent pairs of posts, pinned and ad items left out", "create_time"),
    Column("rises", "int", "pairs", "of those, pairs in which the later item is the newer post", "create_time"),
)  # fmt: skip
REJECTS = _table(
    "rejects", "log", "answer_id", "what could not be loaded, and why",
    Column("place", "text", "text", "where it stood: a JSON path in the answer, or a line of a file"),
    Column("reason", "text", "text", "why it was set aside"),
    Column("raw", "text", "JSON", "what stood there, at most 2,000 characters"),
)  # fmt: skip
CALLS = _table(
    "calls", "log", "answer_id", "every answer loaded, and what it cost",
    Column("sweep_id", "text", "id", "the sweep, or the recording, it came with", "archive"),
    Column("provider", "text", "text", "who answered", "archive"),
    Column("endpoint", "text", "text", "what was asked", "archive"),
    Column("params", "text", "JSON", "with which parameters, the key never among them", "archive"),
    Column("status", "int", "HTTP status", "how it was answered", "archive"),
    Column("credits", "int", "credits", "what the provider charges for it", "provider's price list"),
    Column("error", "text", "text", "why it gave no data; NULL when it did"),
)  # fmt: skip

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        SOUNDS, SOUND_OBSERVATIONS, POSTS, POST_OBSERVATIONS, CREATORS, CREATOR_OBSERVATIONS, HASHTAGS,
        HASHTAG_OBSERVATIONS, POST_HASHTAGS, FEED_PAGES, REJECTS, CALLS,
    )
}  # fmt: skip


@dataclass(frozen=True)
class Call:
    """One question to a provider, as data: nothing is sent until the client fetches it.

    ``params`` never hold a key. ``region`` and the like stand among them as the provider spells them.
    """

    provider: str
    endpoint: str
    params: Mapping[str, str]

    @property
    def params_text(self) -> str:
        """The parameters, in the one way trendlib writes them down."""
        return json.dumps(dict(sorted(self.params.items())), ensure_ascii=False)

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two calls the same question."""
        return self.provider, self.endpoint, self.params_text


@dataclass(frozen=True)
class Answer:
    """One answer of a provider, as it was archived: the evidence everything else is derived from.

    ``fetched_at`` is when the provider gave it, in UTC; ``status`` is the HTTP status, 0 when no
    answer came at all; ``body`` is its JSON, or the bare text when it was none. ``params`` never
    hold a key.
    """

    fetched_at: datetime
    provider: str
    endpoint: str
    params: Mapping[str, str]
    status: int
    body: Any = field(repr=False)

    @property
    def call(self) -> Call:
        """The question this answers."""
        return Call(self.provider, self.endpoint, self.params)

    @cached_property
    def answer_id(self) -> str:
        """Sixteen hex digits that stand for who was asked what, when, and what came back."""
        words = (self.provider, self.endpoint, self.params, utc_text(self.fetched_at), self.status, self.body)
        return hashlib.blake2b(json.dumps(words, sort_keys=True).encode(), digest_size=8).hexdigest()


@dataclass
class Rows:
    """What parsing gives: rows by table, each row with every column of its table but the proof.

    Examples
    --------
    >>> rows = Rows()
    >>> rows.add(SOUND_OBSERVATIONS, sound_id="7012345678901234567", total_uses=1200)
    >>> rows.tables["sound_observations"]
    [{'sound_id': '7012345678901234567', 'total_uses': 1200}]
    """

    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, table: Table, **values: Any) -> None:
        """Add a row; columns not given are NULL."""
        row = dict.fromkeys(table.names[: -len(_PROOF)])
        self.tables.setdefault(table.name, []).append({**row, **values})

    def reject(self, place: str, reason: str, raw: Any) -> None:
        """Set something aside with its reason."""
        text = raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=True, default=str)
        self.add(REJECTS, place=place, reason=reason, raw=text[:2000])


def utc_text(instant: datetime) -> str:
    """Write an instant the one way trendlib writes instants: ``2022-04-20T00:00:00Z``.

    Raises
    ------
    ValueError
        If the instant has no time zone.
    """
    if instant.tzinfo is None:
        msg = f"{instant!r} has no time zone; give one, for example tzinfo=datetime.UTC"
        raise ValueError(msg)
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Status(StrEnum):
    """How far a number can be trusted. No metric travels without one.

    Examples
    --------
    >>> Status.COUNTER_ONLY.words, Status.COUNTER_ONLY.is_rankable
    ('counter only', True)
    """

    OK = "ok"
    WEAK = "weak"
    COUNTER_ONLY = "counter_only"
    ROUNDED = "rounded"
    NEW = "new"
    NOT_ENOUGH_COVERAGE = "not_enough_coverage"
    INDEX_ONLY = "index_only"

    @property
    def words(self) -> str:
        """The status as it is printed."""
        return self.value.replace("_", " ")

    @property
    def meaning(self) -> str:
        """What it says about the number beside it."""
        return _STATUS[self][0]

    @property
    def shown_as(self) -> str:
        """How a table or chart shows such a number."""
        return _STATUS[self][1]

    @property
    def is_rankable(self) -> bool:
        """Whether such a number may compete for a rank."""
        return self in {Status.OK, Status.WEAK, Status.COUNTER_ONLY}


_STATUS: Mapping[Status, tuple[str, str]] = {
    Status.OK: ("both windows are proven covered", "the ratio with its interval"),
    Status.WEAK: (
        "the baseline is half covered, has a gap of over 3 days, or the history is under 10 days",
        "the ratio with its interval, greyed",
    ),
    Status.COUNTER_ONLY: ("measured on the use counter, without a list of posts", "the ratio with its interval"),
    Status.ROUNDED: ("the counter is rounded too coarsely for its pace, even over two weeks", "a range, or nothing"),
    Status.NEW: ("first seen under 8 days ago, so no baseline exists", "apart: its level and distinct creators"),
    Status.NOT_ENOUGH_COVERAGE: (
        "what was fetched does not reach across the windows",
        "a lower bound (at least so many posts), never a ratio, never ranked, never taken for quiet",
    ),
    Status.INDEX_ONLY: ("a 0-1 curve without volume", "its shape only"),
}
