"""The practice world as a home of its own: what is shown while there is no key.

Ten weeks of recorded sweeps are replayed (``sample/`` in the home, or recorded on the spot: the bytes
are the same), then this Monday morning's sweep is run for real, over HTTP, against the practice
server on loopback. Nothing costs a credit, nothing leaves the machine, and every exhibit says so.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path

from trendlib.config import Config
from trendlib.discover import Discovery, discover
from trendlib.errors import StoreBusyError, StoreError
from trendlib.loading import OnBytes, replay
from trendlib.run import Clock, OnProgress, silent
from trendlib.sandbox import Quirks, Server, SweepPlan, World, record, teaching_sounds
from trendlib.store import Store
from trendlib.sweep import SweepReport, sweep
from trendlib.watchlist import Watchlist

WEEKS = 10
DAYS = 7 * WEEKS + 1
AT = time(7)
FOLDER = "practice"
SAMPLE = "sample"
RECORDING = "practice-sweeps.jsonl.gz"


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


def prepare(home: Path, *, on_bytes: OnBytes | None = None, on_progress: OnProgress = silent) -> SweepReport | None:
    """Bring the practice home to this Monday morning.

    Returns
    -------
        What the morning's sweep did; None when the home was there already.
    """
    last = _last_observed_at(home / FOLDER)
    with running(home) as practice:
        if last is not None and last >= practice.clock():
            return None
        with _recording(home) as file:
            replay([file], practice.config, on_bytes=on_bytes)
        return sweep(practice.config, practice.watchlist, clock=practice.clock, on_progress=on_progress)


def _last_observed_at(folder: Path) -> datetime | None:
    """Look how far the practice home has come; one of another version is thrown away, as it is all derived."""
    try:
        return Store(folder / "warehouse" / "trendlib.duckdb").last_observed_at()
    except StoreBusyError:
        raise
    except StoreError:
        shutil.rmtree(folder)
        return None


def explore(home: Path, *, on_progress: OnProgress = silent) -> Discovery:
    """Look for new sounds in the practice world."""
    with running(home) as practice:
        return discover(practice.config, practice.watchlist, clock=practice.clock, on_progress=on_progress)


@contextmanager
def running(home: Path) -> Iterator[Practice]:
    """Run the practice server for as long as the block lasts."""
    server = server_of(world())
    with server:
        config = Config.load(
            home=home / FOLDER,
            tiklive_base_url=server.url,
            tiklive_api_key=server.keys["tiklive"],
            requests_per_minute=0,
            page_gap_s=0.0,
            backoff_s=0.01,
        )
        yield Practice(config, _watchlist(server.world), lambda: server.now)


def world() -> World:
    """Return the practice world everybody sees: ten recorded weeks, and the Monday after them."""
    return World(days=DAYS)


def server_of(one: World) -> Server:
    """Return a server that shows a world as the real ones show theirs, on this Monday morning."""
    server = Server(one, order="mixed", quirks=Quirks.real(), rate_per_minute=None)
    server.now = _today(one)
    return server


def write_sample(folder: Path) -> Path:
    """Record the ten weeks into a folder; the same bytes on every machine."""
    folder.mkdir(parents=True, exist_ok=True)
    one = world()
    plan = SweepPlan(
        last=(_today(one) - timedelta(days=1)).date(), at=AT, paged_sounds=teaching_sounds(one), chart_regions=()
    )
    record(server_of(one).source, folder / RECORDING, plan)
    return folder / RECORDING


def _today(one: World) -> datetime:
    return datetime.combine(one.end - timedelta(days=1), AT, one.end.tzinfo)


@contextmanager
def _recording(home: Path) -> Iterator[Path]:
    shipped = home / SAMPLE / RECORDING
    if shipped.is_file():
        yield shipped
        return
    with tempfile.TemporaryDirectory() as folder:
        yield write_sample(Path(folder))


def _watchlist(one: World) -> Watchlist:
    return Watchlist(
        sounds=tuple(sound.sound_id for sound in one.catalogue),
        hashtags=tuple(tag.name for tag in one.tags),
        keywords=("dance", "sped up"),
        regions=("US", "BR"),
    )
