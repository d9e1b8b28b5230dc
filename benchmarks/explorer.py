"""How fast one sound answers in a store of 10,000 sounds, one of which has 1,000,000 posts.

``python -m benchmarks.explorer [folder [exhibit ...]]`` writes such a store in bulk (once; the same folder again is used
again), opens it as an analyst does, and prints for every exhibit of the large sound, and of small ones, the first answer
and the 95th percentile of later ones [ms] while the as-of instant slides day by day, what of it the processor worked,
and the size of the message to the browser.
"""

# ruff: noqa: E501 - SQL in columns

import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from trendlib.boards.sound import Sound
from trendlib.config import Config
from trendlib.monitor import Monitor
from trendlib.schema import utc_text
from trendlib.show.exhibits import Exhibit
from trendlib.store import Store

SOUNDS, LARGE_POSTS, SMALL_POSTS = 10_000, 1_000_000, 60
DAYS, POST_DAYS, PAGE = 75, 180, 30
AS_OF = datetime(2026, 3, 2, 7, tzinfo=UTC)
FIRST_ID = 7_000_000_000_000_000_000
SLIDES = 40
SMALL_SOUNDS = 40
TABS = ("velocity", "regions", "creators", "hashtags", "forecast", "why")
# as the explorer asks: it has no control for all days, and ranks nothing at an instant of the past
_HOW: Mapping[str, Mapping[str, Any]] = {"why": {"ranked": False}, "creators": {"days": 28}}

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


def measured(sounds: Sequence[Sound], name: str) -> tuple[list[float], list[float], int]:
    """Answer an exhibit for each of some sounds: wall and processor time [ms], largest message [bytes]."""
    walls, works, largest = [], [], 0
    for sound in sounds:
        began, worked = time.perf_counter(), time.process_time()
        message = _message(sound.exhibit(name, **_HOW.get(name, {})))
        walls.append(1e3 * (time.perf_counter() - began))
        works.append(1e3 * (time.process_time() - worked))
        largest = max(largest, message)
    return walls, works, largest


def _message(exhibit: Exhibit) -> int:
    """Make what goes to the browser, and tell its size [bytes]."""
    figure = exhibit.headed_figure
    return len(exhibit.fragment().encode()) + (0 if figure is None else len(figure.to_json().encode()))


def main() -> None:
    """Write the store, slide and change sounds, print a table."""
    names = sys.argv[2:] or TABS
    home = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp())
    write_store(home)
    monitor = Monitor(Config.load(home=home), as_of=AS_OF)
    monitor.study.company_days(AS_OF)
    large = monitor.sound(str(FIRST_ID))
    ids = [str(FIRST_ID + 1 + 241 * place) for place in range(SMALL_SOUNDS)]
    moments = [AS_OF - timedelta(days=day, minutes=day) for day in range(1, SLIDES + 1)]
    cases = {
        "slide, 1,000,000 posts": lambda: [large.at(moment) for moment in moments],
        "slide, 60 posts": lambda: [monitor.sound(ids[0]).at(moment) for moment in moments],
        "sound after sound": lambda: [monitor.sound(one) for one in ids],
    }
    print(f"{'':24}{'exhibit':16}{'first':>8}{'median':>8}{'p95':>8}{'cpu p95':>8}{'bytes':>9}")
    for case, make in cases.items():
        for name in names:
            monitor.study.forget_measures()
            first = measured(make()[:1], name)[0][0]
            monitor.study.forget_measures()
            walls, works, largest = measured(make(), name)
            middle, worst, work = np.median(walls), np.quantile(walls, 0.95), np.quantile(works, 0.95)
            print(f"{case:24}{name:16}{first:8.0f}{middle:8.0f}{worst:8.0f}{work:8.0f}{largest:9,}", flush=True)


if __name__ == "__main__":
    main()
