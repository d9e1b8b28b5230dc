"""Every metric gives the same answer on pandas, polars, DuckDB and Spark; large frames stay in their engine."""

import inspect
from datetime import UTC, datetime, timedelta
from functools import cache, partial

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from every_metric import METRICS, On, known_to
from frames import to_duckdb, to_polars, to_spark
from pandas.testing import assert_frame_equal

from trendlib import metrics
from trendlib.errors import SchemaError
from trendlib.metrics import daily, hashtags
from trendlib.metrics.engines import board, bring, enter, leading
from trendlib.store import Store

AS_OF = datetime(2026, 3, 10, 6, 30, tzinfo=UTC)
DAY = timedelta(days=1)
ENGINES = ["polars", "polars, lazy", "duckdb", "spark"]
MANY_POSTS = 6_000


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


@pytest.fixture(scope="session")
def sample(own_home):
    """Give ten weeks of practice data, and what metrics made of it."""
    store = Store(own_home / "warehouse" / "trendlib.duckdb")
    return known_to(store, store.last_observed_at() + timedelta(minutes=1))


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
    in_the_house_only = {
        "daily.counter_counts",
        "daily.listed_counts",
        "daily.grid",
        "daily.posts_by_day",
        "tally",
    }
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


def test_a_day_may_be_a_date_on_every_engine(readings, engine):
    days = daily.from_counter(readings, as_of=AS_OF)[["sound_id", "day", "posts", "exposure_days"]]
    dated = days.assign(day=days["day"].dt.strftime("%Y-%m-%d"))
    midnight = AS_OF.replace(hour=0, minute=0)
    expected = metrics.breakouts(
        days.assign(day=pd.to_datetime(dated["day"], utc=True).astype(days["day"].dtype)), as_of=midnight
    )
    frame = nw.from_native(engine(dated)).with_columns(nw.col("day").str.to_date(format="%Y-%m-%d"))
    assert_same(metrics.breakouts(frame.to_native(), as_of=midnight), expected)


def test_a_row_without_a_sound_counts_for_none(posts, engine):
    lost = posts.iloc[::7].assign(sound_id=pd.Series(pd.NA, index=posts.index[::7], dtype="str"))
    both = engine(pd.concat([posts, lost], ignore_index=True))
    for metric in ("velocity", "crossover", "top creators"):
        assert_same(ON_POSTS[metric](both), ON_POSTS[metric](posts))


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
    """Give six thousand posts of four sounds that exist in Spark only."""
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
