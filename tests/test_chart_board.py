"""The trending charts shown: each exhibit says what the pulls say, and what was never pulled names its remedy."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from trendlib import metrics
from trendlib.boards.chart_board import ChartBoard, _move_words
from trendlib.errors import ConfigError, NoDataError
from trendlib.monitor import Monitor


@pytest.fixture(scope="module")
def monitor(practice_home: Path) -> Monitor:
    return Monitor.of_practice(practice_home)


@pytest.fixture(scope="module")
def board(monitor: Monitor) -> ChartBoard:
    return monitor.charts


@pytest.fixture(scope="module")
def entries(monitor: Monitor) -> pd.DataFrame:
    """Give every chart entry, with when its pull began."""
    with monitor.store.as_of(monitor.as_of) as world:
        rows, pages = world.frame("chart_entries"), world.frame("chart_pulls")
    found: pd.DataFrame = metrics.by_pull(rows, pages, as_of=monitor.as_of)
    return found


def ranks_of(entries: pd.DataFrame, region: str) -> list[list[str]]:
    """Give the sounds of each pull of a market by rank, the oldest pull first."""
    own = entries[entries["region"] == region].sort_values("rank")
    return [pull["sound_id"].tolist() for _, pull in own.groupby("pulled_at")]


def test_the_charts_pulled_are_listed_with_their_age(board: ChartBoard, monitor: Monitor) -> None:
    listed = board.pulls().frame
    assert listed["region"].tolist() == ["BR", "GB", "US"]
    hours = (monitor.as_of - listed["pulled_at"]).dt.total_seconds() / 3600
    assert (hours - listed["age_h"]).abs().max() <= 0.051
    assert "US 7 days" in repr(board)


def test_a_chart_has_every_sound_of_the_latest_pull_in_its_order(board: ChartBoard, entries: pd.DataFrame) -> None:
    shown = board.table("us").frame
    assert shown["sound_id"].tolist() == ranks_of(entries, "US")[-1]
    own = entries[entries["region"] == "US"]
    assert shown.set_index("sound_id")["best_rank"].to_dict() == {
        sound: own.loc[own["sound_id"] == sound, "rank"].min() for sound in shown["sound_id"]
    }
    days = own.assign(day=own["pulled_at"].dt.floor("D")).groupby("sound_id")["day"].nunique()
    assert (shown.set_index("sound_id")["days_on_chart"] == days.reindex(shown["sound_id"])).all()


def test_what_nobody_watches_is_told_apart(monitor: Monitor, board: ChartBoard) -> None:
    followed = set(monitor.watchlist.sounds[:7])
    few = ChartBoard(board.charted, lambda: followed, board.ask)
    shown = few.table("US")
    assert set(shown.frame.loc[shown.frame["is_watched"], "sound_id"]) <= followed
    assert f"{int((~shown.frame['is_watched']).sum())} not watched yet" in shown.subtitle
    assert not set(few.finds("US").frame["sound_id"]) & followed
    assert set(few.finds().frame["sound_id"]) | followed >= set(shown.frame["sound_id"])


def test_only_what_is_new_is_shown_when_that_is_asked(board: ChartBoard, entries: pd.DataFrame) -> None:
    own = entries[(entries["region"] == "US") & (entries["rank_move"] == "new")]
    day = own["pulled_at"].iloc[len(own) // 2] + timedelta(hours=1)
    then = Monitor.of_practice(board.charted.store.path.parents[2], as_of=day.to_pydatetime()).charts
    only = then.table("US", new_only=True)
    shown = only.frame
    assert only.subtitle.startswith(f"{len(shown)} of {len(then.table('US').frame)} sounds are new")
    assert shown["is_new"].all()
    assert set(shown["sound_id"]) == set(own.loc[own["pulled_at"] == own["pulled_at"].iloc[len(own) // 2], "sound_id"])


def test_changes_are_the_differences_of_the_last_two_whole_pulls(board: ChartBoard, entries: pd.DataFrame) -> None:
    pulls = ranks_of(entries, "BR")
    place = next(number for number in range(1, len(pulls)) if set(pulls[number]) != set(pulls[number - 1]))
    times = sorted(entries.loc[entries["region"] == "BR", "pulled_at"].unique())
    home = board.charted.store.path.parents[2]
    then = Monitor.of_practice(home, as_of=(times[place] + timedelta(minutes=30)).to_pydatetime()).charts
    found = then.changes("BR").frame.set_index("sound_id")
    before, now = set(pulls[place - 1]), set(pulls[place])
    assert set(found.index[found["change"] == "entered"]) == now - before
    assert set(found.index[found["change"] == "left"]) == before - now
    assert found.loc[list(now - before), "rank_before"].isna().all()
    assert found.loc[list(now - before), "rank_now"].notna().all()


def test_one_pull_tells_no_change(board: ChartBoard, entries: pd.DataFrame) -> None:
    first = entries["pulled_at"].min() + timedelta(minutes=5)
    then = Monitor.of_practice(board.charted.store.path.parents[2], as_of=first.to_pydatetime()).charts
    with pytest.raises(NoDataError, match=r"fewer than two whole pulls.*trendlib pull"):
        then.changes("US")


def test_a_chart_nobody_pulled_is_named_with_those_that_are_known_and_what_to_do(board: ChartBoard) -> None:
    with pytest.raises(NoDataError, match=r"chart of SE, 7 days.*Known are: BR 7 days.*trendlib pull"):
        board.table("SE")
    with pytest.raises(NoDataError, match="US, 30 days"):
        board.table("US", 30)
    with pytest.raises(ConfigError, match=r"is no region.*did you mean 'GB'"):
        board.table("EN")


def test_before_the_first_pull_nothing_is_known(board: ChartBoard) -> None:
    then = Monitor.of_practice(board.charted.store.path.parents[2], as_of=datetime(2020, 1, 1, tzinfo=UTC)).charts
    assert then.pulls().frame.empty
    assert "no chart pulled yet" in repr(then)
    with pytest.raises(NoDataError, match="Known are: none"):
        then.table("US")


def test_the_paths_of_leaders_end_at_their_ranks(board: ChartBoard) -> None:
    leaders = board.table("US").frame.head(3)
    paths = board.rank_paths("US", top=3).frame
    assert set(paths["sound_id"]) == set(leaders["sound_id"])
    last = paths.sort_values("day").drop_duplicates("sound_id", keep="last").set_index("sound_id")["rank"]
    assert last.to_dict() == leaders.set_index("sound_id")["rank"].to_dict()


def test_a_sound_is_followed_on_all_its_charts_or_on_those_named(board: ChartBoard, entries: pd.DataFrame) -> None:
    sound = board.table("US").frame["sound_id"].iloc[4]
    everywhere = board.rank_paths(sound=sound).frame
    assert set(everywhere["region"]) == set(entries.loc[entries["sound_id"] == sound, "region"])
    assert set(board.rank_paths("BR", sound=sound).frame["region"]) == {"BR"}
    with pytest.raises(NoDataError, match="on no 7-day chart of SE"):
        board.rank_paths("SE", sound=sound)


@pytest.mark.parametrize("regions", [(), ("US", "BR")])
def test_paths_of_leaders_are_those_of_one_market(board: ChartBoard, regions: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="name one region"):
        board.rank_paths(*regions)


def test_a_curve_is_a_shape_without_a_volume(board: ChartBoard) -> None:
    shown = board.curve(board.table("US").frame["sound_id"].iloc[0], "US")
    assert shown.frame["value"].between(0, 1).all()
    assert shown.frame["day"].is_unique
    assert "no volume" in shown.subtitle
    with pytest.raises(NoDataError, match=r"No 120-day curve.*trendlib pull"):
        board.curve(shown.frame["sound_id"].iloc[0], period=120)


def test_an_audience_is_an_index_and_an_unknown_one_says_how_to_pull_it(monitor: Monitor, board: ChartBoard) -> None:
    with monitor.store.as_of(monitor.as_of) as world:
        known = set(world.frame("chart_audiences")["sound_id"])
    sound = min(known)
    shown = board.audience(sound)
    assert set(shown.frame["sound_id"]) == {sound}
    assert (shown.frame.groupby("kind")["index"].mean() - 1).abs().max() < 1e-9
    assert "no share" in shown.subtitle
    unknown = "7999999999999999999"
    with pytest.raises(NoDataError, match=f"audience of sound {unknown}.*--sound {unknown}"):
        board.audience(unknown)


def test_a_sound_s_life_on_each_chart(board: ChartBoard, entries: pd.DataFrame) -> None:
    sound = board.table("GB").frame["sound_id"].iloc[2]
    lives = board.longevity(sound).frame.set_index("region")
    own = entries[entries["sound_id"] == sound]
    assert lives["best_rank"].to_dict() == own.groupby("region")["rank"].min().to_dict()
    with pytest.raises(NoDataError, match="on no whole pull"):
        board.longevity("7999999999999999999")


@pytest.mark.parametrize(
    ("move", "places", "words"),
    [("up", 3, "▲ up 3"), ("down", pd.NA, "▼ down"), ("same", 0, "= same"), ("new", 9, "✦ new"), (None, 2, None)],
)
def test_movements_are_said_in_words(move: str | None, places: object, words: str | None) -> None:
    assert _move_words(move, places) == words
