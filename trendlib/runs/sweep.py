"""A sweep: read every counter, buy posts only where something moves, keep what it proves.

The counter is the daily measure of all sounds and hashtags, one credit each. Pages of posts are
bought for candidates only: the counter rises faster than its own past, or there is no past yet, or
the watchlist says always. A feed that shows itself newest-first is followed back eight days, or to
a page that holds nothing new; any other order is a sample, good for creators and regions, so two
pages do, and a search of the sound's title shows who posts it now. The creators most seen in what
was bought are asked for their followers.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pandas as pd

from trendlib.api import tiklive
from trendlib.config import EXPIRY, Config
from trendlib.errors import ApiError, AuthError, NoDataError, QuotaError, RateLimitError
from trendlib.metrics.coverage import is_newest_first
from trendlib.metrics.titles import is_generic
from trendlib.metrics.velocity import counter_velocity
from trendlib.runs.run import Clock, OnProgress, Run, RunReport, Walk, silent, utc_now
from trendlib.schema import HASHTAG_OBSERVATIONS, SOUND_OBSERVATIONS, TABLES, Answer, Call, Rows, Status, Table
from trendlib.store import Store, frame_of
from trendlib.watchlist import Watchlist

LOOKBACK = timedelta(days=8)
STILL_FRESH = EXPIRY["/music-posts/"]
SAMPLE_PAGES = 2
CREATORS_PER_SOUND = 3
_FEEDS = {"sound": "music_id", "hashtag": "challenge_id"}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one sweep may buy.

    Parameters
    ----------
    budget
        Credits for the whole sweep; None for no limit [credits].
    max_pages
        Pages of one feed at most [pages].
    """

    budget: int | None = None
    max_pages: int = 20


@dataclass(repr=False)
class SweepReport:
    """What a sweep did: the run's own report, and what it was about.

    Attributes
    ----------
    run
        Credits, failures, and what was loaded.
    sounds, hashtags
        Counters read [counters].
    candidates
        Sounds and hashtags whose posts were bought.
    """

    run: RunReport
    sounds: int = 0
    hashtags: int = 0
    candidates: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        """Say what was read and bought, what it cost, and who ended early."""
        posts = self.run.loaded.rows["posts"]
        return (
            f"{self.sounds} sounds and {self.hashtags} hashtags read; {len(self.candidates)} moved or were new, "
            f"so their posts were bought: {posts:,} posts.\n{self.run.told()}"
        )


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One call a sweep would make, and whether it would cost nothing."""

    call: Call
    is_cached: bool


def plan(config: Config, watchlist: Watchlist, *, clock: Clock = utc_now) -> list[PlannedCall]:
    """List the calls that a sweep is sure to make, without making any.

    Returns
    -------
        The counters of all that is watched, and the first page of what is always paged. Which other
        pages follow is decided by what the counters say.
    """
    always = [tiklive.music_posts(sound_id) for sound_id in watchlist.always_page]
    with Run(config, clock=clock) as run:
        return [PlannedCall(call, run.is_cached(call)) for call in (*_counters(watchlist), *always)]


def sweep(
    config: Config,
    watchlist: Watchlist,
    *,
    limits: Limits = Limits(),
    region: str | None = None,
    clock: Clock = utc_now,
    on_progress: OnProgress = silent,
) -> SweepReport:
    """Sweep once: counters, candidates' posts, their creators' followers; load all in one transaction.

    Parameters
    ----------
    config
        Keys, folders and limits.
    watchlist
        What to look at.
    limits
        How much it may buy.
    region
        Market that hashtag feeds are asked for, ISO 3166-1 alpha-2; None for no market.
    clock
        Gives the instant.
    on_progress
        Told the stage, how many are done and of how many.

    Returns
    -------
        What was done. Failures are in it; they do not raise.

    Raises
    ------
    StoreError
        If the warehouse cannot be written. What was fetched stays in the archive, and the next
        sweep loads it.
    """
    with Run(config, budget=limits.budget, clock=clock, on_progress=on_progress) as run:
        report = SweepReport(run.report)
        sounds = run.fetch_all("sound counters", [tiklive.music_info(one) for one in watchlist.sounds])
        by_id = _asked_by_id(run.store, run.clock())
        hashtags = run.walk_all(
            "hashtag counters", [_hashtag_walk(run, one, by_id.get(one)) for one in watchlist.hashtags]
        )
        tags = [answers[-1] for answers in hashtags if answers]
        report.sounds = _readings_in(sounds, SOUND_OBSERVATIONS)
        report.hashtags = _readings_in(tags, HASHTAG_OBSERVATIONS)
        past = _Past(run.store, run.now(), limits.max_pages)
        moving = past.sounds_to_page(sounds, watchlist)
        challenges = past.hashtags_to_page(tags)
        feeds = [tiklive.music_posts(one) for one in moving]
        feeds += [tiklive.hashtag_posts(one, region=region) for one in challenges.values()]
        known = past.post_ids(moving) | past.tagged_post_ids(list(challenges))
        pages = run.walk_all(
            "posts of candidates",
            [
                _posts_walk(run, one, frozenset() if past.is_broken_off(one) else known, limits.max_pages)
                for one in feeds
            ],
        )
        run.fetch_all("who posts now", _recent_samples(sounds, dict(zip(moving, pages, strict=False))))
        run.fetch_all("followers", [tiklive.user_info(one) for one in _most_seen_creators(pages)])
        report.candidates = [*moving, *(f"#{tag}" for tag in challenges)]
    return report


def _counters(watchlist: Watchlist) -> list[Call]:
    sounds = [tiklive.music_info(sound_id) for sound_id in watchlist.sounds]
    return sounds + [tiklive.hashtag_info(hashtag) for hashtag in watchlist.hashtags]


def _asked_by_id(store: Store, as_of: datetime) -> dict[str, str]:
    """Return the hashtags that answered by their id before, as they do not by name: hashtag → challenge id."""
    try:
        with store.as_of(as_of) as world:
            calls = world.frame("calls", endpoint="/challenge-info-id/")
            hashtags = world.frame("hashtags")
    except NoDataError:
        return {}
    asked = {json.loads(params).get("challenge_id") for params in calls.loc[calls["error"].isna(), "params"]}
    known = hashtags[hashtags["challenge_id"].isin(asked)]
    return dict(zip(known["hashtag"], known["challenge_id"], strict=True))


def _hashtag_walk(run: Run, hashtag: str, challenge_id: str | None) -> Walk:
    if challenge_id is not None:
        return run.alone(tiklive.hashtag_info_by_id(challenge_id))
    call = tiklive.hashtag_info(hashtag)
    return Walk(call, partial(_hashtag_answers, run, call, hashtag))


def _hashtag_answers(run: Run, call: Call, hashtag: str) -> Iterator[Answer]:
    """Ask by name; some hashtags answer only by their id, which the search knows."""
    try:
        yield run.fetch(call)
    except (AuthError, QuotaError, RateLimitError):
        raise
    except ApiError:
        found = run.fetch(tiklive.search_hashtags(hashtag))
        rows = tiklive.parse(found).tables.get("hashtags", [])
        exact = next((row["challenge_id"] for row in rows if row["hashtag"] == hashtag), None)
        if exact is None:
            raise
        yield run.fetch(tiklive.hashtag_info_by_id(exact))


def _posts_walk(run: Run, call: Call, known: frozenset[str], max_pages: int) -> Walk:
    stop = _FarEnough(run.clock() - LOOKBACK, known)
    return Walk(call, partial(tiklive.walk, run.fetch, call, max_pages=max_pages, stop=stop))


class _FarEnough:
    """Decides, page by page, whether a feed has been followed as far as it is worth."""

    def __init__(self, horizon: datetime, known: frozenset[str]) -> None:
        self._horizon = horizon
        self._known = known
        self._pages: list[Mapping[str, Any]] = []

    def __call__(self, _: Answer, rows: Rows) -> bool:
        self._pages += rows.tables["feed_pages"]
        post_ids = {row["post_id"] for row in rows.tables.get("posts", ())}
        # behind a page half of which is known all is known; pinned posts and ads are known anywhere, but they are few
        is_known = is_newest_first(self._pages) and 2 * len(post_ids & self._known) >= len(post_ids)
        return (bool(post_ids) and is_known) or _is_enough(self._pages, self._horizon)


def _is_enough(pages: Sequence[Mapping[str, Any]], horizon: datetime) -> bool:
    """Tell whether the pages of a feed reach back to a horizon, or are a sample of one that is in no order of time."""
    if not is_newest_first(pages):
        return len(pages) >= SAMPLE_PAGES
    oldest = pages[-1]["oldest_posted_at"]
    return oldest is not None and oldest < horizon


class _Past:
    """What was known when the sweep began, and what the new readings say beside it.

    Of posts and their feeds it is what was known before the pages that are still fresh.
    """

    def __init__(self, store: Store, as_of: datetime, max_pages: int) -> None:
        self._store = store
        self._as_of = as_of
        self._frames = self._read(as_of, "sound_observations", "hashtag_observations")
        self._walked = as_of - STILL_FRESH
        pages = self._read(self._walked, "feed_pages")["feed_pages"]
        self._pages = pages[pages["observed_at"] >= as_of - LOOKBACK].sort_values("observed_at")
        self._broken_off = self._find_broken_off(max_pages)

    def sounds_to_page(self, answers: Sequence[Answer], watchlist: Watchlist) -> list[str]:
        """Return the sounds whose posts are worth buying, in the watchlist's order."""
        readings = self._readings(SOUND_OBSERVATIONS, answers)
        wanted = _worth_paging(readings, self._as_of, self._paged("sound")) | set(watchlist.always_page)
        return [sound_id for sound_id in watchlist.sounds if sound_id in wanted]

    def hashtags_to_page(self, answers: Sequence[Answer]) -> dict[str, str]:
        """Return the hashtags whose posts are worth buying: hashtag → challenge id."""
        hashtags = _rows(map(tiklive.parse, answers), "hashtags")
        challenges = {row["hashtag"]: row["challenge_id"] for row in hashtags if row["challenge_id"]}
        readings = self._readings(HASHTAG_OBSERVATIONS, answers)
        readings = readings.rename(columns={"hashtag": "sound_id", "total_posts": "total_uses"})
        paged = self._paged("hashtag")
        known = {tag for tag, challenge_id in challenges.items() if challenge_id in paged}
        wanted = _worth_paging(readings, self._as_of, known)
        return {tag: one for tag, one in challenges.items() if tag in wanted}

    def post_ids(self, sound_ids: Sequence[str]) -> frozenset[str]:
        """Return the posts already known of some sounds."""
        return frozenset(self._read(self._walked, "posts", sound_id=sound_ids)["posts"]["post_id"])

    def tagged_post_ids(self, hashtags: Sequence[str]) -> frozenset[str]:
        """Return the posts already known to carry one of some hashtags."""
        return frozenset(self._read(self._walked, "post_hashtags", hashtag=hashtags)["post_hashtags"]["post_id"])

    def is_broken_off(self, feed: Call) -> bool:
        """Tell whether a feed was walked once, and not far enough."""
        return any((subject, feed.params.get(name)) in self._broken_off for subject, name in _FEEDS.items())

    def _readings(self, table: Table, answers: Sequence[Answer]) -> pd.DataFrame:
        proof = [
            {**row, "observed_at": answer.fetched_at, "answer_id": answer.answer_id}
            for answer in answers
            for row in tiklive.parse(answer).tables.get(table.name, ())
        ]
        both = pd.concat([self._frames[table.name], frame_of(table, proof)], ignore_index=True)
        return both.drop_duplicates([*table.key, "answer_id"])

    def _paged(self, subject: str) -> set[str]:
        found = set(self._pages.loc[self._pages["subject"] == subject, "subject_id"])
        return {one for one in found if (subject, one) not in self._broken_off}

    def _find_broken_off(self, max_pages: int) -> set[tuple[str, str]]:
        """Find the feeds of which one walk alone is known, which ended before it was far enough."""
        whose = ["subject", "subject_id"]
        pages = self._pages[self._pages["subject"].isin(_FEEDS)]
        begun = pages["cursor"].isna().groupby([pages[name] for name in whose]).transform("sum")
        goes_on = pages["next_cursor"].notna() & pages["has_more"].fillna(value=True)
        last = pages[(begun == 1) & goes_on & ~pages.duplicated(whose, keep="last")]
        found = set()
        for subject, one in zip(last["subject"], last["subject_id"], strict=True):
            walk = pages[(pages["subject"] == subject) & (pages["subject_id"] == one)]
            horizon = walk["observed_at"].iloc[0] - LOOKBACK
            if len(walk) < max_pages and not _is_enough(walk.to_dict("records"), horizon):
                found.add((subject, one))
        return found

    def _read(self, as_of: datetime, *tables: str, **where: str | Sequence[str]) -> dict[str, pd.DataFrame]:
        try:
            with self._store.as_of(as_of) as world:
                return {table: world.frame(table, **where) for table in tables}
        except NoDataError:
            return {table: frame_of(TABLES[table], []) for table in tables}


def _worth_paging(readings: pd.DataFrame, as_of: datetime, paged: set[str]) -> set[str]:
    """Return what rises faster than its own past, beyond chance and rounding, and what has no past of any kind."""
    if readings.empty:
        return set()
    board = counter_velocity(readings, as_of=as_of)
    is_moving = board["growth_low"] > 1.0
    has_no_past = board["status"].isin([Status.NEW, Status.NOT_ENOUGH_COVERAGE]) & ~board["sound_id"].isin(paged)
    return set(board.loc[is_moving | has_no_past, "sound_id"])


def _recent_samples(counters: Sequence[Answer], feeds: Mapping[str, Sequence[Answer]]) -> list[Call]:
    """Search the titles of sounds whose feed is not newest-first: a sample of who posts them now, never a count."""
    sounds = _rows(map(tiklive.parse, counters), "sounds")
    titles = {row["sound_id"]: row["title"] for row in sounds if row["title"] and not is_generic(row["title"])}
    pages = {sound_id: _rows(map(tiklive.parse, answers), "feed_pages") for sound_id, answers in feeds.items()}
    sampled = [one for one, walk in pages.items() if walk and walk[-1]["has_more"] and not is_newest_first(walk)]
    return [tiklive.search_videos(titles[sound_id]) for sound_id in sampled if sound_id in titles]


def _readings_in(answers: Iterable[Answer], table: Table) -> int:
    """Count the answers that say anything: one that was set aside whole was no reading."""
    return sum(table.name in tiklive.parse(answer).tables for answer in answers)


def _rows(pages: Iterable[Rows], table: str) -> list[dict[str, Any]]:
    return [row for rows in pages for row in rows.tables.get(table, ())]


def _most_seen_creators(feeds: Iterable[Sequence[Answer]]) -> list[str]:
    """Return the handles of the creators with the most views in each feed."""
    handles: dict[str, None] = {}
    for answers in feeds:
        pages = [tiklive.parse(answer) for answer in answers]
        names = {row["creator_id"]: row["handle"] for row in _rows(pages, "creators") if row["handle"]}
        creators = {row["post_id"]: row["creator_id"] for row in _rows(pages, "posts")}
        views: Counter[str] = Counter()
        for row in _rows(pages, "post_observations"):
            views[creators[row["post_id"]]] += row["views"] or 0
        handles |= dict.fromkeys(names[one] for one, _ in views.most_common(CREATORS_PER_SOUND) if one in names)
    return list(handles)
