"""Creators: who uses a sound, and whether it rests on a few of them.

*Concentration* over the posts of a window, with ``c`` posts by each known creator, ``n`` in all, ``p = c / n``:
unbiased Herfindahl index ``sum c (c - 1) / (n (n - 1))``, effective creators ``1 / sum p^2``, the top creator's
share, the share of creators whose first post with the sound lies in the window. Flagged below 10 effective
creators or above a top share of 0.3. *Top creators* go by the total views of their posts with the sound.
Posts of unknown creators are counted apart.

*Leave-one-out* asks whether growth rests on one of them: velocity without the top creator, the top post or the
top region, "without @x: 3.4, then 1.1". Top are the creator and the region with the most posts of the last 24 h,
and of these posts the most viewed; ties go by name. All their posts are left out, older ones too.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from trendlib.metrics.coverage import spans
from trendlib.metrics.engines import DAY, Frame, between, board, bring, enter, instant, leading, leave

EFFECTIVE_NEEDED = 10.0
TOP_SHARE_ALLOWED = 0.3
_KEY = ["sound_id", "creator_id"]
_LEFT_OUT = {"creator": "creator_id", "post": "post_id", "region": "region"}
_MEASURED = ["growth_rate", "growth_low", "growth_high", "status"]


def concentration(posts: IntoFrame, *, as_of: datetime, days: int = 7) -> Any:
    """Tell how few creators a sound's recent posts rest on.

    Parameters
    ----------
    posts
        ``sound_id``, ``creator_id``, ``posted_at``; ``post_id`` so that no post counts twice.
    as_of
        End of the window.
    days
        Its length.

    Returns
    -------
    frame
        One row a sound: ``sound_id``, ``posts`` and ``creators`` (known), ``posts_of_unknown``, ``hhi`` [0-1] (NULL
        under 2 posts), ``effective_creators``, ``top_creator_share`` and ``first_time_share`` [0-1],
        ``is_concentrated``.

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    now = instant(as_of)
    start = now - DAY * days
    frame = enter(posts, ids=_KEY, times=["posted_at"]).filter(nw.col("posted_at") < nw.lit(now.to_pydatetime()))
    timed = frame.with_columns(nw.col("posted_at").min().over(_KEY).alias("first"))
    recent = timed.filter(between("posted_at", start, now)).group_by(_KEY)
    counted = recent.agg(_number(frame).alias("c"), nw.col("first").min()).with_columns(nw.col("c").cast(nw.Int64))
    is_first_time = (nw.col("first") >= nw.lit(start.to_pydatetime())).cast(nw.Int64).alias("is_first_time")
    is_known = ~nw.col("creator_id").is_null()
    sums = counted.filter(is_known).with_columns((nw.col("c") * nw.col("c")).alias("cc"), is_first_time)
    totals = sums.group_by("sound_id").agg(
        nw.col("c").sum().alias("posts"),
        nw.len().alias("creators"),
        nw.col("cc").sum().alias("squares"),
        nw.col("c").max().alias("top"),
        nw.col("is_first_time").sum().alias("first_timers"),
    )
    unknown = counted.filter(~is_known).select("sound_id", nw.col("c").alias("posts_of_unknown"))
    table = board(totals).merge(board(unknown), on="sound_id", how="outer").sort_values("sound_id")
    return leave(concentrated(table), posts)


def _number(frame: Frame) -> nw.Expr:
    return nw.col("post_id").n_unique() if "post_id" in frame.collect_schema().names() else nw.len()


def concentrated(table: pd.DataFrame) -> pd.DataFrame:
    """Make `concentration` of a row of totals a sound: posts and creators, squares of posts each, the top creator's.

    The columns are ``sound_id``, ``posts``, ``creators``, ``squares``, ``top``, ``first_timers``, ``posts_of_unknown``.
    """
    for name in ("posts", "creators", "posts_of_unknown"):
        table[name] = table[name].fillna(0)
    n, squares, top = (table[name].to_numpy(dtype="float64", na_value=np.nan) for name in ("posts", "squares", "top"))
    has_posts, has_pairs = n > 0, n > 1
    table["hhi"] = np.divide(squares - n, n * (n - 1), out=np.full(len(n), np.nan), where=has_pairs)
    table["effective_creators"] = np.divide(n**2, squares, out=np.full(len(n), np.nan), where=has_posts)
    table["top_creator_share"] = np.divide(top, n, out=np.full(len(n), np.nan), where=has_posts)
    first_timers = table["first_timers"].to_numpy(dtype="float64", na_value=np.nan)
    creators = table["creators"].to_numpy(dtype="float64")
    table["first_time_share"] = np.divide(first_timers, creators, out=np.full(len(n), np.nan), where=creators > 0)
    is_few = table["effective_creators"] < EFFECTIVE_NEEDED
    table["is_concentrated"] = is_few | (table["top_creator_share"] > TOP_SHARE_ALLOWED)
    measures = ["hhi", "effective_creators", "top_creator_share", "first_time_share", "is_concentrated"]
    return table[["sound_id", "posts", "creators", "posts_of_unknown", *measures]]


def top_creators(
    posts: IntoFrame, *, as_of: datetime, days: int | None = None, top: int = 5, followers: IntoFrame | None = None
) -> Any:
    """List each sound's creators by the total views of their posts with it.

    Parameters
    ----------
    posts
        ``sound_id``, ``creator_id``, ``post_id``, ``posted_at``, ``views``, one row a post.
    as_of
        Posts from then on don't count.
    days
        Only posts of the last so many days; None for all.
    top
        How many creators a sound.
    followers
        ``creator_id, followers``, where known.

    Returns
    -------
    frame
        ``sound_id``, ``rank``, ``creator_id``, ``posts``, ``views`` [views] (NULL where no post shows its views),
        ``reach_per_post`` [views a post], ``followers`` [creators] (NULL unknown).

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    now = instant(as_of)
    frame = enter(posts, ids=[*_KEY, "post_id"], times=["posted_at"], others=["views"])
    frame = frame.filter(nw.col("posted_at") < nw.lit(now.to_pydatetime()), ~nw.col("creator_id").is_null())
    if days is not None:
        frame = frame.filter(between("posted_at", now - DAY * days, now))
    totals = frame.group_by(_KEY).agg(
        _number(frame).alias("posts"), nw.col("views").sum().alias("views"), nw.col("views").count().alias("shown")
    )
    views = nw.when(nw.col("shown") > 0).then(nw.col("views").cast(nw.Int64)).alias("views")
    table = board(leading(totals.with_columns(views), top, of="sound_id", by=["views", "posts"], then="creator_id"))
    table["reach_per_post"] = table["views"].astype("Float64") / table["shown"].astype("Float64")
    table["reach_per_post"] = table["reach_per_post"].astype("float64")
    table = table.sort_values(["sound_id", "views", "posts", "creator_id"], ascending=[True, False, False, True])
    table["rank"] = (table.groupby("sound_id").cumcount() + 1).astype("Int64")
    known = pd.DataFrame({"creator_id": pd.Series(dtype="str"), "followers": pd.Series(dtype="Int64")})
    if followers is not None:
        known = board(enter(followers, ids=["creator_id"], others=["followers"]).select("creator_id", "followers"))
    table = table.merge(known.drop_duplicates("creator_id"), on="creator_id", how="left")
    return leave(table[["sound_id", "rank", "creator_id", "posts", "views", "reach_per_post", "followers"]], posts)


def most_viewed(creator: Any, views: Any, top: int) -> pd.DataFrame:
    """Rank the creators with the most views as `top_creators` does, of each post its creator and its views.

    Creators are small whole numbers in the order of their ids, so adding up by place does; 0 is unknown and left out.
    Views below 0 are unknown.

    Returns
    -------
        ``creator``, ``posts``, ``views`` [views], ``reach_per_post`` [views a post], the first rank first.

    Examples
    --------
    >>> most_viewed(np.array([1, 2, 1, 3, 0]), np.array([5, 7, 4, -1, 99]), 2)
       creator  posts  views  reach_per_post
    0        1      2      9             4.5
    1        2      1      7             7.0
    """
    number = np.bincount(creator, minlength=1)
    number[0] = 0
    shown = np.bincount(creator[views >= 0], minlength=len(number)) if views.min(initial=0) < 0 else number
    total = np.bincount(creator, np.maximum(views, 0), minlength=len(number))
    weight = np.where(shown > 0, total, -1.0)
    found = np.flatnonzero(number)
    if len(found) > top:
        found = found[weight[found] >= np.partition(weight[found], -top)[-top]]
    first = found[np.lexsort((found, -number[found], -weight[found]))][:top]
    has_views = shown[first] > 0
    each = np.divide(total[first], shown[first], out=np.full(len(first), np.nan), where=has_views)
    sums = pd.array(total[first].astype("int64"), dtype="Int64")
    sums[~has_views] = pd.NA
    posts = pd.array(number[first], dtype="Int64")
    return pd.DataFrame({"creator": first, "posts": posts, "views": sums, "reach_per_post": each})


def leave_one_out(
    posts: IntoFrame,
    *,
    as_of: datetime,
    measure: Callable[..., Any],
    coverage: IntoFrame | datetime | None = None,
    daily: Any = None,
) -> Any:
    """Measure growth again without each sound's top creator, top post and top region.

    Parameters
    ----------
    posts
        ``sound_id``, ``post_id``, ``creator_id``, ``region``, ``posted_at``, ``views``.
    as_of
        End of the last 24 h.
    measure
        `velocity`, or a measure that is called like it, such as ``partial(velocity, dialect="tutorial_engagement")``.
    coverage
        As `velocity` takes it.
    daily
        As `velocity` takes it.

    Returns
    -------
    frame
        Three rows a sound: ``sound_id``, ``left_out`` (creator, post, region), ``who`` (NULL where there is nothing to
        leave out, and nothing changes), ``posts_left_out`` [posts of the last 24 h]; ``growth_rate``, ``growth_low``,
        ``growth_high`` [ratio] and ``status`` of all posts; the same four of the others, as
        ``growth_rate_without`` and so on (NULL ratios where no other post is known).

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    now = instant(as_of)
    frame = enter(posts, ids=[*_KEY, "post_id"], times=["posted_at"], others=["region", "views"])
    # what is known stays known when posts are left out
    covered = _back_to_the_oldest(frame, now) if coverage is None else coverage
    frame = frame.with_columns(nw.col("region").str.to_uppercase().alias("region"))

    def measured(some: Frame) -> pd.DataFrame:
        return board(enter(measure(some.to_native(), as_of=as_of, coverage=covered, daily=daily)))

    before = measured(frame)[["sound_id", *_MEASURED]]
    recent = frame.filter(between("posted_at", now - DAY, now))
    tables = []
    for word, name in _LEFT_OUT.items():
        top = _top(recent, name)
        after = measured(_without(frame, top, name))[["sound_id", *_MEASURED]]
        table = before.merge(top.rename(columns={name: "who"}), on="sound_id", how="left").assign(left_out=word)
        tables.append(table.merge(after, on="sound_id", how="left", suffixes=("", "_without")))
    result = pd.concat(tables)
    result["status_without"] = result["status_without"].fillna(result["status"])
    result["posts_left_out"] = result["posts_left_out"].fillna(0).astype("Int64")
    result = result.astype({"left_out": "str", "who": "str"}).sort_values(["sound_id", "left_out"])
    without = [f"{name}_without" for name in _MEASURED]
    return leave(result[["sound_id", "left_out", "who", "posts_left_out", *_MEASURED, *without]], posts)


def _back_to_the_oldest(posts: Frame, now: pd.Timestamp) -> pd.DataFrame:
    span = spans(posts, None, now).reset_index()
    return pd.DataFrame(
        {"sound_id": span["sound_id"], "complete_since": span["since"], "covered_until": span["until"]}
    ).astype(dict.fromkeys(("complete_since", "covered_until"), "datetime64[us, UTC]"))


def _top(recent: Frame, name: str) -> pd.DataFrame:
    """Give each sound's creator, post or region to leave out, and how many posts go with it."""
    is_named = ~nw.col(name).is_null() & (nw.col(name) != "")
    rivals = recent.filter(is_named).group_by(["sound_id", name])
    counted = rivals.agg(nw.col("post_id").n_unique().alias("posts_left_out"), nw.col("views").max().alias("views"))
    weight = "views" if name == "post_id" else "posts_left_out"
    table = board(leading(counted, 1, of="sound_id", by=[weight], then=name))
    return table[["sound_id", name, "posts_left_out"]]


def _without(posts: Frame, top: pd.DataFrame, name: str) -> Frame:
    if top.empty:
        return posts
    pairs: Any = bring(top[["sound_id", name]], to=posts)
    return posts.join(pairs, on=["sound_id", name], how="anti")
