"""Hashtag year: one hashtag as a calendar of weeks and weekdays."""

from collections.abc import Mapping
from typing import Any

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
    wall_time,
    wall_times,
)
from trendlib.show.theme import LIGHT, RAMP, day_words, safe_text, short_number, these_days, time_words

_WEEKS, _FEWEST = 53, 26
_WEEK = 7 * DAY
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MARKS = (("start", "triangle-right", "▶"), ("stop", "square", "■"))


@Chart
def hashtag_year(days: pd.DataFrame, words: Words = NO_WORDS, *, things: str = "posts") -> Sheet:
    """Draw one hashtag's last year, a column a week and a row a weekday.

    Parameters
    ----------
    days
        A row a day of one hashtag: ``day`` (start of a 24 h window [UTC]), ``posts`` (a day, missing where nothing is
        known); optional ``exposure_days`` (covered part of the day [0 to 1]), ``mark`` (start, stop or "").
    words
        Title, subtitle and caption.
    things
        What is counted: posts or views.

    Raises
    ------
    SchemaError
        If a column is lacking.
    """
    rows = checked(days, "days", "day posts", "exposure_days mark")
    is_covered = numbers(rows["exposure_days"]).gt(0) | ("exposure_days" not in days)
    rows = rows.assign(posts=numbers(rows["posts"]).where(is_covered), mark=texts(rows["mark"]))
    rows = rows.assign(date=rows["day"].dt.floor("D"), weekday=rows["day"].dt.day_of_week)
    rows = rows.assign(week=rows["date"] - pd.to_timedelta(rows["weekday"], unit="D"))
    sheet = Sheet(words, height=7 * 24, left=64, right=28)
    counted = safe_text(things, 20)
    if rows.empty:
        sheet.lay(xaxis={"showticklabels": False}, yaxis=row_axis(7, _WEEKDAYS))
        sheet.say(f"No day of this hashtag is known yet, so there are no {things} to show.")
        return sheet
    last = rows["week"].max()
    shown = rows[rows["week"] > last - _WEEKS * _WEEK].drop_duplicates("date", keep="last")
    first = min(shown["week"].min(), last - (_FEWEST - 1) * _WEEK)
    weeks = pd.date_range(first, last, freq=_WEEK)
    sheet.lay(
        xaxis={"type": "date", "range": [wall_time(weeks[0]), wall_time(last + _WEEK)], "dtick": "M1",
               "tickformat": "%b\n%Y", "ticklabelmode": "period", "showgrid": False},
        yaxis=row_axis(7, _WEEKDAYS),
    )  # fmt: skip
    top = max([1.0, *shown["posts"].dropna()])
    cells = shown.pivot_table(index="weekday", columns="week", values="posts", dropna=False).reindex(
        range(7), columns=weeks
    )
    known = {(row["weekday"], row["week"]): row for row in shown.to_dict("records")}
    hover = pd.DataFrame(
        [[_hover(known.get((weekday, week)), week + weekday * DAY, counted) for week in weeks] for weekday in range(7)]
    )
    sheet.heat(cells, hover, weeks[0], _WEEK, name=counted, colorscale=stops(RAMP), zmin=0, zmax=top)
    said = _draw_marks(sheet, shown)
    key = ramp_key(RAMP, "0", short_number(top)) + said + swatch(LIGHT.hatch, "not known", "▨")
    sheet.head(f"<b>{counted.capitalize()} a day</b>{key}", "y")
    if not shown["posts"].notna().any():
        sheet.say(f"Not covered: nothing is known of {these_days(len(shown))}, which is not the same as no {things}.")
    elif len(rows) > len(shown):
        sheet.cut("the last 53 weeks", is_under_marks=True)
    return sheet


def _hover(row: Mapping[Any, Any] | None, day: pd.Timestamp, things: str) -> str:
    if row is None:
        return f"{day_words(day)}<br>nothing is known"
    said = "nothing is known" if pd.isna(row["posts"]) else f"<b>{short_number(row['posts'])} {things}</b>"
    return f"{said}<br>24 h from {time_words(row['day'])}"


def _draw_marks(sheet: Sheet, rows: pd.DataFrame) -> str:
    said = ""
    for mark, symbol, sign in _MARKS:
        marked = rows[rows["mark"] == mark]
        if not marked.empty:
            sheet.draw(
                "scatter",
                name=mark, x=wall_times(marked["week"] + _WEEK / 2), y=marked["weekday"].tolist(), mode="markers",
                marker={"symbol": symbol, "size": 9, "opacity": 1, "color": LIGHT.accent,
                        "line": {"color": LIGHT.paper, "width": 1.5}},
                hoverinfo="skip",
            )  # fmt: skip
            said += swatch(LIGHT.accent, mark, sign)
    return said
