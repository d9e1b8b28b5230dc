"""How frames enter the metrics and leave them, whichever engine they live in.

A metric takes pandas and polars frames, DuckDB relations and Spark DataFrames (Narwhals). What is heavy
runs in the engine; what comes back is a board, a pandas frame of a row per sound or per sound and day.
The answer leaves as it came: an eager engine gets its own kind of frame, a lazy one a pandas frame.
In every pandas frame of ours, ids are text, times are ``datetime64[us, UTC]``, whole numbers may be NULL.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from trendlib.errors import SchemaError

Frame: TypeAlias = nw.DataFrame[Any] | nw.LazyFrame[Any]

DAY = pd.Timedelta(days=1)


def instant(as_of: datetime) -> pd.Timestamp:
    """Read an instant as UTC.

    Raises
    ------
    ValueError
        If it has no time zone.
    """
    if as_of.tzinfo is None:
        raise ValueError(f"{as_of!r} has no time zone; give one, for example tzinfo=datetime.UTC")
    return pd.Timestamp(as_of).tz_convert("UTC").as_unit("us")


def enter(
    native: IntoFrame, *, ids: Sequence[str] = (), times: Sequence[str] = (), others: Sequence[str] = ()
) -> Frame:
    """Take a frame of any engine and check what the metric relies on.

    Raises
    ------
    SchemaError
        If a column is missing, an id is not text, or a time has no time zone.
    """
    frame: Frame = nw.from_native(native)
    schema = frame.collect_schema()
    missing = [name for name in (*ids, *times, *others) if name not in schema]
    if missing:
        raise SchemaError(f"the frame lacks {', '.join(missing)}; it has {', '.join(schema.names())}")
    for name in ids:
        if schema[name].is_numeric():
            raise SchemaError(f"{name} holds numbers; ids are text, as numbers lose digits: read them as text")
    for name in times:
        dtype = schema[name]
        if not isinstance(dtype, nw.Datetime) or dtype.time_zone is None:
            raise SchemaError(f"{name} is {dtype}; it must be a time with a time zone (UTC)")
    return frame


def board(frame: Frame) -> pd.DataFrame:
    """Bring a result out of its engine as a pandas frame of the house's types."""
    schema = frame.collect_schema()
    if isinstance(frame, nw.LazyFrame) and not frame.implementation.is_polars():
        native = frame.collect(backend="pandas").to_native()
        columns = {name: native[name] for name in schema.names()}
    else:
        eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
        columns = {name: _series(eager.get_column(name)) for name in schema.names()}
    return pd.DataFrame({name: _typed(values, schema[name]) for name, values in columns.items()}).reset_index(drop=True)


def _series(column: nw.Series[Any]) -> Any:
    # polars' own to_pandas needs pyarrow; numpy does not
    return column.to_native() if column.implementation.is_pandas() else column.to_numpy()


def _typed(values: Any, dtype: nw.dtypes.DType) -> Any:
    series = pd.Series(values)
    if isinstance(dtype, nw.Datetime):
        return pd.to_datetime(series, utc=True).astype("datetime64[us, UTC]")
    if dtype.is_integer():
        return series.astype("Int64")
    if dtype.is_float():
        return series.astype("float64")
    if isinstance(dtype, nw.Boolean):
        return series.astype("boolean")
    return series.astype("str")


def leave(frame: pd.DataFrame, native: IntoFrame) -> Any:
    """Give a board back in the engine of the frame it was computed from."""
    entered = nw.from_native(native)
    frame = frame.reset_index(drop=True)
    if isinstance(entered, nw.LazyFrame) or entered.implementation.is_pandas():
        return frame
    schema = nw.from_native(frame, eager_only=True).schema
    columns = {name: _plain(frame[name]) for name in frame.columns}
    return nw.from_dict(columns, schema=schema, backend=entered.implementation).to_native()


def _plain(column: "pd.Series[Any]") -> list[Any]:
    values = column.dt.to_pydatetime().tolist() if isinstance(column.dtype, pd.DatetimeTZDtype) else column.tolist()
    return [None if is_null else value for value, is_null in zip(values, column.isna(), strict=True)]


def days_before(times: "pd.Series[Any]", as_of: pd.Timestamp) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Give how many days before ``as_of`` each time lies; NaN for a missing time."""
    return np.asarray((as_of - times).dt.total_seconds() / 86_400, dtype="float64")


def ages(time: str, *, as_of: pd.Timestamp, days: int) -> nw.Expr:
    """Tell in which 24 h window, counted back from ``as_of``, a time lies: 1 is the last, at most ``days``.

    Written with comparisons alone, which every engine does alike, whatever its session's time zone.
    """
    column = nw.col(time)
    edges = [(as_of - DAY * past).to_pydatetime() for past in range(1, days)]
    older = [(column < nw.lit(edge)).cast(nw.Int64) for edge in edges]
    return nw.sum_horizontal(nw.lit(1), *older).cast(nw.Int64).alias("age")


def between(time: str, start: pd.Timestamp, end: pd.Timestamp) -> nw.Expr:
    """Tell whether a time lies in the half-open window from ``start`` up to ``end``."""
    column = nw.col(time)
    return (column >= nw.lit(start.to_pydatetime())) & (column < nw.lit(end.to_pydatetime()))


def whole(values: Any) -> "pd.Series[Any]":
    """Round to whole numbers that may be NULL."""
    return pd.Series(np.round(np.asarray(values, dtype="float64"))).astype("Int64")
