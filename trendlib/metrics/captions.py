"""Captions: which hashtags stand beside a sound, and how much more often than beside others.

Among the posts of a window: share = posts with the hashtag / posts of the sound; lift = that share over the hashtag's
share among the posts of other sounds, ``(n + 1/2) / (posts + 1)`` each, so that what stands nowhere else
has a lift too. Known posts come from the feeds that were bought: lift compares among these.
"""

from datetime import datetime
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from trendlib.metrics.engines import DAY, between, board, enter, instant, leave
from trendlib.schema import Status

COUNT_COLUMNS = ("sound_id", "hashtag", "n", "n_posts")
COLUMNS = ("sound_id", "hashtag", "n", "n_posts", "share", "share_elsewhere", "lift", "status")
POSTS_OK = 5


def hashtag_counts(posts: IntoFrame, post_hashtags: IntoFrame, *, as_of: datetime, days: int = 28) -> Any:
    """Count the hashtags in the captions of each sound's recent posts.

    Parameters
    ----------
    posts
        ``sound_id``, ``post_id``, ``posted_at``, one row a post.
    post_hashtags
        ``post_id``, ``hashtag``, one row each; in the engine of the posts.
    as_of
        Posts from then on don't count.
    days
        Only posts of the last so many days.

    Returns
    -------
    frame
        A row a sound and hashtag: ``sound_id``, ``hashtag`` (NULL in the one row of a sound whose posts have none),
        ``n`` [posts with it], ``n_posts`` [posts].

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    now = instant(as_of)
    frame = enter(posts, ids=["sound_id", "post_id"], times=["posted_at"])
    recent: Any = frame.filter(between("posted_at", now - DAY * days, now)).select("sound_id", "post_id")
    tags: Any = enter(post_hashtags, ids=["post_id"], others=["hashtag"]).select("post_id", "hashtag")
    number = board(recent.group_by("sound_id").agg(nw.len().alias("n_posts")))
    both = recent.join(tags, on="post_id", how="inner").group_by("sound_id", "hashtag")
    table = number.merge(board(both.agg(nw.len().alias("n"))), on="sound_id", how="left")
    table = table.astype({"n": "Int64", "n_posts": "Int64"}).fillna({"n": 0})
    table = table.sort_values(["sound_id", "n", "hashtag"], ascending=[True, False, True])
    return leave(table[list(COUNT_COLUMNS)], posts)


def caption_hashtags(
    posts: IntoFrame,
    post_hashtags: IntoFrame,
    *,
    as_of: datetime,
    days: int = 28,
    elsewhere: IntoFrame | None = None,
) -> Any:
    """Tell which hashtags stand beside each sound, and how much more often than elsewhere.

    Parameters
    ----------
    posts
        As `hashtag_counts` takes them.
    post_hashtags
        As `hashtag_counts` takes them.
    as_of
        Posts from then on don't count.
    days
        Only posts of the last so many days.
    elsewhere
        What `hashtag_counts` gave for other sounds; None: nothing is known of any.

    Returns
    -------
    frame
        A row a sound and hashtag, the most frequent first: ``sound_id``, ``hashtag``, ``n`` [posts with it],
        ``n_posts`` [posts], ``share`` and ``share_elsewhere`` [0-1], ``lift`` [ratio; 1 is what others have] (both NULL
        where no other post is known), ``status`` (``weak`` under 5 posts).

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    counts = board(enter(hashtag_counts(posts, post_hashtags, as_of=as_of, days=days)))
    return leave(hashtag_shares(counts, elsewhere), posts)


def hashtag_shares(counts: pd.DataFrame, elsewhere: IntoFrame | None = None) -> pd.DataFrame:
    """Make `caption_hashtags` of what `hashtag_counts` gave for the sounds, and for others elsewhere."""
    table = counts[counts["hashtag"].notna()].reset_index(drop=True)
    other = _elsewhere(elsewhere)
    of_others = float(other.drop_duplicates("sound_id")["n_posts"].sum())
    n_others = table["hashtag"].map(other.groupby("hashtag")["n"].sum()).fillna(0).astype("float64")
    n, posted = table["n"].astype("float64"), table["n_posts"].astype("float64")
    usual = (n_others + 0.5) / (of_others + 1)
    table["share"] = n / posted
    table["share_elsewhere"] = n_others / of_others if of_others else np.nan
    table["lift"] = ((n + 0.5) / (posted + 1) / usual) if of_others else np.nan
    table["status"] = np.where(n < POSTS_OK, Status.WEAK.value, Status.OK.value)
    types = {"share": "float64", "share_elsewhere": "float64", "lift": "float64", "status": "str"}
    return table.astype(types)[list(COLUMNS)]


def _elsewhere(counts: IntoFrame | None) -> pd.DataFrame:
    if counts is None:
        return pd.DataFrame({"sound_id": [], "hashtag": [], "n": [], "n_posts": []})
    return board(enter(counts, ids=["sound_id"], others=["hashtag", "n", "n_posts"]).select(*COUNT_COLUMNS))
