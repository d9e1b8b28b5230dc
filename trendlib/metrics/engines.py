"""How frames enter the metrics and leave them, whichever engine they live in.

A metric takes pandas and polars frames, DuckDB relations and Spark DataFrames (Narwhals). What is heavy
runs in the engine: posts are filtered, counted and joined where they lie. What comes back is a board, a pandas
frame of a row a sound, or a sound and day, region or creator, never of a row a post.
The answer leaves as it came: an eager engine gets its own kind of frame, a lazy one a pandas frame.
In every pandas frame of ours, ids are text, times are ``datetime64[us, UTC]``, whole numbers may be NULL.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from trendlib.errors import SchemaError

Frame: TypeAlias = nw.DataFrame[Any] | nw.LazyFrame[Any]

DAY = pd.Timedelta(days=1)
_A_SECOND_US = 1_000_000
_A_DAY_US = 86_400 * _A_SECOND_US
_ID_TYPE, _TIME_TYPE = pd.StringDtype(na_value=np.nan), pd.DatetimeTZDtype("us", UTC)
_HOUSE_TYPES = {_ID_TYPE, pd.Int64Dtype(), np.dtype("float64"), pd.BooleanDtype(), _TIME_TYPE}
_SPARK_TYPES = {nw.Int64: "bigint", nw.Float64: "double", nw.String: "string", nw.Boolean: "boolean"}


def dated(native: IntoFrame, name: str) -> IntoFrame:
    """Read a column of dates, or of times without a zone, as midnights in UTC.

    Neither DuckDB nor Spark can name a zone inside a query: such a frame is brought out of its engine.

    Examples
    --------
    >>> dated(pd.DataFrame({"day": pd.to_datetime(["2026-03-01"])}), "day")["day"].dt.tz
    datetime.timezone.utc
    """
    frame = nw.from_native(native)
    dtype = frame.collect_schema().get(name)
    is_bare = isinstance(dtype, (nw.Date, nw.Object)) or (isinstance(dtype, nw.Datetime) and dtype.time_zone is None)
    if not is_bare:
        return native
    if isinstance(frame, nw.LazyFrame) and not frame.implementation.is_polars():
        table = board(frame)
        return table.assign(**{name: pd.to_datetime(table[name], utc=True).astype("datetime64[us, UTC]")})
    return frame.with_columns(nw.col(name).cast(nw.Datetime("us")).dt.replace_time_zone("UTC")).to_native()


def instant(as_of: datetime) -> pd.Timestamp:
    """Read an instant as UTC.

    Raises
    ------
    ValueError
        If it is no time, or one without a zone.
    """
    if not isinstance(as_of, datetime):
        raise ValueError(f"as_of is {as_of!r}; give an instant, for example datetime(2026, 3, 2, tzinfo=UTC)")  # noqa: TRY004
    if as_of.tzinfo is None:
        raise ValueError(f"{as_of!r} has no time zone; give one, for example tzinfo=datetime.UTC")
    return pd.Timestamp(as_of).tz_convert("UTC").as_unit("us")


def enter(
    native: IntoFrame, *, ids: Sequence[str] = (), times: Sequence[str] = (), others: Sequence[str] = ()
) -> Frame:
    """Take a frame of any engine and check what the metric relies on; a row without its first id is nobody's.

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
    return _owned(frame, ids[0]) if ids else frame


def _owned(frame: Frame, name: str) -> Frame:
    if isinstance(frame, nw.DataFrame) and not frame.get_column(name).is_null().any():
        return frame
    return frame.filter(~nw.col(name).is_null())


def taken(
    native: IntoFrame, *, ids: Sequence[str] = (), times: Sequence[str] = (), others: Sequence[str] = ()
) -> pd.DataFrame:
    """Bring columns of a board of any engine as a pandas frame of the house's types; one of ours is taken as it is.

    Raises
    ------
    SchemaError
        As `enter` does.

    Examples
    --------
    >>> leaders = pd.DataFrame({"title": ["Low Tide"], "sound_id": ["7"], "rank": [1]})
    >>> taken(leaders, ids=["sound_id"], others=["rank"]).dtypes.astype("str").to_dict()
    {'sound_id': 'str', 'rank': 'Int64'}
    """
    names = [*ids, *times, *others]
    if isinstance(native, pd.DataFrame) and _is_ours(native, ids, times, others):
        places = {name: place for place, name in enumerate(native.columns)}
        return native.take([places[name] for name in names], axis=1).reset_index(drop=True)
    return board(enter(native, ids=ids, times=times, others=others).select(*names))


def _is_ours(frame: pd.DataFrame, ids: Sequence[str], times: Sequence[str], others: Sequence[str]) -> bool:
    """Tell whether a pandas frame has these columns, of the house's types, and no row without its first id."""
    kinds = dict(zip(frame.columns, frame.dtypes, strict=True))
    return (
        len(kinds) == frame.shape[1]
        and all(kinds.get(name) == _ID_TYPE for name in ids)
        and all(kinds.get(name) == _TIME_TYPE for name in times)
        and all(kinds.get(name) in _HOUSE_TYPES for name in others)
        and not any(frame[name].hasnans for name in ids[:1])
    )


def board(frame: Frame) -> pd.DataFrame:
    """Bring a result out of its engine as a pandas frame of the house's types."""
    if frame.implementation.is_pandas():
        return _housed(frame.to_native())
    schema = frame.collect_schema()
    columns: Mapping[str, Any]
    if not isinstance(frame, nw.LazyFrame):
        columns = {name: _series(frame.get_column(name)) for name in schema.names()}
    elif frame.implementation.is_spark_like():
        columns = _out_of_spark(frame, schema)
    elif frame.implementation.is_polars():
        eager = frame.collect()
        columns = {name: _series(eager.get_column(name)) for name in schema.names()}
    else:
        native = frame.collect(backend="pandas").to_native()
        columns = {name: native[name] for name in schema.names()}
    return pd.DataFrame({name: _typed(values, schema[name]) for name, values in columns.items()}).reset_index(drop=True)


def _housed(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a pandas frame the house's types; columns that have them already are taken as they are."""
    foreign = [str(name) for name, dtype in frame.dtypes.items() if dtype not in _HOUSE_TYPES]
    if foreign:
        schema = nw.from_native(frame[foreign]).schema
        frame = frame.assign(**{name: _typed(frame[name], schema[name]) for name in foreign})
    return frame.reset_index(drop=True)


def _out_of_spark(frame: nw.LazyFrame[Any], schema: nw.Schema) -> dict[str, Any]:
    # Spark tells times in the zone of this machine, whose clock may show an hour twice; seconds since 1970 are plain
    times = [name for name, dtype in schema.items() if isinstance(dtype, nw.Datetime)]
    plain = frame.with_columns(nw.col(name).cast(nw.Float64) for name in times) if times else frame
    rows = plain.to_native().collect()
    columns = {name: pd.Series([row[place] for row in rows], dtype="object") for place, name in enumerate(schema)}
    for name in times:
        columns[name] = pd.to_datetime(whole(columns[name].astype("float64") * _A_SECOND_US), unit="us", utc=True)
    return columns


def bring(small: pd.DataFrame, *, to: Frame) -> Frame:
    """Bring a small board into the engine of a large frame, so that the two can be joined there.

    Examples
    --------
    >>> large = nw.from_dict({"sound_id": ["1", "2"]}, backend="polars").lazy()
    >>> bring(pd.DataFrame({"sound_id": ["2"], "rank": [1]}), to=large).implementation.is_polars()
    True
    """
    if to.implementation.is_pandas():
        return nw.from_native(small)
    native: Any = to.to_native()
    if to.implementation.is_duckdb():
        # relations join only where they share a connection, and only the relation itself knows its own
        joined: Frame = nw.from_native(native.query("large", "SELECT * FROM small"))
        return joined
    schema = nw.from_native(small, eager_only=True).schema
    columns = {name: plain(small[name]) for name in small.columns}
    if to.implementation.is_polars():
        eager = nw.from_dict(columns, schema=schema, backend=to.implementation)
        return eager.lazy() if isinstance(to, nw.LazyFrame) else eager
    types = ", ".join(f"`{name}` {_SPARK_TYPES.get(type(dtype), 'timestamp')}" for name, dtype in schema.items())
    rows = list(zip(*columns.values(), strict=True))
    spread: Frame = nw.from_native(native.sparkSession.createDataFrame(rows, types))
    return spread


def leading(frame: Frame, number: int, *, of: str, by: Sequence[str], then: str) -> Frame:
    """Keep, in their engine, the first rows of each sound.

    Parameters
    ----------
    frame
        Rows.
    number
        How many to keep of each.
    of
        The column that tells whose row it is.
    by
        Whole numbers, none below 0, the largest first; rows where they are unknown come last.
    then
        A text that decides between equals, ascending.
    """
    numbers = {f"minus_{name}": nw.col(name).cast(nw.Int64) for name in by}
    signed = [nw.when(one.is_null()).then(1).otherwise(-one).alias(name) for name, one in numbers.items()]
    place = nw.col("place").cum_sum().over(of, order_by=[*numbers, then])
    placed = frame.with_columns(*signed, nw.lit(1).alias("place")).with_columns(place)
    return placed.filter(nw.col("place") <= number).drop(*numbers, "place")


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


def leave(frame: pd.DataFrame, native: Any) -> Any:
    """Give a board back in the engine of the frame it was computed from; from what is none, as a pandas frame."""
    entered: Any = nw.from_native(native, pass_through=True)
    frame = frame.reset_index(drop=True)
    if not isinstance(entered, nw.DataFrame) or entered.implementation.is_pandas():
        return frame
    schema = nw.from_native(frame, eager_only=True).schema
    columns = {name: plain(frame[name]) for name in frame.columns}
    return nw.from_dict(columns, schema=schema, backend=entered.implementation).to_native()


def plain(column: "pd.Series[Any]") -> list[Any]:
    """Give a column's values as Python's own, None for a missing one."""
    values = column.dt.to_pydatetime().tolist() if isinstance(column.dtype, pd.DatetimeTZDtype) else column.tolist()
    return [None if is_null else value for value, is_null in zip(values, column.isna(), strict=True)]


def days_before(times: "pd.Series[Any]", as_of: pd.Timestamp) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Give how many days before ``as_of`` each time lies; NaN for a missing time."""
    at = times.to_numpy(dtype="datetime64[us]")
    passed = (as_of.value // 1000 - at.view("int64")) / _A_SECOND_US / 86_400
    return np.where(np.isnat(at), np.nan, passed)


def days_at(age: Any, as_of: pd.Timestamp) -> pd.DatetimeIndex:
    """Give the start of the 24 h windows of some ages, counted back from ``as_of``: of 1, a day before it.

    Examples
    --------
    >>> days_at([1, 8], pd.Timestamp("2026-03-09T07:00Z")).strftime("%d %b %H h").tolist()
    ['08 Mar 07 h', '01 Mar 07 h']
    """
    starts = as_of.value // 1000 - np.asarray(age, dtype="int64") * (DAY // pd.Timedelta(microseconds=1))
    return pd.DatetimeIndex(starts.view("datetime64[us]")).tz_localize("UTC")


def aged(frame: Frame, time: str, *, as_of: pd.Timestamp, days: int) -> Frame:
    """Tell in which 24 h window, counted back from ``as_of``, a time lies: ``age`` 1 is the last, at most ``days``.

    Spark's SQL is written with comparisons alone, which it does alike whatever its session's time zone.
    """
    if frame.implementation.is_spark_like():
        return frame.with_columns(_window(nw.col(time), as_of, 1, days).alias("age"))
    if frame.implementation.is_duckdb():
        native: Any = frame.to_native()
        age = f"({as_of.value // 1000} - epoch_us({time}) - 1) // {_A_DAY_US} + 1"
        told: Frame = nw.from_native(native.project(f"*, least(greatest({age}, 1), {days}) AS age"))
        return told
    passed = (nw.lit(as_of.to_pydatetime()) - nw.col(time)).dt.total_microseconds()
    window = (passed - 1) // _A_DAY_US + 1
    return frame.with_columns(window.clip(1, days).cast(nw.Int64).alias("age"))


def _window(time: nw.Expr, as_of: pd.Timestamp, first: int, last: int) -> nw.Expr:
    """Look for the window by halves: each row is compared as often as the halves need, not with every edge."""
    if first == last:
        return nw.lit(first).cast(nw.Int64)
    middle = (first + last) // 2
    is_older = time < nw.lit((as_of - DAY * middle).to_pydatetime())
    return nw.when(is_older).then(_window(time, as_of, middle + 1, last)).otherwise(_window(time, as_of, first, middle))


def between(time: str, start: pd.Timestamp, end: pd.Timestamp) -> nw.Expr:
    """Tell whether a time lies in the half-open window from ``start`` up to ``end``."""
    column = nw.col(time)
    return (column >= nw.lit(start.to_pydatetime())) & (column < nw.lit(end.to_pydatetime()))


def whole(values: Any) -> "pd.Series[Any]":
    """Round to whole numbers that may be NULL."""
    numbers = np.round(np.asarray(values, dtype="float64"))
    is_null = np.isnan(numbers)
    return pd.Series(pd.arrays.IntegerArray(np.where(is_null, 0, numbers).astype("int64"), is_null))
