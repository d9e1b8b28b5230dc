"""The ledger and the backtest: hand-computed outcomes, honest about what is too early and what can't be told."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from trendlib.api.archive import Archive
from trendlib.boards import alerts, ledger
from trendlib.boards.board import Board
from trendlib.config import Config
from trendlib.errors import ConfigError
from trendlib.monitor import Monitor, open_monitor
from trendlib.runs.loading import load, sweep_id_of
from trendlib.schema import Answer
from trendlib.show.exhibits import csv_text, json_text
from trendlib.store import Store

ALERTED = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
RISING, FADING, FLAT, LATE = (f"701234567890123456{digit}" for digit in range(4))
# uses a day before the alert, and in the weeks after it
PACES = {RISING: (10, 30, 30, 20), FADING: (10, 30, 10, 10), FLAT: (10, 10, 10, 10), LATE: (10, 10, 10, 10)}


def readings(sound_id: str, begin: int) -> list[Answer]:
    before, *weeks = PACES[sound_id]
    total, found = 1_001, []
    for day in range(-30, 7 * len(weeks) + 1):
        body = {"id": sound_id, "title": f"Song {sound_id[-1]}", "author": "Me", "video_count": total}
        at = ALERTED + day * DAY - timedelta(seconds=1)
        if day >= begin:
            found.append(Answer(at, "tiklive", "/music-info/", {"music_id": sound_id}, 200, body))
        total += before if day < 0 else weeks[min(day // 7, len(weeks) - 1)]
    return found


def board_of(as_of: datetime, *flagged: str) -> Board:
    frame = pd.DataFrame({"sound_id": list(PACES)}).astype("str")
    frame["alert"] = ["watch" if one in flagged else "none" for one in PACES]
    frame = frame.assign(posts_last_24h=80, posts_last_7d=300, growth_rate=2.0, growth_low=1.5, growth_high=2.5)
    frame = frame.assign(status="ok", evidence_kind="posts", evidence=6.0, window_days=1)
    none = pd.DataFrame()
    days = pd.DataFrame({"sound_id": [], "day": [], "posts": [], "exposure_days": [], "source": []})
    return Board(as_of, [frame], [frame[["sound_id", "alert", "evidence"]]], days, none, none, 1, 1)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Three weeks after an alert: two sounds were flagged, one never was, one was first read the day before."""
    config = Config.load(home=tmp_path_factory.mktemp("ledger"))
    answers = [one for sound in PACES for one in readings(sound, -2 if sound == LATE else -30)]
    with Archive(config.archive_folder).sweep("20260101T000000Z-all") as writer:
        for answer in answers:
            writer.write(answer)
    load([(sweep_id_of(writer.path), one) for one in answers], Store(config.warehouse_file))
    alerts.record(config, board_of(ALERTED, RISING, FADING, LATE))
    return config


@pytest.fixture
def monitor(config: Config) -> Monitor:
    return Monitor(config, as_of=ALERTED + 21 * DAY)


def test_outcomes_are_those_one_computes_by_hand(monitor: Monitor) -> None:
    """Against 10 a day: 30 after one and two weeks is a hit; back at 10 in the second week is a miss."""
    frame = monitor.ledger().frame.set_index("sound_id")
    told = frame[["outcome_1w", "outcome_2w", "outcome_4w", "outcome_8w"]].T.to_dict("list")
    assert told[RISING] == ["hit", "hit", "not yet", "not yet"]
    assert told[FADING] == ["hit", "miss", "not yet", "not yet"]
    assert told[LATE] == ["can't tell", "can't tell", "not yet", "not yet"]
    assert frame.loc[[RISING, FADING], "lift_1w"].tolist() == pytest.approx([3.0, 3.0])
    assert frame.loc[[RISING, FADING], "lift_2w"].tolist() == pytest.approx([3.0, 1.0])


def test_hit_rates_stand_beside_the_rate_of_sounds_that_were_not_flagged(monitor: Monitor) -> None:
    rates = monitor.hit_rates().frame.set_index("weeks")
    assert rates.loc[1, ["hits", "n", "rate"]].tolist() == [2, 2, 1.0]
    assert rates.loc[2, ["hits", "n", "rate"]].tolist() == [1, 2, 0.5]
    assert rates.loc[1, ["base_n", "base_rate"]].tolist() == [1, 0.0]
    assert rates.loc[4, "n"] == 0
    assert "2 of 2 hit" in monitor.ledger().subtitle or "1 of 2 hit" in monitor.ledger().subtitle


def test_nothing_is_told_before_its_time(config: Config) -> None:
    early = Monitor(config, as_of=ALERTED + 6 * DAY).ledger()
    assert set(early.frame["outcome_1w"]) == {"not yet"}
    assert "No alert is old enough" in early.subtitle
    assert Monitor(config, as_of=ALERTED - DAY).ledger().frame.empty


def test_a_ledger_is_a_picture_a_csv_and_a_json(monitor: Monitor, tmp_path: Path) -> None:
    exhibit = monitor.ledger()
    assert exhibit.figure.data
    lines = csv_text(exhibit.frame).splitlines()
    assert len(lines) == 1 + 3
    assert {"alert_id", "rule_version", "thresholds", "inputs", "outcome_1w", "note"} <= set(lines[0].split(","))
    rows = json.loads(json_text(exhibit.frame))
    assert {row["outcome_1w"] for row in rows} == {"hit", "can't tell"}
    assert exhibit.save(tmp_path / "ledger.html").stat().st_size > 1_000


def test_a_crossover_and_a_hashtag_stand_in_the_ledger_too(config: Config, tmp_path: Path) -> None:
    home = Config.load(home=shutil.copytree(config.home, tmp_path / "home"))
    board = board_of(ALERTED + DAY)
    shifts = pd.DataFrame({"sound_id": [FLAT], "region": ["BR"], "status": ["ok"], "is_crossover": [True]})
    shifts = shifts.assign(p0=0.1, p1=0.4, difference=0.3, low=0.2, high=0.4, n0=200, n1=200, n_unknown=0, rho=0.0)
    bumps = pd.DataFrame({"hashtag": ["fyp"], "status": ["counter_only"], "is_bump": [True], "evidence": [4.0]})
    bumps = bumps.assign(counter="total_posts", delta=80.0, baseline=10.0, snapshots=15)
    flagged = Board(board.as_of, board.velocities, board.facts, board.days, shifts, board.crowd, 1, 1)
    vars(flagged)["bumps"] = bumps
    assert alerts.record(home, flagged).new == 2
    frame = Monitor(home, as_of=ALERTED + 21 * DAY).ledger().frame.set_index("rule")
    assert frame.loc["crossover", ["sound_id", "region"]].tolist() == [FLAT, "BR"]
    assert pd.isna(frame.loc["crossover", "outcome_1w"])
    assert frame.loc["hashtag_bump", ["sound_id", "outcome_1w"]].tolist() == ["#fyp", "can't tell"]


# Backtests


def test_a_backtest_says_what_was_recorded_on_those_days(own_home: Path) -> None:
    """Two mornings are asked again; what began on the first of them is all that stood then."""
    monitor = open_monitor(own_home)
    last = monitor.as_of
    told = monitor.backtest(last - DAY, last, rule="breakout").frame
    recorded = monitor.kept.alerts
    stood = recorded[(recorded["rule"] == "breakout") & (recorded["last_at"] >= last - DAY)]
    assert sorted(told["sound_id"]) == sorted(stood["sound_id"])
    assert set(told["outcome_1w"]) == {"not yet"}


@pytest.mark.parametrize(
    ("span", "how", "message"),
    [
        ((ALERTED, ALERTED - DAY), {}, "swap start and end"),
        ((ALERTED, ALERTED), {"rule": "brakout"}, "no rule that flags"),
        ((ALERTED.replace(tzinfo=None), ALERTED), {}, "time zone"),
    ],
)
def test_a_backtest_of_nothing_is_refused(monitor: Monitor, span: Any, how: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        monitor.backtest(*span, **how)


def test_days_between_are_a_day_apart_and_hold_both_ends() -> None:
    assert ledger.days_between(ALERTED, ALERTED + 2.5 * DAY) == [ALERTED, ALERTED + DAY, ALERTED + 2 * DAY]


# The practice world


def test_the_practice_world_has_a_ledger_with_something_in_it(own_home: Path) -> None:
    monitor = open_monitor(own_home)
    frame = monitor.ledger().frame
    assert {"hit", "miss", "not yet"} <= set(frame["outcome_1w"].dropna())
    assert {"breakout", "catch_them_early", "crossover"} <= set(frame["rule"])
    assert "not_enough_coverage" not in set(frame["status"])
    best = monitor.hit_rates().frame.query("rule == 'breakout' and weeks == 1").iloc[0]
    assert best["is_better"]
    assert monitor.alerts().frame["alert_id"].notna().all()


def test_the_practice_world_tells_row_by_row_where_a_pace_is_of_more_than_a_day(practice_home: Path) -> None:
    board = Monitor.of_practice(practice_home).leaderboard(top=None, max_uses=None)
    windows = board.frame["window_days"]
    assert windows.gt(1).any()
    assert windows.eq(1).any()
    assert f"{windows.gt(1).sum()} on windows" in board.caption
    assert "window_days" in board.table


def test_a_number_that_is_none_is_refused_in_a_sentence(monitor: Monitor) -> None:
    with pytest.raises(ConfigError, match="asked for top='five'; ask for a whole number"):
        monitor.leaderboard(top="five")  # type: ignore[arg-type]
