"""What holds for every test: no network but loopback, no key, no folder and no clock of the developer's.

The network is closed by an audit hook, so it is closed for libraries too; it cannot be opened again.
"""

import ipaddress
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from browsing import browser, playwright, seen  # noqa: F401 - fixtures for all
from xdist.scheduler import LoadScopeScheduling

from trendlib import practice
from trendlib.config import Config
from trendlib.sandbox import Server, World

ROOT = Path(__file__).parents[1]

# A busy machine must not fail a test, so nothing here is timed.
hypothesis.settings.register_profile(
    "house", deadline=None, derandomize=True, database=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("house")


def refuse_the_world(event: str, arguments: tuple[Any, ...]) -> None:
    """End the test that looks up or connects to another machine."""
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in {"socket.connect", "socket.sendto"} and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode()
    if host not in {None, "", "localhost"} and not is_loopback(host):
        pytest.fail(f"a test may not leave this machine, and this one asked for {host!r} ({event})")


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


# What shares a JupyterLab or a JVM stays together, and the longest begin: no core is left alone with one at the end.
TOGETHER = {"tests/browser/": "browser", "tests/test_spark.py": "spark", "tests/test_metrics_engines.py": "spark"}
LONGEST = (
    "browser", "spark", "test_ten_weeks", "test_cli", "test_disasters", "test_review", "test_secrets", "test_alerts",
    "test_sound", "test_deliver", "test_signal", "test_practice", "test_sweep", "test_pull", "test_hostile",
    "test_lasting_faults", "test_kills", "test_bodies", "test_speed",
)  # fmt: skip


class Together(LoadScopeScheduling):
    """Gives a worker the tests of a module, or of modules that share what takes long to start."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def scope_of(nodeid: str) -> str:
    module = nodeid.partition("::")[0]
    return next((name for place, name in TOGETHER.items() if module.startswith(place)), Path(module).stem)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    return Together(config, log) if config.getvalue("dist") == "loadscope" else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Give a worker more than there are cores, as tests also wait: for servers, browsers, processes of their own."""
    return len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(scope_of(item.nodeid), len(LONGEST)))


def pytest_configure() -> None:
    sys.addaudithook(refuse_the_world)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where a browser must be there, a browser test that was skipped has failed."""
    report = yield
    if report.skipped and item.get_closest_marker("browser") and os.environ.get("TRENDLIB_REQUIRE_BROWSER"):
        report.outcome = "failed"
        report.longrepr = f"skipped although TRENDLIB_REQUIRE_BROWSER is set: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def nobody(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be a user with an empty home, in an empty folder, with no settings, no key and no keyring."""
    return be_nobody(monkeypatch, tmp_path_factory.mktemp("nobody"))


def be_nobody(patch: pytest.MonkeyPatch, home: Path) -> Path:
    for variable in ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "APPDATA"):
        patch.setenv(variable, str(home))
    for setting in Config.model_fields:
        for variable in (setting, f"trendlib_{setting}"):
            patch.delenv(variable, raising=False)
            patch.delenv(variable.upper(), raising=False)
    patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    patch.chdir(home)
    return home


@pytest.fixture(scope="session")
def practice_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a home whose practice world is prepared, to look at; who writes, copies it."""
    home = tmp_path_factory.mktemp("practice")
    with pytest.MonkeyPatch.context() as patch:
        be_nobody(patch, home)
        shutil.copytree(ROOT / "data" / "sample", home / "sample")
        practice.prepare(home)
    return home


@pytest.fixture(scope="session")
def own_home(practice_home: Path) -> Path:
    """Give a home with ten weeks of data that trendlib takes for the user's own, to look at."""
    return practice_home / practice.FOLDER


@dataclass(frozen=True)
class Online:
    """A small practice world that a test sweeps with a key, as it would the real one."""

    server: Server
    home: Path

    @property
    def key(self) -> str:
        return self.server.keys["tiklive"]

    @property
    def spent(self) -> int:
        return sum(self.server.credits.values())

    @property
    def settings(self) -> dict[str, str]:
        return {
            "TIKLIVE_BASE_URL": self.server.url,
            "TIKLIVE_API_KEY": self.key,
            "TRENDLIB_REQUESTS_PER_MINUTE": "0",
            "TRENDLIB_PAGE_GAP_S": "0",
            "TRENDLIB_BACKOFF_S": "0.01",
        }

    @property
    def config(self) -> Config:
        return Config.load(home=self.home)

    @property
    def sounds(self) -> list[str]:
        return [sound.sound_id for sound in self.server.world.catalogue]


@pytest.fixture(scope="session")
def small_world() -> World:
    """A world of ten sounds whose last day ended this midnight."""
    today = datetime.now(UTC).date()
    return World(seed=3, sounds=10, hashtags=2, days=30, start=today - timedelta(days=30))


@pytest.fixture
def online(small_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Online]:
    """Be a user with a key, a watchlist and an empty warehouse; the provider is a practice server."""
    with Server(small_world, rate_per_minute=None) as server:
        one = Online(server, tmp_path / "home")
        for name, value in one.settings.items():
            monkeypatch.setenv(name, value)
        one.home.mkdir()
        lists = {"sounds": one.sounds, "hashtags": [tag.name for tag in small_world.tags], "keywords": ["dance"]}
        watchlist = "".join(f"{name} = {json.dumps(entries)}\n" for name, entries in lists.items())
        (one.home / "watchlist.toml").write_text(watchlist)
        yield one


# A JVM that lives for seconds has no time to earn back what its second compiler takes.
SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


@pytest.fixture
def short_lived_java(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every JVM that the test starts be one for seconds."""
    monkeypatch.setenv("JDK_JAVA_OPTIONS", SHORT_LIVED)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Give a Spark session on two threads of this machine, in a time zone far from UTC."""
    sql = pytest.importorskip("pyspark.sql")
    if not shutil.which("java"):
        pytest.skip("Spark needs Java 17 or newer on the PATH")
    folder = tmp_path_factory.mktemp("spark")
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.local.dir": str(folder),
        # plans are read, not compiled: a test's frames are small
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.session.timeZone": "Asia/Seoul",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.ui.enabled": "false",
    }
    builder = sql.SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("JDK_JAVA_OPTIONS", SHORT_LIVED)
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("OFF")
        yield session
        session.stop()


@pytest.fixture
def set_time_zone() -> Generator[Callable[[str], None]]:
    """Give a function that moves this process, and those it starts, to another time zone."""
    with pytest.MonkeyPatch.context() as patch:

        def move_to(zone: str) -> None:
            patch.setenv("TZ", zone)
            time.tzset()

        yield move_to
    time.tzset()
