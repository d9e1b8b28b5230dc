"""A client of the practice world: what it buys each morning, and what it then knows.

It sweeps once a day at the same time, from the second day of the run-up on, as trendlib's own sweep does: every
counter, then posts of the candidates. The rules that choose candidates and end a walk are the sweep's own. Where
a candidate's feed shows no order of time, one page of the search for its title (the last 24 h, newest first) is
bought beside the sample: it tells who posts now.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np
import pandas as pd

from trendlib import sweep
from trendlib.metrics.coverage import is_newest_first
from trendlib.sandbox import Feeds, Practice, World
from trendlib.sandbox.days import RUN_UP
from trendlib.sandbox.draws import Ints
from trendlib.sandbox.feeds import Page, Subject
from trendlib.sandbox.posts import unpack
from trendlib.sandbox.world import unix
from trendlib.schema import Rows

AT = time(6)
PAGE = 30
MEMORY = timedelta(days=35)
READING = {"sound_id": "str", "observed_at": "datetime64[us, UTC]", "total_uses": "Int64"}
POST = {"sound_id": "str", "post_id": "str", "creator_id": "str", "posted_at": "datetime64[us, UTC]"}
FEED_PAGE = {
    **dict.fromkeys(("subject", "subject_id", "region", "cursor"), "str"),
    **dict.fromkeys(("observed_at", "newest_posted_at", "oldest_posted_at"), "datetime64[us, UTC]"),
    "has_more": "boolean",
    **dict.fromkeys(("items", "items_read", "pairs", "rises"), "Int64"),
}
FIRST_DAY_OF_PAGES = -14
_A_MOMENT = timedelta(seconds=1)
_NO_CODES = np.empty(0, dtype=np.int64)


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
    page_cap
        Posts after which a feed is cut off.
    max_pages
        Pages of one feed a sweep buys at most.
    """

    world: World
    order: Any
    page_cap: int | None = 600
    max_pages: int = 20
    _readings: list[pd.DataFrame] = field(default_factory=list)
    _posts: list[pd.DataFrame] = field(default_factory=list)
    _pages: list[dict[str, Any]] = field(default_factory=list)
    _known: dict[int, set[int]] = field(default_factory=dict)
    _bought: list[Ints] = field(default_factory=list)
    _credits: int = 0

    def __post_init__(self) -> None:
        """Open the world."""
        self._practice = Practice(Feeds(self.world, self.order, self.page_cap))

    def mornings(self) -> Iterator[Morning]:
        """Sweep every day, run-up included."""
        start = datetime.combine(self.world.start, AT, UTC)
        for day in range(1 - RUN_UP, self.world.days):
            yield self._sweep(day, start + timedelta(days=day))

    def _sweep(self, day: int, now: datetime) -> Morning:
        self._credits, self._bought, as_of = 0, [], now + _A_MOMENT
        self._read_counters(now)
        readings = pd.concat(self._readings, ignore_index=True)
        candidates: list[str] = []
        if day >= FIRST_DAY_OF_PAGES:
            paged = {page["subject_id"] for page in self._pages if page["observed_at"] >= as_of - sweep.LOOKBACK}
            candidates = sorted(sweep._worth_paging(readings, as_of, paged))  # noqa: SLF001 - the sweep's own rule
        for sound_id in candidates:
            self._buy_posts(sound_id, now)
        self._pages = [page for page in self._pages if page["observed_at"] >= now - MEMORY]
        pages = pd.DataFrame(self._pages, columns=list(FEED_PAGE)).astype(FEED_PAGE)
        return Morning(day, as_of, readings, self._recent_posts(now), pages, self._credits, candidates)

    def _recent_posts(self, now: datetime) -> pd.DataFrame:
        """Describe what was bought this morning, and put it to what is remembered."""
        codes = np.concatenate([_NO_CODES, *self._bought])
        posts = self.world.posts
        rows = unpack(codes)[0].tolist()
        seconds, creators = posts.seconds(codes), posts.creator_numbers(codes)
        bought = pd.DataFrame(
            {
                "sound_id": [self.world.catalogue[row].sound_id for row in rows],
                "post_id": posts.post_ids(codes),
                "creator_id": [str(number) for number in creators.tolist()],
                "posted_at": pd.to_datetime(seconds, unit="s", utc=True),
            }
        )
        self._posts.append(bought.astype(POST))
        everything = pd.concat(self._posts, ignore_index=True)
        recent = everything[everything["posted_at"] >= now - MEMORY]
        self._posts = [recent]
        return recent

    def _read_counters(self, now: datetime) -> None:
        found = []
        for sound in self.world.catalogue:
            if sound.born_at < now.timestamp():
                _, body = self._practice.answer("/music-info/", {"music_id": sound.sound_id}, now)
                found.append((sound.sound_id, now, body.get("video_count")))
        self._credits += len(found)
        self._readings.append(pd.DataFrame(found, columns=list(READING)).astype(READING))

    def _buy_posts(self, sound_id: str, now: datetime) -> None:
        row = self.world.sound_rows[sound_id]
        known = frozenset(self._known.get(row, ()))
        stop = sweep._FarEnough(now - sweep.LOOKBACK, known)  # type: ignore[arg-type]  # noqa: SLF001
        walked: list[dict[str, Any]] = []
        for start in range(0, self.max_pages * PAGE, PAGE):
            page = self._practice.feeds.page(Subject("sound", row), unix(now), start, PAGE)
            self._keep(row, page.codes)
            walked.append(self._feed_page(sound_id, now, page, start))
            rows = Rows({"feed_pages": walked[-1:], "posts": [{"post_id": one} for one in page.codes.tolist()]})
            self._credits += 1
            if not page.has_more or stop(None, rows):  # type: ignore[arg-type]
                break
        self._pages += walked
        if walked[-1]["has_more"] and not is_newest_first(walked):
            self._search(row, now)

    def _search(self, row: int, now: datetime) -> None:
        sound = self.world.catalogue[row]
        asked = {"keyword": sound.title, "publish_time": "1", "sort_by": "3", "count": str(PAGE)}
        _, body = self._practice.answer("/search-video/", asked, now)
        ours = [one["video_id"] for one in body["videos"] if one["music_info"]["id"] == sound.sound_id]
        self._keep(row, np.array([self.world.posts.post_code(one) for one in ours], dtype=np.int64))
        self._credits += 1

    def _keep(self, row: int, codes: Ints) -> None:
        known = self._known.setdefault(row, set())
        new = [code for code in codes.tolist() if code not in known]
        known.update(new)
        self._bought.append(np.array(new, dtype=np.int64))

    def _feed_page(self, sound_id: str, now: datetime, page: Page, start: int) -> dict[str, Any]:
        """Write the row of ``feed_pages`` that parsing would give."""
        seconds = self.world.posts.seconds(page.codes)
        number = len(seconds)
        return {
            "subject": "sound",
            "subject_id": sound_id,
            "region": None,
            "cursor": str(start) if start else None,
            "observed_at": now,
            "newest_posted_at": datetime.fromtimestamp(int(seconds.max()), UTC) if number else None,
            "oldest_posted_at": datetime.fromtimestamp(int(seconds.min()), UTC) if number else None,
            "has_more": page.has_more,
            "items": number,
            "items_read": number,
            "pairs": max(number - 1, 0),
            "rises": int((np.diff(seconds) > 0).sum()),
        }
