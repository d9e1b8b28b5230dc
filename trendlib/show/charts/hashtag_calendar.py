"""Hashtag calendar: how fast each hashtag was used on each day, and where it started and stopped."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from trendlib.show.canvas import (
    DAY,
    NO_WORDS,
    Chart,
    Sheet,
    Words,
    checked,
    numbers,
    ramp_key,
    row_axis,
    stops,
    swatch,
    texts,
    time_axis,
    wall_times,
)
from trendlib.show.theme import LIGHT, SCALE, day_words, ratio_words, safe_text, status_words, these_days

_MOST_HASHTAGS, _MOST_DAYS = 30, 42
_DEEPEST = 4.0


@Chart
def hashtag_calendar(calendar: pd.DataFrame, words: Words = NO_WORDS) -> Sheet:
    """Draw hashtags' velocity day by day as a heat map: orange where they grow, blue where they fall.

    Rows come in the order in which hashtags first appear.

    Parameters
    ----------
    calendar
        A row a hashtag and day: ``hashtag``, ``day`` (start of the window [UTC]), ``growth_rate``, ``growth_low``,
        ``growth_high`` [ratio], ``status``, ``mark`` (start, stop or ""); optional ``is_on``.
    words
        Title, subtitle and caption.

    Raises
    ------
    SchemaError
        If a column is lacking.
    """
    names = list(dict.fromkeys(calendar["hashtag"].dropna())) if "hashtag" in calendar else []
    needed = "hashtag day growth_rate growth_low growth_high status mark"
    rows = checked(calendar, "calendar", needed, "is_on").dropna(subset="hashtag")
    last = rows["day"].max()
    rows = rows.assign(day=last - ((last - rows["day"]) / DAY).round() * DAY)
    shown = names[:_MOST_HASHTAGS]
    rows = rows[rows["hashtag"].isin(shown) & (rows["day"] > last - _MOST_DAYS * DAY)]
    rows = rows.assign(
        **{name: numbers(rows[name]) for name in ("growth_rate", "growth_low", "growth_high")}, mark=texts(rows["mark"])
    )
    sheet = Sheet(words, height=max(26 * len(shown), 120), left=190, right=28)
    if rows.empty:
        sheet.lay(xaxis={"showticklabels": False}, yaxis=row_axis(0))
        sheet.say("No hashtag has a day yet: follow some, and sweep on a few mornings.")
        return sheet
    days = pd.date_range(rows["day"].min(), last)
    sheet.lay(
        xaxis=time_axis(days[0], last + DAY),
        yaxis=row_axis(len(shown), [f"#{safe_text(name, 22)}" for name in shown]),
    )
    rows = rows.drop_duplicates(["hashtag", "day"], keep="last")
    _draw_velocity(sheet, rows, shown, days)
    marks = rows.assign(place=rows["hashtag"].map({name: place for place, name in enumerate(shown)}))
    on = marks[marks["is_on"].isin([True])]
    _draw_spans(sheet, on)
    said = _draw_marks(sheet, marks) + (swatch(LIGHT.ink, "on, from start to stop", "▁") if len(on) else "")
    scale = ramp_key(SCALE, "¼×", "4×")
    sheet.head(f"<b>Velocity</b>{scale}{said}{swatch(LIGHT.hatch, 'not known', '▨')}", "y")
    if not rows["growth_rate"].notna().any():
        sheet.say(f"Of {these_days(len(days))} no velocity is known: too few readings, which is not the same as quiet.")
    if len(names) > len(shown):
        sheet.cut(f"the first {len(shown)} of {len(names):,} hashtags", is_under_marks=True)
    return sheet


def _draw_velocity(sheet: Sheet, rows: pd.DataFrame, shown: list[Any], days: pd.DatetimeIndex) -> None:
    table = rows.set_index(["hashtag", "day"])
    # Twice as fast and half as fast are equally far from steady.
    depth = rows.assign(depth=np.log2(rows["growth_rate"].clip(1 / _DEEPEST, _DEEPEST)))
    cells = depth.pivot_table(index="hashtag", columns="day", values="depth").reindex(index=shown, columns=days)
    known = table.to_dict("index")
    hover = pd.DataFrame([[_hover(name, day, known.get((name, day))) for day in days] for name in shown])
    deepest = float(np.log2(_DEEPEST))
    sheet.heat(cells, hover, days[0], DAY, name="velocity", colorscale=stops(SCALE), zmin=-deepest, zmax=deepest)


def _hover(name: Any, day: pd.Timestamp, row: Mapping[Any, Any] | None) -> str:
    head = f"<b>#{safe_text(name, 22)}</b> {day_words(day)}<br>"
    if row is None:
        return f"{head}nothing is known"
    mark = f"<br>{safe_text(row['mark'], 10)}" if row["mark"] else ""
    ratio = ratio_words(row["growth_rate"], row["growth_low"], row["growth_high"])
    return f"{head}{ratio}, {safe_text(status_words(row['status']))}{mark}"


def _draw_spans(sheet: Sheet, rows: pd.DataFrame) -> None:
    """Underline the days on which a hashtag is on."""
    for _, own in rows.groupby("place"):
        steps = own["day"].diff().gt(1.5 * DAY).cumsum()
        for _, run in own.groupby(steps):
            x0, x1 = wall_times((run["day"].iloc[0], run["day"].iloc[-1] + DAY))
            edge = run["place"].iloc[0] + 0.42
            sheet.line(x0=x0, x1=x1, y0=edge, y1=edge, line={"color": LIGHT.ink, "width": 2})


def _draw_marks(sheet: Sheet, rows: pd.DataFrame) -> str:
    said = ""
    for mark, symbol, sign in (("start", "triangle-right", "▶"), ("stop", "square", "■")):
        marked = rows[rows["mark"] == mark]
        if marked.empty:
            continue
        sheet.draw(
            "scatter",
            name=mark, x=wall_times(marked["day"] + DAY / 2), y=marked["place"].tolist(), mode="markers",
            marker={"symbol": symbol, "size": 10, "opacity": 1, "color": LIGHT.ink,
                    "line": {"color": LIGHT.paper, "width": 1.5}},
            hoverinfo="skip",
        )  # fmt: skip
        said += swatch(LIGHT.ink, mark, sign)
    return said
