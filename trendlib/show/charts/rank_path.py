"""Rank path: a sound's rank on its charts from day to day, the first place on top."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pandas as pd

from trendlib.show.canvas import (
    DAY,
    NO_WORDS,
    Chart,
    Sheet,
    Words,
    checked,
    count_axis,
    numbers,
    texts,
    time_axis,
    wall_times,
)
from trendlib.show.places import region_name
from trendlib.show.theme import CATEGORIES, LIGHT, day_words, safe_text

_MOST_LINES, _MOST_DAYS = 8, 120
_LETTERS = 40


@Chart
def rank_path(paths: pd.DataFrame, words: Words = NO_WORDS) -> Sheet:
    """Draw ranks over time, a line a chart; a line a sound where there are several titles.

    A day on which a chart was not pulled says nothing: the line is dotted across it.

    Parameters
    ----------
    paths
        A row a chart and day: ``region``, ``day`` [UTC], ``rank``; optional ``period``, ``move``, ``title``.
    words
        Title, subtitle and caption.

    Raises
    ------
    SchemaError
        If a column is lacking.
    """
    rows = checked(paths, "paths", "region day rank", "period move title")
    rows = rows.assign(rank=numbers(rows["rank"]), move=texts(rows["move"]))
    rows = rows[rows["rank"] >= 1]
    rows = rows.assign(line=_lines(rows), day=rows["day"].dt.floor("D")).drop_duplicates(["line", "day"], keep="last")
    last = rows["day"].max()
    latest = rows.sort_values(["day", "rank"], ascending=[False, True]).drop_duplicates("line")
    shown = latest.head(_MOST_LINES)
    rows = rows[rows["line"].isin(shown["line"]) & (rows["day"] > last - _MOST_DAYS * DAY)]
    sheet = Sheet(words, height=360, left=64, right=240)
    if rows.empty:
        sheet.lay(xaxis={"showticklabels": False}, yaxis={"showticklabels": False, "showgrid": False})
        sheet.say("On no chart that was pulled: there is no rank to follow.")
        return sheet
    lowest = max(rows["rank"].max(), 10.0)
    axis = count_axis(0, 1.06 * lowest, marks=8)
    marks = [1.0, *(value for value in axis["tickvals"] if value > 1)]
    sheet.lay(
        xaxis=time_axis(rows["day"].min() - DAY / 2, last + DAY / 2),
        yaxis={
            "range": [1.06 * lowest, 1 - 0.06 * lowest],
            "tickvals": marks,
            "ticktext": [f"{mark:.0f}" for mark in marks],
        },
    )
    heights = _apart(shown["rank"].tolist(), lowest)
    for place, row in enumerate(shown.to_dict("records")):
        own = rows[rows["line"] == row["line"]]
        _draw_line(sheet, own, CATEGORIES[place % len(CATEGORIES)], row["line"])
        _write_name(sheet, row, heights[place], CATEGORIES[place % len(CATEGORIES)], is_gone=row["day"] < last)
    one = "   only one day is known, too few for a path" if len(set(rows["day"])) == 1 else ""
    sheet.head(
        f'<b>Rank</b>   <span style="color:{LIGHT.muted}">dotted: not pulled, or not on the chart{one}</span>', "y"
    )
    if len(latest) > len(shown):
        sheet.cut(f"{len(shown)} of {len(latest):,} lines: those seen last and highest", is_under_marks=True)
    return sheet


def _lines(rows: pd.DataFrame) -> "pd.Series[Any]":
    region, period, title = (texts(rows[name]) for name in ("region", "period", "title"))
    if len(set(title)) > 1:
        return title if len(set(region)) == 1 else title + " · " + region
    chart = region.map(region_name).where(region != "", "region unknown")
    return chart if len(set(period)) < 2 else chart + " · " + period + " days"


def _apart(ranks: list[float], lowest: float) -> list[float]:
    """Push names apart that would stand upon each other."""
    least = 0.055 * lowest
    order = sorted(range(len(ranks)), key=lambda place: ranks[place])
    heights = [*ranks]
    for above, below in pairwise(order):
        heights[below] = max(heights[below], heights[above] + least)
    return heights


def _draw_line(sheet: Sheet, rows: pd.DataFrame, color: str, name: str) -> None:
    dots = {"hovertext": [_hover(row) for row in rows.to_dict("records")], "hoverinfo": "text"}
    sheet.draw(
        "scatter", name="not known between", x=wall_times(rows["day"]), y=rows["rank"].tolist(), mode="lines",
        line={"color": color, "width": 1, "dash": "dot"}, opacity=0.6, hoverinfo="skip",
    )  # fmt: skip
    x: list[str | None] = []
    y: list[float | None] = []
    hover: list[str] = []
    for _, block in rows.groupby(rows["day"].diff().gt(1.5 * DAY).cumsum()):
        x += [*wall_times(block["day"]), None]
        y += [*block["rank"], None]
        hover += [*(_hover(row) for row in block.to_dict("records")), ""]
    sheet.draw(
        "scatter", name=safe_text(name, _LETTERS), x=x, y=y, mode="lines+markers",
        line={"color": color, "width": 2.5}, marker={"size": 6 if len(rows) < 60 else 3, "color": color, "opacity": 1},
        **{**dots, "hovertext": hover},
    )  # fmt: skip


def _hover(row: Mapping[Any, Any]) -> str:
    move = f", {safe_text(row['move'], 8)}" if row["move"] else ""
    return f"<b>rank {row['rank']:.0f}</b>{move}<br>{safe_text(row['line'], _LETTERS)}<br>{day_words(row['day'])}"


def _write_name(sheet: Sheet, row: Mapping[Any, Any], height: float, color: str, *, is_gone: bool) -> None:
    gone = f' <span style="color:{LIGHT.muted}">last {row["day"].day} {row["day"]:%b}</span>' if is_gone else ""
    sheet.note(
        f'<span style="color:{color}">■</span> <b>{row["rank"]:.0f}</b> {safe_text(row["line"], 24)}{gone}',
        name="line", x=1, xref="paper", y=height, xanchor="left", xshift=8,
    )  # fmt: skip
