"""Faults that do not pass: whatever a run asks and however it fails, the rest goes on, and the next run ends it.

The wire is cut in this process, so that nothing depends on how fast it is; `test_client` holds the wire itself.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from told import tables

from trendlib.api import providers
from trendlib.api.providers import PROVIDERS
from trendlib.api.wire import Reply, Wire
from trendlib.cli import COULD_NOT_RUN, DONE_WITH_FAILURES, main
from trendlib.config import Config
from trendlib.errors import ApiError, AuthError, QuotaError, RateLimitError, UnavailableError
from trendlib.runs.discover import discover
from trendlib.runs.pull import PullPlan, charts_of, pull
from trendlib.runs.run import RunReport
from trendlib.runs.sweep import Limits, sweep
from trendlib.sandbox import Faults, Planned, Quirks, Server, World
from trendlib.sandbox.faults import Kind, spoil
from trendlib.sandbox.gate import provider_of, refusal
from trendlib.schema import Answer
from trendlib.store import Store
from trendlib.watchlist import Watchlist

NOWHERE = "http://127.0.0.1:9"
FOREVER = datetime(9000, 1, 1, tzinfo=UTC)
UNANSWERED = {
    "slow": "timed out: no whole answer within 15 s",
    "reset": "ConnectionResetError: [Errno 104] Connection reset by peer",
    "refused": "ConnectionRefusedError: [Errno 111] Connection refused",
}
SILENT: tuple[Kind, ...] = ("500", "502", "html", "empty", "truncated", "slow", "reset", "refused", "503")
BUSY: tuple[Kind, ...] = ("429", "code_minus_one", "ratelimit_text")
SHUT: tuple[Kind, ...] = ("402", "401", "403")
MEANT: dict[Kind, type[ApiError]] = {
    **dict.fromkeys(SILENT, UnavailableError),
    **dict.fromkeys(BUSY, RateLimitError),
    **dict.fromkeys(SHUT, AuthError),
    "402": QuotaError,
}
ASKED = {
    "sweep": (
        "/music-info/", "/challenge-info-name/", "/search-challenge/", "/challenge-info-id/", "/music-posts/",
        "/challenge-posts/", "/search-video/", "/userinfo-by-username/",
    ),
    "sweep again": ("/challenge-info-id/",),
    "discover": ("/search-video/", "/user-posts/"),
    "pull": (
        "/v1/tiktok/trending/music", "/v1/tiktok/trending/music/detail", "/v1/tiktok-music", "/ws/2/artist",
        "/ws/2/release",
    ),
}  # fmt: skip
BY_PAGE = (("sweep", "/music-posts/"), ("sweep", "/challenge-posts/"), ("pull", "/v1/tiktok/trending/music"))
BY_ID = (("sweep", "/music-info/"), ("sweep", "/music-posts/"), ("pull", "/v1/tiktok/trending/music/detail"))
ALWAYS, LATER_PAGES, ONE = "always", "later pages", "one thing"
CASES = [
    *((run, path, ALWAYS) for run, paths in ASKED.items() for path in paths),
    *((run, "", ALWAYS) for run in ("sweep", "discover", "pull")),
    *((run, path, LATER_PAGES) for run, path in BY_PAGE),
    *((run, path, ONE) for run, path in BY_ID),
]
# Who is asked for followers, and which hashtags a search shows, depends on what was answered at the time.
ALSO_SEEN = {"creators": "creator_id", "creator_observations": "creator_id", "hashtag_observations": "hashtag"}


@dataclass(frozen=True)
class LaterPages(Planned):
    """A fault at every page of an endpoint but the first."""

    def meets(self, path: str, params: Mapping[str, str]) -> bool:
        return path == self.path and (params.get("cursor", "0") != "0" or params.get("page", "1") != "1")


@dataclass
class Providers:
    """All providers, asked in this process: a world, and the faults that it shows now."""

    server: Server
    faults: Faults = field(default_factory=Faults)
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    runs: int = 0

    def clock(self) -> datetime:
        """Tell the time, a second later in each run: the world itself stands still."""
        return self.server.now + timedelta(seconds=self.runs)

    def get(self, endpoint: str, params: Mapping[str, str]) -> Reply:
        """Answer as the wire does."""
        self.asked.append((endpoint, dict(params)))
        kind = self.faults.next_fault(endpoint, params)
        status, body = self.server.source.answer(endpoint, params, self.server.now)
        if kind or status != 200 or body.get("code"):
            self.failed.append(endpoint)
        return Reply(status, body) if kind is None else reply_of(kind, endpoint, body)

    def meet(self, *script: Planned) -> None:
        """Show these faults from now on, and no others."""
        self.runs += 1
        self.faults = Faults(script=script)

    def forget(self) -> None:
        """Begin a new count."""
        self.meet()
        self.asked.clear()
        self.failed.clear()


def reply_of(kind: Kind, endpoint: str, body: Any) -> Reply:
    """Give what the wire makes of a fault."""
    if kind in UNANSWERED:
        return Reply(0, UNANSWERED[kind])
    if kind.isdecimal():
        return Reply(int(kind), refusal(provider_of(endpoint), int(kind)))
    text = spoil(kind, json.dumps(body).encode()).decode()
    try:
        return Reply(200, json.loads(text))
    except ValueError:
        return Reply(200, text)


@dataclass(frozen=True)
class Desk:
    """What each run asks, and what homes hold after one that nothing disturbed."""

    world: Providers
    watchlist: Watchlist
    plan: PullPlan
    folder: Path
    calm: dict[str, dict[str, pd.DataFrame]] = field(default_factory=dict)
    asked: dict[str, list[tuple[str, Mapping[str, str]]]] = field(default_factory=dict)

    def config(self, home: Path) -> Config:
        addresses = {f"{name}_base_url": NOWHERE for name in PROVIDERS}
        keys = {f"{name}_api_key": f"key-of-{name}" for name in ("tiklive", "keyapi", "layers")}
        quick = {"requests_per_minute": 0, "page_gap_s": 0.0, "backoff_s": 0.0, "attempts": 2}
        return Config(home=home, **addresses, **keys, **quick, musicbrainz_contact="me@sandbox.invalid")

    def run(self, name: str, home: Path) -> RunReport:
        config, clock = self.config(home), self.world.clock
        if name == "discover":
            return discover(config, self.watchlist, clock=clock).run
        if name == "pull":
            return pull(config, self.plan, clock=clock).run
        return sweep(config, self.watchlist, limits=Limits(max_pages=3), clock=clock).run

    def home(self, name: str, folder: Path) -> Path:
        """Give an empty home; for a sweep that is not the first, one that swept the day before."""
        if name == "sweep again":
            end, self.world.server.now = self.world.server.now, self.world.server.now - timedelta(days=1)
            self.run("sweep", folder)
            self.world.server.now = end
        return folder


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Give a small world of which one hashtag answers by its id only, and one feed is in no order of time."""
    world = World(seed=27, sounds=26, hashtags=2, days=12, start=date(2026, 8, 1))
    server = Server(world, order="mixed", quirks=Quirks(id_only_hashtags=True), now=world.end - timedelta(hours=3))
    one = Providers(server)
    ids = tuple(sound.sound_id for sound in world.catalogue)
    known = next(sound.artist for sound in world.catalogue if is_listed(server, sound.artist))
    posts = server.source.answer("/music-posts/", {"music_id": ids[0]}, server.now)[1]["videos"]
    handles = dict.fromkeys(post["author"]["unique_id"] for post in posts)
    watchlist = Watchlist(
        sounds=ids[:3],
        hashtags=tuple(tag.name for tag in world.tags),
        keywords=("dance",),
        regions=("US", "BR"),
        creators=tuple(handles)[:2],
    )
    plan = PullPlan(charts_of(("US",)), sounds=ids[:2], has_catalogue=True, artists=(known, "Nobody At All"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Wire, "get", lambda _, endpoint, params: one.get(endpoint, params))
        patch.setattr(providers, "_SECOND_S", 0.0)
        given = Desk(one, watchlist, plan, tmp_path_factory.mktemp("calm"))
        for run in ASKED:
            home = given.home(run, given.folder / run.replace(" ", "-"))
            one.forget()
            given.run(run, home)
            given.asked[run] = list(one.asked)
            given.calm[run] = tables(home)
        yield given


def is_listed(server: Server, artist: str) -> bool:
    return bool(server.source.answer("/ws/2/artist", {"query": f'"{artist}"'}, server.now)[1]["artists"])


@pytest.fixture(autouse=True)
def undisturbed(desk: Desk) -> None:
    desk.world.forget()


def fault(desk: Desk, kind: Kind, run: str, path: str, where: str) -> Planned:
    if where == LATER_PAGES:
        return LaterPages(kind, path, times=None)
    params = next(asked for endpoint, asked in desk.asked[run] if endpoint == path) if where == ONE else {}
    return Planned(kind, path, params, times=None)


def errors_in(home: Path) -> tuple[int, list[str]]:
    """Count the calls that a warehouse knows, and list what went wrong in them."""
    with Store(Config(home=home).warehouse_file).as_of(FOREVER) as world:
        calls = world.frame("calls")
    return len(calls), calls["error"].dropna().tolist()


def test_the_runs_ask_what_is_tried_here_and_later_pages_too(desk: Desk) -> None:
    for run, paths in ASKED.items():
        assert set(paths) <= {path for path, _ in desk.asked[run]}
    assert {path for asked in desk.asked.values() for path, _ in asked} == {
        path for paths in ASKED.values() for path in paths
    }
    for run, path in BY_PAGE:
        assert any(LaterPages("500", path).meets(*asked) for asked in desk.asked[run])
    assert set(MEANT) == set(Kind.__args__)  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", MEANT)
def test_every_kind_of_fault_is_an_error_that_says_what_it_is_wherever_it_is_met(desk: Desk, kind: Kind) -> None:
    for path, params in {path: params for asked in desk.asked.values() for path, params in asked}.items():
        name = provider_of(path)
        _, body = desk.world.server.source.answer(path, params, desk.world.server.now)
        reply = reply_of(kind, path, body)
        answer = Answer(desk.world.server.now, name, path, params, reply.status, reply.body)
        is_plea = name == "musicbrainz" and kind in {"500", "502", "503"}  # as its words are
        with pytest.raises(RateLimitError if is_plea else MEANT[kind], match=r"asked .*: found .+; .+"):
            PROVIDERS[name](desk.config(desk.folder)).check(answer)


@pytest.mark.parametrize(("run", "path", "where"), CASES)
def test_what_fails_for_ever_is_told_and_what_is_left_is_asked_by_the_next_run(
    desk: Desk, tmp_path: Path, run: str, path: str, where: str
) -> None:
    """The provider fails in three ways in turn, a run each; then it answers, and nothing is missing."""
    number = CASES.index((run, path, where))
    home = desk.home(run, tmp_path / "home")
    calls, said = errors_in(home) if home.exists() else (0, [])
    desk.world.forget()
    for kind in (SILENT[number % 9], BUSY[number % 3], SHUT[(number // 3) % 3]):
        desk.world.meet(fault(desk, kind, run, path, where))
        try:
            report = desk.run(run, home)
        except AuthError:
            assert kind in SHUT
            assert path in ("", desk.asked[run][0][0])
            report = None
        kept, errors = errors_in(home)
        # a hashtag's name that gives nothing is looked up, and answered by its id then and in every later run
        is_replaced = path == "/challenge-info-name/"
        assert desk.world.faults.given[kind] or is_replaced
        if report is not None:
            assert not report.is_interrupted
            assert report.failures or report.ends or is_replaced
            assert {one.reason for one in report.failures} <= set(errors)
        assert kept == calls + len(desk.world.asked)
        assert len(errors) == len(said) + len(desk.world.failed)
    desk.world.meet()
    report = desk.run(run, home)
    assert (report.failures, report.ends) == ([], {})
    demand_whole(tables(home), desk.calm[run])


def demand_whole(found: Mapping[str, pd.DataFrame], calm: Mapping[str, pd.DataFrame]) -> None:
    """Fail unless a home holds what an undisturbed one does."""
    for name in calm.keys() - {*ALSO_SEEN, "calls"}:
        pd.testing.assert_frame_equal(found[name], calm[name], obj=name)
    for name, key in ALSO_SEEN.items():
        assert not Counter(calm[name][key]) - Counter(found[name][key]), name


@pytest.mark.parametrize(("run", "times"), [("sweep", 5), ("sweep", 17), ("discover", 3), ("pull", 17)])
def test_a_provider_that_is_away_for_a_while_ends_no_run(desk: Desk, tmp_path: Path, run: str, times: int) -> None:
    """Away for longer than a question is asked again, then there again: what is asked later is answered."""
    home = desk.home(run, tmp_path / "home")
    desk.world.meet(Planned("503", times=times))
    report = desk.run(run, home)
    assert report.failures
    assert not report.is_interrupted
    desk.world.meet()
    report = desk.run(run, home)
    assert (report.failures, report.ends) == ([], {})
    demand_whole(tables(home), desk.calm[run])


@pytest.mark.parametrize(
    ("command", "path", "kind", "code"),
    [
        (("sweep",), "/music-posts/", "500", DONE_WITH_FAILURES),
        (("sweep",), "/music-info/", "402", DONE_WITH_FAILURES),
        (("sweep",), "", "refused", DONE_WITH_FAILURES),
        (("sweep",), "", "401", COULD_NOT_RUN),
        (("discover",), "/search-video/", "html", DONE_WITH_FAILURES),
        (("discover",), "", "403", COULD_NOT_RUN),
        (("pull", "--region", "US", "--catalogue"), "/v1/tiktok-music", "403", DONE_WITH_FAILURES),
        (("pull", "--region", "US", "--catalogue"), "", "truncated", DONE_WITH_FAILURES),
        (("artist", "Nobody At All"), "", "slow", COULD_NOT_RUN),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else str(value),
)
def test_a_command_says_why_and_ends_with_its_code(  # noqa: PLR0917 - pytest hands them in
    desk: Desk,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
    path: str,
    kind: Kind,
    code: int,
) -> None:
    lists = {name: list(getattr(desk.watchlist, name)) for name in ("sounds", "hashtags", "keywords")}
    listed = "".join(f"{name} = {json.dumps(entries)}\n" for name, entries in lists.items())
    (tmp_path / "watchlist.toml").write_text(listed, encoding="utf-8")
    for name, value in desk.config(tmp_path).model_dump(exclude_none=True).items():
        shown = getattr(value, "get_secret_value", lambda value=value: value)()
        prefix = "" if name.endswith(("_api_key", "_base_url")) else "TRENDLIB_"
        monkeypatch.setenv(f"{prefix}{name}".upper(), str(shown))
    desk.world.meet(Planned(kind, path, times=None))
    monkeypatch.setattr(sys, "argv", ["trendlib", *command])
    with pytest.raises(SystemExit) as end:
        main()
    said = capsys.readouterr().err
    assert end.value.code == code
    assert "Traceback" not in said
    assert "found" in said
    assert errors_in(tmp_path)[1]
