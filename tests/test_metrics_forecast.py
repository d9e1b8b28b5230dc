"""Forecast: the damped trend, its interval from other sounds' errors, and when it says nothing."""

import importlib
from datetime import UTC, datetime, timedelta

import duckdb
import numpy as np
import pandas as pd
import pytest
from frames import to_polars
from pandas.testing import assert_frame_equal

from trendlib.metrics.daily import grid
from trendlib.metrics.engines import board, enter
from trendlib.metrics.forecast import forecast, forecast_errors, outlook, past_errors
from trendlib.sandbox.world import World

AS_OF = datetime(2026, 3, 10, tzinfo=UTC)
DAY = timedelta(days=1)


def days_of(posts, *, sound_id="7001", **others):
    """A daily frame from counts, the latest last; NaN is an unknown day."""
    size = len(posts)
    frame = pd.DataFrame(
        {
            "sound_id": sound_id,
            "day": [AS_OF - DAY * (size - place) for place in range(size)],
            "posts": np.asarray(posts, dtype="float64"),
            "exposure_days": np.isfinite(posts).astype("float64"),
            "rounding_unit": 1,
            "source": "posts",
            **others,
        }
    )
    return frame.astype({"day": "datetime64[us, UTC]", "sound_id": "str", "source": "str"})


def row(frame):
    assert len(frame) == 1
    return frame.iloc[0]


@pytest.fixture(scope="module")
def crowd():
    """Sixty sounds of ten weeks whose pace drifts."""
    random = np.random.default_rng(4)
    logs = np.log(random.uniform(50, 500, (60, 1))) + random.normal(0, 0.06, (60, 70)).cumsum(axis=1)
    counts = random.poisson(np.exp(logs))
    return pd.concat([days_of(own, sound_id=str(7100 + place)) for place, own in enumerate(counts)])


def test_a_steady_sound_goes_on():
    found = row(forecast(days_of([100.0] * 70), as_of=AS_OF))
    assert found["uses_next"] == pytest.approx(700)
    assert found["uses_before"] == 700
    assert found["daily_growth"] == pytest.approx(1.0)
    assert not found["is_past_inflection"]


def test_a_rise_goes_on_and_dies_out():
    found = row(forecast(days_of(100 * 1.1 ** np.arange(40)), as_of=AS_OF))
    undamped = sum(100 * 1.1 ** np.arange(40, 47))
    assert found["uses_before"] < found["uses_next"] < undamped
    assert 1.05 < found["daily_growth"] < 1.1


def test_no_ceiling_is_told_before_an_inflection():
    rising = row(forecast(days_of(100 * 1.1 ** np.arange(40)), as_of=AS_OF))
    topping = row(forecast(days_of(np.r_[100 * 1.1 ** np.arange(30), np.full(4, 1700.0)]), as_of=AS_OF))
    assert pd.isna(rising["uses_to_come"])
    assert pd.isna(topping["uses_to_come"])
    falling = np.r_[100 * 1.1 ** np.arange(30), 1586 * 0.9 ** np.arange(1, 21)]
    past = row(forecast(days_of(falling), as_of=AS_OF))
    assert past["is_past_inflection"]
    assert past["uses_to_come"] == pytest.approx(falling[-1] * 0.9 / 0.1, rel=0.35)
    assert past["uses_to_come"] > past["uses_next"]


def test_without_other_sounds_errors_there_is_no_interval():
    found = row(forecast(days_of([100.0] * 70), as_of=AS_OF))
    assert found["status"] == "weak"
    assert pd.isna(found["uses_low"])
    assert pd.isna(found["uses_high"])


def test_the_interval_is_what_the_other_sounds_errors_say():
    past = AS_OF - 10 * DAY
    errors = pd.DataFrame(
        {"sound_id": [f"o{place % 10}" for place in range(101)], "log_error": np.linspace(-1, 1, 101)}
    )
    errors["as_of"] = [past - place // 10 * DAY for place in range(101)]
    errors = errors.astype({"as_of": "datetime64[us, UTC]", "sound_id": "str"})
    own = errors.assign(sound_id="7001", log_error=50.0)
    unknown_yet = errors.assign(as_of=AS_OF - 6 * DAY, log_error=-50.0).astype({"as_of": "datetime64[us, UTC]"})
    everything = pd.concat([errors, own, unknown_yet])
    found = row(forecast(days_of([100.0] * 70), as_of=AS_OF, errors=everything))
    assert found["status"] == "ok"
    assert found["errors_used"] == 101
    assert found["uses_next"] == pytest.approx(700)
    assert np.log(found["uses_high"] / 700) == pytest.approx(0.8)
    assert np.log(found["uses_low"] / 700) == pytest.approx(-0.8)


@pytest.mark.parametrize(
    ("frame", "status"),
    [
        (days_of([100.0] * 6), "new"),
        (days_of([100.0] * 9), "not_enough_coverage"),
        (days_of([100.0] * 30 + [np.nan]), "not_enough_coverage"),
        (days_of([100.0] * 20 + [np.nan] * 6 + [100.0]), "not_enough_coverage"),
        (days_of([0.0, 0.0, 100.0] * 10, rounding_unit=100, source="counter"), "rounded"),
    ],
)
def test_too_little_history_is_refused(frame, status):
    found = row(forecast(frame, as_of=AS_OF))
    assert found["status"] == status
    assert found[["uses_next", "uses_low", "uses_high", "daily_growth", "uses_to_come"]].isna().all()


def test_the_horizon_is_one_to_fourteen_days():
    assert row(forecast(days_of([100.0] * 70), as_of=AS_OF, days=14))["uses_next"] == pytest.approx(1400)
    with pytest.raises(ValueError, match="1 to 14"):
        forecast(days_of([100.0] * 70), as_of=AS_OF, days=15)


def test_the_future_changes_nothing(crowd):
    then = AS_OF - 10 * DAY
    known = crowd[crowd["day"] < then]
    assert_frame_equal(forecast(crowd, as_of=then), forecast(known, as_of=then))
    assert (forecast_errors(crowd, as_of=then)["as_of"] <= then - 7 * DAY).all()


def test_row_order_changes_nothing(crowd):
    assert_frame_equal(forecast(crowd.sample(frac=1, random_state=1), as_of=AS_OF), forecast(crowd, as_of=AS_OF))


def test_a_grid_that_was_looked_ahead_from_before_says_what_a_frame_says(crowd, monkeypatch):
    counts = grid(crowd, as_of=AS_OF)
    for days in (1, 3):
        forecast(counts, as_of=AS_OF, days=days)
    for days in (1, 3, 7):
        assert_frame_equal(forecast(counts, as_of=AS_OF, days=days), forecast(crowd, as_of=AS_OF, days=days))
    monkeypatch.delattr(
        importlib.import_module("trendlib.metrics.forecast"), "_fitted"
    )  # 7 days ahead stands on the fits of 1 day ahead
    forecast_errors(counts, as_of=AS_OF, days=7)


def test_an_outlook_says_of_each_horizon_what_its_forecast_says(crowd):
    counts = grid(crowd, as_of=AS_OF)
    found = outlook(counts, {days: past_errors(counts, days) for days in (1, 3, 7)})
    for days in (1, 3, 7):
        own = found[found["days"] == days].drop(columns="days").reset_index(drop=True)
        errors = forecast_errors(crowd, as_of=AS_OF, days=days)
        assert_frame_equal(own, forecast(crowd, as_of=AS_OF, days=days, errors=errors))


def test_the_interval_covers_what_it_promises():
    covered, size = 0, 0
    for seed in (1, 2):
        world = World(seed=seed, sounds=250, days=90)
        days = world.truth().daily
        end = pd.Timestamp(AS_OF)
        counts = {sound: np.asarray(own, dtype="float64") for sound, own in days.items() if own[:21].sum() > 100}
        frame = pd.concat([days_of(own[:83], sound_id=sound) for sound, own in counts.items()])
        found = forecast(frame, as_of=end).set_index("sound_id")
        came = pd.Series({sound: own[83:90].sum() for sound, own in counts.items()})
        told = found[found["uses_low"].notna()]
        is_in = (told["uses_low"] <= came[told.index]) & (came[told.index] <= told["uses_high"])
        covered, size = covered + int(is_in.sum()), size + len(told)
    assert size > 400
    assert 0.75 <= covered / size <= 0.86


def to_duckdb(frame):
    connection = duckdb.connect()
    connection.register("given", frame)
    return connection.sql("SELECT * FROM given")


@pytest.mark.parametrize("engine", [to_polars, to_duckdb])
def test_every_engine_gives_the_answer_of_pandas(crowd, engine):
    for metric in (forecast, forecast_errors):
        expected = board(enter(metric(crowd, as_of=AS_OF)))
        assert len(expected)
        assert_frame_equal(board(enter(metric(engine(crowd), as_of=AS_OF))), expected)
