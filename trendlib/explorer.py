"""The explorer: one window in a notebook for looking at sounds, one after the other, at any instant.

It computes nothing and holds no result. Whatever it shows is an exhibit of the monitor, and is at hand
as ``explorer.exhibit``. A saved notebook whose widgets no longer run shows that exhibit instead.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any

import pandas as pd

from trendlib.boards.board import SENT_ALERTS
from trendlib.boards.chart_board import ChartBoard
from trendlib.boards.charted import Charted
from trendlib.boards.finder import Finder
from trendlib.boards.sound import Sound
from trendlib.boards.study import in_utc
from trendlib.errors import NoDataError
from trendlib.metrics.velocity import DIALECTS
from trendlib.monitor import Monitor
from trendlib.schema import utc_text
from trendlib.show.exhibits import Exhibit
from trendlib.show.places import region_words
from trendlib.show.theme import plain_text, status_look, status_words, time_words, times_words
from trendlib.show.window import KINDS, Options, Window, button, choice, keeping

TABS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "Board": ("landscape", "alerts", "crossovers", "cautions"),
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
        "regions": {"by": "by"},
        "creators": {"window": "days"},
        "reach": {"window": "days"},
        "posts": {"window": "days"},
        "hashtags": {"window": "days"},
        "versions": {"window": "days"},
        "audience": {"region": "region"},
        "curve": {"region": "region"},
    }
)
_NAMES = MappingProxyType(
    {
        "regions": "share of posts",
        "region_shift": "this week against last",
        "creators": "the biggest",
        "leave_one_out": "without the biggest",
        "reach": "views a post",
        "posts": "top posts",
        "audience": "who hears it",
        "curve": "chart curve",
        "why": "why, or why not",
        "licence": "may it be used?",
        "alerts": "flagged",
        "crossovers": "crossing borders",
        "cautions": "to be careful with",
    }
)
_DIALECT_NAMES = MappingProxyType({"trendlib": "trendlib: 24 h against the week before"})
_WINDOWS = (7, 14, 28, 56)
_LISTED, _SMALL_DAYS = 50, 24
_HALF_COVERED = 0.5


def explore(monitor: Monitor) -> "Explorer":
    """Open the explorer on what a monitor watches.

    Parameters
    ----------
    monitor
        Whose sounds; the slider travels through all instants that its home knows.

    Returns
    -------
        The explorer; it shows itself when it is a cell's last line. ``.exhibit`` is what it shows.

    Raises
    ------
    NoDataError
        If nothing is known of any sound yet.
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
        self.as_of = monitor.as_of
        self.exhibit: Exhibit
        board = _ranked(monitor)
        flagged = board[board["alert"].isin(SENT_ALERTS)]
        self.sound_id = str((board if flagged.empty else flagged)["sound_id"].iloc[0])
        self._finder = Finder(board)
        self._tab, self._name = "Velocity", "velocity"
        self._how: dict[str, Any] = {"window": "28", "by": "day", "dialect": "trendlib", "region": "", "kind": KINDS[0]}
        self._instants = [one for one in monitor.store.instants() if one < monitor.as_of] + [monitor.as_of]
        badge = "Practice data: no real sounds" if monitor.is_practice else ""
        self.widget = Window("Sound explorer", badge, self._hear)
        self._rank(monitor)
        self._show()

    def open(self, sound: str | int) -> Exhibit:
        """Look at another sound.

        Parameters
        ----------
        sound
            Its id, its TikTok address or part of its title.

        Returns
        -------
            What is shown of it.

        Raises
        ------
        NoDataError
            If none is found, or more than one.
        """
        self.sound_id = self.monitor.sound(sound).sound_id
        if self._tab == "Board":
            self._tab, self._name = "Velocity", "velocity"
        self._show()
        return self.exhibit

    def show(self, name: str, *, as_of: datetime | None = None) -> Exhibit:
        """Turn to another exhibit, another instant, or both.

        Parameters
        ----------
        name
            One of those that stand under the tabs (`TABS`).
        as_of
            The instant; None stays where it is.

        Returns
        -------
            What is shown.

        Raises
        ------
        ConfigError
            If the instant has no time zone.
        NoDataError
            If there is no such exhibit.
        """
        tab = next((tab for tab, names in TABS.items() if name in names), None)
        if tab is None:
            every = ", ".join(name for names in TABS.values() for name in names)
            raise NoDataError(f"The explorer has no exhibit {name!r}; it has {every}.")
        instant = self.as_of if as_of is None else in_utc(as_of)
        self._tab, self._name = tab, name
        self._go(instant)
        return self.exhibit

    @cached_property
    def _regions(self) -> list[str]:
        with self.monitor.store.as_of(self.monitor.as_of) as world:
            return sorted(world.table("chart_pulls").project("region").distinct().df()["region"].dropna())

    def _hear(self, what: str, value: Any) -> None:
        """Do what was done in the window."""
        acts: Mapping[str, Callable[[Any], Any]] = {
            "search": self._search,
            "open": self.open,
            "follow": self._follow,
            "point": self._point,
            "tab": lambda tab: self.show(TABS[tab][0]),
            "exhibit": self.show,
            "instant": lambda place: self._go(self._instants[place]),
            "rank": lambda _: self._rank(self._then),
            "save": lambda _: self.widget.save(self.exhibit, f"{self.exhibit.name}-{self.sound_id}", self._how["kind"]),
            "copy": lambda _: self.widget.copy(self.exhibit),
        }
        if what in acts:
            acts[what](value)
        elif what in self._how:
            self._how[what] = value
            self._show()

    def _search(self, text: str) -> None:
        found, note = self._finder.find(text)
        self.widget.finds = {"text": text, "found": found, "note": note}
        offered = [one["id"] for one in found if one["act"] == "open"]
        self.widget.spend_rest(self.monitor.study.reading_ahead(offered))

    def _point(self, point: Mapping[str, Any]) -> None:
        """Open the sound that was clicked; a point that is no sound says nothing."""
        if point["customdata"] in self._finder:
            self.open(point["customdata"])

    def _go(self, as_of: datetime) -> None:
        self.as_of = as_of
        self.__dict__.pop("_then", None)
        self._show()

    @cached_property
    def _then(self) -> Monitor:
        return self.monitor if self.as_of == self.monitor.as_of else self.monitor.at(self.as_of)

    def _show(self) -> None:
        try:
            self.exhibit = self._exhibit()
            if self._tab == "Board":
                self._rank(self._then)
        except NoDataError as error:
            self.exhibit = Exhibit(
                name=self._name, title=_words_of(self._name).capitalize(), subtitle=str(error), frame=pd.DataFrame(),
                as_of=self.as_of, source="nothing to show", is_practice=self.monitor.is_practice,
            )  # fmt: skip
        self.widget.show(self.exhibit, chosen=self.sound_id)
        self.widget.controls = self._controls()
        self._offer_rank()

    def _exhibit(self) -> Exhibit:
        told = {word: self._value(control) for control, word in _HEARS.get(self._name, {}).items()}
        how = {word: value for word, value in told.items() if value}
        if self._name == "why":
            how["ranked"] = self.as_of == self.monitor.as_of  # a rank needs the whole board of its instant
        if self._tab == "Board":
            shown: Exhibit = getattr(self._then, self._name)()
        elif self._tab == "Audience":
            shown = getattr(self._charts, self._name)(self.sound_id, **how)
        else:
            shown = self._sound.exhibit(self._name, **how)
        return shown

    @property
    def _charts(self) -> ChartBoard:
        """What charts said of the one sound: cheap, as what is known of it lies in memory."""
        known = Charted(self.monitor.study.excerpt(self.sound_id), self.as_of)
        return replace(self.monitor.charts, charted=known)

    @property
    def _sound(self) -> Sound:
        here = self.monitor.sound(self.sound_id)
        return here if self.as_of == self.monitor.as_of else here.at(self.as_of)

    def _value(self, control: str) -> Any:
        value = self._how[control]
        return int(value) if control == "window" else value

    def _controls(self) -> list[dict[str, Any]]:
        heard = _HEARS.get(self._name, {})
        dialects = [(_DIALECT_NAMES.get(name, name.replace("_", " ")), name) for name in DIALECTS]
        lists: Mapping[str, tuple[str, Options]] = {
            "window": ("Days", [(f"last {days}", str(days)) for days in _WINDOWS]),
            "by": ("By", [("day", "day"), ("week", "week")]),
            "dialect": ("Measured by", dialects),
            "region": ("Market", [("any with a chart", ""), *((region_words(one), one) for one in self._regions)]),
        }
        options = [
            {**choice(name, "options", label, options, self._how[name]), "hidden": name not in heard}
            for name, (label, options) in lists.items()
        ]
        under = [(_words_of(name), name) for name in TABS[self._tab]]
        times = [time_words(one) for one in self._instants]
        label = "Title, artist, id or pasted TikTok address"
        return [
            {"name": "search", "place": "top", "kind": "finder", "label": label},
            button("follow", "top", "Add to watchlist", "The next sweep reads this sound"),
            {**choice("instant", "time", "As of", times, self._place), "kind": "slider"},
            {**choice("tab", "tabs", "Look at", [(tab, tab) for tab in TABS], self._tab), "kind": "tabs"},
            {**choice("exhibit", "options", self._tab, under, self._name), "kind": "radios", "hidden": len(under) == 1},
            *options,
            *keeping(self._how["kind"]),
        ]

    @property
    def _place(self) -> int:
        """Where the slider stands: the last instant that is not later."""
        return max(0, sum(one <= self.as_of for one in self._instants) - 1)

    def _rank(self, monitor: Monitor) -> None:
        """List the sounds in the order of an instant."""
        board = _ranked(monitor)
        listed = board.head(_LISTED)
        self.monitor.study.read_ahead(listed["sound_id"].tolist())
        signs = [f"{status_look(one).sign} {status_words(one)}" for one in listed["status"].drop_duplicates()]
        others = f"{len(listed)} of {len(board):,} sounds; search finds the others. " if len(board) > _LISTED else ""
        label = f"Surest growth first, as of {time_words(monitor.as_of)}"
        self.widget.rows = _rows(listed, monitor)
        self.widget.listing = {"label": label, "rest": others + "  ".join(signs), "again": ""}
        self._ranked_at = monitor.as_of
        self._offer_rank()

    def _offer_rank(self) -> None:
        again = "" if self.as_of == self._ranked_at else f"Rank as of {time_words(self.as_of)}"
        self.widget.listing = {**self.widget.listing, "again": again}

    def _follow(self, sound: str | None) -> None:
        self.widget.said = self.monitor.follow(sound or self.sound_id)

    def _ipython_display_(self) -> None:
        display = importlib.import_module("IPython.display").display
        display(self.widget)
        display(self.exhibit)

    def __repr__(self) -> str:
        """Say what is looked at."""
        return f"Explorer({self.sound_id}, {self._name}, as of {utc_text(self.as_of)})"


def _ranked(monitor: Monitor) -> pd.DataFrame:
    return monitor.leaderboard(max_uses=None, top=None, include_unrankable=True).frame


def _words_of(name: str) -> str:
    return _NAMES.get(name, name)


def _rows(listed: pd.DataFrame, monitor: Monitor) -> list[dict[str, Any]]:
    """Write sounds as a list: place, title, how sure, growth; beneath, the alert and who; its days, drawn small."""
    days = _small_days(listed["sound_id"], monitor)
    return [
        {
            "id": row["sound_id"],
            "place": "" if pd.isna(row["rank"]) else str(row["rank"]),
            "name": plain_text(row["title"], 60) or f"sound {row['sound_id']}",
            "number": "" if pd.isna(row["growth_rate"]) else times_words(row["growth_rate"]),
            "sign": status_look(row["status"]).sign,
            "status": status_words(row["status"]),
            "beneath": plain_text(row["artist"], 40),
            "flag": row["alert"] if row["alert"] in SENT_ALERTS else "",
            "days": days.get(row["sound_id"], []),
        }
        for row in listed.to_dict("records")
    ]


def _small_days(sound_ids: "pd.Series[str]", monitor: Monitor) -> dict[str, list[float | None]]:
    """Return the posts of the last days of some sounds, oldest first; None where a day is not covered."""
    days = monitor.board.days
    known = days[days["sound_id"].isin(sound_ids) & (days["exposure_days"] >= _HALF_COVERED)]
    back = ((monitor.as_of - known["day"]).dt.total_seconds() / 86_400).round().astype("int64")
    cells = known.assign(back=back).pivot_table(index="sound_id", columns="back", values="posts")
    cells = cells.reindex(columns=range(_SMALL_DAYS, 0, -1)).round(1).astype(object)
    whole = cells.where(cells.notna(), None)
    return {str(sound_id): row.tolist() for sound_id, row in whole.iterrows()}
