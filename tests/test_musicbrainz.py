"""MusicBrainz: a name is looked for as it stands, and artists, releases and labels come back as rows."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendlib.api import musicbrainz
from trendlib.api.musicbrainz import ARTIST, RELEASE
from trendlib.errors import (
    ApiError,
    AuthError,
    ConfigError,
    ParseError,
    RateLimitError,
    UnavailableError,
)
from trendlib.schema import TABLES, Answer, Call
from trendlib.store import frame_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ARTIST_ID = "11111111-2222-4333-8444-555566667777"
RELEASE_ID = "aaaaaaaa-2222-4333-8444-555566667777"
PERSON = {
    "id": ARTIST_ID,
    "type": "Person",
    "score": 100,
    "name": "Tessa Venn",
    "sort-name": "Venn, Tessa",
    "country": "NL",
    "disambiguation": "singer",
    "life-span": {"begin": "1999-04", "ended": None},
    "aliases": [],
}
ALBUM = {
    "id": RELEASE_ID,
    "title": "Low Tide",
    "status": "Official",
    "date": "2025-06",
    "country": "XW",
    "label-info": [
        {"catalog-number": "PB 7", "label": {"id": ARTIST_ID, "name": "Paper Boat"}},
        {"catalog-number": None, "label": {"id": ARTIST_ID, "name": "Selo Azul"}},
    ],
}


def answer(body: Any, endpoint: str = ARTIST, status: int = 200, **params: str) -> Answer:
    return Answer(NOON, "musicbrainz", endpoint, params, status, body)


def found(*artists: Any, query: str = '"Tessa Venn"') -> dict[str, list[dict[str, Any]]]:
    return musicbrainz.parse(answer({"count": len(artists), "artists": list(artists)}, query=query)).tables


def released(*releases: Any) -> dict[str, list[dict[str, Any]]]:
    return musicbrainz.parse(answer({"releases": list(releases)}, RELEASE, artist=ARTIST_ID)).tables


def test_a_name_is_looked_for_as_it_stands_whatever_it_holds() -> None:
    call = musicbrainz.artist_search('  AC/DC "live" (AND) a:b \\ ')
    assert call.params["query"] == r'"AC\/DC \"live\" \(AND\) a\:b \\"'
    assert dict(call.params) | {"fmt": "json", "limit": "25"} == dict(call.params)


@given(st.text(min_size=1))
def test_the_name_that_was_asked_for_can_be_told_from_the_question(name: str) -> None:
    try:
        call = musicbrainz.artist_search(name)
    except ConfigError:
        assert not name.replace("\0", "").encode(errors="ignore").split()
        return
    inside = call.params["query"].removeprefix('"').removesuffix('"')
    assert '"' not in inside.replace(r"\\", "").replace(r"\"", "")
    said = musicbrainz.asked_name(call.params)
    assert said is not None
    assert musicbrainz.artist_search(said) == call


def test_releases_are_asked_for_with_their_labels_a_hundred_a_page() -> None:
    params = {"artist": ARTIST_ID, "inc": "labels", "fmt": "json", "limit": "100"}
    assert musicbrainz.releases(ARTIST_ID) == Call("musicbrainz", "/ws/2/release", params)
    assert musicbrainz.releases(ARTIST_ID, offset=100).params == {**params, "offset": "100"}
    with pytest.raises(ConfigError, match="no MusicBrainz id"):
        musicbrainz.releases("Tessa Venn")


def test_an_artist_is_a_row_with_the_name_that_was_asked_for() -> None:
    assert found(PERSON)["artists"] == [
        {
            "asked": "Tessa Venn",
            "artist_id": ARTIST_ID,
            "name": "Tessa Venn",
            "sort_name": "Venn, Tessa",
            "kind": "Person",
            "country": "NL",
            "begin": "1999-04",
            "disambiguation": "singer",
            "score": 100,
        }
    ]
    assert found() == {}


def test_a_release_is_a_row_for_each_label_and_one_without_label_is_a_row_too() -> None:
    bare = {"id": ARTIST_ID, "label-info": [{"catalog-number": None, "label": None}]}
    rows = released(ALBUM, bare)["releases"]
    assert [(row["release_id"], row["label"], row["catalog_number"]) for row in rows] == [
        (RELEASE_ID, "Paper Boat", "PB 7"),
        (RELEASE_ID, "Selo Azul", None),
        (ARTIST_ID, None, None),
    ]
    assert {name: rows[0][name] for name in ("artist_id", "title", "released", "country", "release_status")} == {
        "artist_id": ARTIST_ID, "title": "Low Tide", "released": "2025-06", "country": "XW",
        "release_status": "Official",
    }  # fmt: skip


def test_a_bad_item_is_one_reject_and_the_others_stay() -> None:
    tables = found({**PERSON, "id": "1"}, 7, {**PERSON, "score": "very"}, {**PERSON, "score": "97"})
    assert [row["score"] for row in tables["artists"]] == [None, 97]
    assert [row["place"] for row in tables["rejects"]] == ["artists[0]", "artists[1]", "artists[2].score"]
    tables = released({**ALBUM, "label-info": [7]})
    assert [row["label"] for row in tables["releases"]] == [None]
    assert [row["place"] for row in tables["rejects"]] == ["releases[0].label-info[0]"]


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"error": "Your requests are exceeding the allowable rate limit."}, 503, RateLimitError),
        ({"error": "slow down"}, 429, RateLimitError),
        ({"error": "Forbidden"}, 403, AuthError),
        ({"error": "Your query was blank."}, 400, ApiError),
        ({"error": "Not Found"}, 404, ApiError),
        ({"error": "Not Found"}, 200, ApiError),
        ("<html>", 502, UnavailableError),
        ({"artists": None}, 200, UnavailableError),
        ([], 200, UnavailableError),
    ],
)
def test_what_is_no_data_is_an_error(body: Any, status: int, kind: type[ApiError]) -> None:
    with pytest.raises(kind) as caught:
        musicbrainz.check(answer(body, status=status))
    assert type(caught.value) is kind


def test_another_endpoint_is_not_read() -> None:
    with pytest.raises(ParseError, match="only for"):
        musicbrainz.parse(answer({}, "/ws/2/label"))


def walked(total: int | None, most: int = 5, size: int = 100) -> list[str]:
    asked: list[str] = []

    def fetch(call: Call) -> Answer:
        asked.append(call.params.get("offset", "0"))
        left = (250 if total is None else total) - int(asked[-1])
        items = [{"id": RELEASE_ID}] * max(min(left, size), 0)
        return answer({"release-count": total, "releases": items}, RELEASE, **call.params)

    list(musicbrainz.walk(fetch, ARTIST_ID, max_pages=most))
    return asked


def test_releases_are_followed_to_the_last_or_to_the_last_page_allowed() -> None:
    assert walked(0) == ["0"]
    assert walked(100) == ["0"]
    assert walked(250) == walked(None) == ["0", "100", "200"]
    assert walked(250, size=50) == ["0", "50", "100", "150", "200"]
    assert walked(5_000, most=2) == ["0", "100"]
    assert walked(5_000, size=0) == ["0"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@given(where=st.sampled_from([(ARTIST, name) for name in PERSON] + [(RELEASE, name) for name in ALBUM]), value=VALUES)
def test_an_item_with_anything_in_it_is_rows_that_load_or_a_reject(where: tuple[str, str], value: Any) -> None:
    endpoint, name = where
    item = {**(PERSON if endpoint == ARTIST else ALBUM), name: value}
    body = {"artists": [item], "releases": [item]}
    tables = musicbrainz.parse(answer(body, endpoint, query='"a"', artist=ARTIST_ID)).tables
    proof = {"observed_at": NOON, "answer_id": "one"}
    for table, rows in tables.items():
        assert len(frame_of(TABLES[table], [{**row, **proof} for row in rows])) == len(rows)
    assert all(row["reason"] and row["place"] for row in tables.get("rejects", ()))


@given(VALUES)
def test_any_json_is_rows_or_an_error(body: Any) -> None:
    for endpoint in (ARTIST, RELEASE):
        try:
            rows = musicbrainz.parse(answer(body, endpoint)).tables
        except ApiError:
            continue
        assert set(rows) <= {"artists", "releases", "rejects"}
