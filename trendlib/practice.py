"""The practice world as a home of its own: what is shown while there is no key.

It can be *lived through*: ten weeks of recorded sweeps are replayed (``sample/`` in the home, or recorded on the
spot: the bytes are the same), with what the rules said on each of those mornings (only from ``sample/``: to ask them
anew takes two minutes), then this Monday morning's sweep is run for real, over HTTP, against the practice server on
loopback. As that takes ten seconds, ``sample/`` also holds what comes of it: the morning's answers, and the warehouse
that all its recordings make. Opening unpacks that one; where it does not fit this version or these recordings, the
world is lived through instead. Nothing costs a credit, nothing leaves the machine, and every exhibit says so.
"""

import gzip
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path

import pandas as pd

from trendlib.api import said
from trendlib.api.archive import Archive
from trendlib.boards import alerts
from trendlib.boards.board import board
from trendlib.config import Config
from trendlib.errors import StoreError, StoreFormatError
from trendlib.runs.discover import Discovery, discover
from trendlib.runs.loading import OnBytes, alone, keep, replay, sweep_id_of
from trendlib.runs.pull import PullPlan, PullReport, charts_of, pull
from trendlib.runs.run import Clock, OnProgress, silent
from trendlib.runs.sweep import SweepReport, sweep
from trendlib.sandbox import Quirks, Server, SweepPlan, World, record, teaching_sounds
from trendlib.schema import Answer
from trendlib.store import Store
from trendlib.warehouse import draft
from trendlib.watchlist import Watchlist

WEEKS = 10
DAYS = 7 * WEEKS + 1
AT = time(7)
FOLDER = "practice"
SAMPLE = "sample"
RECORDING = "practice-sweeps.jsonl.gz"
ALERTS = "practice-alerts.jsonl.gz"
MORNING = "practice-morning.jsonl.gz"
WAREHOUSE = "practice-warehouse.duckdb.gz"
TOLD = timedelta(minutes=1)
CHART_REGIONS = ("US", "BR", "GB")
CONTACT = "practice@example.com"


@dataclass(frozen=True)
class Practice:
    """A running practice server, and how to talk to it.

    Attributes
    ----------
    config
        Its home, address and key.
    watchlist
        All its sounds and hashtags.
    market
        What this morning's pull asks for: charts, audiences, the catalogue.
    clock
        The practice world's time: always this Monday morning.
    """

    config: Config
    watchlist: Watchlist
    market: PullPlan
    clock: Clock


def prepare(home: Path) -> None:
    """Bring the practice home to this Monday morning, the quickest way there is."""
    if not _is_there(home) and not _unpack(home):
        live_through(home)


def live_through(
    home: Path, *, on_bytes: OnBytes | None = None, on_progress: OnProgress = silent
) -> SweepReport | None:
    """Replay the ten weeks, then sweep, pull and ask the rules on this Monday morning.

    Returns
    -------
        What the morning's sweep did; None when the home was there already.
    """
    if _is_there(home):
        return None
    with running(home) as practice:
        with _recording(home) as file:
            shipped = home / SAMPLE / ALERTS
            replay([file, *([shipped] if shipped.is_file() else [])], practice.config, on_bytes=on_bytes)
        report = sweep(practice.config, practice.watchlist, clock=practice.clock, on_progress=on_progress)
        pull(practice.config, practice.market, clock=practice.clock, on_progress=on_progress)
        with Store(practice.config.warehouse_file).as_of(practice.clock() + TOLD) as known:
            this_morning = board(known)
        alerts.record(practice.config, this_morning, clock=practice.clock)
        return report


def _is_there(home: Path) -> bool:
    """Tell whether this morning's alerts are recorded: the last step, so a morning that was cut short is gone on with.

    A warehouse that is damaged or of another version is thrown away, as it is all derived.
    """
    config = Config.load(home=home / FOLDER)
    try:
        last = alerts.last_recorded(Store(config.warehouse_file))
    except StoreFormatError:
        with alone(config):
            _throw_away(config)
        return False
    return last is not None and last >= _today(world())


def _throw_away(config: Config) -> None:
    """Remove the warehouse and the recordings that are unpacked or made anew; what somebody wrote stays."""
    notes = set(alerts.notes_kept(config))
    for path in Archive(config.archive_folder).files():
        if path not in notes:
            path.unlink()
    shutil.rmtree(config.warehouse_file.parent)


def _unpack(home: Path) -> bool:
    """Put the sample's recordings and its warehouse in place; tell whether that went well."""
    sample, config = home / SAMPLE, Config.load(home=home / FOLDER)
    shipped = [sample / name for name in (RECORDING, ALERTS, MORNING)]
    if config.warehouse_file.exists() or not all(path.is_file() for path in (*shipped, sample / WAREHOUSE)):
        return False
    with alone(config), draft(config.warehouse_file) as place:
        fresh = Store(place)
        try:
            with gzip.open(sample / WAREHOUSE) as packed, fresh.path.open("wb") as file:
                shutil.copyfileobj(packed, file)
            found = fresh.sweep_ids()
        except (OSError, EOFError, zlib.error, StoreError):
            return False
        fits = found == {sweep_id_of(keep(path, config.archive_folder)) for path in shipped}
        if fits and not config.warehouse_file.exists():  # another program may have been faster
            Store(config.warehouse_file).replace_with(fresh)
            alerts.load_left(config, Store(config.warehouse_file))
        return fits


def explore(home: Path, *, on_progress: OnProgress = silent) -> Discovery:
    """Look for new sounds in the practice world."""
    with running(home) as practice:
        return discover(practice.config, practice.watchlist, clock=practice.clock, on_progress=on_progress)


def pull_more(home: Path, plan: PullPlan, *, on_progress: OnProgress = silent) -> PullReport:
    """Pull something else from the practice world: another market's chart, an artist."""
    with running(home) as practice:
        return pull(practice.config, plan, clock=practice.clock, on_progress=on_progress)


@contextmanager
def running(home: Path) -> Iterator[Practice]:
    """Run the practice server for as long as the block lasts."""
    server = server_of(world())
    with server:
        config = Config.load(
            home=home / FOLDER,
            tiklive_base_url=server.url,
            tiklive_api_key=server.keys["tiklive"],
            keyapi_base_url=server.url,
            keyapi_api_key=server.keys["keyapi"],
            layers_base_url=server.url,
            layers_api_key=server.keys["layers"],
            musicbrainz_base_url=server.url,
            musicbrainz_contact=CONTACT,
            requests_per_minute=0,
            page_gap_s=0.0,
            backoff_s=0.01,
        )
        shown = tuple(teaching_sounds(server.world))
        market = PullPlan(charts=charts_of(CHART_REGIONS), sounds=shown, has_catalogue=True)
        yield Practice(config, _watchlist(server.world), market, lambda: server.now)


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
    shown = teaching_sounds(one)
    plan = SweepPlan(
        last=(_today(one) - timedelta(days=1)).date(),
        at=AT,
        paged_sounds=shown,
        chart_regions=CHART_REGIONS,
        detailed_sounds=shown,
        has_catalogue=True,
    )
    record(server_of(one).source, folder / RECORDING, plan)
    return folder / RECORDING


def write_alerts(folder: Path, *, on_progress: OnProgress = silent) -> Path:
    """Ask the rules on each recorded morning, on what was known then, and write their answers into a folder.

    The recording of the sweeps must lie there.
    """
    mornings = [_today(world()) + TOLD - timedelta(days=back) for back in range(7 * WEEKS, 0, -1)]
    with tempfile.TemporaryDirectory() as scratch:
        config = Config.load(home=Path(scratch) / FOLDER)
        replay([folder / RECORDING], config)
        with Archive(Path(scratch) / "alerts").sweep("alerts") as writer:
            for done, answer in enumerate(asked_on(mornings, Store(config.warehouse_file)), start=1):
                writer.write(answer)
                on_progress("asking the rules on each morning", done, len(mornings))
        shutil.copyfile(writer.path.with_name(f"{writer.path.name}.gz"), folder / ALERTS)
    return folder / ALERTS


def write_morning(folder: Path, *, on_progress: OnProgress = silent) -> Path:
    """Live through this Monday morning, and write its answers and the warehouse of all recordings into a folder.

    The recordings of the sweeps and of the alerts must lie there.
    """
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        (home / SAMPLE).mkdir()
        for name in (RECORDING, ALERTS):
            shutil.copyfile(folder / name, home / SAMPLE / name)
        live_through(home, on_progress=on_progress)
        lived = Config.load(home=home / FOLDER).archive_folder
        own = [path for path in Archive(lived).files() if not path.name.startswith("replay-")]
        # eight workers write in whatever order they are answered
        lines = sorted(line for path in own for line in gzip.decompress(path.read_bytes()).splitlines(keepends=True))
        (folder / MORNING).write_bytes(gzip.compress(b"".join(lines), mtime=0))
        config = Config.load(home=home / "again")
        replay([folder / name for name in (RECORDING, ALERTS, MORNING)], config)
        (folder / WAREHOUSE).write_bytes(gzip.compress(config.warehouse_file.read_bytes(), mtime=0))
    return folder / WAREHOUSE


def asked_on(mornings: Sequence[datetime], store: Store, before: pd.DataFrame | None = None) -> Iterator[Answer]:
    """Give what the rules said on each of some mornings, after what they had said before."""
    episodes = alerts.Episodes(before)
    for morning in mornings:
        with store.as_of(morning) as known:
            then = board(known)
        yield said.alerts(episodes.say(then, recorded_at=morning), as_of=morning, recorded_at=morning)


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
