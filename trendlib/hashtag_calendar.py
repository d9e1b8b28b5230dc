"""The hashtag calendar to click on: a day of a hashtag opens the posts of that day.

Like the explorer it computes nothing and holds no result: ``calendar.map`` is the map, ``calendar.exhibit`` what
stands beneath it, both exhibits of the monitor.
"""

import importlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast

import pandas as pd

from trendlib.metrics.velocity import Dialect
from trendlib.monitor import Monitor
from trendlib.schema import utc_text
from trendlib.show.exhibits import Exhibit
from trendlib.show.theme import plain_text, time_words
from trendlib.show.window import KINDS, Window, choice, keeping

_ALL = ""
_SPANS = {"28": "4 weeks", "42": "6 weeks"}
_DIALECTS: Mapping[Dialect, str] = {
    "trendlib": "trendlib: 24 h against the week before",
    "tutorial_hashtag": "tutorial hashtag",
}
_LATELY = "the last 7 days"
_WEEK, _DAY = pd.Timedelta(days=7), pd.Timedelta(days=1)


def calendar(monitor: Monitor) -> "Calendar":
    """Open the hashtag calendar.

    Parameters
    ----------
    monitor
        Whose hashtags.

    Returns
    -------
        The calendar; it shows itself when it is a cell's last line. Click a day to see its posts.

    Raises
    ------
    NoDataError
        If no hashtag was ever read.
    """
    return Calendar(monitor)


class Calendar:
    """Hashtags by day, where each began and ended; click a day to see its posts.

    Parameters
    ----------
    monitor
        Whose hashtags.

    Attributes
    ----------
    map
        The map, as an exhibit: all hashtags by day, or the year of one.
    exhibit
        What stands beneath it: the posts of a day; before one is chosen, the brief for creators.
    """

    def __init__(self, monitor: Monitor) -> None:
        self.monitor = monitor
        self.map: Exhibit
        self.exhibit: Exhibit = monitor.hashtags.creator_brief()
        self._hashtag, self._day = _ALL, ""
        self._how = {"days": "28", "dialect": "trendlib", "kind": KINDS[0]}
        badge = "Practice data: no real hashtags" if monitor.is_practice else ""
        self.widget = Window("Hashtag calendar", badge, self._hear)
        self._show()

    def open(self, hashtag: str, day: datetime | None = None) -> Exhibit:
        """Show the posts of a hashtag, of one day or of the last week.

        Parameters
        ----------
        hashtag
            Which one, without ``#``.
        day
            The beginning of the 24 hours, as the map shows them [UTC]; None for the last seven days.

        Returns
        -------
            The posts.

        Raises
        ------
        NoDataError
            If nothing is known of that hashtag.
        """
        self.exhibit = self.monitor.hashtags.posts(hashtag, day)
        self._lay()
        return self.exhibit

    def year(self, hashtag: str) -> Exhibit:
        """Turn to the year of one hashtag, with its posts of the last seven days beneath.

        Parameters
        ----------
        hashtag
            Which one, without ``#``; none for all hashtags again, with the brief for creators.

        Returns
        -------
            The map.

        Raises
        ------
        NoDataError
            If nothing is known of that hashtag.
        """
        hashtags = self.monitor.hashtags
        self.exhibit = hashtags.posts(hashtag) if hashtag else hashtags.creator_brief()
        self._hashtag, self._day = hashtag, ""
        self._show()
        return self.map

    def _hear(self, what: str, value: Any) -> None:
        """Do what was done in the window."""
        acts: Mapping[str, Callable[[Any], Any]] = {
            "hashtag": self.year,
            "day": lambda day: self._choose(self._hashtag, day),
            "point": lambda point: self._choose(*self._cell(point)),
            "save": lambda _: self.widget.save(
                self.map, f"{self.map.name}{self._hashtag and '-'}{self._hashtag}", self._how["kind"]
            ),
            "copy": lambda _: self.widget.copy(self.exhibit),
        }
        if what in acts:
            acts[what](value)
        elif what in self._how:
            self._how[what] = value
            self._show()

    def _choose(self, hashtag: str, day: str) -> None:
        if hashtag:
            self._day = day
            self.open(hashtag, datetime.fromisoformat(day) if day else None)

    def _cell(self, point: Mapping[str, Any]) -> tuple[str, str]:
        """Find the hashtag and the day of a clicked cell; a click beside the cells finds none."""
        frame = self.map.frame
        if point["kind"] != "heatmap" or not isinstance(point["y"], int) or frame.empty:
            return "", ""
        when = pd.Timestamp(point["x"], tz="UTC") if isinstance(point["x"], str) else pd.Timestamp(
            point["x"], unit="ms", tz="UTC"
        )  # fmt: skip
        if self._hashtag:  # a column is a week, a row a weekday
            begun = (when - _WEEK / 2).floor("D") + point["y"] * _DAY
            days = frame.loc[frame["day"].dt.floor("D") == begun, "day"]
            hashtag = self._hashtag
        else:
            hashtag = list(dict.fromkeys(frame["hashtag"]))[point["y"]]
            own = frame.loc[frame["hashtag"] == hashtag, "day"]
            days = own[(own + _DAY / 2 - when).abs() < _DAY / 2]
        return (hashtag, days.iloc[0].isoformat()) if len(days) else ("", "")

    def _show(self) -> None:
        hashtags = self.monitor.hashtags
        if self._hashtag:
            self.map = hashtags.year(self._hashtag)
        else:
            self.map = hashtags.calendar(days=int(self._how["days"]), dialect=cast("Dialect", self._how["dialect"]))
        self._lay()

    def _lay(self) -> None:
        """Lay the map on the window, and what stands beneath it."""
        self.widget.show(self.map, beneath=self.exhibit)
        self.widget.controls = self._controls()

    def _controls(self) -> list[dict[str, Any]]:
        names = [("all hashtags", _ALL), *((f"#{plain_text(name, 40)}", name) for name in self.monitor.hashtags.names)]
        is_year = bool(self._hashtag)
        days = [(f"24 h from {time_words(day)}", day.isoformat()) for day in self.map.frame["day"]] if is_year else []
        dialects = [(words, name) for name, words in _DIALECTS.items()]
        spans = [(words, days) for days, words in _SPANS.items()]
        return [
            choice("hashtag", "top", "Show", names, self._hashtag),
            {**choice("day", "top", "Posts of", [(_LATELY, ""), *days], self._day), "hidden": not is_year},
            {**choice("days", "top", "Span", spans, self._how["days"]), "hidden": is_year},
            {**choice("dialect", "top", "Measured by", dialects, self._how["dialect"]), "hidden": is_year},
            *keeping(self._how["kind"]),
        ]

    def _ipython_display_(self) -> None:
        display = importlib.import_module("IPython.display").display
        display(self.widget)
        display(self.map)
        display(self.exhibit)

    def __repr__(self) -> str:
        """Say what is looked at."""
        return f"Calendar({self._hashtag or 'all hashtags'}, as of {utc_text(self.monitor.as_of)})"
