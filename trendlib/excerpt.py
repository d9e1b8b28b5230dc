"""An excerpt: all that the warehouse holds of a few sounds, in memory, so that any instant is a quick look.

Who looks closely at one sound asks for it again and again, as of many instants. So its rows are copied once, when they
are first asked for, and the file is let go: writers never wait. Of posts, each *version* is kept with the stretch of
time in which it was the latest word, from the answer that said it up to the next; what was known at an instant is then
a filter, not a computation.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property

import duckdb

from trendlib.schema import POST_OBSERVATIONS, POSTS, utc_text
from trendlib.store import Snapshot, Store

_PROOF = ("post_id", "observed_at", "answer_id")
_WORDS = [name for name in POSTS.names if name not in _PROOF]
_COUNTERS = [name for name in POST_OBSERVATIONS.names if name not in _PROOF]
_KEY_OF = {
    "sounds": "sound_id", "sound_observations": "sound_id", "posts": "sound_id", "post_observations": "post_id",
    "post_hashtags": "post_id", "creators": "creator_id", "creator_observations": "creator_id",
}  # fmt: skip
_BY_TIME = "PARTITION BY post_id ORDER BY observed_at, answer_id"
_SO_FAR = f"({_BY_TIME} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
_LATEST_WORDS = ", ".join(f"last_value({name} IGNORE NULLS) OVER so_far AS {name}" for name in _WORDS)
_VERSIONED = (
    f"SELECT post_id, {_LATEST_WORDS}, {{more}}observed_at AS known_from, "  # noqa: S608 - of schema
    f"lead(observed_at, 1, 'infinity'::TIMESTAMPTZ) OVER ({_BY_TIME}) AS known_until "
    f"FROM {{rows}} WINDOW so_far AS {_SO_FAR} ORDER BY posted_at"
)
_READ = f"(SELECT {', '.join(_PROOF)}, struct_pack({', '.join(_COUNTERS)}) AS counters FROM post_observations)"  # noqa: S608
_COUNTED = (
    "SELECT * EXCLUDE (counters), unnest(counters) FROM ("
    + _VERSIONED.format(
        more="last_value(counters IGNORE NULLS) OVER so_far AS counters, ",
        rows=f"(SELECT * FROM posts FULL JOIN {_READ} USING ({', '.join(_PROOF)}))",
    )
    + ")"
)
# what is made of which copied tables
_MADE = {
    "worded_posts": (("posts",), _VERSIONED.format(more="", rows="posts")),
    "counted_posts": (("posts", "post_observations"), _COUNTED),
}


class Excerpt(Store):
    """What a warehouse holds of some sounds.

    Parameters
    ----------
    store
        The warehouse.
    sound_ids
        Which sounds.
    """

    def __init__(self, store: Store, sound_ids: Sequence[str]) -> None:
        super().__init__(store.path, wait_s=store.wait_s)
        self.sound_ids = tuple(sound_ids)
        self._taken: set[str] = set()

    def at(self, instant: datetime) -> "ExcerptSnapshot":
        """Return the sounds as they were known at an instant; what it gives stays readable."""
        return ExcerptSnapshot(self, instant)

    def taken(self, *tables: str) -> duckdb.DuckDBPyConnection:
        """Return the copy with some tables in it: of the warehouse, or versions of posts.

        Raises
        ------
        StoreBusyError
            If another program holds the warehouse for too long.
        """
        needed = dict.fromkeys(
            one
            for table in tables
            for one in (*(("posts",) if _KEY_OF.get(table, "sound_id") != "sound_id" else ()), *_parts(table))
            if one not in self._taken
        )
        copied = [table for table in needed if table not in _MADE]
        if copied:
            self._copy(copied)
        for table in needed:
            if table in _MADE:
                self._memory.execute(f"CREATE TABLE {table} AS {_MADE[table][1]}").fetchall()
        self._taken.update(needed)
        return self._memory

    @cached_property
    def _memory(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        connection.execute("SET TimeZone = 'UTC'")
        return connection

    def _copy(self, tables: Sequence[str]) -> None:
        # opened as every other reader opens it: waiting for who holds the file, and checking what it is
        with self._connection(read_only=True):
            place = str(self.path).replace("'", "''")
            self._memory.execute(f"ATTACH '{place}' AS warehouse (READ_ONLY)")
            for table in tables:
                self._memory.execute(f"CREATE TABLE {table} AS {self._rows(table)}").fetchall()
            self._memory.execute("DETACH warehouse")

    def _rows(self, table: str) -> str:
        ids = ", ".join("'" + one.replace("'", "''") + "'" for one in self.sound_ids) or "NULL"
        rows = f"SELECT * FROM warehouse.{table}"  # noqa: S608 - of schema and ids
        if table == "feed_pages":
            return f"{rows} WHERE subject = 'sound' AND subject_id IN ({ids})"
        key = _KEY_OF[table]
        return f"{rows} WHERE sound_id IN ({ids})" if key == "sound_id" else f"{rows} SEMI JOIN posts USING ({key})"


class ExcerptSnapshot(Snapshot):
    """Some sounds as they were known at one instant.

    Parameters
    ----------
    excerpt
        The sounds.
    as_of
        The instant.
    """

    def __init__(self, excerpt: Excerpt, as_of: datetime) -> None:
        super().__init__(excerpt.taken(), as_of)
        self._excerpt = excerpt

    def table(self, name: str, **where: str | Sequence[str]) -> duckdb.DuckDBPyRelation:
        """Return a table as of the instant, as the warehouse does."""
        self._excerpt.taken(name)
        return super().table(name, **where)

    def posts_known(self, *, has_counters: bool) -> duckdb.DuckDBPyRelation:
        """Return the posts of the sounds, one row a post.

        Parameters
        ----------
        has_counters
            With their latest counters (views, likes and so on), which takes longer.
        """
        table = "counted_posts" if has_counters else "worded_posts"
        at = f"TIMESTAMPTZ '{utc_text(self.as_of)}'"
        known = f"known_from < {at} AND known_until >= {at} AND sound_id IS NOT NULL"
        rows = f"SELECT * EXCLUDE (known_from, known_until) FROM {table} WHERE {known}"  # noqa: S608 - of schema
        return self._excerpt.taken(table).sql(rows)

    def readings_of_posts(self) -> duckdb.DuckDBPyRelation:
        """Return every reading of the posts' counters, the older ones too."""
        rows = f"SELECT * FROM post_observations WHERE observed_at < TIMESTAMPTZ '{utc_text(self.as_of)}'"  # noqa: S608
        return self._excerpt.taken("post_observations").sql(rows)


def _parts(table: str) -> tuple[str, ...]:
    return (*_MADE[table][0], table) if table in _MADE else (table,)
