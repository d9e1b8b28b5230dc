"""The practice world: three APIs on loopback, with a truth behind them.

It stands in for strangers' servers, so it shares nothing with trendlib but its errors.

>>> with Server(World(seed=7)) as server:
...     server.url.startswith("http://127.0.0.1:")
True
"""

from trendlib.sandbox.faults import Faults, Planned
from trendlib.sandbox.feeds import Feeds
from trendlib.sandbox.gate import Key
from trendlib.sandbox.practice import Practice
from trendlib.sandbox.quirks import Quirks
from trendlib.sandbox.recorder import SweepPlan, record, teaching_sounds
from trendlib.sandbox.server import PracticeServer, ReplayServer, Request, Server
from trendlib.sandbox.serving import serve_forever
from trendlib.sandbox.truth import Crossover, Truth
from trendlib.sandbox.world import SeenPost, World

__all__ = [
    "Crossover",
    "Faults",
    "Feeds",
    "Key",
    "Planned",
    "Practice",
    "PracticeServer",
    "Quirks",
    "ReplayServer",
    "Request",
    "SeenPost",
    "Server",
    "SweepPlan",
    "Truth",
    "World",
    "record",
    "serve_forever",
    "teaching_sounds",
]
