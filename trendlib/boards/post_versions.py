"""What is made of copied posts, as SQL: versions of posts, numbers for creators and regions.

A *version* is what was said of a post from one answer up to the next: ``known_from`` to ``known_until``. What an answer
leaves out stays as it was. Versions are made of those columns only that are counted by: it is them that take long.
"""

from collections.abc import Mapping, Sequence

from trendlib.boards.post_history import NEVER
from trendlib.schema import POST_OBSERVATIONS, POSTS

_PROOF = ("post_id", "observed_at", "answer_id")
_WORDS = [name for name in POSTS.names if name not in _PROOF]
_COUNTERS = [name for name in POST_OBSERVATIONS.names if name not in _PROOF]
_BY_TIME = "PARTITION BY post_id ORDER BY observed_at, answer_id"
_SO_FAR = f"({_BY_TIME} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"


def _versioned(words: Sequence[str], more: str = "", rows: str = "posts") -> str:
    latest = ", ".join(f"last_value({name} IGNORE NULLS) OVER so_far AS {name}" for name in words)
    return (
        f"SELECT post_id, {latest}, {more}observed_at AS known_from, "  # noqa: S608 - of schema
        f"lead(observed_at, 1, 'infinity'::TIMESTAMPTZ) OVER ({_BY_TIME}) AS known_until "
        f"FROM {rows} WINDOW so_far AS {_SO_FAR} ORDER BY posted_at"
    )


_READ = f"(SELECT {', '.join(_PROOF)}, struct_pack({', '.join(_COUNTERS)}) AS counters FROM post_observations)"  # noqa: S608
_BOTH = f"(SELECT * FROM posts FULL JOIN {_READ} USING ({', '.join(_PROOF)}))"  # noqa: S608 - of schema
_COUNTED = (
    "SELECT * EXCLUDE (counters), unnest(counters) FROM ("  # noqa: S608 - of schema
    f"{_versioned(_WORDS, 'last_value(counters IGNORE NULLS) OVER so_far AS counters, ', _BOTH)})"
)
_CREATORS = (
    "SELECT creator_id, (row_number() OVER (ORDER BY creator_id))::INTEGER AS creator "
    "FROM (SELECT DISTINCT creator_id FROM posts WHERE creator_id IS NOT NULL)"
)
_REGIONS = (
    "SELECT region, (row_number() OVER (ORDER BY region))::INTEGER AS place "
    "FROM (SELECT DISTINCT upper(region) AS region FROM posts WHERE region IS NOT NULL)"
)
_TAGGED = (
    "SELECT sound_id, epoch_us(posted_at) AS posted, hashtag, epoch_us(greatest(known_from, first)) AS known_from, "  # noqa: S608
    f"CASE WHEN isfinite(known_until) THEN epoch_us(known_until) ELSE {NEVER} END AS known_until "
    "FROM dated_posts JOIN (SELECT post_id, hashtag, min(observed_at) AS first FROM post_hashtags GROUP BY ALL) "
    "USING (post_id) WHERE sound_id IS NOT NULL ORDER BY posted"
)
# Each table, of which copies it is made, and how.
MADE: Mapping[str, tuple[tuple[str, ...], str]] = {
    "worded_posts": (("posts",), _versioned(_WORDS)),
    "dated_posts": (("posts",), _versioned(("sound_id", "posted_at"))),
    "counted_posts": (("posts", "post_observations"), _COUNTED),
    # creators as numbers in the order of their ids: counting by them is many times faster
    "creator_numbers": (("posts",), _CREATORS),
    "region_numbers": (("posts",), _REGIONS),
    # a tag is known beside a version of its post from when both are known
    "tagged_posts": (("dated_posts", "post_hashtags"), _TAGGED),
}


def _said(more: str, rows: str, whose: str = "") -> str:
    return (
        f"SELECT {whose}hash(post_id) AS post, coalesce(epoch_us(posted_at), {NEVER}) AS posted, "  # noqa: S608 - a number
        f"coalesce(creator, 0) AS creator, {more}, epoch_us(observed_at) AS observed FROM {rows} "
        "LEFT JOIN creator_numbers USING (creator_id) WHERE observed_at IS NOT NULL "
        f"ORDER BY {whose}observed_at, answer_id"
    )


_PLACE = "coalesce(place, 0) AS region"
_PLACED = "posts LEFT JOIN region_numbers ON upper(posts.region) = region_numbers.region"
_VIEWS = "CASE WHEN was_read THEN coalesce(views, -1) ELSE -2 END AS views"
_VIEWED = "(SELECT post_id, observed_at, answer_id, views, true AS was_read FROM post_observations)"
_OWNED = f"(SELECT * FROM {_VIEWED} JOIN (SELECT DISTINCT sound_id, post_id FROM posts) USING (post_id))"  # noqa: S608
_OF_POSTS, _OF_VIEWS = (("posts", "creator_numbers", one) for one in ("region_numbers", "post_observations"))
# What `trendlib.boards.post_history.PostHistory` takes: all that was said, in the order of the answers. The tables it
# takes, and how.
SAID: Mapping[str, tuple[tuple[str, ...], str]] = {
    "posts": (_OF_POSTS, _said(_PLACE, _PLACED)),
    "views": (_OF_VIEWS, _said(_VIEWS, f"posts FULL JOIN {_VIEWED} USING ({', '.join(_PROOF)})")),
}
# The same of several sounds, one after the other, with ``sound_id``.
SAID_BY_SOUND: Mapping[str, tuple[tuple[str, ...], str]] = {
    "posts": (_OF_POSTS, _said(_PLACE, _PLACED, "sound_id, ")),
    "views": (
        _OF_VIEWS,
        _said(_VIEWS, f"posts FULL JOIN {_OWNED} USING (sound_id, {', '.join(_PROOF)})", "sound_id, "),
    ),
}
