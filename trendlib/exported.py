"""The world as it was known at an instant, read by Spark from exported Parquet: for when one machine is too small.

`Exported` answers what a snapshot of the store answers, so `trendlib.boards.board` takes either. Posts stay in Spark;
what comes to this machine are boards, and the tables of a row a sound and reading or page.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd
from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f

from trendlib.metrics.engines import board, bring, enter, instant
from trendlib.schema import TABLES, Table
from trendlib.snapshot import PANDAS_TYPES
from trendlib.store import EXPORTED_BY

SPARK_TYPES = {"text": "string", "int": "bigint", "float": "double", "bool": "boolean", "time": "timestamp"}
_NEWEST = ("observed_at", "answer_id")


class Exported:
    """The folders that `Store.export` wrote, as they were known at one instant.

    Parameters
    ----------
    session
        A Spark session.
    folder
        Where they lie: a path or any address that Spark reads and all of its machines reach.
    as_of
        The instant; only rows with ``observed_at`` before it are seen.
    """

    def __init__(self, session: SparkSession, folder: str, as_of: datetime) -> None:
        self.as_of = as_of
        self._session = session
        self._folder = folder.rstrip("/")

    def table(self, name: str, **where: str | Sequence[str]) -> DataFrame:
        """Return a table as of the instant, condensed as its role says.

        Parameters
        ----------
        name
            A table of `trendlib.schema.TABLES`.
        **where
            Column = value, or a list of values: only those rows. Of what rows say later, NULL does not match.

        Returns
        -------
            The table's columns; an ``identity`` table has ``first_seen`` (time, UTC) as well.
        """
        table = TABLES[name]
        rows = self._rows(table)
        for column, values in where.items():
            rows = (
                rows.filter(f.col(column) == values) if isinstance(values, str) else self._among(rows, column, values)
            )
        return _condensed(rows, table)

    def posts(self, sound_ids: Sequence[str], columns: Sequence[str] = ()) -> DataFrame:
        """Return the posts of some sounds, gathered once for all that is asked of them.

        Parameters
        ----------
        sound_ids
            Whose posts.
        columns
            Columns of ``posts``; none given means all of them, and those of the latest ``post_observations``.

        Returns
        -------
            One row a post.
        """
        posts = self.table("posts", sound_id=sound_ids)
        if columns:
            return posts.select(*columns).cache()
        counters = self.table("post_observations").drop(*_NEWEST)
        return posts.join(counters, "post_id", "left").cache()

    def frame(self, name: str, **where: str | Sequence[str]) -> pd.DataFrame:
        """Return `table` as a pandas frame with the schema's types, in the order of its key."""
        table = TABLES[name]
        found = board(enter(self.table(name, **where)))
        found = found.sort_values(list(dict.fromkeys((*table.key, *_NEWEST))), ignore_index=True)
        return found.astype({column.name: PANDAS_TYPES[column.kind] for column in table.columns})

    def write(self, frame: pd.DataFrame, folder: str) -> None:
        """Write a board as one Parquet file, in place of an older one."""
        there: Any = bring(frame, to=enter(self._session.range(0))).to_native()
        there.coalesce(1).write.mode("overwrite").parquet(folder)

    def _rows(self, table: Table) -> DataFrame:
        types = ", ".join(f"`{column.name}` {SPARK_TYPES[column.kind]}" for column in table.columns)
        reader = self._session.read.schema(f"{types}, {EXPORTED_BY} date")
        try:
            rows = reader.parquet(f"{self._folder}/{table.name}")
        except AnalysisException as error:
            if error.getCondition() != "PATH_NOT_FOUND":
                raise
            # a table without rows has no folder
            rows = self._session.createDataFrame([], f"{types}, {EXPORTED_BY} date")
        now = instant(self.as_of)
        # whole days are skipped by their folder's name, before any file is opened
        is_seen = (f.col(EXPORTED_BY) <= f.lit(now.date())) & (f.col("observed_at") < f.lit(now.to_pydatetime()))
        return rows.filter(is_seen).drop(EXPORTED_BY)

    def _among(self, rows: DataFrame, column: str, values: Sequence[str]) -> DataFrame:
        listed = self._session.createDataFrame([(value,) for value in dict.fromkeys(values)], f"`{column}` string")
        return rows.join(f.broadcast(listed), column, "left_semi")


def _condensed(rows: DataFrame, table: Table) -> DataFrame:
    if table.role == "log":
        return rows
    newest = f.struct(*_NEWEST)
    if table.role == "latest":
        whole = f.max_by(f.struct(*table.names), newest).alias("one")
        return rows.groupBy(*table.key).agg(whole).select("one.*")
    others = [name for name in table.names if name not in {*table.key, *_NEWEST}]
    words = [_latest_said(name).alias(name) for name in others]
    seen = (f.max("observed_at").alias("observed_at"), f.max_by("answer_id", newest).alias("answer_id"))
    return rows.groupBy(*table.key).agg(*words, *seen, f.min("observed_at").alias("first_seen"))


def _latest_said(name: str) -> Column:
    """Give the latest answer's word, answers that said nothing left out."""
    return f.max_by(name, f.when(f.col(name).isNotNull(), f.struct(*_NEWEST)))
