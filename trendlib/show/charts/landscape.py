"""Landscape: every sound as a dot, its size to the right and its growth upwards, both logarithmic."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from trendlib.show.canvas import NO_WORDS, Chart, Sheet, Words, checked, log_axis, numbers, ratio_axis, swatch, texts
from trendlib.show.theme import LIGHT, daily_words, ratio_words, safe_text, short_number, status_look, status_words

_MOST_DOTS = 800
_MOST_LABELS = 12
_QUIET = ("none", "unusual")
_SMALLEST = 0.05
_HEIGHT, _WIDTH = 520, 640  # the width is a guess: a figure takes the room it is given
_LETTER, _LINE, _DOT = 7.2, 17, 10


@Chart
def landscape(board: pd.DataFrame, words: Words = NO_WORDS, *, growth: float = 3.0, uses: float = 100_000) -> Sheet:
    """Draw sounds by their size and growth, the corner of small ones that grow fast shaded.

    Parameters
    ----------
    board
        A row a sound: ``sound_id``, ``title``, ``artist``, ``total_uses`` [posts], ``growth_rate``, ``growth_low``,
        ``growth_high`` [ratio], ``status``; optional ``alert``, ``posts_last_24h`` [posts], ``window_days`` [days].
        Each dot carries its ``sound_id`` as ``customdata``.
    words
        Title, subtitle and caption.
    growth
        From which growth on a sound lies in the corner [ratio].
    uses
        Below how many uses in all [posts].

    Raises
    ------
    SchemaError
        If the board lacks a column.
    """
    dots = _dots(board, growth, uses)
    shown = dots.head(_MOST_DOTS)
    sheet = Sheet(words, height=_HEIGHT, left=64, right=60)
    (left, right), (low, high) = _span(shown["total_uses"], uses), _span(shown["growth"], growth, 1.0)
    has_dots = not shown.empty
    sheet.lay(
        xaxis={**log_axis(left, right, marks=(1,)), "showticklabels": has_dots},
        yaxis={**ratio_axis(low, high), "showticklabels": has_dots},
    )
    sheet.box(x0=left, x1=uses, y0=growth, y1=high, fillcolor=LIGHT.accent, opacity=0.07, line={"width": 0},
              layer="below")  # fmt: skip
    sheet.line(x0=left, x1=right, y0=1, y1=1, line={"color": LIGHT.muted, "width": 1}, layer="below")
    for status, group in shown.groupby("status", sort=False):
        _draw_dots(sheet, group, str(status))
    for row, place in _labels(shown, (left, right), (low, high)):
        name = safe_text(row["title"], 26) or "untitled"
        sheet.note(name, name="label", x=_log(row["total_uses"]), y=_log(row["growth"]), font={"size": 12}, **place)
    sheet.head(_key(shown), "y")
    if has_dots:
        corner = f"catch them early: {short_number(growth)}× or more, under {short_number(uses)} uses"
        sheet.note(corner, x=0, xref="paper", y=1, yref="paper", xanchor="left", yanchor="top", xshift=8, yshift=-6,
                   font={"size": 12, "color": LIGHT.accent})  # fmt: skip
        sheet.note("steady", x=1, xref="paper", y=0, xanchor="left", yanchor="middle", xshift=6,
                   font={"size": 12, "color": LIGHT.muted})  # fmt: skip
    else:
        sheet.say("No sound to place: of none are both its total uses and its growth known.")
    _say_the_rest(sheet, len(board), len(dots), len(shown))
    return sheet


def _dots(board: pd.DataFrame, growth: float, uses: float) -> pd.DataFrame:
    needed = "sound_id title artist total_uses growth_rate growth_low growth_high status"
    rows = checked(board, "board", needed, "alert posts_last_24h window_days")
    counts = ["total_uses", "growth_rate", "growth_low", "growth_high", "posts_last_24h", "window_days"]
    rows = rows.assign(**{name: numbers(rows[name]) for name in counts}, status=texts(rows["status"]))
    rows = rows[(rows["total_uses"] > 0) & (rows["growth_rate"] >= 0)]
    is_early = (rows["growth_rate"] >= growth) & (rows["total_uses"] < uses)
    alert = texts(rows["alert"]).where(~rows["alert"].isin(_QUIET), "")
    # A logarithmic axis has no 0; the words on the dot say what it really is.
    rows = rows.assign(growth=rows["growth_rate"].clip(lower=_SMALLEST), is_early=is_early, alert=alert)
    return rows.sort_values(["growth_low", "sound_id"], ascending=[False, True])


def _span(values: pd.Series, *always: float) -> tuple[float, float]:
    known = [*values, *always]
    return 0.6 * min(known), 1.7 * max(known)


def _log(value: float) -> float:
    return math.log10(value)


def _draw_dots(sheet: Sheet, group: pd.DataFrame, status: str) -> None:
    look = status_look(status)
    is_open = look.symbol.endswith("-open")
    quiet = LIGHT.grey if is_open else LIGHT.slate
    colors = [LIGHT.accent if is_early else quiet for is_early in group["is_early"]]
    sheet.draw(
        "scatter",
        name=f"sounds: {safe_text(status_words(status))}",
        x=group["total_uses"].tolist(),
        y=group["growth"].round(4).tolist(),
        customdata=group["sound_id"].astype(str).tolist(),
        mode="markers",
        marker={
            "symbol": look.symbol.removesuffix("-open"), "size": _DOT, "opacity": 0.9,
            "color": LIGHT.paper if is_open else colors, "line": {"color": colors, "width": 1.5},
        },
        hovertext=[_hover(row) for row in group.to_dict("records")],
        hoverinfo="text",
    )  # fmt: skip


def _hover(row: Mapping[Any, Any]) -> str:
    lines = {
        f"<b>{safe_text(row['title'], 40) or 'untitled'}</b>": True,
        safe_text(row["artist"], 40) or "artist unknown": True,
        f"{ratio_words(row['growth_rate'], row['growth_low'], row['growth_high'])} its week before": True,
        f"{short_number(row['total_uses'])} uses in all": True,
        daily_words(row["posts_last_24h"], row["window_days"], row["status"]): pd.notna(row["posts_last_24h"]),
        f"alert: {safe_text(row['alert'], 16)}": bool(row["alert"]),
        f"status: {safe_text(status_words(row['status']))}": True,
    }
    return "<br>".join(line for line, is_true in lines.items() if is_true)


def _labels(
    dots: pd.DataFrame, across: tuple[float, float], up: tuple[float, float]
) -> Iterator[tuple[Mapping[Any, Any], dict[str, Any]]]:
    """Name the dots that matter, those in the corner first, where a name covers no dot and no other name."""
    x = _WIDTH * (dots["total_uses"].map(_log) - _log(across[0])) / (_log(across[1]) - _log(across[0]))
    y = _HEIGHT * (dots["growth"].map(_log) - _log(up[0])) / (_log(up[1]) - _log(up[0]))
    taken = [(a - _DOT / 2, b - _DOT / 2, a + _DOT / 2, b + _DOT / 2) for a, b in zip(x, y, strict=True)]
    matters = dots.assign(x=x, y=y, is_called=dots["alert"] != "")
    matters = matters[matters["is_early"] | matters["is_called"] | (matters["growth_low"] > 1)]
    matters = matters[texts(matters["title"]) != ""]
    matters = matters.sort_values(["is_early", "is_called"], ascending=False, kind="stable").head(2 * _MOST_LABELS)
    named = 0
    for row in matters.to_dict("records"):
        width = _LETTER * min(len(str(row["title"])), 26)
        places = (
            ("left", "middle", row["x"] + 9, row["y"] - _LINE / 2),
            ("right", "middle", row["x"] - 9 - width, row["y"] - _LINE / 2),
            ("center", "bottom", row["x"] - width / 2, row["y"] + 8),
            ("center", "top", row["x"] - width / 2, row["y"] - 8 - _LINE),
        )
        for xanchor, yanchor, a, b in places:
            box = (a, b, a + width, b + _LINE)
            is_inside = a >= 0 and box[2] <= _WIDTH and b >= 0 and box[3] <= _HEIGHT - 2 * _LINE
            if named < _MOST_LABELS and is_inside and not any(_meet(box, other) for other in taken):
                taken.append(box)
                named += 1
                shift = {
                    "xshift": {"left": 9, "right": -9}.get(xanchor, 0),
                    "yshift": {"bottom": 7, "top": -7}.get(yanchor, 0),
                }
                yield row, {"xanchor": xanchor, "yanchor": yanchor, **shift}
                break


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _key(dots: pd.DataFrame) -> str:
    looks = [
        swatch(LIGHT.slate, safe_text(status_words(status)), status_look(status).sign)
        for status in dots["status"].drop_duplicates()
    ]
    return "<b>Growth</b> upwards, <b>total uses</b> to the right" + "".join(looks[:4])


def _say_the_rest(sheet: Sheet, given: int, placed: int, shown: int) -> None:
    rest = {
        f"{shown:,} of {placed:,} sounds: those that grow most surely": shown < placed,
        f"{given - placed:,} not placed: their uses or growth are not known": given > placed,
    }
    words = "; ".join(said for said, is_true in rest.items() if is_true)
    if words and shown:
        where = {"x": 1, "y": 0, "xref": "paper", "yref": "paper", "xanchor": "right", "yanchor": "top"}
        sheet.note(words, name="cut", yshift=-24, font={"size": 12, "color": LIGHT.muted}, **where)
