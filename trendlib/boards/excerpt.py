"""An excerpt: all that the warehouse holds of a few sounds, in memory, so that any instant is a quick look.

Who looks closely at one sound asks for it again and again, as of many instants. So its rows are copied once, when they
are first asked for, and the file is let go: writers never wait. Of posts, each *version* is kept with the stretch of
time in which it was the latest word, up to the next answer: what was known at an instant is then a filter.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import duckdb
import pandas as pd

from trendlib.boards.creator_names import CreatorNames
from trendlib.boards.memory import attached, place_of
from trendlib.boards.post_history import DAY_US, NEVER, Known, PostHistory, micros
from trendlib.boards.post_versions import MADE, SAID
from trendlib.metrics.creators import most_viewed
from trendlib.schema import TABLES, utc_text
from trendlib.snapshot import Snapshot, condensed, framed
from trendlib.store import Store
from trendlib.warehouse import errors_in_words, state

# What is said of an alert later names the alert only.
_OF_ALERTS = """WHERE alert_id IN (
    SELECT alert_id FROM {origin}.alerts WHERE subject = 'sound' AND subject_id IN ({ids})
)"""
_OF_POSTS = ("SEMI JOIN posts USING (post_id)", "posts")
# Which rows of a table are of a sound, or of hashtags that were read, and which copies that takes; {ids} are sounds.
_ROWS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "sound": {
        **dict.fromkeys(("sounds", "sound_observations", "posts"), ("WHERE sound_id IN ({ids})",)),
        **dict.fromkeys(("chart_entries", "chart_details", "chart_audiences"), ("WHERE sound_id IN ({ids})",)),
        "feed_pages": ("WHERE subject = 'sound' AND subject_id IN ({ids})",),
        "alerts": (_OF_ALERTS,),
        **dict.fromkeys(("post_observations", "post_hashtags"), _OF_POSTS),
        **dict.fromkeys(("creators", "creator_observations"), ("SEMI JOIN posts USING (creator_id)", "posts")),
    },
    "hashtag": {
        **dict.fromkeys(("hashtags", "hashtag_observations"), ("",)),
        "feed_pages": ("WHERE subject = 'hashtag'",),
        "post_hashtags": ("SEMI JOIN hashtag_observations USING (hashtag)", "hashtag_observations"),
        "posts": ("SEMI JOIN post_hashtags USING (post_id)", "post_hashtags"),
        "post_observations": _OF_POSTS,
    },
}
# What a look at one sound that lies in the file always takes: it is opened once for all of it.
_TOGETHER = ("sounds", "sound_observations", "feed_pages", "alerts", "posts")
OF_SOUNDS = tuple(_ROWS["sound"])
_OF_CREATORS = {"creators": "handle, nickname", "creator_observations": "followers"}
# Few ids stand in the question itself, which DuckDB seeks by; many are joined.
_FEW = 1000

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

    together: Sequence[str] = _TOGETHER

    def __init__(
        self, store: Store, sound_ids: Sequence[str], *, subject: Literal["sound", "hashtag"] = "sound"
    ) -> None:
        super().__init__(store.path, wait_s=store.wait_s)
        self.sound_ids = tuple(sound_ids)
        self.subject = subject
        self._taken: set[str] = set()
        self._logs: dict[str, pd.DataFrame] = {}
        self._names = CreatorNames()
        self._ids: dict[int, str] = {}

    def at(self, instant: datetime) -> "ExcerptSnapshot":
        """Return the sounds as they were known at an instant; what it gives stays readable.

        Raises
        ------
        NoDataError
            If nothing was ever loaded.
        """
        if not self.is_there:
            with super().as_of(instant):
                pass
        return ExcerptSnapshot(self, instant)

    @contextmanager
    def as_of(self, instant: datetime) -> Iterator[Any]:
        """Give what `at` does to who reads a store; the file is not held."""
        yield self.at(instant)

    def taken(self, *tables: str) -> duckdb.DuckDBPyConnection:
        """Return the copy with some tables in it: of the warehouse, or versions of posts.

        Raises
        ------
        StoreBusyError
            If another program holds the warehouse for too long.
        """
        needed = [one for one in dict.fromkeys(self._with_parts(tables)) if one not in self._taken]
        copied = [table for table in needed if table not in MADE]
        if copied:
            together = [] if self._taken or len(self.sound_ids) != 1 else self.together
            needed = list(dict.fromkeys([*together, *needed]))
            self._copy([table for table in needed if table not in MADE])
        for table in needed:
            if table in MADE:
                self._memory.execute(f"CREATE OR REPLACE TABLE {table} AS {MADE[table][1]}").fetchall()
        self._taken.update(needed)
        return self._memory

    def of_usual_size(self, posts: int) -> list[str]:
        """Give the first of the sounds, those left out that would bring the answers about posts over a number."""
        ids = _quoted(self.sound_ids)
        sql = f"SELECT sound_id, count(*) FROM warehouse.posts WHERE sound_id IN ({ids}) GROUP BY sound_id"  # noqa: S608 - ids
        with self._attached() as memory:
            answers = dict(memory.execute(sql).fetchall())
        taken = []
        for one in self.sound_ids:
            if answers.get(one, 0) <= posts:
                posts -= answers.get(one, 0)
                taken.append(one)
        return taken

    def first_readings(self) -> pd.DataFrame:
        """Return every sound of the warehouse whose counter was ever read: ``sound_id``, ``first_read`` [UTC]."""
        first = "SELECT sound_id, min(observed_at) AS first_read FROM sound_observations GROUP BY sound_id"
        with self._connection(read_only=True) as connection:
            return connection.execute(first).df()

    def log(self, name: str) -> pd.DataFrame:
        """Return all rows of a table of any time, in the order of its key."""
        if name not in self._logs:
            self._logs[name] = self._log(name)
        return self._logs[name]

    def _log(self, name: str) -> pd.DataFrame:
        order = ", ".join(dict.fromkeys((*TABLES[name].key, "observed_at", "answer_id")))
        sql = f"SELECT * FROM {name} ORDER BY {order}"  # noqa: S608 - of schema
        return framed(self.taken(name).execute(sql).fetchnumpy(), TABLES[name])

    def names(self, creator_ids: Sequence[str]) -> CreatorNames:
        """Give what the warehouse holds of the names of some creators; who was asked for before is there."""
        asked = self._names.missing(creator_ids)
        if asked:
            with self._origin(tuple(_OF_CREATORS)) as origin:
                # joined, not listed: DuckDB finds few of many texts three times as fast so
                said = [
                    f"SELECT creator_id, epoch_us(observed_at), {words} FROM {origin}.{table} "  # noqa: S608 - ids
                    f"SEMI JOIN (SELECT unnest([{_quoted(asked)}]) AS creator_id) USING (creator_id) "
                    "WHERE observed_at IS NOT NULL ORDER BY observed_at, answer_id"
                    for table, words in _OF_CREATORS.items()
                ]
                names, followers = (self._memory.execute(sql).fetchall() for sql in said)
            self._names.add(asked, names, followers)
        return self._names

    def creator_ids(self, numbers: Sequence[int]) -> list[str]:
        """Give the ids of some creators by their numbers."""
        asked = ", ".join(str(one) for one in numbers if one not in self._ids)
        if asked:
            sql = f"SELECT creator, creator_id FROM creator_numbers WHERE creator IN ({asked})"  # noqa: S608 - numbers
            self._ids.update(self.taken("creator_numbers").execute(sql).fetchall())
        return [self._ids[one] for one in numbers]

    @cached_property
    def versions(self) -> PostHistory:
        """The versions of the one sound's posts as columns of numbers."""
        return PostHistory.of(self._said("posts"))

    @cached_property
    def viewed(self) -> PostHistory:
        """The same with ``views`` (below 0: unknown), without regions."""
        return PostHistory.of(self._said("views"))

    def _said(self, of: str) -> Mapping[str, Any]:
        tables, sql = SAID[of]
        return self.taken(*tables).execute(sql).fetchnumpy()

    @cached_property
    def regions(self) -> list[str | None]:
        """The name of each number of a region."""
        names = self.taken("region_numbers").execute("SELECT region FROM region_numbers ORDER BY place").fetchall()
        return [None, *(name for (name,) in names)]

    @cached_property
    def _place(self) -> tuple[duckdb.DuckDBPyConnection, str]:
        return place_of(self)

    @property
    def _memory(self) -> duckdb.DuckDBPyConnection:
        return self._place[0]

    def _copy(self, tables: Sequence[str]) -> None:
        with self._origin(tables) as origin:
            for table in tables:
                self._memory.execute(f"CREATE OR REPLACE TABLE {table} AS {self._rows(table, origin)}").fetchall()

    def _origin(self, tables: Sequence[str]) -> AbstractContextManager[str]:  # noqa: ARG002 - a part asks for them
        """Name the database that tables are copied from."""
        return self._warehouse()

    @contextmanager
    def _warehouse(self) -> Iterator[str]:
        with self._attached():
            yield "warehouse"

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

    def _rows(self, table: str, origin: str) -> str:
        which = _ROWS[self.subject][table][0].format(origin=origin, ids=_quoted(self.sound_ids))
        if which == _OF_POSTS[0]:
            ids = self._memory.execute(f"SELECT DISTINCT post_id FROM posts LIMIT {_FEW + 1}").fetchall()  # noqa: S608 - a number
            which = f"WHERE post_id IN ({_quoted(one for (one,) in ids)})" if len(ids) <= _FEW else which
        return f"SELECT * FROM {origin}.{table} {which}"  # noqa: S608 - of schema and ids

    def _with_parts(self, tables: Iterable[str]) -> Iterator[str]:
        """Name tables and what they are made of or chosen by, those first."""
        for table in tables:
            yield from self._with_parts(MADE[table][0] if table in MADE else _ROWS[self.subject][table][1:])
            yield table


class ExcerptSnapshot:
    """Some sounds as they were known at one instant.

    Parameters
    ----------
    excerpt
        The sounds.
    as_of
        The instant.
    """

    def __init__(self, excerpt: Excerpt, as_of: datetime) -> None:
        self.as_of = as_of
        self._excerpt = excerpt

    def table(self, name: str, **where: str | Sequence[str]) -> duckdb.DuckDBPyRelation:
        """Return a table as of the instant, as the warehouse does."""
        return self._copied(name).table(name, **where)

    def frame(self, name: str, **where: str | Sequence[str]) -> pd.DataFrame:
        """Return a table as the warehouse does; its rows are read once for all instants."""
        if where:
            return self._copied(name).frame(name, **where)
        rows = self._excerpt.log(name)
        is_seen = (rows["observed_at"] < pd.Timestamp(self.as_of)).to_numpy()
        seen = rows.copy(deep=False) if is_seen.all() else rows[is_seen].reset_index(drop=True)
        return condensed(seen, TABLES[name])

    def _copied(self, name: str) -> Snapshot:
        return Snapshot(self._excerpt.taken(name), self.as_of)

    def creators(self, creator_ids: Sequence[str]) -> pd.DataFrame:
        """Return ``creator_id``, ``handle``, ``nickname`` and ``followers`` of some creators, where known."""
        return self._excerpt.names(creator_ids).at(micros(self.as_of), creator_ids)

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

    def leaders(self, top: int, days: int | None) -> pd.DataFrame:
        """Rank the creators with the most views: ``creator_id``, ``posts``, ``views``, ``reach_per_post``."""
        posts = self._excerpt.viewed.known(self.as_of, days)
        leaders = most_viewed(posts.column("creator"), posts.column("views"), top)
        ids = self._excerpt.creator_ids(leaders["creator"].tolist())
        return leaders.drop(columns="creator").assign(creator_id=pd.Series(ids, dtype="str"))

    def _known(self, days: int | None = None) -> Known:
        return self._excerpt.versions.known(self.as_of, days)

    def hashtags_by_sound(self, days: int) -> pd.DataFrame:
        """Count the hashtags beside each sound's recent posts: ``sound_id``, ``hashtag``, ``n``, ``n_posts``."""
        at = f"TIMESTAMPTZ '{utc_text(self.as_of)}'"
        known = (
            "SELECT sound_id, count(*) AS n_posts FROM dated_posts "  # noqa: S608 - numbers
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
        found = self._excerpt.taken("dated_posts", "tagged_posts").execute(counts).df()
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
