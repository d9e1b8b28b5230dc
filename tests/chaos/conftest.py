"""What is promised, and what was measured: tests record it, and a run of this folder ends in a table of it.

``TRENDLIB_CHAOS_TABLE`` names a file that the table is written to as well, with the date and the machine: what
``docs/trust.md`` shows, to the letter.
"""

import os
import platform
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from chaos.acts import trendlib
from chaos.kills import Job

from trendlib.api import keyapi, layers, musicbrainz, tiklive_calls
from trendlib.api.keyapi import Chart
from trendlib.sandbox import Server, SweepPlan, World, record
from trendlib.schema import Call

HEAD = ("promise", "measured", "held")
PARTS = {
    "Nothing lost": ("test_kills", "test_disasters", "test_overlaps"),
    "Bad input": ("test_bodies", "test_parsers", "test_files", "test_commands"),
    "Nothing leaked, no one in": ("test_secrets", "test_private", "test_hostile", "test_doors"),
}
ENOUGH_KILLS = 200
IS_LONG = "TRENDLIB_CHAOS_KILLS" in os.environ
Promise = Callable[..., None]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave what takes long to ``make chaos``."""
    late = [] if IS_LONG else [item for item in items if item.get_closest_marker("long")]
    items[:] = [item for item in items if item not in late]
    config.hook.pytest_deselected(items=late)


@pytest.fixture
def promise(request: pytest.FixtureRequest) -> Promise:
    """Give what puts a row into the table, and fails the test when a promise is not held."""

    def record(name: str, measured: str, *, is_held: bool = True, kills: int = 0) -> None:
        request.node.user_properties += [("promise", [name, measured, _word(is_held=is_held)]), ("kills", kills)]
        assert is_held, f"{name}: {measured}"

    return record


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    known = [one for kind in ("passed", "failed", "error") for one in terminalreporter.stats.get(kind, [])]
    reports = [one for one in known if isinstance(one, pytest.TestReport)]  # a module that can't be read has none
    lines = list(_parts(reports))
    if not lines:
        return
    terminalreporter.section("Trust")
    terminalreporter.write_line("\n".join(lines))
    if target := os.environ.get("TRENDLIB_CHAOS_TABLE"):
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).write_text("\n".join([machine(), "", *lines]), encoding="utf-8")


def machine() -> str:
    """Say when and on what machine this is."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()} on {platform.machine()}, {os.cpu_count()} cores, "
        f"{memory:.0f} GiB, Python {platform.python_version()}, DuckDB {duckdb.__version__}"
    )


def _word(*, is_held: bool) -> str:
    return "yes" if is_held else "no"


def _rows(report: pytest.TestReport) -> Iterator[tuple[str, ...]]:
    found = [tuple(row) for name, row in report.user_properties if name == "promise"]
    if report.failed and not any(row[-1] == "no" for row in found):
        name = report.nodeid.rpartition("::")[2].removeprefix("test_").replace("_", " ")
        yield name, "the test failed before it could measure", "no"
    # every phase of a test carries what was recorded so far
    yield from found if report.when == "call" else []


def _parts(reports: list[pytest.TestReport]) -> Iterator[str]:
    """Give the table of each part that was tried, under its heading."""
    for part, modules in PARTS.items():
        here = [one for one in reports if Path(one.nodeid.partition("::")[0]).stem in modules]
        rows = sorted(row for one in here for row in _rows(one))
        done = [one for one in here if one.when == "call"]
        kills = sum(number for one in done for name, number in one.user_properties if name == "kills")
        if kills and IS_LONG:
            told = f"{kills} kills of jobs under way"
            rows.append((f"All of this with {ENOUGH_KILLS} kills", told, _word(is_held=kills >= ENOUGH_KILLS)))
        if rows:
            yield from (f"### {part}", "", *_table([HEAD, *rows]), "")


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        if number == 0:
            yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"


@pytest.fixture(scope="session")
def recording(small_world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a recording of twelve days of a small world."""
    file = tmp_path_factory.mktemp("recording") / "twelve_days.jsonl.gz"
    server = Server(small_world, rate_per_minute=None)
    record(server.source, file, SweepPlan(first=(small_world.end - timedelta(days=12)).date(), most_pages=2))
    return file


@pytest.fixture(scope="session")
def replayed(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a home that holds the recording, to copy."""
    home = tmp_path_factory.mktemp("replayed") / "home"
    running = Job(trendlib, ["--home", str(home), "replay", str(recording)], home).run()
    assert running.code == 0, running.said
    return home
