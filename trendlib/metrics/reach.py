"""Reach at equal age: how far a sound's posts carry, each against what its creator is used to.

Views grow with age: a post that shows 10,000 views after an hour shows 100,000 after a day, so means over recent posts
are always biased against the new ones. Posts are compared at equal age instead: by their *first sight*, the earliest
(lowest) reading of their views 24 h to 96 h after posting::

    reach = (views at first sight + 1) / (own median + 1)          a ratio, to be shown on a log scale

The *own median* is that of the creator's posts known (24 h to 96 h old alike, of the 90 days before as-of), where there
are at least 3; else the *cohort median*, that of the sound's posts in the window. Reach 1 is what the creator is used
to. Engagement is never multiplied into velocity: a day's posts and its reach stand beside each other.
"""

from datetime import datetime
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from trendlib.metrics.engines import DAY, Frame, aged, between, board, enter, instant, leading, leave
from trendlib.schema import Status

LEAST_AGE_HOURS, MOST_AGE_HOURS = 24, 96
OWN_DAYS = 90
OWN_POSTS_NEEDED = 3
POSTS_OK = 10
DAY_COLUMNS = ("sound_id", "day", "posts", "n", "n_own", "reach_low", "reach_median", "reach_high", "status")
POST_COLUMNS = (
    "sound_id", "post_id", "creator_id", "posted_at", "views_at_first_sight", "own_median", "is_own", "reach",
)  # fmt: skip


def reach(
    posts: IntoFrame,
    readings: IntoFrame,
    *,
    as_of: datetime,
    days: int = 28,
    most: int = 500,
) -> Any:
    """Give the reach of each sound's recent posts, the most viewed.

    Parameters
    ----------
    posts
        ``sound_id``, ``post_id``, ``creator_id``, ``posted_at``, one row a post.
    readings
        All readings of posts' views, in the engine of the posts: ``post_id``, ``observed_at``, ``views``.
    as_of
        Posts and readings from then on don't count.
    days
        Only posts of the last so many days, 90 at most: older ones tell what creators are used to no more.
    most
        At most so many posts a sound, the most viewed.

    Returns
    -------
    frame
        A row a post seen at that age, the latest first: ``sound_id``, ``post_id``, ``creator_id``, ``posted_at``
        [UTC], ``views_at_first_sight`` [views], ``own_median`` [views] it is compared with, ``is_own`` (the creator's
        own median, not the cohort's), ``reach`` [ratio].

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    ValueError
        If ``days`` is over 90.
    """
    now = _checked(as_of, days)
    compared = _compared(_asked(posts), readings, now, days)
    leaders = leading(compared, most, of="sound_id", by=["views_at_first_sight"], then="post_id")
    table = board(leaders.select(*POST_COLUMNS))
    table = table.sort_values(["sound_id", "posted_at", "post_id"], ascending=[True, False, True])
    return leave(table, posts)


def reach_by_day(posts: IntoFrame, readings: IntoFrame, *, as_of: datetime, days: int = 28) -> Any:
    """Give the median reach of each sound's posts day by day, beside how many posts there were.

    Parameters
    ----------
    posts
        As `reach` takes them.
    readings
        As `reach` takes them.
    as_of
        End of the last day.
    days
        How many 24 h windows back, 90 at most.

    Returns
    -------
    frame
        A row a sound and day with posts: ``sound_id``, ``day`` [UTC, start of the window], ``posts`` known,
        ``n`` [posts compared], ``n_own`` [posts compared with their creator's own median], ``reach_median`` with
        ``reach_low`` and ``reach_high`` [ratio] (the middle half of posts), ``status`` (``weak`` under 10 posts,
        ``not_enough_coverage`` where none was seen at that age).

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    ValueError
        If ``days`` is over 90.
    """
    now = _checked(as_of, days)
    asked = _asked(posts)
    key = ["sound_id", "age"]
    window = asked.filter(between("posted_at", now - DAY * days, now))
    counted = board(aged(window, "posted_at", as_of=now, days=days).group_by(key).agg(nw.len().alias("posts")))
    compared = _compared(asked, readings, now, days)
    dated = aged(compared, "posted_at", as_of=now, days=days).with_columns(nw.col("is_own").cast(nw.Int64))
    middle = [
        nw.col("reach").quantile(share, "linear").alias(name)
        for name, share in (("reach_low", 0.25), ("reach_median", 0.5), ("reach_high", 0.75))
    ]
    measured = board(dated.group_by(key).agg(nw.len().alias("n"), nw.col("is_own").sum().alias("n_own"), *middle))
    table = counted.merge(measured, on=key, how="left")
    table[["n", "n_own"]] = table[["n", "n_own"]].fillna(0)
    table["day"] = (now - table["age"] * DAY).astype("datetime64[us, UTC]")
    status = np.where(table["n"] < POSTS_OK, Status.WEAK.value, Status.OK.value)
    table["status"] = np.where(table["n"] == 0, Status.NOT_ENOUGH_COVERAGE.value, status)
    whole_numbers = dict.fromkeys(("posts", "n", "n_own"), "Int64")
    table = table.astype({**whole_numbers, "status": "str"}).sort_values(["sound_id", "day"])
    return leave(table[list(DAY_COLUMNS)], posts)


def _asked(posts: IntoFrame) -> Frame:
    return enter(posts, ids=["sound_id", "post_id", "creator_id"], times=["posted_at"]).select(
        "sound_id", "post_id", "creator_id", "posted_at"
    )


def _checked(as_of: datetime, days: int) -> pd.Timestamp:
    if days > OWN_DAYS:
        raise ValueError(f"reach looks back {OWN_DAYS} days at most, not {days}")
    return instant(as_of)


def _compared(posts: Frame, readings: IntoFrame, now: pd.Timestamp, days: int) -> Any:
    """Hold each post's views at first sight against its creator's own median, or the cohort's."""
    seen = _first_sights(posts, readings, now)
    is_known = ~nw.col("creator_id").is_null()
    used_to = (
        seen.filter(is_known)
        .group_by("creator_id")
        .agg(nw.col("views").quantile(0.5, "linear").alias("creators_median"), nw.len().alias("own_posts"))
    )
    window = seen.filter(between("posted_at", now - DAY * days, now))
    cohort = window.group_by("sound_id").agg(nw.col("views").quantile(0.5, "linear").alias("cohort_median"))
    joined = window.join(used_to, on="creator_id", how="left").join(cohort, on="sound_id", how="left")
    is_own = (nw.col("own_posts") >= OWN_POSTS_NEEDED).fill_null(False)  # noqa: FBT003 - polars' word
    own_median = nw.when(is_own).then(nw.col("creators_median")).otherwise(nw.col("cohort_median"))
    compared = joined.with_columns(own_median.alias("own_median"), is_own.alias("is_own"))
    ratio = (nw.col("views") + 1.0) / (nw.col("own_median") + 1.0)
    return compared.with_columns(ratio.alias("reach")).rename({"views": "views_at_first_sight"})


def _first_sights(posts: Frame, readings: IntoFrame, now: pd.Timestamp) -> Any:
    """Give each post the views of its earliest reading at the age in question."""
    end = nw.lit(now.to_pydatetime())
    known: Any = posts.filter(between("posted_at", now - DAY * OWN_DAYS, now))
    views = enter(readings, ids=["post_id"], times=["observed_at"], others=["views"])
    views = views.filter(nw.col("observed_at") < end, ~nw.col("views").is_null())
    both = known.join(views.select("post_id", "observed_at", "views"), on="post_id", how="inner")
    posted, observed = nw.col("posted_at"), nw.col("observed_at")
    of_age = both.filter(
        observed >= posted.dt.offset_by(f"{LEAST_AGE_HOURS}h"), observed <= posted.dt.offset_by(f"{MOST_AGE_HOURS}h")
    )
    # views only grow, so the fewest are the earliest
    return of_age.group_by("sound_id", "post_id", "creator_id", "posted_at").agg(nw.col("views").min())
