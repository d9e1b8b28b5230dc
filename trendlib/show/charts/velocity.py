"""Velocity: one sound's posts a day, what was expected, what is not covered, and its total uses.

Bars stand on 24 h windows, as long as the window is. Slate is certain, light slate was covered in
part (or the counter jumped), accent is an alert; hatched spans are not covered.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import starmap
from math import isnan
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from trendlib.show.canvas import (
    DAY,
    DAY_MS,
    NO_WORDS,
    Chart,
    Sheet,
    Words,
    blocks,
    columns,
    count_axis,
    flags,
    floats,
    instants,
    swatch,
    time_axis,
    uncovered,
    wall_time,
    wall_times,
)
from trendlib.show.theme import LIGHT, safe_text, short_number, these_days, time_words

_MOST_DAYS = 800
_WHOLE = 0.995
_MOST_NOTES = 6


class _Day(NamedTuple):
    """Its posts, missing where nothing is known, and how sure they are."""

    start: datetime
    posts: float
    exposure: float
    rounding_unit: float
    is_from_counter: bool
    is_flagged: bool
    alerts: Sequence[str]

    @property
    def is_known(self) -> bool:
        return not isnan(self.posts)

    @property
    def is_certain(self) -> bool:
        return self.exposure >= _WHOLE and not self.is_flagged


class _Reading(NamedTuple):
    """The use counter, and between what the true value lies."""

    at: datetime
    total: float
    low: float
    high: float


class _Band(NamedTuple):
    """What was expected of a day."""

    start: datetime
    low: float
    high: float


@Chart
def velocity(
    daily: pd.DataFrame,
    words: Words = NO_WORDS,
    *,
    readings: pd.DataFrame | None = None,
    expected: pd.DataFrame | None = None,
    alerts: pd.DataFrame | None = None,
) -> Sheet:
    """Draw one sound's posts a day and, beneath, its total uses.

    Parameters
    ----------
    daily
        One row a day of one sound: ``day`` (start of a 24 h window [UTC]), ``posts`` ([posts], missing
        where nothing is known), ``exposure_days`` (covered part of the day [0 to 1]); optional ``source``
        (posts or counter), ``is_flagged``, ``rounding_unit`` [posts].
    words
        Title, subtitle and caption.
    readings
        The use counter: ``observed_at`` [UTC], ``total_uses`` [posts], optional ``rounding_unit`` [posts].
    expected
        What the days before led to expect: ``day``, ``low``, ``high`` [posts].
    alerts
        ``day`` and ``alert`` (its name), one row for each day that an alert stood.

    Raises
    ------
    SchemaError
        If a frame lacks a column.
    """
    days = _days(daily, alerts)
    shown = days[-_MOST_DAYS:]
    known = [day for day in shown if day.is_known]
    since = shown[0].start if shown else None
    uses, band = _uses(readings, since), _expected(expected, since)
    top = 1.25 * max([1.0, *(day.posts + day.rounding_unit for day in known), *(day.high for day in band)])
    sheet = _panels(words, shown, uses, top)
    _draw_days(sheet, known)
    _draw_uncovered(sheet, shown, top)
    _draw_expected(sheet, band)
    _draw_alerts(sheet, shown, top)
    if uses:
        _draw_uses(sheet, uses)
    lacks = {
        f"the last {len(shown)} of {len(days):,} days": len(days) > len(shown),
        "only one day is known, too few for a trend": len(known) == 1,
        "total uses: not read in this time": readings is not None and not uses,
    }
    said = [swatch(LIGHT.muted, words, "–") for words, is_lacking in lacks.items() if is_lacking]
    sheet.head(_key(known, band) + "".join(said), "y")
    if not known:
        sheet.say(_missing_days(len(shown)), y=0.69 if uses else 0.5)
    return sheet


def _panels(words: Words, days: Sequence[_Day], uses: Sequence[_Reading], top: float) -> Sheet:
    sheet = Sheet(words, height=480 if uses else 330, left=64, right=28)
    times = [days[0].start, days[-1].start + DAY] if days else [reading.at for reading in uses]
    span = time_axis(times[0], max(times[-1], times[0] + DAY)) if times else {"showticklabels": False}
    sheet.lay(
        xaxis={**span, "anchor": "y2" if uses else "y"},
        yaxis={
            **count_axis(0, top),
            "domain": [0.38 if uses else 0, 1],
            "showticklabels": any(day.is_known for day in days),
        },
    )
    return sheet


def _days(daily: pd.DataFrame, alerts: pd.DataFrame | None) -> list[_Day]:
    rows = columns(daily, "daily", "day posts exposure_days", "source is_flagged rounding_unit")
    posts, exposure = floats(rows["posts"]), np.nan_to_num(floats(rows["exposure_days"]))
    named = _named(alerts)
    days = instants(rows["day"])
    every = zip(
        days,
        np.where(exposure > 0, posts, np.nan).tolist(),
        exposure.tolist(),
        _units(rows["rounding_unit"]).tolist(),
        [str(source) == "counter" for source in rows["source"].tolist()],
        flags(rows["is_flagged"]),
        [named.get(day, []) for day in days],
        strict=True,
    )
    return [*starmap(_Day, every)]


def _named(alerts: pd.DataFrame | None) -> dict[datetime, list[str]]:
    """Name the alerts of each day."""
    named: dict[datetime, list[str]] = {}
    if alerts is not None and len(alerts):
        rows = columns(alerts, "alerts", "day alert")
        for day, alert in zip(instants(rows["day"]), rows["alert"].tolist(), strict=True):
            if pd.notna(alert):
                named.setdefault(day, []).append(alert)
    return named


def _uses(readings: pd.DataFrame | None, since: datetime | None) -> list[_Reading]:
    if readings is None:
        return []
    rows = columns(readings, "readings", "observed_at total_uses", "rounding_unit")
    uses, half = floats(rows["total_uses"]), _units(rows["rounding_unit"]) / 2
    ranges = (uses.tolist(), (uses - half).tolist(), (uses + half).tolist())
    every = starmap(_Reading, zip(instants(rows["observed_at"]), *ranges, strict=True))
    return [one for one in every if not isnan(one.total) and (since is None or one.at >= since)][-_MOST_DAYS:]


def _expected(expected: pd.DataFrame | None, since: datetime | None) -> list[_Band]:
    if expected is None:
        return []
    rows = columns(expected, "expected", "day low high")
    edges = (floats(rows[name]).tolist() for name in ("low", "high"))
    every = starmap(_Band, zip(instants(rows["day"]), *edges, strict=True))
    return [one for one in every if not isnan(one.low + one.high) and (since is None or one.start >= since)]


def _units(values: pd.Series) -> npt.NDArray[np.float64]:
    """Keep the rounding units that matter: counts are whole, so 1 means none, and a missing one too."""
    units = floats(values)
    return np.where(units > 1, units, 0.0)


def _missing_days(count: int) -> str:
    if not count:
        return "No day of this sound is known yet, so there are no bars to draw."
    return f"Not covered: nothing is known of {these_days(count)}, which is not the same as no posts."


def _key(known: Sequence[_Day], band: Sequence[_Band]) -> str:
    is_from_counter = any(day.is_from_counter for day in known)
    doubts = {
        "covered in part": any(day.exposure < _WHOLE for day in known),
        "the counter jumped": any(day.is_flagged for day in known),
    }
    parts = {
        swatch(LIGHT.slate, "from the use counter" if is_from_counter else "posts seen"): bool(known),
        swatch(LIGHT.slate_soft, " or ".join(doubt for doubt, is_there in doubts.items() if is_there)): any(
            doubts.values()
        ),
        swatch(LIGHT.accent, "alert"): any(day.alerts for day in known),
        swatch(LIGHT.band_soft, "expected", "▬"): bool(band),
        swatch(LIGHT.muted, "rounding", "│"): any(day.rounding_unit for day in known),
    }
    return "<b>Posts a day</b>" + "".join(part for part, is_there in parts.items() if is_there)


def _draw_days(sheet: Sheet, known: Sequence[_Day]) -> None:
    units = [day.rounding_unit for day in known]
    sheet.draw(
        "bar",
        name="posts",
        x=wall_times(day.start + 0.06 * DAY for day in known),
        y=[day.posts for day in known],
        width=[0.88 * DAY_MS] * len(known),
        offset=0,
        marker={"color": [_color(day) for day in known], "line": {"width": 0}},
        error_y={
            "array": units,
            "arrayminus": [min(day.rounding_unit, day.posts) for day in known],
            "symmetric": False, "color": LIGHT.muted, "thickness": 1, "width": 0,
            "visible": any(units),
        },
        hovertext=[_day_hover(day) for day in known],
        hoverinfo="text",
    )  # fmt: skip


def _color(day: _Day) -> str:
    if day.alerts:
        return LIGHT.accent
    return LIGHT.slate if day.is_certain else LIGHT.slate_soft


def _day_hover(day: _Day) -> str:
    unit = day.rounding_unit
    lines = [f"<b>{day.posts:,.0f} posts</b>", f"24 h from {time_words(day.start)}"]
    if day.exposure < _WHOLE:
        lines.append(f"only {day.exposure:.0%} of these hours covered")
    if unit > 0:
        lines.append(f"from the use counter, give or take {short_number(unit)}")
    if day.is_flagged:
        lines.append("the counter fell or jumped: read with care")
    if day.alerts:
        lines.append(f"alert: {safe_text(', '.join(day.alerts), 40)}")
    return "<br>".join(lines)


def _draw_uncovered(sheet: Sheet, days: Sequence[_Day], top: float) -> None:
    is_known = [day.is_known for day in days]
    spans = uncovered([day.start for day in days], is_known)
    sheet.hatch(spans, top)
    alerted = {day.start for day in days if day.alerts}
    widest = sorted(spans, key=lambda span: span[0] - span[1])[:_MOST_NOTES]
    for start, end in widest if any(is_known) else []:
        is_narrow = (end - start) < 0.12 * (days[-1].start - days[0].start)
        # In the middle of a narrow span a note would cover the marks at the left edge, or an alert's line after it.
        place: dict[str, Any] = {"x": wall_time(start + (end - start) / 2)}
        if is_narrow and start == days[0].start:
            place = {"x": wall_time(start), "xanchor": "left"}
        elif is_narrow and end in alerted:
            place = {"x": wall_time(end), "xanchor": "right", "xshift": -2}
        sheet.note(
            "not covered", y=top / 2, textangle=-90 if is_narrow else 0, bgcolor=LIGHT.wash, borderpad=1,
            font={"size": 12, "color": LIGHT.muted}, **place,
        )  # fmt: skip


def _draw_expected(sheet: Sheet, band: Sequence[_Band]) -> None:
    x: list[str | None] = []
    y: list[float | None] = []
    for part in blocks([day.start for day in band]):
        block = band[part]
        edges = wall_times(edge for day in block for edge in (day.start, day.start + DAY))
        x += [*edges, *reversed(edges), None]
        high = [round(day.high, 2) for day in block for _ in range(2)]  # saved notebooks stay small
        low = [round(day.low, 2) for day in block for _ in range(2)]
        y += [*high, *reversed(low), None]
    look = {"x": x, "y": y, "mode": "lines", "hoverinfo": "skip"}
    line = {"color": LIGHT.band, "width": 1}
    sheet.draw(
        "scatter", name="expected", fill="toself", fillcolor=LIGHT.band, opacity=0.12, line={**line, "width": 0}, **look
    )
    sheet.draw("scatter", name="edges of what was expected", opacity=0.4, line=line, **look)


def _draw_alerts(sheet: Sheet, days: Sequence[_Day], top: float) -> None:
    alerted = [day for day in days if day.alerts]
    for number, part in enumerate(blocks([day.start for day in alerted])[-_MOST_NOTES:]):
        episode = alerted[part]
        first = episode[0].start
        is_late = first > days[len(days) // 2].start
        # an alert is told when its 24 hours are over
        told: dict[str, datetime] = {}
        for day in episode:
            for alert in day.alerts:
                told.setdefault(alert, day.start + DAY)
        of_a_day = {at: [safe_text(alert, 24) for alert in told if told[alert] == at] for at in told.values()}
        said = ", ".join(f"{', '.join(alerts)} {at.day} {at:%b}" for at, alerts in of_a_day.items())
        x = wall_time(first)
        sheet.line(x0=x, x1=x, y0=0, y1=top, line={"color": LIGHT.accent, "width": 1.5})
        sheet.note(
            f"<b>{said}</b>", name="alert", x=x, y=top, xanchor="right" if is_late else "left", yanchor="top",
            xshift=-5 if is_late else 5, yshift=-20 * (number % 3), bgcolor=LIGHT.paper, borderpad=2,
            font={"color": LIGHT.accent},
        )  # fmt: skip


def _draw_uses(sheet: Sheet, uses: Sequence[_Reading]) -> None:
    times = wall_times(one.at for one in uses)
    totals, lows, highs = ([*column] for column in [*zip(*uses, strict=True)][1:])
    key = swatch(LIGHT.hatch, "true value lies in the band", "▬") if highs != lows else ""
    sheet.head(f"<b>Total uses</b>{key}", "y2")
    low, high = min(lows), max(highs)
    slack = 0.2 * max(high - low, 1.0)
    sheet.lay(yaxis2={**count_axis(low - slack, high + 2 * slack, marks=3), "domain": [0, 0.24]})
    sheet.draw(
        "scatter",
        name="rounding", x=[*times, *reversed(times)], y=[*highs, *reversed(lows)], yaxis="y2",
        mode="lines", fill="toself", fillcolor=LIGHT.hatch, opacity=0.6, line={"width": 0}, hoverinfo="skip",
    )  # fmt: skip
    sheet.draw(
        "scatter",
        name="total uses", x=times, y=totals, yaxis="y2", mode="lines+markers",
        line={"color": LIGHT.slate, "width": 2}, marker={"size": 4 if len(uses) < 100 else 1, "color": LIGHT.slate},
        hovertext=[f"<b>{one.total:,.0f} uses in all</b><br>{time_words(one.at)}" for one in uses], hoverinfo="text",
    )  # fmt: skip
    sheet.note(f"<b>{short_number(totals[-1])}</b>", x=times[-1], y=highs[-1], yref="y2", xanchor="right",
               yanchor="bottom", yshift=3)  # fmt: skip
