"""Creators: whose posts with a sound were seen most, and how many follow them."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from trendlib.show.canvas import (
    EDGE,
    NO_WORDS,
    Chart,
    Sheet,
    Words,
    checked,
    count_axis,
    log_axis,
    numbers,
    row_axis,
)
from trendlib.show.theme import LIGHT, safe_text, short_number

_MOST_ROWS = 20
_LEFT = 220
_BARS, _SIZES = [0.0, 0.66], [0.72, 1.0]


@Chart
def creators(top: pd.DataFrame, words: Words = NO_WORDS) -> Sheet:
    """Draw one sound's top creators by views, with their followers.

    Parameters
    ----------
    top
        A row a creator, in the order to be shown: ``rank``, ``creator_id``, ``posts``, ``views``, ``followers``;
        optional ``handle``, ``nickname``.
    words
        Title, subtitle and caption.

    Raises
    ------
    SchemaError
        If a frame lacks a column.
    """
    rows = checked(top, "top", "rank creator_id posts views followers", "handle nickname")
    rows = rows.assign(**{name: numbers(rows[name]) for name in ("rank", "posts", "views", "followers")})
    shown = rows.head(_MOST_ROWS)
    sheet = Sheet(words, height=30 * len(shown) or 120, left=_LEFT, right=40)
    views = max([1.0, *shown["views"].dropna()])
    followers = shown.loc[shown["followers"] > 0, "followers"]
    axis = log_axis(*(_span(followers)), marks=(1,))
    sheet.lay(
        xaxis={**count_axis(0, 1.32 * views), "domain": _BARS, "showticklabels": bool(shown["views"].notna().any()),
               "showgrid": False},
        xaxis2={**axis, "domain": _SIZES, "anchor": "y", "showticklabels": not followers.empty,
                "showgrid": not followers.empty},
        yaxis=row_axis(len(shown)),
    )  # fmt: skip
    sheet.head("<b>Views of their posts with this sound</b>", "y")
    if shown.empty:
        sheet.say("No creator of this sound is known: its posts were not listed, or name nobody.")
        return sheet
    _draw_views(sheet, shown)
    _draw_followers(sheet, shown)
    for place, row in enumerate(shown.to_dict("records")):
        _write_row(sheet, place, row)
    more = len(rows) - len(shown)
    if more:  # at the left and lower: the marks stand above it
        sheet.note(f"{more:,} more in the table", name="cut", x=0, y=0, xref="paper", yref="paper", xanchor="left",
                   yanchor="top", xshift=EDGE - _LEFT, yshift=-22, font={"size": 12, "color": LIGHT.muted})  # fmt: skip
    return sheet


def _span(followers: pd.Series) -> tuple[float, float]:
    return (1.0, 10.0) if followers.empty else (0.3 * followers.min(), 3 * followers.max())


def _name(row: Mapping[Any, Any], limit: int) -> str:
    handle = safe_text(row["handle"], limit - 1)
    return f"@{handle}" if handle else safe_text(row["nickname"], limit) or safe_text(row["creator_id"], limit)


def _hover(row: Mapping[Any, Any]) -> str:
    lines = {
        f"<b>{_name(row, 40)}</b>": True,
        safe_text(row["nickname"], 40): pd.notna(row["nickname"]),
        f"{short_number(row['views'])} views of {short_number(row['posts'])} posts with this sound": True,
        f"{short_number(row['followers'])} followers" if row["followers"] > 0 else "followers not known": True,
    }
    return "<br>".join(line for line, is_true in lines.items() if is_true)


def _draw_views(sheet: Sheet, rows: pd.DataFrame) -> None:
    sheet.draw(
        "bar",
        name="views", orientation="h",
        x=[None if pd.isna(views) else views for views in rows["views"]], y=list(range(len(rows))), width=0.56,
        marker={"color": LIGHT.slate, "line": {"width": 0}},
        hovertext=[_hover(row) for row in rows.to_dict("records")], hoverinfo="text",
    )  # fmt: skip


def _draw_followers(sheet: Sheet, rows: pd.DataFrame) -> None:
    known = rows[rows["followers"] > 0]
    untold = "" if len(known) else f'<span style="color:{LIGHT.muted}">: of none known</span>'
    sheet.note(f"<b>Followers</b>{untold}", x=_SIZES[0], xref="paper", y=1, yref="y domain", xanchor="left",
               yanchor="bottom", yshift=8)  # fmt: skip
    sheet.draw(
        "scatter",
        name="followers", x=known["followers"].tolist(), y=known.index.tolist(), xaxis="x2", mode="markers+text",
        marker={"size": 9, "opacity": 1, "color": LIGHT.paper, "line": {"color": LIGHT.slate, "width": 2}},
        text=[f"  {short_number(count)}" for count in known["followers"]],
        textposition=["middle left" if count > known["followers"].median() else "middle right"
                      for count in known["followers"]],
        textfont={"size": 12, "color": LIGHT.muted}, cliponaxis=False,
        hovertext=[_hover(row) for row in known.to_dict("records")], hoverinfo="text",
    )  # fmt: skip


def _write_row(sheet: Sheet, place: int, row: Mapping[Any, Any]) -> None:
    edge = {"x": 0, "xref": "paper", "y": place, "xanchor": "left"}
    rank = f"{row['rank']:.0f}" if pd.notna(row["rank"]) else "–"
    sheet.note(rank, xshift=EDGE - _LEFT, font={"color": LIGHT.muted}, **edge)
    sheet.note(_name(row, 22), xshift=EDGE - _LEFT + 28, **edge)
    posts = f"{short_number(row['posts'])} post{'' if row['posts'] == 1 else 's'}"
    said = f"<b>{short_number(row['views'])}</b>" if pd.notna(row["views"]) else "views not shown"
    quiet = f'<span style="color:{LIGHT.muted}">{posts}</span>'
    sheet.note(f"{said}  {quiet}", name="views", x=0 if pd.isna(row["views"]) else row["views"], y=place,
               xanchor="left", xshift=6)  # fmt: skip
