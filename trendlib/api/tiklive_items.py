"""What stands in TikLiveAPI's answers, turned into rows: sounds, posts, creators, hashtags.

Conventions:

* Each thing once per answer: the first word counts, a repeated item adds nothing and is no reject.
* A post found on a sound's page uses that sound, also when the item carries no ``music_info``.
* 0 views beside likes are hidden views: NULL.
* A post without a usable ``create_time`` is dated by its id. A sound's id is never read that way.
* A photo post is one with ``images``. Length 0 without them leaves open what it is: NULL.
"""

from functools import partial

from trendlib.api import fields as read
from trendlib.api.fields import Fields
from trendlib.schema import (
    CREATOR_OBSERVATIONS,
    CREATORS,
    HASHTAG_OBSERVATIONS,
    HASHTAGS,
    POST_HASHTAGS,
    POST_OBSERVATIONS,
    POSTS,
    SOUND_OBSERVATIONS,
    SOUNDS,
    Answer,
    Rows,
    Table,
)


class Harvest:
    """The rows gathered from one answer, each thing once.

    Parameters
    ----------
    answer
        Where they come from; says when it was fetched.
    """

    def __init__(self, answer: Answer) -> None:
        self.fetched_at = answer.fetched_at
        self.instant = partial(read.instant, known_at=answer.fetched_at)
        self.rows = Rows()
        self._known: set[tuple[str, ...]] = set()

    def is_new(self, table: Table, *key: str) -> bool:
        """Say whether this answer has not told of the thing before, and remember that it now has."""
        thing = (table.name, *key)
        is_new = thing not in self._known
        self._known.add(thing)
        return is_new


def add_sound_info(harvest: Harvest, item: Fields, *, asked: str | None = None) -> None:
    """Add a sound and the reading of its use counter, NULL when the answer does not give it."""
    sound_id = item.read_key(read.number_id, "id", asked=asked)
    _add_sound(harvest, item, sound_id)
    total_uses = item.read(read.counter, "video_count")
    harvest.rows.add(SOUND_OBSERVATIONS, sound_id=sound_id, total_uses=total_uses)


def add_creator_info(harvest: Harvest, item: Fields, *, asked: str | None = None) -> None:
    """Add a creator and the readings of their counters, nested in ``user`` and ``stats`` or flat."""
    user = item.inside("user") if "user" in item.values else item
    stats = item.inside("stats") if "stats" in item.values else user
    creator_id = user.read_key(read.name_id, "id")
    _add_creator(harvest, user, creator_id, asked=asked)
    harvest.rows.add(
        CREATOR_OBSERVATIONS,
        creator_id=creator_id,
        followers=stats.read(read.counter, "followerCount"),
        following=stats.read(read.counter, "followingCount"),
        likes=stats.read(read.counter, "heartCount", "heart"),
        posts=stats.read(read.counter, "videoCount"),
    )


def add_hashtag(harvest: Harvest, item: Fields, *, asked: str | None = None) -> None:
    """Add a hashtag and the readings of its counters."""
    name = item.read_key(read.hashtag, "cha_name", asked=asked)
    if not harvest.is_new(HASHTAGS, name):
        return
    harvest.rows.add(
        HASHTAGS,
        hashtag=name,
        challenge_id=item.read(read.number_id, "id"),
        description=item.read(read.text, "desc"),
        is_commerce=item.read(read.flag, "is_commerce"),
    )
    harvest.rows.add(
        HASHTAG_OBSERVATIONS,
        hashtag=name,
        total_posts=item.read(read.counter, "user_count"),
        total_views=item.read(read.counter, "view_count"),
    )


def add_post(harvest: Harvest, item: Fields, *, asked: str | None = None) -> None:
    """Add a post by itself: the id that was asked for stands in when the post does not give one."""
    _add_post(harvest, item, item.read_key(read.number_id, "video_id", "id", asked=asked))


def add_listed_post(harvest: Harvest, item: Fields, *, asked: str | None = None) -> None:
    """Add a post of a list; ``asked`` is the sound whose page it stands on, if it is a sound's."""
    _add_post(harvest, item, item.read_key(read.number_id, "video_id", "id"), page_sound_id=asked)


def _add_post(harvest: Harvest, item: Fields, post_id: str, *, page_sound_id: str | None = None) -> None:
    if not harvest.is_new(POSTS, post_id):
        return
    author = item.inside("author")
    caption = item.read(read.text, "title")
    said_at = item.read(harvest.instant, "create_time")
    is_photo, duration_s = _photo_and_length(item)
    harvest.rows.add(
        POSTS,
        post_id=post_id,
        sound_id=_sound_of(harvest, item) or page_sound_id,
        creator_id=_creator_of(harvest, author),
        posted_at=said_at or read.instant_of_post(post_id, known_at=harvest.fetched_at),
        region=item.read(read.region, "region") or author.read(read.region, "region"),
        caption=caption,
        duration_s=duration_s,
        is_photo=is_photo,
        is_pinned=item.read(read.flag, "is_top"),
        is_ad=item.read(read.flag, "is_ad"),
    )
    _add_post_counters(harvest, item, post_id)
    for tag in read.hashtags_in(caption):
        harvest.rows.add(POST_HASHTAGS, post_id=post_id, hashtag=tag)


def _add_post_counters(harvest: Harvest, item: Fields, post_id: str) -> None:
    views = item.read(read.counter, "play_count")
    likes = item.read(read.counter, "digg_count")
    harvest.rows.add(
        POST_OBSERVATIONS,
        post_id=post_id,
        views=None if views == 0 and likes else views,
        likes=likes,
        comments=item.read(read.counter, "comment_count"),
        shares=item.read(read.counter, "share_count"),
        saves=item.read(read.counter, "collect_count"),
    )


def _photo_and_length(item: Fields) -> tuple[bool | None, int | None]:
    duration_s = item.read(read.duration, "duration")
    if item.values.get("images"):
        return True, None
    return (False if duration_s else None), duration_s


def _sound_of(harvest: Harvest, post: Fields) -> str | None:
    for name in ("music_info", "music"):
        sound = post.inside(name)
        sound_id = sound.read(read.number_id, "id")
        if sound_id:
            _add_sound(harvest, sound, sound_id)
            return sound_id
    return None


def _creator_of(harvest: Harvest, author: Fields) -> str | None:
    creator_id = author.read(read.name_id, "id")
    if creator_id:
        _add_creator(harvest, author, creator_id)
    return creator_id


def _add_sound(harvest: Harvest, sound: Fields, sound_id: str) -> None:
    if harvest.is_new(SOUNDS, sound_id):
        harvest.rows.add(
            SOUNDS,
            sound_id=sound_id,
            title=sound.read(read.text, "title"),
            artist=sound.read(read.text, "author"),
            album=sound.read(read.text, "album"),
            duration_s=sound.read(read.duration, "duration"),
            is_original=sound.read(read.flag, "original"),
        )


def _add_creator(harvest: Harvest, user: Fields, creator_id: str, *, asked: str | None = None) -> None:
    if harvest.is_new(CREATORS, creator_id):
        harvest.rows.add(
            CREATORS,
            creator_id=creator_id,
            handle=user.read(read.handle, "unique_id", "uniqueId") or asked,
            nickname=user.read(read.text, "nickname"),
            is_verified=user.read(read.flag, "verified"),
        )
