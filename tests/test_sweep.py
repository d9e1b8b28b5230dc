"""Sweep: what it buys, and what it leaves; `tests/chaos` kills it."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from told import assert_same, tables

from trendlib.config import Config
from trendlib.errors import AuthError
from trendlib.runs.run import Clock
from trendlib.runs.sweep import Limits, SweepReport, plan, sweep
from trendlib.sandbox import Faults, Key, Planned, Quirks, Server, World
from trendlib.store import Store
from trendlib.watchlist import Watchlist

SOUNDS = 10
HASHTAGS = 2
TODAY = datetime(2026, 3, 2, tzinfo=UTC)
NOW = TODAY + timedelta(hours=9)
RUNS = count()


def next_second() -> Clock:
    """Give a clock that stands still, a second after the one before: names of runs begin with their second."""
    at = NOW + timedelta(seconds=next(RUNS))
    return lambda: at


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=3, sounds=SOUNDS, hashtags=HASHTAGS, days=30, start=(TODAY - timedelta(days=30)).date())


@pytest.fixture
def server(world: World) -> Iterator[Server]:
    with Server(world, rate_per_minute=None, page_cap=None) as one:
        yield one


@pytest.fixture
def watchlist(world: World) -> Watchlist:
    return Watchlist(
        sounds=tuple(sound.sound_id for sound in world.catalogue), hashtags=tuple(tag.name for tag in world.tags)
    )


def config_of(server: Server, home: Path, **settings: Any) -> Config:
    return Config.load(
        home=home,
        tiklive_base_url=server.url,
        tiklive_api_key=server.keys["tiklive"],
        requests_per_minute=0,
        page_gap_s=0.0,
        backoff_s=0.01,
        **settings,
    )


def run(server: Server, home: Path, watchlist: Watchlist, **limits: int) -> SweepReport:
    return sweep(config_of(server, home), watchlist, limits=Limits(**limits), clock=next_second())


def test_the_first_sweep_reads_every_counter_and_buys_the_posts_of_what_has_no_past(
    server: Server, tmp_path: Path, watchlist: Watchlist, world: World
) -> None:
    report = run(server, tmp_path, watchlist)
    found = tables(tmp_path)
    assert (report.sounds, report.hashtags) == (SOUNDS, HASHTAGS)
    assert set(found["sound_observations"]["sound_id"]) == set(watchlist.sounds)
    assert set(report.candidates) >= set(watchlist.sounds)
    posts = Counter(found["posts"]["sound_id"])
    week = {sound_id: int(counts[-7:].sum()) for sound_id, counts in world.truth().daily.items()}
    most = Limits().max_pages * 30
    assert all(posts[one] >= min(week[one], most) for one in watchlist.sounds)
    assert report.run.spent == sum(server.credits.values()) == len(found["calls"])
    assert not report.run.failures


def test_a_newest_first_feed_is_followed_back_eight_days_and_no_further(
    server: Server, tmp_path: Path, watchlist: Watchlist
) -> None:
    run(server, tmp_path, watchlist)
    with Store(Config.load(home=tmp_path).warehouse_file).as_of(NOW + timedelta(hours=1)) as known:
        pages = known.frame("feed_pages", subject="sound")
    horizon = NOW - timedelta(days=8)
    for _, walk in pages.groupby("subject_id"):
        before_last = walk.sort_values("observed_at")["oldest_posted_at"].iloc[:-1]
        assert (before_last >= horizon).all()


def test_feeds_in_another_order_are_sampled_with_two_pages(world: World, tmp_path: Path, watchlist: Watchlist) -> None:
    with Server(world, order="likes", rate_per_minute=None, page_cap=None) as server:
        run(server, tmp_path, watchlist)
    pages = tables(tmp_path)["feed_pages"]
    assert Counter(pages[pages["subject"] == "sound"]["subject_id"]).most_common(1)[0][1] <= 2


def test_the_same_sweep_again_costs_nothing_and_adds_nothing(
    server: Server, tmp_path: Path, watchlist: Watchlist
) -> None:
    first = run(server, tmp_path, watchlist)
    before = tables(tmp_path)
    spent = sum(server.credits.values())
    second = run(server, tmp_path, watchlist)
    assert second.run.spent == 0
    assert second.run.saved >= first.sounds
    assert sum(server.credits.values()) == spent
    assert_same(before, tables(tmp_path))


def test_a_plan_spends_nothing_and_knows_what_is_cached(server: Server, tmp_path: Path, watchlist: Watchlist) -> None:
    config = config_of(server, tmp_path)
    before = plan(config, watchlist, clock=next_second())
    assert [one.is_cached for one in before] == [False] * (SOUNDS + HASHTAGS)
    assert sum(server.credits.values()) == 0
    sweep(config, watchlist, clock=next_second())
    assert all(one.is_cached for one in plan(config, watchlist, clock=next_second()))


@pytest.mark.parametrize("budget", [0, 7, 20])
def test_a_budget_is_never_exceeded_and_what_it_bought_is_loaded(
    server: Server, tmp_path: Path, watchlist: Watchlist, budget: int
) -> None:
    report = run(server, tmp_path, watchlist, budget=budget)
    assert sum(server.credits.values()) <= budget
    assert report.run.stopped
    assert report.run.loaded.added == report.run.spent


@pytest.mark.parametrize("budget", [7, 15, 40])
def test_a_sweep_whose_budget_ended_is_gone_on_with_by_the_next(
    server: Server, tmp_path: Path, watchlist: Watchlist, budget: int
) -> None:
    run(server, tmp_path / "whole", watchlist)
    spent = sum(server.credits.values())
    assert run(server, tmp_path / "parts", watchlist, budget=budget).run.stopped
    assert not run(server, tmp_path / "parts", watchlist).run.stopped
    assert sum(server.credits.values()) == 2 * spent
    assert_same(tables(tmp_path / "whole"), tables(tmp_path / "parts"))


def test_a_feed_that_broke_off_is_walked_the_next_day_as_if_for_the_first_time(
    world: World, tmp_path: Path, watchlist: Watchlist
) -> None:
    counts = world.truth().daily
    busiest = max(watchlist.sounds, key=lambda one: counts[one][-10:-1].sum())
    torn = Faults(script=(Planned("500", "/music-posts/", {"music_id": busiest}, first=2, times=None),))
    pages = []
    for faults, now in ((torn, world.end - timedelta(days=1)), (None, world.end)):
        with Server(world, rate_per_minute=None, page_cap=None, faults=faults, now=now) as server:
            config = config_of(server, tmp_path, attempts=1)
            sweep(config, Watchlist(sounds=(busiest,)), clock=lambda: server.now)
            pages.append(sum(one.path == "/music-posts/" and one.status == 200 for one in server.requests))
    with Server(world, rate_per_minute=None, page_cap=None, now=world.end) as server:
        sweep(config_of(server, tmp_path / "calm"), Watchlist(sounds=(busiest,)), clock=lambda: server.now)
        assert pages == [1, sum(one.path == "/music-posts/" for one in server.requests)]
    assert pages[1] > 1


def test_spent_credits_stop_the_sweep_and_keep_what_it_has(world: World, tmp_path: Path, watchlist: Watchlist) -> None:
    poor = Key("poor-key", "tiklive", credits=15)
    with Server(world, rate_per_minute=None, other_keys=(poor,)) as server:
        config = config_of(server, tmp_path).model_copy(update={"tiklive_api_key": None})
        config = Config.load(**{**config.model_dump(), "tiklive_api_key": poor.text})
        report = sweep(config, watchlist, clock=next_second())
    assert report.run.stopped
    assert report.run.loaded.rows["sound_observations"] == SOUNDS


def test_a_refused_key_is_said_once_and_nothing_else_is_asked(
    server: Server, tmp_path: Path, watchlist: Watchlist
) -> None:
    config = Config.load(**{**config_of(server, tmp_path).model_dump(), "tiklive_api_key": "wrong-key"})
    with pytest.raises(AuthError, match="check TIKLIVE_API_KEY") as caught:
        sweep(config, watchlist, clock=next_second())
    assert "wrong-key" not in str(caught.value)
    assert len(server.requests) <= config.workers


def test_faults_that_pass_change_nothing_in_the_tables(world: World, tmp_path: Path, watchlist: Watchlist) -> None:
    for name, faults in (("calm", None), ("stormy", Faults(rate=0.3, slow_s=0.01, refused_s=0.01))):
        with Server(world, rate_per_minute=None, faults=faults) as server:
            config = Config.load(**{**config_of(server, tmp_path / name).model_dump(), "attempts": 12})
            report = sweep(config, watchlist, limits=Limits(max_pages=3), clock=next_second())
            assert not report.run.failures
    without = frozenset({"calls"})  # which holds the failed attempts as well
    assert_same(tables(tmp_path / "calm", without=without), tables(tmp_path / "stormy", without=without))


class WithoutDigits:
    """A source whose ids went through a float."""

    def __init__(self, source: Any) -> None:
        self._source = source

    def answer(self, *question: Any) -> tuple[int, Any]:
        status, body = self._source.answer(*question)
        return status, {**body, "id": float(body["id"])} if "id" in body else body


def test_a_counter_that_was_set_aside_is_not_counted_as_read(
    server: Server, tmp_path: Path, watchlist: Watchlist
) -> None:
    server.__dict__["source"] = WithoutDigits(server.source)
    report = run(server, tmp_path, Watchlist(sounds=watchlist.sounds[:2]))
    assert (report.sounds, report.run.loaded.rejected) == (0, 2)


def test_a_sweep_survives_every_quirk(world: World, tmp_path: Path, watchlist: Watchlist) -> None:
    with Server(world, order="mixed", quirks=Quirks.real(), rate_per_minute=None) as server:
        report = run(server, tmp_path, watchlist)
    assert not report.run.stopped
    assert len(tables(tmp_path)["sound_observations"]) == SOUNDS


def test_a_hashtag_that_is_asked_by_its_id_and_gives_nothing_is_one_failure_of_the_sweep(tmp_path: Path) -> None:
    world = World(seed=1, sounds=10, hashtags=20, days=10)
    watchlist = Watchlist(hashtags=tuple(tag.name for tag in world.tags))
    by_id = Planned("503", "/challenge-info-id/", times=None)
    with Server(world, quirks=Quirks(id_only_hashtags=True), rate_per_minute=None) as server:
        config = config_of(server, tmp_path, attempts=2)
        assert sweep(config, watchlist, clock=lambda: world.end).hashtags == 20
        server.faults = Faults(script=(by_id,))
        report = sweep(config, watchlist, clock=lambda: world.end + timedelta(days=1))
    assert {failure.call.endpoint for failure in report.run.failures} == {by_id.path}
    assert report.hashtags == 20 - len(report.run.failures) > 10
    assert not report.run.stopped
