"""Faults of the practice server: by rate, or by script. Same seed and same questions, same faults.

A fault by rate is drawn from the question and how often it was asked before, not from the clock or the order in which
threads arrive, and it is transient: after two in a row the same question is answered.
"""

import json
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from trendlib.sandbox.quirks import draw

Kind = Literal[
    "429", "402", "401", "403", "500", "502", "503", "code_minus_one", "ratelimit_text", "html", "empty", "truncated",
    "slow", "reset", "refused",
]  # fmt: skip
TRANSIENT: tuple[Kind, ...] = (
    "429", "500", "502", "503", "code_minus_one", "ratelimit_text", "html", "empty", "truncated", "slow", "reset",
    "refused",
)  # fmt: skip
_MOST_IN_A_ROW = 2
HTML_PAGE = "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>"


@dataclass(frozen=True)
class Planned:
    """A fault by script: which questions it meets, from the how-many-eth on, and how often (None: for ever).

    ``path`` is an endpoint, empty for all; ``params`` must stand among the question's.
    """

    kind: Kind
    path: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    first: int = 1
    times: int | None = 1

    def meets(self, path: str, params: Mapping[str, str]) -> bool:
        """Whether it is about this question."""
        return self.path in {"", path} and all(params.get(name) == value for name, value in self.params.items())


@dataclass
class Faults:
    """Decides which question meets which fault.

    Attributes
    ----------
    rate
        Share of the questions that meet a fault, 0 to 1.
    kinds
        Kinds drawn from; each as often as it stands here.
    script
        Faults that come when they are planned, before any by rate.
    seed
        What faults by rate are drawn from.
    slow_s
        Seconds that a slow answer takes longer.
    refused_s
        Seconds for which nobody listens when a connection is refused.
    """

    rate: float = 0.0
    kinds: tuple[Kind, ...] = TRANSIENT
    script: tuple[Planned, ...] = ()
    seed: int = 7
    slow_s: float = 1.0
    refused_s: float = 0.2
    given: Counter[str] = field(default_factory=Counter)
    _asked: Counter[str] = field(default_factory=Counter, repr=False)
    _in_a_row: Counter[str] = field(default_factory=Counter, repr=False)
    _met: Counter[int] = field(default_factory=Counter, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def next_fault(self, path: str, params: Mapping[str, str]) -> Kind | None:
        """Say which fault this question meets now, if any, and remember that it was asked."""
        with self._lock:
            kind = self._planned(path, params) or self._drawn(path, params)
            if kind is not None:
                self.given[kind] += 1
            return kind

    def _planned(self, path: str, params: Mapping[str, str]) -> Kind | None:
        due: Kind | None = None
        for number, plan in enumerate(self.script):
            if not plan.meets(path, params):
                continue
            self._met[number] += 1
            late = self._met[number] - plan.first
            if due is None and late >= 0 and (plan.times is None or late < plan.times):
                due = plan.kind
        return due

    def _drawn(self, path: str, params: Mapping[str, str]) -> Kind | None:
        if self.rate <= 0 or not self.kinds:
            return None
        question = json.dumps([path, sorted(params.items())])
        self._asked[question] += 1
        drawn = draw(self.seed, "fault", question, self._asked[question])
        if drawn % 1_000_000 >= self.rate * 1_000_000 or self._in_a_row[question] >= _MOST_IN_A_ROW:
            self._in_a_row[question] = 0
            return None
        self._in_a_row[question] += 1
        return self.kinds[drawn // 1_000_000 % len(self.kinds)]


def spoil(kind: Kind, payload: bytes) -> bytes:
    """Write down what a fault with status 200 leaves of an answer."""
    bodies: dict[str, Any] = {
        "html": HTML_PAGE.encode(),
        "empty": b"",
        "ratelimit_text": b"ratelimit triggered",
        "truncated": payload[: max(1, len(payload) * 2 // 3)],
        "code_minus_one": b'{"code": -1, "msg": "Free Api Limit: 1 request/second.", "processed_time": 0.1}',
    }
    spoiled: bytes = bodies.get(kind, payload)
    return spoiled
