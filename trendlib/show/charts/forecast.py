"""Forecast: a sound's past days, and the pace of the days ahead with the interval past errors have earned."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import compress
from math import isnan
from typing import NamedTuple

import numpy as np
import pandas as pd

from trendlib.schema import Status
from trendlib.show.canvas import (
    DAY,
    DAY_MS,
    NO_WORDS,
    Chart,
    Sheet,
    Words,
    columns,
    count_axis,
    floats,
    instants,
    swatch,
    texts,
    time_axis,
    uncovered,
    wall_time,
    wall_times,
)
from trendlib.show.theme import LIGHT, safe_text, short_number, status_words, time_words

_PAST_DAYS = 42
_USUAL_DAYS = 7
_WHOLE = 0.995
_MOST_HORIZONS = 30
_UNTOLD: Mapping[str, str] = {
    Status.NEW: "new: its history is too short to learn a trend from",
    Status.ROUNDED: "the use counter is rounded too coarsely",
    Status.NOT_ENOUGH_COVERAGE: "too few of the last 14 days are covered",
}


class _Day(NamedTuple):
    """A past day; its posts are missing where nothing is known."""

    start: datetime
    posts: float
    exposure: float

    @property
    def is_known(self) -> bool:
        return not isnan(self.posts)

    @property
    def is_whole(self) -> bool:
        return self.exposure >= _WHOLE


class _Horizon(NamedTuple):
    """How many days ahead, and how many uses until then."""

    days: float
    uses: float
    low: float
    high: float
    to_come: float
    status: str

    @property
    def pace(self) -> float:
        """Its mean a day."""
        return self.uses / self.days


@Chart
def forecast(daily: pd.DataFrame, words: Words = NO_WORDS, *, ahead: pd.DataFrame, as_of: datetime) -> Sheet:
    """Draw one sound's past daily uses and its forecast pace: the mean a day up to each horizon.

    Parameters
    ----------
    daily
        A row a day of one sound: ``day`` (start of a 24 h window [UTC]), ``posts`` (missing where nothing is known),
        ``exposure_days`` (covered part of the day [0 to 1]).
    words
        Title, subtitle and caption.
    ahead
        A row a horizon: ``uses_next``, ``uses_low``, ``uses_high`` [posts in all], ``status``; optional ``days``
        [days ahead] (7 unless given), ``is_past_inflection``, ``uses_to_come`` [posts].
    as_of
        Where the past ends.

    Raises
    ------
    SchemaError
        If a frame lacks a column.
    """
    now = as_of.astimezone(UTC)
    past, future = _past(daily, now), _future(ahead)
    known, told = [day for day in past if day.is_known], [one for one in future if not isnan(one.uses)]
    sheet = Sheet(words, height=340, left=64, right=150)
    start = past[0].start if past else now - _USUAL_DAYS * DAY
    end = now + max([_USUAL_DAYS, *(one.days for one in future)]) * DAY
    paces = [pace for one in told for pace in (one.pace, one.high / one.days) if not isnan(pace)]
    top = 1.2 * max([1.0, *(day.posts for day in known), *paces])
    sheet.lay(xaxis=time_axis(start, end), yaxis={**count_axis(0, top), "showticklabels": bool(known or told)})
    _draw_past(sheet, past, top)
    x = wall_time(now)
    sheet.line(x0=x, x1=x, yref="paper", y0=0, y1=1, line={"color": LIGHT.muted, "width": 1, "dash": "dot"})
    if told:
        _draw_ahead(sheet, told, now)
    else:
        sheet.say(_why_untold(future), y=0.88)
    parts = {
        swatch(LIGHT.slate, "posts a day"): bool(known),
        swatch(LIGHT.slate_soft, "covered in part"): not all(day.is_whole for day in known),
        swatch(LIGHT.accent, "forecast", "▬"): bool(told),
        swatch(LIGHT.band_soft, "80 % of such forecasts came true in here", "▬"): not all(
            isnan(one.low) for one in told
        ),
    }
    sheet.head("<b>Uses a day</b>" + "".join(part for part, is_there in parts.items() if is_there), "y")
    return sheet


def _past(daily: pd.DataFrame, now: datetime) -> list[_Day]:
    rows = columns(daily, "daily", "day posts exposure_days")
    days, exposure = instants(rows["day"]), np.nan_to_num(floats(rows["exposure_days"]))
    posts = np.where(exposure > 0, floats(rows["posts"]), np.nan)
    since = now - _PAST_DAYS * DAY - DAY / 2
    every = map(_Day, days, posts.tolist(), exposure.tolist())
    return [day for day in every if since <= day.start < now]


def _future(ahead: pd.DataFrame) -> list[_Horizon]:
    rows = columns(ahead, "ahead", "uses_next uses_low uses_high status", "days uses_to_come")
    days = floats(rows["days"])
    days = np.where(np.isnan(days), _USUAL_DAYS, days).tolist()
    names = ("uses_next", "uses_low", "uses_high", "uses_to_come")
    every = map(_Horizon, days, *(floats(rows[name]).tolist() for name in names), texts(rows["status"]).tolist())
    first = {one.days: one for one in reversed([*every]) if one.days > 0}
    return [first[days] for days in sorted(first)][:_MOST_HORIZONS]


def _why_untold(future: Sequence[_Horizon]) -> str:
    if not future:
        return "No forecast: nothing is known of this sound's days."
    status = future[-1].status
    return f"No forecast: {_UNTOLD.get(status, status_words(status))}."


def _draw_past(sheet: Sheet, past: Sequence[_Day], top: float) -> None:
    is_known = [day.is_known for day in past]
    known = [*compress(past, is_known)]
    sheet.draw(
        "bar",
        name="posts", x=wall_times(day.start + 0.06 * DAY for day in known), y=[day.posts for day in known],
        width=[0.88 * DAY_MS] * len(known), offset=0,
        marker={"color": [LIGHT.slate if day.is_whole else LIGHT.slate_soft for day in known], "line": {"width": 0}},
        hovertext=[f"<b>{day.posts:,.0f} posts</b><br>24 h from {time_words(day.start)}" for day in known],
        hoverinfo="text",
    )  # fmt: skip
    sheet.hatch(uncovered([day.start for day in past], is_known), top)


def _draw_ahead(sheet: Sheet, told: Sequence[_Horizon], now: datetime) -> None:
    """Draw the pace up to each horizon; the first horizon's holds from now on."""
    edges = wall_times(now + days * DAY for days in (0, *(one.days for one in told)))
    held = [told[0], *told]
    if not any(isnan(one.low) for one in told):
        low, high = [one.low / one.days for one in held], [one.high / one.days for one in held]
        sheet.draw(
            "scatter",
            name="80 % interval", x=[*edges, *reversed(edges)], y=[*high, *reversed(low)], mode="lines", fill="toself",
            fillcolor=LIGHT.band, opacity=0.16, line={"width": 0}, hoverinfo="skip",
        )  # fmt: skip
    sheet.draw(
        "scatter",
        name="forecast", x=edges, y=[one.pace for one in held], mode="lines+markers",
        line={"color": LIGHT.accent, "width": 2.5},
        marker={"size": [0.1, *[6] * len(told)], "color": LIGHT.accent, "opacity": 1, "line": {"width": 0}},
        hovertext=[_hover(one) for one in held], hoverinfo="text",
    )  # fmt: skip
    last = told[-1]
    quiet = f'<span style="font-size:0.9em;color:{LIGHT.muted}">'
    interval = (
        "no interval yet: too few<br>past forecasts to learn from"
        if isnan(last.low)
        else f"{short_number(last.low)}–{short_number(last.high)}"
    )
    lines = f"<b>{short_number(last.uses)} uses</b><br>{quiet}in {last.days:.0f} days<br>{interval}"
    peak = "" if isnan(last.to_come) else f"<br>past its peak, about<br>{short_number(last.to_come)} still to come"
    status = f"<br>status: {safe_text(status_words(last.status))}"
    sheet.note(f"{lines}{peak}{status}</span>", name="ahead", x=1, xref="paper", y=last.pace, xanchor="left", xshift=10)


def _hover(one: _Horizon) -> str:
    interval = (
        "<br>no interval: too few past forecasts"
        if isnan(one.low)
        else f"<br>80 % interval {short_number(one.low)} to {short_number(one.high)}"
    )
    pace = f"about {short_number(one.pace)} a day"
    return f"<b>{short_number(one.uses)} uses in the next {one.days:.0f} days</b><br>{pace}{interval}"
