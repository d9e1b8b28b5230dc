"""Leave-one-out: growth of all posts, and of the others without the top creator, post or region."""

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
    numbers,
    ratio_axis,
    row_axis,
    swatch,
    texts,
)
from trendlib.show.theme import LIGHT, ratio_words, safe_text, short_number, status_words

_MOST_ROWS = 12
_SMALLEST = 0.05
_LEFT, _RIGHT = 250, 250
_RATIOS = ("growth_rate", "growth_low", "growth_high")


@Chart
def leave_one_out(without: pd.DataFrame, words: Words = NO_WORDS) -> Sheet:
    """Draw one sound's growth with and without its top creator, top post and top region.

    Parameters
    ----------
    without
        A row a thing left out: ``left_out`` (creator, post, region), ``who``, ``posts_left_out`` [posts of the last
        24 h], ``growth_rate``, ``growth_low``, ``growth_high`` [ratio], ``status``, and the same four of the other
        posts as ``growth_rate_without`` and so on; optional ``who_name``, shown instead of ``who``.
    words
        Title, subtitle and caption.

    Raises
    ------
    SchemaError
        If a column is lacking.
    """
    after = " ".join(f"{name}_without" for name in (*_RATIOS, "status"))
    needed = f"left_out who posts_left_out {' '.join(_RATIOS)} status {after}"
    rows = checked(without, "without", needed, "who_name")
    measures = [*_RATIOS, *(f"{name}_without" for name in _RATIOS), "posts_left_out"]
    rows = rows.assign(**{name: numbers(rows[name]) for name in measures})
    rows = rows.assign(who=texts(rows["who_name"], rows["who"]), left_out=texts(rows["left_out"]))
    shown = rows.head(_MOST_ROWS)
    is_both = (shown[measures[:-1]] >= 0).all(axis=1)
    drawn = shown[is_both]
    sheet = Sheet(words, height=54 * len(shown) or 120, left=_LEFT, right=_RIGHT)
    sheet.lay(
        xaxis={**ratio_axis(*_span(drawn)), "showticklabels": not drawn.empty, "showgrid": not drawn.empty},
        yaxis=row_axis(len(shown)),
    )
    if shown.empty:
        sheet.say("No post of this sound is known in the last 24 h, so there is nobody to leave out.")
        return sheet
    key = swatch(LIGHT.slate, "all posts", "○") + swatch(LIGHT.accent, "without, with 90 % interval", "●")
    sheet.head(f"<b>Growth</b>{key}", "y")
    if len(drawn):
        sheet.line(x0=1, x1=1, yref="paper", y0=0, y1=1, line={"color": LIGHT.muted, "width": 1}, layer="below")
        _draw(sheet, drawn)
    for place, row in enumerate(shown.to_dict("records")):
        _write_row(sheet, place, row, is_drawn=bool(is_both.iloc[place]))
    if len(rows) > len(shown):
        sheet.cut(f"and {len(rows) - len(shown):,} more in the table", is_under_marks=True)
    return sheet


def _span(rows: pd.DataFrame) -> tuple[float, float]:
    if rows.empty:
        return 0.5, 2.0
    dots = rows[["growth_rate", "growth_rate_without"]].clip(lower=_SMALLEST)
    low = max(
        min(rows["growth_low_without"].min(), dots.min().min(), 0.8), 0.25 * min(dots.min().min(), 1.0), _SMALLEST
    )
    high = min(max(rows["growth_high_without"].max(), dots.max().max(), 1.5), 4 * max(dots.max().max(), 1.0))
    return 0.8 * low, 1.25 * high


def _draw(sheet: Sheet, rows: pd.DataFrame) -> None:
    before, after, low, high = (
        rows[name].clip(lower=_SMALLEST)
        for name in ("growth_rate", "growth_rate_without", "growth_low_without", "growth_high_without")
    )
    for place, (start, end) in enumerate(zip(before, after, strict=True)):
        y = rows.index[place]
        sheet.line(x0=start, x1=end, y0=y, y1=y, line={"color": LIGHT.slate_soft, "width": 5}, layer="between")
    dots = {"y": rows.index.tolist(), "mode": "markers", "hoverinfo": "text"}
    dots["hovertext"] = [_hover(row) for row in rows.to_dict("records")]
    sheet.draw(
        "scatter", name="without", x=after.tolist(),
        marker={"size": 11, "opacity": 1, "color": LIGHT.accent},
        error_x={"array": (high - after).tolist(), "arrayminus": (after - low).tolist(), "symmetric": False,
                 "color": LIGHT.accent, "thickness": 2, "width": 0},
        **dots,
    )  # fmt: skip
    ring = {"size": 12, "opacity": 1, "color": LIGHT.paper, "line": {"color": LIGHT.slate, "width": 2}}
    sheet.draw("scatter", name="all posts", x=before.tolist(), marker=ring, **dots)


def _hover(row: Mapping[Any, Any]) -> str:
    return (
        f"<b>without the top {safe_text(row['left_out'], 12)}: {safe_text(row['who'], 30)}</b>"
        f"<br>all posts: {ratio_words(*(row[name] for name in _RATIOS))}"
        f"<br>without: {ratio_words(*(row[f'{name}_without'] for name in _RATIOS))}"
        f"<br>{short_number(row['posts_left_out'])} posts of the last 24 h left out"
        f"<br>status without: {safe_text(status_words(row['status_without']))}"
    )


def _write_row(sheet: Sheet, place: int, row: Mapping[Any, Any], *, is_drawn: bool) -> None:
    quiet = f'<span style="font-size:0.88em;color:{LIGHT.muted}">'
    who = safe_text(row["who"], 26)
    posts = f"{short_number(row['posts_left_out'])} post{'' if row['posts_left_out'] == 1 else 's'} in 24 h"
    said = f"{who}, {posts}" if who else "nobody stands out"
    name = f"<b>without the top {safe_text(row['left_out'], 12)}</b><br>{quiet}{said}</span>"
    edge = {"xref": "paper", "y": place, "xanchor": "left"}
    sheet.note(name, x=0, xshift=EDGE - _LEFT, **edge)
    if is_drawn:
        before, after = (ratio_words(*(row[f"{one}{end}"] for one in _RATIOS)) for end in ("", "_without"))
        status = safe_text(status_words(row["status_without"]))
        sheet.note(f"{before.split(' ')[0]}, then <b>{after}</b><br>{quiet}{status}</span>", x=1, xshift=16, **edge)
    else:
        reason = safe_text(status_words(row["status_without"] if row["growth_rate"] >= 0 else row["status"]))
        sheet.note(
            f"can&#39;t tell: {reason}", x=0, xshift=12, bgcolor=LIGHT.paper, font={"color": LIGHT.muted}, **edge
        )
