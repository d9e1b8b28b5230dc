"""Posts counted in cells of any kind (a sound and day, a sound, region and week), and the creators behind them."""

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import pandas as pd

from trendlib.marks import mark_of, repeated
from trendlib.metrics.engines import Frame, bring


def counted(posts: Frame, cell: Sequence[str], *, posts_per_creator: int | None = None) -> Frame:
    """Count, in their engine, the posts of each cell and the known creators who posted them.

    Parameters
    ----------
    posts
        The columns of ``cell``; ``post_id`` so that no post counts twice; ``creator_id``.
    cell
        Columns that tell which cell a post lies in.
    posts_per_creator
        Count at most so many posts of one creator in a cell; posts of unknown creators all count.

    Returns
    -------
    frame
        ``cell``, ``posts``, and ``creators`` where ``creator_id`` was given.
    """
    names = posts.collect_schema().names()
    # plain aggregations only: pandas is slow with others, so casts come after
    number = (nw.col("post_id").n_unique() if "post_id" in names else nw.len()).alias("posts")
    count = nw.col("posts").cast(nw.Int64)
    if "creator_id" not in names:
        return posts.group_by(cell).agg(number).with_columns(count)
    alone, others = nw.lit(0), []
    if posts.implementation.is_duckdb() and "post_id" not in names:
        posts, alone, others = _nameless(posts, cell), nw.col("alone").cast(nw.Int64), [nw.col("alone").sum()]
    by_creator = posts.group_by([*cell, "creator_id"]).agg(number, *others).with_columns(count)
    is_known = ~nw.col("creator_id").is_null()
    if posts_per_creator is not None:
        capped = nw.when(is_known & (count > posts_per_creator)).then(nw.lit(posts_per_creator)).otherwise(count)
        by_creator = by_creator.with_columns(capped.alias("posts"))
    by_creator = by_creator.with_columns((is_known.cast(nw.Int64) + alone).alias("creators"))
    return by_creator.group_by(cell).agg(nw.col("posts").sum(), nw.col("creators").sum())


def _nameless(posts: Frame, cell: Sequence[str]) -> Frame:
    """Take the name from who posted once in a cell: such posts count ``alone``, and need no group of their own."""
    native: Any = posts.to_native()
    mark = mark_of(*cell, "creator_id")
    marked: Any = nw.from_native(native.project(f"*, {mark} AS mark"))
    company = bring(pd.DataFrame({"mark": repeated(native, mark), "has_company": True}), to=marked)
    joined: Frame = marked.join(company, on="mark", how="left")
    is_alone = nw.col("has_company").is_null() & ~nw.col("creator_id").is_null()
    named = nw.when(~is_alone).then(nw.col("creator_id")).alias("creator_id")
    return joined.select(*cell, named, is_alone.cast(nw.Int64).alias("alone"))
