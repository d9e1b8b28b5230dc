"""Disks that are full, folders that may not be written, files that are spoiled, clocks that are wrong.

Every command ends in a sentence that says what to do, never in a traceback; and when that is done, all is as it was.
"""

import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from chaos.acts import trendlib, trendlib_at, trendlib_in
from chaos.kills import Job, Running
from chaos.sweeping import serving_a_sweep
from told import assert_same, make_older, tables

from trendlib.cli import BAD_INPUT, COULD_NOT_RUN, DONE, DONE_WITH_FAILURES
from trendlib.sandbox import World

KILLS = int(os.environ.get("TRENDLIB_CHAOS_KILLS", "8"))
SEED = int(os.environ.get("TRENDLIB_CHAOS_SEED", "20261121"))
TIMES = max(2, KILLS // 10)
WAREHOUSE = Path("warehouse") / "trendlib.duckdb"
UNFORESEEN = "Choose a place that exists"  # the sentence for what no room of trendlib put into words
SWEPT = ("sounds", "sound_observations", "posts", "post_observations", "hashtags", "rejects")
TORN = frozenset({"rejects"})  # where a line that was cut off stands, with its reason


def said(running: Running, *, codes: tuple[int, ...] = (DONE, COULD_NOT_RUN), words: str = "") -> Running:
    """Demand that a command ended as commands do: by itself, in sentences."""
    assert running.code in codes, (running.code, running.said)
    assert "Traceback" not in running.said, running.said
    assert UNFORESEEN not in running.said, running.said
    if running.code in {BAD_INPUT, COULD_NOT_RUN}:
        assert "Error: " in running.said
        assert words in running.said, running.said
    return running


def command(home: Path, *words: str, settings: dict[str, str] | None = None) -> Running:
    return Job(trendlib, ["--home", str(home), *words], home, settings or {}).run()


@pytest.fixture
def copied(replayed: Path, tmp_path: Path) -> Path:
    return shutil.copytree(replayed, tmp_path / "home")


@pytest.fixture
def draw() -> random.Random:
    return random.Random(SEED)  # noqa: S311 - places, not secrets


# The disk


@contextmanager
def disk(place: Path) -> Iterator[Callable[[str], None]]:
    """Mount a small disk, and give what makes it larger."""

    def mount(options: str) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", place], check=True, capture_output=True)

    place.mkdir()
    try:
        mount("size=64k")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root may mount a disk")
    try:
        yield lambda options: mount(f"remount,{options}")
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


@pytest.mark.long
def test_a_full_disk(small_world: World, tmp_path: Path, draw: random.Random, promise: Any) -> None:
    with serving_a_sweep(small_world, tmp_path / "before") as (server, settings):
        calm = shutil.copytree(tmp_path / "before", tmp_path / "calm")
        said(command(calm, "sweep", "--max-pages", "3", settings=settings), codes=(DONE,))
        wanted, price = tables(calm, without=TORN), sum(server.credits.values())
        size = sum(path.stat().st_size for path in calm.rglob("*") if path.is_file())
        stopped, twice = 0, []
        for number in range(TIMES):
            place = tmp_path / f"disk {number}"
            before = sum(server.credits.values())
            with disk(place) as grow:
                grow("size=" + str(int(draw.uniform(0.02, 1.0) * size)))
                home = shutil.copytree(tmp_path / "before", place / "home")
                sweep = Job(trendlib, ["--home", str(home), "sweep", "--max-pages", "3"], tmp_path / "work", settings)
                stopped += said(sweep.run(), codes=(DONE, DONE_WITH_FAILURES, COULD_NOT_RUN)).code != DONE
                grow("size=256m")
                said(sweep.run(), codes=(DONE,))
                assert_same(wanted, tables(home, without=TORN))
            twice.append(sum(server.credits.values()) - before - price)
    assert stopped
    promise(
        "A sweep on a disk that fills up ends in a sentence; with room, once more: the tables of an undisturbed one",
        f"{TIMES} sizes of disk, {stopped} sweeps stopped, at most {max(twice)} answers bought twice",
    )


@pytest.mark.parametrize(
    "words",
    [
        ["rebuild"],
        ["alerts", "--deliver", "csv"],
        pytest.param(["replay"], marks=pytest.mark.long),
        pytest.param(["export", "out"], marks=pytest.mark.long),
    ],
)
def test_no_file_may_grow(recording: Path, replayed: Path, tmp_path: Path, promise: Any, words: list[str]) -> None:
    home = shutil.copytree(replayed, tmp_path / "home")
    said(Job(trendlib, ["--home", str(home), "alerts", "--record"], tmp_path / "work").run(), codes=(DONE,))
    wanted = tables(home)
    if words == ["replay"]:
        wanted, home, words = tables(replayed), tmp_path / "new", ["replay", str(recording)]
    sizes = (100, 300_000) if KILLS < 9 else (100, 20_000, 100_000, 300_000)
    stopped = 0
    for most_bytes in sizes:
        running = Job(trendlib_in, [str(most_bytes), "--home", str(home), *words], tmp_path / "work").run()
        stopped += said(running, codes=(BAD_INPUT, COULD_NOT_RUN, DONE)).code != DONE
    assert stopped
    said(Job(trendlib, ["--home", str(home), *words], tmp_path / "work").run(), codes=(DONE,))
    assert_same(wanted, tables(home))
    promise(
        f"`trendlib {words[0]}` where nothing can be written ends in a sentence; with room it is as it was",
        f"{len(sizes)} limits, {stopped} of them too small",
    )


def test_a_home_that_may_only_be_read(replayed: Path, recording: Path, tmp_path: Path, promise: Any) -> None:
    readings = [["leaderboard"], ["alerts"], ["ledger"], ["export", "out"], ["hashtags"]]
    writings = [
        ["sweep"], ["replay", str(recording)], ["rebuild"], ["alerts", "--record"], ["alerts", "--deliver", "csv"],
        ["follow", "7012345678901234567"], ["export", "../disk/home"], ["discover"],
    ]  # fmt: skip
    settings = {"TIKLIVE_API_KEY": "some-key", "TIKLIVE_BASE_URL": "http://127.0.0.1:9"}
    with disk(tmp_path / "disk") as mount:
        mount("size=64m")
        home = shutil.copytree(replayed, tmp_path / "disk" / "home")
        (home / "watchlist.toml").write_text("sounds = []\nhashtags = ['dance']\nkeywords = ['dance']\n")
        said(Job(trendlib, ["--home", str(home), "alerts", "--record"], tmp_path / "work").run(), codes=(DONE,))
        mount("ro")
        for words in (*readings, *writings):
            running = Job(trendlib, ["--home", str(home), *words], tmp_path / "work", settings).run()
            said(running, codes=(DONE,) if words in readings else (BAD_INPUT, COULD_NOT_RUN))
    promise(
        "A home that may only be read is read; what would write ends in a sentence",
        f"{len(readings)} commands that read, {len(writings)} that write",
    )


# Spoiled files


def spoiled(content: bytes, draw: random.Random) -> bytes:
    """Cut a file off, or put noise or zeros into it, somewhere."""
    place = draw.randrange(len(content))
    noise = draw.choice([b"", bytes(4096), draw.randbytes(4096), bytes([content[place] ^ 1 << draw.randrange(8)])])
    return content[:place] + noise + content[place + len(noise) :] if noise else content[:place]


def test_a_spoiled_warehouse(copied: Path, draw: random.Random, promise: Any) -> None:
    wanted, whole = tables(copied), (copied / WAREHOUSE).read_bytes()
    look = ["leaderboard", "--all", "--max-uses", "none", "--format", "json"]
    board, refused = json.loads(said(command(copied, *look), codes=(DONE,)).said), 0
    assert board
    for _ in range(TIMES):
        (copied / WAREHOUSE).write_bytes(spoiled(whole, draw))
        running = said(command(copied, *look), words="trendlib rebuild")
        refused += running.code != DONE
        assert running.code != DONE or json.loads(running.said) == board
        said(command(copied, "rebuild"), codes=(DONE,))
        assert_same(wanted, tables(copied))
    promise(
        "A spoiled warehouse is refused in a sentence, or answers as before; `trendlib rebuild` makes it anew",
        f"{TIMES} times: {refused} refused, {TIMES - refused} where the damage lay in nothing that was asked",
    )


def test_a_warehouse_of_a_newer_version(copied: Path, promise: Any) -> None:
    wanted, commands = tables(copied), (["leaderboard"], ["sweep"], ["export", "out"])
    with duckdb.connect(str(copied / WAREHOUSE)) as connection:
        connection.execute("CREATE TABLE later (a INT)")
        connection.execute("COMMENT ON TABLE calls IS 'of another version'")
    (copied / "watchlist.toml").write_text("sounds = []\nhashtags = ['dance']\n")
    for words in commands:
        said(
            command(copied, *words, settings={"TIKLIVE_API_KEY": "some-key"}),
            codes=(COULD_NOT_RUN,),
            words="made by a newer version of trendlib: it holds later.a, which this one does not know. Update",
        )
    said(command(copied, "rebuild"), codes=(DONE,))
    assert_same(wanted, tables(copied))
    promise(
        "A warehouse of a newer version is refused in a sentence before anything is bought",
        f"{len(commands)} commands; `trendlib rebuild` made it anew",
    )


def test_a_warehouse_of_an_older_version(
    small_world: World, recording: Path, replayed: Path, tmp_path: Path, promise: Any
) -> None:
    def swept(home: Path) -> Running:
        return said(command(home, "sweep", "--max-pages", "1", settings=settings), codes=(DONE,))

    with serving_a_sweep(small_world, tmp_path / "home") as (server, settings):
        home = shutil.copytree(replayed, tmp_path / "home", dirs_exist_ok=True)
        said(command(home, "alerts", "--record"), codes=(DONE,))
        calm = shutil.copytree(home, tmp_path / "calm")
        swept(calm)
        wanted, price = tables(calm), sum(server.credits.values())
        assert len(wanted["alerts"])
        before = tables(home)
        make_older(home)
        looks = (["leaderboard"], ["alerts"], ["export", "out"])
        for words in looks:
            said(
                command(home, *words), codes=(COULD_NOT_RUN,), words="an older version of trendlib. Run `trendlib rebu"
            )
        renewed = f"made anew from the archive: {len(before['calls']):,} answers, none bought again"
        assert renewed in swept(home).said
        assert sum(server.credits.values()) == 2 * price
        assert_same(wanted, tables(home))
        make_older(home)
        assert "made anew from the archive" in said(command(home, "replay", str(recording)), codes=(DONE,)).said
        assert_same(wanted, tables(home))
    promise(
        "A warehouse of an older version is made anew from the archive by the next sweep or replay, alerts included; "
        "who only looks is told so",
        f"{len(wanted['calls']):,} answers, {len(wanted['alerts'])} alerts; {len(looks)} commands that look",
    )


@pytest.mark.long
def test_a_spoiled_cache(small_world: World, tmp_path: Path, draw: random.Random, promise: Any) -> None:
    names = ("answers.sqlite", "answers.sqlite-wal", "requests.json")
    times = max(1, TIMES // len(names))
    with serving_a_sweep(small_world, tmp_path / "before") as (server, settings):

        def swept(home: Path) -> dict[str, Any]:
            said(command(home, "sweep", "--max-pages", "1", settings=settings), codes=(DONE,))
            found = tables(home)
            return {name: found[name].drop_duplicates(ignore_index=True) for name in SWEPT}

        wanted, price, bought = swept(tmp_path / "before"), sum(server.credits.values()), []
        for number in range(times * len(names)):
            home = shutil.copytree(tmp_path / "before", tmp_path / f"home {number}")
            file = home / "http_cache" / names[number % len(names)]
            content = file.read_bytes() if file.exists() else b""
            file.write_bytes(spoiled(content or bytes(9999), draw))
            before = sum(server.credits.values())
            assert_same(wanted, swept(home))
            bought.append(sum(server.credits.values()) - before)
        assert 0 < max(bought) <= price
    promise(
        "A spoiled cache stops no sweep, and puts nothing wrong into the warehouse",
        f"{times} times each: {', '.join(names)}; the same tables, {min(bought)} to {max(bought)} of {price} answers "
        "bought anew",
    )


def test_torn_recordings(copied: Path, draw: random.Random, promise: Any) -> None:
    whole = len(tables(copied)["calls"])
    (kept,) = (copied / "archive").glob("replay-*")
    content, left = kept.read_bytes(), []
    for _ in range(TIMES):
        kept.write_bytes(content[: draw.randrange(100, len(content))])
        said(command(copied, "rebuild"), codes=(DONE,))
        found = tables(copied)
        assert len(found["rejects"]) == 1
        assert 0 < len(found["calls"]) < whole
        left.append(len(found["calls"]))
    kept.write_bytes(content)
    said(command(copied, "rebuild"), codes=(DONE,))
    assert len(tables(copied)["calls"]) == whole
    promise(
        "A recording that breaks off is read as far as it goes, and the break is set aside with its place",
        f"{TIMES} times: {min(left):,} to {max(left):,} of {whole:,} answers",
    )


# Clocks, zones, tongues


def test_a_clock_that_is_wrong(small_world: World, tmp_path: Path, promise: Any) -> None:
    now = datetime.now(UTC)
    clocks = [now, now - timedelta(days=1), now + timedelta(days=400), now - timedelta(hours=3), now]
    clocks = clocks[: 2 if KILLS < 9 else None]
    with serving_a_sweep(small_world, tmp_path / "home") as (_, settings):
        home = tmp_path / "home"
        for clock in clocks:
            sweep = [clock.isoformat(), "--home", str(home), "sweep", "--max-pages", "1"]
            said(Job(trendlib_at, sweep, home, settings).run(), codes=(DONE,))
        before = tables(home)
        assert len(before["posts"])
        for year in (1970, 2150):
            sweep = [f"{year}-01-01T00:00:00+00:00", "--home", str(home), "sweep"]
            said(Job(trendlib_at, sweep, home, settings).run(), codes=(COULD_NOT_RUN, BAD_INPUT))
        assert_same(before, tables(home))
        said(command(home, "rebuild"), codes=(DONE,))
        assert_same(before, tables(home))
    promise("A clock set back or ahead loses nothing; one that cannot be right is refused", f"{len(clocks) + 2} clocks")


@pytest.mark.long
def test_zones_and_tongues(replayed: Path, tmp_path: Path, promise: Any) -> None:
    home = shutil.copytree(replayed, tmp_path / "home")
    plain = command(home, "leaderboard", "--format", "json", settings={"TZ": "UTC"})
    assert json.loads(plain.said)
    places = [
        {"TZ": "Asia/Kathmandu", "LC_ALL": "tr_TR.UTF-8"},
        {"TZ": "Pacific/Apia", "LC_ALL": "C"},
        {"TZ": "Nowhere/AtAll", "LC_ALL": "xx_XX"},
    ]
    for place in places:
        found = said(command(home, "leaderboard", "--format", "json", settings=place), codes=(DONE,))
        assert json.loads(found.said) == json.loads(plain.said)
        for words in (["leaderboard"], ["hashtags"]):
            said(command(home, *words, settings=place), codes=(DONE,))
    promise("Time zone and locale change no number and stop no command", f"{len(places)} places")
