"""Alerts: once an episode, kept for good, with the thresholds that spoke; a note beside them."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from told import make_older

from trendlib import metrics, practice
from trendlib.api import archive, said
from trendlib.api.archive import Archive
from trendlib.boards import alerts
from trendlib.boards.board import Board
from trendlib.config import Config
from trendlib.errors import ConfigError, NoDataError, ParseError
from trendlib.monitor import Monitor, open_monitor
from trendlib.rulebook import read_rules
from trendlib.runs.loading import alone, load, rebuild, renew, sweep_id_of
from trendlib.schema import TABLES, Answer
from trendlib.store import Store

AS_OF = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FAR = datetime(2100, 1, 1, tzinfo=UTC)


def board_at(day: float, **words: str) -> Board:
    """A board on which the breakout rule says these words of these sounds, and nothing of any other."""
    ids = [name.removeprefix("s") for name in words] or ["0"]
    said_of = list(words.values()) or ["none"]
    frame = pd.DataFrame({"sound_id": ids, "alert": said_of}).astype("str")
    frame = frame.assign(posts_last_24h=80, posts_last_7d=300, growth_rate=2.0, growth_low=1.5, growth_high=2.5)
    frame = frame.assign(status="ok", evidence_kind="posts", evidence=6.0, window_days=1)
    days = pd.DataFrame({"sound_id": ids, "day": pd.Timestamp(AS_OF), "posts": 80, "exposure_days": 1.0})
    facts = [frame[["sound_id", "alert", "evidence"]]]
    none = pd.DataFrame()
    return Board(AS_OF + day * DAY, [frame], facts, days.assign(source="posts"), none, none, 1, 1)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Give a home that has been swept once."""
    config = Config.load(home=tmp_path / "home")
    counter = {"id": "7012345678901234567", "title": "Song", "author": "Me", "video_count": 100}
    answer = Answer(AS_OF - 9 * DAY, "tiklive", "/music-info/", {"music_id": counter["id"]}, 200, counter)
    with Archive(config.archive_folder).sweep("20260221T120000Z-first") as writer:
        writer.write(answer)
    load([(sweep_id_of(writer.path), answer)], Store(config.warehouse_file))
    return config


def told(config: Config, table: str = "alerts", as_of: datetime = FAR) -> pd.DataFrame:
    with Store(config.warehouse_file).as_of(as_of) as world:
        return world.frame(table)


def everything(config: Config) -> dict[str, Any]:
    return {
        name: told(config, name).astype("str").sort_values(list(told(config, name))).to_dict("list") for name in TABLES
    }


# On a time line


def test_an_alert_is_marked_in_the_cell_that_holds_it_or_ends_with_it() -> None:
    ages = [timedelta(0), DAY, 1.5 * DAY, 7 * DAY, 7 * DAY + timedelta(seconds=90)]
    said_at = pd.Series([AS_OF - age for age in ages], dtype="datetime64[us, UTC]")
    recorded = pd.DataFrame({"alerted_at": said_at, "alert": list("abcde"), "region": "BR"})
    by_day, by_week = (alerts.marks(recorded, AS_OF, span_days=days) for days in (1, 7))
    assert [(AS_OF - day) / DAY for day in by_day["day"]] == [1, 2, 2, 8, 8]
    assert [(AS_OF - day) / DAY for day in by_week["day"]] == [7, 7, 7, 14, 14]
    assert by_day["alert"].tolist() == list("abcde")
    assert alerts.marks(recorded.head(0), AS_OF).empty


def test_an_alert_stands_from_its_first_word_to_its_last() -> None:
    at = [[4 * DAY, 2 * DAY], [3 * DAY, 2 * DAY + timedelta(seconds=5)], [DAY, DAY]]
    recorded = pd.DataFrame(
        {
            name: pd.Series([AS_OF - ages[place] for ages in at], dtype="datetime64[us, UTC]")
            for place, name in enumerate(("alerted_at", "last_at"))
        }
    ).assign(alert=["watch", "early", "new"])
    stood = alerts.standing(recorded, AS_OF)
    days = [(row.alert, (AS_OF - row.day) / DAY) for row in stood.itertuples()]
    assert days == [("watch", 5), ("watch", 4), ("watch", 3), ("early", 4), ("early", 3), ("new", 2)]
    assert alerts.standing(recorded.head(0), AS_OF).empty


# Once an episode


def test_ten_days_of_the_same_word_are_one_alert(config: Config) -> None:
    added = [alerts.record(config, board_at(day, s1="watch")).new for day in range(10)]
    assert added == [1] + [0] * 9
    (row,) = told(config).to_dict("records")
    assert (row["alerted_at"], row["last_at"]) == (AS_OF, AS_OF + 9 * DAY)


def test_an_alert_that_grows_stays_one_and_keeps_its_first_word(config: Config) -> None:
    for day, word in enumerate(("watch", "confirmed", "confirmed")):
        alerts.record(config, board_at(day, s1=word))
    (row,) = told(config).to_dict("records")
    assert (row["alert"], row["last_alert"]) == ("watch", "confirmed")


@pytest.mark.parametrize(("gap", "episodes"), [(7, 1), (7.01, 2)])
def test_more_than_seven_days_of_silence_begin_another_episode(config: Config, gap: float, episodes: int) -> None:
    for day in (0, gap):
        alerts.record(config, board_at(day, s1="watch"))
    assert len(told(config)) == episodes


def test_the_same_instant_twice_or_an_earlier_one_adds_nothing(config: Config) -> None:
    first = alerts.record(config, board_at(1, s1="watch"))
    assert (first.new, first.reason) == (1, None)
    before = everything(config)
    for day in (1, 0):
        again = alerts.record(config, board_at(day, s1="watch", s2="watch"))
        assert again.new == 0
        assert "already" in str(again.reason)
    assert everything(config) == before


def test_what_was_said_is_known_as_of_its_instant_and_no_earlier(config: Config) -> None:
    alerts.record(config, board_at(0, s1="watch"))
    assert len(told(config, as_of=AS_OF)) == 1
    assert told(config, as_of=AS_OF - timedelta(seconds=1)).empty
    assert Monitor(config).as_of == AS_OF


def test_a_rule_that_said_nothing_was_asked_all_the_same_and_cost_nothing(config: Config) -> None:
    alerts.record(config, board_at(0))
    runs = told(config, "rule_runs")
    assert runs["rule"].tolist() == list(alerts.ASKED)
    assert (runs["flagged"] == 0).all()
    calls = told(config, "calls").query("provider == 'trendlib'")
    assert calls["credits"].tolist() == [0]


def test_an_alert_rests_on_counts_with_their_exposure_and_says_which_thresholds_spoke(config: Config) -> None:
    alerts.record(config, board_at(0, s1="watch"))
    (row,) = told(config).to_dict("records")
    assert json.loads(row["thresholds"]) == dict(metrics.BREAKOUT.thresholds)
    assert json.loads(row["inputs"])["days"] == [["2026-03-02T12:00:00Z", 80, 1, "posts"]]


def test_no_alert_stands_on_not_enough_coverage(config: Config) -> None:
    board = board_at(0, s1="watch")
    board.velocities[0]["status"] = "not_enough_coverage"
    assert alerts.record(config, board).new == 0
    body = {"recorded_at": "2026-03-02T12:00:00Z", "new": [{"alert_id": "a", "status": "not_enough_coverage"}]}
    rows = said.parse(Answer(AS_OF, said.PROVIDER, "alerts", {}, 200, body))
    assert set(rows.tables) == {"rejects"}


# Kept for good


def test_a_rebuilt_warehouse_holds_the_same_alerts_and_notes_to_the_letter(config: Config) -> None:
    for day in range(3):
        alerts.record(config, board_at(day, s1="watch", s2="new"))
    alerts.note(config, told(config)["alert_id"].iloc[0], "call them", as_of=AS_OF + 3 * DAY)
    before = everything(config)
    rebuild(config)
    assert everything(config) == before


def test_alerts_and_notes_outlive_an_older_warehouse_that_knew_none_of_them(config: Config) -> None:
    for day in range(3):
        alerts.record(config, board_at(day, s1="watch", s2="new"))
    alerts.note(config, told(config)["alert_id"].iloc[0], "call them", as_of=AS_OF + 3 * DAY)
    before = everything(config)
    make_older(config.home)
    with alone(config):
        assert renew(config) == 5
    assert everything(config) == before


def test_a_recording_that_died_before_its_load_is_loaded_by_the_next(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(alerts, "load", killed)
        with pytest.raises(KeyboardInterrupt):
            alerts.record(config, board_at(0, s1="watch"))
    assert told(config).empty
    again = alerts.record(config, board_at(0, s1="watch"))
    assert again.reason is not None
    assert told(config)["alerted_at"].tolist() == [AS_OF]
    alerts.record(config, board_at(1, s1="watch"))
    assert len(told(config)) == 1


@pytest.mark.parametrize(("endpoint", "body"), [("alerts", "text"), ("alerts", None), ("charts", {}), ("notes", ["a"])])
def test_what_trendlib_never_says_is_refused(endpoint: str, body: Any) -> None:
    with pytest.raises(ParseError):
        said.parse(Answer(AS_OF, said.PROVIDER, endpoint, {}, 200, body))


def test_an_item_that_cannot_be_read_is_set_aside_with_its_reason() -> None:
    body = {"new": [7, {"alert": "watch"}, {"alert_id": "a", "evidence": "much"}], "still": "nothing"}
    rows = said.parse(Answer(AS_OF, said.PROVIDER, "alerts", {}, 200, body))
    assert [row["place"] for row in rows.tables["rejects"]] == ["new[0]", "new[1]", "new[2].evidence"]
    assert [row["alert_id"] for row in rows.tables["alerts"]] == ["a"]


# Notes


def test_the_latest_note_stands_beside_its_alert(config: Config) -> None:
    alerts.record(config, board_at(0, s1="watch"))
    monitor = Monitor(config)
    (alert_id,) = monitor.ledger().frame["alert_id"]
    monitor.note(alert_id, "call  the manager")
    monitor.note(alert_id, "signed")
    assert monitor.ledger().frame["note"].tolist() == ["signed"]
    assert sorted(told(config, "notes")["note"]) == ["call the manager", "signed"]
    assert Monitor(config).as_of == AS_OF


def test_a_note_on_nothing_or_of_nothing_is_refused(config: Config) -> None:
    alerts.record(config, board_at(0, s1="watch"))
    with pytest.raises(NoDataError, match="No alert beef"):
        Monitor(config).note("beef", "call them")
    with pytest.raises(ConfigError, match="note nothing"):
        Monitor(config).note(told(config)["alert_id"].iloc[0], " ")


# Thresholds


def rules_of(tmp_path: Path, text: str) -> Any:
    (tmp_path / "rules.toml").write_text(text)
    return read_rules(tmp_path / "rules.toml")


def test_rules_stand_as_they_are_without_a_file_or_a_change(tmp_path: Path) -> None:
    assert read_rules(tmp_path / "rules.toml") == metrics.RULES


def test_rules_saved_by_an_editor_that_marks_utf_8_are_read(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text("[breakout]\nwatch_evidence = 6\n", encoding="utf-8-sig")
    assert read_rules(tmp_path / "rules.toml") != metrics.RULES
    same = metrics.BREAKOUT["watch_evidence"]
    assert rules_of(tmp_path, f"[breakout]\nwatch_evidence = {same}\n") == metrics.RULES


def test_a_changed_threshold_shows_in_the_version_and_only_there(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, "[breakout]\nwatch_evidence = 6\n")
    assert rules["breakout"]["watch_evidence"] == 6.0
    version, mark = rules["breakout"].version.split("+")
    assert (version, len(mark)) == (metrics.BREAKOUT.version, 6)
    assert rules_of(tmp_path, "[breakout]\nwatch_evidence = 7\n")["breakout"].version != rules["breakout"].version
    assert rules["crossover"] == metrics.CROSSOVER


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[breakot]\nwatch_evidence = 6", "no rule; did you mean 'breakout'"),
        ("[breakout]\nwatch_evidense = 6", "no threshold 'watch_evidense'; did you mean 'watch_evidence'"),
        ("[breakout]\nwatch_evidence = 'six'", "is no number"),
        ("[breakout]\nwatch_evidence = true", "is no number"),
        ("[breakout]\nwatch_evidence = inf", "is no number"),
        ("breakout = 6", "must be a table"),
        ("[breakout", "not valid TOML"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_may_have_been(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        rules_of(tmp_path, text)


def test_thresholds_of_the_home_decide_what_is_flagged(own_home: Path, tmp_path: Path) -> None:
    home = shutil.copytree(own_home, tmp_path / "home")
    assert len(open_monitor(home).alerts().frame)
    many = "[breakout]\nwatch_posts = 1e9\nnew_posts = 1e9\n[catch_them_early]\nposts_last_24h = 1e9\n"
    (home / "rules.toml").write_text(many)
    strict = open_monitor(home).alerts()
    assert strict.frame.empty
    assert f"breakout v{metrics.BREAKOUT.version}+" in strict.caption


# Sweeps


def test_every_sweep_ends_with_what_the_rules_say(online: Any) -> None:
    monitor = open_monitor(online.home)
    spent = monitor.sweep()
    runs = told(online.config, "rule_runs")
    assert set(runs["rule"]) == set(alerts.ASKED)
    assert set(runs["asked_as_of"]) == {monitor.as_of}
    assert spent.run.spent == online.spent
    assert monitor.record_alerts().reason is not None


# The practice world


def test_the_shipped_alerts_are_those_the_rules_say_today(practice_home: Path) -> None:
    """The last ten recorded mornings are asked again, after what had been said before them; tests/chaos asks all."""
    config = Config.load(home=practice_home / practice.FOLDER)
    shipped = [one for _, one in archive.read(practice_home / practice.SAMPLE / practice.ALERTS)]
    assert len(shipped) == 7 * practice.WEEKS
    mornings = [one.fetched_at + said.JUST_BEFORE for one in shipped[-10:] if isinstance(one, Answer)]
    before = told(config, as_of=mornings[0] - said.JUST_BEFORE)
    again = list(practice.asked_on(mornings, Store(config.warehouse_file), before))
    assert [one.body for one in again] == [one.body for one in shipped[-10:] if isinstance(one, Answer)], (
        "the rules have changed: run `make sample`"
    )


def test_this_monday_is_recorded_after_ten_weeks_of_mornings(practice_home: Path) -> None:
    config = Config.load(home=practice_home / practice.FOLDER)
    runs = told(config, "rule_runs")
    assert runs["asked_as_of"].nunique() == 7 * practice.WEEKS + 1
    assert replace(alerts.Recorded(AS_OF), as_of=alerts.last_recorded(Store(config.warehouse_file))).as_of == max(
        runs["asked_as_of"]
    )
