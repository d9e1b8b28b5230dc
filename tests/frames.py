"""Frames of another engine, made for tests out of pandas frames."""

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


def to_polars(frame):
    """Give a frame to polars column by column: ``pl.from_pandas`` needs pyarrow, which nothing of ours asks for."""
    return pl.DataFrame([series_of(name, frame[name]) for name in frame.columns])


def series_of(name, column):
    values = column.dt.to_pydatetime() if isinstance(column.dtype, pd.DatetimeTZDtype) else column
    present = column.notna()
    plain = [value if is_there else None for value, is_there in zip(values, present, strict=True)]
    dtype = DTYPES[str(column.dtype)]
    if dtype is None and not present.any():
        dtype = pl.String()
    return pl.Series(name, plain, dtype=dtype)
