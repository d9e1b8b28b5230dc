"""An excerpt: all that the warehouse holds of a few sounds, in memory, so that any instant is a quick look.

Who looks closely at one sound asks for it again and again, as of many instants. So its rows are copied once, when they
are first asked for, and the file is let go: writers never wait. Of posts, each *version* is kept with the stretch of
time in which it was the latest word, from the answer that said it up to the next; what was known at an instant is then
a filter, not a computation.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Literal

import duckdb
import pandas as pd

from trendlib.schema import POST_OBSERVATIONS, POSTS, utc_text
from trendlib.store import Snapshot, Store

_PROOF = ("post_id", "observed_at", "answer_id")
_WORDS = [name for name in POSTS.names if name not in _PROOF]
_COUNTERS = [name for name in POST_OBSERVATIONS.names if name not in _PROOF]
# Which rows of a table are of a sound, or of hashtags that were read, and which copies that takes; {ids} are sounds.
_OF_POSTS = ("SEMI JOIN posts USING (post_id)", "posts")
_ROWS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "sound": {
        **dict.fromkeys(("sounds", "sound_observations", "posts"), ("WHERE sound_id IN ({ids})",)),
        **dict.fromkeys(("feed_pages", "alerts"), ("WHERE subject = 'sound' AND subject_id IN ({ids})",)),
        **dict.fromkeys(("post_observations", "post_hashtags"), _OF_POSTS),
    },
    "hashtag": {
        **dict.fromkeys(("hashtags", "hashtag_observations"), ("",)),
        "feed_pages": ("WHERE subject = 'hashtag'",),
        "post_hashtags": ("SEMI JOIN hashtag_observations USING (hashtag)", "hashtag_observations"),
        "posts": ("SEMI JOIN post_hashtags USING (post_id)", "post_hashtags"),
        "post_observations": _OF_POSTS,
    },
}
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
    "SELECT * EXCLUDE (counters), unnest(counters) FROM ("  # noqa: S608 - of schema
    + _VERSIONED.format(
        more="last_value(counters IGNORE NULLS) OVER so_far AS counters, ",
        rows=f"(SELECT * FROM posts FULL JOIN {_READ} USING ({', '.join(_PROOF)}))",  # noqa: S608 - of schema
    )
    + ")"
)
# what is made of which copied tables
_MADE = {
    "worded_posts": (("posts",), _VERSIONED.format(more="", rows="posts")),
    "counted_posts": (("posts", "post_observations"), _COUNTED),
}


class Excerpt(Store):
    """What a warehouse holds of some sounds, or of the hashtags that were read.

    Parameters
    ----------
    store
        The warehouse.
    sound_ids
        Which sounds.
    subject
        ``sound``, or ``hashtag`` for all hashtags that were read, whatever their sounds.
    """

    def __init__(
        self, store: Store, sound_ids: Sequence[str], *, subject: Literal["sound", "hashtag"] = "sound"
    ) -> None:
        super().__init__(store.path, wait_s=store.wait_s)
        self.sound_ids = tuple(sound_ids)
        self.subject = subject
        self._taken: set[str] = set()

    def at(self, instant: datetime) -> "ExcerptSnapshot":
        """Return the sounds as they were known at an instant; what it gives stays readable.

        Raises
        ------
        NoDataError
            If nothing was ever loaded.
        """
        if not self.path.exists():
            with self.as_of(instant):
                pass
        return ExcerptSnapshot(self, instant)

    def taken(self, *tables: str) -> duckdb.DuckDBPyConnection:
        """Return the copy with some tables in it: of the warehouse, or versions of posts.

        Raises
        ------
        StoreBusyError
            If another program holds the warehouse for too long.
        """
        needed = [one for one in dict.fromkeys(self._with_parts(tables)) if one not in self._taken]
        copied = [table for table in needed if table not in _MADE]
        if copied:
            self._copy(copied)
        for table in needed:
            if table in _MADE:
                self._memory.execute(f"CREATE TABLE {table} AS {_MADE[table][1]}").fetchall()
        self._taken.update(needed)
        return self._memory

    def first_readings(self) -> pd.DataFrame:
        """Return every sound of the warehouse whose counter was ever read: ``sound_id``, ``first_read`` [UTC]."""
        first = "SELECT sound_id, min(observed_at) AS first_read FROM sound_observations GROUP BY sound_id"
        with self._connection(read_only=True) as connection:
            return connection.execute(first).df()

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
        return f"SELECT * FROM warehouse.{table} {_ROWS[self.subject][table][0].format(ids=ids)}"  # noqa: S608 - of schema and ids

    def _with_parts(self, tables: Iterable[str]) -> Iterator[str]:
        """Name tables and what they are made of or chosen by, those first."""
        for table in tables:
            yield from self._with_parts(_MADE[table][0] if table in _MADE else _ROWS[self.subject][table][1:])
            yield table


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
        is_of_sound = "" if self._excerpt.subject == "hashtag" else " AND sound_id IS NOT NULL"
        known = f"known_from < {at} AND known_until >= {at}{is_of_sound}"
        rows = f"SELECT * EXCLUDE (known_from, known_until) FROM {table} WHERE {known}"  # noqa: S608 - of schema
        return self._excerpt.taken(table).sql(rows)

    def readings_of_posts(self) -> duckdb.DuckDBPyRelation:
        """Return every reading of the posts' counters, the older ones too."""
        rows = f"SELECT * FROM post_observations WHERE observed_at < TIMESTAMPTZ '{utc_text(self.as_of)}'"  # noqa: S608
        return self._excerpt.taken("post_observations").sql(rows)
