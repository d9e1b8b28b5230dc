"""KeyAPI: what is asked is checked before it is paid for, and whatever comes back is rows, a reject or an error."""

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendlib.api import keyapi
from trendlib.api.keyapi import DETAIL, TRENDING, Chart
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
from trendlib.store import frame_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = 86_400
LAST = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp())
CLIP, OTHER = "7012345678901234567", "7012345678901234568"


def sound(**said: Any) -> dict[str, Any]:
    """One sound of a chart, as the provider shows it."""
    return {
        "author": "Tessa Venn",
        "clip_id": CLIP,
        "country_code": "BR",
        "cover": "https://cdn.sandbox.invalid/one.jpg",
        "duration": 60,
        "if_cml": True,
        "is_search": False,
        "link": f"https://www.tiktok.com/music/x-{CLIP}",
        "on_list_times": None,
        "promoted": False,
        "rank": 3,
        "rank_diff": 2,
        "rank_diff_type": 1,
        "related_items": None,
        "song_id": "7012345678901234000",
        "title": "Low Tide",
        "trend": [{"time": LAST - DAY * ago, "value": value} for ago, value in enumerate((1, 0.5, 0.25))],
        "url_title": "Low-Tide",
        **said,
    }


def chart_data(*sounds: Any, **pagination: Any) -> dict[str, Any]:
    pages = {"page": 1, "size": 20, "total": 99, "has_more": True, **pagination}
    return {"pagination": pages, "sound_list": list(sounds)}


def detail_data(**said: Any) -> dict[str, Any]:
    own = {
        "audience_ages": None,
        "audience_countries": [{"country_info": {"id": "1", "label": "LV", "value": "Latvia"}, "score": 1426}],
        "audience_interests": [{"interest_info": {"id": "7", "label": "diversify_7", "value": "Selfies"}, "score": 2}],
        "longevity": {"popular_days": 4, "current_popularity": 0.5},
        "music_url": None,
        "rank": None,
        "rank_diff": None,
    }
    return {"disliked": None, "like_count": None, "liked": None, "sound": {**sound(), **own, **said}}


def answer(body: Any, *, endpoint: str = TRENDING, status: int = 200, **params: str) -> Answer:
    return Answer(NOON, "keyapi", endpoint, params, status, body)


def wrapped(data: Any, **envelope: Any) -> dict[str, Any]:
    return {"code": 0, "message": "success", "data": data, "requestId": "one", **envelope}


def entry(**said: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Give the row of a chart that shows one sound, and its rejects."""
    tables = keyapi.parse(answer(wrapped(chart_data(sound(**said))), region="BR", period="7")).tables
    (row,) = tables["chart_entries"]
    return row, tables.get("rejects", [])


# What can be asked


def test_a_page_of_a_chart_is_asked_for_with_every_parameter() -> None:
    chart = Chart("br", 30, search=" low tide ", new_to_top_100=True, commercial_music=False)
    assert keyapi.trending(chart, page=2, limit=10) == Call(
        "keyapi",
        "/v1/tiktok/trending/music",
        {
            "search_keyword": "low tide",
            "page": "2",
            "limit": "10",
            "period": "30",
            "region": "BR",
            "new_to_top_100": "true",
            "commercial_music": "false",
        },
    )


def test_a_chart_that_is_not_narrowed_asks_for_no_search_and_no_filter() -> None:
    assert dict(keyapi.trending(Chart()).params) == {
        "search_keyword": "FALSE", "page": "1", "limit": "20", "period": "7"
    }  # fmt: skip


def test_a_sound_is_asked_for_by_its_id() -> None:
    call = keyapi.detail(int(CLIP), region="br", period_days=120)
    assert call == keyapi.detail(CLIP, region="BR", period_days=120)
    assert dict(call.params) == {"clip_id": CLIP, "period": "120", "region": "BR"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: Chart("BR", 14), "period=14: charts are of 7, 30, 120 days"),
        (lambda: Chart("USA"), "two-letter region"),
        (lambda: Chart(search="FALSE"), "'FALSE': the provider takes it for no search"),
        (lambda: Chart(search="  "), "no search"),
        (lambda: keyapi.trending(Chart(), limit=21), "1 to 20"),
        (lambda: keyapi.trending(Chart(), page=0), "begin at 1"),
        (lambda: keyapi.detail("x"), "not an id"),
        (lambda: keyapi.detail(CLIP, period_days=8), "period=8"),
    ],
)
def test_what_the_provider_does_not_know_is_refused_before_it_is_paid_for(wrong: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        wrong()


# What an answer is


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, ApiError), (401, AuthError), (402, QuotaError), (429, RateLimitError), (500, UnavailableError)],
)
def test_the_errors_of_the_document_are_known_by_status_and_by_code(status: int, kind: type[ApiError]) -> None:
    words = {400: "Missing required parameter: clip_id", 401: "apiKey is null", 402: "apiKey quota is not enough",
             429: "qps limit exceeded", 500: "Internal server error"}  # fmt: skip
    body = {"code": status, "data": None, "message": words[status]}
    for http in (status, 200):
        with pytest.raises(kind) as caught:
            keyapi.check(answer(body, status=http, region="BR"))
        assert type(caught.value) is kind
        assert "region=BR" in str(caught.value)


def test_a_refused_key_names_its_setting() -> None:
    with pytest.raises(AuthError, match="check KEYAPI_API_KEY"):
        keyapi.check(answer({"code": 401, "data": None, "message": "apiKey is null"}, status=401))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("", UnavailableError), ('{"code": 0, "da', UnavailableError), ("<html>", UnavailableError),
        ("qps limit exceeded", RateLimitError), (None, UnavailableError), ([], UnavailableError),
        (wrapped(None), UnavailableError), (wrapped({"sound_list": None}), UnavailableError),
        (wrapped([]), UnavailableError), ({"code": -7, "message": "odd"}, RefusalError),
    ],
)  # fmt: skip
def test_what_is_no_data_is_an_error_and_never_an_empty_chart(body: Any, kind: type[ApiError]) -> None:
    with pytest.raises(kind):
        keyapi.parse(answer(body))


@pytest.mark.parametrize("body", [wrapped({"sound": None}), wrapped({}), wrapped({"sound": {"rank": 1}})])
def test_a_sound_without_anything_said_of_it_is_an_error(body: Any) -> None:
    with pytest.raises(UnavailableError, match="without the sound"):
        keyapi.parse(answer(body, endpoint=DETAIL))


def test_another_endpoint_is_not_read() -> None:
    with pytest.raises(ParseError, match="no endpoint"):
        keyapi.parse(answer(wrapped({}), endpoint="/v1/else"))


# What a chart says


@pytest.mark.parametrize(
    "body",
    [
        wrapped(chart_data(sound())),
        {"code": 0, "msg": "OK", "request_id": "one", "data": chart_data(sound())},
        chart_data(sound()),
    ],
)
def test_every_envelope_and_none_is_read(body: Any) -> None:
    tables = keyapi.parse(answer(body, region="BR", period="7")).tables
    assert tables["chart_entries"] == [
        {
            "sound_id": CLIP,
            "song_id": "7012345678901234000",
            "title": "Low Tide",
            "artist": "Tessa Venn",
            "region": "BR",
            "period_days": 7,
            "rank": 3,
            "rank_diff": 2,
            "rank_move": "up",
            "is_commercial": True,
            "is_promoted": False,
            "duration_s": 60,
            "link": f"https://www.tiktok.com/music/x-{CLIP}",
            "cover_url": "https://cdn.sandbox.invalid/one.jpg",
            "times_on_list": None,
            "trend": '[["2026-02-27T00:00:00Z", 0.25], ["2026-02-28T00:00:00Z", 0.5], ["2026-03-01T00:00:00Z", 1.0]]',
        }
    ]
    assert tables["chart_pulls"] == [
        {
            "region": "BR",
            "period_days": 7,
            "search_keyword": None,
            "new_to_top_100": None,
            "commercial_music": None,
            "page": 1,
            "size": 20,
            "total": 99,
            "has_more": True,
            "items": 1,
        }
    ]
    assert "rejects" not in tables


@pytest.mark.parametrize(
    ("kind", "move"), [(1, "up"), (2, "same"), (3, "down"), (4, "new"), (9, None), ("x", None), (None, None)]
)
def test_the_direction_of_a_rank_is_its_type(kind: Any, move: str | None) -> None:
    row, rejects = entry(rank_diff_type=kind)
    assert (row["rank_move"], len(rejects)) == (move, kind == "x")


def test_what_is_not_said_is_null_and_no_reject() -> None:
    body = chart_data({"clip_id": CLIP}, sound(clip_id=OTHER, rank=None, rank_diff=None, trend=[]))
    tables = keyapi.parse(answer(wrapped(body))).tables
    bare, null = tables["chart_entries"]
    assert {name for name, value in bare.items() if value is not None} == {"sound_id"}
    assert (null["rank"], null["rank_diff"], null["trend"], null["period_days"]) == (None, None, None, None)
    assert "rejects" not in tables


def test_the_question_is_what_a_pull_is_of() -> None:
    params = {"search_keyword": "tide", "period": "120", "region": "mx", "page": "3", "new_to_top_100": "true",
              "commercial_music": "false"}  # fmt: skip
    (pull,) = keyapi.parse(answer(wrapped(chart_data()), **params)).tables["chart_pulls"]
    wanted = {"search_keyword": "tide", "period_days": 120, "region": "MX", "page": 3, "new_to_top_100": True,
              "commercial_music": False, "items": 0}  # fmt: skip
    assert {name: pull[name] for name in wanted} == wanted


def test_the_region_is_the_sounds_own_else_the_one_asked_for() -> None:
    body = wrapped(chart_data(sound(), sound(clip_id=OTHER, country_code="")))
    rows = keyapi.parse(answer(body, country_code="US")).tables["chart_entries"]
    assert [row["region"] for row in rows] == ["BR", "US"]


def test_a_bad_sound_is_one_reject_and_the_others_stay() -> None:
    body = wrapped(
        chart_data(sound(clip_id=7.1e18), None, sound(clip_id=OTHER), sound(clip_id=OTHER), sound(clip_id=""))
    )
    tables = keyapi.parse(answer(body)).tables
    assert [row["sound_id"] for row in tables["chart_entries"]] == [OTHER]
    assert [row["place"] for row in tables["rejects"]] == ["sound_list[0]", "sound_list[1]", "sound_list[4]"]
    assert all(row["reason"] for row in tables["rejects"])
    assert tables["chart_pulls"][0]["items"] == 5


def test_a_bad_field_is_one_reject_and_its_sound_stays() -> None:
    row, rejects = entry(rank_diff=-2, trend=[{"time": LAST, "value": "much"}, {"time": LAST, "value": 0.5}, 7])
    assert (row["rank"], row["rank_diff"], row["trend"]) == (3, None, '[["2026-03-01T00:00:00Z", 0.5]]')
    assert sorted(one["place"] for one in rejects) == [
        "sound_list[0].rank_diff", "sound_list[0].trend[0]", "sound_list[0].trend[2]"
    ]  # fmt: skip


def test_an_address_that_is_none_is_not_kept() -> None:
    row, rejects = entry(link="javascript:alert(1)", cover="...")
    assert (row["link"], row["cover_url"], rejects) == (None, None, [])


# What a sound's own page says


@pytest.mark.parametrize("body", [wrapped(detail_data()), detail_data(), wrapped(detail_data()["sound"])])
def test_a_sounds_own_page_gives_its_facts_and_its_audience(body: Any) -> None:
    tables = keyapi.parse(answer(body, endpoint=DETAIL, clip_id=CLIP, region="BR", period="7")).tables
    (row,) = tables["chart_details"]
    assert (row["sound_id"], row["title"], row["popular_days"], row["current_popularity"]) == (CLIP, "Low Tide", 4, 0.5)
    whose = {"sound_id": CLIP, "region": "BR", "period_days": 7}
    assert tables["chart_audiences"] == [
        {**whose, "kind": "country", "code": "LV", "name": "Latvia", "score": 1426.0},
        {**whose, "kind": "interest", "code": "diversify_7", "name": "Selfies", "score": 2.0},
    ]
    assert "rejects" not in tables


def test_ages_are_read_when_they_come_and_a_nameless_part_is_a_reject() -> None:
    ages = [
        {"age_level": 3, "score": 55},
        {"age_info": {"label": "18-24", "value": "18 to 24"}, "score": 12},
        {"score": 1},
    ]
    tables = keyapi.parse(answer(wrapped(detail_data(audience_ages=ages)), endpoint=DETAIL)).tables
    found = [(row["code"], row["name"], row["score"]) for row in tables["chart_audiences"] if row["kind"] == "age"]
    assert found == [("3", None, 55.0), ("18-24", "18 to 24", 12.0)]
    assert [row["place"] for row in tables["rejects"]] == ["sound.audience_ages[2]"]


def test_a_page_that_does_not_say_whose_it_is_is_of_the_sound_asked_for() -> None:
    body = wrapped(detail_data(clip_id=None))
    assert keyapi.parse(answer(body, endpoint=DETAIL, clip_id=OTHER)).tables["chart_details"][0]["sound_id"] == OTHER
    assert keyapi.parse(answer(body, endpoint=DETAIL)).tables["rejects"][0]["place"] == "sound"


# How a chart is followed


def walked(*pages: dict[str, Any]) -> list[str]:
    """Follow a chart through these pages; give the pages that were asked for."""
    asked: list[str] = []

    def fetch(call: Call) -> Answer:
        asked.append(call.params["page"])
        return Answer(NOON, "keyapi", call.endpoint, call.params, 200, wrapped(pages[min(len(asked), len(pages)) - 1]))

    assert len(list(keyapi.walk(fetch, Chart("BR")))) == len(asked)
    return asked


def page(number: int, **pagination: Any) -> dict[str, Any]:
    ids = [str(7012345678901234000 + 20 * number + step) for step in range(20)]
    return chart_data(*(sound(clip_id=one) for one in ids), page=number, **pagination)


def test_a_chart_is_followed_until_the_provider_says_that_it_ends() -> None:
    assert walked(page(1), page(2), page(3, has_more=False)) == ["1", "2", "3"]


def test_a_chart_whose_end_is_not_said_ends_at_its_total() -> None:
    assert walked(page(1, has_more=None, total=40), page(2, has_more=None, total=40)) == ["1", "2"]
    assert walked(page(1, has_more=None, total=None), chart_data(sound(), has_more=None, total=None)) == ["1", "2"]


def test_a_chart_that_pretends_to_go_on_is_left() -> None:
    assert walked(page(1)) == ["1", "2"]
    assert walked(page(1), chart_data()) == ["1", "2"]
    assert len(walked(*map(page, range(1, 50)))) == 10


# Whatever comes

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List every place in a body."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in places(one, (*path, key)))]


def changed(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    body = copy.deepcopy(body)
    inner = body
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return body


@pytest.mark.parametrize(
    ("endpoint", "body"),
    [(TRENDING, wrapped(chart_data(sound(), sound(clip_id=OTHER)))), (DETAIL, wrapped(detail_data()))],
)
@given(data=st.data())
def test_a_body_with_anything_anywhere_is_rows_that_load_or_an_error(
    endpoint: str, body: Any, data: st.DataObject
) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        body = changed(body, data.draw(st.sampled_from(places(body))), data.draw(VALUES))
    try:
        rows = keyapi.parse(answer(body, endpoint=endpoint, clip_id=CLIP, period="7"))
    except (ApiError, ParseError):
        return
    demand_loadable(rows)


def demand_loadable(rows: Rows) -> None:
    proof = {"observed_at": NOON, "answer_id": "one"}
    for name, found in rows.tables.items():
        assert len(frame_of(TABLES[name], [{**row, **proof} for row in found])) == len(found)
    assert all(row["reason"] and row["place"] for row in rows.tables.get("rejects", ()))
    for row in rows.tables.get("chart_entries", ()):
        assert row["trend"] is None or json.loads(row["trend"])


@given(VALUES)
def test_any_json_is_rows_or_an_error(body: Any) -> None:
    for endpoint in (TRENDING, DETAIL):
        try:
            demand_loadable(keyapi.parse(answer(body, endpoint=endpoint)))
        except (ApiError, ParseError):
            continue
