"""Viewed: each sound's most viewed recent posts. Views grow with age: a list to look at, no comparison."""

from datetime import datetime
from typing import Any

from narwhals.typing import IntoFrame

from trendlib.metrics.engines import DAY, between, board, enter, instant, leading, leave, whole

COLUMNS = ("sound_id", "rank", "post_id", "creator_id", "posted_at", "region", "views", "caption")


def top_posts(posts: IntoFrame, *, as_of: datetime, days: int = 7, top: int = 10) -> Any:
    """List each sound's most viewed recent posts.

    Parameters
    ----------
    posts
        ``sound_id``, ``post_id``, ``creator_id``, ``posted_at``, ``region``, ``views``, ``caption``, one row a post.
    as_of
        Posts from then on don't count.
    days
        Only posts of the last so many days.
    top
        How many posts a sound.

    Returns
    -------
    frame
        ``sound_id``, ``rank``, ``post_id``, ``creator_id``, ``posted_at`` [UTC], ``region`` [ISO 3166-1 alpha-2],
        ``views`` [views] (NULL unknown, ranked last), ``caption``.

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    now = instant(as_of)
    others = ["creator_id", "region", "views", "caption"]
    frame = enter(posts, ids=["sound_id", "post_id"], times=["posted_at"], others=others)
    recent = frame.filter(between("posted_at", now - DAY * days, now))
    table = board(
        leading(
            recent.select(*(name for name in COLUMNS if name != "rank")),
            top,
            of="sound_id",
            by=["views"],
            then="post_id",
        )
    )
    table = table.sort_values(["sound_id", "views", "post_id"], ascending=[True, False, True], na_position="last")
    table["rank"] = whole(table.groupby("sound_id").cumcount() + 1).set_axis(table.index)
    return leave(table[list(COLUMNS)], posts)
