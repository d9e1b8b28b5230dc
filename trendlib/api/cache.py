"""Answers that are still fresh, so that nothing is bought twice.

Kept by requests-cache in SQLite, one row an answer, under a key that only who asked the same of the
same server with the same API key can compute. Only the body, its status and its true fetch time are
kept: no request, no header, hence no API key.

How old an answer may be is for the asker to judge, by the asker's clock. Rows are dropped when
their expiry has passed by the wall clock.
"""

import json
import logging
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from requests_cache.backends.sqlite import SQLiteCache
from requests_cache.models.response import CachedResponse

from trendlib.errors import StoreError
from trendlib.schema import Answer, Call

BUSY_MS = 10_000

logger = logging.getLogger(__name__)


class AnswerCache:
    """Fresh answers in one SQLite file.

    A cache that can't be read counts as empty, and one that can't be written as full: neither stops
    a sweep.

    Parameters
    ----------
    file
        SQLite file to keep them in.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        # requests-cache reads without a lock of its own, which sqlite3 does not always forgive.
        self._lock = threading.Lock()
        self._store = self._opened()

    def find(self, key: str, call: Call) -> Answer | None:
        """Return the answer kept under a key, with its true fetch time, or None."""
        with self._lock:
            try:
                kept = self._store.get_response(key)
                body = json.loads(kept.content) if kept is not None else None
            except sqlite3.Error as error:
                self._begin_anew(error)
                return None
            except ValueError:
                return None
        if kept is None:
            return None
        return Answer(kept.created_at, call.provider, call.endpoint, call.params, kept.status_code, body)

    def keep(self, key: str, answer: Answer, expiry: timedelta) -> None:
        """Keep an answer until it expires."""
        kept = CachedResponse(
            content=json.dumps(answer.body, separators=(",", ":")).encode(),
            created_at=answer.fetched_at,
            expires=datetime.now(UTC) + expiry,
            status_code=answer.status,
            url=answer.endpoint,
        )
        with self._lock:
            try:
                self._store.responses[key] = kept
            except sqlite3.Error as error:
                self._begin_anew(error)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._store.close()

    def _opened(self) -> Any:
        """Open the file; one that is broken is set aside."""
        try:
            return self._open()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise _refusal(self._file, error) from error
            self._set_aside(error)
            return self._open()

    def _open(self) -> Any:
        _make_private(self._file)
        store = SQLiteCache(self._file, serializer="json", wal=True, fast_save=True, busy_timeout=BUSY_MS)
        store.delete(expired=True, vacuum=False)
        return store

    def _begin_anew(self, error: sqlite3.Error) -> None:
        """Go on after a failure: with a new file when this one is broken."""
        if isinstance(error, sqlite3.OperationalError):
            logger.warning("%s: %s; going on without it", self._file, error)
            return
        self._store.close()
        self._set_aside(error)
        self._store = self._open()

    def _set_aside(self, error: sqlite3.Error) -> None:
        aside = f"{self._file.name}.broken"
        logger.warning("%s is broken (%s); set aside as %s, going on with an empty one", self._file, error, aside)
        for ending in ("", "-wal", "-shm"):
            part = self._file.with_name(self._file.name + ending)
            if part.exists():
                part.replace(part.with_name(aside + ending))


def _make_private(file: Path) -> None:
    """Make sure the file is there, for its owner's eyes only, and may be written."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.parent.chmod(0o700)
        file.touch(mode=0o600)
        file.chmod(0o600)
        # requests-cache would wait for ever to write a file that it may not.
        file.open("r+b").close()
    except OSError as error:
        raise _refusal(file, error) from error


def _refusal(file: Path, error: Exception) -> StoreError:
    return StoreError(f"Asked to keep answers in {file}; {error}. Make room, or give a folder to write in: --home.")
