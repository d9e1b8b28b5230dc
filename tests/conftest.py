"""What holds for every test: no network but loopback, no key, no folder and no clock of the developer's.

The network is closed by an audit hook, so it is closed for libraries too; it cannot be opened again.
"""

import ipaddress
import os
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from trendlib.config import Config

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
    home = tmp_path_factory.mktemp("nobody")
    for variable in ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "APPDATA"):
        monkeypatch.setenv(variable, str(home))
    for setting in Config.model_fields:
        for variable in (setting, f"trendlib_{setting}"):
            monkeypatch.delenv(variable, raising=False)
            monkeypatch.delenv(variable.upper(), raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.chdir(home)
    return home


@pytest.fixture
def set_time_zone() -> Generator[Callable[[str], None]]:
    """Give a function that moves this process, and those it starts, to another time zone."""
    with pytest.MonkeyPatch.context() as patch:

        def move_to(zone: str) -> None:
            patch.setenv("TZ", zone)
            time.tzset()

        yield move_to
    time.tzset()
