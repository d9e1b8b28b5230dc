"""An excerpt: all that the warehouse holds of a few sounds, in memory, so that any instant is a quick look.

Who looks closely at one sound asks for it again and again, as of many instants. So its rows are copied once, when they
are first asked for, and the file is let go: writers never wait. Of posts, each *version* is kept with the stretch of
time in which it was the latest word, up to the next answer: what was known at an instant is then a filter.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal

import duckdb
import numpy as np
import pandas as pd

from trendlib.boards.memory import attached, place_of
from trendlib.boards.post_history import DAY_US, NEVER, Known, PostHistory, micros
from trendlib.metrics.creators import most_viewed
from trendlib.schema import POST_OBSERVATIONS, POSTS, TABLES, utc_text
from trendlib.snapshot import PANDAS_TYPES, Snapshot
from trendlib.store import Store
from trendlib.warehouse import errors_in_words, state

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
_NUMBERED = (
    f"SELECT hash(post_id) AS post, coalesce(epoch_us(posted_at), {NEVER}) AS posted, coalesce(creator, 0) AS creator, "  # noqa: S608 - a number
    "coalesce(place, 0) AS region, epoch_us(observed_at) AS observed FROM posts LEFT JOIN creator_numbers "
    "USING (creator_id) LEFT JOIN region_numbers ON upper(posts.region) = region_numbers.region "
    "WHERE observed_at IS NOT NULL ORDER BY observed_at, answer_id"
)
_VIEWED = (
    "SELECT epoch_us(posted_at) AS posted, creator, coalesce(views, -1) AS views, "  # noqa: S608 - a number
    f"epoch_us(known_from) AS known_from, "
    f"CASE WHEN isfinite(known_until) THEN epoch_us(known_until) ELSE {NEVER} END AS known_until "
    "FROM counted_posts JOIN creator_numbers USING (creator_id) WHERE sound_id IS NOT NULL AND posted_at IS NOT NULL "
    "ORDER BY posted"
)
_CREATORS = (
    "SELECT creator_id, (row_number() OVER (ORDER BY creator_id))::INTEGER AS creator "
    "FROM (SELECT DISTINCT creator_id FROM posts WHERE creator_id IS NOT NULL)"
)
_REGIONS = (
    "SELECT region, (row_number() OVER (ORDER BY region))::INTEGER AS place "
    "FROM (SELECT DISTINCT upper(region) AS region FROM posts WHERE region IS NOT NULL)"
)
_TAGGED = (
    "SELECT sound_id, epoch_us(posted_at) AS posted, hashtag, epoch_us(greatest(known_from, first)) AS known_from, "  # noqa: S608
    f"CASE WHEN isfinite(known_until) THEN epoch_us(known_until) ELSE {NEVER} END AS known_until "
    "FROM worded_posts JOIN (SELECT post_id, hashtag, min(observed_at) AS first FROM post_hashtags GROUP BY ALL) "
    "USING (post_id) WHERE sound_id IS NOT NULL ORDER BY posted"
)
# What a look at one sound always takes: the file is opened once for all of it.
_TOGETHER = ("sounds", "sound_observations", "feed_pages", "alerts", "posts")
_OF_CREATORS = {"creators": ("handle", "nickname"), "creator_observations": ("followers",)}
# what is made of which copied tables
_MADE = {
    "worded_posts": (("posts",), _VERSIONED.format(more="", rows="posts")),
    "counted_posts": (("posts", "post_observations"), _COUNTED),
    # creators as numbers in the order of their ids: counting by them is many times faster
    "creator_numbers": (("posts",), _CREATORS),
    "region_numbers": (("posts",), _REGIONS),
    # a tag is known beside a version of its post from when both are known
    "tagged_posts": (("worded_posts", "post_hashtags"), _TAGGED),
}  # fmt: skip


# of which state each file was looked at last: while it is in that state it is a warehouse of this version
_CHECKED: dict[Path, tuple[int, int] | None] = {}


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
        self._logs: dict[str, pd.DataFrame] = {}
        self._latest: dict[str, tuple[int, pd.DataFrame]] = {}
        self._times: dict[str, np.ndarray[Any, np.dtype[np.int64]]] = {}
        self._creators: set[str] = set()

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
            together = [] if self._taken or len(self.sound_ids) != 1 else _TOGETHER
            needed = list(dict.fromkeys([*together, *needed]))
            self._copy([table for table in needed if table not in _MADE])
        for table in needed:
            if table in _MADE:
                self._memory.execute(f"CREATE OR REPLACE TABLE {table} AS {_MADE[table][1]}").fetchall()
        self._taken.update(needed)
        return self._memory

    def first_readings(self) -> pd.DataFrame:
        """Return every sound of the warehouse whose counter was ever read: ``sound_id``, ``first_read`` [UTC]."""
        first = "SELECT sound_id, min(observed_at) AS first_read FROM sound_observations GROUP BY sound_id"
        with self._connection(read_only=True) as connection:
            return connection.execute(first).df()

    def log(self, name: str) -> pd.DataFrame:
        """Return all rows of a log of any time, in the order of its key."""
        if name not in self._logs:
            order = ", ".join(dict.fromkeys((*TABLES[name].key, "observed_at", "answer_id")))
            rows = self.taken(name).execute(f"SELECT * FROM {name} ORDER BY {order}").df()  # noqa: S608 - of schema
            self._logs[name] = rows.astype({one.name: PANDAS_TYPES[one.kind] for one in TABLES[name].columns})
        return self._logs[name]

    def condensed(self, name: str, as_of: datetime, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """Keep a table as of an instant; as of another it is the same, where no row was observed in between."""
        known = int(np.searchsorted(self._moments(name), micros(as_of)))
        if name not in self._latest or self._latest[name][0] != known:
            self._latest[name] = (known, make())
        return self._latest[name][1]

    def _moments(self, name: str) -> np.ndarray[Any, np.dtype[np.int64]]:
        if name not in self._times:
            times = f"SELECT epoch_us(observed_at) AS moment FROM {name} WHERE observed_at IS NOT NULL ORDER BY moment"  # noqa: S608
            self._times[name] = self.taken(name).execute(times).df()["moment"].to_numpy(dtype="int64")
        return self._times[name]

    def take_creators(self, creator_ids: Sequence[str]) -> None:
        """Copy what the warehouse holds of some creators; of those that were asked for before, it is there."""
        asked = sorted({*creator_ids} - self._creators)
        if asked or not self._creators:
            with self._attached() as memory:
                for table in _OF_CREATORS:
                    memory.execute(f"CREATE TABLE IF NOT EXISTS {table} AS FROM warehouse.{table} LIMIT 0").fetchall()
                    rows = f"SELECT * FROM warehouse.{table} WHERE creator_id IN ({_quoted(asked)})"  # noqa: S608
                    memory.execute(f"INSERT INTO {table} {rows}").fetchall()
            self._creators.update(asked)

    @cached_property
    def versions(self) -> PostHistory:
        """The versions of the one sound's posts as columns of numbers."""
        return PostHistory.of(self.taken("posts", "creator_numbers", "region_numbers").execute(_NUMBERED).fetchnumpy())

    @cached_property
    def viewed(self) -> PostHistory:
        """The same with ``views`` (of -1: unknown), of the posts of known creators."""
        return PostHistory(self.taken("counted_posts", "creator_numbers").execute(_VIEWED).fetchnumpy())

    @cached_property
    def regions(self) -> list[str | None]:
        """The name of each number of a region."""
        names = self.taken("region_numbers").execute("SELECT region FROM region_numbers ORDER BY place").fetchall()
        return [None, *(name for (name,) in names)]

    @cached_property
    def _memory(self) -> duckdb.DuckDBPyConnection:
        return place_of(self)

    def _copy(self, tables: Sequence[str]) -> None:
        with self._attached() as memory:
            for table in tables:
                memory.execute(f"CREATE TABLE {table} AS {self._rows(table)}").fetchall()

    @contextmanager
    def _attached(self) -> Iterator[duckdb.DuckDBPyConnection]:
        found = state(self.path)
        with ExitStack() as held:
            if _CHECKED.get(self.path) != found or not self._is_free(held):
                # opened as every other reader opens it: waiting for who holds the file, and checking what it is
                held.enter_context(self._connection(read_only=True))
                held.enter_context(attached(self.path, self._memory))
                _CHECKED[self.path] = found
            with errors_in_words(self.path):
                yield self._memory

    def _is_free(self, held: ExitStack) -> bool:
        """Attach the file at once, which takes a third of the time, if nobody writes to it."""
        try:
            held.enter_context(attached(self.path, self._memory))
        except duckdb.Error:
            return False
        return True

    def _rows(self, table: str) -> str:
        ids = _quoted(self.sound_ids)
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
        if name not in _OF_CREATORS:
            self._excerpt.taken(name)
        return super().table(name, **where)

    def frame(self, name: str, **where: str | Sequence[str]) -> pd.DataFrame:
        """Return a table as the warehouse does; a log is read once for all instants."""
        if where:
            return super().frame(name, **where)
        if TABLES[name].role != "log":
            return self._excerpt.condensed(name, self.as_of, partial(super().frame, name))
        rows = self._excerpt.log(name)
        return rows[rows["observed_at"] < pd.Timestamp(self.as_of)].reset_index(drop=True)

    def creators(self, creator_ids: Sequence[str]) -> pd.DataFrame:
        """Return ``creator_id``, ``handle``, ``nickname`` and ``followers`` of some creators, where known."""
        self._excerpt.take_creators(creator_ids)
        asked = pd.DataFrame({"creator_id": pd.Series(list(dict.fromkeys(creator_ids)), dtype="str")})
        for table, names in _OF_CREATORS.items():
            known = Snapshot.frame(self, table, creator_id=list(creator_ids))
            asked = asked.merge(known[["creator_id", *names]], on="creator_id", how="left")
        return asked

    def oldest_post(self) -> datetime | None:
        """Tell when the one sound's oldest post was posted; None without posts."""
        return self._known().oldest

    def number_of_posts(self) -> int:
        """Count the one sound's posts."""
        return len(self._known())

    def posts_by_day(self, days: int, most: int, since: datetime | None, until: datetime | None) -> pd.DataFrame:
        """Count the one sound's posts in each 24 h window.

        Parameters
        ----------
        days
            How many windows back.
        most
            Of each creator so many a day count in ``capped``; posts of unknown creators all count.
        since, until
            Count those within this stretch as well: ``posts_within`` and so on.

        Returns
        -------
            ``age`` (1 is the last window), ``posts``, ``capped``, ``creators``, and the same three ``_within``.
        """
        return self._known(days).by_day(days, most, micros(since), micros(until, NEVER))

    def posts_by_region(self, cells: int, span_days: int) -> pd.DataFrame:
        """Count the one sound's posts by ``region`` and ``cell`` of some days, of which 1 is the last: ``posts``."""
        cell, region, posts = self._known(cells * span_days).by_region(cells, span_days)
        names = pd.Series(self._excerpt.regions, dtype="str").take(region).reset_index(drop=True)
        return pd.DataFrame({"region": names, "cell": cell, "posts": posts})

    def creator_totals(self, days: int) -> pd.DataFrame:
        """Count the one sound's recent posts by creator, and add these up: what concentration is made of."""
        return self._known().by_creator(days)

    def posts_of_leaders(self, top: int, days: int | None) -> pd.DataFrame:
        """Return the posts of the creators with the most views: the columns that ranking them takes."""
        posts = self._excerpt.viewed.known(self.as_of, days)
        creator, views = posts.column("creator"), posts.column("views")
        leaders = most_viewed(creator, views, top)
        is_theirs = np.isin(creator, leaders)
        listed = ", ".join(map(str, leaders)) or "NULL"
        sql = f"SELECT creator, creator_id FROM creator_numbers WHERE creator IN ({listed})"  # noqa: S608 - numbers
        ids = dict(self._excerpt.taken("creator_numbers").execute(sql).fetchall())
        seen = pd.Series(views[is_theirs], dtype="Int64")
        return pd.DataFrame(
            {
                "creator_id": pd.Series([ids[one] for one in creator[is_theirs].tolist()], dtype="str"),
                "posted_at": pd.DatetimeIndex(posts.column("posted")[is_theirs].view("datetime64[us]"), tz="UTC"),
                "views": seen.mask(seen < 0),
            }
        )

    def _known(self, days: int | None = None) -> Known:
        return self._excerpt.versions.known(self.as_of, days)

    def hashtags_by_sound(self, days: int) -> pd.DataFrame:
        """Count the hashtags beside each sound's recent posts: ``sound_id``, ``hashtag``, ``n``, ``n_posts``."""
        at = f"TIMESTAMPTZ '{utc_text(self.as_of)}'"
        known = (
            "SELECT sound_id, count(*) AS n_posts FROM worded_posts "  # noqa: S608 - numbers
            f"WHERE known_from < {at} AND known_until >= {at} AND sound_id IS NOT NULL "
            f"AND posted_at >= {at} - to_days({int(days)}) AND posted_at < {at} GROUP BY ALL"
        )
        now = micros(self.as_of)
        tagged = (
            f"SELECT sound_id, hashtag, count(*) AS n FROM tagged_posts WHERE known_from < {now} AND "  # noqa: S608
            f"known_until >= {now} AND posted >= {now - int(days) * DAY_US} AND posted < {now} GROUP BY ALL"
        )
        counts = (
            f"SELECT sound_id, hashtag, coalesce(n, 0) AS n, n_posts FROM ({known}) "  # noqa: S608 - numbers
            f"LEFT JOIN ({tagged}) USING (sound_id) ORDER BY sound_id, n DESC, hashtag"
        )
        found = self._excerpt.taken("worded_posts", "tagged_posts").execute(counts).df()
        return found.astype({"sound_id": "str", "hashtag": "str", "n": "Int64", "n_posts": "Int64"})

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


def _quoted(ids: Iterable[str]) -> str:
    return ", ".join("'" + one.replace("'", "''") + "'" for one in ids) or "NULL"
