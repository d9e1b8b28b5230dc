"""Reach: how far posts with a sound go, against their creators' own median at equal age, and how many they are."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from trendlib.show.canvas import (
    DAY,
    DAY_MS,
    NO_WORDS,
    Chart,
    Sheet,
    Words,
    blocks,
    checked,
    count_axis,
    instants,
    numbers,
    ratio_axis,
    swatch,
    time_axis,
    uncovered,
    wall_times,
)
from trendlib.show.theme import (
    LIGHT,
    day_words,
    ratio_words,
    safe_text,
    short_number,
    status_words,
    time_words,
    times_words,
)

_MOST_DAYS, _MOST_DOTS = 180, 500
_SMALLEST = 0.05


@Chart
def reach(days: pd.DataFrame, words: Words = NO_WORDS, *, posts: pd.DataFrame | None = None) -> Sheet:
    """Draw one sound's reach day by day, and its posts a day beneath: attention, then adoption.

    Parameters
    ----------
    days
        A row a day: ``day`` (start of the window [UTC]), ``posts``, ``reach_median``, ``reach_low``, ``reach_high``
        [ratio to what is usual for the creators at equal age], ``n`` [posts compared]; optional ``status``. A day
        without a row is drawn as not known: give covered days without posts as rows of 0.
    words
        Title, subtitle and caption.
    posts
        A row a post, drawn as a dot: ``posted_at`` [UTC], ``reach`` [ratio]; optional ``views_at_first_sight``,
        ``own_median`` [views].

    Raises
    ------
    SchemaError
        If a frame lacks a column.
    """
    rows = checked(days, "days", "day posts reach_median reach_low reach_high n", "status")
    measures = ["posts", "reach_median", "reach_low", "reach_high", "n"]
    rows = rows.assign(**{name: numbers(rows[name]) for name in measures}).drop_duplicates("day", keep="last")
    shown = rows.tail(_MOST_DAYS).reset_index(drop=True)
    shown = shown.assign(is_known=shown["posts"].notna())
    dots = _dots(posts, shown)
    sheet = Sheet(words, height=430, left=64, right=64)
    if shown.empty:
        sheet.lay(xaxis={"showticklabels": False}, yaxis={"showticklabels": False, "showgrid": False})
        sheet.say("No day of this sound is known yet, so there is no reach to show.")
        return sheet
    told = shown[shown["reach_median"] >= 0]
    top = 1.15 * max([1.0, *shown["posts"].dropna()])
    is_told = not told.empty or not dots.empty
    sheet.lay(
        xaxis={**time_axis(shown["day"].iloc[0], shown["day"].iloc[-1] + DAY), "anchor": "y2"},
        yaxis={**ratio_axis(*_span(told, dots)), "domain": [0.42, 1], "showticklabels": is_told, "showgrid": is_told},
        yaxis2={**count_axis(0, top, marks=3), "domain": [0, 0.28], "showticklabels": bool(shown["is_known"].any())},
    )
    if is_told:
        sheet.line(xref="paper", x0=0, x1=1, y0=1, y1=1, line={"color": LIGHT.muted, "width": 1}, layer="below")
        _draw_dots(sheet, dots)
        _draw_reach(sheet, told)
    else:
        sheet.say("Of no post is the reach known: it takes creators with other posts seen at the same age.", y=0.72)
    _draw_posts(sheet, shown, top)
    if is_told:
        sheet.head(_key(told, dots), "y")
    partly = f"   the last {len(shown)} of {len(rows):,} days" if len(rows) > len(shown) else ""
    sheet.head(f'<b>Posts a day</b><span style="color:{LIGHT.muted}">{partly}</span>', "y2")
    return sheet


def _dots(posts: pd.DataFrame | None, days: pd.DataFrame) -> pd.DataFrame:
    given = pd.DataFrame(columns=["posted_at", "reach"]) if posts is None else posts
    frame = checked(given, "posts", "posted_at reach", "views_at_first_sight own_median")
    frame = frame.assign(posted_at=pd.to_datetime(frame["posted_at"], utc=True), reach=numbers(frame["reach"]))
    if days.empty:
        return frame.head(0)
    is_shown = (frame["reach"] >= 0) & (frame["posted_at"] >= days["day"].iloc[0])
    is_shown &= frame["posted_at"] < days["day"].iloc[-1] + DAY
    shown: pd.DataFrame = frame[is_shown]
    return shown.sort_values("posted_at").tail(_MOST_DOTS)


def _span(told: pd.DataFrame, dots: pd.DataFrame) -> tuple[float, float]:
    """Enough for every median; a wild post runs out of the picture."""
    values = [1.0, *told["reach_median"], *(told["reach_low"].dropna()), *(told["reach_high"].dropna())]
    values += [*dots["reach"].quantile([0.02, 0.98])] if len(dots) else []
    return 0.7 * max(min(values), _SMALLEST), 1.4 * max(values)


def _draw_dots(sheet: Sheet, dots: pd.DataFrame) -> None:
    sheet.draw(
        "scatter",
        name="a post", x=wall_times(dots["posted_at"]), y=dots["reach"].clip(lower=_SMALLEST).round(3).tolist(),
        mode="markers", marker={"size": 5, "color": LIGHT.slate_soft, "opacity": 0.8},
        hovertext=[_post_hover(row) for row in dots.to_dict("records")], hoverinfo="text",
    )  # fmt: skip


def _post_hover(post: Mapping[Any, Any]) -> str:
    seen = f"<br>{short_number(post['views_at_first_sight'])} views when first seen"
    usual = f"; {short_number(post['own_median'])} usual at that age" if pd.notna(post["own_median"]) else ""
    known = f"{seen}{usual}" if pd.notna(post["views_at_first_sight"]) else ""
    return (
        f"<b>{times_words(post['reach'])}</b> what is usual for its creator{known}<br>{time_words(post['posted_at'])}"
    )


def _draw_reach(sheet: Sheet, told: pd.DataFrame) -> None:
    x: list[str | None] = []
    y: list[float | None] = []
    ranged = told.dropna(subset=["reach_low", "reach_high"])
    for part in blocks(instants(ranged["day"])):
        block = ranged.iloc[part]
        middles = wall_times(block["day"] + DAY / 2)
        x += [*middles, *reversed(middles), None]
        y += [*block["reach_high"].clip(lower=_SMALLEST)]
        y += [*reversed(block["reach_low"].clip(lower=_SMALLEST).tolist()), None]
    sheet.draw("scatter", name="between", x=x, y=y, mode="lines", fill="toself", fillcolor=LIGHT.band, opacity=0.14,
               line={"width": 0}, hoverinfo="skip")  # fmt: skip
    for part in blocks(instants(told["day"])):
        block = told.iloc[part]
        sheet.draw(
            "scatter",
            name="median reach", x=wall_times(block["day"] + DAY / 2),
            y=block["reach_median"].clip(lower=_SMALLEST).tolist(), mode="lines+markers",
            line={"color": LIGHT.accent, "width": 2}, marker={"size": 6, "color": LIGHT.accent, "opacity": 1},
            hovertext=[
                f"<b>median {ratio_words(row['reach_median'], row['reach_low'], row['reach_high'])}</b>"
                f"<br>n = {short_number(row['n'])} posts of {day_words(row['day'])}"
                f"<br>status: {safe_text(status_words(row['status']))}"
                for row in block.to_dict("records")
            ],
            hoverinfo="text",
        )  # fmt: skip
    last = told.iloc[-1]
    sheet.note(
        f"<b>{times_words(last['reach_median'])}</b>", x=1, xref="paper", y=_log(last["reach_median"]),
        xanchor="left", xshift=8, font={"color": LIGHT.accent},
    )  # fmt: skip


def _log(value: float) -> float:
    return math.log10(max(value, _SMALLEST))


def _draw_posts(sheet: Sheet, days: pd.DataFrame, top: float) -> None:
    known = days[days["is_known"]]
    sheet.draw(
        "bar",
        name="posts", x=wall_times(known["day"] + 0.06 * DAY), y=known["posts"].tolist(),
        width=[0.88 * DAY_MS] * len(known), offset=0, yaxis="y2", marker={"color": LIGHT.slate, "line": {"width": 0}},
        hovertext=[
            f"<b>{row['posts']:,.0f} posts</b><br>{day_words(row['day'])}" for row in known.to_dict("records")
        ],
        hoverinfo="text",
    )  # fmt: skip
    sheet.hatch(uncovered(instants(days["day"]), days["is_known"].tolist()), top, yaxis="y2")


def _key(told: pd.DataFrame, dots: pd.DataFrame) -> str:
    parts = {
        swatch(LIGHT.accent, "median of the day", "●"): not told.empty,
        swatch(LIGHT.band_soft, "the middle half of posts", "▬"): bool(told["reach_low"].notna().any()),
        swatch(LIGHT.slate_soft, "a post", "●"): not dots.empty,
        swatch(LIGHT.muted, "1× is usual for its creator at that age", "–"): True,
    }
    return "<b>Reach</b>" + "".join(part for part, is_there in parts.items() if is_there)
