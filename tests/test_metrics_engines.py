"""Every metric gives the same answer on pandas, polars and DuckDB."""

from datetime import UTC, datetime, timedelta

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from frames import to_polars
from pandas.testing import assert_frame_equal

from trendlib import metrics
from trendlib.errors import SchemaError
from trendlib.metrics import daily
from trendlib.metrics.engines import board, enter

AS_OF = datetime(2026, 3, 10, 6, 30, tzinfo=UTC)
DAY = timedelta(days=1)


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


def to_pandas(frame):
    return frame


def to_polars_lazy(frame):
    return to_polars(frame).lazy()


def to_duckdb(frame):
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'Asia/Seoul'")
    connection.register("given", frame)
    return connection.sql("SELECT * FROM given")


ON_POSTS = {
    "velocity": lambda frame: metrics.velocity(frame, as_of=AS_OF),
    "velocity, covered since": lambda frame: metrics.velocity(frame, as_of=AS_OF, coverage=AS_OF - 4 * DAY),
    "velocity, engagement": lambda frame: metrics.velocity(frame, as_of=AS_OF, dialect="tutorial_engagement"),
    "daily": lambda frame: daily.from_posts(frame, as_of=AS_OF, posts_per_creator=2),
    "concentration": lambda frame: metrics.concentration(frame, as_of=AS_OF),
    "top creators": lambda frame: metrics.top_creators(frame, as_of=AS_OF),
    "region mix": lambda frame: metrics.region_mix(frame, as_of=AS_OF),
}
ON_READINGS = {
    "daily": lambda frame: daily.from_counter(frame, as_of=AS_OF),
    "counter velocity": lambda frame: metrics.counter_velocity(frame, as_of=AS_OF),
}
ENGINES = [to_polars, to_polars_lazy, to_duckdb]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("metric", ON_POSTS)
def test_every_engine_gives_the_answer_of_pandas_on_posts(posts, metric, engine):
    expected = board(enter(ON_POSTS[metric](posts)))
    assert len(expected)
    assert_frame_equal(board(enter(ON_POSTS[metric](engine(posts)))), expected)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("metric", ON_READINGS)
def test_every_engine_gives_the_answer_of_pandas_on_readings(readings, metric, engine):
    expected = board(enter(ON_READINGS[metric](readings)))
    assert len(expected)
    assert_frame_equal(board(enter(ON_READINGS[metric](engine(readings)))), expected)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_gives_the_breakouts_of_pandas(readings, engine):
    days = daily.from_counter(readings, as_of=AS_OF)
    expected = board(enter(metrics.breakouts(days, as_of=AS_OF, days=5)))
    assert_frame_equal(board(enter(metrics.breakouts(engine(days), as_of=AS_OF, days=5))), expected)


def test_an_eager_engine_gets_its_own_kind_of_frame_back_and_a_lazy_one_a_pandas_frame(readings):
    assert isinstance(metrics.counter_velocity(to_polars(readings), as_of=AS_OF), pl.DataFrame)
    assert isinstance(metrics.counter_velocity(to_polars_lazy(readings), as_of=AS_OF), pd.DataFrame)
    assert isinstance(metrics.counter_velocity(to_duckdb(readings), as_of=AS_OF), pd.DataFrame)


def test_ids_stay_text_counts_stay_whole_and_times_stay_utc(readings):
    found = daily.from_counter(to_duckdb(readings), as_of=AS_OF)
    assert str(found["sound_id"].dtype) == "str"
    assert str(found["net_change"].dtype) == "Int64"
    assert str(found["day"].dtype) == "datetime64[us, UTC]"


def test_a_missing_column_is_named():
    with pytest.raises(SchemaError, match="posted_at"):
        metrics.velocity(pd.DataFrame({"sound_id": ["1"]}), as_of=AS_OF)
