"""TikLiveAPI's words into ours: what can be asked, whether an answer is data, and which rows it gives.

Conventions:

* Pure: nothing is sent, read from disk or timed here. The client fetches a `Call`; `check` tells it
  whether the `Answer` is data, and the error's ``is_transient`` whether to ask again.
* Answers come flat or wrapped in ``{"code": 0, "msg": …, "data": …}``; both are read. A body without
  what its endpoint is for is an error, never "no rows": failed is never empty.
* No order is assumed of any feed. Each page's row in ``feed_pages`` says how its posts followed one
  another, pinned and ad items left out; what that proves is decided by coverage.
* The builders of the twelve calls live in `trendlib.api.tiklive_calls`, the reading of single
  objects in `trendlib.api.tiklive_items`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from trendlib.api import fields as read
from trendlib.api.fields import Fields, reject
from trendlib.api.refusals import OK, error, no_json, refusal
from trendlib.api.tiklive_calls import (
    download_music,
    hashtag_info,
    hashtag_info_by_id,
    hashtag_posts,
    music_info,
    music_posts,
    post_detail,
    region_list,
    search_hashtags,
    search_videos,
    user_info,
    user_posts,
)
from trendlib.api.tiklive_items import (
    Harvest,
    add_creator_info,
    add_hashtag,
    add_listed_post,
    add_post,
    add_sound_info,
)
from trendlib.errors import ParseError, UnavailableError
from trendlib.schema import FEED_PAGES, Answer, Call, Rows

__all__ = [
    "CREDITS",
    "ENDPOINTS",
    "Endpoint",
    "check",
    "download_music",
    "hashtag_info",
    "hashtag_info_by_id",
    "hashtag_posts",
    "music_info",
    "music_posts",
    "music_url",
    "parse",
    "post_detail",
    "region_list",
    "regions",
    "search_hashtags",
    "search_videos",
    "user_info",
    "user_posts",
    "walk",
]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What is known of one endpoint.

    ``kind`` is what an item of its answer is. ``marks`` are keys of which data carries at least one.
    ``list_key`` names the list, where there is one. ``asked`` is the parameter that names the thing
    asked for. ``subject`` is whose feed it is, where it is one.
    """

    kind: str
    marks: tuple[str, ...] = ()
    asked: str | None = None
    list_key: str | None = None
    subject: str | None = None


def _feed(subject: str, asked: str) -> Endpoint:
    return Endpoint("listed_post", ("videos",), asked, "videos", subject)


CREDITS = 1  # a request, whatever the endpoint
_HASHTAG_MARKS = ("cha_name", "view_count", "user_count")
ENDPOINTS: Mapping[str, Endpoint] = {
    "/music-info/": Endpoint("sound", ("id", "title", "video_count"), "music_id"),
    "/music-posts/": _feed("sound", "music_id"),
    "/search-video/": _feed("keyword", "keyword"),
    "/user-posts/": _feed("creator", "unique_id"),
    "/userinfo-by-username/": Endpoint("creator", ("user", "id", "uniqueId"), "username"),
    "/post-detail/": Endpoint("post", ("id", "video_id", "create_time", "play_count"), "url"),
    "/region-list/": Endpoint("regions"),
    "/download-music/": Endpoint("file", ("url", "music", "play", "download_url")),
    "/challenge-info-name/": Endpoint("hashtag", _HASHTAG_MARKS, "name"),
    "/challenge-info-id/": Endpoint("hashtag", _HASHTAG_MARKS),
    "/challenge-posts/": _feed("hashtag", "challenge_id"),
    "/search-challenge/": Endpoint("hashtag", ("challenge_list",), None, "challenge_list"),
}

_ADD: Mapping[str, Callable[..., None]] = {
    "sound": add_sound_info,
    "creator": add_creator_info,
    "hashtag": add_hashtag,
    "post": add_post,
    "listed_post": add_listed_post,
}
# How what was asked for is read where it may stand in for what an item leaves out.
_STANDS_IN: Mapping[str, Callable[[Any], str | None]] = {
    "/music-info/": read.number_id,
    "/music-posts/": read.number_id,
    "/userinfo-by-username/": read.handle,
    "/post-detail/": read.post_id_in,
    "/challenge-info-name/": read.hashtag,
}
_THINGS = (("posts", "post_id"), ("hashtags", "hashtag"))
_EMPTY_PAGES = 2


def check(answer: Answer) -> None:
    """Raise unless the answer is data.

    Raises
    ------
    AuthError
        The key is refused (401, 403).
    QuotaError
        The credits are used up (402).
    RateLimitError
        Too many requests: 429, or a 200 that says so.
    UnavailableError
        No answer, 5xx, HTML, an empty or truncated body, a refusal that may pass, or no data where
        some was due.
    ApiError
        Any other refusal: asking the same again will not help.
    ParseError
        TikLiveAPI has no such endpoint.
    """
    endpoint = _endpoint(answer)
    if answer.status not in OK:
        raise refusal(answer, answer.status, f"HTTP {answer.status}")
    body = answer.body
    if isinstance(body, str) and not (endpoint.kind == "file" and _urls(endpoint, body)):
        raise no_json(answer, body)
    code = body.get("code") if isinstance(body, Mapping) else None
    if code not in (None, 0, "0"):
        raise refusal(answer, code, f"code {str(code)[:20]}")
    if not _is_data(endpoint, _payload(body)):
        due = endpoint.list_key or endpoint.kind
        raise error(UnavailableError, answer, f"a body without the {due} asked for", "try again later")


def parse(answer: Answer) -> Rows:
    """Turn an answer into rows; what cannot be read in it is a reject among them.

    An item that cannot be told from others is rejected at its place (``videos[3]``), a field that is
    there but cannot be read at its own (``videos[3].play_count``), and the item kept. Lists of
    regions and music files give no rows: see `regions` and `music_url`.

    Raises
    ------
    ApiError
        If the answer is no data: see `check`.
    ParseError
        If TikLiveAPI has no such endpoint.
    """
    check(answer)
    endpoint = _endpoint(answer)
    harvest = Harvest(answer)
    add = _ADD.get(endpoint.kind)
    if add is None:
        return harvest.rows
    asked = _asked(answer, harvest.rows)
    for place, item in _items(answer):
        try:
            add(harvest, Fields(item, place, harvest.rows), asked=asked)
        except ParseError as error:
            reject(harvest.rows, place, str(error), item)
    if endpoint.subject:
        _add_feed_page(harvest.rows, answer)
    return harvest.rows


def walk(
    fetch: Callable[[Call], Answer],
    call: Call,
    *,
    max_pages: int,
    stop: Callable[[Answer, Rows], bool] | None = None,
) -> Iterator[Answer]:
    """Give a feed page by page, until it ends or pretends to go on.

    It ends when the provider says so, with a cursor that is missing, -1 or was asked before, with
    two empty pages in a row, with a page of items all seen before in this walk, after ``max_pages``,
    or when ``stop`` says so of the page just given. The page that ends it is given too.

    Parameters
    ----------
    fetch
        Gives the answer to a call.
    call
        The first page.
    max_pages
        How many pages to ask for at most.
    stop
        Told of each answer and its rows.

    Yields
    ------
    Answer
        One page each.

    Raises
    ------
    ApiError
        If a page is no data: see `check`.
    """
    cursors = {call.params.get("cursor", "0")}
    seen: set[str] = set()
    empty_in_a_row = 0
    for _ in range(max_pages):
        answer = fetch(call)
        rows = parse(answer)
        yield answer
        things = {row[key] for table, key in _THINGS for row in rows.tables.get(table, ())}
        empty_in_a_row = 0 if _items(answer) else empty_in_a_row + 1
        cursor, has_more = _outlook(answer, Rows())
        if cursor is None or cursor in cursors or has_more is False:
            return
        if empty_in_a_row == _EMPTY_PAGES or (things and things <= seen) or (stop and stop(answer, rows)):
            return
        seen |= things
        cursors.add(cursor)
        call = replace(call, params={**call.params, "cursor": cursor})


def regions(answer: Answer) -> dict[str, str]:
    """Give the regions of a region list: code to name.

    Raises
    ------
    ApiError
        If the answer is no data: see `check`.
    """
    check(answer)
    return _regions(_payload(answer.body))


def music_url(answer: Answer) -> str:
    """Give the URL of a music file. What may be done with the file is between you and its owner.

    Raises
    ------
    ApiError
        If the answer is no data: see `check`.
    """
    check(answer)
    return _urls(_endpoint(answer), _payload(answer.body))[0]


def _endpoint(answer: Answer) -> Endpoint:
    if answer.endpoint not in ENDPOINTS:
        raise ParseError(f"tiklive has no endpoint {answer.endpoint[:60]!r}; it has {', '.join(ENDPOINTS)}")
    return ENDPOINTS[answer.endpoint]


def _payload(body: Any) -> Any:
    return body["data"] if isinstance(body, Mapping) and "data" in body else body


def _is_data(endpoint: Endpoint, payload: Any) -> bool:
    if endpoint.kind == "regions":
        return bool(_regions(payload))
    if endpoint.kind == "file":
        return bool(_urls(endpoint, payload))
    if endpoint.list_key and isinstance(payload, list):
        return any(isinstance(item, Mapping) for item in payload)
    if not isinstance(payload, Mapping):
        return False
    if endpoint.list_key:
        return isinstance(payload.get(endpoint.list_key), list)
    return any(payload.get(mark) not in (None, "", {}, []) for mark in endpoint.marks)


def _regions(payload: Any) -> dict[str, str]:
    pairs = payload.items() if isinstance(payload, Mapping) else ((code, code) for code in _listed(payload))
    return {
        code.upper(): name
        for code, name in pairs
        if isinstance(code, str) and isinstance(name, str) and code.isascii() and code.isalpha() and len(code) == 2
    }


def _listed(payload: Any) -> list[Any]:
    return payload if isinstance(payload, list) else []


def _urls(endpoint: Endpoint, payload: Any) -> list[str]:
    words = [payload.get(mark) for mark in endpoint.marks] if isinstance(payload, Mapping) else [payload]
    return [
        word.strip() for word in words if isinstance(word, str) and word.strip().startswith(("https://", "http://"))
    ]


def _items(answer: Answer) -> list[tuple[str, Any]]:
    list_key = _endpoint(answer).list_key
    payload = _payload(answer.body)
    if list_key is None:
        return [("$", payload)]
    items = payload if isinstance(payload, list) else payload[list_key]
    return [(f"{list_key}[{index}]", item) for index, item in enumerate(items)]


def _asked(answer: Answer, rows: Rows) -> str | None:
    reader, name = _STANDS_IN.get(answer.endpoint), _endpoint(answer).asked
    return Fields(answer.params, "params", rows).read(reader, name) if reader and name else None


def _outlook(answer: Answer, rows: Rows) -> tuple[str | None, bool | None]:
    payload = _payload(answer.body)
    page = Fields(payload if isinstance(payload, Mapping) else {}, "$", rows)
    return page.read(read.cursor, "cursor"), page.read(read.flag, "hasMore", "has_more")


def _add_feed_page(rows: Rows, answer: Answer) -> None:
    endpoint = _endpoint(answer)
    params = Fields(answer.params, "params", rows)
    next_cursor, has_more = _outlook(answer, rows)
    posts = rows.tables.get("posts", [])
    times = [row["posted_at"] for row in posts if row["posted_at"] and not (row["is_pinned"] or row["is_ad"])]
    rows.add(
        FEED_PAGES,
        subject=endpoint.subject,
        subject_id=params.read(read.text, endpoint.asked or ""),
        region=params.read(read.region, "region"),
        cursor=params.read(read.cursor, "cursor"),
        next_cursor=next_cursor,
        has_more=has_more,
        items=len(_items(answer)),
        items_read=sum(row["posted_at"] is not None for row in posts),
        newest_posted_at=max(times, default=None),
        oldest_posted_at=min(times, default=None),
        pairs=max(len(times) - 1, 0),
        rises=sum(later > earlier for earlier, later in pairwise(times)),
    )
