"""Ten thousand broken bodies: none stops a load, each is counted, and what is set aside has its reason."""

import os
import random
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from chaos.mutations import mutated, written

from trendlib.api import keyapi, layers, musicbrainz, tiklive_calls
from trendlib.api.keyapi import Chart
from trendlib.board import board
from trendlib.config import Config
from trendlib.loading import replay
from trendlib.sandbox import Server, World
from trendlib.schema import Call, utc_text
from trendlib.store import Store

BODIES = int(os.environ.get("TRENDLIB_CHAOS_BODIES", "250"))
SEED = int(os.environ.get("TRENDLIB_CHAOS_SEED", "20261121"))
A_FILE = 250
HANGS_AFTER_S = 15


@pytest.fixture(scope="module")
def bodies(small_world: World) -> dict[str, list[tuple[Call, Any]]]:
    """Give a true answer of each endpoint, by provider."""
    server = Server(small_world, rate_per_minute=None)
    server.now = small_world.end - timedelta(hours=1)
    sound, tag = small_world.catalogue[0], small_world.tags[0]

    def asked(call: Call) -> tuple[Call, Any]:
        status, body = server.source.answer(call.endpoint, call.params, server.now)
        assert status == 200, (call, body)
        return call, body

    artist = next(
        call
        for one in small_world.catalogue
        if one.artist and asked(call := musicbrainz.artist_search(one.artist))[1]["artists"]
    )
    artist_id = asked(artist)[1]["artists"][0]["id"]
    posts = asked(tiklive_calls.music_posts(sound.sound_id))
    post = posts[1]["videos"][0] if "videos" in posts[1] else posts[1]["data"]["videos"][0]
    handle = post["author"]["unique_id"]
    found = [
        asked(tiklive_calls.music_info(sound.sound_id)),
        posts,
        asked(tiklive_calls.search_videos("dance")),
        asked(tiklive_calls.user_posts(handle)),
        asked(tiklive_calls.user_info(handle)),
        asked(tiklive_calls.post_detail(post["video_id"])),
        asked(tiklive_calls.hashtag_info(tag.name)),
        asked(tiklive_calls.search_hashtags(tag.name)),
        asked(keyapi.trending(Chart(region="US", period_days=7))),
        asked(keyapi.detail(sound.sound_id, region="US")),
        asked(layers.catalogue()),
        asked(artist),
        asked(musicbrainz.releases(artist_id)),
    ]
    providers = dict.fromkeys(call.provider for call, _ in found)
    return {name: [one for one in found if one[0].provider == name] for name in providers}


@contextmanager
def _watched() -> Iterator[None]:
    """Raise where a load hangs, so that the traceback says where; its own processor time counts, not the machine's."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"nothing came of a file in {HANGS_AFTER_S} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, HANGS_AFTER_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _lines(samples: list[tuple[Call, Any]], known_at: datetime, draw: random.Random) -> Iterator[bytes]:
    for number in range(BODIES):
        call, body = draw.choice(samples)
        record: Mapping[str, Any] = {
            "fetched_at": utc_text(known_at + timedelta(seconds=number)),
            "provider": call.provider,
            "endpoint": call.endpoint,
            "params": dict(call.params),
            "status": 200,
            "body": mutated(body, draw),
        }
        line = written(record)
        if draw.random() < 0.02:
            place = draw.randrange(len(line))
            line = line[:place] + bytes([draw.choice([0x00, 0x80, 0xC3, 0xFF])]) + line[place + 1 :]
        yield line.replace(b"\n", b" ")


@pytest.mark.parametrize("provider", ["tiklive", "keyapi", "layers", "musicbrainz"])
def test_broken_bodies_are_counted_or_set_aside_and_the_boards_still_stand(
    provider: str, bodies: dict[str, list[tuple[Call, Any]]], tmp_path: Path, promise: Any
) -> None:
    known_at = datetime(2026, 11, 20, 7, tzinfo=UTC)
    config = Config.load(home=tmp_path / "home")
    draw = random.Random(f"{SEED} {provider}")  # noqa: S311 - breaks, not secrets
    lines = _lines(bodies[provider], known_at, draw)
    reports = []
    while part := list(islice(lines, A_FILE)):
        recording = tmp_path / "broken.jsonl"
        recording.write_bytes(b"\n".join([*part, b""]))
        with _watched():
            reports.append(replay([recording], config))
    added = sum(report.added for report in reports)
    assert added == sum(report.read for report in reports)
    assert added + sum(report.lines_rejected for report in reports) == BODIES
    assert any(report.reasons for report in reports)
    with Store(config.warehouse_file).as_of(known_at + timedelta(days=2)) as world:
        rejects, calls = world.frame("rejects"), world.frame("calls")
        assert len(calls) == added
        assert (rejects["reason"].str.len() > 0).all()
        if len(world.frame("sound_observations")):
            assert board(world).leaderboard()["status"].notna().all()
    set_aside = sum(sum(one.reasons.values()) for one in reports)
    promise(
        f"Broken bodies of {provider} stop no load, and each is counted",
        f"{BODIES:,} bodies, {added:,} loaded, {set_aside:,} items and lines set aside with a reason",
    )
