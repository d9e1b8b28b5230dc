"""What the processes of these tests do."""

import sys
from pathlib import Path

from test_deliver import alert, box

from trendlib import cli, loading
from trendlib.config import Config
from trendlib.monitor import open_monitor

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
