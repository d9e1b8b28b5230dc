"""Velocity: one sound's posts a day, what was expected, what is not covered, and its total uses.

Bars stand on 24 h windows, as long as the window is. Slate is certain, light slate was covered in
part (or the counter jumped), accent is an alert; hatched spans are not covered.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from trendlib.show.canvas import (
    DAY,
    DAY_MS,
    NO_WORDS,
    Sheet,
    Words,
    blocks,
    checked,
    count_axis,
    numbers,
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


def velocity(
    daily: pd.DataFrame,
    words: Words = NO_WORDS,
    *,
    readings: pd.DataFrame | None = None,
    expected: pd.DataFrame | None = None,
    alerts: pd.DataFrame | None = None,
) -> go.Figure:
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
    shown = days.tail(_MOST_DAYS)
    uses, band = _uses(readings, shown), _band(expected, shown)
    top = 1.25 * max([1.0, *(shown["posts"] + shown["rounding_unit"]).dropna(), *band["high"].dropna()])
    sheet = _panels(words, shown, uses, top)
    _draw_days(sheet, shown)
    _draw_uncovered(sheet, shown, top)
    _draw_expected(sheet, band)
    _draw_alerts(sheet, shown, top)
    if not uses.empty:
        _draw_uses(sheet, uses)
    lacks = {
        f"the last {len(shown)} of {len(days):,} days": len(days) > len(shown),
        "only one day is known, too few for a trend": shown["is_known"].sum() == 1,
        "total uses: not read in this time": readings is not None and uses.empty,
    }
    said = [swatch(LIGHT.muted, words, "–") for words, is_lacking in lacks.items() if is_lacking]
    sheet.head(_key(shown, band) + "".join(said), "y")
    if not shown["is_known"].any():
        sheet.say(_missing_days(shown), y=0.5 if uses.empty else 0.69)
    return sheet.figure()


def _panels(words: Words, days: pd.DataFrame, uses: pd.DataFrame, top: float) -> Sheet:
    sheet = Sheet(words, height=330 if uses.empty else 480, left=64, right=28)
    is_known = bool(days["is_known"].any())
    times = pd.concat([days["day"], days["day"] + DAY]) if len(days) else uses["observed_at"]
    span = {"showticklabels": False} if times.empty else time_axis(times.min(), max(times.max(), times.min() + DAY))
    sheet.lay(
        xaxis={**span, "anchor": "y" if uses.empty else "y2"},
        yaxis={**count_axis(0, top), "domain": [0 if uses.empty else 0.38, 1], "showticklabels": is_known},
    )
    return sheet


def _days(daily: pd.DataFrame, alerts: pd.DataFrame | None) -> pd.DataFrame:
    frame = checked(daily, "daily", "day posts exposure_days", "source is_flagged rounding_unit")
    posts, exposure = numbers(frame["posts"]), numbers(frame["exposure_days"]).fillna(0)
    stood = [] if alerts is None else checked(alerts, "alerts", "day alert").dropna().to_dict("records")
    named: dict[Any, list[str]] = {}
    for row in stood:
        named.setdefault(row["day"], []).append(row["alert"])
    is_known = posts.notna() & (exposure > 0)
    return frame.assign(
        posts=posts.where(is_known),
        exposure_days=exposure,
        is_known=is_known,
        is_certain=(exposure >= _WHOLE) & ~frame["is_flagged"].isin([True]),
        is_flagged=frame["is_flagged"].isin([True]),
        rounding_unit=_units(frame["rounding_unit"]),
        alerts=pd.Series([named.get(day, []) for day in frame["day"]], frame.index, dtype=object),
        is_alert=frame["day"].isin(list(named)),
    )


def _uses(readings: pd.DataFrame | None, days: pd.DataFrame) -> pd.DataFrame:
    given = pd.DataFrame(columns=["observed_at", "total_uses"]) if readings is None else readings
    frame = _since(checked(given, "readings", "observed_at total_uses", "rounding_unit"), days)
    uses, half = numbers(frame["total_uses"]), _units(frame["rounding_unit"]) / 2
    return frame.assign(total_uses=uses, low=uses - half, high=uses + half).dropna(subset="total_uses").tail(_MOST_DAYS)


def _band(expected: pd.DataFrame | None, days: pd.DataFrame) -> pd.DataFrame:
    if expected is None:
        return pd.DataFrame(columns=["day", "low", "high"], dtype="float64")
    frame = checked(expected, "expected", "day low high")
    return _since(frame.assign(low=numbers(frame["low"]), high=numbers(frame["high"])).dropna(), days)


def _since(frame: pd.DataFrame, days: pd.DataFrame) -> pd.DataFrame:
    return frame if days.empty else frame[frame.iloc[:, 0] >= days["day"].iloc[0]]


def _units(values: pd.Series) -> pd.Series:
    """Keep the rounding units that matter: counts are whole, so 1 means none, and a missing one too."""
    return numbers(values).where(lambda unit: unit > 1).fillna(0)


def _missing_days(days: pd.DataFrame) -> str:
    if days.empty:
        return "No day of this sound is known yet, so there are no bars to draw."
    return f"Not covered: nothing is known of {these_days(len(days))}, which is not the same as no posts."


def _key(days: pd.DataFrame, band: pd.DataFrame) -> str:
    known = days[days["is_known"]]
    is_from_counter = known["source"].eq("counter").any()
    doubts = {
        "covered in part": known["exposure_days"].lt(_WHOLE).any(),
        "the counter jumped": known["is_flagged"].any(),
    }
    parts = {
        swatch(LIGHT.slate, "from the use counter" if is_from_counter else "posts seen"): not known.empty,
        swatch(LIGHT.slate_soft, " or ".join(doubt for doubt, is_there in doubts.items() if is_there)): any(
            doubts.values()
        ),
        swatch(LIGHT.accent, "alert"): known["is_alert"].any(),
        swatch(LIGHT.band_soft, "expected", "▬"): not band.empty,
    }
    return "<b>Posts a day</b>" + "".join(part for part, is_there in parts.items() if is_there)


def _draw_days(sheet: Sheet, days: pd.DataFrame) -> None:
    known = days[days["is_known"]]
    colors = known["is_certain"].map({True: LIGHT.slate, False: LIGHT.slate_soft}).mask(known["is_alert"], LIGHT.accent)
    sheet.draw(
        "bar",
        name="posts",
        x=wall_times(known["day"] + 0.06 * DAY),
        y=known["posts"].tolist(),
        width=[0.88 * DAY_MS] * len(known),
        offset=0,
        marker={"color": colors.tolist(), "line": {"width": 0}},
        error_y={
            "array": known["rounding_unit"].tolist(),
            "arrayminus": known["rounding_unit"].clip(upper=known["posts"]).tolist(),
            "symmetric": False, "color": LIGHT.muted, "thickness": 1, "width": 0,
            "visible": bool(known["rounding_unit"].any()),
        },
        hovertext=[_day_hover(row) for row in known.to_dict("records")],
        hoverinfo="text",
    )  # fmt: skip


def _day_hover(day: Mapping[Any, Any]) -> str:
    unit = day["rounding_unit"]
    lines = {
        f"<b>{day['posts']:,.0f} posts</b>": True,
        f"24 h from {time_words(day['day'])}": True,
        f"only {day['exposure_days']:.0%} of these hours covered": day["exposure_days"] < _WHOLE,
        f"from the use counter, give or take {short_number(unit)}": unit > 0,
        "the counter fell or jumped: read with care": day["is_flagged"],
        f"alert: {safe_text(', '.join(day['alerts']), 40)}": bool(day["alerts"]),
    }
    return "<br>".join(line for line, is_true in lines.items() if is_true)


def _draw_uncovered(sheet: Sheet, days: pd.DataFrame, top: float) -> None:
    spans = uncovered(days)
    sheet.hatch(spans, top)
    widest = sorted(spans, key=lambda span: span[0] - span[1])[:_MOST_NOTES]
    for start, end in widest if days["is_known"].any() else []:
        is_narrow = (end - start) < 0.12 * (days["day"].iloc[-1] - days["day"].iloc[0])
        # At the left edge a note in the middle of a narrow span would cover the marks.
        is_first = is_narrow and start == days["day"].iloc[0]
        place = {"x": wall_time(start), "xanchor": "left"} if is_first else {"x": wall_time(start + (end - start) / 2)}
        sheet.note(
            "not covered", y=top / 2, textangle=-90 if is_narrow else 0, bgcolor=LIGHT.wash, borderpad=1,
            font={"size": 12, "color": LIGHT.muted}, **place,
        )  # fmt: skip


def _draw_expected(sheet: Sheet, band: pd.DataFrame) -> None:
    x: list[str | None] = []
    y: list[float | None] = []
    for block in blocks(band):
        edges = wall_times(edge for day in block["day"] for edge in (day, day + DAY))
        x += [*edges, *reversed(edges), None]
        high, low = (block[name].round(2).repeat(2).tolist() for name in ("high", "low"))  # saved notebooks stay small
        y += [*high, *reversed(low), None]
    look = {"x": x, "y": y, "mode": "lines", "hoverinfo": "skip"}
    line = {"color": LIGHT.band, "width": 1}
    sheet.draw(
        "scatter", name="expected", fill="toself", fillcolor=LIGHT.band, opacity=0.12, line={**line, "width": 0}, **look
    )
    sheet.draw("scatter", name="edges of what was expected", opacity=0.4, line=line, **look)


def _draw_alerts(sheet: Sheet, days: pd.DataFrame, top: float) -> None:
    for number, episode in enumerate(blocks(days[days["is_alert"]])[-_MOST_NOTES:]):
        first = episode["day"].iloc[0]
        is_late = first > days["day"].iloc[len(days) // 2]
        # an alert is told when its 24 hours are over
        told: dict[str, pd.Timestamp] = {}
        for day, alerts in zip(episode["day"], episode["alerts"], strict=True):
            for alert in alerts:
                told.setdefault(alert, day + DAY)
        of_a_day = {at: [safe_text(alert, 24) for alert in told if told[alert] == at] for at in told.values()}
        said = ", ".join(f"{', '.join(alerts)} {at.day} {at:%b}" for at, alerts in of_a_day.items())
        x = wall_time(first)
        sheet.line(x0=x, x1=x, y0=0, y1=top, line={"color": LIGHT.accent, "width": 1.5})
        sheet.note(
            f"<b>{said}</b>", name="alert", x=x, y=top, xanchor="right" if is_late else "left", yanchor="top",
            xshift=-5 if is_late else 5, yshift=-20 * (number % 3), bgcolor=LIGHT.paper, borderpad=2,
            font={"color": LIGHT.accent},
        )  # fmt: skip


def _draw_uses(sheet: Sheet, uses: pd.DataFrame) -> None:
    is_rounded = bool((uses["high"] > uses["low"]).any())
    key = swatch(LIGHT.hatch, "true value lies in the band", "▬") if is_rounded else ""
    sheet.head(f"<b>Total uses</b>{key}", "y2")
    low, high = uses["low"].min(), uses["high"].max()
    slack = 0.2 * max(high - low, 1.0)
    sheet.lay(yaxis2={**count_axis(low - slack, high + 2 * slack, marks=3), "domain": [0, 0.24]})
    times = wall_times(uses["observed_at"])
    sheet.draw(
        "scatter",
        name="rounding", x=[*times, *reversed(times)], y=[*uses["high"], *reversed(uses["low"].tolist())], yaxis="y2",
        mode="lines", fill="toself", fillcolor=LIGHT.hatch, opacity=0.6, line={"width": 0}, hoverinfo="skip",
    )  # fmt: skip
    hover = [
        f"<b>{total:,.0f} uses in all</b><br>{time_words(at)}"
        for total, at in zip(uses["total_uses"], uses["observed_at"], strict=True)
    ]
    sheet.draw(
        "scatter",
        name="total uses", x=times, y=uses["total_uses"].tolist(), yaxis="y2", mode="lines+markers",
        line={"color": LIGHT.slate, "width": 2}, marker={"size": 4 if len(uses) < 100 else 1, "color": LIGHT.slate},
        hovertext=hover, hoverinfo="text",
    )  # fmt: skip
    sheet.note(f"<b>{short_number(uses['total_uses'].iloc[-1])}</b>", x=times[-1], y=uses["high"].iloc[-1], yref="y2",
        xanchor="right", yanchor="bottom", yshift=3,
    )  # fmt: skip
