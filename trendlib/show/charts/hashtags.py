"""Hashtags: which stand in captions, in how many posts, and how much more often than they would by chance."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from trendlib.schema import Status
from trendlib.show.canvas import (
    EDGE,
    NO_WORDS,
    Chart,
    Sheet,
    Words,
    checked,
    numbers,
    ratio_axis,
    row_axis,
    share_axis,
    swatch,
    texts,
)
from trendlib.show.theme import LIGHT, safe_text, share_words, short_number, times_words

_MOST_ROWS = 20
_LEFT, _RIGHT = 220, 60
_SHARES, _LIFTS = [0.0, 0.52], [0.62, 1.0]


@Chart
def hashtags(beside: pd.DataFrame, words: Words = NO_WORDS, *, usual: str = "beside other sounds") -> Sheet:
    """Draw hashtags as the share of posts that have them, and how many times what is usual that is.

    Parameters
    ----------
    beside
        A row a hashtag, in the order to be shown: ``hashtag``, ``n`` [posts], ``share`` [0-1], ``lift`` [ratio],
        ``status``.
    words
        Title, subtitle and caption.
    usual
        What a lift of 1 is.

    Raises
    ------
    SchemaError
        If the frame lacks a column.
    """
    rows = checked(beside, "beside", "hashtag n share lift status")
    rows = rows.assign(**{name: numbers(rows[name]) for name in ("n", "share", "lift")}, name=texts(rows["hashtag"]))
    shown = rows.head(_MOST_ROWS).assign(place=range(min(len(rows), _MOST_ROWS)))
    sheet = Sheet(words, height=max(28 * len(shown), 120), left=_LEFT, right=_RIGHT)
    lifted = shown[shown["lift"] > 0]
    sheet.lay(
        xaxis={**share_axis(0, 1.3 * max([0.01, *shown["share"].dropna()]), 4), "domain": _SHARES,
               "showticklabels": bool(shown["share"].notna().any())},
        xaxis2={**ratio_axis(0.5 * min([1.0, *lifted["lift"]]), 3 * max([1.0, *lifted["lift"]])), "domain": _LIFTS,
                "anchor": "y", "showgrid": False, "tickvals": [1], "ticktext": [usual],
                "showticklabels": not lifted.empty},
        yaxis=row_axis(len(shown)),
    )  # fmt: skip
    if shown.empty:
        sheet.say("No hashtag is known: no post of these days was listed, or none has one in its caption.")
        return sheet
    _draw_shares(sheet, shown)
    _draw_lifts(sheet, lifted)
    if len(rows) > len(shown):
        sheet.cut(f"{len(rows) - len(shown):,} more in the table", is_under_marks=True)
    return sheet


def _hover(row: Mapping[Any, Any]) -> str:
    lines = (
        f"<b>#{safe_text(row['name'], 40)}</b>",
        f"in {short_number(row['n'])} posts, {share_words(row['share'])} of them",
        f"{times_words(row['lift'])} what is usual" if pd.notna(row["lift"]) else "what is usual is not known",
        "" if row["status"] == Status.OK else "few posts: to be taken with care",
    )
    return "<br>".join(line for line in lines if line)


def _draw_shares(sheet: Sheet, rows: pd.DataFrame) -> None:
    sheet.head("<b>Posts with it</b>", "y")
    sheet.draw(
        "bar",
        name="share", orientation="h",
        x=[None if pd.isna(share) else share for share in rows["share"]], y=rows["place"].tolist(), width=0.56,
        marker={"color": LIGHT.slate, "line": {"width": 0}},
        hovertext=[_hover(row) for row in rows.to_dict("records")], hoverinfo="text",
    )  # fmt: skip
    for row in rows.to_dict("records"):
        sheet.note(f"#{safe_text(row['name'], 26)}", x=0, xref="paper", y=row["place"], xanchor="left",
                   xshift=EDGE - _LEFT)  # fmt: skip
        known = pd.notna(row["share"])
        said = share_words(row["share"]) if known else "share not known"
        sheet.note(f'{said}  <span style="color:{LIGHT.muted}">{short_number(row["n"])}</span>',
                   x=row["share"] if known else 0, y=row["place"], xanchor="left", xshift=6)  # fmt: skip


def _draw_lifts(sheet: Sheet, rows: pd.DataFrame) -> None:
    if rows.empty:
        sheet.note("what is usual is not known", x=_LIFTS[0], xref="paper", y=1, yref="y domain", xanchor="left",
                   yanchor="bottom", yshift=8, font={"color": LIGHT.muted})  # fmt: skip
        return
    is_sure = rows["status"] == Status.OK
    few = swatch(LIGHT.grey, "under 5 posts", "○") if not is_sure.all() else ""
    # With its legend the heading is longer than the dots are wide: it ends where the picture does.
    place = {"x": 1, "xanchor": "right", "xshift": _RIGHT - EDGE} if few else {"x": _LIFTS[0], "xanchor": "left"}
    sheet.note(f"<b>Times what is usual</b>{few}", xref="paper", y=1, yref="y domain", yanchor="bottom", yshift=8,
               **place)  # fmt: skip
    sheet.line(xref="x2", x0=1, x1=1, yref="paper", y0=0, y1=1, line={"color": LIGHT.muted, "width": 1}, layer="below")
    colors = [LIGHT.slate if sure else LIGHT.grey for sure in is_sure]
    fills = [LIGHT.slate if sure else LIGHT.paper for sure in is_sure]
    sheet.draw(
        "scatter",
        name="lift", x=rows["lift"].tolist(), y=rows["place"].tolist(), xaxis="x2", mode="markers+text",
        marker={"size": 9, "opacity": 1, "color": fills, "line": {"color": colors, "width": 2}},
        text=[f"  {times_words(lift)}  " for lift in rows["lift"]],
        textposition=["middle left" if lift < 1 else "middle right" for lift in rows["lift"]],
        textfont={"size": 12, "color": LIGHT.muted}, cliponaxis=False,
        hovertext=[_hover(row) for row in rows.to_dict("records")], hoverinfo="text",
    )  # fmt: skip
