"""The monitor: whose data, as of when, which sound; and that every exhibit says so."""

import shutil
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import trendlib as tl
from trendlib import metrics
from trendlib.errors import AuthError, ConfigError, NoDataError
from trendlib.metrics.leaderboard import COLUMNS
from trendlib.monitor import Monitor, open_monitor
from trendlib.show.exhibits import Exhibit

WEEK = timedelta(days=7)


@pytest.fixture(scope="module")
def monitor(practice_home: Path) -> Monitor:
    return Monitor.of_practice(practice_home)


@pytest.fixture(scope="module")
def leader(monitor: Monitor) -> Any:
    """The first row of the leaderboard."""
    return monitor.leaderboard().frame.iloc[0]


# Whose data


def test_without_key_and_data_it_is_the_practice_world(practice_home: Path) -> None:
    monitor = tl.open(practice_home)
    assert monitor.is_practice
    assert repr(monitor).startswith("Monitor(practice data, no key needed; as of ")


def test_data_without_a_key_are_ones_own(own_home: Path) -> None:
    monitor = open_monitor(str(own_home))
    assert not monitor.is_practice
    assert str(own_home) in repr(monitor)
    assert "Practice" not in monitor.leaderboard().caption


def test_a_key_without_data_is_no_practice_and_says_what_to_do(nobody: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKLIVE_API_KEY", "sesame-0123456789")
    monitor = open_monitor()
    assert not monitor.is_practice
    assert monitor.config.home == nobody / "data"
    with pytest.raises(NoDataError, match=r"holds no data yet.*trendlib sweep"):
        monitor.leaderboard()
    assert list(nobody.iterdir()) == []


# As of when


def test_by_default_it_is_the_minute_after_the_newest_answer(monitor: Monitor) -> None:
    last = monitor.store.last_observed_at()
    assert last is not None
    assert timedelta(0) < monitor.as_of - last <= timedelta(minutes=1)
    assert monitor.as_of.second == monitor.as_of.microsecond == 0


def test_the_same_home_at_another_instant_shows_another_board(monitor: Monitor) -> None:
    before = monitor.at(monitor.as_of - WEEK)
    assert before.is_practice
    assert before.as_of == monitor.as_of - WEEK
    assert before.board.readings_used < monitor.board.readings_used
    assert (before.leaderboard().frame["as_of"] == before.as_of).all()


def test_an_instant_is_the_same_in_any_zone(monitor: Monitor) -> None:
    elsewhere = monitor.as_of.astimezone(timezone(timedelta(hours=9)))
    assert monitor.at(elsewhere).leaderboard().caption == monitor.leaderboard().caption
    assert monitor.at(elsewhere).as_of.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "as_of",
    [
        datetime(2026, 11, 16, 7),  # noqa: DTZ001 - that is what is wrong with it
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))),
    ],
    ids=["no zone", "no such year in UTC"],
)
def test_an_instant_that_is_none_is_refused_at_once(monitor: Monitor, as_of: datetime) -> None:
    with pytest.raises(ConfigError, match="as_of"):
        monitor.at(as_of)


# Which sound


def test_a_sound_is_found_by_id_number_address_and_part_of_its_title(monitor: Monitor, leader: Any) -> None:
    sound_id, title = leader["sound_id"], leader["title"]
    names = [
        sound_id,
        int(sound_id),
        f"https://www.tiktok.com/music/whatever-{sound_id}?lang=en",
        title.upper(),
        title[1:-1],
    ]
    assert [monitor.sound(name).sound_id for name in names] == [sound_id] * len(names)


def test_a_part_that_stands_in_many_titles_names_some_of_them(monitor: Monitor) -> None:
    with pytest.raises(NoDataError, match=r"'a' stands in \d+ titles: .+ \(\d{19}\); .*Give more of it, or the id"):
        monitor.sound("a")


def test_a_title_that_is_nowhere_names_the_nearest(monitor: Monitor, leader: Any) -> None:
    with pytest.raises(NoDataError, match=f"No watched sound has .* Did you mean '{leader['title']}'"):
        monitor.sound(leader["title"][:-1] + "zz")


def test_a_sign_with_a_meaning_in_patterns_is_just_a_sign(monitor: Monitor) -> None:
    with pytest.raises(NoDataError, match="No watched sound"):
        monitor.sound(".*")


def test_an_id_that_is_not_watched_says_where_to_add_it(own_home: Path) -> None:
    with pytest.raises(NoDataError, match=r"was not watched.*watchlist\.toml and sweep"):
        open_monitor(own_home).sound("7999999999999999999")


def test_an_id_that_is_not_of_the_practice_world_says_so(monitor: Monitor) -> None:
    with pytest.raises(NoDataError, match="practice world"):
        monitor.sound("7999999999999999999")


# Exhibits


def test_every_exhibit_says_as_of_source_tally_and_practice(monitor: Monitor, leader: Any) -> None:
    sound = monitor.sound(leader["sound_id"])
    exhibits = [monitor.leaderboard(), monitor.alerts(), monitor.cautions(), sound.velocity(), sound.why()]
    assert [one.name for one in exhibits] == ["leaderboard", "alerts", "cautions", "velocity", "why"]
    for one in exhibits:
        assert isinstance(one, Exhibit)
        assert one.as_of == monitor.as_of
        assert one.source in one.caption
        assert one.caption.startswith("Practice data")
        assert f"{monitor.as_of:%H:%M} UTC" in one.caption
        assert one.table.columns.tolist() == list(one.columns or one.frame.columns)
    whole = len(monitor.board.leaderboard())
    assert [sum(one.tally.values()) for one in exhibits] == [whole, whole, whole, 1, 1]
    assert all(str(one.figure.layout.title.text) for one in (*exhibits[:2], exhibits[3]))


def test_the_leaderboards_source_counts_what_it_rests_on(monitor: Monitor) -> None:
    board = monitor.leaderboard()
    assert f"{monitor.board.readings_used:,} counter readings" in board.source
    assert monitor.tally() == metrics.tally(monitor.board.leaderboard())
    assert tuple(board.frame.columns) == COLUMNS


@pytest.mark.parametrize("top", [1, 5])
def test_the_leaderboard_has_as_many_ranks_as_asked_for(monitor: Monitor, top: int) -> None:
    assert monitor.leaderboard(top=top).frame["rank"].tolist() == list(range(1, top + 1))


def test_uses_are_limited_unless_one_says_otherwise(monitor: Monitor) -> None:
    limited, free = monitor.leaderboard(top=None), monitor.leaderboard(top=None, max_uses=None)
    assert limited.frame["total_uses"].max() < 100_000
    assert free.frame["total_uses"].max() >= 100_000
    assert "fewer than 100,000 uses" in limited.caption
    assert "of any size" in free.caption


def test_a_sounds_exhibits_are_its_own(monitor: Monitor, leader: Any) -> None:
    sound = monitor.sound(leader["sound_id"])
    velocity, why = sound.velocity(), sound.why()
    assert set(velocity.frame["sound_id"]) == {leader["sound_id"]}
    assert leader["title"] in velocity.title
    assert velocity.tally == {leader["status"]: 1}
    assert why.frame["check"].is_unique
    assert why.frame.loc[why.frame["check"] == "rank", "passed"].all()


def test_a_sound_that_cannot_be_ranked_says_why(monitor: Monitor) -> None:
    unranked = monitor.board.leaderboard().iloc[-1]
    assert unranked["status"] == "not_enough_coverage"
    sound = monitor.sound(unranked["sound_id"])
    assert sound.velocity().subtitle.startswith("Can't tell how fast it moves")
    checks = sound.why().frame.set_index("check")
    assert not checks.loc["status", "passed"]
    assert checks.loc["status", "advice"]


# The watchlist


def test_only_what_is_on_the_watchlist_is_shown_and_all_of_it(own_home: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(own_home / "warehouse", home / "warehouse")
    watched = [*open_monitor(home).leaderboard().frame["sound_id"][:3], "7999999999999999999"]
    (home / "watchlist.toml").write_text(f"sounds = {watched}\n")
    monitor = open_monitor(home)
    everything = monitor.leaderboard(max_uses=None, top=None, include_unrankable=True).frame
    assert sorted(everything["sound_id"]) == sorted(watched)
    assert monitor.tally().startswith("4 sounds: ")
    assert monitor.watched(2).sounds == tuple(everything["sound_id"][:2])
    assert (monitor.watched(2).hashtags, monitor.watched(2).always_page) == ((), ())


def test_a_watchlist_that_follows_nothing_is_an_error(own_home: Path, tmp_path: Path) -> None:
    (tmp_path / "watchlist.toml").write_text("sounds = []\n")
    shutil.copytree(own_home / "warehouse", tmp_path / "warehouse")
    with pytest.raises(ConfigError, match="follows no sound and no hashtag"):
        open_monitor(tmp_path).watched()


# Fetching


def test_a_sweep_of_the_practice_world_was_done_when_it_was_opened(practice_home: Path) -> None:
    with pytest.raises(AuthError, match="TIKLIVE_API_KEY"):
        open_monitor(practice_home).sweep()


def test_a_market_that_is_none_is_refused_before_anything_is_bought(online: Any) -> None:
    with pytest.raises(ConfigError, match="region"):
        open_monitor(online.home).sweep(region="Brazil")
    assert online.spent == 0


def test_a_sweep_loads_what_the_next_monitor_shows(online: Any) -> None:
    began_at = datetime.now(UTC)
    report = open_monitor(online.home).sweep(limits=tl.Limits(max_pages=1))
    assert report is not None
    assert report.run.spent == online.spent > 0
    monitor = open_monitor(online.home)
    assert began_at < monitor.as_of < datetime.now(UTC) + timedelta(minutes=1)
    assert sorted(monitor.board.leaderboard()["sound_id"]) == sorted(online.sounds)
    again = monitor.sweep(top=2, limits=tl.Limits(max_pages=1))
    assert again is not None
    assert again.sounds == min(2, len(monitor.leaderboard().frame))
    assert again.hashtags == 0


def test_export_writes_every_table_that_has_rows(own_home: Path, tmp_path: Path) -> None:
    written = {path.name for path in open_monitor(own_home).export(str(tmp_path / "out"))}
    assert {"calls", "sounds", "posts", "sound_observations", "feed_pages"} <= written <= set(tl.TABLES)


# What one sees in a notebook after a mistake


def test_no_message_shows_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKLIVE_API_KEY", "sesame-0123456789")
    monitor = open_monitor()
    assert "sesame" not in f"{monitor!r} {monitor.config!r} {monitor.config.model_dump()!r}"
