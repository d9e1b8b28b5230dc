"""The practice server's answers have the documented keys and types, so that the sandbox cannot drift from outside."""

import re
from datetime import timedelta
from typing import Any

import pytest

from trendlib.sandbox import Feeds, Practice, Quirks, World

WORLD = World(seed=5, sounds=40, hashtags=20, days=12)
NOW = WORLD.end - timedelta(hours=5)
SOUND = next(
    sound
    for sound, kind in zip(WORLD.catalogue, WORLD.cast.kind, strict=True)
    if kind == "drift" and len(sound.title) > 4
)
TAG = WORLD.tags[0]
ID, TEXT, COUNT, FLAG, FLAG_NUMBER = r"\d{4,19}", str, int, bool, (0, 1)

MUSIC_INFO = {
    "id": ID, "title": TEXT, "play": TEXT, "cover": TEXT, "author": TEXT, "original": FLAG, "duration": COUNT,
    "album": TEXT,
}  # fmt: skip
AUTHOR = {"id": ID, "unique_id": TEXT, "nickname": TEXT, "avatar": TEXT}
POST_BODY = {
    "region": r"[A-Z]{2}", "title": TEXT, "cover": TEXT, "origin_cover": TEXT, "duration": COUNT, "play": TEXT,
    "wmplay": TEXT, "music": TEXT, "music_info": MUSIC_INFO, "play_count": COUNT, "digg_count": COUNT,
    "comment_count": COUNT, "share_count": COUNT, "download_count": COUNT, "collect_count": COUNT, "create_time": COUNT,
    "is_ad": FLAG, "author": AUTHOR, "is_top": FLAG_NUMBER,
}  # fmt: skip
POST = {"video_id": r"\d{19}", **POST_BODY}
CHALLENGE = {
    "id": ID, "cha_name": TEXT, "desc": TEXT, "user_count": COUNT, "view_count": COUNT, "is_pgcshow": FLAG,
    "is_commerce": FLAG, "is_challenge": FLAG, "is_strong_music": FLAG, "type": COUNT, "cover": TEXT,
}  # fmt: skip
USER = {
    "user": {
        "id": ID, "uniqueId": TEXT, "nickname": TEXT, "avatarThumb": TEXT, "avatarMedium": TEXT, "avatarLarger": TEXT,
        "signature": TEXT, "verified": FLAG, "secUid": TEXT, "secret": FLAG, "ftc": FLAG, "relation": COUNT,
        "openFavorite": FLAG, "commentSetting": COUNT, "duetSetting": COUNT, "stitchSetting": COUNT,
        "privateAccount": FLAG, "isADVirtual": FLAG,
    },
    "stats": {
        "followingCount": COUNT, "followerCount": COUNT, "heartCount": COUNT, "videoCount": COUNT, "diggCount": COUNT,
        "heart": COUNT,
    },
}  # fmt: skip
TREND = [{"time": COUNT, "value": (float, int)}]
CHART_SOUND = {
    "author": TEXT, "clip_id": r"\d{19}", "country_code": r"[A-Z]{2}", "cover": TEXT, "duration": COUNT, "if_cml": FLAG,
    "is_search": FLAG, "link": r"https://www\.tiktok\.com/music/x-\d{19}", "on_list_times": None, "promoted": FLAG,
    "rank": COUNT, "rank_diff": (int, None), "rank_diff_type": (1, 2, 3, 4), "related_items": None,
    "song_id": r"\d{19}", "title": TEXT, "trend": TREND, "url_title": TEXT,
}  # fmt: skip
PLACE = {"id": r"\d+", "label": TEXT, "value": TEXT}
DETAIL = {
    **CHART_SOUND, "rank": None, "rank_diff": None, "audience_ages": None,
    "audience_countries": [{"country_info": PLACE, "score": COUNT}],
    "audience_interests": [{"interest_info": PLACE, "score": COUNT}],
    "longevity": {"popular_days": COUNT, "current_popularity": COUNT}, "music_url": None,
}  # fmt: skip
del DETAIL["rank_diff_type"]
TRACK = {
    "id": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "title": TEXT, "author": TEXT, "album": TEXT, "duration": COUNT,
    "previewUrl": r"https://.*\.mp3", "coverUrl": r"https://.*\.jpg", "language": r"[a-z]{2}", "userCount": COUNT,
    "isCommerceMusic": FLAG,
}  # fmt: skip
OPTIONAL = {"images"}


def misfits(body: Any, shape: Any, place: str = "$") -> list[str]:
    """Where a body differs from a documented shape."""
    if isinstance(shape, dict) and isinstance(body, dict):
        found = [f"{place}.{name} is missing" for name in shape.keys() - body.keys()]
        found += [f"{place}.{name} is not documented" for name in body.keys() - shape.keys() - OPTIONAL]
        for name in shape.keys() & body.keys():
            found += misfits(body[name], shape[name], f"{place}.{name}")
        return found
    if isinstance(shape, list) and isinstance(body, list):
        return [one for number, item in enumerate(body) for one in misfits(item, shape[0], f"{place}[{number}]")]
    return [] if fits(body, shape) else [f"{place}: {body!r} is not {shape!r}"]


def fits(value: Any, shape: Any) -> bool:
    if isinstance(shape, tuple):
        return any(fits(value, one) for one in shape)
    if isinstance(shape, type):
        return type(value) is shape
    if isinstance(shape, str):
        return isinstance(value, str) and re.fullmatch(shape, value) is not None
    return bool(value == shape) and type(value) is type(shape)


def asked(practice: Practice, endpoint: str, **params: str) -> Any:
    status, body = practice.answer(endpoint, params, NOW)
    assert status == 200
    return body


def handle(practice: Practice) -> str:
    page = asked(practice, "/music-posts/", music_id=SOUND.sound_id)
    return str(page["videos"][0]["author"]["unique_id"])


def post_id(practice: Practice) -> str:
    return str(asked(practice, "/music-posts/", music_id=SOUND.sound_id)["videos"][0]["video_id"])


EXACT = Practice(Feeds(WORLD))
WRAPPED = Practice(Feeds(WORLD), wrapped=True)
PAGE_BY_TEXT = {"videos": [POST], "cursor": r"\d+", "hasMore": FLAG}
PAGE_BY_NUMBER = {"videos": [POST], "cursor": COUNT, "hasMore": FLAG}
TIKLIVE = {
    "/music-info/": ({"music_id": SOUND.sound_id}, {**MUSIC_INFO, "video_count": COUNT}),
    "/music-posts/": ({"music_id": SOUND.sound_id, "count": "30"}, PAGE_BY_TEXT),
    "/search-video/": ({"keyword": SOUND.title, "publish_time": "7"}, PAGE_BY_NUMBER),
    "/user-posts/": ({"unique_id": handle(EXACT)}, PAGE_BY_TEXT),
    "/userinfo-by-username/": ({"username": handle(EXACT)}, USER),
    "/post-detail/": ({"url": post_id(EXACT)}, {"id": r"\d{19}", **POST_BODY}),
    "/download-music/": ({"url": f"https://www.tiktok.com/@somebody/video/{post_id(EXACT)}"}, {"url": TEXT}),
    "/challenge-info-name/": ({"name": TAG.name}, CHALLENGE),
    "/challenge-info-id/": ({"challenge_id": TAG.challenge_id}, CHALLENGE),
    "/challenge-posts/": ({"challenge_id": TAG.challenge_id, "count": "35"}, PAGE_BY_NUMBER),
    "/search-challenge/": (
        {"keyword": TAG.name[:4]}, {"challenge_list": [CHALLENGE], "cursor": COUNT, "hasMore": FLAG},
    ),
}  # fmt: skip


@pytest.mark.parametrize("endpoint", TIKLIVE)
def test_tiklive_answers_flat_as_documented(endpoint: str) -> None:
    params, shape = TIKLIVE[endpoint]
    body = asked(EXACT, endpoint, **params)
    assert misfits(body, shape) == []
    lists = [value for value in body.values() if isinstance(value, list)]
    assert all(lists)


@pytest.mark.parametrize("endpoint", TIKLIVE)
def test_tiklive_answers_wrapped_as_its_family_does(endpoint: str) -> None:
    params, shape = TIKLIVE[endpoint]
    envelope = {"code": 0, "msg": "success", "processed_time": float, "data": shape}
    assert misfits(asked(WRAPPED, endpoint, **params), envelope) == []


def test_the_region_list_names_countries_by_code() -> None:
    regions = asked(EXACT, "/region-list/")
    assert regions["US"] == "United States"
    assert all(re.fullmatch("[A-Z]{2}", code) and isinstance(name, str) for code, name in regions.items())


def test_keyapi_answers_a_chart_as_documented() -> None:
    body = asked(EXACT, "/v1/tiktok/trending/music", region="US", period="7", limit="50")
    pagination = {"page": 1, "size": 20, "total": COUNT, "has_more": True}
    data = {"pagination": pagination, "sound_list": [CHART_SOUND]}
    shape = {"code": 0, "message": "success", "requestId": TEXT, "data": data}
    assert misfits(body, shape) == []
    sounds = body["data"]["sound_list"]
    assert [sound["rank"] for sound in sounds] == list(range(1, 21))
    midnight = int((WORLD.end - timedelta(days=1)).timestamp())
    for sound in sounds:
        assert max(point["value"] for point in sound["trend"]) == 1
        assert sound["trend"][-1]["time"] == midnight - 86_400
        assert sound["trend"][-1]["time"] % 86_400 == 0


def test_keyapi_answers_a_sound_in_detail_as_documented() -> None:
    body = asked(EXACT, "/v1/tiktok/trending/music/detail", clip_id=SOUND.sound_id, region="DE", period="30")
    data = {"disliked": None, "like_count": None, "liked": None, "sound": DETAIL}
    assert misfits(body, {"code": 0, "message": "success", "requestId": TEXT, "data": data}) == []
    assert len(body["data"]["sound"]["audience_countries"]) == 10


def test_a_sound_that_was_not_on_the_chart_before_is_new_on_it() -> None:
    body = asked(EXACT, "/v1/tiktok/trending/music", region="US", new_to_top_100="true")
    for sound in body["data"]["sound_list"]:
        assert (sound["rank_diff"], sound["rank_diff_type"]) == (None, 4)


def test_keyapi_names_the_parameter_that_is_missing() -> None:
    status, body = EXACT.answer("/v1/tiktok/trending/music/detail", {}, NOW)
    assert (status, body) == (400, {"code": 400, "data": None, "message": "Missing required parameter: clip_id"})


def test_layers_answers_its_catalogue_as_documented() -> None:
    body = asked(EXACT, "/v1/tiktok-music")
    assert misfits(body, {"tracks": [TRACK], "total": COUNT}) == []
    counts = [track["userCount"] for track in body["tracks"]]
    assert counts == sorted(counts, reverse=True)
    assert body["total"] == len(counts) > 5


@pytest.mark.parametrize(
    ("endpoint", "params", "words"),
    [
        ("/music-info/", {"music_id": "6512345678901234567"}, "Url parsing is failed! Please check url."),
        ("/music-posts/", {"music_id": "not an id"}, "Url parsing is failed! Please check url."),
        ("/post-detail/", {"url": "https://www.tiktok.com/@x/video/7000000000000000000"}, "Url parsing is failed"),
        ("/user-posts/", {"unique_id": "nobody.at.all"}, "unique_id is invalid"),
        ("/userinfo-by-username/", {"username": "nobody12"}, "unique_id is invalid"),
        ("/challenge-info-name/", {"name": "nosuchhashtag"}, "Url parsing is failed"),
        ("/challenge-posts/", {}, "challenge_id is required"),
    ],
)
def test_what_does_not_exist_is_an_error_with_status_200(endpoint: str, params: dict[str, str], words: str) -> None:
    for practice in (EXACT, WRAPPED):
        status, body = practice.answer(endpoint, params, NOW)
        assert status == 200
        assert body["code"] == -1
        assert words in body["msg"]
        assert "data" not in body


def test_an_endpoint_nobody_has_is_not_found() -> None:
    assert EXACT.answer("/music-infos/", {}, NOW)[0] == 404
    assert EXACT.answer("/v1/tiktok/trending/films", {}, NOW)[0] == 404


def test_real_quirks_break_documented_shapes_and_clean_answers_have_none() -> None:
    real = Practice(Feeds(WORLD, quirks=Quirks.real()))
    found = [
        misfit
        for sound in WORLD.catalogue
        for misfit in misfits(asked(real, "/music-posts/", music_id=sound.sound_id).get("videos"), [POST])
    ]
    for what in (
        "create_time is missing",
        "music_info is missing",
        "author is missing",
        ".region: ''",
        "play_count: '",
    ):
        assert any(what in misfit for misfit in found), what
