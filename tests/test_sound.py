"""One sound, looked at closely: every exhibit, at any instant, the same numbers as the whole board's."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from trendlib import metrics
from trendlib.boards import evidence
from trendlib.boards.creator_names import CreatorNames
from trendlib.boards.excerpt import Excerpt
from trendlib.boards.sound import EXHIBITS, Sound
from trendlib.config import Config
from trendlib.errors import ConfigError, NoDataError, StoreBusyError
from trendlib.metrics.engines import DAY
from trendlib.monitor import Monitor, open_monitor
from trendlib.runs.loading import load
from trendlib.schema import Answer
from trendlib.store import Store

HOSTILE = "<script>alert(1)</script>\u202e=HYPERLINK(A1)"
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
ONE = "7012345678901234567"
LARGEST_MESSAGE = 200_000


@pytest.fixture(scope="module")
def monitor(own_home: Path) -> Monitor:
    return open_monitor(own_home)


@pytest.fixture(scope="module")
def leaders(monitor: Monitor) -> pd.DataFrame:
    return monitor.board.leaderboard()


@pytest.fixture(scope="module")
def busiest(monitor: Monitor) -> Sound:
    """Give the sound with the most posts known."""
    with monitor.store.as_of(monitor.as_of) as world:
        most = world.frame("posts").groupby("sound_id").size().idxmax()
    return monitor.sound(str(most))


def counter(sound_id: str, uses: int, *, at: datetime, title: str = "A song", artist: str = "Somebody") -> Answer:
    body = {"id": sound_id, "title": title, "author": artist, "video_count": uses}
    return Answer(at, "tiklive", "/music-info/", {"music_id": sound_id}, 200, body)


def home_of(folder: Path, *answers: Answer) -> Monitor:
    config = Config.load(home=folder)
    load([("20260101T000000Z-all", one) for one in answers], Store(config.warehouse_file))
    return Monitor(config, as_of=AT)


# Every exhibit


@pytest.mark.parametrize("name", ["region_shift", "leave_one_out", "reach", "posts"])
def test_few_posts_at_hand_tell_what_they_tell_in_the_engine(
    busiest: Sound, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_hand = busiest.exhibit(name)
    assert 0 < busiest.evidence.number_of_posts <= evidence.FEW_POSTS
    monkeypatch.setattr(evidence, "FEW_POSTS", 0)
    busiest.study.forget_sounds()
    in_engine = busiest.exhibit(name)
    busiest.study.forget_sounds()
    pd.testing.assert_frame_equal(at_hand.frame, in_engine.frame)
    assert (at_hand.subtitle, at_hand.caption) == (in_engine.subtitle, in_engine.caption)


@pytest.mark.parametrize("name", EXHIBITS)
def test_every_exhibit_shows_itself_small_and_with_its_status_or_source(busiest: Sound, name: str) -> None:
    exhibit = busiest.exhibit(name)
    assert exhibit.as_of == busiest.as_of
    assert exhibit.source
    assert len(exhibit.table.columns) <= len(exhibit.frame.columns)
    assert repr(exhibit)
    message = exhibit.fragment() + (exhibit.figure.to_json() or "" if exhibit.draw else "")
    assert len(message.encode()) < LARGEST_MESSAGE


@pytest.mark.parametrize("name", EXHIBITS)
def test_a_sound_of_one_reading_says_what_is_missing(tmp_path: Path, name: str) -> None:
    sound = home_of(tmp_path, counter(ONE, 500, at=AT - timedelta(hours=2))).sound(ONE)
    exhibit = sound.exhibit(name)
    assert exhibit.caption
    if exhibit.draw:
        assert exhibit.figure.layout.title.text or exhibit.figure.layout.annotations


@pytest.mark.parametrize("name", EXHIBITS)
def test_before_anything_was_known_nothing_is_made_up(busiest: Sound, name: str) -> None:
    alone = {"ranked": False} if name == "why" else {}
    exhibit = busiest.at(datetime(2020, 1, 1, tzinfo=UTC)).exhibit(name, **alone)
    if "growth_rate" in exhibit.frame:
        assert exhibit.frame["growth_rate"].isna().all()
    assert name in {"why", "family", "licence"} or not exhibit.frame.filter(["posts", "n", "views"]).sum().sum()


def test_a_hostile_title_is_text_in_every_exhibit(tmp_path: Path) -> None:
    answers = (
        counter(ONE, 500 + day, at=AT - timedelta(days=9 - day), title=HOSTILE, artist=HOSTILE) for day in range(9)
    )
    sound = home_of(tmp_path, *answers).sound(ONE)
    for name in EXHIBITS:
        assert "<script" not in sound.exhibit(name).fragment(), name


def test_an_unknown_exhibit_or_dialect_or_span_is_refused(busiest: Sound) -> None:
    with pytest.raises(ConfigError, match=r"no exhibit 'velocty' here; there are: velocity"):
        busiest.exhibit("velocty")
    with pytest.raises(ConfigError, match="no velocity dialect"):
        busiest.velocity(dialect="rival")
    with pytest.raises(ConfigError, match="by day or week"):
        busiest.exhibit("regions", by="month")
    with pytest.raises(ConfigError, match="1 to 14"):
        busiest.forecast(days=15)
    with pytest.raises(ConfigError, match="1 to 90"):
        busiest.reach(days=91)


def test_a_sound_never_watched_says_what_to_do(monitor: Monitor) -> None:
    with pytest.raises(NoDataError, match="was not watched"):
        monitor.sound("7999999999999999999")


# The same numbers as the board's


def test_growth_is_what_the_leaderboard_says(monitor: Monitor, leaders: pd.DataFrame) -> None:
    """The company's counters stand for the board's days: the evidence is the same, the last digit may differ."""
    rows = {row["sound_id"]: monitor.sound(row["sound_id"]).evidence.row for _, row in leaders.iterrows()}
    found = pd.DataFrame(rows).T.set_index("sound_id").reindex(leaders["sound_id"])
    board = leaders.set_index("sound_id")
    assert found["status"].tolist() == board["status"].tolist()
    assert found["posts_last_24h"].astype("Int64").equals(board["posts_last_24h"])
    ratio = (found["growth_rate"].astype("float64") / board["growth_rate"]).dropna()
    assert ratio.between(0.95, 1.05).all()


def test_daily_counts_are_those_of_the_board(monitor: Monitor, busiest: Sound) -> None:
    ours, theirs = busiest.evidence.days, monitor.board.days_of(busiest.sound_id)
    names = ["day", "posts", "exposure_days", "source"]
    pd.testing.assert_frame_equal(ours[names], theirs[names], check_dtype=False)


def test_another_instant_is_the_same_as_a_monitor_of_that_instant(monitor: Monitor, busiest: Sound) -> None:
    earlier = monitor.as_of - 3.3 * timedelta(days=1)
    slid, opened = busiest.at(earlier), Monitor(monitor.config, as_of=earlier).sound(busiest.sound_id)
    for name in ("velocity", "regions", "creators", "hashtags", "forecast"):
        pd.testing.assert_frame_equal(slid.exhibit(name).frame, opened.exhibit(name).frame)


def test_region_cells_are_the_region_mix_of_each_cell(busiest: Sound) -> None:
    posts = busiest.evidence.listed
    for by, days in (("day", 1), ("week", 7)):
        frame = busiest.regions(by=by, cells=3).frame  # type: ignore[arg-type]
        for place in range(3):
            end = busiest.as_of - place * days * timedelta(days=1)
            mix = metrics.region_mix(posts, as_of=end, days=days)
            own = frame[frame["day"] == pd.Timestamp(end) - days * DAY]
            assert dict(zip(own["region"], own["posts"], strict=True)) == dict(
                zip(mix["region"], mix["posts"], strict=True)
            )


def test_creators_and_concentration_are_those_of_the_metrics(busiest: Sound) -> None:
    evidence = busiest.evidence
    top = metrics.top_creators(evidence.viewed, as_of=busiest.as_of, top=10)
    frame = busiest.creators().frame
    assert frame["creator_id"].tolist() == top["creator_id"].tolist()
    assert frame["views"].tolist() == top["views"].tolist()
    few = metrics.concentration(evidence.posts, as_of=busiest.as_of)
    pd.testing.assert_frame_equal(evidence.concentration, few, check_dtype=False)


def test_hashtags_are_those_of_the_metric(busiest: Sound) -> None:
    evidence = busiest.evidence
    tags = evidence.world.table("post_hashtags")
    posts = evidence.world.posts_known(has_counters=False)
    counts = metrics.hashtag_counts(posts, tags, as_of=busiest.as_of)
    ours = evidence.world.hashtags_by_sound(28)
    pd.testing.assert_frame_equal(ours, counts, check_dtype=False)


def test_why_without_a_rank_says_the_same_of_the_sound_itself(monitor: Monitor, leaders: pd.DataFrame) -> None:
    for sound_id in leaders["sound_id"].head(5):
        whole, alone = monitor.sound(sound_id).why().frame, monitor.sound(sound_id).why(ranked=False).frame
        kept = whole[whole["check"] != "rank"].reset_index(drop=True)
        assert alone["check"].tolist() == kept["check"].tolist()
        assert alone["passed"].tolist() == kept["passed"].tolist()


def test_a_look_at_one_sound_needs_no_board(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, leaders: pd.DataFrame
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("the board was computed")

    monkeypatch.setattr("trendlib.boards.study.board", refuse)
    sound = open_monitor(own_home).sound(leaders["sound_id"].iloc[0])
    for name in EXHIBITS:
        sound.exhibit(name, **({"ranked": False} if name == "why" else {}))


def test_another_dialect_stands_beside_ours(busiest: Sound) -> None:
    ours = busiest.velocity().subtitle
    assert busiest.velocity(dialect="tutorial_hashtag").subtitle.startswith(
        f"{ours}; in the dialect tutorial_hashtag: "
    )


def test_every_post_has_an_address(busiest: Sound) -> None:
    frame = busiest.posts(top=3, days=70).frame
    assert frame["link"].str.match(r"https://www\.tiktok\.com/@[^/]+/video/\d+$").all()
    assert frame["views"].is_monotonic_decreasing


# What is read


def test_an_excerpt_is_the_warehouse_at_every_instant(monitor: Monitor, busiest: Sound) -> None:
    excerpt = Excerpt(monitor.store, [busiest.sound_id])
    for days in (0, 2.5, 20, 60):
        instant = monitor.as_of - days * timedelta(days=1)
        with monitor.store.as_of(instant) as world:
            theirs = world.posts([busiest.sound_id]).order("post_id").df().drop(columns=["answer_id", "observed_at"])
            readings = world.frame("sound_observations", sound_id=busiest.sound_id)
        ours = excerpt.at(instant).posts_known(has_counters=True).order("post_id").df()
        pd.testing.assert_frame_equal(ours, theirs[ours.columns], check_dtype=False)
        pd.testing.assert_frame_equal(excerpt.at(instant).frame("sound_observations"), readings)


def test_an_excerpt_knows_until_when_alerts_stood(monitor: Monitor) -> None:
    with monitor.store.as_of(monitor.as_of) as world:
        alerts = world.frame("alerts")
    alerts = alerts[(alerts["subject"] == "sound") & (alerts["last_at"] > alerts["alerted_at"])]
    assert len(alerts)
    theirs = Excerpt(monitor.store, alerts["subject_id"].tolist()).at(monitor.as_of).frame("alerts")
    is_theirs = theirs["alert_id"].isin(alerts["alert_id"])
    assert theirs.loc[is_theirs, "last_at"].tolist() == alerts["last_at"].tolist()


def test_what_was_read_ahead_is_shown_as_what_is_read_alone(monitor: Monitor, busiest: Sound) -> None:
    other = open_monitor(monitor.config.home)
    other.study.read_ahead(["7999999999999999999", busiest.sound_id])
    sound = Sound(other.study, busiest.sound_id, busiest.as_of)
    for name in ("velocity", "regions", "creators", "hashtags", "reach"):
        pd.testing.assert_frame_equal(sound.exhibit(name).frame, busiest.exhibit(name).frame)


def test_a_sound_that_was_read_ahead_opens_no_file(
    monitor: Monitor, busiest: Sound, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = Excerpt(monitor.store, [busiest.sound_id])
    whole = len(alone.taken("posts").table("posts"))
    other = open_monitor(monitor.config.home)
    other.study.read_ahead([busiest.sound_id])
    monkeypatch.delattr(Excerpt, "_attached")
    part = other.study.excerpt(busiest.sound_id)
    assert len(part.taken("posts", "post_observations", "post_hashtags").table("posts")) == whole > 3


def test_what_is_offered_is_read_in_steps_and_is_there_after_the_last(
    monitor: Monitor, busiest: Sound, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = open_monitor(monitor.config.home).study
    steps = study.reading_ahead([busiest.sound_id])
    next(steps)
    next(steps)
    alone = study.excerpt(busiest.sound_id).taken("posts").table("posts").project("post_id").order("post_id").fetchall()
    study.forget_sounds()
    assert list(steps)
    monkeypatch.delattr(Excerpt, "_attached")
    copied = study.excerpt(busiest.sound_id).taken("posts", "creators", "post_hashtags").table("posts")
    assert copied.project("post_id").order("post_id").fetchall() == alone
    assert not list(study.reading_ahead([busiest.sound_id]))


def test_what_was_read_while_the_warehouse_changed_is_dropped(tmp_path: Path) -> None:
    monitor = home_of(tmp_path, counter(ONE, 500, at=AT - timedelta(hours=2)))
    steps = monitor.study.reading_ahead([ONE])
    next(steps)
    load([("20260302T100000Z-all", counter(ONE, 900, at=AT - timedelta(hours=1)))], monitor.store)
    assert list(steps)
    assert monitor.sound(ONE).evidence.uses["total_uses"].tolist() == [900]
    assert list(monitor.study.reading_ahead([ONE]))


def test_reading_ahead_waits_for_nobody_who_writes(tmp_path: Path) -> None:
    monitor = home_of(tmp_path, counter(ONE, 500, at=AT - timedelta(hours=2)))
    assert monitor.store.wait_s > 0
    with duckdb.connect(str(monitor.store.path)), pytest.raises(StoreBusyError, match="in use by another part"):
        list(monitor.study.reading_ahead([ONE]))


def test_many_offers_leave_the_list_where_it_is(
    monitor: Monitor, busiest: Sound, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = open_monitor(monitor.config.home).study
    study.read_ahead([busiest.sound_id])
    for place in range(12):
        assert list(study.reading_ahead([f"79999999999999999{place:02}"]))
    monkeypatch.delattr(Excerpt, "_attached")
    assert study.excerpt(busiest.sound_id).log("feed_pages") is not None


def test_sounds_with_very_many_posts_are_not_read_ahead(monitor: Monitor, busiest: Sound) -> None:
    both = Excerpt(monitor.store, [busiest.sound_id, "7999999999999999999"])
    assert both.of_usual_size(10**6) == list(both.sound_ids)
    assert both.of_usual_size(3) == ["7999999999999999999"]


def test_what_is_swept_after_reading_ahead_is_seen(tmp_path: Path) -> None:
    monitor = home_of(tmp_path, counter(ONE, 500, at=AT - timedelta(days=2)))
    monitor.study.read_ahead([ONE])
    assert len(monitor.sound(ONE).evidence.readings) == 1
    load([("20260102T000000Z-all", counter(ONE, 600, at=AT - timedelta(days=1)))], monitor.store)
    assert len(monitor.sound(ONE).evidence.readings) == 2


def test_a_creators_name_is_the_one_known_at_the_instant() -> None:
    names = CreatorNames()
    names.add(["a", "b"], [("a", 10, "first", None), ("a", 20, None, "Nick"), ("a", 30, "third", None)], [("a", 15, 7)])
    assert names.missing(["a", "c"]) == ["c"]
    known = [names.at(now, ["a", "b"]) for now in (10, 20, 31)]
    assert [frame["handle"].fillna("").tolist() for frame in known] == [["", ""], ["first", ""], ["third", ""]]
    assert [frame["nickname"].fillna("").iloc[0] for frame in known] == ["", "", "Nick"]
    assert [frame["followers"].fillna(-1).tolist() for frame in known] == [[-1, -1], [7, -1], [7, -1]]


def test_what_is_swept_later_is_seen(tmp_path: Path) -> None:
    monitor = home_of(tmp_path, counter(ONE, 500, at=AT - timedelta(days=2)))
    sound = monitor.sound(ONE)
    assert len(sound.evidence.readings) == 1
    load([("20260102T000000Z-all", counter(ONE, 600, at=AT - timedelta(days=1)))], monitor.store)
    assert len(sound.evidence.readings) == 2


def test_a_reader_lets_the_file_go(monitor: Monitor, busiest: Sound) -> None:
    busiest.velocity()
    duckdb.connect(str(monitor.store.path)).close()


def test_frames_are_plain_json(busiest: Sound) -> None:
    for name in EXHIBITS:
        json.loads(busiest.exhibit(name).frame.head(3).to_json(date_format="iso"))


def interrupted(excerpt: Excerpt) -> None:
    with excerpt._attached() as memory:  # noqa: SLF001 - what a copy is made in
        memory.execute("CREATE TABLE posts AS FROM warehouse.posts LIMIT 3").fetchall()
        raise KeyboardInterrupt


def test_a_copy_that_is_interrupted_leaves_nothing_behind(busiest: Sound, monitor: Monitor) -> None:
    excerpt, other = (Excerpt(monitor.store, [busiest.sound_id]) for _ in range(2))
    whole = len(other.taken("posts").table("posts"))
    with pytest.raises(KeyboardInterrupt):
        interrupted(excerpt)
    assert len(excerpt.taken("posts").table("posts")) == whole > 3


def test_posts_asked_for_twice_are_those_of_each_question(busiest: Sound, monitor: Monitor) -> None:
    with monitor.store.as_of(monitor.as_of) as world:
        own = world.posts([busiest.sound_id])
        none = world.posts(["7999999999999999999"])
        assert len(own) > 0
        assert len(none) == 0


def test_a_sound_is_found_by_the_title_that_a_chart_gave_it(own_home: Path) -> None:
    sound = open_monitor(own_home).sound("Under the Overpass")
    assert sound.sound_id == "7438104633127293048"
