"""The one database in memory that all excerpts share: to start one takes longer than to copy a sound.

Each excerpt has a place of its own in it, which goes when the excerpt goes. What is copied comes whole or not at all.
"""

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from threading import Lock

import duckdb

_PLACES = count()
_ATTACHING = Lock()  # one database has one name for the file


def place_of(owner: object) -> tuple[duckdb.DuckDBPyConnection, str]:
    """Give a connection whose tables are its owner's alone, and the name by which others read them."""
    connection, name = _database().cursor(), f"place_{next(_PLACES)}"
    connection.execute(f"ATTACH ':memory:' AS {name}; USE {name}; SET TimeZone = 'UTC'")
    weakref.finalize(owner, _leave, name).atexit = False
    return connection, name


@contextmanager
def attached(path: Path, place: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Attach a file as ``warehouse``, to copy from; after an interrupt what was copied by half is gone."""
    file = str(path).replace("'", "''")
    with _ATTACHING:
        place.execute(f"ATTACH '{file}' AS warehouse (READ_ONLY)")
        try:
            place.begin()
            yield
            place.commit()
        except BaseException:
            place.rollback()
            raise
        finally:
            place.execute("DETACH warehouse")


@cache
def _database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def _leave(name: str) -> None:
    _database().cursor().execute(f"DETACH {name}")
