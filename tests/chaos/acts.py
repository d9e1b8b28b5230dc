"""What the processes of these tests do."""

import json
import resource
import sys
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import time_machine
from test_deliver import alert, box

from trendlib import cli
from trendlib.boards.alerts import EVER
from trendlib.config import Config
from trendlib.monitor import open_monitor
from trendlib.runs import loading
from trendlib.runs.sweep import Limits, sweep
from trendlib.watchlist import Watchlist

ALERTS = [f"a{number}" for number in range(6)]


def trendlib(*words: str) -> None:
    """Do what ``trendlib …`` does."""
    sys.argv = ["trendlib", *words]
    cli.main()


def replayed_in_parts(home: str, recording: str) -> None:
    """Replay forty answers a transaction, so that a kill finds a part of them loaded."""
    loading.load.__kwdefaults__["chunk"] = 40
    trendlib("--home", home, "replay", recording)


def reviewed(home: str) -> None:
    """Make Monday's review with a note of the team's in it, and save it."""
    review = open_monitor(home).review()
    review.note(review.picks[0].sound_id, "heard it on Friday").save(Path(home) / "out", ["html"])


def delivered(place: str) -> None:
    """Deliver six alerts, and print which are taken for arrived."""
    (one,) = box(Config.load(), *map(alert, ALERTS)).alerts(place)
    sys.stdout.write(" ".join(one.presumed))


def trendlib_at(instant: str, *words: str) -> None:
    """Do what ``trendlib …`` does while the machine's clock says something else."""
    with time_machine.travel(datetime.fromisoformat(instant), tick=True):
        trendlib(*words)


def trendlib_in(most_bytes: str, *words: str) -> None:
    """Do what ``trendlib …`` does where no file may grow beyond a size."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(most_bytes), int(most_bytes)))
    trendlib(*words)


def swept_again_and_again(home: str, began_s: str, seconds: str) -> None:
    """Sweep for a while, each time as if the cached answers had expired; print the credits that each took."""
    config, is_early = Config.load(home=home), True
    watchlist = Watchlist.read(config.watchlist_file)
    while is_early:
        is_early = time.time() < float(began_s) + float(seconds)
        report = sweep(config, watchlist, limits=Limits(max_pages=1), clock=partial(_hastened, float(began_s)))
        sys.stdout.write(f"{report.run.spent} {len(report.run.failures)} {report.run.loaded.added}\n")


def looked_again_and_again(home: str, seconds: str) -> None:
    """Look as a notebook does, for a while; print how often, and how many answers each sweep was seen to have."""
    ends_s, looks, seen = time.time() + float(seconds), 0, {}
    while not looks or time.time() < ends_s:
        monitor = open_monitor(home)
        monitor.leaderboard()
        monitor.sound(monitor.watchlist.sounds[0]).velocity()
        with monitor.store.as_of(EVER) as world:
            for sweep_id, answers in world.frame("calls")["sweep_id"].value_counts().items():
                seen.setdefault(sweep_id, set()).add(answers)
        looks += 1
    sys.stdout.write(
        json.dumps({"looks": looks, "seen": {name: sorted(map(int, found)) for name, found in seen.items()}})
    )


def _hastened(began_s: float) -> datetime:
    """Tell the time of a clock on which a second is six hours."""
    return datetime.fromtimestamp(began_s + (time.time() - began_s) * 6 * 3600, UTC)
