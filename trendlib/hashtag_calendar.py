"""The hashtag calendar to click on: a day of a hashtag opens the posts of that day.

Like the explorer it computes nothing and holds no result: ``calendar.exhibit`` is what stands beneath
the map, ``calendar.map`` the map itself, both exhibits of the monitor.
"""

import importlib
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import ipywidgets as widgets

from trendlib.errors import TrendlibError
from trendlib.monitor import Monitor
from trendlib.show.exhibits import Exhibit
from trendlib.show.stage import Stage
from trendlib.show.theme import safe_text

_STYLE = """<style>
.jp-OutputArea-child:has(.trendlib-calendar) ~ .jp-OutputArea-child { display: none; }
</style>"""
_WHOLE = "all hashtags"


def calendar(monitor: Monitor) -> "Calendar":
    """Open the hashtag calendar.

    Parameters
    ----------
    monitor
        Whose hashtags.

    Returns
    -------
        The calendar; it shows itself when it is a cell's last line.

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
        The map, as an exhibit.
    exhibit
        What stands beneath it: the clicked day's posts; before a click, the brief for creators.
    """

    def __init__(self, monitor: Monitor) -> None:
        self.monitor = monitor
        self.map: Exhibit
        self.exhibit: Exhibit = monitor.hashtags.creator_brief()
        wide = {"style": {"description_width": "initial"}, "layout": widgets.Layout(width="260px")}
        names = [(_WHOLE, ""), *((f"#{name}", name) for name in monitor.hashtags.names)]
        self._hashtag = widgets.Dropdown(options=names, description="Show", **wide)
        self._dialect = widgets.Dropdown(options=["trendlib", "tutorial_hashtag"], description="Dialect", **wide)
        self._days = widgets.Dropdown(options=[("4 weeks", 28), ("6 weeks", 42)], description="Days", **wide)
        self._stage, self._words, self._posts, self._said = Stage(), widgets.HTML(), widgets.HTML(), widgets.HTML()
        for control in (self._hashtag, self._dialect, self._days):
            control.observe(lambda _: self._show(), "value")
        self._stage.on_msg(lambda _, point, __: self._clicked(point))
        self._show()

    @cached_property
    def widget(self) -> widgets.VBox:
        """The window itself."""
        controls = widgets.HBox([self._hashtag, self._dialect, self._days])
        parts = [controls, self._stage, self._words, self._said, self._posts, widgets.HTML(_STYLE)]
        window = widgets.VBox(parts)
        window.add_class("trendlib-calendar")
        return window

    def open(self, hashtag: str, day: datetime) -> Exhibit:
        """Show the posts of a hashtag on one day, counted from an instant on.

        Parameters
        ----------
        hashtag
            Which one, without ``#``.
        day
            The beginning of the 24 hours, as the map shows them [UTC].

        Returns
        -------
            The posts.
        """
        self.exhibit = self.monitor.hashtags.posts(hashtag, day)
        self._beneath()
        return self.exhibit

    def _show(self) -> None:
        hashtags = self.monitor.hashtags
        self._said.value = ""
        try:
            if self._hashtag.value:
                self.map = hashtags.year(self._hashtag.value)
            else:
                self.map = hashtags.calendar(days=self._days.value, dialect=self._dialect.value)
        except TrendlibError as error:
            self._said.value = f'<span role="status">{safe_text(str(error), 400)}</span>'
            return
        self._stage.show(self.map.headed_figure, self.map.title)
        self._words.value = f"<p>{safe_text(self.map.caption, 1000)}</p>"
        self._beneath()

    def _beneath(self) -> None:
        self._posts.value = f"<h4>{safe_text(self.exhibit.title, 200)}</h4>{self.exhibit.fragment()}"

    def _clicked(self, point: dict[str, Any]) -> None:
        names = [self._hashtag.value] if self._hashtag.value else list(dict.fromkeys(self.map.frame["hashtag"]))
        place = 0 if self._hashtag.value else point.get("y")
        day = point.get("customdata") if self._hashtag.value else point.get("x")
        if not (isinstance(place, int) and place < len(names) and isinstance(day, str)):
            return
        hashtag = names[place]
        self._said.value = ""
        try:
            self.open(hashtag, datetime.fromisoformat(day).replace(tzinfo=UTC))
        except TrendlibError as error:
            self._said.value = f'<span role="status">{safe_text(str(error), 400)}</span>'

    def _ipython_display_(self) -> None:
        display = importlib.import_module("IPython.display").display
        display(self.widget)
        display(self.map)
        display(self.exhibit)
