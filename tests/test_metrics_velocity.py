"""Velocity: golden numbers, honest statuses, and invariants."""

import os
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from trendlib.metrics.daily import from_counter, from_posts
from trendlib.metrics.velocity import counter_velocity, growth, velocity

AS_OF = datetime(2026, 3, 10, 6, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def posts_of(ages, sound_id="7001"):
    """Posts of one sound, by age in days."""
    ages = np.asarray(ages, dtype="float64")
    times = pd.Timestamp(AS_OF) - pd.to_timedelta((ages * 86_400_000_000).astype("int64"), unit="us")
    return pd.DataFrame({"sound_id": sound_id, "posted_at": times.astype("datetime64[us, UTC]")})


def steady(per_day, days, first=0.0):
    return first + (np.arange(per_day * days) + 0.5) / per_day


def windows(recent, baseline):
    """So many posts in the last day, so many in the 7 days before."""
    return posts_of([*np.linspace(0.1, 0.9, recent), *np.linspace(1.1, 7.9, baseline)])


def readings_of(levels, lag=timedelta(minutes=7), sound_id="7001"):
    levels = np.asarray(levels)
    times = [AS_OF - lag - DAY * back for back in range(len(levels) - 1, -1, -1)]
    frame = pd.DataFrame({"sound_id": sound_id, "observed_at": times, "total_uses": levels})
    return frame.astype({"sound_id": "str", "observed_at": "datetime64[us, UTC]", "total_uses": "Int64"})


def row(frame):
    assert len(frame) == 1
    return frame.iloc[0]


@pytest.mark.parametrize(
    ("dialect", "steady_reads", "triple_reads"),
    [("trendlib", 1.0, 3.0), ("tutorial_sound", 7 / 6, 3.5), ("tutorial_hashtag", 1.0, 7 * 3 / 9)],
)
def test_dialects_translate_a_steady_sound_and_a_true_ratio_of_three(dialect, steady_reads, triple_reads):
    for recent, expected in ((10, steady_reads), (30, triple_reads)):
        found = velocity(windows(recent, 70), as_of=AS_OF, coverage=AS_OF - 8 * DAY, dialect=dialect)
        assert row(found)["growth_rate"] == pytest.approx(expected)


def test_the_engagement_dialect_is_velocity_times_mean_views():
    frame = windows(10, 70).assign(views=pd.array([100] * 10 + [9] * 70, dtype="Int64"))
    found = velocity(frame, as_of=AS_OF, coverage=AS_OF - 8 * DAY, dialect="tutorial_engagement")
    assert row(found)["growth_rate"] == pytest.approx(100.0)


def test_an_unknown_dialect_is_refused_by_name():
    with pytest.raises(ValueError, match="tutorial_sound"):
        velocity(windows(1, 1), as_of=AS_OF, dialect="klingon")


def test_one_post_against_none_reads_21_with_a_wide_interval():
    found = row(velocity(windows(1, 0), as_of=AS_OF, coverage=AS_OF - 8 * DAY))
    assert found["growth_rate"] == pytest.approx(21)
    assert found["growth_low"] == pytest.approx(2.1, abs=0.05)
    assert found["growth_high"] == pytest.approx(4530, rel=0.001)


@pytest.mark.parametrize("recent", [1, 5, 50])
def test_a_zero_baseline_is_never_infinite(recent):
    found = row(velocity(windows(recent, 0), as_of=AS_OF, coverage=AS_OF - 8 * DAY))
    assert np.isfinite(found[["growth_rate", "growth_low", "growth_high"]].astype(float)).all()
    assert found["status"] == "ok"


def test_silence_against_silence_has_no_ratio():
    quiet = posts_of([20.0])
    found = row(velocity(quiet, as_of=AS_OF, coverage=AS_OF - 30 * DAY))
    assert found["status"] == "ok"
    assert found["posts_last_24h"] == 0
    assert pd.isna(found["growth_rate"])


def test_200_a_day_and_the_600_newest_posts_cover_three_days_and_read_one():
    found = row(velocity(posts_of(steady(200, 3)), as_of=AS_OF))
    assert found["exposure_baseline_days"] == pytest.approx(2.0, abs=0.01)
    assert found["growth_rate"] == pytest.approx(1.0, abs=0.01)


def test_600_a_day_and_the_600_newest_posts_are_not_enough():
    found = row(velocity(posts_of(steady(600, 1)), as_of=AS_OF))
    assert found["status"] == "not_enough_coverage"
    assert found["exposure_baseline_days"] == 0
    assert found["posts_last_24h"] == 600
    assert found["is_lower_bound"]
    assert pd.isna(found["growth_rate"])


def test_a_feed_without_proven_coverage_has_no_ratio():
    cover = pd.DataFrame(
        {
            "subject": ["sound"],
            "subject_id": ["7001"],
            "complete_since": pd.to_datetime([None], utc=True),
            "covered_until": [AS_OF],
        }
    )
    cover = cover.astype(dict.fromkeys(("complete_since", "covered_until"), "datetime64[us, UTC]"))
    found = row(velocity(posts_of(steady(20, 30)), as_of=AS_OF, coverage=cover))
    assert found["status"] == "not_enough_coverage"
    assert found["posts_last_24h"] == 20
    assert found["is_lower_bound"]


@pytest.mark.parametrize(
    ("baseline_days", "status"), [(0.4, "not_enough_coverage"), (1.0, "weak"), (2.0, "ok"), (7.0, "ok")]
)
def test_the_status_follows_the_covered_baseline(baseline_days, status):
    frame = posts_of(steady(50, 20))
    found = row(velocity(frame, as_of=AS_OF, coverage=AS_OF - DAY * (1 + baseline_days)))
    assert found["status"] == status
    assert found["exposure_baseline_days"] == pytest.approx(baseline_days)


@pytest.mark.parametrize(("hours_old", "status"), [(6, "ok"), (13, "not_enough_coverage")])
def test_a_fetch_of_this_morning_counts_up_to_this_morning(hours_old, status):
    until = AS_OF - timedelta(hours=hours_old)
    cover = pd.DataFrame({"sound_id": ["7001"], "complete_since": [AS_OF - 9 * DAY], "covered_until": [until]})
    cover = cover.astype(dict.fromkeys(("complete_since", "covered_until"), "datetime64[us, UTC]"))
    found = row(velocity(posts_of(steady(240, 9)), as_of=AS_OF, coverage=cover))
    assert found["status"] == status
    assert found["exposure_recent_days"] == pytest.approx(1 - hours_old / 24)
    if status == "ok":
        assert found["growth_rate"] == pytest.approx(1.0, abs=0.01)


def test_a_sound_known_from_its_first_post_three_days_ago_is_new():
    cover = pd.DataFrame(
        {"sound_id": ["7001"], "complete_since": [datetime(1970, 1, 1, tzinfo=UTC)], "covered_until": [AS_OF]}
    )
    cover = cover.astype(dict.fromkeys(("complete_since", "covered_until"), "datetime64[us, UTC]"))
    found = row(velocity(posts_of(steady(50, 3)), as_of=AS_OF, coverage=cover))
    assert found["status"] == "new"
    assert found["posts_last_24h"] == 50
    assert found["posts_last_7d"] == 150


def weekly(per_day, weeks=8, weekend=1.35, weekday=0.86):
    """Posts whose pace depends on nothing but the day of the week; AS_OF ends a Saturday."""
    ages = []
    for back in range(7 * weeks):
        pace = weekend if back % 7 in {0, 6} else weekday
        ages.append(back + steady(round(per_day * pace), 1))
    return posts_of(np.concatenate(ages))


def test_a_weekend_rhythm_reads_about_one_once_it_is_adjusted():
    frame = weekly(200)
    history = from_posts(frame, as_of=AS_OF, coverage=AS_OF - 56 * DAY)
    short = history[history["day"] >= AS_OF - 8 * DAY]
    plain = row(velocity(frame, as_of=AS_OF, coverage=AS_OF - 56 * DAY, daily=short))
    adjusted = row(velocity(frame, as_of=AS_OF, coverage=AS_OF - 56 * DAY, daily=history))
    assert row(velocity(frame, as_of=AS_OF, coverage=AS_OF - 56 * DAY)).equals(adjusted), "learnt from the posts"
    assert plain["growth_rate"] > 1.3
    assert not plain["is_season_adjusted"]
    assert 0.9 <= adjusted["growth_rate"] <= 1.1
    assert adjusted["is_season_adjusted"]


def test_under_four_weeks_of_history_nothing_is_adjusted():
    frame = weekly(200, weeks=3)
    history = from_posts(frame, as_of=AS_OF, coverage=AS_OF - 21 * DAY)
    assert not row(velocity(frame, as_of=AS_OF, coverage=AS_OF - 21 * DAY, daily=history))["is_season_adjusted"]


def test_a_shock_common_to_the_board_is_taken_out():
    sounds = [f"70{number}" for number in range(40)]
    frame = pd.concat([posts_of([*steady(20, 1), *steady(40, 20, first=1)], sound) for sound in sounds])
    history = from_posts(frame, as_of=AS_OF, coverage=AS_OF - 21 * DAY)
    found = velocity(frame, as_of=AS_OF, coverage=AS_OF - 21 * DAY, daily=history)
    assert found["growth_rate"].between(0.95, 1.05).all()


def test_days_that_scatter_widen_the_interval():
    noisy = [5, 60, 10, 90, 20, 70, 5, 50] * 4
    frame = posts_of(np.concatenate([back + steady(count, 1) for back, count in enumerate(noisy)]))
    history = from_posts(frame, as_of=AS_OF, coverage=AS_OF - 32 * DAY)
    short = history[history["day"] >= AS_OF - 8 * DAY]
    plain = row(velocity(frame, as_of=AS_OF, coverage=AS_OF - 32 * DAY, daily=short))
    aware = row(velocity(frame, as_of=AS_OF, coverage=AS_OF - 32 * DAY, daily=history))
    assert aware["growth_high"] / aware["growth_low"] > 2 * plain["growth_high"] / plain["growth_low"]


def test_a_steady_exact_counter_reads_one():
    found = row(counter_velocity(readings_of(1000 + 100 * np.arange(30)), as_of=AS_OF))
    assert found["growth_rate"] == pytest.approx(1.0)
    assert found["status"] == "counter_only"
    assert found["posts_last_24h"] == 100
    assert found["posts_last_7d"] == 700
    assert found["evidence_kind"] == "counter"


def test_a_steady_counter_with_two_days_missing_reads_one():
    frame = readings_of(1000 + 100 * np.arange(30)).drop(index=[25, 26])
    assert row(counter_velocity(frame, as_of=AS_OF))["growth_rate"] == pytest.approx(1.0)


def test_3000_a_day_shown_to_the_nearest_100_000_is_rounded_or_about_one():
    levels = np.round((1_030_000 + 3000 * np.arange(60)) / 100_000) * 100_000
    found = row(counter_velocity(readings_of(levels.astype(int)), as_of=AS_OF))
    assert found["status"] == "rounded"
    assert pd.isna(found["growth_rate"])


def test_the_window_is_widened_until_the_rounding_is_small_enough():
    levels = np.round((5_000_000 + 70_000 * np.arange(60)) / 100_000) * 100_000
    found = row(counter_velocity(readings_of(levels.astype(int)), as_of=AS_OF))
    assert found["window_days"] == 7
    assert found["posts_last_24h"] == pytest.approx(70_000, rel=0.15)
    assert found["growth_low"] < 1 < found["growth_high"]


def test_a_counter_read_last_two_days_ago_is_not_ranked():
    frame = readings_of(1000 + 100 * np.arange(30), lag=timedelta(hours=30))
    assert row(counter_velocity(frame, as_of=AS_OF))["status"] == "not_enough_coverage"


@pytest.mark.parametrize(("days", "status"), [(5, "new"), (9, "weak"), (12, "counter_only")])
def test_a_short_history_says_so(days, status):
    assert row(counter_velocity(readings_of(1000 + 100 * np.arange(days)), as_of=AS_OF))["status"] == status


def test_a_hole_of_over_three_days_makes_it_weak():
    frame = readings_of(1000 + 100 * np.arange(30)).drop(index=[22, 23, 24, 25])
    assert row(counter_velocity(frame, as_of=AS_OF))["status"] == "weak"


def test_two_backends_in_turn_never_look_like_growth():
    jumping = np.where(np.arange(40) % 3 == 0, 11_700_000, 12_900_000)
    for days in range(2, 41):
        found = row(counter_velocity(readings_of(jumping[:days]), as_of=AS_OF))
        assert pd.isna(found["growth_rate"])


def test_a_real_rise_on_a_rounded_counter_is_seen_at_once():
    levels = [552_400] * 20 + [552_800, 556_000]
    found = row(counter_velocity(readings_of(levels), as_of=AS_OF))
    assert found["growth_low"] > 2
    assert found["window_days"] == 1


def test_history_computed_before_gives_the_same_answer():
    frame = readings_of(1000 + 100 * np.arange(30))
    once = counter_velocity(frame, as_of=AS_OF, daily=from_counter(frame, as_of=AS_OF))
    assert_frame_equal(once, counter_velocity(frame, as_of=AS_OF))


def test_an_empty_frame_gives_an_empty_board():
    assert velocity(posts_of([]), as_of=AS_OF).empty
    assert counter_velocity(readings_of([]), as_of=AS_OF).empty


counts = st.lists(st.integers(0, 40), min_size=8, max_size=20)


@settings(max_examples=25)
@given(counts=counts, seed=st.integers(0, 9))
def test_the_order_of_rows_changes_nothing(counts, seed):
    frame = posts_of(np.concatenate([back + steady(count, 1) for back, count in enumerate(counts)]))
    shuffled = frame.sample(frac=1, random_state=seed)
    cover = AS_OF - DAY * len(counts)
    assert_frame_equal(velocity(frame, as_of=AS_OF, coverage=cover), velocity(shuffled, as_of=AS_OF, coverage=cover))


@settings(max_examples=40)
@given(per_day=st.integers(1, 400), days=st.integers(8, 20))
def test_a_steady_sound_reads_one(per_day, days):
    found = row(velocity(posts_of(steady(per_day, days)), as_of=AS_OF, coverage=AS_OF - DAY * days))
    assert found["growth_rate"] == pytest.approx(1.0)
    assert found["growth_low"] < 1 < found["growth_high"]


@given(
    x=st.integers(0, 10**6),
    y=st.integers(0, 10**6),
    e1=st.floats(0.5, 14),
    e0=st.floats(0.5, 14),
    phi=st.floats(1, 1e4),
)
def test_the_interval_is_finite_and_holds_the_ratio(x, y, e1, e0, phi):
    rate, low, high = (float(value) for value in growth(x, e1, y, e0, phi=phi))
    assert x + y == 0 or 0 <= low <= rate <= high < np.inf


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system can't change its time zone")
@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Seoul", "UTC"])
def test_the_machine_s_time_zone_changes_nothing(monkeypatch, zone):
    frame, counter = posts_of(steady(60, 9)), readings_of(1000 + 100 * np.arange(30))
    home = velocity(frame, as_of=AS_OF), counter_velocity(counter, as_of=AS_OF)
    try:
        monkeypatch.setitem(os.environ, "TZ", zone)
        time.tzset()
        assert_frame_equal(home[0], velocity(frame, as_of=AS_OF))
        assert_frame_equal(home[1], counter_velocity(counter, as_of=AS_OF))
    finally:
        monkeypatch.undo()
        time.tzset()
