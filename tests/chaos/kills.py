"""Jobs as processes of their own: forked from a warm one, so cheap, and killed as ``kill -9`` does.

A job tells, on a pipe, which stage it enters and leaves. So a kill can be aimed at a random moment of the whole, or
of one stage, however short that is; and where it landed is known.
"""

import multiprocessing
import os
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, wraps
from itertools import pairwise
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import pytest

from trendlib import warehouse
from trendlib.api import archive
from trendlib.api.archive import Writer
from trendlib.api.cache import AnswerCache
from trendlib.api.wire import Wire
from trendlib.boards import alerts
from trendlib.deliver.deliveries import Deliveries
from trendlib.review import Review
from trendlib.runs import loading
from trendlib.store import Store

BEGIN, BETWEEN, END = "at the beginning", "between the steps", "after the end"
STAGES: tuple[tuple[Any, str, str], ...] = (
    (Wire, "get", "while asking"),
    (Wire, "send", "while sending"),
    (Writer, "write", "while archiving"),
    (AnswerCache, "keep", "while caching"),
    (warehouse, "_make", "while making the warehouse"),
    (Store, "append", "while committing"),
    (Store, "export", "while exporting"),
    (Store, "replace_with", "while replacing"),
    (archive, "seal", "while sealing"),
    (loading, "keep", "while copying"),
    (alerts, "record", "while recording alerts"),
    (Deliveries, "write", "while noting a delivery"),
    (Review, "save", "while writing the deck"),
)
LONGEST_S = 600


@dataclass(frozen=True)
class Job:
    """What a process does, and where.

    Attributes
    ----------
    act
        A function of a module that can be imported.
    words
        What it is given.
    environment
        Settings beside those of this process.
    folder
        Where it works, and where what it prints is kept.
    """

    act: Callable[..., None]
    words: Sequence[str]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> "Running":
        """Start it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        hearing, telling = multiprocessing.Pipe(duplex=False)
        settings = {**os.environ, **self.environment, "OPENBLAS_NUM_THREADS": "1"}
        process = _hearth().Process(target=_do, args=(self, settings, telling), daemon=True)
        process.start()
        telling.close()
        return Running(process, hearing, self.folder)

    def run(self) -> "Running":
        """Run it to its end."""
        running = self.start()
        running.finish()
        return running


@dataclass(frozen=True)
class Step:
    """A stage that a job entered or left, and when [s after its beginning]."""

    name: str
    at_s: float


@dataclass
class Running:
    """A job's process, and what it has told so far."""

    process: Any
    hearing: Connection
    folder: Path
    steps: list[Step] = field(default_factory=list)
    _held: bytes = b""

    @property
    def code(self) -> int:
        found: int = self.process.exitcode
        return found

    @property
    def said(self) -> str:
        return (self.folder / "said").read_text(errors="replace")

    def finish(self) -> None:
        """Wait for its end."""
        self._listen(lambda: False, LONGEST_S)
        self.process.join(LONGEST_S)
        assert self.process.exitcode is not None, "the job hangs"
        self.hearing.close()

    def kill(self, moment: "Moment") -> str:
        """Kill it at a moment, and tell where that was."""
        self._listen(lambda: [one.name for one in self.steps].count(moment.stage) >= moment.number, LONGEST_S)
        wait([self.process.sentinel], moment.delay_s)
        self.process.kill()
        self.finish()
        return self.steps[-1].name if self.code < 0 else END

    def _listen(self, is_enough: Callable[[], bool], longest_s: float) -> None:
        """Take down what it tells, until that is enough or the pipe is closed."""
        ends = time.monotonic() + longest_s
        while not is_enough() and wait([self.hearing], ends - time.monotonic()):
            told = os.read(self.hearing.fileno(), 2**16)
            if not told:
                return
            *lines, self._held = (self._held + told).split(b"\n")
            for line in lines:
                name, _, at_s = line.decode().rpartition(" ")
                self.steps.append(Step(name, float(at_s)))


@dataclass(frozen=True)
class Moment:
    """So long after a stage was entered for the n-th time."""

    stage: str
    number: int
    delay_s: float


def moments(steps: Sequence[Step], number: int, draw: random.Random) -> list[Moment]:
    """Draw moments out of an undisturbed job: half of them anywhere, half in one of its stages, each as likely."""
    length_s = steps[-1].at_s
    found = [Moment(BEGIN, 1, draw.uniform(0, length_s)) for _ in range((number + 1) // 2)]
    spans: dict[str, list[Moment]] = {}
    for step, after in pairwise(steps):
        if step.name not in {BEGIN, BETWEEN}:
            of_stage = spans.setdefault(step.name, [])
            of_stage.append(Moment(step.name, len(of_stage) + 1, after.at_s - step.at_s))
    names = sorted(spans)
    for turn in range(number - len(found) if names else 0):
        one = draw.choice(spans[names[turn % len(names)]])
        found.append(Moment(one.stage, one.number, draw.uniform(0, one.delay_s)))
    return found


def _hearth() -> Any:
    """Give what forks processes; it has read all modules once, for which it has to find them."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["chaos.acts", "chaos.kills"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
        forkserver.ensure_running()
    return context


def _do(job: Job, settings: Mapping[str, str], telling: Connection) -> None:
    os.environ.clear()
    os.environ.update(settings)
    time.tzset()
    os.chdir(job.folder)
    said = os.open("said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    began_s = time.monotonic()

    def tell(step: str) -> None:
        os.write(telling.fileno(), f"{step} {time.monotonic() - began_s:.6f}\n".encode())

    tell(BEGIN)
    for owner, name, step in STAGES:
        setattr(owner, name, _told(getattr(owner, name), partial(tell, step), partial(tell, BETWEEN)))
    try:
        job.act(*job.words)
    finally:
        tell(BETWEEN)


def _told(act: Callable[..., Any], enter: Callable[[], None], leave: Callable[[], None]) -> Callable[..., Any]:
    @wraps(act)
    def told(*arguments: Any, **named: Any) -> Any:
        enter()
        try:
            return act(*arguments, **named)
        finally:
            leave()

    return told
