"""A client of the practice world: what it buys each morning, and what it then knows.

It sweeps once a day at the same time, from the second day of the run-up on, as trendlib's own sweep does: every
counter, then posts of the candidates. The rules that choose candidates and end a walk are the sweep's own. Where
a candidate's feed shows no order of time, one page of the search for its title (the last 24 h, newest first) is
bought beside the sample: it tells who posts now.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from trendlib import sweep
from trendlib.metrics.coverage import is_newest_first
from trendlib.sandbox import Feeds, Practice, World
from trendlib.sandbox.days import RUN_UP
from trendlib.sandbox.feeds import Subject
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
    _known: dict[str, set[str]] = field(default_factory=dict)
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
        self._credits, as_of = 0, now + _A_MOMENT
        self._read_counters(now)
        readings = pd.concat(self._readings, ignore_index=True)
        paged = {page["subject_id"] for page in self._pages if page["observed_at"] >= as_of - sweep.LOOKBACK}
        candidates = sorted(sweep._worth_paging(readings, as_of, paged))  # noqa: SLF001 - the sweep's own rule
        for sound_id in candidates:
            self._buy_posts(sound_id, now)
        self._pages = [page for page in self._pages if page["observed_at"] >= now - MEMORY]
        pages = pd.DataFrame(self._pages, columns=list(FEED_PAGE)).astype(FEED_PAGE)
        return Morning(day, as_of, readings, self._recent_posts(now), pages, self._credits, candidates)

    def _recent_posts(self, now: datetime) -> pd.DataFrame:
        if not self._posts:
            return pd.DataFrame(columns=list(POST)).astype(POST)
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
        row, known = self.world.sound_rows[sound_id], self._known.setdefault(sound_id, set())
        stop = sweep._FarEnough(now - sweep.LOOKBACK, frozenset(known))  # noqa: SLF001 - the sweep's own rule
        walked: list[dict[str, Any]] = []
        for place in range(self.max_pages):
            page = self._practice.feeds.page(Subject("sound", row), unix(now), place * PAGE, PAGE)
            posts = self._keep(sound_id, page.codes)
            walked.append(_feed_page(sound_id, now, posts, start=place * PAGE, has_more=page.has_more))
            rows = Rows({"feed_pages": walked[-1:], "posts": [{"post_id": one} for one in posts["post_id"]]})
            self._credits += 1
            if not page.has_more or stop(None, rows):
                break
        self._pages += walked
        if walked[-1]["has_more"] and not is_newest_first(walked):
            self._search(row, now)

    def _search(self, row: int, now: datetime) -> None:
        sound = self.world.catalogue[row]
        asked = {"keyword": sound.title, "publish_time": "1", "sort_by": "3", "count": str(PAGE)}
        _, body = self._practice.answer("/search-video/", asked, now)
        codes = [self.world.posts.post_code(one["video_id"]) for one in body["videos"]]
        ours = [code for code, one in zip(codes, body["videos"], strict=True) if one["music_info"]["id"] == sound.sound_id]
        self._keep(sound.sound_id, np.array(ours, dtype=np.int64))
        self._credits += 1

    def _keep(self, sound_id: str, codes: Any) -> pd.DataFrame:
        posts, known = self.world.posts, self._known.setdefault(sound_id, set())
        frame = pd.DataFrame({"sound_id": sound_id, "post_id": posts.post_ids(codes)})
        frame["creator_id"] = [str(number) for number in posts.creator_numbers(codes).tolist()]
        frame["posted_at"] = pd.to_datetime(posts.seconds(codes), unit="s", utc=True)
        self._posts.append(frame[~frame["post_id"].isin(known)].astype(POST))
        known.update(frame["post_id"])
        return frame


def _feed_page(
    sound_id: str, now: datetime, posts: pd.DataFrame, *, start: int, has_more: bool
) -> dict[str, Any]:
    """Write the row of ``feed_pages`` that parsing would give for a page."""
    times = list(posts["posted_at"])
    return {
        "subject": "sound",
        "subject_id": sound_id,
        "region": None,
        "cursor": str(start) if start else None,
        "observed_at": now,
        "newest_posted_at": max(times, default=None),
        "oldest_posted_at": min(times, default=None),
        "has_more": has_more,
        "items": len(times),
        "items_read": len(times),
        "pairs": max(len(times) - 1, 0),
        "rises": sum(later > earlier for earlier, later in pairwise(times)),
    }
