"""The twelve questions TikLiveAPI answers, as data: a builder each. Nothing is sent from here.

Every request costs 1 credit. Ids are taken as text or int; a float has lost digits and is refused.
A feed's builder makes the call for one page; `trendlib.api.tiklive.walk` makes the later ones.
"""

from trendlib.api import fields as read
from trendlib.errors import ConfigError
from trendlib.schema import Call

PUBLISH_DAYS = (0, 1, 7, 30, 90, 180)
_NEWEST_FIRST = "2"  # as the provider documents it; the answers do not always obey


def music_info(sound_id: str | int) -> Call:
    """Ask for a sound and its use counter: 1 credit."""
    return _call("/music-info/", music_id=read.asked(read.number_id, sound_id))


def music_posts(sound_id: str | int, *, cursor: str | None = None, count: int = 30) -> Call:
    """Ask for a page of a sound's posts, at most 30: 1 credit."""
    return _call("/music-posts/", music_id=read.asked(read.number_id, sound_id), count=str(count), cursor=cursor)


def search_videos(
    keyword: str, *, region: str | None = None, publish_days: int = 1, cursor: str | None = None, count: int = 30
) -> Call:
    """Ask for a page of posts found by keyword, at most 30: 1 credit.

    Parameters
    ----------
    keyword
        What to look for.
    region
        Market to look in; None for no market.
    publish_days
        How old the posts may be: 0 (any age), 1, 7, 30, 90 or 180 days.
    cursor
        Where the page begins; None for the first page.
    count
        How many posts to wish for.

    Raises
    ------
    ConfigError
        If the keyword is empty, or the provider knows no such age or region.
    """
    if publish_days not in PUBLISH_DAYS:
        known = ", ".join(map(str, PUBLISH_DAYS))
        raise ConfigError(f"publish_days={publish_days}: the provider knows {known} only; use one of these")
    return _call(
        "/search-video/",
        keyword=read.asked(read.text, keyword),
        count=str(count),
        region=_market(region),
        publish_time=str(publish_days),
        sort_by=_NEWEST_FIRST,
        cursor=cursor,
    )


def user_posts(handle: str, *, cursor: str | None = None, count: int = 35) -> Call:
    """Ask for a page of a creator's posts, at most 35: 1 credit."""
    return _call("/user-posts/", unique_id=read.asked(read.handle, handle), count=str(count), cursor=cursor)


def user_info(handle: str) -> Call:
    """Ask for a creator and their counters: 1 credit."""
    return _call("/userinfo-by-username/", username=read.asked(read.handle, handle))


def post_detail(post: str | int) -> Call:
    """Ask for one post, by its URL or its id: 1 credit."""
    return _call("/post-detail/", url=read.asked(read.name_id, post))


def region_list() -> Call:
    """Ask for the regions the provider knows: 1 credit."""
    return _call("/region-list/")


def download_music(url: str) -> Call:
    """Ask where the sound of a post, given by its URL, can be downloaded: 1 credit.

    What may be done with the file is between you and whoever owns the music.
    """
    return _call("/download-music/", url=read.asked(read.text, url))


def hashtag_info(name: str) -> Call:
    """Ask for a hashtag and its counters by name: 1 credit. Some answer only by id."""
    return _call("/challenge-info-name/", name=read.asked(read.hashtag, name))


def hashtag_info_by_id(challenge_id: str | int) -> Call:
    """Ask for a hashtag and its counters by id: 1 credit."""
    return _call("/challenge-info-id/", challenge_id=read.asked(read.number_id, challenge_id))


def hashtag_posts(
    challenge_id: str | int, *, region: str | None = None, cursor: str | None = None, count: int = 35
) -> Call:
    """Ask for a page of a hashtag's posts, at most 35: 1 credit."""
    return _call(
        "/challenge-posts/",
        challenge_id=read.asked(read.number_id, challenge_id),
        count=str(count),
        region=_market(region),
        cursor=cursor,
    )


def search_hashtags(keyword: str, *, cursor: str | None = None, count: int = 20) -> Call:
    """Ask for hashtags that resemble a keyword: 1 credit. The first is often not the one meant."""
    return _call("/search-challenge/", keyword=read.asked(read.text, keyword), count=str(count), cursor=cursor)


def _call(endpoint: str, **params: str | None) -> Call:
    return Call("tiklive", endpoint, {name: value for name, value in params.items() if value is not None})


def _market(region: str | None) -> str | None:
    return None if region is None else read.asked(read.region, region)
