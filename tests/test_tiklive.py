"""TikLiveAPI's words: which calls can be made, what counts as data, and which rows an answer gives."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendlib.api import fields, tiklive
from trendlib.errors import (
    ApiError,
    AuthError,
    ConfigError,
    ParseError,
    QuotaError,
    RateLimitError,
    RefusalError,
    UnavailableError,
)
from trendlib.schema import TABLES, Answer, Call, Rows

FETCHED_AT = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
POSTED_AT = datetime(2026, 11, 19, 12, 30, 45, tzinfo=UTC)
SOUND_ID = "7012345678901234567"
PARAMS = {
    "/music-info/": {"music_id": SOUND_ID},
    "/music-posts/": {"music_id": SOUND_ID, "count": "30"},
    "/search-video/": {"keyword": "spring song", "region": "us"},
    "/user-posts/": {"unique_id": "dancer"},
    "/userinfo-by-username/": {"username": "dancer"},
    "/post-detail/": {"url": "https://www.tiktok.com/@dancer/video/7574000000000000001"},
    "/region-list/": {},
    "/download-music/": {"url": "https://www.tiktok.com/@dancer/video/7574000000000000001"},
    "/challenge-info-name/": {"name": "spring"},
    "/challenge-info-id/": {"challenge_id": "4711001"},
    "/challenge-posts/": {"challenge_id": "4711001"},
    "/search-challenge/": {"keyword": "spring"},
}
FEEDS = ("/music-posts/", "/search-video/", "/user-posts/", "/challenge-posts/")
MISSING = Ellipsis


def shown(value: Any) -> str:
    """Name a test case by its value, so that 0 and "0" stay apart."""
    return repr(value)[:40]


each = partial(pytest.mark.parametrize, ids=shown)


def id_of(posted_at: datetime, number: int = 1) -> str:
    """Make a post id as TikTok does: the second in the upper 32 bits."""
    return str((int(posted_at.timestamp()) << 32) + number)


def post(number: int = 1, posted_at: datetime = POSTED_AT, **changes: Any) -> dict[str, Any]:
    item = {
        "video_id": id_of(posted_at, number),
        "region": "US",
        "title": "dancing #Spring #spring #fyp",
        "duration": 21,
        "play_count": 1000,
        "digg_count": 100,
        "comment_count": 10,
        "share_count": 5,
        "collect_count": 2,
        "create_time": int(posted_at.timestamp()),
        "is_top": 0,
        "is_ad": False,
        "music": "https://files.example/sound.mp3",
        "music_info": sound(),
        "author": {"id": "6800000000000000001", "unique_id": "dancer", "nickname": "The Dancer"},
    }
    return without_missing({**item, **changes})


def sound(**changes: Any) -> dict[str, Any]:
    item = {"id": SOUND_ID, "title": "Spring Song", "author": "Singer", "album": "", "duration": 30, "original": False}
    return without_missing({**item, **changes})


def challenge(**changes: Any) -> dict[str, Any]:
    item = {"id": "4711001", "cha_name": "Spring", "desc": "", "user_count": 1200, "view_count": 75_264_559_481}
    return without_missing({**item, "is_commerce": False, **changes})


def without_missing(item: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if value is not MISSING}


def page(*items: Any, cursor: Any = "30", more: Any = True) -> dict[str, Any]:
    return without_missing({"videos": list(items), "cursor": cursor, "hasMore": more})


def answer(endpoint: str, body: Any, *, status: int = 200, **params: str) -> Answer:
    return Answer(FETCHED_AT, "tiklive", endpoint, {**PARAMS[endpoint], **params}, status, body)


def parsed(endpoint: str, body: Any, **params: str) -> dict[str, list[dict[str, Any]]]:
    return tiklive.parse(answer(endpoint, body, **params)).tables


def parsed_post(**changes: Any) -> dict[str, Any]:
    """Give all that one listed post says, its own rows joined."""
    tables = parsed("/music-posts/", page(post(**changes)))
    return {**tables["posts"][0], **tables["post_observations"][0]}


def data_of(endpoint: str) -> Any:
    """Give a good flat body of an endpoint."""
    bodies = {
        "/music-info/": sound(video_count=1200),
        "/userinfo-by-username/": {"user": {"id": "68", "uniqueId": "dancer"}, "stats": {"followerCount": 5}},
        "/post-detail/": post(),
        "/region-list/": {"US": "United States"},
        "/download-music/": {"url": "https://files.example/sound.mp3"},
        "/challenge-info-name/": challenge(),
        "/challenge-info-id/": challenge(),
        "/search-challenge/": {"challenge_list": [challenge()], "cursor": 1, "hasMore": 0},
    }
    return bodies.get(endpoint, page(post()))


# Calls


@each(
    ("call", "endpoint", "params"),
    [
        (tiklive.music_info(7012345678901234567), "/music-info/", {"music_id": SOUND_ID}),
        (tiklive.music_posts(SOUND_ID), "/music-posts/", {"music_id": SOUND_ID, "count": "30"}),
        (
            tiklive.user_posts("@dancer", cursor="17"),
            "/user-posts/",
            {"unique_id": "dancer", "count": "35", "cursor": "17"},
        ),
        (tiklive.user_info("dancer"), "/userinfo-by-username/", {"username": "dancer"}),
        (tiklive.post_detail(7574000000000000001), "/post-detail/", {"url": "7574000000000000001"}),
        (tiklive.region_list(), "/region-list/", {}),
        (tiklive.download_music("https://x.example/1"), "/download-music/", {"url": "https://x.example/1"}),
        (tiklive.hashtag_info("#Spring"), "/challenge-info-name/", {"name": "spring"}),
        (tiklive.hashtag_info_by_id("4711001"), "/challenge-info-id/", {"challenge_id": "4711001"}),
        (
            tiklive.hashtag_posts(4711001, region="us"),
            "/challenge-posts/",
            {"challenge_id": "4711001", "count": "35", "region": "US"},
        ),
        (tiklive.search_hashtags("spring"), "/search-challenge/", {"keyword": "spring", "count": "20"}),
    ],
)
def test_a_call_holds_text_and_only_what_was_asked(call: Call, endpoint: str, params: dict[str, str]) -> None:
    assert (call.provider, call.endpoint, dict(call.params)) == ("tiklive", endpoint, params)


def test_a_search_is_limited_to_a_day_unless_told_otherwise() -> None:
    assert tiklive.search_videos("spring").params["publish_time"] == "1"
    with pytest.raises(ConfigError, match="publish_days=3"):
        tiklive.search_videos("spring", publish_days=3)


@each("value", [7.012345678901234e18, True, "", "  ", "seven", "0", "7e18"])
def test_what_is_no_sound_id_is_not_asked_for(value: Any) -> None:
    with pytest.raises(ConfigError):
        tiklive.music_info(value)


def test_every_endpoint_can_be_called() -> None:
    assert set(tiklive.ENDPOINTS) == set(PARAMS)


# What is data


@each("endpoint", PARAMS)
def test_flat_and_wrapped_bodies_give_the_same_rows(endpoint: str) -> None:
    flat = data_of(endpoint)
    for code in (0, "0", None):
        wrapped = {"code": code, "msg": "success", "processed_time": 0.2, "data": flat}
        assert parsed(endpoint, wrapped) == parsed(endpoint, flat)


@each("endpoint", PARAMS)
@each("data", [None, [], "", "gone", {}, 7, MISSING])
@each("code", [0, "0", MISSING])
def test_failed_is_never_empty(endpoint: str, data: Any, code: Any) -> None:
    body = without_missing({"code": code, "msg": "success", "data": data})
    with pytest.raises(UnavailableError):
        tiklive.parse(answer(endpoint, body))


@each("endpoint", FEEDS)
@each("videos", [None, {}, "none", 0])
def test_a_list_that_is_none_is_an_error(endpoint: str, videos: Any) -> None:
    with pytest.raises(UnavailableError, match="videos"):
        tiklive.parse(answer(endpoint, {"videos": videos, "hasMore": False}))


@each(
    ("status", "body", "error", "is_transient"),
    [
        (401, {"message": "bad key"}, AuthError, False),
        (403, "<html>forbidden</html>", AuthError, False),
        (402, {"message": "no credits"}, QuotaError, False),
        (429, "", RateLimitError, True),
        (503, "overload-protect", UnavailableError, True),
        (500, {"code": -1}, UnavailableError, True),
        (0, "timed out after 15 s", UnavailableError, True),
        (404, {"detail": "Not Found"}, ApiError, False),
        (400, {"code": -1, "msg": "unique_id is invalid"}, ApiError, False),
        (200, {"code": -1, "msg": "Free Api Limit: 1 request/second."}, RateLimitError, True),
        (200, {"code": -1, "msg": "Url parsing is failed! Please check url.", "data": None}, RefusalError, True),
        (200, {"code": -1, "msg": "unique_id is invalid", "data": []}, ApiError, False),
        (200, {"code": "-1", "data": "nothing"}, RefusalError, True),
        (200, {"code": -1, "msg": None, "data": page(post())}, RefusalError, True),
        (200, {"code": 402, "msg": "no"}, QuotaError, False),
        (200, {"code": [], "msg": {"a": 1}}, RefusalError, True),
        (200, "<!DOCTYPE html><title>Too Many Requests</title>", UnavailableError, True),
        (200, "ratelimit triggered", RateLimitError, True),
        (200, "", UnavailableError, True),
        (200, '{"videos":[{"video_id":"75', UnavailableError, True),
        (200, None, UnavailableError, True),
    ],
)
def test_each_refusal_has_its_error(status: int, body: Any, error: type[ApiError], is_transient: Any) -> None:
    with pytest.raises(error) as caught:
        tiklive.check(answer("/user-posts/", body, status=status))
    assert type(caught.value) is error
    assert caught.value.is_transient is is_transient
    words = str(caught.value)
    assert words.startswith("asked tiklive /user-posts/ unique_id=dancer: found ")
    assert ";" in words


def test_a_key_that_is_sent_back_is_not_shown() -> None:
    key = "tk_live_0123456789abcdef0123456789"
    for status, code in ((401, 0), (402, 0), (429, 0), (500, 0), (404, 0), (200, -1)):
        with pytest.raises(ApiError) as caught:
            tiklive.check(answer("/music-info/", {"code": code, "msg": f"no credits for {key}"}, status=status))
        assert key not in str(caught.value)


def test_an_unknown_endpoint_is_named() -> None:
    strange = Answer(FETCHED_AT, "tiklive", "/feed/list", {}, 200, [])
    with pytest.raises(ParseError, match="/feed/list"):
        tiklive.parse(strange)


# Posts


def test_a_post_gives_all_its_rows() -> None:
    tables = parsed("/music-posts/", page(post()))
    assert tables["posts"] == [
        {
            "post_id": id_of(POSTED_AT),
            "sound_id": SOUND_ID,
            "creator_id": "6800000000000000001",
            "posted_at": POSTED_AT,
            "region": "US",
            "caption": "dancing #Spring #spring #fyp",
            "duration_s": 21,
            "is_photo": False,
            "is_pinned": False,
            "is_ad": False,
        }
    ]
    assert tables["post_observations"] == [
        {"post_id": id_of(POSTED_AT), "views": 1000, "likes": 100, "comments": 10, "shares": 5, "saves": 2}
    ]
    assert [row["hashtag"] for row in tables["post_hashtags"]] == ["spring", "fyp"]
    assert tables["creators"][0] == {
        "creator_id": "6800000000000000001",
        "handle": "dancer",
        "nickname": "The Dancer",
        "is_verified": None,
    }
    assert tables["sounds"][0]["title"] == "Spring Song"
    assert "rejects" not in tables
    assert "sound_observations" not in tables


def test_every_row_has_every_column_of_its_table_but_the_proof() -> None:
    for endpoint in PARAMS:
        for name, rows in parsed(endpoint, data_of(endpoint)).items():
            assert all(tuple(row) == TABLES[name].names[:-2] for row in rows), name


@each("endpoint", [*FEEDS, "/post-detail/"])
@each("identity", [float(id_of(POSTED_AT)), True, "opaque", [], {"id": 1}, "-5", -5, 10**30, 1e999])
def test_an_item_whose_id_cannot_be_trusted_is_rejected_with_its_reason(endpoint: str, identity: Any) -> None:
    bad = post(video_id=identity)
    tables = parsed(endpoint, bad if endpoint == "/post-detail/" else page(post(2), bad))
    assert len(tables.get("posts", [])) == (endpoint != "/post-detail/")
    (reject,) = tables["rejects"]
    assert reject["place"] == ("$" if endpoint == "/post-detail/" else "videos[1]")
    assert reject["reason"]
    assert reject["raw"].startswith('{"video_id": ')


@each("item", [None, "gone", 7, [], [post()]])
def test_an_item_that_is_no_object_is_rejected(item: Any) -> None:
    tables = parsed("/user-posts/", page(item, post()))
    assert [row["place"] for row in tables["rejects"]] == ["videos[0]"]
    assert tables["feed_pages"][0]["items"] == 2
    assert tables["feed_pages"][0]["items_read"] == 1


def test_an_item_without_id_is_rejected_and_its_media_id_is_no_id() -> None:
    tables = parsed("/user-posts/", page(post(video_id=MISSING, aweme_id="v10044g50000d1")))
    assert "no video_id or id" in tables["rejects"][0]["reason"]
    assert "posts" not in tables


def test_ids_come_as_text_or_int_and_leave_as_text() -> None:
    row = parsed_post(video_id=int(id_of(POSTED_AT)), music_info=sound(id=int(SOUND_ID)), author={"id": 68})
    assert (row["post_id"], row["sound_id"], row["creator_id"]) == (id_of(POSTED_AT), SOUND_ID, "68")


@each(
    ("said", "meant"),
    [
        (541_200, 541_200),
        ("541200", 541_200),
        ("541.2K", 541_200),
        ("1.1k", 1_100),
        ("12.9M", 12_900_000),
        ("2B", 2_000_000_000),
        ("3 videos", 3),
        ("1 video", 1),
        ("1,234,567", 1_234_567),
        ("541.2K views", 541_200),
        ("10K+", 10_000),
        (1e6, 1_000_000),
        (75_264_559_481, 75_264_559_481),
        (2**63 - 1, 2**63 - 1),
        (0, 0),
        ("0", 0),
        (None, None),
        ("", None),
        ("  ", None),
        (MISSING, None),
    ],
)
def test_counters_mean_what_they_say_and_missing_is_not_zero(said: Any, meant: int | None) -> None:
    tables = parsed("/music-posts/", page(post(share_count=said)))
    assert tables["post_observations"][0]["shares"] == meant
    assert "rejects" not in tables


@each("said", [-1, "-1", 2**63, 1e300, 1e999, float("nan"), True, "many", "3 mln", [], {}, "9" * 5000])
def test_a_counter_that_cannot_be_read_costs_the_field_and_not_the_post(said: Any) -> None:
    tables = parsed("/music-posts/", page(post(share_count=said)))
    assert tables["post_observations"][0]["shares"] is None
    assert tables["post_observations"][0]["likes"] == 100
    assert [row["place"] for row in tables["rejects"]] == ["videos[0].share_count"]


def test_no_views_beside_likes_are_hidden_views() -> None:
    assert parsed_post(play_count=0, digg_count="541.2K")["views"] is None
    assert parsed_post(play_count=0, digg_count=0)["views"] == 0
    assert parsed_post(play_count=0, digg_count=None)["views"] == 0


@each(
    "said",
    [
        int(POSTED_AT.timestamp()),
        str(int(POSTED_AT.timestamp())),
        int(POSTED_AT.timestamp()) * 1000,
        f"{int(POSTED_AT.timestamp())}000",
        float(POSTED_AT.timestamp()),
    ],
)
def test_the_time_of_a_post_is_read_in_seconds_or_milliseconds(said: Any) -> None:
    other_day = POSTED_AT - timedelta(days=400)
    assert parsed_post(create_time=said, video_id=id_of(other_day))["posted_at"] == POSTED_AT


@each("said", [0, "0", "", None, MISSING, 5, -1, 4_102_444_800, 10**15, "yesterday", [], 1e999])
def test_a_post_without_usable_time_is_dated_by_its_id(said: Any) -> None:
    assert parsed_post(create_time=said)["posted_at"] == POSTED_AT


def test_a_post_that_nothing_dates_is_kept_without_time() -> None:
    tables = parsed("/music-posts/", page(post(create_time=0, video_id="12345678")))
    assert tables["posts"][0]["posted_at"] is None
    assert tables["feed_pages"][0]["items_read"] == 0
    assert "rejects" not in tables


def test_a_post_may_be_a_day_ahead_of_us_but_not_more() -> None:
    ahead = FETCHED_AT + timedelta(hours=23)
    assert parsed_post(create_time=int(ahead.timestamp()))["posted_at"] == ahead
    too_far = int((FETCHED_AT + timedelta(hours=25)).timestamp())
    assert parsed_post(create_time=too_far)["posted_at"] == POSTED_AT


@each(
    ("said", "of_author", "meant"),
    [("us", "DE", "US"), ("", "vn", "VN"), (MISSING, "VN", "VN"), (None, "", None), ("USA", "DE", "DE")],
)
def test_the_region_is_upper_case_and_falls_back_on_the_author(said: Any, of_author: str, meant: str | None) -> None:
    assert parsed_post(region=said, author={"id": "68", "region": of_author})["region"] == meant


@each("author", ["dancer", None, MISSING, [], 7, {}, {"id": ""}, {"id": None, "unique_id": "x"}])
def test_an_author_without_id_names_no_creator(author: Any) -> None:
    tables = parsed("/music-posts/", page(post(author=author)))
    assert tables["posts"][0]["creator_id"] is None
    assert "creators" not in tables
    assert "rejects" not in tables


@each("info", [None, MISSING, {}, "https://files.example/x.mp3", {"id": ""}, {"id": "0"}])
def test_a_post_without_sound_uses_the_sound_whose_page_it_stands_on(info: Any) -> None:
    item = post(music_info=info)
    assert parsed("/music-posts/", page(item))["posts"][0]["sound_id"] == SOUND_ID
    elsewhere = parsed("/user-posts/", page(item))
    assert elsewhere["posts"][0]["sound_id"] is None
    assert "sounds" not in elsewhere


def test_a_sound_may_stand_in_music_too() -> None:
    assert parsed("/user-posts/", page(post(music_info=None, music=sound(id="77"))))["posts"][0]["sound_id"] == "77"


def test_a_float_sound_id_is_refused_and_the_post_kept() -> None:
    tables = parsed("/user-posts/", page(post(music_info=sound(id=float(SOUND_ID)))))
    assert tables["posts"][0]["sound_id"] is None
    assert [row["place"] for row in tables["rejects"]] == ["videos[0].music_info.id"]


def test_a_removed_sound_keeps_its_id_and_has_no_title() -> None:
    gone = sound(title="", author="", play="", duration="13")
    (row,) = parsed("/user-posts/", page(post(music_info=gone)))["sounds"]
    assert (row["sound_id"], row["title"], row["artist"], row["duration_s"]) == (SOUND_ID, None, None, 13)


@each(
    ("said", "meant"),
    [(58, 58), ("58", 58), (14.976, 15), ("1:02", 62), ("1:00:01", 3601), (0, None), ("", None), ("x", None)],
)
def test_lengths_are_seconds_and_zero_is_unknown(said: Any, meant: int | None) -> None:
    (row,) = parsed("/music-info/", sound(duration=said))["sounds"]
    assert row["duration_s"] == meant


def test_a_photo_post_has_images_and_no_length() -> None:
    row = parsed_post(duration=0, images=["https://files.example/1.jpg"])
    assert (row["is_photo"], row["duration_s"]) == (True, None)
    assert parsed_post(duration=0)["is_photo"] is None
    assert parsed_post(duration=7, images=[])["is_photo"] is False


@each(("said", "meant"), [(1, True), ("1", True), (True, True), (0, False), ("false", False), (None, None)])
def test_yes_and_no_come_in_many_forms(said: Any, meant: Any) -> None:
    assert parsed_post(is_top=said)["is_pinned"] is meant
    assert parsed_post(is_ad=said)["is_ad"] is meant


@each(
    ("caption", "tags"),
    [
        ("#Spring, #spring! #FYP.", ["spring", "fyp"]),
        ("#踊ってみた #めざまし8しか勝たん", ["踊ってみた", "めざまし8しか勝たん"]),
        ("#हिंदी #ภาษาไทย #مُوسيقى", ["हिंदी", "ภาษาไทย", "مُوسيقى"]),
        ("\uff03fullwidth", ["fullwidth"]),
        ("#one#two##three", ["one", "two", "three"]),
        ("#🔥 #🔥🔥! #fyp🔥", ["🔥", "🔥🔥", "fyp"]),
        ("#❤️ #👩‍🎤", ["❤️", "👩‍🎤"]),
        ("# alone #! #- &#39; 1#", []),
        ("#snake_case #2024", ["snake_case", "2024"]),
        ("#Cafe\u0301 #CAFÉ", ["café"]),
        ("line\n#next\u200bline", ["next"]),
        ("", []),
    ],
)
def test_hashtags_are_found_in_captions(caption: str, tags: list[str]) -> None:
    assert fields.hashtags_in(caption) == tags


def test_text_is_cleaned_of_what_no_warehouse_takes() -> None:
    row = parsed_post(title="a\0b\ud800c \U0001f525")
    assert row["caption"] == "abc \U0001f525"


def test_captions_of_strangers_are_kept_to_the_letter() -> None:
    for caption in ("=HYPERLINK(1)", "@someone", "one\ntwo", "مرحبا", "<b>bold</b>"):
        assert parsed_post(title=caption)["caption"] == caption


@each("endpoint", FEEDS)
def test_a_repeated_item_counts_once_and_the_first_wins(endpoint: str) -> None:
    tables = parsed(endpoint, page(post(play_count=1), post(play_count=2), post(2)))
    assert [row["views"] for row in tables["post_observations"]] == [1, 1000]
    assert "rejects" not in tables
    assert tables["feed_pages"][0]["items"] == 3
    assert len(tables["sounds"]) == len(tables["creators"]) == 1


def test_a_bare_list_of_posts_is_a_page_that_says_nothing_of_the_next() -> None:
    tables = parsed("/search-video/", {"code": 0, "data": [post(1), post(2)]})
    assert len(tables["posts"]) == 2
    assert tables["feed_pages"][0]["has_more"] is tables["feed_pages"][0]["next_cursor"] is None


def test_a_post_by_itself_goes_by_the_id_it_was_asked_by_if_it_gives_none() -> None:
    (row,) = parsed("/post-detail/", post(video_id=MISSING))["posts"]
    assert row["post_id"] == "7574000000000000001"
    (row,) = parsed("/post-detail/", post(video_id=MISSING, id=id_of(POSTED_AT)))["posts"]
    assert row["post_id"] == id_of(POSTED_AT)
    tables = parsed("/post-detail/", post(video_id=MISSING), url="https://vm.example/ZMabc123")
    assert [row["place"] for row in tables["rejects"]] == ["$"]


# Feed pages


@each(
    ("endpoint", "subject", "subject_id", "region"),
    [
        ("/music-posts/", "sound", SOUND_ID, None),
        ("/challenge-posts/", "hashtag", "4711001", None),
        ("/user-posts/", "creator", "dancer", None),
        ("/search-video/", "keyword", "spring song", "US"),
    ],
)
def test_a_page_says_whose_feed_it_is(endpoint: str, subject: str, subject_id: str, region: str | None) -> None:
    (row,) = parsed(endpoint, page(post()), cursor="90")["feed_pages"]
    assert (row["subject"], row["subject_id"], row["region"]) == (subject, subject_id, region)
    assert (row["cursor"], row["next_cursor"]) == ("90", "30")


def test_the_order_of_a_page_leaves_out_pinned_posts_ads_and_what_has_no_time() -> None:
    hours = [1, 900, 3, 2, -5, 7, 7]
    items = [post(number, POSTED_AT - timedelta(hours=hour)) for number, hour in enumerate(hours)]
    items[1]["is_top"] = 1
    items[4]["is_ad"] = True
    items.append(post(video_id="12345678", create_time=0))
    (row,) = parsed("/user-posts/", page(*items))["feed_pages"]
    # What is left, in hours ago: 1, 3, 2, 7, 7; only the step from 3 to 2 rises.
    assert (row["pairs"], row["rises"]) == (4, 1)
    assert row["newest_posted_at"] == POSTED_AT - timedelta(hours=1)
    assert row["oldest_posted_at"] == POSTED_AT - timedelta(hours=7)
    assert (row["items"], row["items_read"]) == (8, 7)


def test_an_empty_page_is_a_page() -> None:
    tables = parsed("/music-posts/", page(more=False))
    assert list(tables) == ["feed_pages"]
    row = tables["feed_pages"][0]
    assert (row["items"], row["pairs"], row["rises"], row["has_more"]) == (0, 0, 0, False)
    assert row["newest_posted_at"] is row["oldest_posted_at"] is None


@each(
    ("said", "meant"),
    [
        (True, True),
        (1, True),
        ("true", True),
        ("1", True),
        (False, False),
        (0, False),
        ("0", False),
        (MISSING, None),
        (None, None),
    ],
)
def test_whether_there_is_more_comes_in_many_forms(said: Any, meant: Any) -> None:
    assert parsed("/user-posts/", page(more=said))["feed_pages"][0]["has_more"] is meant
    other = {"videos": [], **without_missing({"has_more": said})}
    assert parsed("/user-posts/", other)["feed_pages"][0]["has_more"] is meant


@each(
    ("said", "meant"),
    [
        ("30", "30"),
        (30, "30"),
        (1.7e12, "1700000000000"),
        (-1, None),
        ("-1", None),
        (0, None),
        ("", None),
        (MISSING, None),
    ],
)
def test_a_cursor_is_text_and_the_end_has_none(said: Any, meant: str | None) -> None:
    assert parsed("/user-posts/", page(cursor=said))["feed_pages"][0]["next_cursor"] == meant


def test_the_first_page_has_no_cursor_however_it_was_asked_for() -> None:
    assert parsed("/user-posts/", page(), cursor="0")["feed_pages"][0]["cursor"] is None
    assert parsed("/user-posts/", page())["feed_pages"][0]["cursor"] is None


# Sounds, hashtags, creators, regions, files


def test_a_sound_gives_its_identity_and_its_counter() -> None:
    tables = parsed("/music-info/", sound(video_count="541.2K", original=True))
    assert tables["sounds"][0]["is_original"] is True
    assert tables["sound_observations"] == [{"sound_id": SOUND_ID, "total_uses": 541_200}]


@each("count", [None, MISSING, ""])
def test_a_sound_without_counter_is_read_as_unknown_not_zero(count: Any) -> None:
    assert parsed("/music-info/", sound(video_count=count))["sound_observations"][0]["total_uses"] is None


def test_a_sound_whose_id_lost_digits_is_rejected() -> None:
    tables = parsed("/music-info/", sound(id=float(SOUND_ID), video_count=5))
    assert list(tables) == ["rejects"]
    assert "float" in tables["rejects"][0]["reason"]


def test_a_sound_without_id_is_the_one_asked_for() -> None:
    assert parsed("/music-info/", {"title": "Spring Song", "video_count": 3})["sounds"][0]["sound_id"] == SOUND_ID


def test_a_hashtag_is_lower_case_without_hash_and_its_views_are_64_bit() -> None:
    tables = parsed("/challenge-info-name/", challenge(cha_name="#SpringTänze"))
    assert tables["hashtags"][0]["hashtag"] == "springtänze"
    assert tables["hashtags"][0]["description"] is None
    assert tables["hashtag_observations"][0]["total_views"] == 75_264_559_481


def test_a_hashtag_without_name_is_the_one_asked_for_by_name_and_nobody_by_id() -> None:
    body = challenge(cha_name=None)
    assert parsed("/challenge-info-name/", body)["hashtags"][0]["hashtag"] == "spring"
    assert list(parsed("/challenge-info-id/", body)) == ["rejects"]


def test_found_hashtags_are_all_read() -> None:
    found = [challenge(), challenge(id="4711002", cha_name="springbreak"), challenge(), {"id": "1"}, None]
    tables = parsed("/search-challenge/", {"challenge_list": found, "cursor": 5, "hasMore": 1})
    assert [row["challenge_id"] for row in tables["hashtags"]] == ["4711001", "4711002"]
    assert [row["place"] for row in tables["rejects"]] == ["challenge_list[3]", "challenge_list[4]"]
    assert "feed_pages" not in tables


USER = {"id": "68", "uniqueId": "dancer", "nickname": "The Dancer", "verified": True}
STATS = {"followerCount": "1.2M", "followingCount": 3, "heartCount": -1, "heart": 900, "videoCount": 44}


@pytest.mark.parametrize(
    "body",
    [{"user": USER, "stats": STATS}, {**USER, **STATS}, {**USER, "stats": STATS}],
    ids=["nested", "flat", "stats nested"],
)
def test_a_creator_is_read_nested_or_flat(body: dict[str, Any]) -> None:
    tables = parsed("/userinfo-by-username/", body)
    assert tables["creators"] == [
        {"creator_id": "68", "handle": "dancer", "nickname": "The Dancer", "is_verified": True}
    ]
    assert tables["creator_observations"] == [
        {"creator_id": "68", "followers": 1_200_000, "following": 3, "likes": 900, "posts": 44}
    ]


@each("data", [{"US": "United States", "kr": "Korea", "...": "..."}, ["US", "kr", 7]])
def test_regions_are_codes_and_names(data: Any) -> None:
    assert set(tiklive.regions(answer("/region-list/", {"code": 0, "data": data}))) == {"US", "KR"}


@each("body", ["https://f.example/a.mp3", {"data": "https://f.example/a.mp3"}, {"music": "https://f.example/a.mp3"}])
def test_the_music_file_is_found_wherever_it_stands(body: Any) -> None:
    assert tiklive.music_url(answer("/download-music/", body)) == "https://f.example/a.mp3"


# Walking


def fetcher(*bodies: Any) -> tuple[Callable[[Call], Answer], list[Call]]:
    """Give a fetch that answers with these bodies in turn, for ever with the last, and what it was asked."""
    asked: list[Call] = []

    def fetch(call: Call) -> Answer:
        body = bodies[min(len(asked), len(bodies) - 1)]
        asked.append(call)
        return Answer(FETCHED_AT + timedelta(seconds=len(asked)), "tiklive", call.endpoint, call.params, 200, body)

    return fetch, asked


def endless() -> Iterator[Any]:
    number = 0
    while True:
        number += 1
        yield page(post(number), cursor=str(number * 30))


def walked(bodies: Iterable[Any], **options: Any) -> list[Call]:
    fetch, asked = fetcher(*bodies)
    pages = list(tiklive.walk(fetch, tiklive.music_posts(SOUND_ID), **{"max_pages": 50, **options}))
    assert len(pages) == len(asked)
    return asked


@pytest.mark.parametrize(
    ("last", "pages"),
    [
        (page(post(9), cursor="60", more=False), 2),
        (page(post(9), cursor="60", more="0"), 2),
        (page(post(9), cursor=MISSING), 2),
        (page(post(9), cursor=-1), 2),
        (page(post(9), cursor="30"), 2),
        (page(post(9), cursor="0"), 2),
        (page(post(1), cursor="60"), 2),
        (page(cursor="60", more=False), 2),
    ],
    ids=[
        "no more",
        "no more as text",
        "no cursor",
        "cursor -1",
        "same cursor",
        "back to 0",
        "all seen",
        "empty and over",
    ],
)
def test_a_walk_ends_where_the_feed_ends_or_turns_in_circles(last: Any, pages: int) -> None:
    assert len(walked([page(post(1), cursor="30"), last])) == pages


def test_a_walk_survives_one_empty_page_but_not_two() -> None:
    bodies = [
        page(post(1), cursor="1"),
        page(cursor="2"),
        page(post(2), cursor="3"),
        page(cursor="4"),
        page(cursor="5"),
        page(),
    ]
    assert len(walked(bodies)) == 5


def test_a_walk_that_comes_round_to_an_old_cursor_ends() -> None:
    bodies = [page(post(n), cursor=cursor) for n, cursor in enumerate(("a", "b", "c", "a"), 1)]
    assert len(walked([*bodies, page(post(9), cursor="z")])) == 4


def test_a_walk_goes_on_when_nobody_says_whether_there_is_more() -> None:
    bodies = [page(post(1), cursor="1", more=MISSING), page(post(2), cursor=2, more=None), page(post(3), more=False)]
    assert [call.params.get("cursor") for call in walked(bodies)] == [None, "1", "2"]


def test_a_walk_takes_no_more_pages_than_allowed() -> None:
    assert len(walked(islice(endless(), 20), max_pages=7)) == 7
    assert walked(islice(endless(), 20), max_pages=0) == []


def test_every_page_of_a_walk_asks_as_the_first_did_but_for_the_cursor() -> None:
    for call in walked(islice(endless(), 20), max_pages=4)[1:]:
        assert {**call.params, "cursor": ""} == {**tiklive.music_posts(SOUND_ID).params, "cursor": ""}


def test_a_walk_stops_when_told_and_gives_that_page_too() -> None:
    def stop(_: Answer, rows: Rows) -> bool:
        return any(row["post_id"] == id_of(POSTED_AT, 3) for row in rows.tables["posts"])

    assert len(walked(islice(endless(), 20), stop=stop)) == 3


def test_a_walk_asks_for_nothing_before_it_is_asked() -> None:
    fetch, asked = fetcher(*islice(endless(), 20))
    pages = tiklive.walk(fetch, tiklive.music_posts(SOUND_ID), max_pages=9)
    assert asked == []
    next(pages)
    assert len(asked) == 1


def test_a_page_that_is_an_error_is_never_the_end_of_a_feed() -> None:
    fetch, _ = fetcher(page(post(1), cursor="1"), {"code": -1, "msg": "Url parsing is failed!"})
    pages = tiklive.walk(fetch, tiklive.music_posts(SOUND_ID), max_pages=9)
    next(pages)
    with pytest.raises(UnavailableError):
        next(pages)


def test_found_hashtags_are_walked_too() -> None:
    lists = [{"challenge_list": [challenge(cha_name=f"tag{n}")], "cursor": n, "hasMore": 1} for n in (1, 2)]
    fetch, asked = fetcher(*lists, lists[-1])
    assert len(list(tiklive.walk(fetch, tiklive.search_hashtags("tag"), max_pages=9))) == len(asked) == 3


# Whatever comes

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        ["", "0", "-1", "541.2K", "\ud800", "\0", "#", 2**63, -(2**70), float(SOUND_ID), id_of(POSTED_AT)]
    )
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def keys_of(item: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(item, ANYTHING))


ITEMS = st.lists(
    ANYTHING
    | keys_of(post())
    | st.builds(lambda number, changes: {**post(number), **changes}, st.integers(0, 3), keys_of(post()))
    | st.builds(
        lambda info, author: post(7, music_info=info, author=author), keys_of(sound()), keys_of({"id": 1, "region": 1})
    ),
    max_size=8,
)


def storable(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" not in value and value.encode(errors="replace").decode() == value
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def assert_storable(rows: Rows) -> None:
    for name, table in rows.tables.items():
        for row in table:
            assert tuple(row) == TABLES[name].names[:-2]
            assert all(storable(value) for value in row.values()), row
            assert all(row[key] is not None for key in TABLES[name].key if key != "answer_id"), row


@given(endpoint=st.sampled_from(FEEDS), items=ITEMS, more=ANYTHING, cursor=ANYTHING)
def test_every_item_is_a_post_a_reject_or_a_repeat(endpoint: str, items: list[Any], more: Any, cursor: Any) -> None:
    rows = tiklive.parse(answer(endpoint, page(*items, more=more, cursor=cursor)))
    posts = rows.tables.get("posts", [])
    places = [row["place"] for row in rows.tables.get("rejects", [])]
    rejected = {place for place in places if place.endswith("]")}
    ids = [item.get("video_id") or item.get("id") for item in items if isinstance(item, dict)]
    repeats = len(items) - len(posts) - len(rejected)
    assert len(rejected) == len([place for place in places if place.endswith("]")])
    assert 0 <= repeats <= len(ids) - len({str(one).strip() for one in ids})
    assert len({row["post_id"] for row in posts}) == len(posts)
    assert_storable(rows)


@given(
    endpoint=st.sampled_from(list(PARAMS)),
    body=ANYTHING,
    status=st.sampled_from([200, 200, 200, 0, 204, 301, 418, 503]),
)
def test_whatever_a_body_is_it_gives_rows_or_an_api_error(endpoint: str, body: Any, status: int) -> None:
    try:
        rows = tiklive.parse(answer(endpoint, body, status=status))
    except ApiError as error:
        words = str(error)
    else:
        words = ""
        assert_storable(rows)
    assert storable(words)


@given(endpoint=st.sampled_from(list(PARAMS)), data=st.data())
def test_whatever_happens_to_the_fields_of_a_body_it_gives_rows_or_an_api_error(
    endpoint: str, data: st.DataObject
) -> None:
    good = data_of(endpoint)
    body = {**good, **data.draw(keys_of(good))}
    wrapped = {"code": data.draw(st.sampled_from([0, "0", None]) | ANYTHING), "data": body}
    for one in (body, wrapped):
        try:
            assert_storable(tiklive.parse(answer(endpoint, one)))
        except ApiError:
            continue


@given(st.text())
def test_hashtags_hold_no_hash_and_no_blank_and_stand_once(caption: str) -> None:
    tags = fields.hashtags_in(caption)
    assert len(set(tags)) == len(tags)
    assert all(tag and "#" not in tag and not any(map(str.isspace, tag)) for tag in tags)


@pytest.mark.parametrize(
    "odd",
    [
        "#" * 200_000,
        "# " * 100_000,
        "#a" * 100_000,
        "1" + " " * 200_000 + "x",
        "1," * 100_000,
        "9" * 200_000,
        "a" * 5_000_000,
    ],
    ids=["hashes", "hashes and blanks", "tags", "blanks", "commas", "digits", "letters"],
)
def test_huge_text_does_not_hang(odd: str) -> None:
    item = {**dict.fromkeys(post(), odd), "video_id": id_of(POSTED_AT)}
    assert len(parsed("/user-posts/", page(item))["posts"]) == 1


def test_deep_nesting_does_not_crash() -> None:
    deep: Any = []
    for _ in range(50_000):
        deep = [deep]
    tables = parsed("/user-posts/", page(deep, post(title=deep, author=deep, music_info={"id": deep})))
    assert {row["place"] for row in tables["rejects"]} >= {"videos[0]", "videos[1].title"}
    assert len(tables["posts"]) == 1


def test_parsing_knows_no_clock_and_no_time_zone() -> None:
    body = page(post())
    moved = Answer(
        FETCHED_AT.astimezone(timezone(timedelta(hours=9))),
        "tiklive",
        "/music-posts/",
        PARAMS["/music-posts/"],
        200,
        body,
    )
    assert tiklive.parse(moved).tables == parsed("/music-posts/", json.loads(json.dumps(body)))
