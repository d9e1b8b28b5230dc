"""The practice world: three APIs on loopback, with a truth behind them.

It stands in for strangers' servers, so it shares nothing with trendlib but its errors.

>>> with Server(World(seed=7)) as server:
...     server.url.startswith("http://127.0.0.1:")
True
"""

from trendlib.sandbox.faults import Faults, Planned
from trendlib.sandbox.gate import Key
from trendlib.sandbox.quirks import Quirks
from trendlib.sandbox.server import ReplayServer, Request, Server
from trendlib.sandbox.truth import Crossover, Truth
from trendlib.sandbox.world import World

__all__ = ["Crossover", "Faults", "Key", "Planned", "Quirks", "ReplayServer", "Request", "Server", "Truth", "World"]
