"""Strangers' words that mean harm, from the provider to the slide: they stay words, and no address is called."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from browsing import Seen
from chaos.conftest import Promise
from loopback import Loopback, serving

from trendlib.config import Config
from trendlib.errors import ConfigError, NoDataError
from trendlib.explorer import explore
from trendlib.monitor import Monitor
from trendlib.runs.pull import PullPlan, charts_of
from trendlib.runs.sweep import Limits
from trendlib.sandbox import Server, World
from trendlib.schema import TABLES
from trendlib.show.exhibits import csv_text

RUN = "window.owned=1"
HARM = (
    f"<script>{RUN}</script>",
    f'<img src=x onerror="{RUN}">',
    f'"><svg/onload={RUN}>',
    f"</script></textarea></title><script>{RUN}</script>",
    f"javascript:{RUN}",
    f"data:text/html,<script>{RUN}</script>",
    f'[x](javascript:{RUN}) <a href="javascript:{RUN}">x</a>',
    f"<iframe src='javascript:{RUN}'></iframe>",
    '=HYPERLINK("http://evil.example","open")',
    "+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "-2+3+cmd",
    "\t=1+1",
    "\uff1d1+1",
    "'; DROP TABLE posts; --",
    '"; DROP TABLE "posts"; --',
    "../../../../etc/passwd",
    "/../..\\..\\x\x00y",
    "%2e%2e%2f ${jndi:x} {{7*7}} %s%n $$\\frac{x}{y}$$",
    "gnos \u202eevil\u202c \u05e9\u05dc\u05d5\u05dd",
    "\x1b]0;owned\x07\x1b[2J",
)
PLACES = """() => [...document.querySelectorAll("*")].flatMap((one) => [...one.attributes])
    .filter((one) => ["href", "src", "action", "formaction", "srcdoc", "data"].includes(one.localName))
    .map((one) => one.value)"""
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
WORDS = {"title", "nickname", "unique_id", "author", "album", "desc", "cha_name", "signature", "name", "label"}
TEXTS = {
    "sounds": ("title", "artist", "album"),
    "creators": ("nickname", "handle"),
    "posts": ("caption",),
    "chart_entries": ("title", "artist", "link", "cover_url"),
    "catalog_tracks": ("title", "artist", "album", "preview_url", "cover_url"),
}


class Hostile:
    """A source of answers whose words mean harm and whose addresses all lead to one listener."""

    def __init__(self, source: Any, url: str) -> None:
        self._source = source
        self._url = url
        self._next = 0

    def answer(self, *question: Any) -> tuple[int, Any]:
        status, body = self._source.answer(*question)
        return status, self._harmed(json.loads(json.dumps(body)), "")

    def _harmed(self, value: Any, name: str) -> Any:
        if isinstance(value, dict):
            return {key: self._harmed(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._harmed(inner, name) for inner in value]
        if isinstance(value, str) and value.startswith(("http://", "https://")):
            return f"{self._url}/{name}"
        if isinstance(value, str) and name in WORDS:
            self._next += 1
            return f"{HARM[self._next % len(HARM)]} {self._url}/{name}"
        return value


@pytest.fixture
def listener() -> Iterator[Loopback]:
    with serving(Loopback()) as one:
        yield one


def test_no_address_of_strangers_is_called_and_no_word_of_theirs_leaves_its_place(
    small_world: World, listener: Loopback, tmp_path: Path, promise: Promise
) -> None:
    home, out = tmp_path / "home", tmp_path / "out"
    home.mkdir()
    sounds = [sound.sound_id for sound in small_world.catalogue[:4]]
    (home / "watchlist.toml").write_text(f'sounds = {json.dumps(sounds)}\nkeywords = ["dance"]\n')
    with Server(small_world, rate_per_minute=None) as server:
        server.__dict__["source"] = Hostile(server.source, listener.url)
        keys = {f"{name}_api_key": key for name, key in server.keys.items()}
        urls = {f"{name}_base_url": server.url for name in (*server.keys, "musicbrainz")}
        config = Config.load(
            home=home, requests_per_minute=0, page_gap_s=0.0, attempts=2, backoff_s=0.0, **keys, **urls
        )
        monitor = Monitor(config)
        report = monitor.sweep(limits=Limits(max_pages=1))
        pulled = monitor.pull(PullPlan(charts_of(["US"]), sounds=tuple(sounds[:1]), has_catalogue=True))
        monitor.discover()
    assert report.sounds == 4
    assert pulled.run.loaded.rows["catalog_tracks"]
    monitor = Monitor(config)
    exhibits = [monitor.leaderboard(max_uses=None), monitor.charts.table("US"), monitor.catalogue.tracks("")]
    for number, exhibit in enumerate(exhibits):
        exhibit.save(out / f"{number}.html")
        assert not formulas_in(csv_text(exhibit.frame))
    monitor.review().save(out)
    monitor.export(out / "tables")
    for name in HARM:
        with suppress(NoDataError, ConfigError):  # some are titles by now
            monitor.sound(name).why()
    assert {path.name for path in tmp_path.iterdir()} == {"home", "out"}
    with monitor.store.as_of(datetime.now(UTC) + timedelta(days=1)) as world:
        assert {name for name in TABLES if len(world.frame(name))} >= {"posts", "sounds", "catalog_tracks"}
        assert listener.url in "".join(world.frame("chart_entries")["cover_url"].dropna())
    assert listener.requests == []
    promise(
        "No address in a body is called, no word of it leaves its place",
        f"sweep, pull, discovery, review, export: {len(HARM)} kinds of harm in {report.run.spent + pulled.run.spent} "
        "answers; 0 calls, no file outside, all tables stand",
    )


def formulas_in(text: str) -> list[str]:
    """Give the cells that a spreadsheet would calculate; plain negative numbers are none."""
    assert "\x1b" not in text
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    return [cell for cell in cells if cell.startswith(FORMULAS) and not re.fullmatch(r"-?[\d.e+-]+", cell)]


@pytest.fixture
def harmed(own_home: Path, tmp_path: Path, listener: Loopback) -> Path:
    """Give ten weeks of data in which all words of strangers mean harm."""
    home = tmp_path / "home"
    for name in ("warehouse", "archive"):
        (home / name).mkdir(parents=True)
    (home / "warehouse" / "trendlib.duckdb").write_bytes((own_home / "warehouse" / "trendlib.duckdb").read_bytes())
    words = [
        *(word.replace("\0", "") for word in HARM),
        f"{listener.url}/x",
        f"https://www.tiktok.com.evil.example/{RUN}",
    ]
    with duckdb.connect(str(home / "warehouse" / "trendlib.duckdb")) as warehouse:
        for table, columns in TEXTS.items():
            changes = ", ".join(f"{one} = $words[1 + (rowid % {len(words)})] || ' ' || rowid" for one in columns)
            warehouse.execute(f"UPDATE {table} SET {changes}", {"words": words})
    return home


@pytest.mark.browser
def test_no_word_runs_in_a_browser_a_spreadsheet_or_a_deck(
    harmed: Path,
    tmp_path: Path,
    seen: Seen,
    listener: Loopback,
    promise: Promise,
) -> None:
    monitor, out = Monitor(Config.load(home=harmed)), tmp_path / "out"
    board = monitor.leaderboard(max_uses=None)
    sound = monitor.sound(str(board.frame["sound_id"].iloc[0]))
    exhibits = {
        "board": board,
        "alerts": monitor.alerts(),
        "ledger": monitor.ledger(),
        **{name: sound.exhibit(name) for name in ("velocity", "creators", "posts")},
        "chart": monitor.charts.table("US"),
        "tracks": monitor.catalogue.tracks(""),
    }
    pages = [exhibit.save(out / f"{name}.html") for name, exhibit in exhibits.items()]
    deck = monitor.review().save(out)
    monitor.song(sound.sound_id).save(out / "song.html")
    explore(monitor).open(sound.sound_id)
    inline = "".join(one._repr_html_() or "" for one in (board, monitor.review()))
    (out / "inline.html").write_text(f"<meta charset=utf-8>{inline}", encoding="utf-8")
    pages += [*(path for path in deck if path.suffix == ".html"), out / "song.html", out / "inline.html"]
    dialogs: list[str] = []
    seen.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    places: set[str] = set()
    for path in pages:
        seen.page.goto(path.as_uri())
        seen.page.wait_for_timeout(200)
        assert seen.page.evaluate("window.owned") is None, path.name
        places |= set(seen.page.evaluate(PLACES))
        assert not seen.page.locator("iframe, object, embed, [onerror], [onload], [onclick]").count(), path.name
    allowed = re.compile(r"https://www\.tiktok\.com/\S*|data:(image|font)/\S*|#\S*")
    assert [place for place in places if not allowed.fullmatch(place)] == []
    assert any(place.startswith("https://www.tiktok.com/") for place in places)
    assert (dialogs, seen.outside, listener.requests) == ([], [], [])
    for exhibit in exhibits.values():
        assert not formulas_in(csv_text(exhibit.frame))
    presentation = next(path for path in deck if path.suffix == ".pptx")
    assert not harm_in(presentation)
    promise(
        "No word of strangers runs in a page, a spreadsheet or a deck",
        f"{len(pages)} pages in Chromium, {len(exhibits)} tables, a PowerPoint file, {len(places)} "
        "addresses; nothing ran, nothing was called",
    )


def harm_in(presentation: Path) -> list[str]:
    """Give links of a PowerPoint file that lead elsewhere than to TikTok, its programs, and its charts' formulas."""
    found = []
    with zipfile.ZipFile(presentation) as parts:
        for name in parts.namelist():
            content = parts.read(name)
            if name.endswith(".rels"):
                for target in re.findall(rb'Target="([^"]*)"[^>]*TargetMode="External"', content):
                    found += [] if target.startswith(b"https://www.tiktok.com/") else [target.decode()]
            if name.endswith((".bin", ".vbs")) or b"ppaction://program" in content:
                found.append(name)
            if name.endswith(".xlsx"):
                with zipfile.ZipFile(io.BytesIO(content)) as book:
                    sheets = (book.read(one) for one in book.namelist() if "worksheets/" in one)
                    found += [f"{name}: a formula" for sheet in sheets if b"<f>" in sheet or b"<f " in sheet]
    return found
