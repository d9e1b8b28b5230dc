"""Leaderboard, breakouts and region mix of millions of posts: ours, DuckDB's SQL by hand, pandas, and plain loops.

    python -m benchmarks.counting [MILLIONS] [--memory 4GB]

All four make the same of a table in which a post stands as often as an answer told of it: of each post the latest word,
its sound's posts of the last day and week and their growth, the day's evidence against three quiet weeks with at most
two posts a creator and day, and the regions of the week. Counts and shares are compared and have to be equal; our rule
says more than the SQL does (weekdays, common shock, intervals, statuses), and that is in its time. The SQL by hand
knows our trick too: it groups by texts only where their hashes meet (`trendlib.marks`). A million posts are of a
thousand sounds. All four begin with a database file on disk. Ours and the SQL read all posts, by turns; pandas (without
pyarrow, as the lock has it) the same, up to ten million; loops get a file with a tenth of them, and their time is told
for all of them: that is kind to them. A data frame comes out of DuckDB, the quickest way there is; loops get dicts from
it, where tutorials read JSON, which takes longer. The loops put posts in order of sounds once; others go through all
posts for every sound, and these are measured beside ours on a million posts. Processor seconds count.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from benchmarks.promises import Promise, memory, spending, table
from benchmarks.scale import A_MILLION, DAYS, END, make
from trendlib import metrics
from trendlib.boards.board import COUNTED, POSTS_PER_CREATOR
from trendlib.metrics.breakouts import CROWD_DAYS
from trendlib.schema import utc_text
from trendlib.store import Store

ROUNDS = 3
MOST_IN_PANDAS = 10_000_000
LOOPED = 10  # the part of the posts that loops count
SEARCHED_MILLIONS = 1.0
OUTSIDE_GB = 0.5  # Python, pandas and the boards, which the limit is not about
DAY = timedelta(days=1)
SINCE = END - timedelta(days=DAYS)
BY_HAND = """
CREATE OR REPLACE TEMP TABLE again AS SELECT hash(post_id) AS mark FROM posts WHERE observed_at < {now}
  GROUP BY mark HAVING count(*) > 1;
CREATE OR REPLACE TEMP TABLE known AS SELECT sound_id, creator_id, region, posted_at
  FROM posts ANTI JOIN again ON hash(post_id) = mark WHERE observed_at < {now}
  UNION ALL BY NAME SELECT max_by(sound_id, observed_at) AS sound_id, max_by(creator_id, observed_at) AS creator_id,
  max_by(region, observed_at) AS region, max_by(posted_at, observed_at) AS posted_at
  FROM posts SEMI JOIN again ON hash(post_id) = mark WHERE observed_at < {now} GROUP BY post_id;
CREATE OR REPLACE TEMP TABLE leaders AS SELECT sound_id,
  count(*) FILTER (posted_at >= {now} - INTERVAL 24 HOUR) AS last_24h,
  count(*) FILTER (posted_at >= {now} - INTERVAL 168 HOUR) AS last_7d,
  count(*) FILTER (posted_at < {now} - INTERVAL 24 HOUR) / 7 AS baseline, last_24h / greatest(baseline, 0.001) AS growth
  FROM known WHERE posted_at >= {now} - INTERVAL 192 HOUR AND posted_at < {now} GROUP BY sound_id ORDER BY growth DESC;
CREATE OR REPLACE TEMP VIEW dated AS SELECT *, hash(sound_id, age, creator_id) AS mark FROM (
  SELECT sound_id, (epoch_us({now}) - epoch_us(posted_at) - 1) // 86400000000 AS age, creator_id
  FROM known WHERE posted_at < {now});
CREATE OR REPLACE TEMP TABLE company AS SELECT mark FROM dated GROUP BY mark HAVING count(*) > 1;
CREATE OR REPLACE TEMP TABLE by_day AS
  SELECT sound_id, age, count(*) AS posts, count(*) AS creators FROM dated ANTI JOIN company USING (mark) GROUP BY ALL
  UNION ALL SELECT sound_id, age, sum(least(n, 2)) AS posts, count(*) AS creators FROM (
  SELECT sound_id, age, creator_id, count(*) AS n FROM dated SEMI JOIN company USING (mark) GROUP BY ALL) GROUP BY ALL;
CREATE OR REPLACE TEMP TABLE flags AS SELECT sound_id, coalesce(sum(posts) FILTER (age < 3), 0) / 3 AS pace,
  coalesce(sum(posts) FILTER (age BETWEEN 4 AND 24), 0) / 21 AS quiet, sum(creators) FILTER (age < 7) AS crowd,
  (pace - quiet) / greatest(sqrt(quiet), 1) AS evidence, pace / greatest(quiet, 1) AS lift,
  evidence >= 4 AND lift >= 2 AND pace >= 30 AND crowd >= 20 AS is_flagged FROM by_day GROUP BY sound_id;
CREATE OR REPLACE TEMP TABLE mix AS SELECT *, posts / sum(posts) OVER (PARTITION BY sound_id) AS share FROM (
  SELECT sound_id, upper(region) AS region, count(*) AS posts FROM known
  WHERE posted_at >= {now} - INTERVAL 168 HOUR AND posted_at < {now} AND region IS NOT NULL GROUP BY ALL);
"""
AS_ANSWERED = """
SELECT post_id AS video_id, {'id': sound_id} AS music_info, {'id': creator_id} AS author, region,
  epoch_us(posted_at) // 1000000 AS create_time, epoch_us(observed_at) // 1000000 AS seen FROM posts
"""
Boards = dict[str, pd.DataFrame]


def ours(store: Store, limit: str = "") -> Boards:
    """Make the boards as trendlib does, all posts being known since `SINCE`."""
    with store.as_of(END) as world:
        if limit:
            world._connection.execute(f"SET memory_limit = '{limit}'")  # noqa: SLF001 - a machine with less memory
        every = [f"6{number:018d}" for number in range(int(store.path.stem) // 1_000)]
        posts = world.posts(every, COUNTED)
        given = {"as_of": END, "coverage": SINCE}
        days = metrics.daily.from_posts(posts, **given, posts_per_creator=POSTS_PER_CREATOR)
        pace = metrics.velocity(posts, **given, daily=days)
        crowd = metrics.crowds(posts, as_of=END, days=CROWD_DAYS + 1)
        return {
            "leaders": metrics.leaderboard([pace], as_of=END, max_uses=None, top=None, include_unrankable=True),
            "flags": metrics.breakouts(days, as_of=END, crowd=crowd),
            "mix": metrics.region_mix(posts, as_of=END),
        }


def by_hand(store: Store) -> Boards:
    """Make them by the SQL above."""
    with duckdb.connect(str(store.path), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        connection.execute(BY_HAND.format(now=f"TIMESTAMPTZ '{utc_text(END)}'"))
        return {name: connection.table(name).df() for name in ("leaders", "flags", "mix")}


def by_pandas(posts: pd.DataFrame) -> Boards:
    """Make them in pandas, as it is usually written."""
    known = posts[posts["observed_at"] < END].sort_values("observed_at").drop_duplicates("post_id", keep="last")
    age = (END - known["posted_at"]).dt.total_seconds() / 86_400
    last, week = known[age <= 1].groupby("sound_id").size(), known[age <= 7].groupby("sound_id").size()
    baseline = known[(age > 1) & (age <= 8)].groupby("sound_id").size() / 7
    leaders = pd.DataFrame({"last_24h": last, "last_7d": week, "baseline": baseline}).fillna(0)
    leaders["growth"] = leaders["last_24h"] / leaders["baseline"].clip(lower=0.001)
    each = known.assign(age=np.ceil(age) - 1).groupby(["sound_id", "age", "creator_id"]).size().clip(upper=2)
    counts = each.groupby(["sound_id", "age"]).agg(["sum", "size"]).reset_index()
    now = counts[counts["age"] < 3].groupby("sound_id")["sum"].sum() / 3
    quiet = counts[counts["age"].between(4, 24)].groupby("sound_id")["sum"].sum() / 21
    crowd = counts[counts["age"] < 7].groupby("sound_id")["size"].sum()
    flags = pd.DataFrame({"now": now, "quiet": quiet, "creators": crowd}).fillna(0)
    flags["evidence"] = (flags["now"] - flags["quiet"]) / np.sqrt(flags["quiet"]).clip(lower=1)
    mix = known[age <= 7].groupby(["sound_id", "region"]).size().rename("posts").reset_index()
    mix["share"] = mix["posts"] / mix.groupby("sound_id")["posts"].transform("sum")
    return {"leaders": leaders.sort_values("growth", ascending=False).reset_index(), "flags": flags, "mix": mix}


def by_loops(posts: Sequence[dict[str, Any]], *, is_ordered: bool = True) -> dict[str, Any]:
    """Make them as tutorials do: a loop over posts for every sound; times are UTC without saying so.

    Posts are put in order of their sounds once; or else each sound's are looked for among all.
    """
    now = END.replace(tzinfo=None)
    known: dict[str, dict[str, Any]] = {}
    for post in posts:
        if post["post_id"] not in known or known[post["post_id"]]["observed_at"] < post["observed_at"]:
            known[post["post_id"]] = post
    by_sound: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for post in known.values():
        by_sound[post["sound_id"]].append(post)
    growth, evidence, mix = {}, {}, {}
    for sound, ordered in by_sound.items():
        own = ordered if is_ordered else [post for post in known.values() if post["sound_id"] == sound]
        last = sum(1 for post in own if post["posted_at"] >= now - DAY)
        week = sum(1 for post in own if now - 8 * DAY <= post["posted_at"] < now - DAY)
        growth[sound] = last / max(week / 7, 0.001)
        each: Counter[tuple[int, str]] = Counter(((now - post["posted_at"]).days, post["creator_id"]) for post in own)
        days: Counter[int] = Counter()
        for (day, _), number in each.items():
            days[day] += min(number, 2)
        pace, quiet = sum(days[day] for day in range(3)) / 3, sum(days[day] for day in range(4, 25)) / 21
        evidence[sound] = (pace - quiet) / max(quiet**0.5, 1)
        regions = Counter(post["region"] for post in own if post["posted_at"] >= now - 7 * DAY and post["region"])
        mix[sound] = {region: number / regions.total() for region, number in regions.items()}
    return {"leaders": sorted(growth, key=lambda one: -growth[one]), "flags": evidence, "mix": mix}


def measure(folder: Path, millions: float) -> list[Promise]:
    """Measure all four, and compare what they say."""
    store = _made(folder, millions)
    own, hand, same = _by_turns(store)
    posts = millions * A_MILLION
    (pandas_posts, pandas_s), (loops_posts, loops_s) = _in_pandas(folder, store), _in_loops(folder, store, LOOPED)
    pandas_s, loops_s = pandas_s * posts / pandas_posts, loops_s * posts / loops_posts
    what = f"three boards of {millions:g} million posts, {posts / 1000:,.0f} sounds"
    of_pandas = (
        f"from disk, on {pandas_posts / posts:.0%} of the posts; SQL by hand is {pandas_s / hand:.1f} × faster than it"
    )
    of_loops = (
        f"from disk, on {loops_posts / posts:.0%} of the posts; SQL by hand is {loops_s / hand:.1f} × faster than they"
    )
    ratio = f"{own:.1f} s ÷ {hand:.1f} s = {own / hand:.2f}; counts {same}"
    return [
        Promise(f"{what}: at most 1.3 × SQL by hand", ratio, own / hand <= 1.3 and same == "equal"),
        Promise("the same: at least 8 × faster than pandas", f"{pandas_s / own:.1f} ×", pandas_s / own >= 8, of_pandas),
        Promise("the same: at least 50 × faster than loops", f"{loops_s / own:.1f} ×", loops_s / own >= 50, of_loops),
        _beside_searching(folder, min(millions, SEARCHED_MILLIONS)),
        _beside_answers(folder, min(millions, SEARCHED_MILLIONS)),
        _told_again(folder, min(millions, SEARCHED_MILLIONS)),
    ]


def _by_turns(store: Store) -> tuple[float, float, str]:
    """Make boards our way and by hand: the best of some rounds each [s of processor], and whether they are equal."""
    took: dict[str, list[float]] = {"ours": [], "by hand": []}
    found: dict[str, Boards] = {}
    run: dict[str, Callable[[Store], Boards]] = {"ours": ours, "by hand": by_hand}
    for _ in range(ROUNDS):
        for name, make_boards in run.items():
            with spending() as spent:
                found[name] = make_boards(store)
            took[name].append(spent.processor_s)
    same = "equal" if _are_equal(found["ours"], found["by hand"]) else "DIFFERENT"
    return min(took["ours"]), min(took["by hand"]), same


def _beside_searching(folder: Path, millions: float) -> Promise:
    """Compare ours with loops that look for each sound's posts among all."""
    store = _made(folder, millions)
    with spending() as spent:
        ours(store)
    loops_s = _in_loops(folder, store, 1, is_ordered=False)[1]
    what = f"beside loops that go through all posts for every sound; {millions:g} million posts"
    sounds = f"{millions * A_MILLION / 1000:,.0f} sounds"
    return Promise(
        f"{what}, {sounds}",
        f"{loops_s / spent.processor_s:.0f} × faster ({loops_s:.0f} s against {spent.processor_s:.1f} s)",
        why="such loops grow with posts times sounds: ten times both is a hundred times the work, and was not run",
    )


def _told_again(folder: Path, millions: float) -> Promise:
    """Compare ours, SQL by hand and pandas where every seventh post stands in two answers, a day apart."""
    again = folder / "again"
    again.mkdir(exist_ok=True)
    store = Store(again / _made(folder, millions).path.name)
    shutil.copy(folder / store.path.name, store.path)
    with duckdb.connect(str(store.path)) as connection:
        connection.execute("INSERT INTO posts BY NAME SELECT * REPLACE (observed_at + INTERVAL 1 DAY AS observed_at, "
                           "answer_id || 'again' AS answer_id) FROM posts WHERE hash(post_id) % 7 = 0")  # fmt: skip
    own, hand, same = _by_turns(store)
    _, pandas_s = _in_pandas(again, store)
    return Promise(
        f"where every seventh post stands in two answers; {millions:g} million posts",
        f"{own / hand:.2f} × SQL by hand, {pandas_s / own:.1f} × faster than pandas; counts {same}",
        why="in the lines above each post stands in one; in the practice home, one in seven stands in several",
    )


def _beside_answers(folder: Path, millions: float) -> Promise:
    """Compare ours with loops that read answers: the few fields they use, where an API sends some thirty."""
    store = _made(folder, millions)
    with spending() as spent:
        ours(store)
    file = folder / f"{store.path.stem}.jsonl"
    with duckdb.connect(str(store.path), read_only=True) as connection:
        connection.execute(f"COPY ({AS_ANSWERED}) TO '{file}' (FORMAT json)")
    with spending() as looping, file.open() as lines:
        by_loops([_as_read(json.loads(line)) for line in lines])
    return Promise(
        f"beside loops that read JSON, as an API sends it; {millions:g} million posts",
        f"{looping.processor_s / spent.processor_s:.0f} × faster "
        f"({looping.processor_s:.0f} s against {spent.processor_s:.1f} s)",
        why="theirs holds the reading of the answers, which ours did when the warehouse was loaded",
    )


def _as_read(post: dict[str, Any]) -> dict[str, Any]:
    """Pick out of an answer what the loops count; times are UTC without saying so."""
    read = {name: datetime.fromtimestamp(post[name], UTC).replace(tzinfo=None) for name in ("create_time", "seen")}
    return {"post_id": post["video_id"], "sound_id": post["music_info"]["id"], "creator_id": post["author"]["id"],
            "region": post["region"], "posted_at": read["create_time"], "observed_at": read["seen"]}  # fmt: skip


def _in_pandas(folder: Path, store: Store) -> tuple[int, float]:
    """Let pandas read and count the posts, of very many a part: how many these are, and what that took."""
    times = -(-int(store.path.stem) // MOST_IN_PANDAS)
    with _part_of(folder, store, times) as connection, spending() as reading:
        few = connection.table("posts").df()
    few = few.astype(dict.fromkeys(few.select_dtypes("str").columns, pd.StringDtype("python", na_value=np.nan)))
    with spending() as counting:
        by_pandas(few)
    return len(few), reading.processor_s + counting.processor_s


def _in_loops(folder: Path, store: Store, times: int, *, is_ordered: bool = True) -> tuple[int, float]:
    """Let loops read and count a part of the posts."""
    listed = "* REPLACE (posted_at::TIMESTAMP AS posted_at, observed_at::TIMESTAMP AS observed_at)"
    with _part_of(folder, store, times) as connection, spending() as spent:
        found = connection.sql(f"SELECT {listed} FROM posts")  # noqa: S608 - a constant
        rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
        by_loops(rows, is_ordered=is_ordered)
    return len(rows), spent.processor_s


@contextmanager
def _part_of(folder: Path, store: Store, times: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a file of its own that holds the posts of so much fewer sounds."""
    part = folder / f"{store.path.stem}.{times}th"
    columns = "post_id, sound_id, creator_id, region, posted_at, observed_at"
    with duckdb.connect(str(part)) as connection:
        connection.execute(f"ATTACH '{store.path}' AS whole (READ_ONLY)")
        connection.execute(f"CREATE OR REPLACE TABLE posts AS SELECT {columns} FROM whole.posts "  # noqa: S608 - constants
                           f"WHERE CAST(sound_id AS BIGINT) % {times} = 0")  # fmt: skip
    with duckdb.connect(str(part), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        yield connection


def _made(folder: Path, millions: float) -> Store:
    return make(folder, round(millions * A_MILLION), are_alone=True)


def _are_equal(own: Boards, hand: Boards) -> bool:
    """Compare the counts of the last day and week, and the shares of the regions."""
    leaders = own["leaders"].merge(hand["leaders"], on="sound_id", how="outer")
    shares = own["mix"].dropna(subset=["region"]).merge(hand["mix"], on=["sound_id", "region"], how="outer")
    return bool(
        (leaders["posts_last_24h"].fillna(0) == leaders["last_24h"].fillna(0)).all()
        and (leaders["posts_last_7d"].fillna(0) == leaders["last_7d"].fillna(0)).all()
        and np.allclose(shares["share_x"], shares["share_y"])
    )


def within(folder: Path, millions: float, limit: str) -> Promise:
    """Make our boards with so much memory for DuckDB, in a process of its own."""
    _made(folder, millions)
    command = [sys.executable, "-m", "benchmarks.counting", f"{millions:g}", "--memory", limit, "--folder", str(folder)]
    told = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - this very program
    sounds, processor_s, clock_s, held = map(float, told.stdout.split()[-4:])
    took = f"{processor_s:.0f} s of processor, {clock_s:.0f} s of the clock, the process held {held:.1f} GB at most"
    what = f"three boards of {millions:g} million posts with {limit} for the database: made, by spilling"
    return Promise(what, f"{sounds:,.0f} sounds, {took}", sounds > 0 and held <= _gigabytes(limit) + OUTSIDE_GB)


def _gigabytes(limit: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)([MG])B", limit).groups()
    return float(number) / (1000 if unit == "M" else 1)


def _here(folder: Path, millions: float, limit: str) -> None:
    with spending() as spent:
        made = ours(_made(folder, millions), limit)
    print(len(made["leaders"]), spent.processor_s, spent.clock_s, memory() / 1e6)


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("millions", type=float, nargs="?", default=10)
    parser.add_argument("--memory", help="only make ours, with so much memory, for example 2GB")
    parser.add_argument("--folder", type=Path, help="where the posts are kept for the next time")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        if given.memory:
            _here(folder, given.millions, given.memory)
        else:
            print(table(measure(folder, given.millions)))


if __name__ == "__main__":
    main()
