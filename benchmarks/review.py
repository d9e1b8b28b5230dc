"""How long a review of 60 picks takes in a home of 10,000 sounds.

``python -m benchmarks.review [folder]`` writes such a home in bulk (once; the same folder is used again): ten weeks of
daily counters, 400 sounds with 600 posts each, 60 sounds that rose last week and were flagged, a Monday before it
with 40. It opens the home as an analyst does, makes the review, writes HTML and PowerPoint, and prints for each part
the seconds by the clock and of the processor, and the size of the files.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from trendlib.config import Config
from trendlib.metrics import BREAKOUT
from trendlib.monitor import Monitor
from trendlib.review import Review
from trendlib.schema import utc_text
from trendlib.store import Store

SOUNDS, DAYS, PICKS, PICKS_BEFORE = 10_000, 70, 60, 40
WITH_POSTS, POSTS, POST_DAYS, PAGE = 400, 600, 20, 30
AS_OF = datetime(2026, 3, 2, 7, tzinfo=UTC)
FIRST_ID = 7_300_000_000_000_000_000
SETTINGS = f"picks = {PICKS}\n"

_NUMBERS = {
    "sounds": SOUNDS, "days": DAYS, "picks": PICKS, "before": PICKS_BEFORE, "paged": WITH_POSTS, "posts": POSTS,
    "span": POST_DAYS, "page": PAGE, "id": FIRST_ID, "now": utc_text(AS_OF), "version": BREAKOUT.version,
}  # fmt: skip
TABLES = Path(__file__).with_suffix(".sql")


def write_home(home: Path) -> Config:
    """Write the home in bulk, if it is not there."""
    config = Config.load(home=home)
    if config.warehouse_file.exists():
        return config
    home.mkdir(parents=True, exist_ok=True)
    (home / "review.toml").write_text(SETTINGS, encoding="utf-8")
    Store(config.warehouse_file).append([])
    with duckdb.connect(str(config.warehouse_file)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for statement in TABLES.read_text(encoding="utf-8").split("\n\n")[1:]:
            connection.execute(statement.format(**_NUMBERS)).fetchall()
    return config


@contextmanager
def timed(part: str) -> Iterator[None]:
    """Print how long a part takes."""
    clock, processor = time.perf_counter(), time.process_time()
    yield
    print(f"{part:<28} {time.perf_counter() - clock:6.1f} s {time.process_time() - processor:6.1f} s of processor")


def measure(config: Config, out: Path) -> Review:
    """Make the review and write it, part by part."""
    review = Monitor(config, as_of=AS_OF).review()
    with timed("all"):
        with timed("board"):
            print(review.week.desk.tally())
        with timed("picks"):
            print(review.headline)
        with timed("ledger"):
            print(len(review.week.told), "outcomes")
        began = [time.perf_counter(), time.process_time()]

        def tell(stage: str, done: int, total: int) -> None:
            now = [time.perf_counter(), time.process_time()]
            clock, processor = (after - before for before, after in zip(began, now, strict=True))
            print(f"  {f'{stage} {done}/{total}':<26} {clock:6.1f} s {processor:6.1f} s of processor", flush=True)
            began[:] = now

        files = review.save(out, on_progress=tell)
    for file in files:
        print(f"{file.name}: {file.stat().st_size / 2**20:.1f} MB")
    return review


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        with timed("writing the home"):
            written = write_home(folder / "home")
        measure(written, folder / "out")
