"""The warehouse: one DuckDB file, derived from the archive.

Conventions:

* A write is one transaction. The answer is the unit: an answer whose id stands in ``calls`` is
  loaded already, and is left out. So appending the same answers twice adds nothing.
* A read is of the world as it was known at an instant: `trendlib.snapshot`.
* A connection lives for one operation only: `trendlib.warehouse` opens the file, and waits for who holds it.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import repeat
from operator import itemgetter
from pathlib import Path
from types import NoneType
from typing import Any

import duckdb
import pandas as pd

from trendlib.errors import ConfigError, NoDataError, SchemaError, StoreError
from trendlib.schema import CALLS, REJECTS, TABLES, Answer, Column, Rows, Table, utc_text
from trendlib.snapshot import PANDAS_TYPES, Snapshot
from trendlib.warehouse import OWNER_ONLY, is_there, opened, settle

EXPORTED_BY = "observed_on"
WRITERS_PATIENCE = 10
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Loaded:
    """An answer, the sweep it came with, what parsing made of it, and why it gave no data, if so."""

    answer: Answer
    sweep_id: str
    rows: Rows
    credits: int | None
    error: str | None = None


class _Incoming:
    """Rows of one table, column by column, and beside each the proof of the answer it stands in."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._values_of = itemgetter(*table.blank)
        self._columns: list[list[Any]] = [[] for _ in table.columns]

    def __len__(self) -> int:
        return len(self._columns[-1])

    def add(self, rows: Sequence[Mapping[str, Any]], observed_at: datetime | None, answer_id: str) -> None:
        if not rows:
            return
        values = zip(*map(self._values_of, rows), strict=True)
        proof = repeat(observed_at, len(rows)), repeat(answer_id, len(rows))
        for column, found in zip(self._columns, (*values, *proof), strict=True):
            column.extend(found)

    def frame(self) -> pd.DataFrame:
        return _frame(self._table, dict(zip(self._table.names, self._columns, strict=True)))


class Store:
    """The warehouse file of one home.

    Parameters
    ----------
    path
        The DuckDB file; it and its folder are made by the first write.
    wait_s
        How long who reads waits for another program that holds it; who writes waits ten times as long [s].
    """

    def __init__(self, path: Path, *, wait_s: float = 30.0) -> None:
        self.path = path.absolute()  # DuckDB takes a folder md: at the beginning for a service of its makers
        self.wait_s = wait_s

    @property
    def is_there(self) -> bool:
        """Whether anything was ever written; a folder that may not be entered is a `StoreError`."""
        return is_there(self.path)

    def append(self, loaded: Sequence[Loaded], rejected: Iterable[Mapping[str, Any]] = ()) -> int:
        """Append what is not known yet, in one transaction.

        Parameters
        ----------
        loaded
            Parsed answers, in any order.
        rejected
            Rows of ``rejects`` for lines that were no answers at all, their ``answer_id`` standing
            for the line.

        Returns
        -------
            How many of the answers were new [answers].

        Raises
        ------
        SchemaError
            If a row holds something else than its column declares.
        StoreBusyError
            If another program holds the warehouse for too long.
        StoreError
            If the file is damaged or of another version.
        """
        with self._connection(read_only=False) as connection:
            firsts = {one.answer.answer_id: one for one in reversed(loaded)}
            known = _known(connection, CALLS, firsts)
            fresh = [one for answer_id, one in reversed(firsts.items()) if answer_id not in known]
            lines = {str(row["answer_id"]): dict(row) for row in rejected}
            known_lines = _known(connection, REJECTS, lines)
            tables = _gathered(fresh)
            for line_id, row in lines.items():
                if line_id not in known_lines:
                    tables[REJECTS.name].add([row], row["observed_at"], line_id)
            connection.begin()
            for name, incoming in tables.items():
                if incoming:
                    connection.register("incoming", incoming.frame())
                    connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM incoming")  # noqa: S608
                    connection.unregister("incoming")
            connection.commit()
        return len(fresh)

    def known(self, answer_ids: Sequence[str], table: Table = CALLS) -> set[str]:
        """Return those of some answers that are loaded already; of ``REJECTS``, those of some lines."""
        if not answer_ids or not self.is_there:
            return set()
        with self._connection(read_only=True) as connection:
            return _known(connection, table, answer_ids)

    @contextmanager
    def as_of(self, instant: datetime) -> Iterator[Snapshot]:
        """Open the world as it was known at an instant, for one short read.

        Raises
        ------
        NoDataError
            If nothing was ever loaded.
        StoreBusyError
            If another program holds the warehouse for too long.
        """
        if not self.is_there:
            raise NoDataError(f"Asked for what was known at {utc_text(instant)}; {self.path} does not exist yet. "
                              "Load something first: `trendlib sweep`, or `trendlib replay FILE`.")  # fmt: skip
        with self._connection(read_only=True) as connection:
            yield Snapshot(connection, instant)

    def last_observed_at(self) -> datetime | None:
        """Return the fetch time of the newest answer, None when there is none."""
        if not self.is_there:
            return None
        with self._connection(read_only=True) as connection:
            newest = connection.execute("SELECT epoch_us(max(observed_at)) FROM calls").fetchall()[0][0]
        return None if newest is None else EPOCH + timedelta(microseconds=newest)

    def spent(self, since: datetime) -> dict[str, int]:
        """Return what answers fetched since an instant have cost, by provider [credits]."""
        if not self.is_there:
            return {}
        asked = "SELECT provider, sum(credits) FROM calls WHERE observed_at >= ? AND credits > 0 GROUP BY 1 ORDER BY 1"
        with self._connection(read_only=True) as connection:
            return {name: int(paid) for name, paid in connection.execute(asked, [since]).fetchall()}

    def instants(self) -> list[datetime]:
        """Return, for each day on which something was learned, the first whole minute after its newest answer [UTC]."""
        if not self.is_there:
            return []
        newest = "SELECT epoch_us(date_trunc('minute', max(observed_at))) FROM calls"
        with self._connection(read_only=True) as connection:
            found = connection.execute(f"{newest} GROUP BY date_trunc('day', observed_at) ORDER BY 1").fetchall()
        return [EPOCH + timedelta(microseconds=row[0], minutes=1) for row in found]

    def sweep_ids(self) -> set[str]:
        """Return the sweeps and recordings whose answers are loaded."""
        if not self.is_there:
            return set()
        with self._connection(read_only=True) as connection:
            return {row[0] for row in connection.execute("SELECT DISTINCT sweep_id FROM calls").fetchall()}

    def export(self, folder: Path) -> list[Path]:
        """Write every table as Parquet, partitioned by day of observation (``observed_on=2026-11-20/…``).

        DuckDB, polars, pandas and Spark read the folders as they are. A table's older export is replaced once the new
        one is whole.

        Returns
        -------
            One folder a table; a table without rows has none.

        Raises
        ------
        ConfigError
            If a table's folder holds anything but an older export: nothing of it is touched.
        StoreError
            If the folder cannot be written.
        """
        if not self.is_there:
            raise NoDataError(f"Asked to export {self.path}; it does not exist yet. Load something first.")
        folder = folder.absolute()  # DuckDB takes a ~ at the beginning for somebody's home
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in TABLES:
                _demand_export(folder / name)
            with self._connection(read_only=True) as connection:
                return [folder / name for name in TABLES if _exported(connection, name, folder)]
        except OSError as error:
            raise StoreError(
                f"Asked to export into {folder}; {error}. Choose a folder that may be written and has room."
            ) from error

    def replace_with(self, other: "Store") -> None:
        """Put another warehouse, complete and closed, in this one's place.

        Raises
        ------
        StoreError
            If the file cannot be moved, for example because a program holds it open on Windows; or if there is no room
            for all of it.
        """
        with opened(other.path, read_only=False, wait_s=self.wait_s) as connection:
            settle(connection)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.path.with_name(self.path.name + ".wal").unlink(missing_ok=True)
            other.path.chmod(OWNER_ONLY)
            os.replace(other.path, self.path)  # noqa: PTH105 - Path.replace hides that it is atomic
        except OSError as error:
            raise StoreError(
                f"{self.path} could not be replaced: {error}. Close what holds it and try again."
            ) from error

    def _connection(self, *, read_only: bool) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        # A look can be repeated; what was bought is to be loaded, also beside notebooks that look all the time.
        return opened(self.path, read_only=read_only, wait_s=self.wait_s * (1 if read_only else WRITERS_PATIENCE))


def frame_of(table: Table, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows as a frame that holds exactly the table's columns with the schema's types.

    Raises
    ------
    SchemaError
        If a row holds something else than its column declares.
    """
    return _frame(table, {name: [row[name] for row in rows] for name in table.names})


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as one Parquet file, in place of an older one."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.from_df(frame).write_parquet(str(path))


def _frame(table: Table, columns: Mapping[str, list[Any]]) -> pd.DataFrame:
    return pd.DataFrame({column.name: _series(table, column, columns[column.name]) for column in table.columns})


def _series(table: Table, column: Column, values: list[Any]) -> "pd.Series[Any]":
    if column.kind == "text" and not {*map(type, values)} <= {str, NoneType}:
        wrong = next((value for value in values if value is not None and not isinstance(value, str)), None)
        if wrong is not None:
            raise SchemaError(f"{table.name}.{column.name} holds text; found {wrong!r}")
    try:
        return pd.Series(values, dtype=PANDAS_TYPES[column.kind])
    except (TypeError, ValueError, OverflowError) as error:
        raise SchemaError(f"{table.name}.{column.name} holds {column.kind} [{column.unit}]: {error}") from error


def _gathered(loaded: Iterable[Loaded]) -> dict[str, "_Incoming"]:
    tables = {name: _Incoming(table) for name, table in TABLES.items()}
    for one in loaded:
        for name, rows in (*one.rows.tables.items(), (CALLS.name, [_call_row(one)])):
            tables[name].add(rows, one.answer.fetched_at, one.answer.answer_id)
    return tables


def _call_row(one: Loaded) -> dict[str, Any]:
    return {
        "sweep_id": one.sweep_id,
        "provider": one.answer.provider,
        "endpoint": one.answer.endpoint,
        "params": one.answer.call.params_text,
        "status": one.answer.status,
        "credits": one.credits,
        "error": one.error,
    }


def _demand_export(folder: Path) -> None:
    """Refuse a folder, or a file in its place, that an older export did not make."""
    strangers = [path.name for path in folder.iterdir()] if folder.is_dir() else [folder.name][: folder.exists()]
    found = next((name for name in strangers if not name.startswith((f"{EXPORTED_BY}=", "."))), None)
    if found is not None:
        raise ConfigError(f"Asked to export to {folder}; it holds {found!r}, which no export made, and an export "
                          "replaces the whole folder. Name another folder, or an empty one.")  # fmt: skip


def _exported(connection: duckdb.DuckDBPyConnection, name: str, folder: Path) -> bool:
    """Write one table into its folder; tell whether it has rows."""
    draft = folder / f".{name}.part"  # no reader looks into a folder of such a name
    shutil.rmtree(draft, ignore_errors=True)
    target, order = str(draft).replace("'", "''"), ", ".join((*TABLES[name].key, "observed_at", "answer_id"))
    (written,) = connection.execute(
        f"COPY (SELECT *, CAST(observed_at AS DATE) AS {EXPORTED_BY} FROM {name} ORDER BY {order}) "  # noqa: S608
        f"TO '{target}' (FORMAT parquet, PARTITION_BY ({EXPORTED_BY}))"
    ).fetchone() or (0,)
    shutil.rmtree(folder / name, ignore_errors=True)
    if written:
        draft.rename(folder / name)
    else:
        shutil.rmtree(draft, ignore_errors=True)
    return bool(written)


def _known(connection: duckdb.DuckDBPyConnection, table: Table, ids: Iterable[str]) -> set[str]:
    connection.register("asked", pd.DataFrame({"answer_id": pd.Series(list(ids), dtype="str")}))
    found = connection.execute(f"SELECT answer_id FROM {table.name} SEMI JOIN asked USING (answer_id)").fetchall()  # noqa: S608
    connection.unregister("asked")
    return {row[0] for row in found}
