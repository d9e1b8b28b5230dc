"""Weeks of daily sweeps over HTTP, and what the warehouse then says beside what was true.

A sweep here is the last thing of a UTC day. So the counters of two sweeps differ by exactly one day's posts, and a
reading belongs to the day it ends: at midnight sharp it would be the first of the next one, known only after it.

The calm world is swept for five weeks, the odd one for four. ``TRENDLIB_TEN_WEEKS_SOUNDS=60 pytest
tests/test_ten_weeks.py`` sweeps both for ten, looks at so many sounds, and takes some minutes.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from trendlib import metrics, practice
from trendlib.api import archive
from trendlib.boards.board import latest_uses
from trendlib.config import Config
from trendlib.runs.sweep import Limits, SweepReport, sweep
from trendlib.sandbox import Faults, Quirks, Server, World
from trendlib.sandbox.days import RUN_UP
from trendlib.schema import TABLES, Answer
from trendlib.snapshot import Snapshot
from trendlib.store import Store
from trendlib.watchlist import Watchlist

SOUNDS = int(os.environ.get("TRENDLIB_TEN_WEEKS_SOUNDS", "10"))
DAYS, ODD_DAYS = (70, 70) if "TRENDLIB_TEN_WEEKS_SOUNDS" in os.environ else (35, 28)
DAY = timedelta(days=1)
BEFORE_MIDNIGHT = timedelta(milliseconds=1)
WHOLE = 1 - 2 * BEFORE_MIDNIGHT / DAY
MOST_PAGES = 2
PER_PAGE = 30
SAMPLE = Path(__file__).parents[1] / "data" / "sample"
RIGHT_ENOUGH = 0.95
# Nobody listens for a hundredth of a second; on a busy machine that takes longer, and waits double each time.
PATIENCE = 16


@dataclass(frozen=True)
class History:
    """A world, and the home of someone who swept it every evening."""

    world: World
    config: Config
    reports: list[SweepReport]

    def known_at(self, day: int) -> Any:
        """Open what was known when so many days had passed."""
        return Store(self.config.warehouse_file).as_of(midnight(self.world, day))


def midnight(world: World, day: int) -> datetime:
    return world.end - (world.days - day) * DAY


def swept(world: World, home: Path, *, hashtags: bool = False, **served: Any) -> History:
    """Sweep a world every evening, over HTTP; always buy two pages of the sounds that `always_paged` names."""
    sounds = tuple(sound.sound_id for sound in world.catalogue)
    tags = tuple(tag.name for tag in world.tags) if hashtags else ()
    watchlist = Watchlist(sounds, tags, always_page=always_paged(world))
    with Server(world, rate_per_minute=None, **served) as server:
        config = Config.load(
            home=home,
            tiklive_base_url=server.url,
            tiklive_api_key=server.keys["tiklive"],
            requests_per_minute=0,
            page_gap_s=0.0,
            backoff_s=0.001,
            attempts=PATIENCE,
        )
        reports = []
        for day in range(1, world.days + 1):
            server.now = midnight(world, day) - BEFORE_MIDNIGHT
            reports.append(sweep(config, watchlist, limits=Limits(max_pages=MOST_PAGES), clock=lambda: server.now))
    return History(world, config, reports)


def always_paged(world: World) -> tuple[str, ...]:
    """Name the four sounds with the fewest posts, which two pages hold most days, and the one with the most."""
    daily = world.truth().daily
    ranked = sorted(daily, key=lambda one: int(daily[one].sum()))
    return (*ranked[:4], ranked[-1])


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Some weeks of a world without faults and oddities, newest posts first."""
    world = World(seed=11, sounds=SOUNDS, hashtags=1, days=DAYS)
    return swept(world, tmp_path_factory.mktemp("calm"), page_cap=None)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Some weeks of a world with every oddity there is."""
    world = World(seed=5, sounds=SOUNDS, hashtags=2, days=ODD_DAYS)
    return swept(world, tmp_path_factory.mktemp("real"), order="mixed", quirks=Quirks.real())


def counted_on_counters(known: Snapshot) -> pd.DataFrame:
    return metrics.daily.from_counter(known.frame("sound_observations"), as_of=known.as_of)


def counted_on_posts(known: Snapshot) -> pd.DataFrame:
    uses = latest_uses(known.frame("sound_observations"))
    totals = uses.rename(columns={"sound_id": "subject_id", "total_uses": "total"}).dropna()
    pages = known.frame("feed_pages", subject="sound")
    covered = metrics.coverage(pages, as_of=known.as_of, totals=totals)
    posts = known.frame("posts", sound_id=sorted(set(pages["subject_id"])))
    return metrics.daily.from_posts(posts, as_of=known.as_of, coverage=covered)


def claims(daily: pd.DataFrame, world: World) -> dict[tuple[str, int], float]:
    """Give what is claimed of whole days of the world: sound and number of the day → posts."""
    whole = daily[(daily["exposure_days"] >= WHOLE) & ~daily["is_flagged"]]
    days = (whole["day"] - pd.Timestamp(midnight(world, 0))) / pd.Timedelta(days=1)
    assert (days == days.round()).all()
    cells = zip(whole["sound_id"], days, whole["posts"], strict=True)
    return {(sound_id, int(day)): posts for sound_id, day, posts in cells if day >= 0}


def true_counts(world: World) -> dict[tuple[str, int], int]:
    daily = world.truth().daily
    return {(sound_id, day): int(count) for sound_id, counts in daily.items() for day, count in enumerate(counts)}


def days_between_readings(world: World, until: int) -> set[tuple[str, int]]:
    """Give the days at whose beginning and end a sound's counter was read."""
    born = {sound.sound_id: sound.born_at for sound in world.catalogue}
    evenings = [(midnight(world, day + 1) - BEFORE_MIDNIGHT).timestamp() for day in range(until)]
    return {(one, day) for one in born for day in range(1, until) if born[one] <= evenings[day - 1]}


def days_within_pages(world: World, until: int) -> set[tuple[str, int]]:
    """Give the days after a sound's first post and the last flood: more posts than the pages of one sweep hold."""
    found = set()
    for sound_id in always_paged(world):
        counts = world.posts.counts[world.sound_rows[sound_id], : RUN_UP + until]
        floods = np.flatnonzero(counts[RUN_UP:] >= MOST_PAGES * PER_PAGE)
        first_post = int(np.flatnonzero(counts)[0]) - RUN_UP if counts.any() else until
        begin = max(int(floods[-1]) + 1 if len(floods) else 0, first_post + 1)
        found |= {(sound_id, day) for day in range(begin, until)}
    return found


Counting = tuple[Callable[[Snapshot], pd.DataFrame], Callable[[World, int], set[tuple[str, int]]]]


@pytest.mark.parametrize(
    "counting",
    [
        pytest.param((counted_on_counters, days_between_readings), id="counter"),
        pytest.param((counted_on_posts, days_within_pages), id="posts"),
    ],
)
@pytest.mark.parametrize("day", [2, 9, DAYS // 2, DAYS])
def test_the_daily_counts_of_a_calm_world_are_the_true_ones_wherever_a_daily_sweep_can_see(
    calm: History, counting: Counting, day: int
) -> None:
    count, can_be_seen = counting
    with calm.known_at(day) as known:
        claimed = claims(count(known), calm.world)
    truth = true_counts(calm.world)
    assert claimed == {one: truth[one] for one in claimed}
    assert set(claimed) >= can_be_seen(calm.world, day)


def test_a_calm_world_has_sounds_that_two_pages_hold_and_sounds_that_they_do_not(calm: History) -> None:
    seen = {sound_id for sound_id, _ in days_within_pages(calm.world, DAYS)}
    most = {sound_id: int(counts.max()) for sound_id, counts in calm.world.truth().daily.items()}
    assert len(seen) >= 2
    assert max(most.values()) > MOST_PAGES * PER_PAGE


def test_the_first_sweep_buys_posts_of_what_it_has_just_read_also_when_the_clock_stands_still(calm: History) -> None:
    first_evening = (midnight(calm.world, 1) - BEFORE_MIDNIGHT).timestamp()
    born = {sound.sound_id for sound in calm.world.catalogue if sound.born_at <= first_evening}
    assert born - set(always_paged(calm.world))
    assert set(calm.reports[0].candidates) >= born


@pytest.mark.parametrize("name", ["calm", "real"])
def test_no_sweep_raises_and_nothing_fails_but_sounds_that_are_not_there_yet(
    name: str, request: pytest.FixtureRequest
) -> None:
    history: History = request.getfixturevalue(name)
    born = {sound.sound_id: sound.born_at for sound in history.world.catalogue}
    for day, report in enumerate(history.reports, start=1):
        failed = {failure.call.params["music_id"] for failure in report.run.failures}
        assert failed == {one for one, at in born.items() if at > midnight(history.world, day).timestamp()}
        assert not report.run.stopped


def tables(history: History) -> dict[str, pd.DataFrame]:
    """Everything in a warehouse but the calls, in an order of its own; times of answers to the millisecond.

    A question that is asked again is answered a microsecond later, and has another answer id.
    """
    with Store(history.config.warehouse_file).as_of(history.world.end + DAY) as known:
        frames = {name: known.frame(name).drop(columns="answer_id") for name in TABLES if name != "calls"}
    for name, frame in frames.items():
        for column in {"observed_at", "first_seen"} & set(frame):
            frame[column] = frame[column].dt.floor("ms")
        frames[name] = frame.astype("str").sort_values(list(frame.columns), ignore_index=True)
    return frames


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Ten days of a world with hashtags, without faults."""
    world = World(seed=9, sounds=10, hashtags=2, days=10)
    return swept(world, tmp_path_factory.mktemp("quiet"), hashtags=True)


def failures(history: History) -> list[set[tuple[str, str, str]]]:
    """Give the questions that got no answer, by evening."""
    return [{failure.call.key for failure in report.run.failures} for report in history.reports]


@pytest.mark.parametrize("seed", [7, 8])
def test_thirty_percent_of_faults_leave_the_same_tables_as_none(quiet: History, tmp_path: Path, seed: int) -> None:
    faults = Faults(rate=0.3, seed=seed, slow_s=0.01, refused_s=0.01)
    stormy = swept(quiet.world, tmp_path / "stormy", hashtags=True, faults=faults)
    assert set(faults.given) == set(faults.kinds)
    assert sum(report.run.loaded.failed for report in stormy.reports) > 100
    assert failures(stormy) == failures(quiet)
    left, right = tables(quiet), tables(stormy)
    assert len(left["posts"]) > 100
    for name, frame in left.items():
        pd.testing.assert_frame_equal(frame, right[name], obj=name)
    with quiet.known_at(10) as one, stormy.known_at(10) as other:
        assert len(one.frame("calls").query("error.isna()")) == len(other.frame("calls").query("error.isna()"))


def answers_of(history: History) -> Iterator[Answer]:
    for path in archive.Archive(history.config.archive_folder).files():
        for _, one in archive.read(path):
            assert isinstance(one, Answer)
            yield one


def test_every_item_of_an_odd_world_is_loaded_or_rejected_with_a_reason(real: History) -> None:
    with Store(real.config.warehouse_file).as_of(real.world.end + DAY) as known:
        calls, rejects = known.frame("calls"), known.frame("rejects")
        posts = set(known.frame("posts")["post_id"])
        counters = set(known.frame("sound_observations")["answer_id"])
    assert (rejects["reason"].str.len() > 0).all()
    refused = set(zip(rejects["answer_id"], rejects["place"], strict=True))
    usable = set(calls.loc[calls["error"].isna(), "answer_id"])
    items = 0
    for answer in answers_of(real):
        if answer.answer_id not in usable:
            continue
        if answer.endpoint == "/music-info/":
            assert answer.answer_id in counters
        for place, item in enumerate(answer.body.get("videos", ())):
            items += 1
            is_rejected = (answer.answer_id, f"videos[{place}]") in refused
            assert is_rejected != (str(item.get("video_id")) in posts)
    assert items > 1_000


def test_the_daily_counts_an_odd_world_lets_us_claim_are_right_within_rounding(real: History) -> None:
    with real.known_at(ODD_DAYS) as known:
        daily = counted_on_counters(known)
    claimed, truth = claims(daily, real.world), true_counts(real.world)
    starts = [midnight(real.world, day) for _, day in claimed]
    units = daily.set_index(["sound_id", "day"])["rounding_unit"]
    exact_to = [max(int(units[one, start]), 1) for (one, _), start in zip(claimed, starts, strict=True)]
    error = [abs(claimed[one] - truth[one]) for one in claimed]
    assert len(claimed) > 0.8 * len(daily)
    assert np.mean(np.array(error) <= exact_to) >= RIGHT_ENOUGH


def test_the_same_seed_gives_the_same_bytes_in_any_time_zone(tmp_path: Path) -> None:
    """The shipped sample was recorded elsewhere; in its ten weeks summer time ends in this zone."""
    code = "import sys, pathlib; from trendlib import practice; practice.write_sample(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, tmp_path], env={**os.environ, "TZ": "America/Los_Angeles"}, check=True)
    here, there = ((folder / practice.RECORDING).read_bytes() for folder in (tmp_path, SAMPLE))
    assert len(here) > 100_000
    assert here == there


def test_a_thousand_sounds_over_eleven_weeks_are_served_in_little_memory() -> None:
    code = """
import resource
from trendlib.sandbox import Server, World
world = World(sounds=1000, days=77)
with Server(world) as server:
    headers = {"X-Api-Key": server.keys["tiklive"]}
    for sound in world.catalogue[:20]:
        for endpoint in ("/music-info/", "/music-posts/"):
            assert server.answer(endpoint, {"music_id": sound.sound_id}, headers)[0] == 200
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 1_000_000  # kB on Linux; on macOS bytes, which would pass the bound by far
