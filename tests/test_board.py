"""The board: every watched sound and no other, alerts once per sound and rule."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from trendlib import metrics
from trendlib.boards.board import ALERT_COLUMNS, SENT_ALERTS, Board, board, latest_uses, titled
from trendlib.config import Config
from trendlib.errors import NoDataError
from trendlib.schema import Status
from trendlib.store import Store

AS_OF = datetime(2026, 3, 2, 12, tzinfo=UTC)
UNSEEN = "7999999999999999999"


def sound(sound_id: str, alert: str = "none", *, growth: float = 5.0, uses: int | None = 900, **more: Any) -> Any:
    """One sound as the metrics would describe it: fast and small unless said otherwise."""
    status = more.pop("status", Status.OK)
    return {
        "sound_id": sound_id,
        "posts_last_24h": 80,
        "posts_last_7d": 300,
        "window_days": 1,
        "growth_rate": growth,
        "growth_low": growth - 1,
        "growth_high": growth + 1,
        "status": status.value,
        "evidence_kind": "posts",
        "alert": alert,
        "evidence": 6.0,
        "total_uses": uses,
        **more,
    }


def board_of(*sounds: Any) -> Board:
    frame = pd.DataFrame(sounds).astype({"total_uses": "Int64", "sound_id": "str", "status": "str"})
    named = [name for name in ("title",) if name in frame]
    facts = [frame[["sound_id", "alert", "evidence"]], frame[["sound_id", "total_uses", *named]]]
    return Board(
        AS_OF,
        [frame],
        facts,
        pd.DataFrame(),
        shifts=pd.DataFrame(),
        crowd=pd.DataFrame(),
        readings_used=0,
        posts_used=0,
    )


def known_at(home: Path, as_of: datetime, watched: Sequence[str] = ()) -> Board:
    with Store(Config.load(home=home).warehouse_file).as_of(as_of) as world:
        return board(world, watched)


@pytest.fixture(scope="module")
def now(own_home: Path) -> datetime:
    last = Store(Config.load(home=own_home).warehouse_file).last_observed_at()
    assert last is not None
    return last + timedelta(minutes=1)


@pytest.fixture(scope="module")
def everything(own_home: Path, now: datetime) -> Board:
    return known_at(own_home, now)


# Alerts


def test_only_alerts_that_are_sent_are_listed() -> None:
    words = ("none", "unusual", *SENT_ALERTS)
    found = board_of(*(sound(str(number), word, growth=1.5) for number, word in enumerate(words))).alerts()
    assert sorted(found["alert"]) == sorted(SENT_ALERTS)
    assert set(found["rule"]) == {metrics.BREAKOUT.name}
    assert tuple(found.columns) == ALERT_COLUMNS


def test_a_sound_stands_once_for_each_rule_that_flags_it() -> None:
    found = board_of(sound("1", "confirmed"), sound("2"), sound("3", "watch", growth=1.5)).alerts()
    pairs = sorted(zip(found["sound_id"], found["rule"], strict=True))
    assert pairs == [("1", "breakout"), ("1", "catch_them_early"), ("2", "catch_them_early"), ("3", "breakout")]
    assert set(found.loc[found["rule"] == "catch_them_early", "alert"]) == {"early"}
    rules = {rule.name: rule.version for rule in (metrics.BREAKOUT, metrics.CATCH_THEM_EARLY)}
    assert found["rule_version"].tolist() == found["rule"].map(rules).tolist()


def test_the_surest_alert_comes_first() -> None:
    found = board_of(sound("1", "watch", evidence=5.5), sound("2", "watch", evidence=9.0)).alerts()
    assert found["sound_id"].drop_duplicates().tolist() == ["2", "1"]


@pytest.mark.parametrize(
    "late",
    [{"uses": None}, {"uses": 100_000}, {"growth": 2.9}, {"posts_last_24h": 49}, {"status": Status.ROUNDED}],
    ids=["unknown uses", "too many uses", "slow", "few posts", "rounded"],
)
def test_what_is_unknown_big_slow_or_unsure_is_not_caught_early(late: dict[str, Any]) -> None:
    found = board_of(sound("1"), sound("2", **late)).alerts()
    assert found["sound_id"].tolist() == ["1"]


def test_no_alert_is_a_table_without_rows() -> None:
    found = board_of(sound("1", growth=1.0)).alerts()
    assert (len(found), tuple(found.columns)) == (0, ALERT_COLUMNS)


# Who stands on it


def test_it_holds_exactly_the_watched_sounds(own_home: Path, everything: Board, now: datetime) -> None:
    watched = everything.leaderboard()["sound_id"].tolist()[::7]
    found = known_at(own_home, now, watched)
    assert sorted(found.leaderboard()["sound_id"]) == sorted(watched)
    assert set(found.days["sound_id"]) <= set(watched)
    assert 0 < found.readings_used < everything.readings_used
    assert 0 < found.posts_used < everything.posts_used


def test_a_watched_sound_nothing_is_known_of_stands_last_without_a_rank(
    own_home: Path, everything: Board, now: datetime
) -> None:
    seen = everything.leaderboard()["sound_id"].iloc[0]
    found = known_at(own_home, now, [UNSEEN, seen]).leaderboard()
    assert found["sound_id"].tolist() == [seen, UNSEEN]
    last = found.iloc[-1]
    assert last["status"] == Status.NOT_ENOUGH_COVERAGE
    assert last[["rank", "growth_rate", "posts_last_24h", "total_uses", "title"]].isna().all()
    assert UNSEEN not in set(known_at(own_home, now, [UNSEEN, seen]).leaderboard(include_unrankable=False)["sound_id"])


def test_nothing_known_of_anybody_is_an_error_that_says_so(own_home: Path, now: datetime) -> None:
    with pytest.raises(NoDataError, match="Nothing was known of any watched sound"):
        known_at(own_home, now, [UNSEEN])
    with pytest.raises(NoDataError, match=r"1990-01-01T00:00:00Z"):
        known_at(own_home, datetime(1990, 1, 1, tzinfo=UTC))


def test_it_shows_what_was_known_then_and_not_later(own_home: Path, everything: Board, now: datetime) -> None:
    before = known_at(own_home, now - timedelta(days=20))
    assert before.readings_used < everything.readings_used
    assert (before.leaderboard()["as_of"] == now - timedelta(days=20)).all()
    assert (before.days["day"] < now - timedelta(days=20)).all()


# What it says of one sound


def test_days_of_a_sound_are_its_own_oldest_first(everything: Board) -> None:
    wanted = everything.leaderboard()["sound_id"].iloc[0]
    days = everything.days_of(wanted)
    assert set(days["sound_id"]) == {wanted}
    assert days["day"].is_monotonic_increasing
    assert len(days) < len(everything.days)


def test_the_latest_known_reading_is_a_sounds_uses() -> None:
    readings = pd.DataFrame(
        {
            "sound_id": ["1", "1", "1", "2", "3"],
            "observed_at": [AS_OF, AS_OF - timedelta(days=1), AS_OF - timedelta(days=2), AS_OF, AS_OF],
            "answer_id": list("abcde"),
            "total_uses": pd.array([None, 20, 10, 7, None], dtype="Int64"),
        }
    )
    assert latest_uses(readings).to_dict("list") == {"sound_id": ["1", "2"], "total_uses": [20, 7]}


# Titles


def known(*names: str) -> pd.DataFrame:
    return pd.DataFrame({"sound_id": [str(number) for number in range(len(names))], "title": list(names)})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cherry cola sky", "0"),  # the very title, although others hold it
        ("cherry", "0"),  # the song, as the others are versions of it
        ("sped", "1"),
        ("moon", "3"),
    ],
)
def test_a_song_is_found_although_its_versions_carry_its_name(text: str, expected: str) -> None:
    sounds = known("Cherry Cola Sky", "Cherry Cola Sky - sped up", "Cherry Cola Sky (Remix)", "Half a Moon")
    assert titled(sounds, text) == expected


def test_no_name_is_no_title() -> None:
    with pytest.raises(NoDataError, match="without a name"):
        titled(known("Red Moon", None), " ")


def test_a_text_in_titles_of_different_songs_is_not_guessed() -> None:
    with pytest.raises(NoDataError, match="stands in 2 titles"):
        titled(known("Red Moon", "Blue Moon"), "moon")
