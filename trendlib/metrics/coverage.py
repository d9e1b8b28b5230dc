"""Coverage: back to which instant a feed is proven complete, and up to which.

A **walk** is a page asked without a cursor and the pages that follow it, up to the next one without.
A walk proves a stretch of time if its feed is newest-first, or if it reached the end:

* *Newest-first*: at most 1 % of its adjacent pairs rise (pinned and ad items are left out before), and no page
  holds a post more than 1 h newer than the oldest of the page before. It proves the stretch from its oldest post to the fetch of its
  first page. Under five pairs say nothing about an order; then the feed's other walks decide.
* *End reached*: the provider says there is no more, and the feed was not capped (at least 80 % of the total,
  where a total is known). It proves everything from the beginning, in whatever order. An empty walk proves nothing unless the total is known to be 0.

Proven stretches that overlap are one: an incremental sweep stops at posts it knows, and the older proof goes on from there.
The end of an unsorted sample is never a boundary. A feed asked for one market proves nothing about the world and is left out.
"""

from datetime import UTC, datetime
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from trendlib.metrics.engines import DAY, Frame, board, enter, instant, leave

BEGINNING = pd.Timestamp(datetime(1970, 1, 1, tzinfo=UTC)).as_unit("us")
RISES_FORGIVEN = 0.01
PAIRS_NEEDED = 5
CAPPED_BELOW = 0.8
PAGE_OVERLAP = pd.Timedelta(hours=1)
_FEED = ["subject", "subject_id"]
_PAGE = ["region", "cursor", "has_more", "items", "items_read", "newest_posted_at", "oldest_posted_at", "pairs", "rises"]


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
        One row a feed: ``subject``, ``subject_id``; ``complete_since`` [UTC] (NULL unknown, 1970-01-01 from the beginning) and ``covered_until`` [UTC],
        the ends of the proven stretch; ``is_newest_first``, ``has_reached_end`` and ``is_capped`` of the walk it rests on; ``pages`` and
        ``items`` [posts] fetched in all.

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    until = instant(as_of)
    times = ["observed_at", "newest_posted_at", "oldest_posted_at"]
    known = enter(pages, ids=["subject_id"], times=times, others=["subject", *_PAGE])
    known = known.filter((nw.col("observed_at") < nw.lit(until.to_pydatetime())) & nw.col("region").is_null())
    frame = board(known.select(*_FEED, "observed_at", *_PAGE))
    walks = _proven(_walks(frame), None if totals is None else board(enter(totals, ids=["subject_id"], others=["total"])))
    return leave(_joined(walks), pages)


def _walks(pages: pd.DataFrame) -> pd.DataFrame:
    position = pd.to_numeric(pages["cursor"], errors="coerce").fillna(0.0)
    # cursors in milliseconds (a creator's posts) run back in time
    pages = pages.assign(position=position.where(position < 1e11, -position), is_first=position == 0)
    pages = pages.sort_values([*_FEED, "observed_at", "is_first", "position"], ascending=[True] * 3 + [False, True])
    pages["walk"] = pages.groupby(_FEED)["is_first"].cumsum()
    walk = [*_FEED, "walk"]
    reach = pages.groupby(walk)["oldest_posted_at"].cummin()
    before = reach.groupby([pages[name] for name in walk]).ffill().groupby([pages[name] for name in walk]).shift()
    pages["is_disordered"] = (pages["newest_posted_at"] - before) > PAGE_OVERLAP
    return pages.groupby(walk, as_index=False).agg(
        covered_until=("observed_at", "first"),
        starts_at_top=("is_first", "first"),
        oldest=("oldest_posted_at", "min"),
        pairs=("pairs", "sum"),
        rises=("rises", "sum"),
        is_disordered=("is_disordered", "any"),
        has_more=("has_more", lambda more: more.iloc[-1]),
        pages=("items", "size"),
        items=("items", "sum"),
        items_read=("items_read", "sum"),
    )


def _proven(walks: pd.DataFrame, totals: pd.DataFrame | None) -> pd.DataFrame:
    pairs, rises = walks["pairs"].astype("float64"), walks["rises"].astype("float64")
    feed = walks.assign(pairs=pairs, rises=rises).groupby(_FEED)[["pairs", "rises"]].transform("sum")
    is_ordered_feed = (feed["pairs"] >= PAIRS_NEEDED) & (feed["rises"] <= RISES_FORGIVEN * feed["pairs"])
    is_ordered = (rises <= RISES_FORGIVEN * pairs) & ~walks["is_disordered"].astype(bool)
    walks["is_newest_first"] = is_ordered & ((pairs >= PAIRS_NEEDED) | is_ordered_feed)
    total = pd.Series(np.nan, index=walks.index)
    if totals is not None:
        total = walks["subject_id"].map(totals.set_index("subject_id")["total"]).astype("float64")
    walks["has_reached_end"] = ~walks["has_more"].astype("boolean").fillna(value=True).astype(bool)
    items = walks["items_read"].astype("float64")
    walks["is_capped"] = walks["has_reached_end"] & (items < CAPPED_BELOW * total)
    is_whole = walks["has_reached_end"] & ~walks["is_capped"] & ((items > 0) | (total == 0))
    since = walks["oldest"].where(walks["is_newest_first"])
    since = since.mask(is_whole, BEGINNING).where(walks["starts_at_top"].astype(bool))
    return walks.assign(complete_since=since)


def _joined(walks: pd.DataFrame) -> pd.DataFrame:
    """Join, per feed, the latest proven stretch with those that overlap it."""
    walks = walks.assign(is_proven=walks["complete_since"].notna())
    walks = walks.sort_values([*_FEED, "is_proven", "covered_until", "walk"], ascending=[True, True, False, False, False])
    feeds = walks.groupby(_FEED, sort=True)
    reach = feeds["complete_since"].cummin().groupby([walks[name] for name in _FEED]).shift()
    is_break = (walks["covered_until"] < reach) | ~walks["is_proven"]
    is_in_chain = is_break.groupby([walks[name] for name in _FEED]).cumsum() == 0
    since = walks["complete_since"].where(is_in_chain).groupby([walks[name] for name in _FEED]).min()
    latest = ["covered_until", "is_newest_first", "has_reached_end", "is_capped"]
    result = feeds[latest].first().assign(complete_since=since)
    result[["pages", "items"]] = feeds[["pages", "items"]].sum().astype("Int64")
    return result.reset_index()[[*_FEED, "complete_since", *latest, "pages", "items"]]


def spans(posts: Frame, covered: IntoFrame | datetime | None, as_of: pd.Timestamp) -> pd.DataFrame:
    """Give each sound the stretch of time in which its posts are complete.

    ``covered`` is a coverage frame, one instant since when all is complete, or None for "back to each sound's oldest post
    in the frame". The oldest post of a page marks the edge and is not counted, as others of its second may lie beyond.

    Returns
    -------
    frame
        Indexed by ``sound_id``, sorted: ``oldest`` post, ``since`` (exclusive; NaT unknown), ``until``.
    """
    known = posts.filter(nw.col("posted_at") < nw.lit(as_of.to_pydatetime()))
    oldest = board(known.group_by("sound_id").agg(oldest=nw.col("posted_at").min())).set_index("sound_id")
    if covered is None:
        oldest["since"], oldest["until"] = oldest["oldest"], as_of
    elif isinstance(covered, datetime):
        oldest["since"], oldest["until"] = instant(covered) - pd.Timedelta(microseconds=1), as_of
    else:
        oldest = oldest.join(_sound_feeds(covered), how="outer")
    oldest.index.name = "sound_id"
    return oldest[oldest.index.notna()].sort_index()


def _sound_feeds(covered: IntoFrame) -> pd.DataFrame:
    feeds = enter(covered, ids=[], times=["complete_since", "covered_until"])
    names = feeds.collect_schema().names()
    key = "sound_id" if "sound_id" in names else "subject_id"
    if "subject" in names:
        feeds = feeds.filter(nw.col("subject") == nw.lit("sound"))
    frame = board(feeds.select(key, "complete_since", "covered_until"))
    return frame.set_axis(["sound_id", "since", "until"], axis=1).set_index("sound_id")


def exposure(since: Any, until: Any, *, as_of: pd.Timestamp, days: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Give the covered part [days] of each 24 h window counted back from ``as_of``: a row a sound, window 1 first."""
    start, end = (_days_before(edge, as_of)[:, None] for edge in (since, until))
    window = np.arange(1, days + 1, dtype="float64")[None, :]
    covered = np.minimum(window, start) - np.maximum(window - 1, end)
    return np.nan_to_num(np.clip(covered, 0.0, 1.0), nan=0.0)


def _days_before(edge: Any, as_of: pd.Timestamp) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.asarray((as_of - pd.Series(edge).reset_index(drop=True)) / DAY, dtype="float64")
