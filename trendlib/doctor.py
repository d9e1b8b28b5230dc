"""A look at everything trendlib leans on, each finding with what to do about it.

Nothing is fetched and nothing is written. Whether providers and channels can be reached is looked at only when asked:
their server is called, and no key, no webhook and no question is sent, so it costs nothing.
"""

import json
import os
import platform
import shlex
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock, Timeout
from pydantic import SecretStr

from trendlib.boards.songbook import read_overrides
from trendlib.config import EXPIRY, Config, env_files
from trendlib.errors import ConfigError, StoreBusyError, StoreError, StoreFormatError
from trendlib.review.settings import read_settings
from trendlib.rulebook import read_rules
from trendlib.store import Store
from trendlib.watchlist import Watchlist

PACKAGES = ("trendlib", "pandas", "duckdb", "plotly", "requests-cache", "ipywidgets", "jupyterlab", "narwhals")
EXTENSIONS = {
    "plotly": "jupyterlab-plotly",
    "anywidget": "anywidget",
    "ipywidgets": "@jupyter-widgets/jupyterlab-manager",
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
LEAST_FREE_BYTES = 2**30
MOST_AGE_HOURS = 36
_OTHERS = 0o077
_SHORTEST_KEY = 8
_MOST_FILES, _MOST_BYTES, _LARGEST, _MOST_NAMED = 5_000, 500 * 2**20, 20 * 2**20, 3
_LIBRARIES = frozenset({".git", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache"})
_CALL_S = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what was found, whether it is as it should be, and the remedy."""

    name: str
    found: str
    is_fine: bool = True
    remedy: str = ""
    is_needed: bool = True


def examine(config: Config, *, is_online: bool = False) -> list[Finding]:
    """Look at keys, secrets, the team's files, warehouse, spending, clock, browser, disk and versions.

    Parameters
    ----------
    config
        Whose home and settings.
    is_online
        Whether to see if providers and channels can be reached; without it, no machine is called.

    Returns
    -------
        One finding a thing, in the order in which to mend them.
    """
    looks: tuple[Callable[[Config], Finding], ...] = (
        _home, _tiklive_key, _other_keys, _channels, _privacy, _secrets_in_files, _watchlist, _team_files,
        _warehouse, _run, _budget, _cache, _clock, _browser, _disk,
    )  # fmt: skip
    reached = [_reached(*one) for one in _servers(config)] if is_online else []
    server = _server_prefix()
    drawn = [_extension(name, folder, server) for name, folder in EXTENSIONS.items()]
    return [*(look(config) for look in looks), *reached, _server(server), *drawn, *map(_version, PACKAGES)]


def _home(config: Config) -> Finding:
    folders = (config.archive_folder, config.cache_folder, config.warehouse_file.parent, config.reviews_folder)
    shut = [path for path in (_nearest_there(config), *folders) if os.path.lexists(path) and not _is_open(path)]
    if not shut:
        return Finding("home", str(config.home.absolute()))
    remedy = "Let this user list, enter and write it, or choose another folder with TRENDLIB_HOME or --home."
    return Finding("home", f"cannot be written: {', '.join(map(str, shut))}", is_fine=False, remedy=remedy)


def _nearest_there(config: Config) -> Path:
    home = config.home.absolute()
    return next(place for place in (home, *home.parents) if place.exists())


def _is_open(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK)


def _tiklive_key(config: Config) -> Finding:
    if config.tiklive_api_key:
        return Finding("TikLiveAPI key", f"set; goes to {config.tiklive_base_url}")
    remedy = "Put TIKLIVE_API_KEY=… into .env or the environment. Until then trendlib shows practice data."
    return Finding("TikLiveAPI key", "not set", is_fine=False, remedy=remedy, is_needed=False)


def _other_keys(config: Config) -> Finding:
    keys = {"KEYAPI_API_KEY": config.keyapi_api_key, "LAYERS_API_KEY": config.layers_api_key}
    missing = [name for name, key in keys.items() if not key]
    if not missing:
        return Finding("other keys", "set")
    remedy = "Needed only for charts and the catalogue."
    return Finding("other keys", f"{', '.join(missing)} not set", is_fine=False, remedy=remedy, is_needed=False)


def _channels(config: Config) -> Finding:
    """Say where alerts go; a channel that is set up by half is a slip."""
    set_up = {"Slack": bool(config.slack_webhook), "Notion": bool(config.notion_token and config.notion_database)}
    found = "; ".join(f"{name} {'set up' if is_so else 'not set up'}" for name, is_so in set_up.items())
    if bool(config.notion_token) != bool(config.notion_database):
        missing = "TRENDLIB_NOTION_DATABASE" if config.notion_token else "TRENDLIB_NOTION_TOKEN"
        return Finding("channels", found, is_fine=False, remedy=f"Notion needs {missing} as well.")
    return Finding("channels", found)


def _privacy(config: Config) -> Finding:
    """See that nobody else on this machine reads what is private; Windows has no such modes."""
    env = env_files(config.home)
    folders = (config.archive_folder, config.cache_folder, config.warehouse_file.parent, config.reviews_folder)
    open_ = [path for path in (*env, *folders) if path.exists() and path.stat().st_mode & _OTHERS]
    if os.name == "nt" or not open_:
        return Finding("private files", "only you can read keys, archive, cache, warehouse and reviews")
    found = f"others on this machine may enter or read {', '.join(map(str, open_))}"
    remedy = f"chmod -R go= {' '.join(shlex.quote(str(path)) for path in open_)}"
    # what a team shares on purpose is no failure; a key is nobody else's
    return Finding("private files", found, is_fine=False, remedy=remedy, is_needed=bool(set(open_) & set(env)))


def _secrets_in_files(config: Config) -> Finding:
    """Look for the keys that are set where people put them by mistake: notebooks, programs, notes, data."""
    # kept hidden until they are looked for: a traceback may show what is named here
    keys = (config.tiklive_api_key, config.keyapi_api_key, config.layers_api_key, config.notion_token)
    hidden = [key for key in (*keys, config.slack_webhook) if key and len(_told(key)) >= _SHORTEST_KEY]
    if not hidden:
        return Finding("keys in files", "none is set that could stand in one")
    looked_at, size, holding = 0, 0, []
    for path in _files_of(config):
        if size > _MOST_BYTES:
            break
        with suppress(OSError):
            content = path.read_bytes()
            looked_at, size = looked_at + 1, size + len(content)
            holding += [str(path)] if any(_told(key) in content for key in hidden) else []
    if not holding:
        return Finding("keys in files", f"in none of {looked_at:,} files here and in the home")
    remedy = "Take it out, and replace the key at its provider: who has the file, or its history, has the key."
    shown = ", ".join(holding[:_MOST_NAMED])
    return Finding("keys in files", f"a key or webhook stands in {shown}", is_fine=False, remedy=remedy)


def _files_of(config: Config) -> Iterator[Path]:
    """List what stands here and in the home, not too large, and no library; ``.env`` is where keys belong."""
    here, home = Path.cwd(), config.home.absolute()
    # a whole disk, with the system's own files, is nobody's workplace
    folders = [home] if here == Path(here.anchor) else [here, *([] if home.is_relative_to(here) else [home])]
    walked = (path for folder in folders for path in _walked(folder))
    return islice((path for path in walked if path.name != ".env" and _is_small(path)), _MOST_FILES)


def _is_small(path: Path) -> bool:
    with suppress(OSError):  # gone by now, or not ours to see
        return path.is_file() and 0 < path.stat().st_size <= _LARGEST
    return False


def _walked(folder: Path) -> Iterator[Path]:
    for place, inside, names in os.walk(folder):
        inside[:] = sorted(name for name in inside if name not in _LIBRARIES)
        yield from (Path(place, name) for name in sorted(names))


def _watchlist(config: Config) -> Finding:
    try:
        watchlist = Watchlist.read(config.watchlist_file)
    except ConfigError as error:
        remedy = "Mend the file; nothing is fetched until it is understood."
        if not config.watchlist_file.exists():
            remedy = "Put it there, or run `trendlib follow SOUND`, which makes it; nothing is fetched until then."
        return Finding("watchlist", str(error), is_fine=False, remedy=remedy, is_needed=False)
    found = f"{len(watchlist.sounds)} sounds, {len(watchlist.hashtags)} hashtags, {len(watchlist.creators)} creators"
    if watchlist.sounds or watchlist.hashtags:
        return Finding("watchlist", found)
    remedy = f"Add what you follow to {config.watchlist_file}."
    return Finding("watchlist", found, is_fine=False, remedy=remedy, is_needed=False)


def _team_files(config: Config) -> Finding:
    """Read what the team set otherwise, as the commands do that go by it."""
    slips = []
    for read in (lambda: read_rules(config.rules_file), lambda: read_settings(config.home),
                 lambda: read_overrides(config.home)):  # fmt: skip
        try:
            read()
        except ConfigError as error:
            slips.append(str(error))
    if not slips:
        return Finding("rules, review, songs", "rules.toml, review.toml and families.toml are understood, or not there")
    remedy = "Mend the file; until then boards, alerts, reviews or songs are refused."
    return Finding("rules, review, songs", "; ".join(slips), is_fine=False, remedy=remedy)


def _warehouse(config: Config) -> Finding:
    try:
        last = Store(config.warehouse_file, wait_s=1.0).last_observed_at()
    except StoreError as error:
        return Finding("warehouse", str(error), is_fine=False, remedy=_remedy_of(error))
    if last is not None and last > datetime.now(UTC) + timedelta(minutes=5):
        found = f"newest answer {last:%Y-%m-%d %H:%M} UTC, which is still to come"
        remedy = "This machine's clock was set back: set it right before the next sweep."
        return Finding("warehouse", found, is_fine=False, remedy=remedy)
    if last is None:
        remedy = "Run `trendlib sweep`, or `trendlib replay FILE`."
        return Finding("warehouse", "empty", is_fine=False, remedy=remedy, is_needed=False)
    hours = (datetime.now(UTC) - last).total_seconds() / 3600
    found = f"newest answer {last:%Y-%m-%d %H:%M} UTC, {hours:,.0f} h ago"
    if hours <= MOST_AGE_HOURS:
        return Finding("warehouse", found)
    return Finding("warehouse", found, is_fine=False, remedy="Run `trendlib sweep`.", is_needed=False)


def _remedy_of(error: StoreError) -> str:
    if isinstance(error, StoreBusyError):
        return "Close the program that holds it."
    if isinstance(error, StoreFormatError):
        return "Run `trendlib rebuild`."
    return "Let this user read and write the file and its folder, and see that there is room."


def _run(config: Config) -> Finding:
    """Say whether a sweep, replay or rebuild is under way, without making the file that tells."""
    lock = config.archive_folder / ".run.lock"
    try:
        if lock.exists():
            FileLock(lock).acquire(timeout=0).lock.release()
    except Timeout:
        remedy = "Wait for it; if nothing of yours runs any more, restart the machine or end the process that hangs."
        return Finding("run", "a sweep, replay or rebuild is under way", is_fine=False, remedy=remedy, is_needed=False)
    except OSError as error:
        remedy = "Let this user read and write the archive's folder."
        return Finding("run", f"{lock} cannot be looked at: {error.strerror}", is_fine=False, remedy=remedy)
    return Finding("run", "none under way")


def _budget(config: Config) -> Finding:
    """Say what was spent, and what a sweep's counters alone cost."""
    try:
        now, store = datetime.now(UTC), Store(config.warehouse_file, wait_s=1.0)
        day, month = (store.spent(now - timedelta(days=days)) for days in (1, 30))
    except StoreError:
        return Finding("credits", "can't be told: the warehouse cannot be read", is_fine=False,
                       remedy="Mend the warehouse first.", is_needed=False)  # fmt: skip
    told = "; ".join(f"{name} {day.get(name, 0):,} in 24 h, {paid:,} in 30 days" for name, paid in month.items())
    with suppress(ConfigError):
        watched = Watchlist.read(config.watchlist_file)
        counters = len(watched.sounds) + len(watched.hashtags)
        told = f"{told or 'none spent in 30 days'}; a sweep reads {counters:,} counters, a credit each, and then posts"
    return Finding("credits", told or "none spent in 30 days")


def _cache(config: Config) -> Finding:
    files = list(config.cache_folder.glob("*")) if config.cache_folder.is_dir() else []
    size = sum(file.stat().st_size for file in files)
    hours, charts = (EXPIRY[name].total_seconds() / 3600 for name in ("/music-info/", "/v1/tiktok/trending/music"))
    stays = f"counters and posts stay fresh for {hours:g} h, charts and the catalogue for {charts:g} h"
    return Finding("HTTP cache", f"{size / 1e6:,.1f} MB; {stays}")


def _clock(_: Config) -> Finding:
    now = datetime.now().astimezone()
    return Finding(
        "clock", f"{now.astimezone(UTC):%Y-%m-%d %H:%M} UTC; this machine is at UTC{now:%z}; all times shown are UTC"
    )


def _browser(_: Config) -> Finding:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found:
        return Finding("browser for pictures", found)
    remedy = "Install Chrome or Chromium to save PNG, SVG and PDF. HTML, CSV and JSON need none."
    return Finding("browser for pictures", "none found", is_fine=False, remedy=remedy, is_needed=False)


def _disk(config: Config) -> Finding:
    free = shutil.disk_usage(_nearest_there(config)).free
    found = f"{free / 2**30:,.1f} GiB free"
    if free >= LEAST_FREE_BYTES:
        return Finding("disk", found)
    return Finding("disk", found, is_fine=False, remedy="Free some space.")


def _told(secret: SecretStr) -> bytes:
    """Give what would stand in a file: a key, or the path of a webhook."""
    text = secret.get_secret_value()
    return (urlsplit(text).path if "://" in text else text).encode()


def _servers(config: Config) -> list[tuple[str, str, int]]:
    """List who is asked or told with these settings, with host and port: the address of a webhook is a secret."""
    named = {
        "TikLiveAPI": config.tiklive_base_url if config.tiklive_api_key else None,
        "KeyAPI": config.keyapi_base_url if config.keyapi_api_key else None,
        "Layers": config.layers_base_url if config.layers_api_key else None,
        "MusicBrainz": config.musicbrainz_base_url if config.musicbrainz_contact else None,
        "Notion": config.notion_base_url if config.notion_token else None,
    }
    slack = [("Slack", *_door(config.slack_webhook.get_secret_value()))] if config.slack_webhook else []
    return [*((name, *_door(address)) for name, address in named.items() if address), *slack]


def _door(address: str) -> tuple[str, int]:
    parts = urlsplit(address)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _reached(name: str, host: str, port: int) -> Finding:
    """Call a server and hang up: nothing is asked, so nothing is spent."""
    try:
        socket.create_connection((host, port), timeout=_CALL_S).close()
    except (OSError, UnicodeError) as error:
        remedy = "See that this machine has a network, and that no firewall or proxy stands between."
        return Finding(f"{name} reached", f"no: {host}:{port}: {error}", is_fine=False, remedy=remedy)
    return Finding(f"{name} reached", f"yes: {host}:{port}")


def _server_prefix() -> Path | None:
    """Find the environment of the JupyterLab that started this kernel, else of the one a terminal would start."""
    parent = os.environ.get("JPY_PARENT_PID", "")
    with suppress(OSError, ValueError):
        program = Path("/proc", str(int(parent)), "cmdline").read_bytes().split(b"\0")[0].decode()
        if Path(program).is_absolute():
            return Path(program).parent.parent
    found = shutil.which("jupyter-lab")
    return Path(found).parent.parent if found else None


def _server(prefix: Path | None) -> Finding:
    if prefix is None:
        remedy = "`make lab` starts one; a terminal and cron need none."
        return Finding("JupyterLab", "none found", is_fine=False, remedy=remedy, is_needed=False)
    is_same = prefix.resolve() == Path(sys.prefix).resolve()
    return Finding("JupyterLab", f"in {prefix}, {'as' if is_same else 'while'} Python is in {sys.prefix}")


def _extension(name: str, folder: str, server: Path | None) -> Finding:
    """Compare the part of a package that draws in the browser, where JupyterLab finds it, with the kernel's."""
    package = (server or Path(sys.prefix)) / "share" / "jupyter" / "labextensions" / folder / "package.json"
    try:
        found = str(json.loads(package.read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError):
        remedy = f"Start JupyterLab from an environment that has {name}: `make lab`."
        return Finding(f"{name} in JupyterLab", "none here", is_fine=False, remedy=remedy, is_needed=False)
    with suppress(PackageNotFoundError):
        own = version(name)
        # ipywidgets counts its two parts apart; of 0.x each step may break
        if name != "ipywidgets" and _series_of(own) != _series_of(found):
            remedy = f"In JupyterLab's environment: pip install {name}=={own}; restart it and reload the page."
            told = f"{found}, while this kernel has {own}"
            return Finding(f"{name} in JupyterLab", told, is_fine=False, remedy=remedy, is_needed=False)
    return Finding(f"{name} in JupyterLab", found)


def _series_of(release: str) -> list[str]:
    """Give the part of a version within which releases fit one another."""
    major, *rest = release.split(".")
    return [major, *rest[:1]] if major == "0" else [major]


def _version(name: str) -> Finding:
    try:
        found = version(name)
    except PackageNotFoundError:
        return Finding(name, "not installed", is_fine=False, remedy=f"pip install {name}")
    python = f" on Python {platform.python_version()}" if name == "trendlib" else ""
    return Finding(name, found + python)
