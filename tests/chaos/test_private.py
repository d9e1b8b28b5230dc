"""What lies in a home is for its owner's eyes only, whatever the umask says."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trendlib.config import Config
from trendlib.deliver.deliveries import Deliveries
from trendlib.monitor import Monitor
from trendlib.review.cut import Cut, write_cut
from trendlib.runs.loading import rebuild, replay
from trendlib.runs.sweep import Limits
from trendlib.sandbox import Server, World

WORKING = ("archive", "http_cache", "warehouse", "reviews", "alerts", "deliveries.jsonl", "deliveries.lock")


@pytest.fixture
def careless() -> Iterator[None]:
    """Be a user whose files are open to everybody."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(home: Path) -> dict[str, str]:
    """Give who may do what, of all that a home's work leaves."""
    paths = [path for path in home.rglob("*") if path.relative_to(home).parts[0] in WORKING]
    return {str(path.relative_to(home)): stat.filemode(path.stat().st_mode) for path in paths}


@pytest.mark.usefixtures("careless")
def test_all_that_work_leaves_in_a_home_is_its_owners_only(
    small_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, promise: Any
) -> None:
    home, seen = tmp_path / "home", {}
    home.mkdir()
    listed = json.dumps([sound.sound_id for sound in small_world.catalogue[:4]])
    (home / "watchlist.toml").write_text(f"sounds = {listed}\n")
    with Server(small_world, rate_per_minute=None) as server:
        monkeypatch.setenv("TIKLIVE_BASE_URL", server.url)
        monkeypatch.setenv("TIKLIVE_API_KEY", server.keys["tiklive"])
        config = Config.load(home=home, requests_per_minute=0, page_gap_s=0.0)
        monitor = Monitor(config)
        monitor.sweep(
            limits=Limits(max_pages=1), on_progress=lambda *_: seen.update(modes(home))
        )  # while files of libraries are open
    monitor = Monitor(config)
    monitor.outbox().alerts("csv,json,parquet")
    write_cut(Cut(), config.reviews_folder, monitor.as_of)
    Deliveries(config.delivery_file).open("slack", monitor.as_of)
    seen |= modes(home)
    recording = next(config.archive_folder.glob("*.gz"))
    other = Config.load(home=tmp_path / "other")
    replay([recording], other)
    rebuild(other)
    seen |= {f"replayed {name}": mode for name, mode in modes(other.home).items()}
    assert {name.split("/")[0] for name in seen} >= set(WORKING)
    assert any("-wal" in name for name in seen), "no file of a library was open"
    open_ = {name: mode for name, mode in seen.items() if mode[4:] != "------"}
    assert not open_
    promise(
        "Archive, cache, warehouse, notes and outbox are their owner's only",
        f"{len(seen)} files and folders under umask 0: all 0600 and 0700",
    )
