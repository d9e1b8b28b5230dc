"""Coverage: back to which instant a feed is proven complete, and up to which.

A *walk* is a page asked without a cursor and the pages that follow it, up to the next one without.
A walk proves a stretch of time if its feed is newest-first, or if it reached the end:

* *Newest-first*: at most 1 % of its adjacent pairs rise (pinned and ad items are left out before), and no
  page holds a post more than 1 h newer than the oldest of the page before. It proves the stretch from its
  oldest post to the fetch of its first page. Under five pairs say nothing about an order; then the feed's
  other walks decide.
* *End reached*: the provider says there is no more, and the feed was not capped (at least 80 % of the total,
  where a total is known). It proves everything from the beginning, in whatever order. An empty walk proves
  nothing, unless the total is known to be 0.

Proven stretches that overlap are one: an incremental sweep stops at posts it knows, and the older proof goes
on from there. The end of an unsorted sample is never a boundary. A feed asked for one market proves nothing
about the world and is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from trendlib.metrics.engines import DAY, Frame, board, days_before, enter, instant, leave, plain

BEGINNING = pd.Timestamp(datetime(1970, 1, 1, tzinfo=UTC)).as_unit("us")
RISES_FORGIVEN = 0.01
PAIRS_NEEDED = 5
CAPPED_BELOW = 0.8
LAG_DAYS, LAG_POSTS = 1.0, 30
PAGE_OVERLAP = pd.Timedelta(hours=1)
_EDGE = pd.Timedelta(microseconds=1)
_MILLISECONDS = 1e11
_FEED = ["subject", "subject_id"]
_TIMES = ["observed_at", "newest_posted_at", "oldest_posted_at"]
_PAGE = ["region", "cursor", "has_more", "items", "items_read", "pairs", "rises"]
_DTYPES = {
    "subject": "str",
    "subject_id": "str",
    "complete_since": "datetime64[us, UTC]",
    "covered_until": "datetime64[us, UTC]",
    "is_newest_first": "bool",
    "has_reached_end": "bool",
    "is_capped": "bool",
    "pages": "Int64",
    "items": "Int64",
}

Page: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class _Walk:
    """One walk: what its pages say together."""

    feed: tuple[str, str]
    first_at: datetime
    last_at: datetime
    is_whole: bool
    is_in_order: bool
    has_reached_end: bool
    oldest: datetime | None
    pairs: int
    pages: int
    items: int
    items_read: int


@dataclass(frozen=True)
class _Proof:
    """What one walk, or several that overlap, prove."""

    since: datetime | None
    until: datetime
    is_newest_first: bool
    has_reached_end: bool
    is_capped: bool


def coverage(pages: IntoFrame, *, as_of: datetime, totals: IntoFrame | None = None) -> Any:
    """Tell for each feed what its fetched pages prove, as known at ``as_of``.

    Parameters
    ----------
    pages
        Rows of ``feed_pages``.
    as_of
        Pages fetched before this instant count.
    totals
        ``subject_id, total``: how many posts each feed should hold, to see that it was capped.

    Returns
    -------
    frame
        One row a feed: ``subject``, ``subject_id``; ``complete_since`` [UTC] (NULL unknown, 1970-01-01 from the
        beginning) and ``covered_until`` [UTC], the ends of the proven stretch; ``is_newest_first``,
        ``has_reached_end`` and ``is_capped`` of the latest walk that proves something, else of the latest;
        ``pages`` and ``items`` [posts] fetched in all.

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    until = instant(as_of)
    known = enter(pages, ids=["subject_id"], times=_TIMES, others=["subject", *_PAGE])
    known = known.filter((nw.col("observed_at") < nw.lit(until.to_pydatetime())) & nw.col("region").is_null())
    table = board(known.select(*_FEED, *_TIMES, *_PAGE))
    expected = {} if totals is None else _expected(totals)
    feeds: dict[tuple[str, str], list[Page]] = {}
    for page in _pages(table):
        feeds.setdefault((page["subject"], page["subject_id"]), []).append(page)
    rows = [_feed_row(feed, [*map(_walk, _walks(feeds[feed]))], expected.get(feed[1])) for feed in sorted(feeds)]
    return leave(_feeds(rows), pages)


class Feed:
    """The pages of one sound's feed, divided into walks once: `coverage` for any instant.

    Parameters
    ----------
    pages
        Rows of ``feed_pages`` of one feed, of any time; a pandas frame.
    """

    def __init__(self, pages: pd.DataFrame) -> None:
        self._pages = _walks([page for page in _pages(pages) if page["region"] is None])
        self._walks = [_walk(walk) for walk in self._pages]

    def coverage(self, as_of: datetime, total: float | None = None) -> pd.DataFrame:
        """Tell what the pages fetched before an instant prove, where the feed should hold so many posts."""
        return _feeds(self._rows(as_of, total))

    def stretch(self, as_of: datetime, total: float | None = None) -> tuple[datetime | None, datetime] | None:
        """Tell the same in two times, ``complete_since`` and ``covered_until``; None where there was no page."""
        since_until = [row[len(_FEED) :][:2] for row in self._rows(as_of, total)]
        return since_until[0] if since_until else None

    def _rows(self, as_of: datetime, total: float | None) -> list[tuple[Any, ...]]:
        now = instant(as_of)
        walks = [walk for walk in self._walks if walk.last_at < now]
        if len(walks) < len(self._walks):
            cut = [page for page in self._pages[len(walks)] if page["observed_at"] < now]
            walks += [_walk(cut)] if cut else []
        feed = self._walks[0].feed if walks else ("", "")
        return [_feed_row(feed, walks, total)] if walks else []


def lagging(covered: IntoFrame, pages: IntoFrame, daily: IntoFrame, *, as_of: datetime) -> Any:
    """Find the sounds whose newest-first feed ends days before it was fetched, while their counter moves.

    A provider that serves old pages makes a sound look quiet, with every window proven covered. A feed lags when its
    newest post is a day or more older than its latest page, and the counter says that 30 posts or more came in between.

    Parameters
    ----------
    covered
        What `coverage` gave.
    pages
        Rows of ``feed_pages``, as it took them.
    daily
        What `daily.from_counter` gave.
    as_of
        Pages fetched before this instant count.

    Returns
    -------
    frame
        A row a sound whose feed lags: ``sound_id``, ``days_behind`` [days], ``posts_a_day`` [posts a day] by the
        counter, of the days that the feed lacks.

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    until = instant(as_of)
    known = enter(pages, ids=["subject_id"], times=_TIMES, others=["subject"])
    known = known.filter(nw.col("observed_at") < nw.lit(until.to_pydatetime()), nw.col("subject") == nw.lit("sound"))
    newest = board(known.group_by("subject_id").agg(nw.col("newest_posted_at").max())).dropna()
    feeds = board(enter(covered, ids=["subject_id"], times=["covered_until"], others=["subject", "is_newest_first"]))
    feeds = feeds[feeds["is_newest_first"].fillna(value=False).astype("bool") & (feeds["subject"] == "sound")]
    late = feeds[["subject_id", "covered_until"]].merge(newest, on="subject_id")
    late = late.rename(columns={"subject_id": "sound_id"})
    late["days_behind"] = (late["covered_until"] - late["newest_posted_at"]).dt.total_seconds() / DAY.total_seconds()
    late = late[late["days_behind"] >= LAG_DAYS]
    days = board(enter(daily, ids=["sound_id"], times=["day"], others=["posts", "exposure_days"]))
    within = late.merge(days[["sound_id", "day", "posts", "exposure_days"]], on="sound_id")
    within = within[(within["day"] >= within["newest_posted_at"]) & (within["day"] < within["covered_until"])]
    sums = within.groupby("sound_id")[["posts", "exposure_days"]].sum()
    pace = (sums["posts"].astype("float64") / sums["exposure_days"]).where(sums["exposure_days"] > 0)
    late["posts_a_day"] = late["sound_id"].map(pace).astype("float64")
    found = late[late["posts_a_day"] * late["days_behind"] >= LAG_POSTS].sort_values("sound_id")
    return leave(found[["sound_id", "days_behind", "posts_a_day"]], pages)


def is_newest_first(pages: Sequence[Page]) -> bool:
    """Tell whether the pages of one walk, in the order they came, prove that its feed is newest-first.

    Parameters
    ----------
    pages
        Rows of ``feed_pages``, as parsing gives them.
    """
    return _pairs(pages) >= PAIRS_NEEDED and _is_in_order(pages)


def _pages(table: pd.DataFrame) -> list[Page]:
    names = (*_FEED, *_TIMES, *_PAGE)
    columns = [plain(table[name]) for name in names]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _expected(totals: IntoFrame) -> dict[str, float]:
    table = board(enter(totals, ids=["subject_id"], others=["total"]).select("subject_id", "total")).dropna()
    return dict(zip(table["subject_id"], table["total"].astype("float64"), strict=True))


def _feeds(rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    columns = zip(*rows, strict=True) if rows else [()] * len(_DTYPES)
    typed = zip(_DTYPES.items(), columns, strict=True)
    return pd.DataFrame({name: pd.Series(list(values), dtype=dtype) for (name, dtype), values in typed})


def _feed_row(feed: tuple[str, str], walks: Sequence[_Walk], total: float | None) -> tuple[Any, ...]:
    pairs = sum(walk.pairs for walk in walks)
    is_feed_ordered = all(walk.is_in_order for walk in walks) and pairs >= PAIRS_NEEDED
    proofs = [_proof(walk, total, is_feed_ordered=is_feed_ordered) for walk in walks]
    since, latest = _joined(proofs)
    words = (latest.is_newest_first, latest.has_reached_end, latest.is_capped)
    return (*feed, since, latest.until, *words, sum(walk.pages for walk in walks), sum(walk.items for walk in walks))


def _walk(pages: Sequence[Page]) -> _Walk:
    times = [page["oldest_posted_at"] for page in pages if page["oldest_posted_at"]]
    first, last = pages[0], pages[-1]
    return _Walk(
        feed=(first["subject"], first["subject_id"]),
        first_at=first["observed_at"],
        last_at=max(page["observed_at"] for page in pages),
        is_whole=_position(first) == 0,
        is_in_order=_is_in_order(pages),
        has_reached_end=last["has_more"] is False,
        oldest=min(times) if times else None,
        pairs=_pairs(pages),
        pages=len(pages),
        items=sum(page["items"] or 0 for page in pages),
        items_read=sum(page["items_read"] or 0 for page in pages),
    )


def _walks(pages: list[Page]) -> list[list[Page]]:
    """Divide a feed's pages into walks; pages whose first page is missing prove nothing and are left out."""
    walks: list[list[Page]] = []
    for page in sorted(pages, key=lambda page: (page["observed_at"], _position(page))):
        if _position(page) == 0 or not walks:
            walks.append([])
        walks[-1].append(page)
    return walks


def _position(page: Page) -> float:
    cursor = page["cursor"]
    try:
        position = float(cursor or 0)
    except ValueError:
        position = 1.0
    # cursors in milliseconds (a creator's posts) run back in time
    return 1 / position if position > _MILLISECONDS else position


def _pairs(pages: Sequence[Page]) -> int:
    return sum(page["pairs"] or 0 for page in pages)


def _is_in_order(pages: Sequence[Page]) -> bool:
    reach: datetime | None = None
    for page in pages:
        newest, oldest = page["newest_posted_at"], page["oldest_posted_at"]
        if reach and newest and newest - reach > PAGE_OVERLAP:
            return False
        reach = oldest or reach
    return sum(page["rises"] or 0 for page in pages) <= RISES_FORGIVEN * _pairs(pages)


def _proof(walk: _Walk, total: float | None, *, is_feed_ordered: bool) -> _Proof:
    is_ordered = walk.is_in_order and (walk.pairs >= PAIRS_NEEDED or is_feed_ordered)
    is_capped = walk.has_reached_end and total is not None and walk.items_read < CAPPED_BELOW * total
    since: datetime | None = None
    if walk.is_whole:
        since = walk.oldest if is_ordered else None
        is_complete = walk.has_reached_end and not is_capped and (walk.items_read > 0 or total == 0)
        since = BEGINNING if is_complete else since
    return _Proof(since, walk.first_at, is_ordered, walk.has_reached_end, is_capped)


def _joined(proofs: list[_Proof]) -> tuple[datetime | None, _Proof]:
    """Join the latest proof with the older ones it overlaps; give how far back they reach, and the latest."""
    proven = [proof for proof in reversed(proofs) if proof.since is not None]
    if not proven:
        return None, proofs[-1]
    since = proven[0].since
    for older in proven[1:]:
        if since is not None and older.since is not None and older.until >= since:
            since = min(since, older.since)
    return since, proven[0]


def spans(posts: Frame, covered: IntoFrame | datetime | None, as_of: pd.Timestamp) -> pd.DataFrame:
    """Give each sound the stretch of time in which its posts are complete.

    ``covered`` is a coverage frame, one instant since when all is complete, or None for "back to each sound's
    oldest post in the frame". The oldest post of a feed marks its edge and is not counted: others of its second
    may lie beyond.

    Returns
    -------
    frame
        Indexed by ``sound_id``, sorted: ``oldest`` post; ``since`` (NaT unknown) and ``until``, the stretch;
        ``counted_from``, the first instant whose posts count.
    """
    known = posts.filter(nw.col("posted_at") < nw.lit(as_of.to_pydatetime()))
    oldest = board(known.group_by("sound_id").agg(oldest=nw.col("posted_at").min())).set_index("sound_id")
    if isinstance(covered, datetime):
        oldest["since"], oldest["until"] = instant(covered), as_of
    elif covered is None:
        oldest["since"], oldest["until"] = oldest["oldest"], as_of
    else:
        oldest = oldest.join(_sound_feeds(covered), how="outer")
    edge = pd.Timedelta(0) if isinstance(covered, datetime) else _EDGE
    oldest["counted_from"] = oldest["since"] + edge
    oldest.index.name = "sound_id"
    return oldest[oldest.index.notna()].sort_index()


def own_span(sound_id: str, oldest: datetime | None, stretch: tuple[datetime | None, datetime] | None) -> pd.DataFrame:
    """Give one sound's stretch as `spans` does: by its oldest post known, and what its own `Feed` proves.

    Examples
    --------
    >>> len(own_span("7", None, None))
    0
    """
    is_known = oldest is not None or stretch is not None
    since, until = stretch or (None, None)
    counted_from = None if since is None else since + _EDGE
    times = {"oldest": oldest, "since": since, "until": until, "counted_from": counted_from}
    index = pd.Index([sound_id] * is_known, name="sound_id", dtype="str")
    return pd.DataFrame(
        {name: pd.DatetimeIndex([at] * is_known, tz="UTC").as_unit("us") for name, at in times.items()}, index
    )


def _sound_feeds(covered: IntoFrame) -> pd.DataFrame:
    feeds = enter(covered, ids=[], times=["complete_since", "covered_until"])
    names = feeds.collect_schema().names()
    key = "sound_id" if "sound_id" in names else "subject_id"
    if "subject" in names:
        feeds = feeds.filter(nw.col("subject") == nw.lit("sound"))
    frame = board(feeds.select(key, "complete_since", "covered_until"))
    return frame.set_axis(["sound_id", "since", "until"], axis=1).set_index("sound_id")


def exposure(
    since: "pd.Series[Any]", until: "pd.Series[Any]", *, as_of: pd.Timestamp, days: int
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Give the covered part [days] of each 24 h window counted back from ``as_of``: a row a sound, window 1 first."""
    start, end = days_before(since, as_of)[:, None], days_before(until, as_of)[:, None]
    window = np.arange(1, days + 1, dtype="float64")[None, :]
    covered = np.clip(np.minimum(window, start) - np.maximum(window - 1, end), 0.0, 1.0)
    return np.asarray(np.nan_to_num(covered, nan=0.0), dtype="float64")
