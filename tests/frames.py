"""Frames of another engine, made for tests out of pandas frames."""

from functools import cache

import duckdb
import pandas as pd
import polars as pl

DTYPES = {
    "Int64": pl.Int64(),
    "int64": pl.Int64(),
    "Float64": pl.Float64(),
    "float64": pl.Float64(),
    "boolean": pl.Boolean(),
    "bool": pl.Boolean(),
    "datetime64[us, UTC]": pl.Datetime("us", "UTC"),
    "str": pl.String(),
    "object": None,
}

SPARK_TYPES = {
    "Int64": "bigint",
    "int64": "bigint",
    "int32": "int",
    "Float64": "double",
    "float64": "double",
    "boolean": "boolean",
    "bool": "boolean",
    "datetime64[us, UTC]": "timestamp",
    "str": "string",
    "object": "string",
}


def to_polars(frame):
    """Give a frame to polars column by column: ``pl.from_pandas`` needs pyarrow, which nothing of ours asks for."""
    return pl.DataFrame([series_of(name, frame[name]) for name in frame.columns])


def series_of(name, column):
    dtype = DTYPES[str(column.dtype)]
    if dtype is None and not column.notna().any():
        dtype = pl.String()
    return pl.Series(name, plain(column), dtype=dtype)


def plain(column):
    """Give Python's own values, None for a missing one."""
    values = column.dt.to_pydatetime().tolist() if isinstance(column.dtype, pd.DatetimeTZDtype) else column.tolist()
    return [value if is_there else None for value, is_there in zip(values, column.notna(), strict=True)]


def to_duckdb(frame):
    """Give a frame to a DuckDB whose clock is far from UTC; all of them share a connection, so they can be joined."""
    return in_seoul().from_df(frame)


@cache
def in_seoul():
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'Asia/Seoul'")
    return connection


def to_spark(frame, session):
    types = ", ".join(f"`{name}` {SPARK_TYPES[str(dtype)]}" for name, dtype in frame.dtypes.items())
    return session.createDataFrame(list(zip(*(plain(frame[name]) for name in frame), strict=True)), types).cache()
