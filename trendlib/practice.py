"""The practice world as a home of its own: what is shown while there is no key.

Ten weeks of recorded sweeps are replayed (``sample/`` in the home, or made on the spot: they are the
same), then this Monday morning's sweep is run for real, over HTTP, against the practice server on
loopback. Nothing costs a credit, nothing leaves the machine, and every exhibit says "practice data".
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from trendlib.config import Config
from trendlib.loading import OnBytes, replay
from trendlib.run import Clock, OnProgress, silent
from trendlib.sandbox import Server, World, record
from trendlib.store import Store
from trendlib.sweep import SweepReport, sweep
from trendlib.watchlist import Watchlist

SEED = 7
WEEKS = 10
MORNING = timedelta(hours=7)
FOLDER = "practice"
SAMPLE = "sample"


@dataclass(frozen=True)
class Practice:
    """A running practice server, and how to talk to it.

    Attributes
    ----------
    config
        Its home, address and key.
    watchlist
        All its sounds and hashtags.
    clock
        The practice world's time: always this Monday morning.
    """

    config: Config
    watchlist: Watchlist
    clock: Clock


def world() -> World:
    """Return the practice world everybody sees: one day longer than the recorded ten weeks."""
    return World(seed=SEED, days=7 * WEEKS + 1)


def today(one: World) -> datetime:
    """Return the Monday morning on which the practice world stands still."""
    return one.end - timedelta(days=1) + MORNING


@contextmanager
def running(home: Path) -> Iterator[Practice]:
    """Run the practice server for as long as the block lasts."""
    one = world()
    with Server(one, now=today(one)) as server:
        config = Config.load(
            home=home / FOLDER,
            tiklive_base_url=server.url,
            tiklive_api_key=server.keys["tiklive"],
            requests_per_minute=60_000,
            page_gap_s=0.0,
        )
        yield Practice(config, _watchlist(one), lambda: today(one))


def prepare(home: Path, *, on_bytes: OnBytes | None = None, on_progress: OnProgress = silent) -> SweepReport:
    """Bring the practice home to this Monday morning; when it is there already, this is quick and changes nothing."""
    with running(home) as practice:
        if Store(practice.config.warehouse_file).last_observed_at() is None:
            with _recordings(home) as files:
                replay(files, practice.config, on_bytes=on_bytes)
        return sweep(practice.config, practice.watchlist, clock=practice.clock, on_progress=on_progress)
