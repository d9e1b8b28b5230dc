"""A look at everything trendlib leans on, each finding with what to do about it."""

import json
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from trendlib.config import EXPIRY, Config
from trendlib.errors import ConfigError, StoreError
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


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what was found, whether it is as it should be, and the remedy."""

    name: str
    found: str
    is_fine: bool = True
    remedy: str = ""
    is_needed: bool = True


def examine(config: Config) -> list[Finding]:
    """Look at keys, watchlist, warehouse, clock, browser, disk and versions; fetch nothing.

    Returns
    -------
        One finding a thing, in the order in which to mend them.
    """
    looks: tuple[Callable[[Config], Finding], ...] = (
        _home, _tiklive_key, _other_keys, _watchlist, _warehouse, _cache, _clock, _browser, _disk,
    )  # fmt: skip
    drawn = [_extension(name, folder) for name, folder in EXTENSIONS.items()]
    return [*(look(config) for look in looks), *drawn, *map(_version, PACKAGES)]


def _home(config: Config) -> Finding:
    home = config.home.absolute()
    there = _nearest_there(config)
    if there.is_dir() and os.access(there, os.W_OK):
        return Finding("home", str(home))
    remedy = "Choose another folder with TRENDLIB_HOME or --home."
    return Finding("home", f"{home} cannot be written", is_fine=False, remedy=remedy)


def _nearest_there(config: Config) -> Path:
    home = config.home.absolute()
    return next(place for place in (home, *home.parents) if place.exists())


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


def _watchlist(config: Config) -> Finding:
    try:
        watchlist = Watchlist.read(config.watchlist_file)
    except ConfigError as error:
        remedy = "Mend the file; nothing is fetched until it is understood."
        return Finding("watchlist", str(error), is_fine=False, remedy=remedy, is_needed=False)
    found = f"{len(watchlist.sounds)} sounds, {len(watchlist.hashtags)} hashtags, {len(watchlist.creators)} creators"
    if watchlist.sounds or watchlist.hashtags:
        return Finding("watchlist", found)
    remedy = f"Add what you follow to {config.watchlist_file}."
    return Finding("watchlist", found, is_fine=False, remedy=remedy, is_needed=False)


def _warehouse(config: Config) -> Finding:
    try:
        last = Store(config.warehouse_file, wait_s=1.0).last_observed_at()
    except StoreError as error:
        remedy = "Run `trendlib rebuild`, or close the program that holds it."
        return Finding("warehouse", str(error), is_fine=False, remedy=remedy)
    if last is None:
        remedy = "Run `trendlib sweep`, or `trendlib replay FILE`."
        return Finding("warehouse", "empty", is_fine=False, remedy=remedy, is_needed=False)
    hours = (datetime.now(UTC) - last).total_seconds() / 3600
    found = f"newest answer {last:%Y-%m-%d %H:%M} UTC, {hours:,.0f} h ago"
    if hours <= MOST_AGE_HOURS:
        return Finding("warehouse", found)
    return Finding("warehouse", found, is_fine=False, remedy="Run `trendlib sweep`.", is_needed=False)


def _cache(config: Config) -> Finding:
    files = list(config.cache_folder.glob("*")) if config.cache_folder.is_dir() else []
    size = sum(file.stat().st_size for file in files)
    hours = EXPIRY["/music-info/"].total_seconds() / 3600
    return Finding("HTTP cache", f"{size / 1e6:,.1f} MB; counters and posts stay fresh for {hours:g} h")


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


def _extension(name: str, folder: str) -> Finding:
    """Look for the part of a package that draws in the browser, where a JupyterLab of this environment finds it."""
    package = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / folder / "package.json"
    try:
        found = json.loads(package.read_text(encoding="utf-8"))["version"]
    except (OSError, ValueError, KeyError):
        remedy = f"Start JupyterLab from an environment that has {name}: `make lab`."
        return Finding(f"{name} in JupyterLab", "none here", is_fine=False, remedy=remedy, is_needed=False)
    return Finding(f"{name} in JupyterLab", str(found))


def _version(name: str) -> Finding:
    try:
        found = version(name)
    except PackageNotFoundError:
        return Finding(name, "not installed", is_fine=False, remedy=f"pip install {name}")
    python = f" on Python {platform.python_version()}" if name == "trendlib" else ""
    return Finding(name, found + python)
