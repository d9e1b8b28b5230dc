"""Layers: a snapshot of the catalogue is rows, a bad track is a reject, and a refusal says what the key lacks."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendlib.api import layers
from trendlib.errors import ApiError, AuthError, ParseError, UnavailableError
from trendlib.schema import TABLES, Answer
from trendlib.store import frame_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TRACK = {
    "id": "0b0b5a52-1111-4222-8333-444455556666",
    "title": "Low Tide",
    "author": "Tessa Venn",
    "album": "",
    "duration": 28,
    "previewUrl": "https://media.sandbox.invalid/preview.mp3",
    "coverUrl": "https://media.sandbox.invalid/cover.jpg",
    "language": "EN",
    "userCount": 412_980,
    "isCommerceMusic": True,
}
ROW = {
    "track_id": "0b0b5a52-1111-4222-8333-444455556666",
    "title": "Low Tide",
    "artist": "Tessa Venn",
    "album": None,
    "duration_s": 28,
    "preview_url": "https://media.sandbox.invalid/preview.mp3",
    "cover_url": "https://media.sandbox.invalid/cover.jpg",
    "language": "en",
    "uses": 412_980,
    "is_commerce_music": True,
}


def answer(body: Any, status: int = 200, endpoint: str = layers.CATALOGUE) -> Answer:
    return Answer(NOON, "layers", endpoint, {}, status, body)


@pytest.mark.parametrize("body", [{"tracks": [TRACK], "total": 1}, {"data": {"tracks": [TRACK], "total": 1}}])
def test_a_snapshot_is_its_tracks_and_how_many_there_are(body: Any) -> None:
    assert layers.parse(answer(body)).tables == {
        "catalog_tracks": [ROW], "catalog_pulls": [{"total": 1, "items": 1}]
    }  # fmt: skip


def test_an_empty_catalogue_is_a_snapshot_too() -> None:
    assert layers.parse(answer({"tracks": [], "total": 0})).tables == {"catalog_pulls": [{"total": 0, "items": 0}]}


def test_what_is_not_said_is_null_and_a_bad_track_is_one_reject() -> None:
    tracks = [{"id": "a"}, {"title": "nameless"}, "no track", {**TRACK, "userCount": -1}, {"id": "a", "title": "again"}]
    tables = layers.parse(answer({"tracks": tracks})).tables
    bare, counted = tables["catalog_tracks"]
    assert {name for name, value in bare.items() if value is not None} == {"track_id"}
    assert (counted["uses"], counted["title"]) == (None, "Low Tide")
    assert [row["place"] for row in tables["rejects"]] == ["tracks[1]", "tracks[2]", "tracks[3].userCount"]
    assert tables["catalog_pulls"] == [{"total": None, "items": 5}]


def test_a_key_without_the_scope_is_told_which_one_it_lacks() -> None:
    plain = {"error": {"code": "FORBIDDEN_SCOPE", "message": "The request was refused."}}
    with pytest.raises(AuthError, match=r"lacks the scope publish:read.*LAYERS_API_KEY"):
        layers.check(answer(plain, 403))
    named = {"error": {"code": "FORBIDDEN_SCOPE", "message": "This key needs the scope music:read."}}
    with pytest.raises(AuthError, match="lacks the scope music:read"):
        layers.check(answer(named, 403))


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"error": {"code": "UNAUTHENTICATED", "message": "No key."}}, 401, AuthError),
        ({"error": {"code": "INTERNAL", "message": "Oh."}}, 500, UnavailableError),
        ({"error": {"code": "INTERNAL", "message": "Oh."}}, 200, UnavailableError),
        ("", 200, UnavailableError),
        ([], 200, UnavailableError),
        (None, 0, UnavailableError),
        ({"tracks": None}, 200, UnavailableError),
        ({"error": "no such thing"}, 404, ApiError),
    ],
)
def test_what_is_no_catalogue_is_an_error(body: Any, status: int, kind: type[ApiError]) -> None:
    with pytest.raises(kind) as caught:
        layers.parse(answer(body, status))
    assert type(caught.value) is kind


def test_another_endpoint_is_not_read() -> None:
    with pytest.raises(ParseError, match="no endpoint"):
        layers.parse(answer({"tracks": []}, endpoint="/v1/content"))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@given(name=st.sampled_from([*TRACK, "tracks", "total", "code"]), value=VALUES)
def test_a_body_with_anything_in_it_is_rows_that_load_or_an_error(name: str, value: Any) -> None:
    body = {"tracks": [copy.copy(TRACK), copy.copy(TRACK)], "total": 2}
    (body["tracks"][0] if name in TRACK else body)[name] = value
    try:
        tables = layers.parse(answer(body)).tables
    except ApiError:
        return
    proof = {"observed_at": NOON, "answer_id": "one"}
    for table, rows in tables.items():
        assert len(frame_of(TABLES[table], [{**row, **proof} for row in rows])) == len(rows)
    assert all(row["reason"] and row["place"] for row in tables.get("rejects", ()))
