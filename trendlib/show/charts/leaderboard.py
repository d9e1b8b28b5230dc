"""Leaderboard: a row a sound, its growth as a dot, how sure we are as a line through it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from trendlib.schema import Status
from trendlib.show.canvas import EDGE, NO_WORDS, Chart, Sheet, Words, checked, numbers, ratio_axis, row_axis
from trendlib.show.theme import LIGHT, daily_words, ratio_words, safe_text, status_look, status_words

_MOST_ROWS = 50
_SMALLEST = 0.05
_LEFT, _RIGHT, _STATUS = 290, 270, 160
_ALERT_SIGNS, _FITTING_SIGNS, _SIGN = 30, 16, 6  # the right side grows with what rules say [signs, signs, px]
_UNRANKED: Mapping[str, str] = {
    Status.ROUNDED: "can't tell: the use counter is rounded too coarsely",
    Status.NEW: "can't tell: new, no week before to compare with",
    Status.INDEX_ONLY: "can't tell: only a curve without volume",
    Status.NOT_ENOUGH_COVERAGE: "can't tell: not enough coverage",
}


@Chart
def leaderboard(board: pd.DataFrame, words: Words = NO_WORDS) -> Sheet:
    """Draw a board as rows of dots with their intervals: growth on a logarithmic axis, steady at 1×.

    Rows that have no growth rate, or no rank, are grey and say why. Where it is told what rules say, the accent is
    for the rows that one flags.

    Parameters
    ----------
    board
        Rows in the order to be shown: ``title``, ``artist``, ``growth_rate``, ``growth_low``, ``growth_high``
        [ratio], ``status``; optional ``rank``, ``alert``, ``posts_last_24h`` [posts], ``window_days`` [days].
    words
        Title, subtitle and caption.

    Raises
    ------
    SchemaError
        If the board lacks a column.
    """
    rows = _rows(board)
    shown = rows.head(_MOST_ROWS)
    ranked = shown[shown["is_ranked"]]
    sheet = Sheet(words, height=38 * len(shown) or 120, left=_LEFT, right=_RIGHT + _SIGN * _beyond(shown))
    low, high = _ratio_range(ranked)
    sheet.lay(
        xaxis={**ratio_axis(low, high), "showticklabels": not ranked.empty, "showgrid": not ranked.empty},
        yaxis=row_axis(len(shown)),
    )
    for edge in range(len(shown) + 1):
        across = {"xref": "paper", "x0": 0, "x1": 1, "y0": edge - 0.5, "y1": edge - 0.5}
        sheet.line(**across, line={"color": LIGHT.grid, "width": 1}, layer="below")
    if not ranked.empty:
        upright = {"yref": "paper", "y0": 0, "y1": 1, "x0": 1, "x1": 1}
        sheet.line(**upright, line={"color": LIGHT.muted, "width": 1}, layer="below")
        _column(sheet, "steady", x=0, xref="x", xanchor="center")
        _column(sheet, "growth [90 % interval]", x=1, xshift=16)
        _column(sheet, "status", x=1, xshift=_STATUS)
    for (status, is_flagged), group in ranked.groupby(["status", ranked["alert"] != ""], sort=False):
        _draw_dots(sheet, group, str(status), is_loud=bool(is_flagged) or "alert" not in board)
    for place, row in enumerate(shown.to_dict("records")):
        _write_row(sheet, place, row)
    if rows.empty:
        sheet.say("No sound is on this board: none is watched, or none passed its rule.")
    if len(rows) > len(shown):
        sheet.cut(f"and {len(rows) - len(shown):,} more rows in the table")
    return sheet


def _rows(board: pd.DataFrame) -> pd.DataFrame:
    needed = "title artist growth_rate growth_low growth_high status"
    rows = checked(board, "board", needed, "rank alert posts_last_24h window_days")
    rates = ["growth_rate", "growth_low", "growth_high"]
    rows = rows.assign(**{name: numbers(rows[name]) for name in (*rates, "rank", "posts_last_24h", "window_days")})
    has_rank = rows["rank"].notna() | ("rank" not in board)
    has_growth = (rows[rates] >= 0).all(axis=1)
    unranked = "–" if "rank" in board else ""
    return rows.assign(
        place=range(len(rows)),
        rank_words=[f"{rank:.0f}" if pd.notna(rank) else unranked for rank in rows["rank"]],
        is_ranked=has_rank & has_growth,
        status=rows["status"].astype(object).where(rows["status"].notna(), ""),
        alert=rows["alert"].astype(object).where(rows["alert"].notna() & (rows["alert"] != "none"), ""),
    )


def _beyond(shown: pd.DataFrame) -> int:
    return max([0, *(min(len(alert), _ALERT_SIGNS) - _FITTING_SIGNS for alert in shown["alert"])])


def _ratio_range(ranked: pd.DataFrame) -> tuple[float, float]:
    """Enough for every dot and steady; an interval that would dwarf all others runs out of the picture."""
    if ranked.empty:
        return 0.5, 2.0
    dots = ranked["growth_rate"]
    low = max(min(ranked["growth_low"].min(), 0.8), 0.25 * min(dots.min(), 1.0), _SMALLEST)
    high = min(max(ranked["growth_high"].max(), 1.5), 4 * max(dots.max(), 1.0))
    return 0.85 * low, 1.15 * high


def _column(sheet: Sheet, words: str, **place: Any) -> None:
    where = {"xref": "paper", "y": 1, "yref": "paper", "xanchor": "left", "yanchor": "bottom", "yshift": 3}
    sheet.note(words, font={"size": 12, "color": LIGHT.muted}, **{**where, **place})


def _draw_dots(sheet: Sheet, group: pd.DataFrame, status: str, *, is_loud: bool) -> None:
    look = status_look(status)
    color = LIGHT.slate if look.color == LIGHT.accent and not is_loud else look.color
    is_open = look.symbol.endswith("-open")
    # A logarithmic axis has no 0; the words beside the row say what it really is.
    dots, ends, starts = (group[name].clip(lower=_SMALLEST) for name in ("growth_rate", "growth_high", "growth_low"))
    sheet.draw(
        "scatter",
        name=safe_text(status_words(status)),
        x=dots.tolist(),
        y=group["place"].tolist(),
        mode="markers",
        marker={
            "symbol": look.symbol.removesuffix("-open"), "size": 11, "opacity": 1,
            "color": LIGHT.paper if is_open else color, "line": {"color": color, "width": 2},
        },
        error_x={
            "array": (ends - dots).tolist(),
            "arrayminus": (dots - starts).tolist(),
            "symmetric": False, "color": color, "thickness": 2, "width": 0,
        },
        hovertext=[_row_hover(row) for row in group.to_dict("records")],
        hoverinfo="text",
    )  # fmt: skip


def _row_hover(row: Mapping[Any, Any]) -> str:
    return (
        f"<b>{safe_text(row['title'], 60) or 'untitled'}</b><br>{safe_text(row['artist'], 60) or 'artist unknown'}"
        f"<br>{ratio_words(row['growth_rate'], row['growth_low'], row['growth_high'])} its week before"
        f"<br>{daily_words(row['posts_last_24h'], row['window_days'], row['status'])}"
        f"<br>status: {safe_text(status_words(row['status']))}"
    )


def _write_row(sheet: Sheet, place: int, row: Mapping[Any, Any]) -> None:
    color = LIGHT.ink if row["is_ranked"] else LIGHT.muted
    title, artist = safe_text(row["title"], 30) or "untitled", safe_text(row["artist"], 34) or "artist unknown"
    where = {"y": place, "xref": "paper", "xanchor": "left", "font": {"color": color}}
    quiet = f'<span style="font-size:0.88em;color:{LIGHT.muted}">'
    sheet.note(row["rank_words"], x=0, xshift=EDGE - _LEFT, **{**where, "font": {"color": LIGHT.muted}})
    sheet.note(f"<b>{title}</b><br>{quiet}{artist}</span>", x=0, xshift=EDGE - _LEFT + 30, **where)
    if row["is_ranked"]:
        ratio = ratio_words(row["growth_rate"], row["growth_low"], row["growth_high"]).split(" ", 1)
        mean = f"<br>{quiet}mean of {row['window_days']:.0f} days</span>" if row["window_days"] > 1 else ""
        sheet.note(f"<b>{ratio[0]}</b> {ratio[1]}{mean}", x=1, xshift=16, **where)
        said = safe_text(row["alert"], _ALERT_SIGNS)
        alert = f'<br><span style="color:{LIGHT.accent}">▲ {said}</span>' if said else ""
        sheet.note(f"{quiet}{safe_text(status_words(row['status']))}{alert}</span>", x=1, xshift=_STATUS, **where)
    else:
        sheet.note(_why_unranked(row), x=0, xshift=12, bgcolor=LIGHT.paper, **where)


def _why_unranked(row: Mapping[Any, Any]) -> str:
    reason = _UNRANKED.get(row["status"], f"not ranked: {safe_text(status_words(row['status']))}")
    if pd.isna(row["posts_last_24h"]) or row["posts_last_24h"] == 0:
        return reason
    return f"{reason}; {daily_words(row['posts_last_24h'], row['window_days'], row['status'])}"
