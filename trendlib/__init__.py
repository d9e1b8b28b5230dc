"""Which TikTok sounds accelerate, who drives them, and what each number rests on.

>>> import trendlib as tl
>>> monitor = tl.open()  # doctest: +SKIP
>>> monitor.leaderboard()  # doctest: +SKIP
>>> monitor.sound("7012345678901234567").velocity()  # doctest: +SKIP

Importing does no work: a name is fetched from its room when it is first used.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trendlib import errors, metrics
    from trendlib.boards.sound import Sound
    from trendlib.config import Config
    from trendlib.explorer import explore
    from trendlib.hashtag_calendar import calendar
    from trendlib.monitor import Monitor
    from trendlib.monitor import open_monitor as open
    from trendlib.runs.sweep import Limits
    from trendlib.schema import TABLES, Status
    from trendlib.show.exhibits import Exhibit
    from trendlib.store import Store
    from trendlib.watchlist import Watchlist

__all__ = [
    "TABLES",
    "Config",
    "Exhibit",
    "Limits",
    "Monitor",
    "Sound",
    "Status",
    "Store",
    "Watchlist",
    "calendar",
    "errors",
    "explore",
    "metrics",
    "open",
]

_HOME_OF = {
    "TABLES": "trendlib.schema:TABLES",
    "Config": "trendlib.config:Config",
    "Exhibit": "trendlib.show.exhibits:Exhibit",
    "Limits": "trendlib.runs.sweep:Limits",
    "Monitor": "trendlib.monitor:Monitor",
    "Sound": "trendlib.boards.sound:Sound",
    "Status": "trendlib.schema:Status",
    "Store": "trendlib.store:Store",
    "Watchlist": "trendlib.watchlist:Watchlist",
    "calendar": "trendlib.hashtag_calendar:calendar",
    "errors": "trendlib.errors",
    "explore": "trendlib.explorer:explore",
    "metrics": "trendlib.metrics",
    "open": "trendlib.monitor:open_monitor",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return version("trendlib")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'trendlib' has no attribute {name!r}; it has {', '.join(__all__)}")
    room, _, thing = _HOME_OF[name].partition(":")
    found = import_module(room)
    return getattr(found, thing) if thing else found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
