"""Crossovers: which sounds cross into which country, from what share of their posters to what."""

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
    row_axis,
    share_axis,
    swatch,
    texts,
)
from trendlib.show.places import NAME_SIGNS, region_name, the_region
from trendlib.show.theme import LIGHT, safe_text, share_words, short_number, status_words

_MOST_ROWS = 20
_LEFT, _RIGHT = 350, 210


@Chart
def crossovers(crossing: pd.DataFrame, words: Words = NO_WORDS) -> Sheet:
    """Draw each crossing as the region's share of a sound's posters in the week before and in the last week.

    Parameters
    ----------
    crossing
        A row a sound and region, in the order to be shown: ``title``, ``artist``, ``region``, ``p0`` and ``p1`` [0-1],
        ``low`` end of the difference [-1 to 1], ``n0`` and ``n1`` [creators], ``status``.
    words
        Title, subtitle and caption.

    Raises
    ------
    SchemaError
        If a column is lacking.
    """
    rows = checked(crossing, "crossing", "title artist region p0 p1 low n0 n1 status")
    rows = rows.assign(**{name: numbers(rows[name]) for name in ("p0", "p1", "low", "n0", "n1")})
    rows = rows.assign(**{name: texts(rows[name]) for name in ("title", "artist", "region", "status")})
    shown = rows.head(_MOST_ROWS)
    sheet = Sheet(words, height=40 * len(shown) or 120, left=_LEFT, right=_RIGHT)
    top = max([0.1, *shown["p0"].dropna(), *shown["p1"].dropna()])
    is_told = bool(shown["p1"].notna().any())
    sheet.lay(
        xaxis={**share_axis(-0.03 * top, 1.08 * top), "showgrid": is_told, "showticklabels": is_told},
        yaxis=row_axis(len(shown)),
    )
    if shown.empty:
        sheet.say("No sound is known to cross into another country this week.")
        return sheet
    key = swatch(LIGHT.slate, "week before", "○") + swatch(LIGHT.accent, "last week", "●")
    sheet.head(f"<b>Share of its creators</b>{key}", "y")
    _draw_shares(sheet, shown)
    for place, row in enumerate(shown.to_dict("records")):
        _write_row(sheet, place, row)
    if len(rows) > len(shown):
        sheet.cut(f"{len(rows) - len(shown):,} more in the table", is_under_marks=True)
    return sheet


def _draw_shares(sheet: Sheet, rows: pd.DataFrame) -> None:
    for place, (before, now) in enumerate(zip(rows["p0"], rows["p1"], strict=True)):
        if pd.notna(before) and pd.notna(now):
            sheet.line(x0=before, x1=now, y0=place, y1=place, line={"color": LIGHT.accent, "width": 3}, layer="between")
    dots = {"y": list(range(len(rows))), "mode": "markers", "hoverinfo": "text",
            "hovertext": [_hover(row) for row in rows.to_dict("records")]}  # fmt: skip
    for name, column, fill, edge in (
        ("week before", "p0", LIGHT.paper, LIGHT.slate),
        ("last week", "p1", LIGHT.accent, LIGHT.accent),
    ):
        look = {"size": 10, "opacity": 1, "color": fill, "line": {"color": edge, "width": 2}}
        shares = [None if pd.isna(share) else share for share in rows[column]]
        sheet.draw("scatter", name=name, x=shares, marker=look, **dots)


def _hover(row: Mapping[Any, Any]) -> str:
    where = safe_text(the_region(row["region"])) or "a region unknown"
    return (
        f"<b>{safe_text(row['title'], 40) or 'untitled'}</b> into {where}"
        f"<br>week before: {share_words(row['p0'])} of {short_number(row['n0'])} creators"
        f"<br>last week: {share_words(row['p1'])} of {short_number(row['n1'])} creators"
        f"<br>status: {safe_text(status_words(row['status']))}"
    )


def _write_row(sheet: Sheet, place: int, row: Mapping[Any, Any]) -> None:
    edge = {"xref": "paper", "y": place, "xanchor": "left"}
    quiet = f'<span style="font-size:0.88em;color:{LIGHT.muted}">'
    title, artist = safe_text(row["title"], 26) or "untitled", safe_text(row["artist"], 30) or "artist unknown"
    region = safe_text(region_name(row["region"]), NAME_SIGNS) or "?"
    sheet.note(f"<b>{title}</b><br>{quiet}{artist}</span>", x=0, xshift=EDGE - _LEFT, **edge)
    sheet.note(f"<b>{region}</b>", x=0, xshift=-12, **{**edge, "xanchor": "right"})
    gain = f"<b>at least {100 * row['low']:+.0f} points</b>" if pd.notna(row["low"]) else "change not known"
    doubt = "" if row["status"] == Status.OK else f", {safe_text(status_words(row['status']))}"
    n = f"n = {short_number(row['n0'])}, then {short_number(row['n1'])}{doubt}"
    sheet.note(f"{gain}<br>{quiet}{n}</span>", x=1, xshift=14, **edge)
