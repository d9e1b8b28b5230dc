"""Hashtags at one instant: which grow, when they started, what stands beside them, and what of it is text."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from trendlib.boards.hashtag_board import EXHIBITS, HashtagBoard
from trendlib.config import Config
from trendlib.errors import ConfigError, NoDataError
from trendlib.monitor import Monitor, open_monitor
from trendlib.runs.loading import load
from trendlib.schema import Answer
from trendlib.store import Store

HOSTILE = "<svg>"


@pytest.fixture(scope="module")
def monitor(own_home: Path) -> Monitor:
    return open_monitor(own_home)


@pytest.fixture(scope="module")
def hashtags(monitor: Monitor) -> HashtagBoard:
    return monitor.hashtags


def reading(tag: str, posts: int, *, at: datetime) -> Answer:
    body = {"id": "77", "cha_name": tag, "desc": HOSTILE, "user_count": posts, "view_count": 1000 * posts}
    return Answer(at, "tiklive", "/challenge-info-name/", {"name": tag}, 200, body)


@pytest.mark.parametrize("name", EXHIBITS)
def test_every_exhibit_shows_itself(hashtags: HashtagBoard, name: str) -> None:
    exhibit = hashtags.exhibit(name)
    assert exhibit.as_of == hashtags.as_of
    assert len(exhibit.frame)
    assert set(exhibit.frame["hashtag"]) <= set(hashtags.names)
    if exhibit.draw:
        assert len((exhibit.figure.to_json() or "").encode()) < 200_000


def test_the_leaderboard_has_each_hashtag_once_and_ranks_by_the_lower_bound(hashtags: HashtagBoard) -> None:
    frame = hashtags.leaderboard(top=None).frame
    assert sorted(frame["hashtag"]) == hashtags.names
    ranked = frame[frame["rank"].notna()]
    assert ranked["growth_low"].is_monotonic_decreasing
    assert ranked["rank"].tolist() == list(range(1, len(ranked) + 1))
    assert set(frame["counts"]) <= {"posts", "views"}
    assert frame["status"].notna().all()


def test_a_calendar_starts_before_it_stops_and_puts_what_is_on_first(hashtags: HashtagBoard) -> None:
    frame = hashtags.calendar(days=14, top=5).frame
    assert frame["hashtag"].nunique() == 5
    assert frame["day"].nunique() == 14
    last = frame[frame["day"] == frame["day"].max()]
    assert last["is_on"].astype(int).is_monotonic_decreasing
    for _, days in frame.groupby("hashtag"):
        marks = days.loc[days["mark"] != "", "mark"].tolist()
        assert all(one != other for one, other in pairwise(marks))


def test_a_year_has_a_row_a_day_and_names_its_hashtag_however_it_is_written(hashtags: HashtagBoard) -> None:
    tag = hashtags.names[0]
    frame = hashtags.year(f"#{tag.upper()}").frame
    assert frame["day"].is_unique
    assert frame["day"].max() == pd.Timestamp(hashtags.as_of) - pd.Timedelta(days=1)
    assert set(frame["mark"]) <= {"", "start", "stop"}


def test_the_brief_gives_at_most_five_hashtags_and_three_posts_each_with_an_address(hashtags: HashtagBoard) -> None:
    frame = hashtags.creator_brief().frame
    assert frame["hashtag"].nunique() <= 5
    assert frame.groupby("hashtag").size().max() <= 3
    told = frame[frame["post_id"].notna()]
    assert told["link"].str.match(r"https://www\.tiktok\.com/@[^/]+/video/\d+$").all()
    assert frame.loc[frame["post_id"].isna(), "link"].isna().all()
    assert (frame["note"] != "").equals(frame["post_id"].isna())  # whoever has no post says why


def test_the_accent_is_for_hashtags_that_bump(hashtags: HashtagBoard) -> None:
    bumps = {*hashtags.bumps().frame.query("is_bump")["hashtag"],
             *hashtags.bumps(of="total_posts").frame.query("is_bump")["hashtag"]}  # fmt: skip
    assert bumps
    said = [note.text for note in hashtags.leaderboard(top=None).figure.layout.annotations if "▲" in note.text]
    assert len(said) == len(bumps)
    assert all("bump" in text for text in said)


def test_a_year_is_shown_without_the_marks_of_its_counter(hashtags: HashtagBoard) -> None:
    shown = hashtags.year(hashtags.names[0])
    assert list(shown.table) == ["day", "posts", "exposure_days", "mark"]
    assert "is_flagged" in shown.frame


def test_posts_of_a_day_lie_in_that_day(hashtags: HashtagBoard) -> None:
    tag = str(hashtags.creator_brief().frame.dropna(subset="post_id")["hashtag"].iloc[0])
    week = hashtags.posts(tag).frame
    day = week["posted_at"].iloc[0].to_pydatetime() - timedelta(hours=5)
    frame = hashtags.posts(tag, day).frame
    assert len(frame)
    assert frame["posted_at"].between(day, day + timedelta(days=1), inclusive="left").all()


def test_what_stands_beside_a_hashtag_is_not_itself(hashtags: HashtagBoard) -> None:
    tag = str(hashtags.creator_brief().frame.dropna(subset="post_id")["hashtag"].iloc[0])
    frame = hashtags.co_occurrence(tag).frame
    assert tag not in set(frame["beside"])
    assert frame["share"].between(0, 1).all()


def test_a_hashtag_never_read_an_exhibit_unknown_and_a_day_without_a_zone_are_refused(hashtags: HashtagBoard) -> None:
    with pytest.raises(NoDataError, match=r"#nosuchtag was not read by .*; there are: #"):
        hashtags.posts("nosuchtag")
    with pytest.raises(ConfigError, match="no exhibit 'yeer'"):
        hashtags.exhibit("yeer")
    with pytest.raises(ConfigError, match="time zone"):
        hashtags.posts(hashtags.names[0], datetime(2026, 1, 1))  # noqa: DTZ001 - that is what is refused
    with pytest.raises(ConfigError, match="total_likes"):
        hashtags.bumps(of="total_likes")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="tutorial_sound"):
        hashtags.calendar(dialect="tutorial_sound")


def test_one_reading_of_a_hostile_hashtag_is_text_and_no_growth(tmp_path: Path) -> None:
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    config = Config.load(home=tmp_path)
    answer = reading(HOSTILE.lower(), 500, at=at - timedelta(hours=1))
    load([("20260101T000000Z-all", answer)], Store(config.warehouse_file))
    hashtags = Monitor(config, as_of=at).hashtags
    assert len(hashtags.names) == 1
    for name in EXHIBITS:
        exhibit = hashtags.exhibit(name)
        assert "<svg>" not in exhibit.fragment(), name
        if "growth_rate" in exhibit.frame:
            assert exhibit.frame["growth_rate"].isna().all(), name


def test_what_another_process_reads_meanwhile_is_seen(tmp_path: Path) -> None:
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    config = Config.load(home=tmp_path)
    monitor, store = Monitor(config, as_of=at), Store(config.warehouse_file)
    for name in ("first", "second"):
        load([(f"20260101T000000Z-{name}", reading(name, 500, at=at - timedelta(hours=1)))], store)
        assert name in monitor.at(at).hashtags.names


def test_a_day_ahead_and_fewer_than_one_row_are_refused(hashtags: HashtagBoard) -> None:
    tag = hashtags.names[0]
    with pytest.raises(ConfigError, match="ask for a day before"):
        hashtags.posts(tag, hashtags.as_of)
    with pytest.raises(ConfigError, match="top=0; ask for a whole number"):
        hashtags.posts(tag, top=0)
    with pytest.raises(ConfigError, match="days=-1"):
        hashtags.calendar(days=-1)


def test_a_landscape_holds_all_sounds_and_counts_the_corner(monitor: Monitor) -> None:
    exhibit = monitor.landscape()
    assert len(exhibit.frame) == len(monitor.board.leaderboard())
    assert exhibit.subtitle.endswith("to catch early")
    assert exhibit.figure.data
