"""Ten thousand broken bodies: none stops a load, each is counted, and what is set aside has its reason."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from chaos.mutations import mutated, written

from trendlib.boards.board import board
from trendlib.config import Config
from trendlib.runs.loading import replay
from trendlib.schema import Call, utc_text
from trendlib.store import Store

MEGABYTES = int(os.environ.get("TRENDLIB_CHAOS_BODY_MB", "5"))
BODIES = int(os.environ.get("TRENDLIB_CHAOS_BODIES", "250"))
SEED = int(os.environ.get("TRENDLIB_CHAOS_SEED", "20261121"))
A_FILE = 250
HANGS_AFTER_S = 60


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


# A program of its own, as the most memory a process ever had can be asked for only once.
READ = """
import re
from pathlib import Path
from trendlib.config import Config
from trendlib.runs.loading import replay

def most_kilobytes():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

before = most_kilobytes()
report = replay([Path("large.jsonl")], Config.load(home=Path("home")))
print(most_kilobytes() - before, report.added, sum(report.reasons.values()))
"""
MOST_MEMORY = 40  # times the body's size: JSON of empty lists takes 25 to be read at all
POST = {"video_id": "7012345678901234567", "create_time": 1763000000, "title": "a #fyp", "play_count": 5, "author": "x"}


@pytest.mark.parametrize("kind", ["text", "tags", "posts", "numbers", "lists", "strangers", "keys"])
def test_a_large_body_is_read_in_bounded_time_and_memory(kind: str, tmp_path: Path, promise: Any) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("only Linux tells how much memory a process had")
    size = MEGABYTES * 2**20
    items: dict[str, Any] = {
        "text": lambda: [{**POST, "title": "x" * size}],
        "tags": lambda: [{**POST, "title": "#a " * (size // 3)}],
        "posts": lambda: [{**POST, "video_id": str(10**18 + number)} for number in range(size // 110)],
        "numbers": lambda: list(range(size // 8)),
        "lists": lambda: [[]] * (size // 4),
        "strangers": lambda: [{"x": "y" * 50}] * (size // 62),
        "keys": lambda: [dict.fromkeys(map(str, range(size // 14)))],
    }
    record = {
        "fetched_at": "2026-11-20T07:00:00Z",
        "provider": "tiklive",
        "endpoint": "/music-posts/",
        "params": {"music_id": "7012345678901234567"},
        "status": 200,
        "body": {"videos": items[kind](), "cursor": "1", "hasMore": False},
    }
    line = json.dumps(record).encode()
    (tmp_path / "large.jsonl").write_bytes(line + b"\n")
    before_s = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run(
        [sys.executable, "-c", READ], cwd=tmp_path, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    took_s = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before_s
    memory, added, rejected = map(int, done.stdout.split())
    times = memory * 1024 / len(line)
    assert (added, rejected > 0 or kind == "posts") == (1, True)
    promise(
        f"A large body is read in bounded time and memory ({kind})",
        f"{len(line) / 2**20:.0f} MB: {took_s:.1f} s of processor time, the start of Python included, "
        f"and {times:.0f} times its size",
        is_held=took_s < HANGS_AFTER_S and times < max(MOST_MEMORY, 400 / MEGABYTES),
    )
