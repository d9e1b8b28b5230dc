"""How fast a sweep asks: against a practice server that takes 750 ms an answer and allows 200 questions a minute.

    python -m benchmarks.sweeping

Three homes at once, each with a server of its own: one process sweeps; two processes sweep in one home, the second
waiting for the first; and the tutorials' way, a question at a time with 0.3 s between two. It takes two and a half
minutes of waiting, and little else. A rate is read off the server's clock, from the first question to the one that
begins the third minute: an even pace at the limit would take two minutes for that.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from pydantic import SecretStr

from benchmarks.promises import Promise, table
from trendlib.config import Config
from trendlib.runs.sweep import Limits, sweep
from trendlib.sandbox import Server, World
from trendlib.watchlist import Watchlist

LATENCY_S = 0.75
A_MINUTE = 200
MINUTES = 2
QUESTIONS = MINUTES * A_MINUTE + 20
BY_TURNS = 40
PAUSE_S = 0.3
ENOUGH = 0.98


@dataclass
class Timed(Server):
    """A practice server that notes when it was asked, by its own clock, and how it answered."""

    asked: list[float] = field(default_factory=list)
    refused: int = 0

    def _respond(self, question: Any) -> Any:
        moment = time.monotonic()
        reply = super()._respond(question)
        self.asked.append(moment)
        self.refused += reply.status == 429
        return reply

    @property
    def share(self) -> float:
        """How much of the limit was used."""
        moments = sorted(self.asked)
        last = min(MINUTES * A_MINUTE, len(moments) - 1)
        return last / (moments[last] - moments[0]) * 60 / A_MINUTE

    @property
    def most(self) -> int:
        """Most questions in any minute."""
        moments = sorted(self.asked)
        return max(sum(moment <= other < moment + 60 for other in moments) for moment in moments)


def measure(*, questions: int = QUESTIONS, latency_s: float = LATENCY_S) -> list[Promise]:
    """Let all three ask."""
    world = World(seed=5, sounds=2 * questions // 3, hashtags=1, days=30)
    sounds = [sound.sound_id for sound in world.catalogue]
    servers = [Timed(world, latency_s=latency_s) for _ in range(3)]
    with tempfile.TemporaryDirectory() as scratch:
        one, two, by_turns = (server.start() for server in servers)
        here = [sys.executable, "-m", "benchmarks.sweeping"]
        sweeps = [(one, "one", questions), (two, "two", questions // 2), (two, "two", questions - questions // 2)]
        started = [
            subprocess.Popen([*here, server.url, server.keys["tiklive"], f"{scratch}/{home}", str(budget), *sounds])  # noqa: S603
            for server, home, budget in sweeps
        ]
        _ask_by_turns(by_turns, sounds[: min(BY_TURNS, questions)])
        ended = [process.wait() for process in started]
        for server in servers:
            server.stop()
    if any(ended):
        raise RuntimeError(f"a sweep ended with {ended}")
    what = f"a sweep at {1000 * latency_s:.0f} ms an answer: at least 98 % of {A_MINUTE} questions a minute, never more"
    told = f"{by_turns.share:.0%} of the limit"
    return [
        _promise(what, one),
        _promise("the same from two processes of one home", two),
        Promise("the tutorials' way beside it, a question at a time", told),
    ]


def _promise(what: str, server: Timed) -> Promise:
    told = f"{server.share:.1%} of the limit; at most {server.most} in any minute, {server.refused} refused"
    return Promise(what, told, server.share >= ENOUGH and server.most <= A_MINUTE and not server.refused)


def _ask_by_turns(server: Timed, sounds: Sequence[str]) -> None:
    for sound in sounds:
        key = {"X-API-Key": server.keys["tiklive"]}
        requests.get(f"{server.url}/music-info/", {"music_id": sound}, headers=key, timeout=60)
        time.sleep(PAUSE_S)


def _sweep(url: str, key: str, home: str, budget: str, *sounds: str) -> None:
    """Sweep once, in a process of its own."""
    config = Config(home=Path(home), tiklive_base_url=url, tiklive_api_key=SecretStr(key))
    sweep(config, Watchlist(sounds=sounds), limits=Limits(budget=int(budget)))


def main(arguments: Sequence[str]) -> None:
    """Print what was measured; or sweep, when it is told where."""
    if arguments:
        _sweep(*arguments)
    else:
        print(table(measure()))


if __name__ == "__main__":
    main(sys.argv[1:])
