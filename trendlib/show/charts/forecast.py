"""Forecast: a sound's past days, and the pace of the days ahead with the interval past errors have earned."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from trendlib.schema import Status
from trendlib.show.canvas import (
    DAY,
    DAY_MS,
    NO_WORDS,
    Sheet,
    Words,
    checked,
    count_axis,
    numbers,
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
_UNTOLD: Mapping[str, str] = {
    Status.NEW: "new: its history is too short to learn a trend from",
    Status.ROUNDED: "the use counter is rounded too coarsely",
    Status.NOT_ENOUGH_COVERAGE: "too few of the last 14 days are covered",
}


def forecast(daily: pd.DataFrame, words: Words = NO_WORDS, *, ahead: pd.DataFrame, as_of: datetime) -> go.Figure:
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
    now = pd.Timestamp(as_of).tz_convert("UTC")
    past, future = _past(daily, now), _future(ahead)
    told = future[future["uses_next"].notna()]
    sheet = Sheet(words, height=340, left=64, right=150)
    start = past["day"].iloc[0] if len(past) else now - _USUAL_DAYS * DAY
    end = now + max([_USUAL_DAYS, *future["days"]]) * DAY
    paces = (told[name] / told["days"] for name in ("uses_next", "uses_high"))
    top = 1.2 * max([1.0, *past["posts"].dropna(), *(pace for each in paces for pace in each.dropna())])
    has_any = bool(past["is_known"].any()) or not told.empty
    sheet.lay(xaxis=time_axis(start, end), yaxis={**count_axis(0, top), "showticklabels": has_any})
    _draw_past(sheet, past, top)
    x = wall_time(now)
    sheet.line(x0=x, x1=x, yref="paper", y0=0, y1=1, line={"color": LIGHT.muted, "width": 1, "dash": "dot"})
    if told.empty:
        sheet.say(_why_untold(future), y=0.88)
    else:
        _draw_ahead(sheet, told, now)
    parts = {
        swatch(LIGHT.slate, "posts a day"): bool(past["is_known"].any()),
        swatch(LIGHT.slate_soft, "covered in part"): bool((past["is_known"] & ~past["is_whole"]).any()),
        swatch(LIGHT.accent, "forecast", "▬"): not told.empty,
        swatch(LIGHT.band_soft, "80 % of such forecasts came true in here", "▬"): bool(told["uses_low"].notna().any()),
    }
    sheet.head("<b>Uses a day</b>" + "".join(part for part, is_there in parts.items() if is_there), "y")
    return sheet.figure()


def _past(daily: pd.DataFrame, now: pd.Timestamp) -> pd.DataFrame:
    frame = checked(daily, "daily", "day posts exposure_days")
    frame = frame[(frame["day"] < now) & (frame["day"] >= now - _PAST_DAYS * DAY - DAY / 2)].reset_index(drop=True)
    posts, exposure = numbers(frame["posts"]), numbers(frame["exposure_days"]).fillna(0)
    is_known = posts.notna() & (exposure > 0)
    return frame.assign(posts=posts.where(is_known), is_known=is_known, is_whole=exposure >= 0.995)


def _future(ahead: pd.DataFrame) -> pd.DataFrame:
    frame = checked(ahead, "ahead", "uses_next uses_low uses_high status", "days is_past_inflection uses_to_come")
    names = ("uses_next", "uses_low", "uses_high", "days", "uses_to_come")
    frame = frame.assign(**{name: numbers(frame[name]) for name in names}, status=texts(frame["status"]))
    frame = frame.assign(days=frame["days"].fillna(_USUAL_DAYS)).query("days > 0")
    return frame.drop_duplicates("days").sort_values("days").head(30)


def _why_untold(future: pd.DataFrame) -> str:
    if future.empty:
        return "No forecast: nothing is known of this sound's days."
    status = future["status"].iloc[-1]
    return f"No forecast: {_UNTOLD.get(status, status_words(status))}."


def _draw_past(sheet: Sheet, past: pd.DataFrame, top: float) -> None:
    known = past[past["is_known"]]
    sheet.draw(
        "bar",
        name="posts", x=wall_times(known["day"] + 0.06 * DAY), y=known["posts"].tolist(),
        width=[0.88 * DAY_MS] * len(known), offset=0,
        marker={"color": [LIGHT.slate if is_whole else LIGHT.slate_soft for is_whole in known["is_whole"]],
                "line": {"width": 0}},
        hovertext=[
            f"<b>{row['posts']:,.0f} posts</b><br>24 h from {time_words(row['day'])}"
            for row in known.to_dict("records")
        ],
        hoverinfo="text",
    )  # fmt: skip
    sheet.hatch(uncovered(past), top)


def _draw_ahead(sheet: Sheet, told: pd.DataFrame, now: pd.Timestamp) -> None:
    """Draw the pace up to each horizon; the first horizon's holds from now on."""
    ends = wall_times(now + days * DAY for days in told["days"])
    edges = [wall_time(now), *ends]
    middle, low, high = (told[name] / told["days"] for name in ("uses_next", "uses_low", "uses_high"))
    if low.notna().all():
        sheet.draw(
            "scatter",
            name="80 % interval", x=[*edges, *reversed(edges)],
            y=[high.iloc[0], *high, *reversed([low.iloc[0], *low])], mode="lines", fill="toself",
            fillcolor=LIGHT.band, opacity=0.16, line={"width": 0}, hoverinfo="skip",
        )  # fmt: skip
    hover = [_hover(row) for row in told.to_dict("records")]
    sheet.draw(
        "scatter",
        name="forecast", x=edges, y=[middle.iloc[0], *middle], mode="lines+markers",
        line={"color": LIGHT.accent, "width": 2.5},
        marker={"size": [0.1, *[6] * len(told)], "color": LIGHT.accent, "opacity": 1, "line": {"width": 0}},
        hovertext=[hover[0], *hover], hoverinfo="text",
    )  # fmt: skip
    last = told.iloc[-1]
    quiet = f'<span style="font-size:0.9em;color:{LIGHT.muted}">'
    interval = (
        f"{short_number(last['uses_low'])}–{short_number(last['uses_high'])}"
        if pd.notna(last["uses_low"])
        else "no interval yet: too few<br>past forecasts to learn from"
    )
    lines = f"<b>{short_number(last['uses_next'])} uses</b><br>{quiet}in {last['days']:.0f} days<br>{interval}"
    peak = (
        f"<br>past its peak, about<br>{short_number(last['uses_to_come'])} still to come"
        if pd.notna(last["uses_to_come"])
        else ""
    )
    status = f"<br>status: {safe_text(status_words(last['status']))}"
    sheet.note(
        f"{lines}{peak}{status}</span>", name="ahead", x=1, xref="paper", y=middle.iloc[-1], xanchor="left", xshift=10
    )


def _hover(row: Mapping[Any, Any]) -> str:
    interval = (
        f"<br>80 % interval {short_number(row['uses_low'])} to {short_number(row['uses_high'])}"
        if pd.notna(row["uses_low"])
        else "<br>no interval: too few past forecasts"
    )
    pace = f"about {short_number(row['uses_next'] / row['days'])} a day"
    return f"<b>{short_number(row['uses_next'])} uses in the next {row['days']:.0f} days</b><br>{pace}{interval}"
