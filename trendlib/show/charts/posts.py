"""Posts: which were seen most, whose they are and when they were posted. Views grow with age: a list, no comparison."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from trendlib.show.canvas import EDGE, NO_WORDS, Chart, Sheet, Words, checked, count_axis, numbers, row_axis, texts
from trendlib.show.places import region_name, the_region
from trendlib.show.theme import LIGHT, day_words, safe_text, short_number, time_words

_MOST_ROWS = 20
_LEFT = 300


@Chart
def posts(top: pd.DataFrame, words: Words = NO_WORDS) -> Sheet:
    """Draw the most viewed posts as bars of their views, with who posted each, when, and its caption.

    Parameters
    ----------
    top
        A row a post, in the order to be shown: ``rank``, ``posted_at`` [UTC], ``views``; optional ``handle``,
        ``caption``, ``region``.
    words
        Title, subtitle and caption.

    Raises
    ------
    SchemaError
        If the frame lacks a column.
    """
    rows = checked(top, "top", "rank posted_at views", "handle caption region")
    rows = rows.assign(
        posted_at=pd.to_datetime(rows["posted_at"], utc=True),
        **{name: numbers(rows[name]) for name in ("rank", "views")},
        **{name: texts(rows[name]) for name in ("handle", "caption", "region")},
    )
    shown = rows.head(_MOST_ROWS)
    sheet = Sheet(words, height=40 * len(shown) or 120, left=_LEFT, right=40)
    views = max([1.0, *shown["views"].dropna()])
    sheet.lay(xaxis={**count_axis(0, 1.45 * views), "showticklabels": False}, yaxis=row_axis(len(shown)))
    if shown.empty:
        sheet.say("No post of these days is known: none was listed, or none was posted.")
        return sheet
    sheet.head("<b>Views so far</b>", "y")
    sheet.draw(
        "bar",
        name="views", orientation="h",
        x=[None if pd.isna(seen) else seen for seen in shown["views"]], y=list(range(len(shown))), width=0.5,
        marker={"color": LIGHT.slate, "line": {"width": 0}},
        hovertext=[_hover(row) for row in shown.to_dict("records")], hoverinfo="text",
    )  # fmt: skip
    for place, row in enumerate(shown.to_dict("records")):
        _write_row(sheet, place, row)
    if len(rows) > len(shown):
        sheet.cut(f"{len(rows) - len(shown):,} more in the table")
    return sheet


def _who(row: Mapping[Any, Any], limit: int) -> str:
    return f"@{safe_text(row['handle'], limit)}" if row["handle"] else "creator unknown"


def _hover(row: Mapping[Any, Any]) -> str:
    lines = (
        f"<b>{_who(row, 40)}</b>",
        f"{short_number(row['views'])} views so far" if pd.notna(row["views"]) else "views not shown",
        f"posted {time_words(row['posted_at'])}" if pd.notna(row["posted_at"]) else "",
        f"account in {safe_text(the_region(row['region']))}" if row["region"] else "region unknown",
        safe_text(row["caption"], 80),
    )
    return "<br>".join(line for line in lines if line)


def _write_row(sheet: Sheet, place: int, row: Mapping[Any, Any]) -> None:
    edge = {"x": 0, "xref": "paper", "y": place, "xanchor": "left"}
    quiet = f'<span style="font-size:0.88em;color:{LIGHT.muted}">'
    rank = f"{row['rank']:.0f}" if pd.notna(row["rank"]) else "–"
    sheet.note(rank, xshift=EDGE - _LEFT, font={"color": LIGHT.muted}, **edge)
    caption = safe_text(row["caption"], 38) or "no caption"
    sheet.note(f"<b>{_who(row, 28)}</b><br>{quiet}{caption}</span>", xshift=EDGE - _LEFT + 28, **edge)
    posted = day_words(row["posted_at"]) if pd.notna(row["posted_at"]) else "day unknown"
    where = f", {safe_text(region_name(row['region']), 24)}" if row["region"] else ""
    said = f"<b>{short_number(row['views'])}</b>" if pd.notna(row["views"]) else "views not shown"
    sheet.note(f"{said}  {quiet}{posted}{where}</span>", x=0 if pd.isna(row["views"]) else row["views"], y=place,
               xanchor="left", xshift=6)  # fmt: skip
