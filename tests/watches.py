"""A clock for tests: it moves only while somebody sleeps, so nothing depends on how busy the machine is."""

import threading
from itertools import count


class Watch:
    """Stands in for the module `time` in a room that waits; remembers who slept for how long [s]."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._looks = count(1)
        self._turn = threading.Lock()

    def monotonic(self) -> float:
        """Tell an instant; no two are the same."""
        with self._turn:
            return 1e6 + sum(self.slept) + next(self._looks) * 1e-6

    def sleep(self, seconds: float) -> None:
        """Let so much time pass at once."""
        with self._turn:
            self.slept.append(seconds)
