"""One run against the providers: the lock, the archive, the clients, the workers, and the load at the end.

Order of events, so that nothing is lost and nothing is bought twice:

1. One run at a time per home; a second one waits, then finds the first one's answers in the cache.
2. A warehouse of an older version is made anew from the archive.
3. What a killed run left in the archive counts as bought by this one, as far as it is still fresh and
   came from the same servers for the same keys. So this run decides as the killed one did, and ends
   where it would have ended. All else it left is history.
4. Each answer is archived, line by line, before anything is made of it.
5. At the end all of it goes to the warehouse in one transaction: nobody ever sees half a sweep.

A spent budget, spent credits, a refused key or a missing setting end one provider's part of the run, which is said
once; the others go on, and what was bought is kept and loaded. Where a key was refused or a setting is missing and
nobody answered anything, it was no run at all: that is raised.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from trendlib.api import archive
from trendlib.api.archive import Archive
from trendlib.api.budget import Budget
from trendlib.api.client import Client
from trendlib.api.providers import PROVIDERS, fingerprint
from trendlib.config import EXPIRY, Config
from trendlib.errors import (
    ApiError,
    AuthError,
    BudgetError,
    ConfigError,
    ParseError,
    QuotaError,
    RateLimitError,
    RefusalError,
    StoreError,
    UnavailableError,
)
from trendlib.runs.loading import RENEWED, LoadReport, alone, load, parsed, renew, sweep_id_of
from trendlib.schema import YEARS, Answer, Call, utc_text
from trendlib.store import Store

MOST_SILENCES = 8  # each has been asked for most of a minute by then
Clock = Callable[[], datetime]
OnProgress = Callable[[str, int, int], None]


def utc_now() -> datetime:
    """Read the clock. Only the doors of the house do."""
    return datetime.now(UTC)


def silent(stage: str, done: int, total: int) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A feed to be walked: the call it begins with, and its pages, fetched as they are asked for."""

    call: Call
    pages: Callable[[], Iterator[Answer]]


@dataclass(frozen=True, slots=True)
class Failure:
    """A question that got no usable answer, and why."""

    call: Call
    reason: str


MOST_TOLD = 5


@dataclass
class RunReport:
    """What a run did.

    Attributes
    ----------
    run_id
        The run's name, also its file's in the archive: when it began, for which servers and keys, a random word.
    started_at
        When it began (UTC).
    spent_by, saved_by
        Credits spent, and credits saved by the cache, by provider [credits].
    loaded
        What its answers added to the warehouse.
    taken_over
        Answers that killed runs had left in the archive [answers].
    renewed
        Answers that an older version's warehouse was made anew of; None when it was of this version [answers].
    failures
        Questions that got no usable answer.
    ends
        Why a provider's part of the run ended early, by provider.
    is_interrupted
        Whether the whole run was.
    """

    run_id: str
    started_at: datetime
    spent_by: Counter[str] = field(default_factory=Counter)
    saved_by: Counter[str] = field(default_factory=Counter)
    loaded: LoadReport = field(default_factory=LoadReport)
    taken_over: int = 0
    renewed: int | None = None
    failures: list[Failure] = field(default_factory=list)
    ends: dict[str, str] = field(default_factory=dict)
    is_interrupted: bool = False

    @property
    def spent(self) -> int:
        """Credits spent, all providers together [credits]."""
        return self.spent_by.total()

    @property
    def saved(self) -> int:
        """Credits saved by the cache, all providers together [credits]."""
        return self.saved_by.total()

    @property
    def stopped(self) -> str | None:
        """Why the run, or a part of it, ended early; None when it did not."""
        reasons = ["The run was interrupted."] * self.is_interrupted + list(self.ends.values())
        return " ".join(f"{reason.rstrip('.')}." for reason in reasons) or None

    def told(self, what: str = "") -> str:
        """Say what it cost, which questions stayed without an answer, and who ended early; ``what`` it was about."""
        renewed = [] if self.renewed is None else [RENEWED.format(self.renewed)]
        taken = [f"Taken over from a run that was killed: {self.taken_over:,} answers."] * bool(self.taken_over)
        cost = (
            f"{what + ': ' if what else ''}{self.spent:,} credits spent, {self.saved:,} saved by the cache, "
            f"{self.loaded.rejected:,} items set aside, {len(self.failures):,} questions without an answer."
        )
        reasons = [f"  {failure.reason}" for failure in self.failures[:MOST_TOLD]]
        ended = [f"Ended early: {self.stopped} What was bought is loaded."] if self.stopped else []
        return "\n".join([*renewed, *taken, cost, *reasons, *ended])


class Run(AbstractContextManager["Run"]):
    """One run, from its lock to its load; leave the ``with`` block and its answers are loaded.

    Parameters
    ----------
    config
        Keys, folders and limits.
    budget
        Credits it may spend at each provider; None for no limit [credits].
    clock
        Gives the instant; the practice world has its own.
    on_progress
        Told the stage, how many are done and of how many.
    """

    def __init__(
        self, config: Config, *, budget: int | None = None, clock: Clock = utc_now, on_progress: OnProgress = silent
    ) -> None:
        self.config = config
        self.clock = clock
        self.store = Store(config.warehouse_file)
        self.answers: dict[str, Answer] = {}
        self._limit = budget
        self._budgets: dict[str, Budget] = {}
        self._clients: dict[str, Client] = {}
        self._on_progress = on_progress
        self._fingerprint = fingerprint(config)
        self._shut_out: AuthError | ConfigError | None = None
        self._silences: Counter[str] = Counter()
        self._left_behind: list[Path] = []
        self._bought_before: dict[tuple[str, str, str], Answer] = {}
        self._guard = Lock()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Wait for the run before, take over what a killed one left, and begin.

        Raises
        ------
        ConfigError
            If the clock cannot be right: what is fetched now could not be told in time.
        """
        on_wait = partial(self._on_progress, "waiting for another run", 0, 1)
        with ExitStack() as stack:
            stack.enter_context(alone(self.config, on_wait=on_wait))
            started_at = _plausible(self.clock())
            run_id = f"{started_at:%Y%m%dT%H%M%SZ}-{self._fingerprint}-{secrets.token_hex(2)}"
            self.report = RunReport(run_id, started_at)
            self.report.renewed = renew(self.config, on_progress=self._on_progress)
            self._take_over()
            self._writer = stack.enter_context(Archive(self.config.archive_folder).sweep(run_id))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Load what was fetched, also when an error ends the run: it was paid for.

        An interrupted run leaves at once; its archive stays as a killed one's does, for the next run to take over.

        Raises
        ------
        AuthError
            If a key was refused and nothing was answered.
        ConfigError
            If a provider's setting is missing and nothing was answered.
        """
        for name, budget in self._budgets.items():
            self.report.spent_by[name] = budget.spent
            self.report.saved_by[name] = budget.saved
        with self._stack:
            if error is not None and not isinstance(error, Exception):
                raise error
            self._load()
        if error is None and self._shut_out and not any(map(_is_data, self.answers.values())):
            raise type(self._shut_out)(self.report.stopped)

    def fetch(self, call: Call) -> Answer:
        """Fetch one answer, from what is fresh or from the provider.

        Raises
        ------
        ApiError
            If no usable answer came.
        BudgetError
            If the run's credits are spent.
        ConfigError
            If the provider cannot be asked with these settings.
        """
        answer = self._bought_before.get(call.key) or self._client(call.provider).fetch(call)
        self._remember(answer)
        return answer

    def fetch_all(self, stage: str, calls: Sequence[Call]) -> list[Answer]:
        """Fetch many answers side by side; those that fail are set aside in the report."""
        walks = [self.alone(call) for call in calls]
        return [answer for answers in self.walk_all(stage, walks) for answer in answers]

    def walk_all(self, stage: str, walks: Sequence[Walk]) -> list[list[Answer]]:
        """Walk many feeds side by side; what a feed gave before it failed is kept.

        Returns
        -------
            The answers of each walk, in the order of the walks.
        """
        found: list[list[Answer]] = [[] for _ in walks]
        with ThreadPoolExecutor(self.config.workers) as pool:
            tasks = [pool.submit(self._walk, walk, answers) for walk, answers in zip(walks, found, strict=True)]
            try:
                for done, task in enumerate(as_completed(tasks), start=1):
                    task.result()
                    self._on_progress(stage, done, len(tasks))
            except BaseException:
                self.report.is_interrupted = True
                for budget in self._budgets.values():
                    budget.close()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return found

    def alone(self, call: Call) -> Walk:
        """Make a walk of one question."""
        return Walk(call, lambda: map(self.fetch, [call]))

    def now(self) -> datetime:
        """Give the minute that begins after every answer this run has: as of then, all of them are known."""
        with self._guard:
            latest = max([self.clock(), *(answer.fetched_at for answer in self.answers.values())])
        return latest.replace(second=0, microsecond=0) + timedelta(minutes=1)

    def is_cached(self, call: Call) -> bool:
        """Tell whether an answer is fresh, so costs nothing."""
        return call.key in self._bought_before or self._client(call.provider).is_cached(call)

    def _client(self, name: str) -> Client:
        """Return the one who asks a provider; who is never asked needs no settings."""
        with self._guard:
            if name not in self._clients:
                provider = PROVIDERS[name](self.config)
                budget = self._budgets[name] = Budget(self._limit, provider=name)
                client = Client(provider, self.config, budget=budget, record=self._record, clock=self.clock)
                self._clients[name] = self._stack.enter_context(client)
            return self._clients[name]

    def _record(self, answer: Answer) -> None:
        try:
            self._writer.write(answer)
        except OSError as error:
            raise StoreError(
                f"Asked to keep an answer in {self.config.archive_folder}; {error}. Make room, then run again: it goes "
                "on from what was kept."
            ) from error
        self._remember(answer)

    def _walk(self, walk: Walk, answers: list[Answer]) -> None:
        provider = walk.call.provider
        try:
            pages = walk.pages()
            while not self._is_over(provider) and (answer := next(pages, None)) is not None:
                answers.append(answer)
        except (AuthError, ConfigError, QuotaError, BudgetError) as error:
            self._end(provider, str(error))
            if isinstance(error, AuthError | ConfigError):
                self._shut_out = self._shut_out or error
        except (ApiError, ParseError) as error:
            self.report.failures.append(Failure(walk.call, str(error)))
            # who asks everybody to slow down, whatever is asked, gives nothing either: a day's limit, say
            is_silent = isinstance(error, UnavailableError | RateLimitError) and not isinstance(error, RefusalError)
            with self._guard:
                silences = self._silences[provider] = self._silences[provider] + 1 if is_silent else 0
            if silences >= MOST_SILENCES:
                found = f"{silences} questions in a row got no answer"
                self._end(provider, f"{provider}: {found}; the last: {error}")
        else:
            self._silences[provider] = 0

    def _end(self, provider: str, why: str) -> None:
        """Ask a provider nothing more, also what is about to leave."""
        self.report.ends.setdefault(provider, why)
        if provider in self._budgets:
            self._budgets[provider].close()

    def _is_over(self, provider: str) -> bool:
        return self.report.is_interrupted or provider in self.report.ends

    def _remember(self, answer: Answer) -> None:
        with self._guard:
            self.answers[answer.answer_id] = answer

    def _take_over(self) -> None:
        """Find what killed runs left; load what is history by now, and count the rest as bought by this run."""
        known = self.store.sweep_ids()
        for path in Archive(self.config.archive_folder).files():
            is_killed = path.suffix == ".jsonl"
            if not is_killed and sweep_id_of(path) in known:
                continue
            found = [one for _, one in archive.read(path)]
            answers = [one for one in found if isinstance(one, Answer)]
            if not is_killed and self._is_loaded(answers):
                continue
            self.report.taken_over += len(answers)
            fresh = [one for one in answers if self._is_fresh(one)] if self._is_ours(path) else []
            self._bought_before |= {one.call.key: one for one in fresh if _is_data(one)}
            if is_killed:
                self._left_behind.append(path)
            if not fresh:
                load(((sweep_id_of(path), one) for one in found), self.store, chunk=None)

    def _load(self) -> None:
        """Load this run and what it took over, then put the files it took over in order."""
        inherited = [(sweep_id_of(path), one) for path in self._left_behind for _, one in archive.read(path)]
        ids = {one.answer_id for _, one in inherited if isinstance(one, Answer)}
        own = [(self.report.run_id, one) for one in self.answers.values() if one.answer_id not in ids]
        self.report.loaded = load([*inherited, *own], self.store, chunk=None)
        for path in self._left_behind:
            archive.seal(path)

    def _is_loaded(self, answers: Sequence[Answer]) -> bool:
        """Tell whether others brought all of them, so that none names its own file in the warehouse."""
        ids = {one.answer_id for one in answers}
        return self.store.known(list(ids)) == ids

    def _is_ours(self, path: Path) -> bool:
        """Tell whether a run of the same servers and keys wrote it."""
        return f"-{self._fingerprint}-" in path.name

    def _is_fresh(self, answer: Answer) -> bool:
        return self.clock() - answer.fetched_at <= EXPIRY.get(answer.endpoint, timedelta(0))


def _is_data(answer: Answer) -> bool:
    return parsed(answer, "").error is None


def _plausible(now: datetime) -> datetime:
    if now.year not in YEARS:
        raise ConfigError(f"Asked to fetch answers at {utc_text(now)}, as this machine's clock says; that cannot be "
                          "right. Set the clock, then run again. Nothing was bought.")  # fmt: skip
    return now
