"""Every metric gives the same answer on pandas, polars, DuckDB and Spark; large frames stay in their engine."""

import inspect
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from frames import to_duckdb, to_polars, to_spark
from pandas.testing import assert_frame_equal

from trendlib import metrics
from trendlib.errors import SchemaError
from trendlib.metrics import daily, hashtags
from trendlib.metrics.engines import board, bring, enter, leading
from trendlib.store import PANDAS_TYPES, Store

AS_OF = datetime(2026, 3, 10, 6, 30, tzinfo=UTC)
DAY = timedelta(days=1)
ENGINES = ["polars", "polars, lazy", "duckdb", "spark"]
MANY_POSTS = 30_000


@pytest.fixture(params=ENGINES)
def engine(request):
    """Give what puts a pandas frame into an engine."""
    if request.param == "spark":
        return partial(to_spark, session=request.getfixturevalue("spark"))
    lazy = {"polars": to_polars, "polars, lazy": lambda frame: to_polars(frame).lazy(), "duckdb": to_duckdb}
    return lazy[request.param]


def assert_same(found, expected):
    found, expected = board(enter(found)), board(enter(expected))
    assert len(expected)
    assert_frame_equal(found, expected, rtol=1e-9, atol=1e-12)


# What the sample knows, as pandas frames


@pytest.fixture(scope="session")
def sample(own_home):
    """Give ten weeks of practice data, and what metrics made of it."""
    store = Store(own_home / "warehouse" / "trendlib.duckdb")
    as_of = store.last_observed_at() + timedelta(minutes=1)
    with store.as_of(as_of) as world:
        names = ("sound_observations", "feed_pages", "sounds", "creator_observations", "hashtags")
        known = {name: world.frame(name) for name in (*names, "hashtag_observations", "post_hashtags")}
        posts = world.posts(sorted(set(known["sound_observations"]["sound_id"]))).df()
    posts = posts[["post_id", "sound_id", "creator_id", "region", "posted_at", "views"]].sort_values("post_id")
    posts = posts.astype({"posted_at": PANDAS_TYPES["time"], "views": "Int64", "region": "str", "creator_id": "str"})
    given = SimpleNamespace(as_of=as_of, posts=posts, readings=known["sound_observations"], pages=known["feed_pages"])
    given.sounds, given.observations = known["sounds"], known["hashtag_observations"]
    given.hashtags, given.post_hashtags = known["hashtags"], known["post_hashtags"]
    given.followers = known["creator_observations"]
    return concluded(given)


def concluded(given):
    """Add what some metrics take from others."""
    as_of, posts = given.as_of, given.posts
    given.covered = metrics.coverage(given.pages, as_of=as_of)
    given.stale = given.pages.assign(newest_posted_at=given.pages["newest_posted_at"] - 3 * DAY)
    given.days = daily.from_counter(given.readings, as_of=as_of)
    given.crowd = metrics.crowds(posts, as_of=as_of, days=40)
    given.flags = metrics.breakouts(given.days, as_of=as_of, days=28, crowd=given.crowd)
    given.waking = given.flags.assign(alert="watch")
    given.velocities = metrics.counter_velocity(given.readings, as_of=as_of, daily=given.days)
    given.listed = metrics.velocity(posts, as_of=as_of, coverage=given.covered, daily=given.days)
    given.mix = metrics.region_mix(posts, as_of=as_of)
    uses = given.readings.dropna(subset=["total_uses"]).drop_duplicates("sound_id", keep="last")
    given.facts = uses[["sound_id", "total_uses"]]
    given.leaders = metrics.leaderboard([given.velocities], as_of=as_of, facts=[given.facts], max_uses=None, top=None)
    given.everything = given.leaders.assign(rank=given.leaders["rank"].mask(given.leaders["rank"] > 20))
    given.leader = given.leaders["sound_id"][0]
    given.families = metrics.families(given.sounds)
    given.episodes = metrics.episodes(given.flags)
    given.unflagged = metrics.unflagged(given.flags)
    given.outcomes = metrics.outcomes(given.episodes, given.days, as_of=as_of)
    given.tag_readings = hashtags.readings(given.observations)
    given.tag_days = hashtags.day_by_day(partial(metrics.counter_velocity, given.tag_readings), as_of=as_of, days=10)
    given.tag_counts = daily.from_counter(given.tag_readings, as_of=as_of)
    given.tag_velocities = metrics.counter_velocity(given.tag_readings, as_of=as_of)
    given.tagged = hashtags.tagged(posts, given.post_hashtags)
    given.entries = charted(given.days)
    given.curves = drawn(given.days)
    vars(given).update(listed(given.sounds, as_of))
    given.pulled = metrics.by_pull(given.chart_entries, given.chart_pages, as_of=as_of)
    return given


def charted(days):
    """Make a chart out of daily counts, pulled each day."""
    entries = days[["sound_id", "day"]].assign(region="US", period_days=7, pulled_at=days["day"] + DAY)
    rank = days.groupby("day")["posts"].rank(method="first", ascending=False)
    return entries.assign(rank=rank.astype("Int64"), rank_move="same")


def drawn(days):
    """Make curves of the first sounds, pulled every ten days with the twenty days before."""
    some = days[days["sound_id"].isin(sorted(set(days["sound_id"]))[:6])].dropna(subset=["posts"])
    pulls = [some.assign(pulled_at=some["day"].max() - 10 * DAY * back) for back in range(4)]
    curves = pd.concat(pulls, ignore_index=True)
    is_shown = (curves["day"] < curves["pulled_at"]) & (curves["day"] >= curves["pulled_at"] - 20 * DAY)
    curves = curves[is_shown].assign(value=curves["posts"] / curves["posts"].max())
    return curves[["sound_id", "pulled_at", "day", "value"]].reset_index(drop=True)


def listed(sounds, as_of):
    """Make three pulls of a chart of all sounds, each without one sound, with audiences and a catalogue."""
    sounds = sounds.head(12)
    times = [pd.Timestamp(as_of) - DAY * back for back in (3, 2, 1)]
    pages = pd.DataFrame({"answer_id": ["a1", "a2", "a3"], "observed_at": times, "region": "US", "period_days": 7})
    pages = pages.assign(search_keyword=None, new_to_top_100=False, commercial_music=False, page=1, total=11)
    pages = pages.assign(has_more=False, items=11).astype({"observed_at": PANDAS_TYPES["time"]})
    parts = [sounds[["sound_id"]].drop(index=place).assign(answer_id=f"a{place + 1}") for place in range(3)]
    entries = pd.concat(parts, ignore_index=True).assign(
        region="US", trend='[["2026-03-01", 0.5], ["2026-03-02", 1.0]]'
    )
    scores = sounds[["sound_id"]].merge(pd.DataFrame({"code": ["US", "BR"], "score": [3.0, 1.0]}), how="cross")
    scores = scores.assign(region="US", period_days=7, kind="country", name=scores["code"], observed_at=times[0])
    tracks = sounds[["title", "artist"]].assign(track_id=sounds["sound_id"].str[::-1], album="Album")
    return {
        "chart_pages": pages,
        "chart_entries": entries,
        "scores": scores.astype({"observed_at": PANDAS_TYPES["time"]}),
        "tracks": tracks,
        "asked": tracks["title"].iloc[3],
    }


class On:
    """The sample's frames in one engine, each brought there when it is asked for."""

    def __init__(self, sample, engine):
        self._one = cache(lambda name: self._brought(getattr(sample, name), engine))

    def _brought(self, value, engine):
        return engine(value) if isinstance(value, pd.DataFrame) else value

    def __getattr__(self, name):
        return self._one(name)


# bars so low that something passes
WAKING = metrics.REACTIVATION.changed("test", age_days=0.0, quiet_posts=1e9)
EARLY = metrics.CATCH_THEM_EARLY.changed("test", growth_rate=0.5, total_uses=1e12, posts_last_24h=0.0)

METRICS = {
    "coverage": lambda on: metrics.coverage(on.pages, as_of=on.as_of),
    "lagging": lambda on: metrics.lagging(on.covered, on.stale, on.days, as_of=on.as_of),
    "velocity": lambda on: metrics.velocity(on.posts, as_of=on.as_of, coverage=on.covered, daily=on.days),
    "counter_velocity": lambda on: metrics.counter_velocity(on.readings, as_of=on.as_of),
    "daily.from_counter": lambda on: daily.from_counter(on.readings, as_of=on.as_of),
    "daily.from_posts": lambda on: daily.from_posts(on.posts, as_of=on.as_of, coverage=on.covered, posts_per_creator=2),
    "crowds": lambda on: metrics.crowds(on.posts, as_of=on.as_of),
    "breakouts": lambda on: metrics.breakouts(on.days, as_of=on.as_of),
    "breakouts, days": lambda on: metrics.breakouts(on.days, as_of=on.as_of, days=28, crowd=on.crowd),
    "catch_them_early": lambda on: metrics.catch_them_early(on.leaders, rule=EARLY),
    "reactivations": lambda on: metrics.reactivations(on.waking, on.days, as_of=on.as_of, rule=WAKING),
    "region_mix": lambda on: metrics.region_mix(on.posts, as_of=on.as_of),
    "top_region": lambda on: metrics.top_region(on.mix),
    "crossover": lambda on: metrics.crossover(on.posts, as_of=on.as_of),
    "concentration": lambda on: metrics.concentration(on.posts, as_of=on.as_of),
    "top_creators": lambda on: metrics.top_creators(on.posts, as_of=on.as_of, followers=on.followers),
    "leave_one_out": lambda on: metrics.leave_one_out(
        on.posts, as_of=on.as_of, measure=metrics.velocity, coverage=on.covered
    ),
    "leaderboard": lambda on: metrics.leaderboard(
        [on.velocities, on.listed], as_of=on.as_of, facts=[on.facts, on.sounds], max_uses=None, top=None
    ),
    "why": lambda on: metrics.why(on.leader, on.leaders),
    "unranked": lambda on: metrics.unranked(on.everything),
    "families": lambda on: metrics.families(on.sounds),
    "family_totals": lambda on: metrics.family_totals(on.posts, on.families, as_of=on.as_of, coverage=on.covered),
    "version_share": lambda on: metrics.version_share(on.posts, on.families, as_of=on.as_of),
    "forecast": lambda on: metrics.forecast(on.days, as_of=on.as_of),
    "forecast_errors": lambda on: metrics.forecast_errors(on.days, as_of=on.as_of),
    "episodes": lambda on: metrics.episodes(on.flags),
    "unflagged": lambda on: metrics.unflagged(on.flags),
    "outcomes": lambda on: metrics.outcomes(on.episodes, on.days, as_of=on.as_of),
    "hit_rate": lambda on: metrics.hit_rate(on.outcomes, on.outcomes),
    "replay": lambda on: metrics.replay(lambda _: on.days, metrics.BREAKOUT, **span(on)),
    "backtest": lambda on: metrics.backtest(lambda _: on.days, metrics.BREAKOUT, **span(on)),
    "stitch": lambda on: metrics.stitch(on.curves, as_of=on.as_of),
    "longevity": lambda on: metrics.longevity(on.entries, as_of=on.as_of),
    "rank_path": lambda on: metrics.rank_path(on.entries, as_of=on.as_of),
    "by_pull": lambda on: metrics.by_pull(on.chart_entries, on.chart_pages, as_of=on.as_of),
    "curve_points": lambda on: metrics.curve_points(on.pulled, as_of=on.as_of),
    "changes": lambda on: metrics.changes(on.pulled, thing="sound_id", as_of=on.as_of, within=["region"]),
    "audience": lambda on: metrics.audience(on.scores, as_of=on.as_of),
    "match_tracks": lambda on: metrics.match_tracks(on.tracks, on.sounds),
    "find_tracks": lambda on: metrics.find_tracks(on.tracks, on.asked),
    "hashtags.tagged": lambda on: metrics.velocity(hashtags.tagged(on.posts, on.post_hashtags), as_of=on.as_of),
    "hashtags.readings": lambda on: metrics.counter_velocity(hashtags.readings(on.observations), as_of=on.as_of),
    "hashtags.feeds": lambda on: hashtags.feeds(on.covered, on.hashtags),
    "hashtags.named": lambda on: hashtags.named(on.velocities),
    "hashtags.bumps": lambda on: hashtags.bumps(on.observations, as_of=on.as_of),
    "hashtags.day_by_day": lambda on: hashtags.day_by_day(
        partial(metrics.counter_velocity, on.tag_readings), as_of=on.as_of, days=2
    ),
    "hashtags.calendar": lambda on: hashtags.calendar(on.tag_days, on.tag_counts, as_of=on.as_of),
    "hashtags.creator_brief": lambda on: hashtags.creator_brief(on.tag_velocities, on.tagged, as_of=on.as_of),
    "hashtags.co_occurrence": lambda on: hashtags.co_occurrence(on.tagged, as_of=on.as_of),
}


def span(on):
    return {"detect": metrics.breakouts, "start": on.as_of - 4 * DAY, "end": on.as_of}


@pytest.fixture(scope="session")
def on_pandas(sample):
    """Give each metric's answer on pandas, computed once."""
    return cache(lambda name: METRICS[name](sample))


@pytest.mark.parametrize("metric", METRICS)
def test_every_engine_gives_the_answer_of_pandas(sample, on_pandas, metric, engine):
    assert_same(METRICS[metric](On(sample, engine)), on_pandas(metric))


def test_no_public_metric_is_left_out():
    rooms = {"daily": daily, "hashtags": hashtags}
    public = {name for name in metrics.__all__ if inspect.isfunction(getattr(metrics, name))}
    inner = {
        f"{room}.{name}"
        for room, module in rooms.items()
        for name, thing in vars(module).items()
        if inspect.isfunction(thing) and thing.__module__ == module.__name__ and not name.startswith("_")
    }
    in_the_house_only = {"daily.grid", "daily.posts_by_day", "tally"}
    assert (public | inner) - in_the_house_only - {name.partition(",")[0] for name in METRICS} == set()


def test_a_tally_is_the_same_on_every_engine(sample, engine):
    assert metrics.tally(engine(sample.leaders)) == metrics.tally(sample.leaders)


# Awkward values


@pytest.fixture(scope="module")
def posts():
    random = np.random.default_rng(5)
    size = 3000
    ages = random.uniform(0, np.repeat(random.uniform(1, 30, 10), size // 10))
    frame = pd.DataFrame(
        {
            "sound_id": np.repeat([str(7_000_000_000_000_000_000 + number) for number in range(10)], size // 10),
            "post_id": [str(8_000_000_000_000_000_000 + number) for number in range(size)],
            "creator_id": random.choice([*(f"c{number}" for number in range(80)), None], size),
            "region": random.choice(["US", "gb", "", None], size),
            "views": pd.array(random.integers(0, 10**6, size), dtype="Int64"),
            "posted_at": pd.Timestamp(AS_OF) - pd.to_timedelta((ages * 86_400e6).astype("int64"), unit="us"),
        }
    )
    frame.loc[::13, "views"] = pd.NA
    frame.loc[::101, "posted_at"] = pd.NaT
    return frame.astype({"posted_at": "datetime64[us, UTC]", "creator_id": "str", "region": "str"})


@pytest.fixture(scope="module")
def readings():
    random = np.random.default_rng(6)
    levels = 8000 + random.poisson(random.uniform(5, 400, (12, 1)), (12, 40)).cumsum(axis=1)
    times = [AS_OF - timedelta(minutes=9) - DAY * back for back in range(39, -1, -1)]
    frame = pd.DataFrame(
        {
            "sound_id": np.repeat([f"70{number}" for number in range(12)], 40),
            "observed_at": times * 12,
            "total_uses": pd.array(np.where(levels < 10_000, levels, levels // 100 * 100).ravel(), dtype="Int64"),
        }
    )
    frame.loc[::31, "total_uses"] = pd.NA
    return frame.astype({"observed_at": "datetime64[us, UTC]", "sound_id": "str"})


ON_POSTS = {
    "velocity": lambda frame: metrics.velocity(frame, as_of=AS_OF),
    "velocity, covered since": lambda frame: metrics.velocity(frame, as_of=AS_OF, coverage=AS_OF - 4 * DAY),
    "velocity, engagement": lambda frame: metrics.velocity(frame, as_of=AS_OF, dialect="tutorial_engagement"),
    "daily": lambda frame: daily.from_posts(frame, as_of=AS_OF, posts_per_creator=2),
    "concentration": lambda frame: metrics.concentration(frame, as_of=AS_OF),
    "top creators": lambda frame: metrics.top_creators(frame, as_of=AS_OF),
    "region mix": lambda frame: metrics.region_mix(frame, as_of=AS_OF),
    "crossover": lambda frame: metrics.crossover(frame, as_of=AS_OF),
}


@pytest.mark.parametrize("metric", ON_POSTS)
def test_missing_views_creators_regions_and_times_mean_the_same_on_every_engine(posts, metric, engine):
    assert_same(ON_POSTS[metric](engine(posts)), ON_POSTS[metric](posts))


def test_missing_readings_mean_the_same_on_every_engine(readings, engine):
    assert_same(
        metrics.counter_velocity(engine(readings), as_of=AS_OF), metrics.counter_velocity(readings, as_of=AS_OF)
    )


def test_breakouts_takes_a_row_a_sound_and_day_and_gives_a_row_a_sound(readings, engine):
    days = daily.from_counter(readings, as_of=AS_OF)[["sound_id", "day", "posts", "exposure_days"]]
    one = board(enter(metrics.breakouts(engine(days), as_of=AS_OF)))
    assert one["sound_id"].tolist() == sorted(set(readings["sound_id"]))
    assert {"sound_id", "alert", "evidence", "lift", "status"} <= set(one.columns)
    span = board(enter(metrics.breakouts(engine(days), as_of=AS_OF, days=5)))
    assert_frame_equal(span[span["day"] == span["day"].max()].reset_index(drop=True), one)


def test_the_first_of_each_sound_are_the_same_on_every_engine(engine):
    frame = pd.DataFrame(
        {
            "sound_id": [*"aaaabbb"],
            "views": pd.array([5, None, 5, 9, None, None, 0], dtype="Int64"),
            "post_id": [*"dcbazyx"],
        }
    ).astype({"sound_id": "str", "post_id": "str"})
    kept = board(leading(enter(engine(frame)), 2, of="sound_id", by=["views"], then="post_id"))
    assert sorted(zip(kept["sound_id"], kept["post_id"], strict=True)) == [
        ("a", "a"),
        ("a", "b"),
        ("b", "x"),
        ("b", "y"),
    ]


def test_a_small_board_is_brought_to_where_the_large_frame_is(posts, engine):
    large = enter(engine(posts))
    small = pd.DataFrame({"sound_id": ["7"], "until": [pd.Timestamp(AS_OF)], "n": [3], "share": [0.5]})
    small = small.astype({"sound_id": "str", "until": "datetime64[us, UTC]"})
    there = bring(small, to=large)
    assert there.implementation is large.implementation
    assert_frame_equal(board(there), small.astype({"n": "Int64"}))


# What comes back


def test_an_eager_engine_gets_its_own_kind_of_frame_back_and_a_lazy_one_a_pandas_frame(readings):
    assert isinstance(metrics.counter_velocity(to_polars(readings), as_of=AS_OF), pl.DataFrame)
    assert isinstance(metrics.counter_velocity(to_polars(readings).lazy(), as_of=AS_OF), pd.DataFrame)
    assert isinstance(metrics.counter_velocity(to_duckdb(readings), as_of=AS_OF), pd.DataFrame)


def test_ids_stay_text_counts_stay_whole_and_times_stay_utc(readings, engine):
    found = board(enter(daily.from_counter(engine(readings), as_of=AS_OF)))
    assert str(found["sound_id"].dtype) == "str"
    assert str(found["net_change"].dtype) == "Int64"
    assert str(found["day"].dtype) == "datetime64[us, UTC]"


def test_spark_s_times_come_back_exact_where_the_clock_shows_an_hour_twice(spark, set_time_zone):
    set_time_zone("America/New_York")
    times = ["2025-11-02T05:30:00.000001", "2025-11-02T06:30:00.999999", "1969-12-31T23:59:59.5", None]
    frame = pd.DataFrame({"day": pd.Series(pd.to_datetime(times, utc=True, format="ISO8601"))})
    frame = frame.astype({"day": "datetime64[us, UTC]"})
    assert_frame_equal(board(enter(to_spark(frame, spark))), frame)


def test_a_missing_column_is_named():
    with pytest.raises(SchemaError, match="posted_at"):
        metrics.velocity(pd.DataFrame({"sound_id": ["1"]}), as_of=AS_OF)


# What stays in the engine

FROM_MANY_POSTS = {
    "velocity": lambda posts: metrics.velocity(posts, as_of=AS_OF),
    "velocity, covered since": lambda posts: metrics.velocity(posts, as_of=AS_OF, coverage=AS_OF - 4.3 * DAY),
    "daily": lambda posts: daily.from_posts(posts, as_of=AS_OF, days=10, posts_per_creator=2),
    "crowds": lambda posts: metrics.crowds(posts, as_of=AS_OF),
    "concentration": lambda posts: metrics.concentration(posts, as_of=AS_OF),
    "top creators": lambda posts: metrics.top_creators(posts, as_of=AS_OF),
    "leave one out": lambda posts: metrics.leave_one_out(posts, as_of=AS_OF, measure=metrics.velocity),
    "region mix": lambda posts: metrics.region_mix(posts, as_of=AS_OF),
    "crossover": lambda posts: metrics.crossover(posts, as_of=AS_OF),
    "creator brief": lambda posts: hashtags.creator_brief(
        metrics.velocity(posts, as_of=AS_OF, coverage=AS_OF - 20 * DAY), posts, as_of=AS_OF
    ),
    "family totals": lambda posts: metrics.family_totals(posts, FAMILY, as_of=AS_OF),
}
FAMILY = pd.DataFrame({"sound_id": ["7001", "7002"], "song_id": "7001", "version": ["official", "remix"]}).astype("str")


@pytest.fixture(scope="module")
def many_posts(spark):
    """Give thirty thousand posts of four sounds that exist in Spark only."""
    second = int(AS_OF.timestamp())
    return spark.range(MANY_POSTS).selectExpr(
        "concat('700', id % 4) AS sound_id",
        "concat('8', id) AS post_id",
        "concat('c', pmod(hash(id), 20000)) AS creator_id",
        "element_at(array('US', 'BR', 'ID'), CAST(pmod(hash(id), 3) + 1 AS int)) AS region",
        f"timestamp_seconds({second} - id * 864000 / {MANY_POSTS}) AS posted_at",
        "id * 7 % 1000 AS views",
    )


@pytest.mark.parametrize("metric", FROM_MANY_POSTS)
def test_spark_hands_over_boards_and_never_the_posts(many_posts, metric, monkeypatch):
    handed_over = []
    collect = type(many_posts).collect

    def counted(frame):
        rows = collect(frame)
        handed_over.append(len(rows))
        return rows

    monkeypatch.setattr(type(many_posts), "collect", counted)
    monkeypatch.delattr(type(many_posts), "toPandas")
    assert len(FROM_MANY_POSTS[metric](many_posts))
    # four sounds, at most ten days, three regions of ten weeks, or five creators each
    assert 0 < max(handed_over) <= 4 * 3 * 10
