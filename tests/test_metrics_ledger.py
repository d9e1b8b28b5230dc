"""Ledger: episodes, outcomes, hit rates, backtests."""

import json
from datetime import UTC, datetime, timedelta

import duckdb
import numpy as np
import pandas as pd
import pytest
from frames import to_polars
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from trendlib.metrics.breakouts import breakouts
from trendlib.metrics.engines import board, enter
from trendlib.metrics.ledger import backtest, episodes, hit_rate, outcomes, replay, unflagged
from trendlib.metrics.rules import BREAKOUT, OUTCOME

AS_OF = datetime(2026, 3, 10, tzinfo=UTC)
DAY = timedelta(days=1)
QUIET = [100.0, 110, 90, 105, 95] * 8


def flags_of(backs, *, sound_id="7001", alert="watch", rule="breakout"):
    """Flags on windows that end so many days before AS_OF."""
    frame = pd.DataFrame(
        {
            "sound_id": sound_id,
            "day": [AS_OF - DAY * (back + 1) for back in backs],
            "alert": alert,
            "rule": rule,
            "rule_version": "1",
        }
    )
    return frame.astype({"day": "datetime64[us, UTC]", **dict.fromkeys(("sound_id", "alert", "rule"), "str")})


def days_of(posts, *, sound_id="7001"):
    size = len(posts)
    frame = pd.DataFrame(
        {
            "sound_id": sound_id,
            "day": [AS_OF - DAY * (size - place) for place in range(size)],
            "posts": np.asarray(posts, dtype="float64"),
            "exposure_days": np.isfinite(posts).astype("float64"),
            "source": "posts",
        }
    )
    return frame.astype({"day": "datetime64[us, UTC]", "sound_id": "str", "source": "str"})


def alerts_of(*backs, sound_id="7001"):
    frame = pd.DataFrame({"sound_id": sound_id, "rule": "breakout", "rule_version": "1"}, index=range(len(backs)))
    frame["alerted_at"] = [AS_OF - DAY * back for back in backs]
    return frame.astype({"alerted_at": "datetime64[us, UTC]", "sound_id": "str"})


def test_a_gap_over_seven_days_splits_episodes():
    found = episodes(flags_of([30, 29, 22, 14, 13]))
    assert found["episode"].tolist() == [1, 2]
    assert found["days"].tolist() == [3, 2]
    assert found["alerted_at"].tolist() == [pd.Timestamp(AS_OF) - 30 * DAY, pd.Timestamp(AS_OF) - 14 * DAY]
    assert found["last_at"].tolist() == [pd.Timestamp(AS_OF) - 22 * DAY, pd.Timestamp(AS_OF) - 13 * DAY]


def test_rules_and_sounds_have_episodes_of_their_own_and_unusual_days_are_none():
    flags = pd.concat(
        [
            flags_of([3, 2]),
            flags_of([2], sound_id="7002"),
            flags_of([1], rule="crossover", alert="new"),
            flags_of([9, 8], sound_id="7003", alert="unusual"),
        ]
    )
    found = episodes(flags)
    assert list(zip(found["sound_id"], found["rule"], strict=True)) == [
        ("7001", "breakout"), ("7001", "crossover"), ("7002", "breakout"),
    ]  # fmt: skip
    assert episodes(flags_of([3], alert="none")).empty


@settings(max_examples=40)
@given(st.sets(st.integers(0, 60), min_size=1), st.randoms(use_true_random=False))
def test_every_flagged_day_lies_in_exactly_one_episode_whatever_the_order(backs, random):
    flags = flags_of(sorted(backs))
    found = episodes(flags)
    assert found["days"].sum() == len(backs)
    gaps = found["alerted_at"].iloc[1:].to_numpy() - found["last_at"].iloc[:-1].to_numpy()
    assert all(gap > 7 * DAY for gap in pd.to_timedelta(gaps))
    assert_frame_equal(episodes(flags.sample(frac=1, random_state=random.randrange(99))), found)


def test_an_outcome_is_the_level_over_the_baseline_frozen_at_the_alert():
    after = np.r_[np.full(7, 300.0), np.full(7, 250.0), np.full(14, 120.0)]
    found = outcomes(alerts_of(28), days_of(np.r_[QUIET, after]), as_of=AS_OF)
    assert found["weeks"].tolist() == [1, 2, 4, 8]
    assert found["baseline"].to_numpy() == pytest.approx(np.full(4, 100.0), rel=0.01)
    assert found["lift"].to_numpy() == pytest.approx([3.0, 2.5, 1.2, np.nan], rel=0.01, nan_ok=True)
    assert found["outcome"].tolist() == ["hit", "hit", "miss", "not yet"]
    assert found["has_peaked"].all()
    assert found["lead_days"].iloc[0] == pytest.approx(1.5)
    assert found["peak_level"].iloc[0] == 300


def test_the_lead_time_is_told_only_once_the_peak_lies_a_week_back():
    rising = np.r_[QUIET, np.linspace(100, 500, 20)]
    found = outcomes(alerts_of(20), days_of(rising), as_of=AS_OF)
    assert not found["has_peaked"].any()
    assert found["lead_days"].isna().all()
    fallen = np.r_[QUIET, np.linspace(100, 500, 10), np.full(10, 100.0)]
    found = outcomes(alerts_of(20), days_of(fallen), as_of=AS_OF)
    assert found["lead_days"].iloc[0] == pytest.approx(8.5)


def test_what_is_not_covered_is_neither_hit_nor_miss():
    after = np.r_[np.full(3, 300.0), np.full(4, np.nan)]
    assert outcomes(alerts_of(7), days_of(np.r_[QUIET, after]), as_of=AS_OF)["outcome"].isna().tolist()[0]
    newborn = outcomes(alerts_of(7), days_of(np.r_[50.0, np.full(7, 300.0)]), as_of=AS_OF)
    assert newborn["outcome"].isna().tolist() == [True, False, False, False]
    stranger = outcomes(alerts_of(7, sound_id="7999"), days_of(QUIET), as_of=AS_OF)
    assert stranger["outcome"].isna().tolist()[0]


def test_later_days_change_no_outcome_and_later_alerts_are_not_known():
    daily = days_of(np.r_[QUIET, np.full(28, 300.0)])
    then = AS_OF - 10 * DAY
    expected = outcomes(alerts_of(28), daily[daily["day"] < then], as_of=then)
    assert_frame_equal(outcomes(alerts_of(28, 3), daily, as_of=then), expected)
    assert expected["outcome"].tolist() == ["hit", "hit", "not yet", "not yet"]


def test_thresholds_of_a_hit_are_data():
    daily = days_of(np.r_[np.full(30, 100.0), np.full(7, 150.0)])
    strict, loose = (
        outcomes(alerts_of(7), daily, as_of=AS_OF, rule=OUTCOME.changed("2", hit_lift=lift)) for lift in (2.0, 1.5)
    )
    assert (strict["outcome"].iloc[0], loose["outcome"].iloc[0]) == ("miss", "hit")


def test_unflagged_weeks_hold_no_flag():
    quiet = flags_of(range(21), alert="none")
    mixed = pd.concat([flags_of([8]), flags_of([back for back in range(21) if back != 8], alert="none")])
    assert unflagged(quiet)["alerted_at"].tolist() == [pd.Timestamp(AS_OF) - back * DAY for back in (14, 7, 0)]
    assert unflagged(mixed)["alerted_at"].tolist() == [pd.Timestamp(AS_OF) - back * DAY for back in (14, 0)]


def told(hits, misses, *, waiting=0):
    words = ["hit"] * hits + ["miss"] * misses + ["not yet"] * waiting + [None]
    frame = pd.DataFrame({"outcome": words, "rule": "breakout", "rule_version": "1", "weeks": 2, "lead_days": 5.0})
    return frame.astype({"outcome": "str"})


def test_a_hit_rate_stands_beside_the_base_rate():
    found = hit_rate(told(8, 2, waiting=5), told(10, 190)).iloc[0]
    assert (found["hits"], found["n"], found["base_n"]) == (8, 10, 200)
    assert found["rate"] == 0.8
    assert found["low"] == pytest.approx(0.541, abs=0.001)
    assert found["base_rate"] == 0.05
    assert found["is_better"]
    assert found["lead_days"] == 5
    assert not hit_rate(told(1, 4), told(10, 190)).iloc[0]["is_better"]
    empty = hit_rate(told(0, 0, waiting=3), told(0, 0)).iloc[0]
    assert (empty["n"], empty["is_better"]) == (0, False)
    assert pd.isna(empty["rate"])


def test_a_backtest_sends_an_alert_once_on_what_was_known_that_day():
    full = days_of(np.r_[QUIET * 2, [150.0, 200, 260, 340, 420]])
    asked = []

    def read_daily(then):
        asked.append(then)
        return full[full["day"] < then]

    sent = backtest(read_daily, BREAKOUT, detect=breakouts, start=AS_OF - 6 * DAY, end=AS_OF)
    assert asked == [AS_OF - back * DAY for back in range(6, -1, -1)]
    assert len(sent) == 1
    alert = sent.iloc[0]
    assert (alert["alert"], alert["rule"], alert["rule_version"]) == ("watch", "breakout", BREAKOUT.version)
    assert alert["as_of"] == pd.Timestamp(AS_OF) - 2 * DAY
    inputs = json.loads(alert["inputs"])
    assert inputs["thresholds"] == dict(BREAKOUT.thresholds)
    assert inputs["seen"]["posts_last_24h"] == 260
    assert inputs["seen"]["evidence"] > 5
    live = breakouts(full[full["day"] < AS_OF - 2 * DAY], as_of=AS_OF - 2 * DAY)
    assert live.iloc[0]["evidence"] == pytest.approx(inputs["seen"]["evidence"])
    assert outcomes(sent, full, as_of=AS_OF)["outcome"].tolist() == ["not yet"] * 4


def test_a_replay_gives_every_day_and_refuses_an_end_before_its_start():
    full = days_of(QUIET)
    flags = replay(lambda _: full, BREAKOUT, detect=breakouts, start=AS_OF - 2 * DAY, end=AS_OF)
    assert flags["alert"].tolist() == ["none"] * 3
    assert backtest(lambda _: full, BREAKOUT, detect=breakouts, start=AS_OF, end=AS_OF).empty
    with pytest.raises(ValueError, match="nothing to replay"):
        replay(lambda _: full, BREAKOUT, detect=breakouts, start=AS_OF, end=AS_OF - DAY)


def to_duckdb(frame):
    connection = duckdb.connect()
    connection.register("given", frame)
    return connection.sql("SELECT * FROM given")


@pytest.mark.parametrize("engine", [to_polars, to_duckdb])
def test_every_engine_gives_the_answer_of_pandas(engine):
    flags = pd.concat([flags_of([30, 29, 9, 8]), flags_of(range(40), sound_id="7002", alert="none")])
    daily = days_of(np.r_[QUIET * 2, np.full(30, 300.0)])
    for metric in (episodes, unflagged):
        assert_frame_equal(board(enter(metric(engine(flags)))), board(enter(metric(flags))))
    found = outcomes(episodes(flags), daily, as_of=AS_OF)
    again = outcomes(engine(episodes(flags)), engine(daily), as_of=AS_OF)
    assert_frame_equal(board(enter(again)), board(enter(found)))
    rates = hit_rate(found, found)
    assert len(rates)
    assert_frame_equal(board(enter(hit_rate(engine(found), engine(found)))), board(enter(rates)))
