"""The explorer: one window in a notebook for looking at sounds, one after the other, at any instant.

It computes nothing and holds no result. Whatever it shows is an exhibit of the monitor, and is at hand
as ``explorer.exhibit``. A saved notebook whose widgets no longer run shows that exhibit instead.
"""

import importlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import ipywidgets as widgets
import pandas as pd

from trendlib.errors import TrendlibError
from trendlib.monitor import Monitor
from trendlib.schema import utc_text
from trendlib.show.exhibits import Exhibit, csv_text
from trendlib.show.stage import Listing, Stage
from trendlib.show.theme import plain_text, safe_text, short_number, status_words

TABS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "Board": ("leaderboard", "landscape", "alerts", "crossovers"),
        "Velocity": ("velocity",),
        "Regions": ("regions", "region_shift"),
        "Creators": ("creators", "leave_one_out", "reach", "posts"),
        "Hashtags": ("hashtags",),
        "Audience": ("audience", "curve"),
        "Forecast": ("forecast",),
        "Why": ("why", "licence", "family", "versions"),
    }
)
# What each exhibit can be told, by the control that tells it.
_HEARS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "velocity": {"dialect": "dialect"},
        "leave_one_out": {"dialect": "dialect"},
        "regions": {"window": "cells"},
        "creators": {"window": "days"},
        "reach": {"window": "days"},
        "posts": {"window": "days"},
        "hashtags": {"window": "days"},
        "versions": {"window": "days"},
        "audience": {"region": "region"},
        "curve": {"region": "region"},
    }
)
_NAMES = {"leave_one_out": "without the biggest", "region_shift": "this week against last", "curve": "chart curve"}
KINDS = ("html", "png", "svg", "pdf", "csv", "json")
_WINDOWS = (7, 14, 28, 56)
_MOST_NAMES = 2000
_LISTED = 50
# The widget's own presence hides what stands in for it once it no longer runs.
_STYLE = """<style>
.jp-OutputArea-child:has(.trendlib-explorer) ~ .jp-OutputArea-child { display: none; }
.trendlib-explorer .widget-toggle-button { width: auto; padding: 0 14px; }
.trendlib-explorer .trendlib { padding: 0 8px; }
</style>"""


def explore(monitor: Monitor) -> "Explorer":
    """Open the explorer on what a monitor watches.

    Parameters
    ----------
    monitor
        Whose sounds; the slider travels through all instants that its home knows.

    Returns
    -------
        The explorer; it shows itself when it is a cell's last line. ``.exhibit`` is what it shows.
    """
    return Explorer(monitor)


class Explorer:
    """Search, travel in time, look at one sound from all sides, and keep what you see.

    Parameters
    ----------
    monitor
        Whose sounds.

    Attributes
    ----------
    exhibit
        What is shown now, as an exhibit: table, figure, caption, ``save``.
    sound_id
        The sound that is looked at.
    as_of
        The instant it is shown as of.
    """

    def __init__(self, monitor: Monitor) -> None:
        self.monitor = monitor
        self.exhibit: Exhibit
        board = monitor.leaderboard(max_uses=None, top=None, include_unrankable=True).frame
        self._names = _names(board)
        self._known = set(board["sound_id"])
        self.sound_id = str(board["sound_id"].iloc[0])
        self._make_controls(board)
        self._listen()
        self._show()

    @property
    def as_of(self) -> datetime:
        """The instant everything is shown as of."""
        instant: datetime = self._slider.value
        return instant

    @cached_property
    def widget(self) -> widgets.VBox:
        """The window itself."""
        self._listing.layout = widgets.Layout(width="290px", flex="0 0 auto")
        stage = widgets.VBox([self._stage, self._words], layout=widgets.Layout(flex="1 1 auto", min_width="0"))
        window = widgets.VBox(
            [
                widgets.HBox([self._search, self._slider, self._follow], layout=widgets.Layout(flex_flow="row wrap")),
                self._tabs,
                widgets.HBox([self._shown, *self._options.values()], layout=widgets.Layout(flex_flow="row wrap")),
                widgets.HBox([self._listing, stage]),
                widgets.HBox([self._kind, self._save, self._copy, self._said]),
                widgets.HTML(_STYLE),
            ]
        )
        window.add_class("trendlib-explorer")
        return window

    def open(self, sound: str) -> None:
        """Look at another sound, by its id, its TikTok address or part of its title.

        Raises
        ------
        NoDataError
            If none is found, or more than one.
        """
        self.sound_id = self._names.get(sound) or self.monitor.sound(sound).sound_id
        self._listing.chosen = self.sound_id
        if self._tabs.value == "Board":
            self._tabs.value = "Velocity"  # which shows it
        else:
            self._show()

    def _make_controls(self, board: pd.DataFrame) -> None:
        wide = widgets.Layout(width="330px")
        self._search = widgets.Combobox(
            placeholder="title, artist, id or pasted address", options=list(self._names)[:_MOST_NAMES], layout=wide,
            continuous_update=False, description="Sound", style={"description_width": "initial"},
        )  # fmt: skip
        instants = [one for one in self.monitor.store.instants() if one < self.monitor.as_of]
        instants.append(self.monitor.as_of)
        self._slider = widgets.SelectionSlider(
            options=[(f"{one:%a} {one.day} {one:%b %H:%M}", one) for one in instants], value=instants[-1],
            description="As of (UTC)", style={"description_width": "initial"}, layout=widgets.Layout(width="460px"),
        )  # fmt: skip
        self._follow = widgets.Button(description="Add to watchlist", icon="plus", layout=widgets.Layout(width="150px"))
        self._tabs = widgets.ToggleButtons(options=list(TABS), value="Velocity", style={"button_width": "auto"})
        self._shown = widgets.ToggleButtons(options=_offered("Velocity"), style={"button_width": "auto"})
        self._options: dict[str, widgets.Widget] = {
            "window": widgets.Dropdown(options=[(f"{days} days", days) for days in _WINDOWS], value=28),
            "dialect": widgets.Dropdown(options=["trendlib", "tutorial_sound", "tutorial_hashtag"]),
            "region": widgets.Dropdown(options=[("any chart region", None), *self._regions]),
        }
        for name, option in self._options.items():
            option.description, option.style.description_width = name.capitalize(), "initial"
            option.layout.width = "210px"
        self._listing = Listing(label="sounds, the surest growth first", chosen=self.sound_id)
        self._listing.show(_rows(board))
        self._stage = Stage()
        self._words = widgets.HTML()
        self._kind = widgets.Dropdown(options=KINDS, layout=widgets.Layout(width="80px"))
        self._save = widgets.Button(description="Save", icon="download", layout=widgets.Layout(width="90px"))
        self._copy = widgets.Button(description="Copy table", icon="copy", layout=widgets.Layout(width="120px"))
        self._said = widgets.HTML()

    @cached_property
    def _regions(self) -> list[str]:
        with self.monitor.store.as_of(self.monitor.as_of) as world:
            return sorted(world.table("chart_pulls").project("region").distinct().df()["region"].dropna())

    def _listen(self) -> None:
        self._search.observe(lambda _: self._searched(), "value")
        self._tabs.observe(lambda _: self._turn(), "value")
        for control in (self._slider, self._shown, *self._options.values()):
            control.observe(lambda _: self._show(), "value")
        self._listing.observe(lambda change: self._choose(change["new"]), "chosen")
        self._stage.on_msg(lambda _, point, __: self._choose(point.get("customdata")))
        self._save.on_click(lambda _: self._keep())
        self._copy.on_click(lambda _: self._stage.copy(csv_text(self.exhibit.table)))
        self._follow.on_click(lambda _: self._add())

    def _turn(self) -> None:
        """Offer what stands under a tab; the first of it is shown."""
        self._shown.options = _offered(self._tabs.value)

    def _searched(self) -> None:
        if self._search.value:
            with self._told():
                self.open(self._search.value)

    def _choose(self, thing: Any) -> None:
        """Open the sound that was clicked; a point that is no sound says nothing."""
        clicked = thing[0] if isinstance(thing, list) and thing else thing
        if isinstance(clicked, str) and clicked in self._known and clicked != self.sound_id:
            self.open(clicked)

    def _show(self) -> None:
        name = self._shown.value
        heard = _HEARS.get(name, {})
        for control, option in self._options.items():
            option.layout.display = "" if control in heard else "none"
        with self._told():
            self.exhibit = self._exhibit(name, {word: self._options[control].value for control, word in heard.items()})
            self._stage.show(self.exhibit.headed_figure, self.exhibit.title)
            self._words.value = self.exhibit.fragment()

    def _exhibit(self, name: str, how: Mapping[str, Any]) -> Exhibit:
        monitor = self.monitor.at(self.as_of)
        if self._tabs.value == "Board":
            shown: Exhibit = getattr(monitor, name)()
            return shown
        if self._tabs.value == "Audience":
            heard: Exhibit = getattr(monitor.charts, name)(self.sound_id, **how)
            return heard
        return monitor.sound(self.sound_id).exhibit(name, **how)

    def _keep(self) -> None:
        kind = self._kind.value
        with self._told():
            saved = self.exhibit.save(Path("out") / f"{self.exhibit.name}-{self.sound_id}.{kind}")
            self._say(f"Saved: {saved}")

    def _add(self) -> None:
        with self._told():
            self._say(self.monitor.follow(self._search.value or self.sound_id))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say an error of ours where the reader looks; what was shown before stays."""
        self._say("")
        try:
            yield
        except TrendlibError as error:
            self._say(str(error))

    def _say(self, text: str) -> None:
        self._said.value = f'<span role="status">{safe_text(text, 400)}</span>'

    def _ipython_display_(self) -> None:
        display = importlib.import_module("IPython.display").display
        display(self.widget)
        display(self.exhibit)

    def __repr__(self) -> str:
        """Say what is looked at."""
        return f"Explorer({self.sound_id}, {self._shown.value}, as of {utc_text(self.as_of)})"


def _offered(tab: str) -> list[tuple[str, str]]:
    return [(_NAMES.get(name, name), name) for name in TABS[tab]]


def _names(board: pd.DataFrame) -> dict[str, str]:
    """Name every sound as the search box completes it, the same name never twice."""
    names: dict[str, str] = {}
    for row in board.to_dict("records"):
        title, artist = (plain_text(row[word], 60) if pd.notna(row[word]) else "" for word in ("title", "artist"))
        name = " · ".join(word for word in (title, artist) if word) or f"sound {row['sound_id']}"
        names[name if name not in names else f"{name} · {row['sound_id']}"] = row["sound_id"]
    return names


def _rows(board: pd.DataFrame) -> list[tuple[str, Sequence[str]]]:
    """Write the head of the board as a list: place, title, growth; beneath, who and how sure."""
    rows: list[tuple[str, Sequence[str]]] = []
    for row in board.head(_LISTED).to_dict("records"):
        growth = f"{short_number(row['growth_rate'])}×" if pd.notna(row["growth_rate"]) else "·"
        artist = plain_text(row["artist"], 40) if pd.notna(row["artist"]) else ""
        beneath = " · ".join(word for word in (artist, status_words(row["status"])) if word)
        place = f"{row['rank']:.0f}" if pd.notna(row["rank"]) else ""
        title = plain_text(row["title"], 60) if pd.notna(row["title"]) else f"sound {row['sound_id']}"
        rows.append((row["sound_id"], (place, title, growth, beneath)))
    return rows
