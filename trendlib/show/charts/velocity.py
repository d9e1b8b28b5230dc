"""Velocity: one sound's posts a day, what was expected, what is not covered, and its total uses.

Bars stand on 24 h windows, as long as the window is. Slate is certain, light slate was covered in
part (or the counter jumped), accent is an alert; hatched spans are not covered.
"""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from trendlib.show.canvas import (
    DAY, DAY_MS, NO_WORDS, Words, blocks, checked, count_axis, head, note, numbers, say, sheet, swatch, time_axis,
    wall_time, wall_times,
)  # fmt: skip
from trendlib.show.theme import LIGHT, safe_text, short_number, time_words

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
        ``day`` and ``alert`` (its name).

    Raises
    ------
    SchemaError
        If a frame lacks a column.
    """
    days = _days(daily, alerts)
    shown = days.tail(_MOST_DAYS)
    uses = None if readings is None else _uses(readings, shown)
    band = None if expected is None else _since(checked(expected, "expected", "day low high"), shown)
    figure = sheet(words, height=330 if uses is None else 480, left=64, right=28)
    top = 1.25 * max([1.0, *(shown["posts"] + shown["rounding_unit"]).dropna(), *([] if band is None else band["high"].dropna())])
    figure.update_layout(
        xaxis={**_span_axis(shown, uses), "anchor": "y" if uses is None else "y2"},
        yaxis={**count_axis(0, top), "domain": [0 if uses is None else 0.38, 1], "showticklabels": bool(shown["is_known"].any())},
    )
    _draw_days(figure, shown)
    _draw_uncovered(figure, shown, top)
    if band is not None:
        _draw_expected(figure, band)
    _draw_alerts(figure, shown, top)
    head(figure, _key(shown, band), "y")
    if uses is not None:
        _draw_uses(figure, uses)
    say(figure, _missing_days(shown, len(days)))
    return figure


def _days(daily: pd.DataFrame, alerts: pd.DataFrame | None) -> pd.DataFrame:
    frame = checked(daily, "daily", "day posts exposure_days", "source is_flagged rounding_unit")
    posts, exposure = numbers(frame["posts"]), numbers(frame["exposure_days"]).fillna(0)
    named = {} if alerts is None else checked(alerts, "alerts", "day alert").dropna().set_index("day")["alert"].to_dict()
    is_known = posts.notna() & (exposure > 0)
    return frame.assign(
        posts=posts.where(is_known),
        exposure_days=exposure,
        is_known=is_known,
        is_certain=(exposure >= _WHOLE) & ~frame["is_flagged"].isin([True]),
        is_flagged=frame["is_flagged"].isin([True]),
        rounding_unit=numbers(frame["rounding_unit"]).where(lambda unit: unit > 1).fillna(0),
        alert=[named.get(day) for day in frame["day"]],
    )


def _uses(readings: pd.DataFrame, days: pd.DataFrame) -> pd.DataFrame:
    frame = _since(checked(readings, "readings", "observed_at total_uses", "rounding_unit"), days).tail(_MOST_DAYS)
    uses, half = numbers(frame["total_uses"]), numbers(frame["rounding_unit"]).where(lambda unit: unit > 1).fillna(0) / 2
    return frame.assign(total_uses=uses, low=uses - half, high=uses + half).dropna(subset="total_uses")


def _since(frame: pd.DataFrame, days: pd.DataFrame) -> pd.DataFrame:
    return frame if days.empty else frame[frame.iloc[:, 0] >= days["day"].iloc[0]]


def _span_axis(days: pd.DataFrame, uses: pd.DataFrame | None) -> dict[str, Any]:
    if not days.empty:
        return time_axis(days["day"].iloc[0], days["day"].iloc[-1] + DAY)
    if uses is not None and not uses.empty:
        return time_axis(uses["observed_at"].iloc[0], uses["observed_at"].iloc[-1] + DAY)
    return {"showticklabels": False}


def _missing_days(shown: pd.DataFrame, known_days: int) -> str:
    if shown.empty:
        return "No day of this sound is known yet, so there are no bars to draw."
    if not shown["is_known"].any():
        return f"None of these {len(shown)} days is covered: nothing is known of them, which is not the same as no posts."
    return ""


def _key(days: pd.DataFrame, band: pd.DataFrame | None) -> str:
    known = days[days["is_known"]]
    is_from_counter = known["source"].eq("counter").any()
    doubts = {"covered in part": known["exposure_days"].lt(_WHOLE).any(), "the counter jumped": known["is_flagged"].any()}
    parts = {
        swatch(LIGHT.slate, "from the use counter" if is_from_counter else "posts seen"): not known.empty,
        swatch(LIGHT.slate_soft, " or ".join(doubt for doubt, is_there in doubts.items() if is_there)): any(doubts.values()),
        swatch(LIGHT.accent, "alert"): known["alert"].notna().any(),
        swatch(LIGHT.band_soft, "expected", "▬"): band is not None and not band.empty,
    }
    return "<b>Posts a day</b>" + "".join(part for part, is_there in parts.items() if is_there)


def _draw_days(figure: go.Figure, days: pd.DataFrame) -> None:
    known = days[days["is_known"]]
    colors = known["is_certain"].map({True: LIGHT.slate, False: LIGHT.slate_soft}).mask(known["alert"].notna(), LIGHT.accent)
    figure.add_bar(
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


def _day_hover(day: dict[str, Any]) -> str:
    unit = day["rounding_unit"]
    lines = {
        f"<b>{day['posts']:,.0f} posts</b>": True,
        f"24 h from {time_words(day['day'])}": True,
        f"only {day['exposure_days']:.0%} of these hours covered": day["exposure_days"] < _WHOLE,
        f"from the use counter, give or take {short_number(unit)}": unit > 0,
        "the counter fell or jumped: read with care": day["is_flagged"],
        f"alert: {safe_text(day['alert'], 24)}": day["alert"] is not None,
    }
    return "<br>".join(line for line, is_true in lines.items() if is_true)


def _uncovered(days: pd.DataFrame) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """Spans of which nothing is known: days without posts, and days that have no row at all."""
    spans: list[tuple[pd.Timestamp, pd.Timestamp]] = []
    known = days.loc[days["is_known"], "day"].tolist()
    ends = [days["day"].iloc[0], *(day + DAY for day in known)] if len(days) else []
    starts = [*known, days["day"].iloc[-1] + DAY] if len(days) else []
    spans += [(end, start) for end, start in zip(ends, starts, strict=True) if start - end > DAY / 2]
    return spans


def _draw_uncovered(figure: go.Figure, days: pd.DataFrame, top: float) -> None:
    spans = _uncovered(days)
    pattern = {"shape": "/", "bgcolor": LIGHT.wash, "fgcolor": LIGHT.hatch, "size": 7, "solidity": 0.22}
    figure.add_bar(
        name="not covered",
        x=wall_times(start for start, _ in spans),
        y=[top] * len(spans),
        width=[(end - start) / DAY * DAY_MS for start, end in spans],
        offset=0,
        marker={"color": LIGHT.wash, "line": {"width": 0}, "pattern": pattern},
        hovertext=[
            f"<b>not covered</b><br>{time_words(start)}<br>to {time_words(end)}<br>nothing is known, which is not zero"
            for start, end in spans
        ],
        hoverinfo="text",
    )
    widest = sorted(spans, key=lambda span: span[0] - span[1])[:_MOST_NOTES]
    for start, end in widest if days["is_known"].any() else []:
        is_narrow = (end - start) < 0.12 * (days["day"].iloc[-1] - days["day"].iloc[0])
        note(
            figure, "not covered", x=wall_time(start + (end - start) / 2), y=top / 2, textangle=-90 if is_narrow else 0,
            bgcolor=LIGHT.wash, borderpad=1, font={"size": 12, "color": LIGHT.muted},
        )  # fmt: skip


def _draw_expected(figure: go.Figure, band: pd.DataFrame) -> None:
    x: list[str | None] = []
    y: list[float | None] = []
    for block in blocks(band.dropna()):
        edges = wall_times(edge for day in block["day"] for edge in (day, day + DAY))
        x += [*edges, *reversed(edges), None]
        y += [*block["high"].repeat(2), *reversed(block["low"].repeat(2).tolist()), None]
    figure.add_scatter(
        name="expected", x=x, y=y, mode="lines", fill="toself", fillcolor=LIGHT.band, opacity=0.16,
        line={"width": 1, "color": LIGHT.band}, hoverinfo="skip",
    )  # fmt: skip


def _draw_alerts(figure: go.Figure, days: pd.DataFrame, top: float) -> None:
    for episode in blocks(days[days["alert"].notna()])[-_MOST_NOTES:]:
        first = episode["day"].iloc[0]
        is_late = first > days["day"].iloc[len(days) // 2]
        steps = episode.drop_duplicates("alert").to_dict("records")
        said = ", ".join(f"{safe_text(step['alert'], 24)} {step['day'].day} {step['day']:%b}" for step in steps)
        x = wall_time(first)
        figure.add_shape(type="line", x0=x, x1=x, y0=0, y1=top, line={"color": LIGHT.accent, "width": 1.5})
        note(
            figure, f"<b>{said}</b>", name="alert", x=x, y=top, xanchor="right" if is_late else "left", yanchor="top",
            xshift=-5 if is_late else 5, bgcolor=LIGHT.paper, borderpad=2, font={"color": LIGHT.accent},
        )  # fmt: skip


def _draw_uses(figure: go.Figure, uses: pd.DataFrame) -> None:
    is_rounded = bool((uses["high"] > uses["low"]).any())
    figure.update_layout(yaxis2={"domain": [0, 0.24], "range": [0, 1], "showticklabels": not uses.empty})
    head(figure, "<b>Total uses</b>" + (swatch(LIGHT.hatch, "true value lies in the band", "▬") if is_rounded else ""), "y2")
    if uses.empty:
        note(
            figure, "the use counter has not been read in this time", xref="paper", yref="y2 domain", x=0.5, y=0.5,
            font={"color": LIGHT.muted},
        )  # fmt: skip
    else:
        _draw_counter(figure, uses)


def _draw_counter(figure: go.Figure, uses: pd.DataFrame) -> None:
    low, high = uses["low"].min(), uses["high"].max()
    slack = 0.2 * max(high - low, 1.0)
    figure.update_layout(yaxis2=count_axis(low - slack, high + 2 * slack, marks=3))
    times = wall_times(uses["observed_at"])
    figure.add_scatter(
        name="rounding", x=[*times, *reversed(times)], y=[*uses["high"], *reversed(uses["low"].tolist())], yaxis="y2",
        mode="lines", fill="toself", fillcolor=LIGHT.hatch, opacity=0.6, line={"width": 0}, hoverinfo="skip",
    )  # fmt: skip
    hover = [f"<b>{uses_:,.0f} uses in all</b><br>{time_words(at)}" for uses_, at in zip(uses["total_uses"], uses["observed_at"], strict=True)]
    figure.add_scatter(
        name="total uses", x=times, y=uses["total_uses"].tolist(), yaxis="y2", mode="lines+markers",
        line={"color": LIGHT.slate, "width": 2}, marker={"size": 4 if len(uses) < 100 else 1, "color": LIGHT.slate},
        hovertext=hover, hoverinfo="text",
    )  # fmt: skip
    note(
        figure, f"<b>{short_number(uses['total_uses'].iloc[-1])}</b>", x=times[-1], y=uses["high"].iloc[-1], yref="y2",
        xanchor="right", yanchor="bottom", yshift=3,
    )  # fmt: skip
