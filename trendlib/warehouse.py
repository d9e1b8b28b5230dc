"""The warehouse's file: who may open it, how long that is waited for, and what its database's errors mean in words.

DuckDB locks its file whole: for one who writes, or for any number who read. So a connection lives for one operation
only, and a lock is waited for with short, jittered pauses before `StoreBusyError` says who holds it and what to do.

A file appears with all its tables or not at all: it is made as a draft beside its place. So whoever is killed over it,
or finds the disk full, leaves nothing that somebody could take for a warehouse.
"""

import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_delay, wait_random

from trendlib.errors import OldFormatError, StoreBusyError, StoreError, StoreFormatError
from trendlib.schema import TABLES

logger = logging.getLogger(__name__)

OWNER_ONLY = 0o600
SQL_TYPES = {"text": "VARCHAR", "int": "BIGINT", "float": "DOUBLE", "bool": "BOOLEAN", "time": "TIMESTAMPTZ"}
SILENCE_S = 20
_DRAFT = ".draft-"
_MAGIC = slice(8, 12)
# What DuckDB says of a file that is none, is cut off, spoiled or of another version; not of permissions or disks.
_DAMAGES = re.compile("not a valid DuckDB|read enough bytes|[Cc]orrupt|version number|[Ss]eriali[sz]ation")
_FORMAT = " ".join(
    f"{table.name}({','.join(f'{c.name}:{c.kind}' for c in table.columns)})" for table in TABLES.values()
)
_COLUMNS = {f"{table.name}.{column.name}" for table in TABLES.values() for column in table.columns}
# A slip of ours, not a mishap of the file or the machine.
_SLIPS = (duckdb.ProgrammingError, duckdb.DataError, duckdb.IntegrityError, duckdb.NotSupportedError)


@contextmanager
def opened(
    path: Path, *, read_only: bool, wait_s: float, is_of_any_version: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the file for as long as the block lasts; who writes makes it if there is none.

    Raises
    ------
    StoreBusyError
        If another program holds it for too long.
    StoreFormatError
        If it is damaged or of another version; `OldFormatError` if that is an older one.
    StoreError
        If it cannot be read or written for another reason: the disk, the folder, the memory.
    """
    retrying = Retrying(retry=retry_if_exception_type(StoreBusyError), stop=stop_after_delay(wait_s),
                        wait=wait_random(0.01, 0.1), before_sleep=_Impatience(), reraise=True)  # fmt: skip
    if not read_only and not is_there(path):
        _make(path)
    connection = retrying(_open_once, path, read_only=read_only, wait_s=wait_s)
    try:
        with errors_in_words(path):
            connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
            if not is_of_any_version:
                _check_format(connection, path)
            yield connection
    finally:
        connection.close()


@contextmanager
def errors_in_words(path: Path) -> Iterator[None]:
    """Say in our words what DuckDB says of a file that is read in the block."""
    try:
        yield
    except duckdb.Error as error:
        if isinstance(error, _SLIPS) and not _DAMAGES.search(str(error)):
            raise
        raise _in_words(error, path) from error


def is_there(path: Path) -> bool:
    """Tell whether there is a warehouse.

    Raises
    ------
    StoreError
        If its folder may not be entered.
    """
    try:
        return path.exists()
    except OSError as error:
        raise _in_words(error, path) from error


def state(path: Path) -> tuple[int, int] | None:
    """Tell one state of a file from another; None where there is none."""
    if not is_there(path):
        return None
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size


@contextmanager
def draft(path: Path) -> Iterator[Path]:
    """Give a place for a new warehouse beside another; what is there when the block ends goes."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=_DRAFT) as folder:
        yield Path(folder) / path.name


def answer_ids(path: Path, *, wait_s: float) -> list[str]:
    """Give the answers that a warehouse of any version holds."""
    with opened(path, read_only=True, wait_s=wait_s, is_of_any_version=True) as connection:
        tables = connection.execute("SELECT table_name FROM duckdb_columns() WHERE column_name = 'answer_id'")
        if ("calls",) not in tables.fetchall():
            return []
        return [row[0] for row in connection.execute("SELECT DISTINCT answer_id FROM calls").fetchall()]


def tidy(path: Path) -> None:
    """Remove the drafts that killed programs left beside a warehouse."""
    for left in path.parent.glob(f"{_DRAFT}*"):
        shutil.rmtree(left, ignore_errors=True)


def settle(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring what was committed from the log beside the file into it; closing does too, and is silent when it fails."""
    connection.execute("CHECKPOINT")


class _Impatience:
    """Says once who is waited for, when that takes long."""

    def __init__(self) -> None:
        self._is_silent = True

    def __call__(self, state: RetryCallState) -> None:
        if self._is_silent and (state.seconds_since_start or 0) > SILENCE_S and state.outcome is not None:
            self._is_silent = False
            logger.warning("Still waiting for the warehouse. %s", state.outcome.exception())


def _make(path: Path) -> None:
    """Make a warehouse without rows; another program's, made meanwhile, stays."""
    try:
        with draft(path) as fresh:
            with closing(duckdb.connect(str(fresh))) as connection:
                for table in TABLES.values():
                    columns = ", ".join(f'"{column.name}" {SQL_TYPES[column.kind]}' for column in table.columns)
                    connection.execute(f"CREATE TABLE {table.name} ({columns})")
                connection.execute(f"COMMENT ON TABLE calls IS '{_FORMAT}'")
                settle(connection)
            fresh.chmod(OWNER_ONLY)
            _put(fresh, path)
    except (OSError, duckdb.Error) as error:
        raise _in_words(error, path) from error


def _put(fresh: Path, path: Path) -> None:
    try:
        os.link(fresh, path)
    except FileExistsError:
        return
    except OSError:  # not every disk knows links
        fresh.replace(path)


def _demand_warehouse(path: Path) -> None:
    """Refuse another database's file: DuckDB would fetch what it takes to read it from the network."""
    if os.access(path, os.R_OK) and path.is_file():
        with path.open("rb") as file:
            head = file.read(_MAGIC.stop)
        if head[_MAGIC] != b"DUCK":
            raise _in_words(ValueError("not a valid DuckDB file"), path)


def _open_once(path: Path, *, read_only: bool, wait_s: float) -> duckdb.DuckDBPyConnection:
    _demand_warehouse(path)
    try:
        return duckdb.connect(str(path), read_only=read_only)
    except (duckdb.ConnectionException, duckdb.ResourceInUseException) as error:
        # Another thread of this process holds it open for the other purpose.
        raise StoreBusyError(f"{path} is in use by another part of this program; try again.") from error
    except duckdb.Error as error:
        if holder := re.search(r"\(PID (\d+)\)", str(error)):
            raise StoreBusyError(
                f"Asked to open {path}; process {holder[1]} has held it for {wait_s:g} s. "
                f"Close that notebook or program (process {holder[1]}) and try again. "
                "What was fetched is safe in the archive and is loaded by the next run."
            ) from error
        raise _in_words(error, path) from error


def _in_words(error: Exception, path: Path) -> StoreError:
    if _DAMAGES.search(str(error)):
        return StoreFormatError(
            f"Asked to open {path}; it is damaged, or no warehouse ({error}). Run `trendlib rebuild`: "
            "it makes the warehouse anew from the archive; nothing is bought again."
        )
    return StoreError(
        f"Asked to open {path}; {error}. See that there is room, and that the file and its folder may be read and "
        "written; then run again. What was fetched is safe in the archive and is loaded by the next run."
    )


def _check_format(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Refuse a warehouse of another version: an older one holds nothing that this version does not know."""
    found = connection.execute("SELECT comment FROM duckdb_tables() WHERE table_name = 'calls'").fetchall()
    if found and found[0][0] == _FORMAT:
        return
    rebuilt = "Run `trendlib rebuild`: it makes the warehouse anew from the archive; nothing is bought again"
    listed = connection.execute("SELECT table_name || '.' || column_name FROM duckdb_columns() WHERE NOT internal")
    strange = {name for (name,) in listed.fetchall()} - _COLUMNS
    if strange:
        raise StoreFormatError(
            f"{path} was made by a newer version of trendlib: it holds {min(strange)}, which this one does not know. "
            f"Update trendlib. To go on with this version instead: {rebuilt[0].lower()}{rebuilt[1:]}."
        )
    raise OldFormatError(
        f"{path} was made by an older version of trendlib. {rebuilt}. A sweep, pull or replay does so by itself."
    )
