"""No more than so many requests in any window of time, over all threads and processes of a home.

The starts of the last minute stand in a small file that one thread of one process at a time may
change; its lock is the operating system's and frees itself when its holder is killed. A start is
written the moment it is allowed, never ahead of it, so who dies while waiting leaves nothing behind.

Within one program questions leave by a `Door`, which keeps no more of them under way than the limit needs.

Time is the machine's monotonic clock, which all its processes share and nobody can set. It begins
anew when the machine does; starts from the future are then taken for starts of this moment.
"""

import logging
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from trendlib.errors import StoreBusyError, StoreError

# A minute, and a second for requests that take longer on their way than later ones.
WINDOW_S = 61.0
LONGEST_HOLD_S = 60.0
LOCK_WAIT_S = 30.0
# Where nobody sets a limit, questions leave as at 200 a minute.
USUAL_LIMIT = 200
# As answers take unequally long, the limit is reached only by who may go a little faster.
_HASTE = 0.8

logger = logging.getLogger(__name__)


@dataclass
class _Starts:
    """When requests to one server started, oldest first, and until when none may [s]."""

    started: list[float] = field(default_factory=list)
    held_until: float = 0.0


_FILE = TypeAdapter(dict[str, _Starts])


class Limiter:
    """Allows ``limit`` starts in any ``window_s``.

    Parameters
    ----------
    file
        File that all who share the limit use, in a folder that is there.
    name
        Whose limit it is: a file keeps several.
    limit
        Starts allowed [starts]; None for any number.
    window_s
        Length of the window [s].
    """

    def __init__(self, file: Path, name: str, *, limit: int | None, window_s: float = WINDOW_S) -> None:
        self._file = file
        self._name = name
        self._limit = limit
        self._window_s = window_s
        self._turn = threading.Lock()
        lock_file = file.with_name(f"{file.name}.lock")
        self._file_turn = FileLock(lock_file, timeout=LOCK_WAIT_S, mode=0o600, poll_interval=0.002)

    @property
    def pace_s(self) -> float:
        """How far apart starts are at the limit, when they are spread evenly [s]."""
        return self._window_s / (self._limit or USUAL_LIMIT)

    def wait(self) -> None:
        """Return when one more may start, and count it.

        Raises
        ------
        StoreError
            If the count cannot be kept.
        """
        while (pause_s := self._claim()) > 0:
            time.sleep(pause_s)

    def hold(self, seconds: float) -> None:
        """Let nobody start for a while, at most a minute.

        Raises
        ------
        StoreError
            If the file cannot be written.
        """
        with self._starts() as (now, starts):
            starts.held_until = max(starts.held_until, now + min(seconds, LONGEST_HOLD_S))

    def _claim(self) -> float:
        """Count a start and return 0, or return how long to wait before asking again [s]."""
        with self._starts() as (now, starts):
            if starts.held_until > now:
                return starts.held_until - now
            if self._limit is None:
                return 0.0
            if len(starts.started) >= self._limit:
                return starts.started[-self._limit] + self._window_s - now
            starts.started.append(now)
            return 0.0

    @contextmanager
    def _starts(self) -> Iterator[tuple[float, _Starts]]:
        """Have the file to oneself; give the instant at which that began, and what still counts."""
        try:
            with self._turn, self._file_turn:
                now = time.monotonic()
                content = self._file.read_bytes() if self._file.exists() else b"{}"
                servers = self._understood(content)
                starts = servers.setdefault(self._name, _Starts())
                starts.started = [min(at, now) for at in starts.started if at > now - self._window_s]
                starts.held_until = min(starts.held_until, now + LONGEST_HOLD_S)
                yield now, starts
                if (fresh := _FILE.dump_json(servers)) != content:
                    self._replace(fresh)
        except Timeout as error:
            found = f"another program has kept it locked for {LOCK_WAIT_S:g} s"
            raise StoreBusyError(
                f"Asked to count a request in {self._file}; {found}. End it, then run again."
            ) from error
        except OSError as error:
            raise StoreError(
                f"Asked to count a request in {self._file}; {error}. Make room, or give --home."
            ) from error

    def _understood(self, content: bytes) -> dict[str, _Starts]:
        try:
            return _FILE.validate_json(content)
        except ValidationError:
            logger.warning("%s is broken; counting requests anew", self._file)
            return {}

    def _replace(self, content: bytes) -> None:
        """Replace the file whole: who is killed here leaves the old one."""
        fresh = self._file.with_name(f"{self._file.name}.new")
        fresh.touch(mode=0o600)
        fresh.write_bytes(content)
        fresh.replace(self._file)


class Door:
    """Lets the questions of one program out: no more are under way than the limit needs, so a kill costs no more.

    As long as answers come faster than the limit lets questions leave, one at a time is enough. So the next leaves
    when no answer is awaited, or when the one before has been away for about as long as the limit has starts apart.

    Parameters
    ----------
    limiter
        Who decides when a request may start.
    most
        Questions under way at once, at most.
    """

    def __init__(self, limiter: Limiter, *, most: int) -> None:
        self._limiter = limiter
        self._most = most
        self._turn = threading.Lock()
        self._back = threading.Condition()
        self._away = 0
        self._left_s = -math.inf

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Wait until one more may leave; it counts as under way as long as the block lasts.

        Raises
        ------
        StoreError
            If the count of starts cannot be kept.
        """
        with self._turn:
            self._wait()
            self._limiter.wait()
            with self._back:
                self._away += 1
            self._left_s = time.monotonic()
        try:
            yield
        finally:
            with self._back:
                self._away -= 1
                self._back.notify()

    def _wait(self) -> None:
        patience_s = self._left_s + _HASTE * self._limiter.pace_s - time.monotonic()
        with self._back:
            self._back.wait_for(lambda: self._away == 0, timeout=max(patience_s, 0.0))
            self._back.wait_for(lambda: self._away < self._most)
