"""The doctor: one finding a thing, each with its remedy; nothing fetched, no key shown."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from trendlib import doctor
from trendlib.config import Config
from trendlib.doctor import Finding, examine
from trendlib.errors import StoreBusyError, StoreError, StoreFormatError
from trendlib.runs.loading import alone
from trendlib.store import Store

KEY = "sesame-0123456789"


def found(name: str, home: Path, **settings: Any) -> Finding:
    """The one finding of that name."""
    (finding,) = (one for one in examine(Config.load(home=home, **settings)) if one.name == name)
    return finding


def test_a_file_in_the_place_of_a_folder_of_the_home_is_found(tmp_path: Path) -> None:
    (tmp_path / "archive").touch()
    home = found("home", tmp_path)
    assert (home.is_fine, home.found) == (False, f"cannot be written: {tmp_path / 'archive'}")


@pytest.mark.parametrize(
    ("file", "text"),
    [("rules.toml", "min_uses = 3"), ("review.toml", "colour = 3"), ("families.toml", "[[family]]\nx = 1")],
)
def test_a_file_that_commands_would_refuse_is_found(tmp_path: Path, file: str, text: str) -> None:
    assert found("rules, review, songs", tmp_path).is_fine
    (tmp_path / file).write_text(text)
    slip = found("rules, review, songs", tmp_path)
    assert not slip.is_fine
    assert file in slip.found


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (StoreBusyError, "Close the program"),
        (StoreFormatError, "trendlib rebuild"),
        (StoreError, "Let this user read and write"),
    ],
)
def test_a_warehouse_that_cannot_be_read_has_the_remedy_for_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[StoreError], remedy: str
) -> None:
    def refuse(_: Store) -> None:
        raise error("no")

    monkeypatch.setattr(Store, "last_observed_at", refuse)
    assert remedy in found("warehouse", tmp_path).remedy


@pytest.mark.parametrize("has_key", [True, False])
def test_what_is_not_fine_comes_with_a_remedy_and_what_is_fine_without(tmp_path: Path, *, has_key: bool) -> None:
    findings = examine(Config.load(home=tmp_path, tiklive_api_key=KEY if has_key else None))
    assert [bool(one.remedy) for one in findings] == [not one.is_fine for one in findings]
    assert len({one.name for one in findings}) == len(findings) > 9


def test_it_writes_nothing_and_asks_nobody(tmp_path: Path) -> None:
    home = tmp_path / "not" / "made" / "yet"
    assert found("home", home).is_fine
    assert list(tmp_path.iterdir()) == []


def test_keys_are_told_of_and_never_shown(tmp_path: Path) -> None:
    keys = dict.fromkeys(("tiklive_api_key", "keyapi_api_key", "layers_api_key"), KEY)
    findings = examine(Config.load(home=tmp_path, tiklive_base_url="https://elsewhere.example.com", **keys))
    assert KEY not in str(findings)
    said = {one.name: one for one in findings}
    assert said["TikLiveAPI key"].found == "set; goes to https://elsewhere.example.com"
    assert (said["TikLiveAPI key"].is_fine, said["other keys"].is_fine) == (True, True)


def test_a_missing_key_says_where_to_put_it_and_is_no_failure(tmp_path: Path) -> None:
    key = found("TikLiveAPI key", tmp_path)
    assert (key.is_fine, key.is_needed) == (False, False)
    assert "TIKLIVE_API_KEY" in key.remedy
    assert "KEYAPI_API_KEY, LAYERS_API_KEY not set" in found("other keys", tmp_path).found
    assert "LAYERS_API_KEY not set" in found("other keys", tmp_path, keyapi_api_key=KEY).found


@pytest.mark.parametrize(
    ("text", "is_fine", "words"),
    [
        ('sounds = ["7012345678901234567"]\nhashtags = ["a", "b"]', True, "1 sounds, 2 hashtags, 0 creators"),
        ("sounds = []", False, "0 sounds"),
        ("suonds = []", False, "line 1: 'suonds'"),
        (None, False, "does not exist"),
    ],
    ids=["good", "empty", "slip", "missing"],
)
def test_the_watchlist_is_read(tmp_path: Path, text: str | None, is_fine: bool, words: str) -> None:  # noqa: FBT001 - a table of cases
    if text is not None:
        (tmp_path / "watchlist.toml").write_text(text)
    watchlist = found("watchlist", tmp_path)
    assert (watchlist.is_fine, watchlist.is_needed) == (is_fine, is_fine)
    assert words in watchlist.found


def test_a_watchlist_that_is_not_there_can_be_made_and_one_with_a_slip_is_mended(tmp_path: Path) -> None:
    assert "`trendlib follow SOUND`, which makes it" in found("watchlist", tmp_path).remedy
    (tmp_path / "watchlist.toml").write_text("sunds = []")
    assert found("watchlist", tmp_path).remedy.startswith("Mend the file")


def test_the_age_of_the_data_is_told(own_home: Path) -> None:
    last = Store(Config.load(home=own_home).warehouse_file).last_observed_at()
    assert last is not None
    for hours, is_fine in ((2, True), (doctor.MOST_AGE_HOURS + 1, False)):
        with time_machine.travel(last + timedelta(hours=hours), tick=False):
            warehouse = found("warehouse", own_home)
        assert (warehouse.is_fine, f"{hours} h ago" in warehouse.found) == (is_fine, True)


def test_an_empty_warehouse_is_no_failure_and_a_damaged_one_is(tmp_path: Path) -> None:
    assert (found("warehouse", tmp_path).found, found("warehouse", tmp_path).is_needed) == ("empty", False)
    (tmp_path / "warehouse").mkdir()
    (tmp_path / "warehouse" / "trendlib.duckdb").write_bytes(b"not a database" * 1000)
    damaged = found("warehouse", tmp_path)
    assert (damaged.is_fine, damaged.is_needed) == (False, True)
    assert "trendlib rebuild" in damaged.remedy


def test_a_home_that_is_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    home = found("home", tmp_path / "file")
    assert (home.is_fine, home.is_needed) == (False, True)
    assert "--home" in home.remedy


def test_a_full_disk_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "free")  # noqa: PYI024 - as shutil gives it
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(2**29))
    disk = found("disk", tmp_path)
    assert (disk.is_fine, disk.is_needed, disk.found) == (False, True, "0.5 GiB free")


def test_a_browser_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    browser = found("browser for pictures", tmp_path)
    assert (browser.is_fine, browser.is_needed) == (False, False)
    monkeypatch.setattr(shutil, "which", lambda name: "/there/chrome" if name == "chrome" else None)
    assert found("browser for pictures", tmp_path).found == "/there/chrome"


def test_the_cache_is_weighed(tmp_path: Path) -> None:
    (tmp_path / "http_cache").mkdir()
    (tmp_path / "http_cache" / "answers.sqlite").write_bytes(b"x" * 3_200_000)
    assert "3.2 MB; counters and posts stay fresh for 4 h" in found("HTTP cache", tmp_path).found


def test_the_clock_is_told_in_utc_with_this_machines_zone(tmp_path: Path, set_time_zone: Any) -> None:
    set_time_zone("Asia/Kathmandu")
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp()  # a datetime would bring its zone along
    with time_machine.travel(noon, tick=False):
        assert "2026-03-02 12:00 UTC; this machine is at UTC+0545" in found("clock", tmp_path).found


def test_versions_are_told_and_what_is_missing_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found("pandas", tmp_path).found.startswith("3.")
    monkeypatch.setattr(doctor, "PACKAGES", ("no-such-package",))
    missing = found("no-such-package", tmp_path)
    assert (missing.is_fine, missing.remedy) == (False, "pip install no-such-package")


def test_parts_that_draw_in_the_browser_are_looked_for_where_jupyterlab_finds_them(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: str(tmp_path / "bin" / name))
    shipped = tmp_path / "share" / "jupyter" / "labextensions" / "anywidget"
    shipped.mkdir(parents=True)
    (shipped / "package.json").write_text('{"version": "9.9"}')
    found = {finding.name: finding for finding in examine(Config.load(home=tmp_path))}
    assert found["anywidget in JupyterLab"].found.startswith("9.9, while this kernel has 0.")
    assert "pip install anywidget==" in found["anywidget in JupyterLab"].remedy
    assert not found["plotly in JupyterLab"].is_fine
    assert not found["plotly in JupyterLab"].is_needed
    assert "make lab" in found["plotly in JupyterLab"].remedy


def test_a_kernel_elsewhere_than_its_jupyterlab_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: "/elsewhere/bin/jupyter-lab")
    assert found("JupyterLab", tmp_path).found == f"in /elsewhere, while Python is in {sys.prefix}"
    monkeypatch.setattr(shutil, "which", lambda _: f"{sys.prefix}/bin/jupyter-lab")
    assert found("JupyterLab", tmp_path).found == f"in {sys.prefix}, as Python is in {sys.prefix}"


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="only Linux tells the program of a process")
def test_the_jupyterlab_that_started_this_kernel_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "lab" / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.symlink_to(sys.executable)
    command = [program, "-c", "print(flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        server.stdout.readline()  # it runs by now
        monkeypatch.setenv("JPY_PARENT_PID", str(server.pid))
        told = found("JupyterLab", tmp_path).found
        server.kill()
    assert told.startswith(f"in {tmp_path / 'lab'}, while")


@pytest.mark.parametrize(
    ("own", "shipped", "is_fine"),
    [("7.1.0", "7.0.2", True), ("7.1.0", "6.9.0", False), ("0.11.0", "0.11.2", True), ("0.11.0", "0.10.9", False)],
)
def test_parts_fit_within_a_series(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str, shipped: str, *, is_fine: bool
) -> None:
    package = tmp_path / "share" / "jupyter" / "labextensions" / "jupyterlab-plotly" / "package.json"
    package.parent.mkdir(parents=True)
    package.write_text(json.dumps({"version": shipped}))
    monkeypatch.setattr(shutil, "which", lambda name: str(tmp_path / "bin" / name))
    monkeypatch.setattr(doctor, "version", lambda _: own)
    assert found("plotly in JupyterLab", tmp_path).is_fine is is_fine


def test_a_key_in_a_file_is_found_and_not_shown(tmp_path: Path) -> None:
    hook = "https://hooks.slack.com/services/T000/B000/sesame"
    looked = found("keys in files", tmp_path, tiklive_api_key=KEY, slack_webhook=hook)
    assert (looked.is_fine, "none of 0 files" in looked.found) == (True, True)
    for name, content in (("a.ipynb", KEY), ("data/b.md", hook), (".git/config", KEY), (".env", f"X={KEY}")):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(content)
    looked = found("keys in files", tmp_path, tiklive_api_key=KEY, slack_webhook=hook)
    assert (looked.is_fine, looked.is_needed) == (False, True)
    places = looked.found.removeprefix("a key or webhook stands in ").split(", ")
    assert [Path(one).name for one in places] == ["a.ipynb", "b.md"]
    assert "replace the key" in looked.remedy
    assert "sesame" not in str(looked)


def test_a_whole_disk_is_not_looked_through_for_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.ipynb").write_text(KEY)
    monkeypatch.chdir(tmp_path.anchor)
    looked = found("keys in files", tmp_path, tiklive_api_key=KEY)
    assert looked.found == f"a key or webhook stands in {tmp_path / 'a.ipynb'}"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_what_others_may_read_is_told_with_the_command_that_shuts_it(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir(mode=0o700)
    assert found("private files", tmp_path).is_fine
    (tmp_path / "archive").chmod(0o755)
    looked = found("private files", tmp_path)
    assert (looked.is_fine, looked.is_needed) == (False, False)
    assert looked.remedy == f"chmod -R go= {tmp_path / 'archive'}"
    (tmp_path / ".env").write_text("X=1")
    (tmp_path / ".env").chmod(0o644)
    assert found("private files", tmp_path).is_needed


def test_a_channel_that_is_set_up_by_half_is_told(tmp_path: Path) -> None:
    assert found("channels", tmp_path).found == "Slack not set up; Notion not set up"
    half = found("channels", tmp_path, notion_token=KEY)
    assert (half.is_fine, "TRENDLIB_NOTION_DATABASE" in half.remedy) == (False, True)


def test_what_was_spent_is_told_and_a_clock_that_was_set_back(own_home: Path) -> None:
    last = Store(Config.load(home=own_home).warehouse_file).last_observed_at()
    assert last is not None
    with time_machine.travel(last + timedelta(hours=2), tick=False):
        spent = found("credits", own_home).found
    assert re.match(r"\w+ [\d,]+ in 24 h, [\d,]+ in 30 days", spent)
    with time_machine.travel(last - timedelta(hours=2), tick=False):
        assert "clock was set back" in found("warehouse", own_home).remedy


def test_a_run_under_way_is_told_and_nothing_is_made(tmp_path: Path) -> None:
    config = Config.load(home=tmp_path)
    assert found("run", tmp_path).found == "none under way"
    assert not list(tmp_path.iterdir())
    with alone(config):
        held = found("run", tmp_path)
    assert (held.is_fine, held.is_needed) == (False, False)
    assert found("run", tmp_path).is_fine


def test_servers_are_called_only_when_asked_and_told_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        settings = {"home": tmp_path, "tiklive_api_key": KEY, "tiklive_base_url": url}
        silent = Config.load(**settings, keyapi_api_key=KEY, keyapi_base_url="http://127.0.0.1:9")
        assert not [one for one in examine(silent) if one.name.endswith("reached")]
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()
        said = {one.name: one.is_fine for one in examine(silent, is_online=True)}
        assert (said["TikLiveAPI reached"], said["KeyAPI reached"]) == (True, False)
        caller, _ = server.accept()
        with caller:
            caller.settimeout(5)
            assert caller.recv(1) == b""
