"""A client of the practice world: what it buys each morning, and what it then knows.

It sweeps once a day at the same time, from the second day of the run-up on, as trendlib's own sweep does: every
counter, then posts of the candidates, then one page of the search for a candidate's title where its feed shows no
order of time, then the followers of the creators most seen. The rules that choose what to buy and end a walk are the
sweep's own, and every answer goes through trendlib's parser; only the clock, the disk and the network are left out.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pandas as pd

from trendlib.api import tiklive
from trendlib.config import EXPIRY
from trendlib.errors import ApiError
from trendlib.runs import sweep
from trendlib.sandbox import Feeds, Practice, Quirks, World
from trendlib.sandbox.days import RUN_UP
from trendlib.schema import Answer, Call

AT = time(6)
MEMORY = timedelta(days=35)
READING = {"sound_id": "str", "observed_at": "datetime64[us, UTC]", "total_uses": "Int64"}
POST = {
    **dict.fromkeys(("sound_id", "post_id", "creator_id", "region"), "str"),
    "posted_at": "datetime64[us, UTC]",
}  # fmt: skip
FEED_PAGE = {
    **dict.fromkeys(("subject", "subject_id", "region", "cursor"), "str"),
    **dict.fromkeys(("observed_at", "newest_posted_at", "oldest_posted_at"), "datetime64[us, UTC]"),
    "has_more": "boolean",
    **dict.fromkeys(("items", "items_read", "pairs", "rises"), "Int64"),
}
FIRST_DAY_OF_PAGES = -14
_A_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True)
class Morning:
    """What the client knows after a sweep, and what the sweep cost.

    ``as_of`` is a second after the answers; ``day`` counts from the first day of the world, the run-up being
    negative. Posts and pages bought more than `MEMORY` ago are left out.
    """

    day: int
    as_of: datetime
    readings: pd.DataFrame
    posts: pd.DataFrame
    pages: pd.DataFrame
    credits: int
    candidates: Sequence[str]


@dataclass
class Client:
    """Sweeps a practice world.

    Attributes
    ----------
    world
        The world.
    order
        Order of its feeds: likes or newest.
    quirks
        In which ways its answers are untrue or incomplete.
    page_cap
        Posts after which a feed is cut off.
    max_pages
        Pages of one feed a sweep buys at most.
    """

    world: World
    order: Any
    quirks: Quirks = field(default_factory=Quirks)
    page_cap: int | None = 600
    max_pages: int = 20
    _readings: list[pd.DataFrame] = field(default_factory=list)
    _posts: list[pd.DataFrame] = field(default_factory=list)
    _pages: list[dict[str, Any]] = field(default_factory=list)
    _known: dict[str, set[str]] = field(default_factory=dict)
    _asked_for: dict[str, datetime] = field(default_factory=dict)
    _now: datetime = field(init=False)
    _credits: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Open the world."""
        self._practice = Practice(Feeds(self.world, self.order, self.page_cap, self.quirks))

    def mornings(self) -> Iterator[Morning]:
        """Sweep every day, run-up included."""
        start = datetime.combine(self.world.start, AT, UTC)
        for day in range(1 - RUN_UP, self.world.days):
            self._now, self._credits = start + timedelta(days=day), 0
            yield self._sweep(day, self._now + _A_MOMENT)

    def _sweep(self, day: int, as_of: datetime) -> Morning:
        counters = self._read_counters()
        readings = pd.concat(self._readings, ignore_index=True)
        candidates: list[str] = []
        if day >= FIRST_DAY_OF_PAGES:
            paged = {page["subject_id"] for page in self._pages if page["observed_at"] >= as_of - sweep.LOOKBACK}
            candidates = sorted(sweep._worth_paging(readings, as_of, paged))  # noqa: SLF001 - the sweep's own rule
        feeds = {sound_id: self._walk(sound_id) for sound_id in candidates}
        samples = [self._fetch(call) for call in sweep._recent_samples(counters, feeds)]  # noqa: SLF001 - as above
        self._ask_for_followers(list(feeds.values()))
        self._pages += _pages([answer for walked in feeds.values() for answer in walked])
        self._pages = [page for page in self._pages if page["observed_at"] >= self._now - MEMORY]
        pages = pd.DataFrame(self._pages, columns=list(FEED_PAGE)).astype(FEED_PAGE)
        posts = self._recent_posts([*samples, *(answer for walked in feeds.values() for answer in walked)])
        return Morning(day, as_of, readings, posts, pages, self._credits, candidates)

    def _fetch(self, call: Call) -> Answer:
        self._credits += tiklive.CREDITS
        status, body = self._practice.answer(call.endpoint, call.params, self._now)
        return Answer(self._now, call.provider, call.endpoint, call.params, status, body)

    def _read_counters(self) -> list[Answer]:
        born = [sound for sound in self.world.catalogue if sound.born_at < self._now.timestamp()]
        answers = [self._fetch(tiklive.music_info(sound.sound_id)) for sound in born]
        found = [row for answer in answers for row in _rows(answer, "sound_observations")]
        readings = pd.DataFrame(found, columns=["sound_id", "total_uses"]).assign(observed_at=self._now)
        self._readings.append(readings[list(READING)].astype(READING))
        return answers

    def _walk(self, sound_id: str) -> list[Answer]:
        known = self._known.setdefault(sound_id, set())
        stop = sweep._FarEnough(self._now - sweep.LOOKBACK, frozenset(known))  # noqa: SLF001 - the sweep's own rule
        walked: list[Answer] = []
        # a page that is refused ends a walk; what came before it is kept
        with suppress(ApiError):
            walked.extend(tiklive.walk(self._fetch, tiklive.music_posts(sound_id), max_pages=self.max_pages, stop=stop))
        known.update(row["post_id"] for answer in walked for row in _rows(answer, "posts"))
        return walked

    def _ask_for_followers(self, feeds: Sequence[Sequence[Answer]]) -> None:
        """Pay for the creators whose followers the sweep would ask for; no rule here needs to know them."""
        for handle in sweep._most_seen_creators(feeds):  # noqa: SLF001 - the sweep's own rule
            call = tiklive.user_info(handle)
            last = self._asked_for.get(handle)
            if last is None or self._now - last > EXPIRY[call.endpoint]:
                self._asked_for[handle] = self._now
                self._credits += tiklive.CREDITS

    def _recent_posts(self, answers: Sequence[Answer]) -> pd.DataFrame:
        """Put what was bought this morning to what is remembered."""
        found = [row for answer in answers for row in _rows(answer, "posts")]
        self._posts.append(pd.DataFrame(found, columns=list(POST)).astype(POST).dropna(subset=["sound_id"]))
        everything = pd.concat(self._posts, ignore_index=True).drop_duplicates("post_id")
        recent = everything[everything["posted_at"] >= self._now - MEMORY]
        self._posts = [recent]
        return recent


def _pages(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    rows = [(answer, row) for answer in answers for row in _rows(answer, "feed_pages")]
    return [{**row, "observed_at": answer.fetched_at} for answer, row in rows]


def _rows(answer: Answer, table: str) -> list[dict[str, Any]]:
    try:
        return tiklive.parse(answer).tables.get(table, [])
    except ApiError:
        return []
