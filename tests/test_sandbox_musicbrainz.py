"""The public catalogue of the practice world: some artists, their releases, and an error for the rest."""

from datetime import UTC, datetime
from typing import Any

import pytest

from trendlib.sandbox import Server, World

AGENT = {"User-Agent": "a test ( me@sandbox.invalid )"}


@pytest.fixture(scope="module")
def server() -> Server:
    return Server(World(sounds=60, hashtags=1, days=10))


def ask(server: Server, path: str, **params: str) -> tuple[int, Any]:
    return server.answer(f"/ws/2/{path}", params, AGENT)


def artists(server: Server) -> dict[str, Any]:
    """Every artist of the world that is known there, by name."""
    names = {sound.artist for sound in server.world.catalogue if sound.artist}
    found = [one for name in sorted(names) for one in ask(server, "artist", query=f'"{name}"')[1]["artists"]]
    return {one["name"]: one for one in found if one["score"] == 100}


def test_some_artists_are_known_and_some_are_not(server: Server) -> None:
    names = {sound.artist for sound in server.world.catalogue if sound.artist}
    assert 0 < len(artists(server)) < len(names)


def test_a_part_of_a_name_fits_less_well(server: Server) -> None:
    name, artist = next(iter(artists(server).items()))
    _, body = ask(server, "artist", query=f'"{name[:-1]}"')
    assert {one["id"]: one["score"] for one in body["artists"]}[artist["id"]] == 70


def test_an_artist_has_a_release_a_song_in_pages(server: Server) -> None:
    for artist in artists(server).values():
        _, whole = ask(server, "release", artist=artist["id"], limit="100")
        total = whole["release-count"]
        assert total == len(whole["releases"]) > 0
        parts = [ask(server, "release", artist=artist["id"], limit="1", offset=str(one))[1] for one in range(total)]
        assert [one for part in parts for one in part["releases"]] == whole["releases"]


def test_what_is_unknown_or_empty_is_refused(server: Server) -> None:
    assert ask(server, "artist", query="")[0] == 400
    assert ask(server, "release", artist="nobody") == (404, {"error": "Not Found"})
    assert ask(server, "label") == (404, {"error": "Not Found"})


def test_who_does_not_say_whom_to_write_to_is_refused(server: Server) -> None:
    status, body = server.answer("/ws/2/artist", {"query": '"a"'}, {"User-Agent": "trendlib"})
    assert (status, "whom to write to" in body["error"]) == (403, True)


def test_it_is_the_same_world_whatever_the_time(server: Server) -> None:
    before = artists(server)
    server.now = datetime(2026, 9, 8, tzinfo=UTC)
    assert artists(server) == before
