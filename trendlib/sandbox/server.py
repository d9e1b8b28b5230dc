"""The practice servers: all providers on loopback HTTP, with keys, credits, limits, faults, and a time that is set.

Besides the providers' endpoints they answer ``GET /_sandbox/state`` and ``POST /_sandbox/time`` (a JSON object with
``now``), so that another process can look at a server and move its time. An answer with status 200 costs its price.
"""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from trendlib.errors import ConfigError
from trendlib.sandbox.faults import Faults, Kind, spoil
from trendlib.sandbox.feeds import Feeds, Order
from trendlib.sandbox.gate import PRACTICE_KEYS, Gate, Key, Provider, provider_of, refusal
from trendlib.sandbox.listener import Listener, Question, Reply
from trendlib.sandbox.practice import Practice
from trendlib.sandbox.quirks import Quirks
from trendlib.sandbox.replay import Recordings
from trendlib.sandbox.world import World

_KEYS: Mapping[Provider, str] = {known.provider: known.text for known in PRACTICE_KEYS}


_NOT_SET = datetime(1970, 1, 1, tzinfo=UTC)


class Source(Protocol):
    """Where answers come from: a world or recordings."""

    def answer(self, path: str, params: Mapping[str, str], now: datetime) -> tuple[int, Any]:
        """Answer a question as of an instant: HTTP status and body."""


@dataclass(frozen=True)
class Request:
    """One question the server was asked, and how it was answered; ``fault`` names the fault it met."""

    now: datetime
    path: str
    params: Mapping[str, str]
    status: int
    fault: str | None


@dataclass
class PracticeServer:
    """What both practice servers share: the listening, the keys, the faults and the time.

    Attributes
    ----------
    port
        Port on 127.0.0.1; 0 takes a free one.
    keys
        Key of each provider.
    other_keys
        Further keys, for example one with few credits.
    faults
        Faults to show; None for none.
    latency_s
        Seconds that every answer takes.
    rate_per_minute
        Questions a minute (of the real clock) that one key may ask; None for no limit.
    now
        Time of the world, which may be set at any moment: nothing that happened at it or later is visible. Left
        out, the end of the world or of the recordings.
    """

    _: KW_ONLY
    port: int = 0
    keys: Mapping[Provider, str] = field(default_factory=lambda: dict(_KEYS))
    other_keys: tuple[Key, ...] = ()
    faults: Faults | None = None
    latency_s: float = 0.0
    rate_per_minute: int | None = 200
    now: datetime = _NOT_SET

    def __post_init__(self) -> None:
        """Prepare the gate; nothing listens before `start`."""
        own = tuple(Key(text, provider) for provider, text in self.keys.items())
        self._gate = Gate(own + self.other_keys, self.rate_per_minute)
        if self.now == _NOT_SET:
            self.now = self.latest
        self._lock = threading.Lock()
        self._listener: Listener | None = None
        self.requests: list[Request] = []

    @cached_property
    def source(self) -> Source:
        """Where the answers come from."""
        raise NotImplementedError

    @property
    def latest(self) -> datetime:
        """Instant after which nothing changes any more."""
        raise NotImplementedError

    def start(self) -> Self:
        """Listen."""
        self._listener = Listener(self.port, self._respond)
        return self

    def stop(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            self._listener.stop()
            self._listener = None

    def __enter__(self) -> Self:
        """Listen while the block runs."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        self.stop()

    @property
    def url(self) -> str:
        """Base URL of all three providers.

        Raises
        ------
        ConfigError
            If the server has not been started.
        """
        if self._listener is None:
            msg = "the practice server is not listening; use it as `with Server(world) as server:`"
            raise ConfigError(msg)
        return f"http://127.0.0.1:{self._listener.port}"

    @property
    def credits(self) -> dict[str, int]:
        """Credits spent, by key."""
        return dict(self._gate.spent)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; ``now`` may be set at any moment, and only to an instant that names its time zone."""
        if name == "now":
            if value.tzinfo is None:
                msg = f"{value!r} has no time zone; give one, for example tzinfo=datetime.UTC"
                raise ConfigError(msg)
            value = value.astimezone(UTC)
        super().__setattr__(name, value)

    def answer(self, path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, Any]:
        """Answer in process, without HTTP and faults: HTTP status and body."""
        status, body, _ = self._decide(path, params, headers, self.now)
        return status, body

    def state(self) -> dict[str, Any]:
        """Tell the server's time, keys, credits spent, and how many questions it was asked."""
        return {
            "now": self.now.isoformat().replace("+00:00", "Z"),
            "keys": dict(self.keys),
            "credits": self.credits,
            "requests": len(self.requests),
            "faults": dict(self.faults.given) if self.faults else {},
        }

    def _decide(
        self, path: str, params: Mapping[str, str], headers: Mapping[str, str], now: datetime
    ) -> tuple[int, Any, dict[str, str]]:
        provider = provider_of(path)
        status, known = self._gate.enter(provider, headers)
        if status != 200:
            return status, refusal(provider, status), {}
        status, body = self.source.answer(path, params, now)
        if known is None:
            return status, body, {}
        if status == 200:
            self._gate.charge(known)
        return status, body, self._gate.limits(known)

    def _respond(self, question: Question) -> Reply:
        if question.path.startswith("/_sandbox/"):
            return self._control(question)
        now = self.now
        fault = self.faults.next_fault(question.path, question.params) if self.faults else None
        reply = self._reply(question, fault, now)
        with self._lock:
            self.requests.append(Request(now, question.path, question.params, reply.status, fault))
        return reply

    def _reply(self, question: Question, fault: Kind | None, now: datetime) -> Reply:
        if self.faults is not None and fault in {"reset", "refused"}:
            closed_s = self.faults.refused_s if fault == "refused" else 0.0
            return Reply(0, b"", is_reset=True, delay_s=self.latency_s, closed_s=closed_s)
        if fault is not None and fault.isdecimal():
            body = refusal(provider_of(question.path), int(fault))
            return Reply(int(fault), _json(body), delay_s=self.latency_s)
        status, body, headers = self._decide(question.path, question.params, question.headers, now)
        payload = body.encode() if isinstance(body, str) else _json(body)
        delay = self.latency_s + (self.faults.slow_s if self.faults is not None and fault == "slow" else 0.0)
        if fault is None or status != 200:
            return Reply(status, payload, headers=headers, delay_s=delay)
        kind = "text/html; charset=utf-8" if fault == "html" else "application/json; charset=utf-8"
        return Reply(status, spoil(fault, payload), kind, headers, delay_s=delay)

    def _control(self, question: Question) -> Reply:
        if question.path == "/_sandbox/time" and question.method == "POST":
            try:
                self.now = datetime.fromisoformat(json.loads(question.body)["now"])
            except (ValueError, KeyError, TypeError, ConfigError) as error:
                return Reply(400, _json({"error": f'send {{"now": "2026-09-07T06:00:00Z"}}; {error}'}))
        elif question.path != "/_sandbox/state":
            return Reply(404, _json({"error": "there are /_sandbox/state and /_sandbox/time"}))
        return Reply(200, _json(self.state()))


@dataclass
class Server(PracticeServer):
    """A practice world, served.

    Attributes
    ----------
    world
        The world to serve.
    order
        Order of sound and hashtag feeds: ``newest`` first, most ``likes`` first, or ``mixed`` (half of them each).
    page_cap
        Posts after which such a feed ends; None for never.
    quirks
        Oddities to show.
    wrapped
        Put TikLiveAPI's bodies into ``{"code": 0, "msg": "success", "data": …}``, as its family does.
    """

    world: World
    _: KW_ONLY
    order: Order = "newest"
    page_cap: int | None = 600
    quirks: Quirks = field(default_factory=Quirks)
    wrapped: bool = False

    @cached_property
    def source(self) -> Practice:
        """The world, asked."""
        return Practice(Feeds(self.world, self.order, self.page_cap, self.quirks), wrapped=self.wrapped)

    @property
    def latest(self) -> datetime:
        """End of the world."""
        return self.world.end


@dataclass
class ReplayServer(PracticeServer):
    """Recordings, served: the latest answer at or before ``now`` to the same question.

    Attributes
    ----------
    paths
        Recordings (``.jsonl``, ``.jsonl.gz``), or folders of them.
    """

    paths: Path | Sequence[Path]

    @cached_property
    def source(self) -> Recordings:
        """The recordings, asked."""
        return Recordings.read([self.paths] if isinstance(self.paths, Path) else self.paths)

    @property
    def latest(self) -> datetime:
        """Time of the last recorded answer."""
        return self.source.last


def _json(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
