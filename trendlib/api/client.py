"""The network, asked politely: cache, then budget, then rate limit, then request, then archive.

Conventions:

* A question is a `Call`; what comes back is an `Answer` with its true fetch time, also when it was
  served by the cache. An answer that is no data raises; failed is never empty.
* Every request that left is handed to ``record``, whatever came of it, before anything else is done
  with it: an answer may be bought twice when the machine dies in between, but never lost.
* A feed is one endpoint with one set of parameters, whatever the page. Pages of one feed are
  asked one after the other, ``page_gap_s`` between their starts at least; so two threads that ask
  the same buy it once.
* A failure that may pass is met by asking again, ``config.attempts`` times in all. A refusal is
  mostly for good, and each costs a credit: after the `MOST_REFUSALS`-th the question is given up.
* Only answers that `Provider.check` accepts are cached, and only of endpoints in `config.EXPIRY`.
"""

import hashlib
import json
import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from pydantic import SecretStr
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from trendlib.api.budget import Budget
from trendlib.api.cache import AnswerCache
from trendlib.api.limiter import LONGEST_HOLD_S, WINDOW_S, Door, Limiter
from trendlib.api.wire import KeyHeader, Wire
from trendlib.config import EXPIRY, Config
from trendlib.errors import ApiError, AuthError, QuotaError, RateLimitError, RefusalError, UnavailableError
from trendlib.schema import Answer, Call

PAGING = frozenset({"cursor", "page", "offset"})
MOST_REFUSALS = 4
_FIRST_OK, _LAST_OK = 200, 299
# Requests take unequally long on their way, and the server counts arrivals.
_MARGIN = 1.1
_NEVER = timedelta(0)
# Clocks get set by fractions of a second; an answer from further ahead is not known yet.
_SLACK = timedelta(seconds=1)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_TICK = timedelta(microseconds=1)
# Repetitions at one instant are ticks apart; whether one was needed must not decide what is fresh later.
_TICKS = timedelta(milliseconds=1)

logger = logging.getLogger(__name__)


def utc_now() -> datetime:
    """Return the present instant, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Provider:
    """Whom the client asks, and how.

    Attributes
    ----------
    name
        As it stands in the archive: ``tiklive``.
    base_url
        Address, without a slash at its end.
    header, prefix
        Header that carries the key, and what stands before the key in it; None for a provider without keys.
    key
        The API key; None when there is none.
    check
        Raises for an answer that is no data: an `ApiError`, ``is_transient`` when asking again may help.
    credits
        What a request costs [credits].
    requests_per_minute
        How many requests may leave in any minute [requests]; None for any number.
    gap_s
        Least time between the starts of two requests [s]; where it is given, it is the only limit.
    user_agent
        What the client calls itself.
    """

    name: str
    base_url: str
    header: str | None
    key: SecretStr | None
    check: Callable[[Answer], None]
    prefix: str = ""
    credits: int = 1
    requests_per_minute: int | None = None
    gap_s: float = 0.0
    user_agent: str = "trendlib"

    @property
    def fingerprint(self) -> str:
        """Eight digits that tell this server and key from others; neither can be had from them."""
        key = self.key.get_secret_value() if self.key else ""
        secret = hashlib.blake2b(key.encode()).digest()
        return hashlib.blake2b(self.base_url.encode(), key=secret, digest_size=4).hexdigest()


@dataclass
class _Feed:
    """When the last page of a feed was asked for, and when it came."""

    turn: threading.Lock = field(default_factory=threading.Lock)
    started_s: float = -math.inf
    fetched_at: datetime = _LONG_AGO


class Client:
    """Asks one provider, for all threads of a program.

    Parameters
    ----------
    provider
        Whom to ask.
    config
        Folders, limits and patience.
    budget
        What may be spent; asked before every request, repetitions included.
    record
        Told of every request that left: what came back, or status 0 and why nothing did. Called
        by one thread at a time; what it raises ends the fetch.
    clock
        Tells the present instant: the fetch time of answers, and what their age is judged by.
    limiter
        Who decides when a request may start; by default the provider's limit, shared by all
        processes of this home.
    """

    def __init__(
        self,
        provider: Provider,
        config: Config,
        *,
        budget: Budget,
        record: Callable[[Answer], None],
        clock: Callable[[], datetime] = utc_now,
        limiter: Limiter | None = None,
    ) -> None:
        self._provider = provider
        self._config = config
        self._budget = budget
        self._record = record
        self._clock = clock
        self._cache = AnswerCache(config.cache_folder / "answers.sqlite")
        self._limiter = limiter or _limiter(provider, config)
        self._wire = _wire(provider, config)
        self._door = Door(self._limiter, most=config.workers)
        self._record_turn = threading.Lock()
        self._feeds_turn = threading.Lock()
        self._feeds: dict[str, _Feed] = {}

    def fetch(self, call: Call, *, max_age: timedelta | None = None) -> Answer:
        """Return the answer to a question: a fresh one from the cache, else a new one.

        Parameters
        ----------
        call
            The question.
        max_age
            How old an answer may be; by default as old as `config.EXPIRY` allows its endpoint.

        Returns
        -------
            An answer that is data, with its true fetch time.

        Raises
        ------
        AuthError
            If there is no key, or the provider refuses it.
        QuotaError
            If the provider says the credits are used up.
        BudgetError
            If one more request would exceed the budget.
        ApiError
            If there is still no data after all attempts.
        """
        kept = self._kept(call, max_age)
        if kept is None:
            feed = self._feed(call)
            with feed.turn:
                # Another thread may have asked the same while this one waited for its turn.
                kept = self._kept(call, max_age)
                if kept is None:
                    return self._retrying()(self._attempt, call, feed)
        self._budget.save(self._provider.credits)
        return kept

    def is_cached(self, call: Call, *, max_age: timedelta | None = None) -> bool:
        """Tell whether `fetch` would find a fresh answer in the cache. Spends nothing."""
        return self._wire is not None and self._kept(call, max_age) is not None

    def close(self) -> None:
        """Close connections and files."""
        if self._wire is not None:
            self._wire.close()
        self._cache.close()

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close connections and files."""
        self.close()

    def __repr__(self) -> str:
        """Show whom it asks, never with which key."""
        return f"Client({self._provider.name!r}, {self._provider.base_url!r})"

    def _attempt(self, call: Call, feed: _Feed) -> Answer:
        """Ask once, whatever the cache holds."""
        wire = self._demand_wire(call)
        if (pause_s := feed.started_s + _MARGIN * self._config.page_gap_s - time.monotonic()) > 0:
            time.sleep(pause_s)
        with self._door.passed():
            # not before: the run may have ended while this waited
            self._budget.reserve(self._provider.credits)
            feed.started_s = time.monotonic()
            reply = wire.get(call.endpoint, call.params)
            # Two answers to one question at one instant would count as one.
            feed.fetched_at = max(self._clock(), feed.fetched_at + _TICK)
            answer = Answer(feed.fetched_at, call.provider, call.endpoint, call.params, reply.status, reply.body)
            with self._record_turn:
                self._record(answer)
        try:
            self._demand_data(answer)
        except (AuthError, QuotaError):
            self._budget.give_back(self._provider.credits)
            raise
        except RateLimitError:
            self._limiter.hold(self._config.backoff_s if reply.reset_s is None else reply.reset_s)
            raise
        if call.endpoint in EXPIRY:
            self._cache.keep(self._fingerprint(call), answer, EXPIRY[call.endpoint])
        return answer

    def _retrying(self) -> Retrying:
        backoff_s = self._config.backoff_s
        return Retrying(
            retry=retry_if_exception(_Patience()),
            stop=stop_after_attempt(self._config.attempts),
            wait=wait_exponential_jitter(multiplier=backoff_s, jitter=backoff_s, max=LONGEST_HOLD_S),
            before_sleep=_log_repetition,
            reraise=True,
        )

    def _kept(self, call: Call, max_age: timedelta | None) -> Answer | None:
        """Return the cached answer, if it is fresh by our clock."""
        longest = EXPIRY.get(call.endpoint, _NEVER) if max_age is None else max_age
        kept = self._cache.find(self._fingerprint(call), call) if longest > _NEVER else None
        return kept if kept is not None and -_SLACK <= self._clock() - kept.fetched_at < longest - _TICKS else None

    def _feed(self, call: Call) -> _Feed:
        params = sorted((name, value) for name, value in call.params.items() if name not in PAGING)
        with self._feeds_turn:
            return self._feeds.setdefault(json.dumps([call.endpoint, params]), _Feed())

    def _fingerprint(self, call: Call) -> str:
        """Name a question; only who has the key and the server's address can compute it."""
        question = json.dumps([self._provider.base_url, call.endpoint, sorted(call.params.items())])
        key = self._provider.key or SecretStr("")
        secret = hashlib.blake2b(key.get_secret_value().encode()).digest()
        return hashlib.blake2b(question.encode(), key=secret, digest_size=20).hexdigest()

    def _demand_wire(self, call: Call) -> Wire:
        if self._wire is None:
            name = self._provider.name
            found = f"there is no key for {name}"
            raise AuthError(f"{_asked(call)}; {found}. Set {name.upper()}_API_KEY in the environment or in .env.")
        return self._wire

    def _demand_data(self, answer: Answer) -> None:
        self._provider.check(answer)
        if not _FIRST_OK <= answer.status <= _LAST_OK:
            raise UnavailableError(f"{_asked(answer)}; HTTP {answer.status} is no data. Try again later.")


def _wire(provider: Provider, config: Config) -> Wire | None:
    if provider.key is None and provider.header is not None:
        return None
    auth = KeyHeader(provider.header, provider.prefix, provider.key)
    connections = config.workers
    return Wire(
        provider.base_url, auth, timeout_s=config.timeout_s, connections=connections, user_agent=provider.user_agent
    )


def _limiter(provider: Provider, config: Config) -> Limiter:
    limit, window_s = (1, provider.gap_s) if provider.gap_s else (provider.requests_per_minute, WINDOW_S)
    return Limiter(config.cache_folder / "requests.json", provider.base_url, limit=limit, window_s=window_s)


def _asked(question: Call | Answer) -> str:
    params = ", ".join(f"{name}={value}" for name, value in question.params.items())
    return f"Asked {question.provider} for {question.endpoint} {params}"[:200]


class _Patience:
    """Tells whether one question is worth asking again."""

    def __init__(self) -> None:
        self._refusals = 0

    def __call__(self, error: BaseException) -> bool:
        self._refusals += isinstance(error, RefusalError)
        return isinstance(error, ApiError) and error.is_transient and self._refusals < MOST_REFUSALS


def _log_repetition(state: RetryCallState) -> None:
    if state.outcome is not None and state.next_action is not None:
        logger.info("%s Asking again in %.1f s.", state.outcome.exception(), state.next_action.sleep)
