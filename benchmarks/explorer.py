"""How fast the explorer answers in a store of 10,000 sounds, one of which has 1,000,000 posts.

``python -m benchmarks.explorer [folder [exhibit ...]]`` writes such a store in bulk, its rows in the order in which
sweeps would have loaded them (once; the same folder again is used again), opens the explorer on it, and does on each
tab what an analyst does: moves the slider day by day, and opens one sound after the other, by clicking rows of the list
or by searching for sounds that are not in it: a title is typed, key by key, until the sound is offered, and then chosen.
While its offers are shown and nothing is typed the explorer reads them ahead; the pause after which it begins is not
waited for here. Told are the first answer and the 95th percentile of the others [ms], of the clock and of the processor,
from what was done to the message for the browser, and the message's size; of a search also each key and the reading.
Garbage is collected once the message is sent, a tenth of a second after each fiftieth act or so, and is not told.
"""

# ruff: noqa: E501 - SQL in columns

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import numpy as np

from trendlib.config import Config
from trendlib.explorer import explore
from trendlib.monitor import Monitor
from trendlib.schema import utc_text
from trendlib.store import Store

SOUNDS, LARGE_POSTS, SMALL_POSTS = 10_000, 1_000_000, 60
DAYS, POST_DAYS, PAGE = 75, 180, 30
AS_OF = datetime(2026, 3, 2, 7, tzinfo=UTC)
FIRST_ID = 7_000_000_000_000_000_000
SLIDES = 40
SMALL_SOUNDS = 40
TABS = ("velocity", "regions", "creators", "hashtags", "audience", "forecast", "why")
KEY, READING = "a key typed in the search", "reading ahead what it offers"

_NUMBERS = {
    "sounds": SOUNDS, "posts": LARGE_POSTS, "each": SMALL_POSTS, "days": DAYS, "post_days": POST_DAYS, "page": PAGE,
    "id": FIRST_ID, "now": utc_text(AS_OF),
}  # fmt: skip
# a post is seen by the sweep at the as-of hour after it, and again a day later
_TABLES = (
    """CREATE TEMP TABLE made AS
    SELECT ({id} + sound)::VARCHAR AS sound_id, '7' || lpad((sound * 10000000 + n)::VARCHAR, 18, '0') AS post_id,
           'c' || (hash(sound, n, 'who') % 400000)::VARCHAR AS creator_id,
           ['US','BR','ID','MX','DE','GB','PH','FR','TR','JP'][1 + floor(10 * pow((hash(n, sound, 'r') % 10007) / 10007, 2))::INT] AS region,
           TIMESTAMPTZ '{now}' - to_microseconds(CAST(86400000000.0 * span * pow((n + 0.5) / posts, 0.8) AS BIGINT)) AS posted_at,
           floor(span * pow((n + 0.5) / posts, 0.8))::INT AS age
    FROM (SELECT 0 AS sound, {posts} AS posts, {post_days} AS span
          UNION ALL SELECT range, {each}, 20 FROM range(1, {sounds})), LATERAL (SELECT range AS n FROM range(posts))""",
    """INSERT INTO sounds BY NAME SELECT ({id} + range)::VARCHAR AS sound_id, 'Song ' || range || ' of the Year' AS title,
           'Artist ' || range AS artist, false AS is_original, TIMESTAMPTZ '{now}' - INTERVAL 75 DAY AS observed_at,
           's' || range AS answer_id FROM range({sounds})""",
    """INSERT INTO sound_observations BY NAME
    SELECT ({id} + s.range)::VARCHAR AS sound_id,
           (1000 * (s.range % 90) + (20 + s.range % 200) * (d.range + 1) + hash(s.range, d.range) % 9)::BIGINT AS total_uses,
           TIMESTAMPTZ '{now}' - INTERVAL 1 HOUR - to_days(({days} - d.range)::INT) AS observed_at,
           'r' || s.range || '.' || d.range AS answer_id FROM range({sounds}) s, range({days}) d""",
    """INSERT INTO posts BY NAME
    SELECT post_id, sound_id, creator_id, posted_at, region, 'a caption #dance' AS caption, 15 AS duration_s,
           false AS is_photo, false AS is_pinned, false AS is_ad,
           TIMESTAMPTZ '{now}' - INTERVAL 1 MINUTE - to_days((age - 1 + seen)::INT) AS observed_at,
           'p' || sound_id || '.' || (age - 1 + seen) AS answer_id
    FROM made, (SELECT unnest([0, 1]) AS seen) WHERE age - 1 + seen >= 0 AND (seen = 1 OR hash(post_id) % 5 = 0)""",
    """INSERT INTO post_observations BY NAME
    SELECT post_id, (50 + hash(post_id) % 5000 * (2 - seen))::BIGINT AS views, 10 AS likes, 1 AS comments, 1 AS shares,
           0 AS saves, TIMESTAMPTZ '{now}' - INTERVAL 1 MINUTE - to_days((age - 1 + seen)::INT) AS observed_at,
           'p' || sound_id || '.' || (age - 1 + seen) AS answer_id
    FROM made, (SELECT unnest([0, 1]) AS seen) WHERE age - 1 + seen >= 0 AND (seen = 1 OR hash(post_id) % 5 = 0)""",
    """INSERT INTO post_hashtags BY NAME
    SELECT post_id, 'tag' || (hash(post_id, 't') % 300) AS hashtag, TIMESTAMPTZ '{now}' - to_days(age::INT) AS observed_at,
           'h' || sound_id AS answer_id FROM made WHERE age > 0 AND hash(post_id) % 2 = 0""",
    """INSERT INTO feed_pages BY NAME
    SELECT 'sound' AS subject, sound_id AS subject_id, CASE WHEN page > 0 THEN (page * {page})::VARCHAR END AS cursor,
           ((page + 1) * {page})::VARCHAR AS next_cursor, true AS has_more, count(*) AS items, count(*) AS items_read,
           max(posted_at) AS newest_posted_at, min(posted_at) AS oldest_posted_at, greatest(count(*) - 1, 0) AS pairs,
           0 AS rises, TIMESTAMPTZ '{now}' - INTERVAL 1 MINUTE - to_days((age - 1)::INT) + to_milliseconds(page * 10) AS observed_at,
           'f' || sound_id || '.' || age || '.' || page AS answer_id
    FROM (SELECT *, (row_number() OVER (PARTITION BY sound_id, age ORDER BY posted_at DESC) - 1) // {page} AS page
          FROM (SELECT sound_id, age, posted_at FROM made WHERE age > 0
                UNION ALL SELECT sound_id, age, posted_at - INTERVAL 1 DAY FROM made WHERE age > 0 AND hash(post_id) % 40 = 0))
    GROUP BY sound_id, age, page""",
    """INSERT INTO creators BY NAME SELECT 'c' || range AS creator_id, 'handle' || range AS handle, 'Name ' || range AS nickname,
           false AS is_verified, TIMESTAMPTZ '{now}' - INTERVAL 70 DAY AS observed_at, 'w' AS answer_id FROM range(400000)""",
    """INSERT INTO chart_audiences BY NAME
    SELECT ({id} + sound)::VARCHAR AS sound_id, 'US' AS region, 7 AS period_days, kind, kind || part AS code,
           kind || ' ' || part AS name, (hash(sound, kind, part, day) % 1000) / 1000 AS score,
           TIMESTAMPTZ '{now}' - INTERVAL 2 HOUR - to_days(day::INT) AS observed_at, 'd' || sound || '.' || day AS answer_id
    FROM range({sounds}) s(sound), range(0, {days}, 30) d(day), range(8) p(part),
         (SELECT unnest(['country', 'interest', 'age']) AS kind)""",
    """INSERT INTO calls BY NAME SELECT 'end' AS answer_id, TIMESTAMPTZ '{now}' - INTERVAL 30 SECOND AS observed_at,
           'bulk' AS sweep_id""",
)  # fmt: skip


def write_store(home: Path) -> None:
    """Write the store in bulk, if it is not there."""
    config = Config.load(home=home)
    if config.warehouse_file.exists():
        return
    Store(config.warehouse_file).append([])
    with duckdb.connect(str(config.warehouse_file)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for sql in _TABLES:
            connection.execute(sql.format(**_NUMBERS)).fetchall()
        for table in ("sound_observations", "posts", "post_observations", "post_hashtags", "feed_pages"):
            connection.execute(f"CREATE TEMP TABLE rows_of AS FROM {table}; TRUNCATE {table}").fetchall()
            connection.execute(f"INSERT INTO {table} FROM rows_of ORDER BY observed_at, answer_id").fetchall()
            connection.execute("DROP TABLE rows_of").fetchall()


class Hand:
    """Somebody at the explorer's window."""

    def __init__(self, monitor: Monitor) -> None:
        self.explorer = explore(monitor)
        self.study = monitor.study
        self._spare: Iterator[None] = iter(())
        self.explorer.widget.spend_rest = self._rests  # type: ignore[method-assign]
        self.explorer.widget.send = self._sends  # type: ignore[method-assign]
        self.done = now()

    def _sends(self, *_: object) -> None:
        self.done = now()

    def _rests(self, steps: Iterator[None]) -> None:
        self._spare = steps

    def does(self, what: str, value: object) -> int:
        """Do something in the window; tell the size of what goes to the browser [bytes]."""
        self.explorer.widget.hear({"what": what, "value": value})
        state = self.explorer.widget.get_state()
        return len(json.dumps([state["sheet"], state["controls"], state["listing"]]))

    def slides(self, name: str) -> Callable[[datetime], int]:
        """Give the act of moving the slider under an exhibit."""

        def slide(moment: datetime) -> int:
            self.explorer.as_of = moment  # as the slider's control does, whatever instants the store holds
            return self.does("exhibit", name)

        return slide

    def opens(self, sound_id: str) -> int:
        """Open a sound."""
        return self.does("open", sound_id)

    def types(self, text: str) -> int:
        """Type into the search; tell the size of what is offered [bytes]."""
        self.explorer.widget.hear({"what": "search", "value": text})
        return len(json.dumps(self.explorer.widget.finds))

    def reads(self, _: str) -> int:
        """Do what the explorer does while offers are shown and nothing is typed; nothing is sent."""
        none = sum(0 for _ in self._spare)
        self.done = now()
        return none

    def keys(self, sound_id: str) -> Iterator[str]:
        """Give what is typed, a key more each time, until a sound is offered."""
        title = f"Song {int(sound_id) - FIRST_ID} of the Year"
        for end in range(4, len(title) + 1):
            yield title[:end]
            if sound_id in {one["id"] for one in self.explorer.widget.finds["found"]}:
                return


Measured: TypeAlias = tuple[list[float], list[float], int]


def now() -> tuple[float, float]:
    """Tell the time of the clock and of the processor [s]."""
    return time.perf_counter(), time.process_time()


def measured(hand: Hand, act: Callable[[Any], int], each: Iterable[Any]) -> Measured:
    """Do something again and again: time of the clock and of the processor [ms], largest message [bytes]."""
    walls, works, largest = [], [], 0
    for one in each:
        began, worked = now()
        message = act(one)
        walls.append(1e3 * (hand.done[0] - began))
        works.append(1e3 * (hand.done[1] - worked))
        largest = max(largest, message)
    return walls, works, largest


def searched(hand: Hand, sounds: Sequence[str]) -> Iterator[tuple[str, Measured]]:
    """Search for sounds: what `measured` tells of keys, of reading ahead, and of opening what was offered."""
    each: dict[str, list[Measured]] = {}
    for one in sounds:
        each.setdefault(KEY, []).append(measured(hand, hand.types, hand.keys(one)))
        each.setdefault(READING, []).append(measured(hand, hand.reads, [one]))
        each.setdefault("a sound found by search", []).append(measured(hand, hand.opens, [one]))
    for case, found in each.items():
        walls, works, sizes = zip(*found, strict=True)
        yield case, ([*chain(*walls)], [*chain(*works)], max(sizes))


def looked(hand: Hand, name: str) -> Iterator[tuple[str, list[float], list[float], int]]:
    """Do what an analyst does under one exhibit: each act, and what `measured` tells of it."""
    large, usual, *listed = (str(FIRST_ID), *(row["id"] for row in hand.explorer.widget.rows))
    listed = [one for one in listed if one not in {large, usual}][:SMALL_SOUNDS]
    every = (str(FIRST_ID + 1 + 241 * place) for place in range(SMALL_SOUNDS))
    others = [one for one in every if one not in {usual, *listed}]
    moments = [AS_OF - timedelta(days=day, minutes=day) for day in range(SLIDES)]
    cases: Mapping[str, tuple[str, Callable[[Any], int], Sequence[Any]]] = {
        "slide, 1,000,000 posts": (large, hand.slides(name), moments),
        "slide, 60 posts": (listed[0], hand.slides(name), moments),
        "a listed sound": (usual, hand.opens, listed),
    }
    for case, (sound_id, act, each) in cases.items():
        begin(hand, name, usual)
        hand.explorer.sound_id = sound_id
        yield case, *measured(hand, act, each)
    begin(hand, name, usual)
    for case, told in searched(hand, others):
        yield case, *told


def begin(hand: Hand, name: str, sound_id: str) -> None:
    """Show an exhibit of a sound, with nothing known of any other."""
    hand.study.forget_sounds()
    hand.explorer.sound_id = sound_id
    hand.explorer.show(name, as_of=AS_OF)


def main() -> None:
    """Write the store, slide and change sounds, print a table."""
    names = sys.argv[2:] or TABS
    home = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp())
    write_store(home)
    hand = Hand(Monitor(Config.load(home=home), as_of=AS_OF))
    print(f"{'':30}{'exhibit':16}{'first':>8}{'median':>8}{'p95':>8}{'cpu p50':>8}{'cpu p95':>8}{'bytes':>9}")
    for name in names:
        for case, walls, works, largest in looked(hand, name):
            figures = [walls[0], np.median(walls[1:]), np.quantile(walls[1:], 0.95)]
            figures += [np.median(works[1:]), np.quantile(works[1:], 0.95)]
            print(f"{case:30}{name:16}{''.join(f'{one:8.0f}' for one in figures)}{largest:9,}", flush=True)


if __name__ == "__main__":
    main()
