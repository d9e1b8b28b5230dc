"""Pulls: which pages of a trending chart were fetched as one, and the curves they carried.

A chart comes in pages, each an answer of its own with its own time. *A pull* is a chart's pages in rising order: a page
that is not higher than the one before, or that came over 12 hours after the first, begins the next pull. Its time is
that of its first page. A pull is *whole* when all sounds of the market were asked for (no search, no filter), and no
page is missing, from the first to the one that the provider calls the last. Only in a whole pull does a sound that is
missing mean that it was off the chart.
"""

import json
from datetime import datetime
from typing import Any

import narwhals as nw
import pandas as pd
from narwhals.typing import IntoFrame

from trendlib.metrics.engines import board, enter, instant, leave

LONGEST_PULL = pd.Timedelta(hours=12)
_FILTERS = ["search_keyword", "new_to_top_100", "commercial_music"]
_CHART = ["region", "period_days", *_FILTERS]
_PAGE = ["page", "total", "has_more", "items"]


def by_pull(entries: IntoFrame, pages: IntoFrame, *, as_of: datetime) -> Any:
    """Say of each chart entry which pull it came with.

    Parameters
    ----------
    entries
        ``answer_id`` and whatever else: rows of ``chart_entries``.
    pages
        ``answer_id``, ``observed_at``, ``region``, ``period_days``, ``search_keyword``, ``new_to_top_100``,
        ``commercial_music``, ``page``, ``total``, ``has_more``, ``items``: rows of ``chart_pulls``.
    as_of
        Pages from then on don't count, nor do their entries.

    Returns
    -------
    frame
        The entries' columns, and ``pulled_at`` [UTC], the same for all pages of a pull, and ``is_whole``.

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    known = enter(pages, ids=["answer_id"], times=["observed_at"], others=[*_CHART, *_PAGE])
    known = known.filter(nw.col("observed_at") < nw.lit(instant(as_of).to_pydatetime()))
    pulls = _pulls(board(known.select("answer_id", "observed_at", *_CHART, *_PAGE)))
    table = board(enter(entries, ids=["answer_id"]))
    return leave(table.merge(pulls, on="answer_id"), entries)


def curve_points(pulls: IntoFrame, *, as_of: datetime) -> Any:
    """Take the curves of chart entries apart, for `trendlib.metrics.curves.stitch`.

    Parameters
    ----------
    pulls
        ``sound_id``, ``pulled_at``, ``trend`` (JSON, ``[[day, value], ...]``): a row a sound and pull, of one chart.
    as_of
        Pulls from then on don't count.

    Returns
    -------
    frame
        A row a sound, pull and day: ``sound_id``, ``pulled_at`` [UTC], ``day`` [UTC], ``value`` [0-1].

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    known = enter(pulls, ids=["sound_id"], times=["pulled_at"], others=["trend"])
    known = known.filter(nw.col("pulled_at") < nw.lit(instant(as_of).to_pydatetime()), ~nw.col("trend").is_null())
    table = board(known.select("sound_id", "pulled_at", "trend"))
    rows = [
        (sound_id, pulled_at, day, value)
        for sound_id, pulled_at, trend in table.itertuples(index=False)
        for day, value in json.loads(trend)
    ]
    points = pd.DataFrame(rows, columns=["sound_id", "pulled_at", "day", "value"])
    points["day"] = pd.to_datetime(points["day"], utc=True)
    times = dict.fromkeys(("pulled_at", "day"), "datetime64[us, UTC]")
    return leave(points.astype({"sound_id": "str", "value": "float64", **times}), pulls)


def _pulls(pages: pd.DataFrame) -> pd.DataFrame:
    """Give each page the time of its pull, and whether that is whole."""
    pages = pages.sort_values(["observed_at", "page", "answer_id"]).reset_index(drop=True)
    chart = pages.groupby(_CHART, dropna=False, sort=False).ngroup()
    pages["pull"] = -1
    for _, own in pages.groupby(chart):
        pages.loc[own.index, "pull"] = _numbers(own)
    pulls = pages.groupby([chart, "pull"], sort=False)
    pages["pulled_at"] = pulls["observed_at"].transform("min")
    is_last = pages["has_more"].eq(other=False).fillna(value=False) | (
        pages["has_more"].isna() & (pulls["items"].transform("sum") >= pages["total"]).fillna(value=False)
    )
    is_in_place = (pages["page"] == pulls.cumcount() + 1).fillna(value=False)
    is_filtered = pages["search_keyword"].notna() | pages[_FILTERS[1:]].eq(other=True).fillna(value=False).any(axis=1)
    pages = pages.assign(is_last=is_last, is_in_place=is_in_place & ~is_filtered)
    pulls = pages.groupby([chart, "pull"], sort=False)
    is_whole = pulls["is_in_place"].transform("all") & pulls["is_last"].transform("last")
    return pages[["answer_id", "pulled_at"]].assign(is_whole=is_whole.astype("boolean"))


def _numbers(pages: pd.DataFrame) -> list[int]:
    """Say of each page of one chart, in order of time, with which pull it came."""
    numbers: list[int] = []
    number, page, begun = 0, 0, None
    for at, this in zip(pages["observed_at"], pages["page"].fillna(1), strict=True):
        if begun is None or this <= page or at - begun > LONGEST_PULL:
            number, begun = number + 1, at
        page = this
        numbers.append(number)
    return numbers
