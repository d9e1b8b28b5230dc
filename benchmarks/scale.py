"""How far one machine goes: the boards of millions of posts, made in DuckDB and by Spark on the same machine.

    python -m benchmarks.scale FOLDER [MILLIONS …] [--engine duckdb] [--engine spark]

A million made-up posts are of a thousand sounds over sixty days, a post, its counters, its creator and a hashtag each,
with a counter reading and a page of the feed for every sound and day. The boards are those of
``examples/spark_board.py``: leaderboard, breakouts of the last four weeks, region mix. Each engine has a process of
its own; DuckDB reads the warehouse, Spark, a standalone cluster of one master and two workers, what ``trendlib export``
makes of it. Seconds of processor are told beside seconds of the clock, as they hold on a busy machine too; memory is
the most that the process and its children ever held (Linux). What was measured is kept in FOLDER, so sizes can be
measured one by one and told together.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from benchmarks.promises import memory, processor
from trendlib import metrics
from trendlib.boards.board import COUNTED, World, board
from trendlib.store import Store

ENGINES = ("duckdb", "spark")
MEASURED = "measured.jsonl"
MEMORY, SHUFFLES = "3g", 8
A_MILLION = 1_000_000
A_SLICE = 10 * A_MILLION  # of posts made at once, so that making them needs little memory
TIKTOK_A_DAY = 100 * A_MILLION  # an estimate that is often quoted; nobody outside knows
BOARD_DAYS = 46
END = datetime(2026, 11, 16, 7, tzinfo=UTC)
DAYS = 60
SEEN = """
SELECT *, TIMESTAMPTZ '{end}' - to_microseconds(age // 86400 * 86400000000 + 1000000) AS observed_at,
  TIMESTAMPTZ '{end}' - to_seconds(1 + age) AS posted_at
FROM (SELECT printf('7%018d', i) AS post_id,
  printf('6%018d', CAST(floor(power(hash(i, 1) % 1000003 / 1000003.0, 2) * {sounds}) AS BIGINT)) AS sound_id,
  printf('5%018d', hash(i, 2) % {creators}) AS creator_id, CAST(hash(i, 3) % {span} AS BIGINT) AS age,
  ['US','US','US','BR','BR','GB','MX','ID','DE',NULL][1 + CAST(hash(i, 4) % 10 AS INT)] AS region,
  printf('made-up post %d #tag%d', i, hash(i, 5) % 500) AS caption, hash(i, 5) % 500 AS tag,
  CAST(exp(5 + hash(i, 6) % 700 / 100.0) AS BIGINT) AS views, printf('%016x', hash(i // 30)) AS answer_id
  FROM range({first}, {last}) AS t(i))
"""
POSTS = """
INSERT INTO posts BY NAME SELECT post_id, sound_id, creator_id, posted_at, region, caption, 15 AS duration_s,
  false AS is_photo, false AS is_pinned, false AS is_ad, observed_at, answer_id FROM {seen};
"""
OTHERS = """
INSERT INTO post_observations BY NAME SELECT post_id, views, views // 9 AS likes, views // 300 AS comments,
  views // 150 AS shares, views // 90 AS saves, observed_at, answer_id FROM seen;
INSERT INTO creators BY NAME SELECT creator_id, 'creator' || creator_id AS handle, 'Creator ' || creator_id AS nickname,
  false AS is_verified, observed_at, answer_id FROM seen;
INSERT INTO post_hashtags BY NAME SELECT post_id, 'tag' || tag AS hashtag, observed_at, answer_id FROM seen;
CREATE TEMP TABLE asked AS SELECT printf('6%018d', s) AS sound_id,
  TIMESTAMPTZ '{end}' - to_days(CAST({days} - 1 - d AS INT)) - INTERVAL 1 SECOND AS observed_at,
  printf('%016x', hash(s, d)) AS answer_id FROM range({sounds}) AS a(s), range({days}) AS b(d);
INSERT INTO sounds BY NAME SELECT sound_id, 'Sound ' || sound_id AS title, 'Artist' AS artist, 'Album' AS album,
  60 AS duration_s, false AS is_original, observed_at, answer_id FROM asked;
CREATE TEMP TABLE daily AS SELECT sound_id, observed_at, count(*) AS posts FROM seen GROUP BY ALL;
INSERT INTO sound_observations BY NAME SELECT sound_id, observed_at, answer_id,
  CAST(5000 + sum(coalesce(posts, 0)) OVER (PARTITION BY sound_id ORDER BY observed_at) AS BIGINT) AS total_uses
  FROM asked LEFT JOIN daily USING (sound_id, observed_at);
INSERT INTO feed_pages BY NAME SELECT 'sound' AS subject, sound_id AS subject_id, false AS has_more, 30 AS items,
  30 AS items_read, observed_at AS newest_posted_at, observed_at - INTERVAL 2 DAY AS oldest_posted_at, 29 AS pairs,
  0 AS rises, observed_at, answer_id FROM asked;
INSERT INTO calls BY NAME SELECT 'made' AS sweep_id, 'tiklive' AS provider, '/music-posts/' AS endpoint,
  '{{"music_id": "' || sound_id || '"}}' AS params, 200 AS status, 1 AS credits, observed_at, answer_id FROM asked;
"""


def make(folder: Path, posts: int, *, are_alone: bool = False) -> Store:
    """Make a warehouse of so many posts, and export it, or of posts alone; what is there already stays."""
    store = Store(folder / f"{posts}.duckdb")
    if not store.path.exists():
        partial = Store(folder / f"{posts}.partial")
        partial.append([])
        numbers = {"sounds": posts // 1_000, "creators": posts // 3, "days": DAYS}
        with duckdb.connect(str(partial.path)) as connection:
            connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
            connection.execute(f"SET temp_directory = '{folder}/spilled'")
            slice_of = A_SLICE if are_alone else posts
            for first in range(0, posts, slice_of):
                edges = {"first": first, "last": min(first + slice_of, posts)}
                given = {**numbers, **edges, "end": END.isoformat(), "span": DAYS * 86_400}
                if are_alone:
                    connection.execute(POSTS.format(seen=f"({SEEN.format(**given)})"))
                else:
                    connection.execute(f"CREATE TEMP TABLE seen AS {SEEN.format(**given)}")
                    connection.execute((POSTS + OTHERS).format(**given, seen="seen"))
        if not are_alone:
            partial.export(folder / str(posts))
        store.replace_with(partial)
    return store


def measure(engine: str, folder: Path, posts: int) -> dict[str, Any]:
    """Make the boards once, and tell what that took; they are kept to be compared."""
    began, busy = time.perf_counter(), processor()
    with _by_spark(folder / str(posts)) if engine == "spark" else Store(folder / f"{posts}.duckdb").as_of(END) as world:
        took, made = boards(world)
        whole = {"clock_s": time.perf_counter() - began, "processor_s": processor() - busy, "memory_gb": memory() / 1e6}
    for name, frame in made.items():
        frame.reset_index(drop=True).to_pickle(folder / f"{posts}.{engine}.{name}")
    rows = sum(map(len, made.values()))
    return {"engine": engine, "posts": posts, "rows": rows, "boards_s": took, **whole}


def boards(world: World) -> tuple[float, dict[str, pd.DataFrame]]:
    """Make leaderboard, breakouts and region mix: seconds of the clock, and the boards."""
    began = time.perf_counter()
    found = board(world)
    leaders, flags = found.leaderboard(), found.flags
    mix = metrics.region_mix(world.posts(leaders["sound_id"].tolist(), COUNTED), as_of=world.as_of)
    return time.perf_counter() - began, {"leaderboard": leaders, "breakouts": flags, "region_mix": mix}


def are_equal(folder: Path, posts: int) -> bool:
    """Tell whether both engines made the same boards, to rounding."""
    for name in ("leaderboard", "breakouts", "region_mix"):
        one, other = (pd.read_pickle(folder / f"{posts}.{engine}.{name}") for engine in ENGINES)  # noqa: S301 - our own
        try:
            pd.testing.assert_frame_equal(one, other, rtol=1e-9, atol=1e-12)
        except AssertionError:
            return False
    return True


@contextmanager
def _by_spark(folder: Path) -> Iterator[World]:
    from pyspark.sql import SparkSession  # noqa: PLC0415 - Spark is an extra, and DuckDB's process is measured without

    from benchmarks.spark_cluster import cluster  # noqa: PLC0415 - the same
    from trendlib.exported import Exported  # noqa: PLC0415 - the same

    settings = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false",
                "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
                "spark.driver.memory": MEMORY, "spark.executor.memory": MEMORY}  # fmt: skip
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch, cluster(Path(scratch), memory=MEMORY) as (where, _):
        builder = SparkSession.builder.master(where).config("spark.local.dir", scratch)
        for name, value in settings.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("OFF")
        session.conf.set("spark.sql.shuffle.partitions", SHUFFLES)
        yield Exported(session, str(folder), END)
        session.stop()


def measured(folder: Path) -> dict[tuple[int, str], dict[str, Any]]:
    """Give what was measured in a folder, by number of posts and engine."""
    lines = (folder / MEASURED).read_text().splitlines()
    return {(one["posts"], one["engine"]): one for one in map(json.loads, lines)}


def report(folder: Path) -> None:
    """Print what was measured, and what it says of larger numbers."""
    found = measured(folder)
    head = f"{'posts':>11} {'engine':<7} {'boards s':>9} {'clock s':>8} {'processor s':>12} {'memory GB':>10}"
    print(f"{head} {'warehouse GB':>13} {'export GB':>10}")
    for (posts, engine), one in sorted(found.items()):
        sizes = [_size(folder / f"{posts}.duckdb"), _size(folder / str(posts))]
        print(f"{posts:>11,} {engine:<7} {one['boards_s']:>9.1f} {one['clock_s']:>8.1f} {one['processor_s']:>12.1f} "
              f"{one['memory_gb']:>10.2f} {sizes[0]:>13.2f} {sizes[1]:>10.2f}")  # fmt: skip
    for posts in sorted({posts for posts, _ in found}):
        pair = [found.get((posts, engine)) for engine in ENGINES]
        if all(pair):
            ratios = [f"{pair[1][kind] / pair[0][kind]:.1f} × {name}" for kind, name in _RATIOS.items()]  # type: ignore[index]
            same = "the same" if are_equal(folder, posts) else "DIFFERENT"
            print(f"{posts:,} posts: Spark takes {', '.join(ratios)} of DuckDB's on this machine; boards {same}")
    _extrapolate(folder, found)


_RATIOS = {"boards_s": "the time", "processor_s": "the processor", "memory_gb": "the memory"}


def _extrapolate(folder: Path, found: dict[tuple[int, str], dict[str, Any]]) -> None:
    """Draw a line through the smallest and the largest size, and read it at TikTok's."""
    for engine in ENGINES:
        sizes = sorted(posts for posts, name in found if name == engine)
        if len(sizes) < 2:
            continue
        first, last = found[sizes[0], engine], found[sizes[-1], engine]
        more = (sizes[-1] - sizes[0]) / A_MILLION
        slopes = {kind: (last[kind] - first[kind]) / more for kind in _RATIOS}
        whole = TIKTOK_A_DAY / A_MILLION * BOARD_DAYS
        print(f"{engine}: each further million posts takes {slopes['boards_s']:.2f} s, {slopes['processor_s']:.2f} s "
              f"of processor and {slopes['memory_gb']:.2f} GB; {TIKTOK_A_DAY / A_MILLION:.0f} million a day, "
              f"{BOARD_DAYS} days: {whole * slopes['processor_s'] / 3600:.1f} h of processor")  # fmt: skip
    largest = max(posts for posts, _ in found)
    for name, path in (("warehouse", folder / f"{largest}.duckdb"), ("export", folder / str(largest))):
        size = _size(path) * A_MILLION / largest
        a_day = size * TIKTOK_A_DAY / A_MILLION
        print(f"{name}: {size * 1000:.0f} MB a million posts; all of TikTok {a_day:.0f} GB a day, "
              f"{a_day * 365 / 1000:.1f} TB a year")  # fmt: skip


def _size(path: Path) -> float:
    files = [path] if path.is_file() else path.rglob("*.parquet")
    return sum(file.stat().st_size for file in files) / 1e9


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is asked for, each in a process of its own, and print all that was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("millions", type=float, nargs="*")
    parser.add_argument("--engine", choices=ENGINES, action="append")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    run: Callable[..., Any] = _measure_here if given.here else measure_apart
    for millions in given.millions:
        for engine in given.engine or ENGINES:
            run(engine, given.folder, millions)
    if not given.here:
        report(given.folder)


def _measure_here(engine: str, folder: Path, millions: float) -> None:
    with (folder / MEASURED).open("a") as file:
        file.write(json.dumps(measure(engine, folder, round(millions * A_MILLION))) + "\n")


def measure_apart(engine: str, folder: Path, millions: float) -> None:
    """Measure an engine in a process of its own, and keep what it took."""
    make(folder, round(millions * A_MILLION))
    command = [sys.executable, "-m", "benchmarks.scale", str(folder), str(millions), "--engine", engine, "--here"]
    subprocess.run(command, check=True)  # noqa: S603 - this very program


if __name__ == "__main__":
    main()
