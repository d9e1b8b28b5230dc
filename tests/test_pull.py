"""A pull: charts to their end, details, catalogue and artists in one run, each provider for itself."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from frames import to_polars

from trendlib.api.keyapi import Chart
from trendlib.config import EXPIRY, Config
from trendlib.errors import AuthError, ConfigError, NoDataError
from trendlib.metrics.curves import stitch
from trendlib.metrics.pulls import by_pull, curve_points
from trendlib.monitor import Monitor
from trendlib.runs.discover import CHART_COLUMNS, chart_finds
from trendlib.runs.loading import rebuild
from trendlib.runs.pull import PullPlan, PullReport, charts_of, pull
from trendlib.sandbox import Faults, Key, Planned, Server, World
from trendlib.sandbox.regions import region_index
from trendlib.store import Store

FOREVER = datetime(9000, 1, 1, tzinfo=UTC)
START = datetime(2026, 9, 7, tzinfo=UTC).date()
POOR_KEY = "sk_live_poor"
KEYS = {"keyapi": "sk_live_practice", "layers": "practice-layers-key"}


@dataclass(frozen=True)
class Desk:
    """A home whose providers are one practice server."""

    server: Server
    home: Path

    def config(self, **settings: Any) -> Config:
        url = self.server.url
        addresses = {f"{name}_base_url": url for name in ("tiklive", "keyapi", "layers", "musicbrainz")}
        keys = {f"{name}_api_key": key for name, key in KEYS.items()}
        quick = {
            "requests_per_minute": 0,
            "page_gap_s": 0.0,
            "backoff_s": 0.01,
            "musicbrainz_contact": "me@sandbox.invalid",
        }
        return Config(home=self.home, **{**addresses, **keys, **quick, **settings})

    def pull(self, plan: PullPlan, *, budget: int | None = None, **settings: Any) -> PullReport:
        return pull(self.config(**settings), plan, budget=budget, clock=lambda: self.server.now)

    def asked(self, path: str = "/") -> list[Any]:
        return [one for one in self.server.requests if one.path.startswith(path)]

    def frame(self, table: str) -> pd.DataFrame:
        with Store(self.config().warehouse_file).as_of(FOREVER) as world:
            return world.frame(table)


@pytest.fixture(scope="module")
def world() -> World:
    """A world with more sounds than a chart holds."""
    return World(seed=5, sounds=130, hashtags=1, days=40, start=START)


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Iterator[Desk]:
    poor = (Key(POOR_KEY, "keyapi", credits=14),)
    with Server(world, rate_per_minute=None, other_keys=poor, now=world.end) as server:
        yield Desk(server, tmp_path / "home")


def known_artist(world: World) -> str:
    """Give the name of an artist whom the public catalogue of the world knows."""
    server = Server(world)
    agent = {"User-Agent": "a test ( me@sandbox.invalid )"}
    names = dict.fromkeys(sound.artist for sound in world.catalogue if not sound.is_original)
    for name in names:
        _, body = server.answer("/ws/2/artist", {"query": f'"{name}"'}, agent)
        if body["artists"]:
            return name
    pytest.fail("the world knows no artist")


# One pull


def test_charts_are_pulled_to_their_end_and_cost_two_credits_a_page(desk: Desk) -> None:
    report = desk.pull(PullPlan(charts_of(("US", "BR"), (7, 30))))
    pages, entries, calls = desk.frame("chart_pulls"), desk.frame("chart_entries"), desk.frame("calls")
    assert (report.charts, report.run.failures, report.run.stopped) == (4, [], None)
    assert pages.groupby(["region", "period_days"])["page"].apply(sorted).tolist() == [[1, 2, 3, 4, 5]] * 4
    assert entries.groupby(["region", "period_days"])["rank"].apply(sorted).tolist() == [list(range(1, 101))] * 4
    assert report.run.spent == calls["credits"].sum() == desk.server.credits[KEYS["keyapi"]] == 40
    assert report.run.spent_by == {"keyapi": 40}
    assert desk.frame("rejects").empty


def test_filters_and_search_are_kept_with_their_pull(desk: Desk) -> None:
    word = next(iter(desk.server.world.catalogue)).title.split()[0]
    narrow = Chart("US", 7, new_to_top_100=True, commercial_music=True)
    desk.pull(PullPlan((narrow, Chart("US", 7, search=word))))
    pages = desk.frame("chart_pulls").set_index("search_keyword", drop=False)
    assert pages.loc[pages["search_keyword"].isna(), ["new_to_top_100", "commercial_music"]].to_numpy().all()
    assert pages.loc[[word], ["new_to_top_100", "commercial_music"]].isna().all(axis=None)


def test_all_sources_are_pulled_in_one_run_and_loaded(desk: Desk) -> None:
    name, sound = known_artist(desk.server.world), desk.server.world.catalogue[0].sound_id
    plan = PullPlan(
        charts_of(("US",)), sounds=(f"https://www.tiktok.com/music/x-{sound}",), has_catalogue=True, artists=(name,)
    )
    report = desk.pull(plan)
    assert (report.charts, report.details, report.artists) == (1, 1, 1)
    assert report.tracks == len(desk.frame("catalog_tracks")) == desk.frame("catalog_pulls")["total"].sum() > 0
    assert desk.frame("chart_details")["sound_id"].tolist() == [sound]
    assert set(desk.frame("chart_audiences")["kind"]) == {"country", "interest"}
    artists, releases = desk.frame("artists"), desk.frame("releases")
    assert artists.loc[artists["score"] == 100, ["asked", "name"]].to_numpy().tolist() == [[name, name]]
    assert set(releases["artist_id"]) == set(artists.loc[artists["score"] == 100, "artist_id"])
    assert report.run.spent_by == {"keyapi": plan.credits, "layers": 0, "musicbrainz": 0}
    assert desk.frame("calls")["error"].isna().all()


def test_the_same_pull_again_is_served_by_the_cache(desk: Desk) -> None:
    plan = PullPlan(charts_of(("US",)), has_catalogue=True, artists=("Nobody & Sons",))
    desk.pull(plan)
    asked = len(desk.asked())
    desk.server.now += EXPIRY["/v1/tiktok-music"] - timedelta(minutes=1)
    again = desk.pull(plan)
    assert (len(desk.asked()), again.run.spent, again.run.saved_by["keyapi"]) == (asked, 0, 10)
    desk.server.now += timedelta(minutes=2)
    desk.pull(plan)
    assert (len(desk.asked("/v1/tiktok-music")), len(desk.asked("/ws/2/"))) == (2, 1)


def test_the_archive_makes_the_same_warehouse_again(desk: Desk) -> None:
    plan = PullPlan(charts_of(("US",)), sounds=(desk.server.world.catalogue[0].sound_id,), has_catalogue=True)
    desk.pull(plan)
    before = {name: desk.frame(name) for name in ("chart_entries", "chart_audiences", "catalog_tracks", "calls")}
    rebuild(desk.config())
    for name, frame in before.items():
        pd.testing.assert_frame_equal(desk.frame(name), frame)


def test_no_key_and_no_contact_is_written_anywhere(desk: Desk) -> None:
    desk.pull(PullPlan(charts_of(("US",)), has_catalogue=True, artists=("Nobody",)))
    written = b"".join(path.read_bytes() for path in desk.home.rglob("*") if path.is_file())
    assert written
    for secret in (*KEYS.values(), "me@sandbox.invalid"):
        assert secret.encode() not in written


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (PullPlan, "plan is empty"),
        (lambda: PullPlan(sounds=("x",)), "neither a sound id"),
        (lambda: PullPlan(artists=(" ",)), "it is empty"),
        (lambda: PullPlan(charts_of(("EN",))), "did you mean 'GB'"),
    ],
    ids=["empty", "no sound", "no artist", "no market"],
)
def test_a_plan_that_cannot_be_asked_for_is_refused_at_once(plan: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        plan()


# One provider that refuses


ALL = PullPlan(charts_of(("US", "BR", "MX", "DE")), has_catalogue=True)


def test_a_wrong_key_of_one_provider_is_said_once_and_leaves_the_others_working(desk: Desk) -> None:
    report = desk.pull(ALL, keyapi_api_key="sk_live_wrong")
    assert list(report.run.ends) == ["keyapi"]
    assert report.run.ends["keyapi"].endswith("HTTP 401; check KEYAPI_API_KEY")
    assert (report.run.failures, report.charts, report.tracks > 0) == ([], 0, True)
    assert len(desk.asked("/v1/tiktok/")) <= desk.config().workers
    report = desk.pull(ALL, layers_api_key="wrong")
    assert (list(report.run.ends), report.charts, report.tracks) == (["layers"], 4, 0)


def test_a_missing_key_is_said_once_and_asks_nothing(desk: Desk) -> None:
    report = desk.pull(ALL, keyapi_api_key=None)
    assert report.run.stopped is not None
    assert report.run.stopped.count("Set KEYAPI_API_KEY") == 1
    assert (len(desk.asked("/v1/tiktok/")), report.tracks > 0) == (0, True)


def test_used_up_credits_end_that_provider_and_keep_what_was_bought(desk: Desk) -> None:
    report = desk.pull(ALL, keyapi_api_key=POOR_KEY)
    assert list(report.run.ends) == ["keyapi"]
    assert "apiKey quota is not enough" in report.run.ends["keyapi"]
    assert len(desk.frame("chart_entries")) == 7 * 20
    assert desk.server.credits[POOR_KEY] == 14
    assert report.tracks > 0


def test_a_spent_budget_ends_the_provider_whose_credits_it_was(desk: Desk) -> None:
    report = desk.pull(ALL, budget=6)
    assert "to keyapi costs 2 credits; 6 of the 6" in report.run.ends["keyapi"]
    assert (report.run.spent_by["keyapi"], desk.server.credits[KEYS["keyapi"]]) == (6, 6)
    assert report.tracks > 0


def test_a_key_without_its_scope_is_told_which_one(world: World, tmp_path: Path) -> None:
    faults = Faults(script=(Planned("403", path="/v1/tiktok-music", times=None),))
    with Server(world, rate_per_minute=None, faults=faults) as server:
        report = Desk(server, tmp_path).pull(ALL)
    assert "lacks the scope publish:read" in report.run.ends["layers"]
    assert report.charts == 4


def test_a_missing_address_is_said_beside_what_the_others_gave(desk: Desk) -> None:
    report = desk.pull(ALL, layers_base_url=None)
    assert report.charts == 4
    assert "Set LAYERS_BASE_URL" in report.run.ends["layers"]


def test_where_nobody_answered_the_refusals_are_raised_all_of_them(desk: Desk) -> None:
    with pytest.raises(AuthError, match=r"check KEYAPI_API_KEY\. .*check LAYERS_API_KEY"):
        desk.pull(ALL, keyapi_api_key="sk_live_wrong", layers_api_key="wrong-key")
    with pytest.raises(ConfigError, match="TRENDLIB_MUSICBRAINZ_CONTACT"):
        desk.pull(PullPlan(artists=("Tessa Venn",)), musicbrainz_contact=None)
    assert not desk.asked("/ws/2/")


def test_one_chart_that_fails_does_not_lose_the_others(world: World, tmp_path: Path) -> None:
    faults = Faults(script=(Planned("500", params={"region": "BR"}, times=None),))
    with Server(world, rate_per_minute=None, faults=faults) as server:
        report = Desk(server, tmp_path).pull(ALL, attempts=2)
    assert (report.charts, report.run.ends) == (3, {})
    assert [failure.call.params["region"] for failure in report.run.failures] == ["BR"]


def test_a_catalogue_that_asks_to_slow_down_is_asked_again(world: World, tmp_path: Path) -> None:
    faults = Faults(script=(Planned("503", path="/ws/2/artist", times=1),))
    with Server(world, rate_per_minute=None, faults=faults) as server:
        report = Desk(server, tmp_path).pull(PullPlan(artists=("Nobody & Sons",)))
    assert (report.artists, len(server.requests)) == (1, 2)


# Killed


KILLED = """
import os, signal, sys
from datetime import datetime
from trendlib.config import Config
from trendlib.runs.pull import PullPlan, charts_of, pull
home, url, now = sys.argv[1:4]
def die(stage, done, total):
    os.kill(os.getpid(), signal.SIGKILL)
config = Config(home=home, keyapi_base_url=url, keyapi_api_key="sk_live_practice", tiklive_base_url=url,
                layers_base_url=url, layers_api_key="practice-layers-key", musicbrainz_base_url=url,
                musicbrainz_contact="me@sandbox.invalid", requests_per_minute=0, page_gap_s=0)
pull(config, PullPlan(charts_of(sys.argv[4:])), clock=lambda: datetime.fromisoformat(now), on_progress=die)
"""


def test_a_killed_pull_is_taken_up_again_without_buying_a_page_twice(desk: Desk) -> None:
    regions = ("US", "BR", "MX", "DE", "FR", "IT", "ES", "PL")
    command = [sys.executable, "-c", KILLED, str(desk.home), desk.server.url, desk.server.now.isoformat(), *regions]
    assert subprocess.run(command, check=False).returncode == -9
    bought = desk.server.credits[KEYS["keyapi"]]
    assert 10 <= bought < 80
    report = desk.pull(PullPlan(charts_of(regions)))
    assert report.run.taken_over > 0
    assert desk.frame("calls")["credits"].sum() == 80
    on_their_way = desk.config().workers  # answers that the kill kept from arriving
    assert desk.server.credits[KEYS["keyapi"]] <= 80 + on_their_way
    assert report.run.spent <= 80 - bought + on_their_way
    assert len(desk.frame("chart_entries")) == 800


# Four weeks against the truth


def true_chart(world: World, region: str, period: int, day: int) -> list[str]:
    """Rank the sounds of a market by what the world knows: posts of the days before times the market's share."""
    place = region_index(region)
    rows = np.arange(world.sounds)
    uses = world.posts.counts[: world.sounds, max(day - period, 0) : day].sum(axis=1)
    score = uses * world.posts.mix.shares(rows, np.full(len(rows), day - 1))[:, place]
    return [world.catalogue[row].sound_id for row in np.argsort(-score, kind="stable")[:100] if score[row] > 0]


def test_four_weeks_of_daily_pulls_tell_the_truth(desk: Desk, world: World) -> None:
    # `python -m benchmarks.charts` does so for twenty markets and three periods.
    regions, periods, days = ("US", "BR"), (7,), 28
    truth: dict[tuple[str, int, Any], list[str]] = {}
    for back in range(days, 0, -1):
        desk.server.now = world.end - timedelta(days=back) + timedelta(hours=6)
        desk.pull(PullPlan(charts_of(regions, periods)))
        day = world.calendar.place(int(desk.server.now.timestamp()))[0]
        for region in regions:
            for period in periods:
                truth[region, period, pd.Timestamp(desk.server.now.date())] = true_chart(world, region, period, day)
    calls = desk.frame("calls")
    assert calls["credits"].sum() == desk.server.credits[KEYS["keyapi"]] == 2 * 5 * len(truth)
    entries = by_pull(desk.frame("chart_entries"), desk.frame("chart_pulls"), as_of=FOREVER)
    assert entries["is_whole"].all()
    seen = {
        (region, period, at.tz_localize(None).normalize()): chart.sort_values("rank")["sound_id"].tolist()
        for (region, period, at), chart in entries.groupby(["region", "period_days", "pulled_at"])
    }
    assert seen == truth
    demand_true_curves(entries[(entries["region"] == "US") & (entries["period_days"] == 7)], world)


def demand_true_curves(entries: pd.DataFrame, world: World) -> None:
    curves = stitch(curve_points(entries, as_of=FOREVER), as_of=FOREVER)
    daily = world.truth().daily
    days = pd.DatetimeIndex(world.truth().days, tz=UTC)
    correlations = []
    for (sound, _), curve in curves.groupby(["sound_id", "segment"]):
        true = pd.Series(daily[sound], index=days).reindex(curve["day"])
        if len(curve) >= 14:
            correlations.append(np.corrcoef(true, curve["value"])[0, 1])
    assert len(correlations) > 50
    assert min(correlations) >= 0.98


# Which pages are one pull


def pages(*said: dict[str, Any]) -> pd.DataFrame:
    usual = {"region": "US", "period_days": 7, "search_keyword": None, "new_to_top_100": None, "commercial_music": None,
             "page": 1, "size": 20, "total": 40, "has_more": True, "items": 20}  # fmt: skip
    rows = [{**usual, "answer_id": str(number), **one} for number, one in enumerate(said)]
    kinds = {"region": "str", "search_keyword": "str", "new_to_top_100": "boolean", "commercial_music": "boolean",
             "page": "Int64", "total": "Int64", "items": "Int64", "has_more": "boolean",
             "answer_id": "str"}  # fmt: skip
    frame = pd.DataFrame(rows).astype(kinds)
    start = pd.Timestamp("2026-03-02T06:00Z")
    return frame.assign(observed_at=[start + pd.Timedelta(minutes=one) for one in frame["at"]]).astype(
        {"observed_at": "datetime64[us, UTC]"}
    )


def pulled(*said: dict[str, Any]) -> list[tuple[int, bool]]:
    """Give of each page when its pull began [min], and whether that is whole."""
    table = pages(*said)
    found = by_pull(table[["answer_id"]].assign(sound_id="1"), table, as_of=FOREVER).set_index("answer_id")
    begun = (found["pulled_at"] - pd.Timestamp("2026-03-02T06:00Z")) // pd.Timedelta(minutes=1)
    return [(int(begun[one]), bool(found["is_whole"][one])) for one in table["answer_id"]]


END: dict[str, Any] = {"page": 2, "has_more": False}


def test_pages_in_rising_order_are_one_pull_with_one_time() -> None:
    assert pulled({"at": 0}, {"at": 1, **END}) == [(0, True), (0, True)]
    assert pulled({"at": 1}, {"at": 0, **END}) == [(1, False), (0, False)]


def test_a_page_that_is_not_higher_begins_the_next_pull() -> None:
    found = pulled({"at": 0}, {"at": 1}, {"at": 2, **END}, {"at": 600}, {"at": 601, **END})
    assert found == [(0, False), (1, True), (1, True), (600, True), (600, True)]


def test_a_page_of_much_later_begins_a_pull_too() -> None:
    assert pulled({"at": 0}, {"at": 721, **END}) == [(0, False), (721, False)]


def test_charts_are_told_apart_by_market_period_and_filter() -> None:
    found = pulled({"at": 0}, {"at": 1, "region": "BR"}, {"at": 2, **END}, {"at": 3, "region": "BR", **END})
    assert found == [(0, True), (1, True), (0, True), (1, True)]


@pytest.mark.parametrize("narrow", [{"search_keyword": "tide"}, {"new_to_top_100": True}, {"commercial_music": True}])
def test_a_narrowed_chart_is_never_whole(narrow: dict[str, Any]) -> None:
    assert pulled({"at": 0, **narrow}, {"at": 1, **END, **narrow}) == [(0, False), (0, False)]


def test_a_chart_that_does_not_say_whether_it_goes_on_is_whole_at_its_total() -> None:
    silent = {"has_more": None}
    assert pulled({"at": 0, **silent}, {"at": 1, "page": 2, **silent}) == [(0, True), (0, True)]
    assert pulled({"at": 0, **silent}) == [(0, False)]
    assert pulled({"at": 0, **silent, "total": None}) == [(0, False)]


def test_pages_from_the_instant_on_do_not_count() -> None:
    table = pages({"at": 0}, {"at": 1, **END})
    entries = table[["answer_id"]].assign(sound_id="1")
    found = by_pull(entries, table, as_of=datetime(2026, 3, 2, 6, 1, tzinfo=UTC))
    assert found["is_whole"].tolist() == [False]
    assert by_pull(entries, table, as_of=datetime(2026, 3, 2, tzinfo=UTC)).empty


def test_pulls_and_curves_are_the_same_in_another_engine() -> None:
    table = pages({"at": 0}, {"at": 1, **END}, {"at": 600})
    trend = pd.Series(['[["2026-03-01T00:00:00Z", 0.5], ["2026-03-02T00:00:00Z", 1.0]]', None, "[]"], dtype="str")
    entries = table[["answer_id"]].assign(sound_id=pd.Series(["1", "2", "1"], dtype="str"), trend=trend)
    found = by_pull(entries, table, as_of=FOREVER)
    other = by_pull(to_polars(entries), to_polars(table), as_of=FOREVER)
    assert other.to_dicts() == to_polars(found).to_dicts()
    points = curve_points(found, as_of=FOREVER)
    assert points["value"].tolist() == [0.5, 1.0]
    assert curve_points(other, as_of=FOREVER).to_dicts() == to_polars(points).to_dicts()
    assert stitch(points.head(0), as_of=FOREVER).empty


# What charts offer to the watchlist


def test_sounds_of_charts_are_offered_best_rank_first_and_none_that_is_watched(desk: Desk) -> None:
    desk.pull(PullPlan(charts_of(("US", "BR"))))
    entries = desk.frame("chart_entries")
    first = entries.loc[(entries["region"] == "US") & (entries["rank"] == 1), "sound_id"].item()
    finds = chart_finds(entries, [first])
    assert tuple(finds.columns) == CHART_COLUMNS
    assert set(finds["sound_id"]) == set(entries["sound_id"]) - {first}
    assert finds["best_rank"].is_monotonic_increasing
    both = finds[finds["charts"] == 2].iloc[0]
    ranks = entries[entries["sound_id"] == both["sound_id"]].set_index("region")["rank"]
    assert both["best_rank"] == ranks.min()
    for region in ("US", "BR"):
        assert f"chart {region}, 7 days: {ranks[region]}" in both["found_by"]
    assert chart_finds(entries, entries["sound_id"].tolist()).columns.tolist() == list(CHART_COLUMNS)


def test_a_sound_called_new_is_offered_as_new_and_its_latest_rank_counts() -> None:
    rows = [(0, 90, "up"), (1, 40, "new")]
    entries = pd.DataFrame(
        {
            "sound_id": "1", "title": "Low Tide", "artist": None, "is_commercial": True, "region": None,
            "period_days": 7, "rank": rank, "rank_move": move, "observed_at": pd.Timestamp(hour, unit="h", tz=UTC),
        }
        for hour, rank, move in rows
    )  # fmt: skip
    (find,) = chart_finds(entries, []).to_dict("records")
    assert (find["best_rank"], find["is_new"], find["found_by"]) == (40, True, "chart, 7 days: 40, new")


# An artist


def test_an_artist_whose_releases_were_not_answered_is_not_said_to_have_none(world: World, tmp_path: Path) -> None:
    """Where a question failed its reason is told, and it is asked again until it is answered."""
    name, faults = known_artist(world), Faults()
    with Server(world, rate_per_minute=None, faults=faults) as server:
        monitor = Monitor(Desk(server, tmp_path).config(attempts=1))
        faults.script = (Planned("500", times=None),)
        with pytest.raises(NoDataError, match="HTTP 500"):
            monitor.artist(name)
        faults.script = (Planned("500", path="/ws/2/release", times=None),)
        half = monitor.artist(name)
        assert "releases and labels are not known" in half.subtitle
        assert "HTTP 500" in half.caption
        assert half.frame["is_listed"].tolist() == [False]
        assert half.frame["release"].isna().all()
        faults.script = ()
        whole = monitor.artist(name)
        assert whole.frame["is_listed"].all()
        assert whole.frame["release"].notna().all()
        assert "not known" not in whole.subtitle
