"""The world as it was known at an instant: rows with ``observed_at < as_of``, condensed as their table's role says.

Of a ``log`` every row counts; of a ``latest`` table the newest row of each key; of an ``identity`` table the newest
word in each column, answers that said nothing left out. Of two answers of one moment the greater id is the newer.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import count
from typing import Any, Literal

import duckdb
import numpy as np
import pandas as pd

from trendlib.errors import SchemaError
from trendlib.marks import mark_of, repeated
from trendlib.schema import POSTS, REJECTS, TABLES, Table, utc_text

PANDAS_TYPES = {
    "text": "str",
    "int": "Int64",
    "float": "float64",
    "bool": "boolean",
    "time": "datetime64[us, UTC]",
}
_GATHERED = count()


class Snapshot:
    """The world as it was known at one instant, while one connection is open.

    Parameters
    ----------
    connection
        An open connection, in UTC.
    as_of
        The instant; only rows with ``observed_at`` before it are seen.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
        self.as_of = as_of
        self._connection = connection

    def table(self, name: str, **where: str | Sequence[str]) -> duckdb.DuckDBPyRelation:
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
        return self._connection.sql(self._sql(name, where))

    def posts(self, sound_ids: Sequence[str], columns: Sequence[str] = ()) -> duckdb.DuckDBPyRelation:
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
        name = f"posts_{next(_GATHERED)}"  # what was given before stays as it is
        self._gather(name, self._conditions(POSTS, {"sound_id": sound_ids}), ", ".join(columns) or "*")
        if not columns:
            counters = self._sql("post_observations", {})
            both = f"{name} AS p LEFT JOIN ({counters}) AS o USING (post_id)"
            whole = f"SELECT p.*, o.views, o.likes, o.comments, o.shares, o.saves FROM {both}"  # noqa: S608 - of schema and ids
            name = f"{name}_counted"
            self._run(f"CREATE TEMP TABLE {name} AS {whole}")
        return self._connection.table(name).project("* EXCLUDE (mark)")

    def _gather(self, name: str, asked: str, listed: str) -> None:
        """Copy posts into a table: those that stand in one answer as they are, the others condensed."""
        mark = mark_of("post_id")
        once = f"SELECT *, observed_at AS first_seen FROM posts WHERE {asked}"  # noqa: S608 - of schema and ids, as all of this
        self._run(f"CREATE TEMP TABLE {name} AS SELECT {listed}, {mark} AS mark FROM ({once})")  # noqa: S608
        again = repeated(self._connection.table(name), "mark")
        if not len(again):
            return
        self._connection.register("again", pd.DataFrame({"mark": again}))
        told = _read_sql(POSTS, f"{asked} AND {mark} IN (SELECT mark FROM again)")  # noqa: S608
        self._run(f"DELETE FROM {name} WHERE mark IN (SELECT mark FROM again)")  # noqa: S608
        self._run(f"INSERT INTO {name} BY NAME SELECT {listed}, {mark} AS mark FROM ({told})")  # noqa: S608
        self._connection.unregister("again")

    def _run(self, command: str) -> None:
        self._connection.execute(command).fetchall()

    def frame(self, name: str, **where: str | Sequence[str]) -> pd.DataFrame:
        """Return `table` as a pandas frame with the schema's types, in the order of its key."""
        table = TABLES[name]
        order = ", ".join(dict.fromkeys((*table.key, "observed_at", "answer_id")))
        return framed(self.table(name, **where).order(order).fetchnumpy(), table)

    def _sql(self, name: str, where: Mapping[str, str | Sequence[str]]) -> str:
        return _read_sql(TABLES[name], self._conditions(TABLES[name], where))

    def _conditions(self, table: Table, where: Mapping[str, str | Sequence[str]]) -> str:
        seen = f"observed_at < TIMESTAMPTZ '{utc_text(self.as_of)}'"
        if table is REJECTS:  # a line that was no answer has no time
            seen = f"({seen} OR observed_at IS NULL)"
        return " AND ".join([seen, *(_condition(table, column, value) for column, value in where.items())])


def framed(columns: Mapping[str, Any], table: Table) -> pd.DataFrame:
    """Make a pandas frame with the schema's types of columns as numpy arrays; any other column is a time."""
    kinds = {column.name: column.kind for column in table.columns}
    series = {name: _TYPED[kinds.get(name, "time")](values) for name, values in columns.items()}
    return pd.DataFrame(series, copy=False)


def _text(values: Any) -> Any:
    words = np.array(np.ma.getdata(values), dtype=object)
    words[np.ma.getmaskarray(values)] = None
    return pd.array(words, dtype="str")


def condensed(rows: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Condense rows as their table's role says: all rows that were seen, in the order of key, time and answer."""
    if table.role == "log":
        return rows
    keys = [rows[name].to_numpy() for name in table.key]
    is_first = np.ones(len(rows), dtype=bool)
    is_first[1:] = np.any([values[1:] != values[:-1] for values in keys], axis=0)
    if is_first.all():
        return rows if table.role == "latest" else rows.assign(first_seen=rows["observed_at"])
    last = np.flatnonzero(np.roll(is_first, -1))
    if table.role == "latest":
        return rows.take(last).reset_index(drop=True)
    is_told = rows.notna().to_numpy() | is_first[:, None]
    places = np.maximum.accumulate(np.where(is_told, np.arange(len(rows))[:, None], 0))[last]
    columns = {name: rows[name].array[place] for name, place in zip(table.names, places.T, strict=True)}
    return pd.DataFrame({**columns, "first_seen": rows["observed_at"].array[is_first]})


def _nullable(values: Any, kind: Literal["Int64", "boolean"]) -> Any:
    array: Any = pd.array(np.ma.getdata(values).astype("bool" if kind == "boolean" else "int64"), dtype=kind)
    array[np.ma.getmaskarray(values)] = pd.NA
    return array


def _time(values: Any) -> Any:
    whole = np.ma.filled(values, np.datetime64("NaT")).astype("datetime64[us]")
    return pd.DatetimeIndex(whole).tz_localize("UTC")


_TYPED: Mapping[str, Callable[[Any], Any]] = {
    "text": _text,
    "int": partial(_nullable, kind="Int64"),
    "float": lambda values: np.ma.filled(values, np.nan).astype("float64"),
    "bool": partial(_nullable, kind="boolean"),
    "time": _time,
}


def _condition(table: Table, column: str, value: str | Sequence[str]) -> str:
    if column not in table.names:
        raise SchemaError(f"{table.name} has no column {column!r}; it has {', '.join(table.names)}")
    values = [value] if isinstance(value, str) else list(value)
    listed = ", ".join("'" + one.replace("'", "''") + "'" for one in values)
    return f"{column} IN ({listed})" if values else "false"


def _read_sql(table: Table, conditions: str) -> str:
    key = ", ".join(table.key)
    newest = "(observed_at, answer_id)"
    if table.role == "log":
        return f"SELECT * FROM {table.name} WHERE {conditions}"  # noqa: S608
    if table.role == "latest":
        whole = f"SELECT max_by({table.name}, {newest}) AS one FROM {table.name} WHERE {conditions} GROUP BY {key}"  # noqa: S608
        return f"SELECT unnest(one) FROM ({whole})"  # noqa: S608
    others = [name for name in table.names if name not in {*table.key, "observed_at", "answer_id"}]
    words = ", ".join(f"max_by({name}, {newest}) AS {name}" for name in others)
    return (
        f"SELECT {key}, {words}, max(observed_at) AS observed_at, max_by(answer_id, {newest}) AS answer_id, "  # noqa: S608
        f"min(observed_at) AS first_seen FROM {table.name} WHERE {conditions} GROUP BY {key}"
    )
