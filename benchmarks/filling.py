"""How fast recordings become a warehouse: replay and rebuild, beside reading the same JSON by hand.

    python -m benchmarks.filling [DAYS]

The recording is the practice world's, a sweep a day. By hand means: each line parsed with orjson (Python's own json
where orjson is not installed), the items picked out without any check, and appended to DuckDB as frames, table by
table; no archive is kept, nothing is checked or told apart. Processor seconds count; each run is a process of its own.
Then the days are replayed one by one, as a home grows; and two files, one four times as long, for their memory.
"""

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from benchmarks.promises import Promise, memory, spending, table
from trendlib.config import Config
from trendlib.runs.loading import rebuild, replay
from trendlib.sandbox import Feeds, Practice, World
from trendlib.sandbox.recorder import SweepPlan, record
from trendlib.store import Store

DAYS, SOUNDS = 28, 60
ENOUGH = 3.0
FLAT = 1.25
LONG, LONGER = 2, 4
POST = ("create_time", "region", "title", "duration", "is_top", "is_ad")
COUNTERS = ("play_count", "digg_count", "comment_count", "share_count", "collect_count")
STATS = ("followerCount", "followingCount", "heartCount", "videoCount")
ENTRY = (
    "clip_id", "song_id", "title", "author", "country_code", "if_cml", "rank", "rank_diff", "rank_diff_type",
    "promoted", "duration", "link", "cover", "on_list_times",
)  # fmt: skip


def measure(days: int = DAYS) -> list[Promise]:
    """Record, replay, rebuild, do it by hand; then day by day, and a longer file."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        whole, by_day = recorded(folder, days)
        long, longer = (_repeated(whole, folder / f"{times}.jsonl.gz", times) for times in (LONG, LONGER * LONG))
        hand = min(_apart("by_hand", whole, folder / f"hand{one}")[0] for one in range(2))
        replayed = min(_apart("replayed", whole, folder / f"replayed{one}")[0] for one in range(2))
        rebuilt = min(_apart("rebuilt", whole, folder / f"replayed{one}")[0] for one in range(2))
        most, most_longer = (_apart("replayed", one, folder / one.name[:2])[1] for one in (long, longer))
        added = [_apart("replayed", file, folder / "daily")[0] / _lines(file) * 1e3 for file in by_day]
        posts = posts_in(folder / "replayed0")
        size = Config.load(home=folder / "replayed0").warehouse_file.stat().st_size
    parser = "orjson" if find_spec("orjson") else "Python's json, as orjson is not installed"
    few = max(len(added) // 4, 1)
    first, last = sum(added[1 : few + 1]) / few, sum(added[-few:]) / few
    why = (
        f"{hand:.1f} s by hand with {parser}; ours checks each field, names each answer by its content, keeps evidence"
    )
    times = [f"{one / hand:.1f} ×" for one in (replayed, rebuilt)]
    held = f"{most:.2f} GB, then {most_longer:.2f} GB"
    daily = f"{first:.1f} ms an answer on the first days, {last:.1f} ms on the last"
    each = f"{size / posts / 1e3:.2f} GB a million posts"
    return [
        Promise("replay: at most 3 × parsing and appending by hand", times[0], replayed <= ENOUGH * hand, why),
        Promise("rebuild: at most 3 × the same", times[1], rebuilt <= ENOUGH * hand),
        Promise(f"memory for a file {LONGER} times as long: flat", held, most_longer <= FLAT * most),
        Promise(f"cost per added day, {days} days one by one: flat", daily, last <= FLAT * first),
        Promise(f"a warehouse of {posts:,} posts, counters and all", each),
    ]


def _lines(file: Path) -> int:
    with gzip.open(file) as lines:
        return sum(1 for _ in lines)


def recorded(folder: Path, days: int) -> tuple[Path, list[Path]]:
    """Record the practice world: in one file, and in a file a day."""
    practice = Practice(Feeds(World(seed=3, sounds=SOUNDS, hashtags=5, days=days), "newest", 600))
    whole = folder / "whole.jsonl.gz"
    record(practice, whole, SweepPlan())
    by_day: dict[str, list[str]] = defaultdict(list)
    with gzip.open(whole, "rt", encoding="utf-8") as lines:
        for line in lines:
            by_day[json.loads(line)["fetched_at"][:10]].append(line)
    files = []
    for day, texts in sorted(by_day.items()):
        files.append(folder / f"{day}.jsonl.gz")
        with gzip.open(files[-1], "wt", encoding="utf-8") as file:
            file.writelines(texts)
    return whole, files


def _repeated(path: Path, longer: Path, times: int) -> Path:
    """Write a recording several times, each as if it came a year later."""
    with gzip.open(longer, "wt", encoding="utf-8") as file:
        for more in range(times):
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                file.writelines(line.replace('"fetched_at":"2026', f'"fetched_at":"{2026 + more}', 1) for line in lines)
    return longer


def posts_in(home: Path) -> int:
    """Count the posts of a home."""
    with Store(Config.load(home=home).warehouse_file).as_of(datetime(2100, 1, 1, tzinfo=UTC)) as world:
        return len(world.frame("posts"))


def _apart(what: str, file: Path, home: Path) -> tuple[float, float]:
    """Do one thing in a process of its own: seconds of processor, and the most memory it held [GB]."""
    command = [sys.executable, "-m", "benchmarks.filling", "--here", what, str(file), str(home)]
    told = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - this very program
    seconds, held = map(float, told.stdout.split()[-2:])
    return seconds, held


def replayed(file: Path, home: Path) -> None:
    """Replay a recording."""
    replay([file], Config.load(home=home))


def rebuilt(_: Path, home: Path) -> None:
    """Make the warehouse anew from the archive."""
    rebuild(Config.load(home=home))


def by_hand(file: Path, home: Path) -> None:
    """Parse and append, as a script would."""
    home.mkdir()
    loads: Callable[[str], Any] = __import__("orjson").loads if find_spec("orjson") else json.loads
    rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            answer = loads(line)
            for name, row in _picked(answer, answer["fetched_at"]):
                rows[name].append(row)
    with duckdb.connect(str(home / "by_hand.duckdb")) as connection:
        for name, found in rows.items():
            connection.from_df(pd.DataFrame(found)).create(name)


def _picked(answer: dict[str, Any], at: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Pick out what the warehouse keeps too."""
    body, endpoint = answer["body"] if isinstance(answer["body"], dict) else {}, answer["endpoint"]
    data = body.get("data") or body
    params = json.dumps(answer["params"])
    yield "calls", (at, answer["provider"], endpoint, params, answer["status"])
    if endpoint == "/music-info/":
        yield "sounds", _sound(at, data)
        yield "sound_observations", (at, data.get("id"), data.get("video_count"))
    if endpoint == "/challenge-info-name/":
        yield "hashtags", (at, data.get("cha_name"), data.get("id"), data.get("desc"), data.get("is_commerce"))
        yield "hashtag_observations", (at, data.get("cha_name"), data.get("user_count"), data.get("view_count"))
    if endpoint == "/userinfo-by-username/":
        stats = data.get("stats", {})
        yield "creator_observations", (at, data.get("user", {}).get("id"), *map(stats.get, STATS))
    for one in data.get("sound_list", ()):
        yield "chart_entries", (at, params, *map(one.get, ENTRY), json.dumps(one.get("trend")))
    if "videos" in data:
        yield "feed_pages", (at, endpoint, params, data.get("cursor"), data.get("hasMore"), len(data["videos"]))
    for one in data.get("videos", ()):
        yield from _post(at, one)


def _sound(at: str, music: dict[str, Any]) -> tuple[Any, ...]:
    return (at, *map(music.get, ("id", "title", "author", "album", "duration", "original")))


def _post(at: str, one: dict[str, Any]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    post, author, music = one.get("video_id"), one.get("author") or {}, one.get("music_info") or {}
    yield "posts", (at, post, music.get("id"), author.get("id"), *map(one.get, POST), bool(one.get("images")))
    yield "post_observations", (at, post, *map(one.get, COUNTERS))
    yield "creators", (at, *map(author.get, ("id", "unique_id", "nickname", "verified")))
    yield "sounds", _sound(at, music)
    for word in str(one.get("title")).split():
        if word.startswith("#"):
            yield "post_hashtags", (at, post, word[1:].casefold())


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what was measured; or do one thing, when told so."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("days", type=int, nargs="?", default=DAYS)
    parser.add_argument("--here", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if not given.here:
        print(table(measure(given.days)))
        return
    what, file, home = given.here
    with spending() as spent:
        {"by_hand": by_hand, "replayed": replayed, "rebuilt": rebuilt}[what](Path(file), Path(home))
    print(spent.processor_s, memory() / 1e6)


if __name__ == "__main__":
    main()
