"""Regions: where a sound's posters live.

The region of a post is the region of its poster's account; chart regions and audience indices are other
things under other names. Shares are among the posts WITH a region, and never travel without ``n`` (those
posts), ``n_unknown`` and the share of unknown.
"""

from datetime import datetime
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from trendlib.metrics.engines import DAY, between, board, enter, instant, leave

_KEY = ["sound_id", "region"]


def region_mix(posts: IntoFrame, *, as_of: datetime, days: int = 7) -> Any:
    """Give the shares of regions among each sound's recent posts.

    Parameters
    ----------
    posts
        ``sound_id``, ``region``, ``posted_at``; ``post_id`` so that no post counts twice.
    as_of
        End of the window.
    days
        Its length.

    Returns
    -------
    frame
        A row a sound and region, largest share first; ``region`` is NULL in the one row of a sound without any
        known region: ``sound_id``, ``region`` [ISO 3166-1 alpha-2], ``posts``, ``share`` [0-1], ``n`` and
        ``n_unknown`` [posts], ``unknown_share`` [0-1].

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    now = instant(as_of)
    frame = enter(posts, ids=["sound_id"], times=["posted_at"], others=["region"])
    number = nw.col("post_id").n_unique() if "post_id" in frame.collect_schema().names() else nw.len()
    recent = frame.filter(between("posted_at", now - DAY * days, now))
    spelled = recent.with_columns(nw.col("region").str.to_uppercase().alias("region"))
    return leave(_shares(board(spelled.group_by(_KEY).agg(number.alias("posts")))), posts)


def _shares(counts: pd.DataFrame) -> pd.DataFrame:
    is_known = counts["region"].notna() & (counts["region"] != "")
    n = counts["posts"].where(is_known, 0).groupby(counts["sound_id"]).sum().astype("Int64")
    n_unknown = counts["posts"].where(~is_known, 0).groupby(counts["sound_id"]).sum().astype("Int64")
    sounds = pd.DataFrame({"n": n, "n_unknown": n_unknown}).reset_index()
    table = sounds.merge(counts[is_known], on="sound_id", how="left")
    table["posts"] = table["posts"].fillna(0)
    posts, total, unknown = (table[name].to_numpy(dtype="float64") for name in ("posts", "n", "n_unknown"))
    table["share"] = np.divide(posts, total, out=np.full(len(table), np.nan), where=total > 0)
    table["unknown_share"] = unknown / (total + unknown)
    table = table.sort_values(["sound_id", "share", "region"], ascending=[True, False, True])
    return table[[*_KEY, "posts", "share", "n", "n_unknown", "unknown_share"]]


def top_region(mix: IntoFrame) -> Any:
    """Pick each sound's largest region from a region mix.

    Parameters
    ----------
    mix
        What `region_mix` gave.

    Returns
    -------
    frame
        One row a sound: ``sound_id``, ``top_region`` (NULL where none is known), ``top_region_share`` [0-1], ``n``,
        ``n_unknown`` [posts].

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    table = board(enter(mix, ids=["sound_id"], others=["region", "share", "n", "n_unknown"]))
    table = table.sort_values(["sound_id", "share", "region"], ascending=[True, False, True]).drop_duplicates(
        "sound_id"
    )
    table = table.rename(columns={"region": "top_region", "share": "top_region_share"})
    return leave(table[["sound_id", "top_region", "top_region_share", "n", "n_unknown"]], mix)
