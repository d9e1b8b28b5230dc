"""Curve: a chart sound's stitched 0-1 curve with the error of its scale. Shape only, never volume."""

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
    count_axis,
    numbers,
    swatch,
    texts,
    time_axis,
    wall_time,
    wall_times,
)
from trendlib.show.theme import LIGHT, day_words, safe_text, share_words, short_number

_MOST_DAYS = 400
_MOST_NOTES = 4


@Chart
def curve(stitched: pd.DataFrame, words: Words = NO_WORDS) -> Sheet:
    """Draw one sound's curve, segment by segment: the latest in full, earlier ones quiet, with why they stand apart.

    Parameters
    ----------
    stitched
        A row a day of one sound: ``segment``, ``day`` [UTC], ``value`` [0-1], ``scale_error`` [relative standard
        error]; optional ``pulls``, ``reason`` why the segment could not be joined to the one before.
    words
        Title, subtitle and caption.

    Raises
    ------
    SchemaError
        If a column is lacking.
    """
    rows = checked(stitched, "stitched", "segment day value scale_error", "pulls reason")
    measures = ["segment", "value", "scale_error", "pulls"]
    rows = rows.assign(**{name: numbers(rows[name]) for name in measures}, reason=texts(rows["reason"]))
    rows = rows[rows["value"].notna() & rows["segment"].notna()]
    shown = rows.tail(_MOST_DAYS)
    sheet = Sheet(words, height=320, left=64, right=28)
    if shown.empty:
        sheet.lay(xaxis={"showticklabels": False}, yaxis={"showticklabels": False, "showgrid": False})
        sheet.say("No curve of this sound is known: it was on no chart that was pulled.")
        return sheet
    error = shown["scale_error"].fillna(0).clip(0, 1)
    shown = shown.assign(low=shown["value"] * (1 - error), high=shown["value"] * (1 + error))
    top = 1.12 * max(1.0, min(shown["high"].max(), 2.0))
    first, last = shown["day"].iloc[0], shown["day"].iloc[-1]
    sheet.lay(xaxis=time_axis(first - DAY / 2, last + DAY / 2), yaxis=count_axis(0, top, marks=4))
    latest = shown["segment"].max()
    for segment, own in shown.groupby("segment"):
        _draw_segment(sheet, own, is_latest=segment == latest)
    joints = [own.iloc[0] for segment, own in shown.groupby("segment") if segment > shown["segment"].min()]
    for joint in joints[-_MOST_NOTES:]:
        _draw_joint(sheet, joint, top)
    notes = {
        swatch(LIGHT.band_soft, "one standard error of its scale", "▬"): bool(error.gt(0).any()),
        swatch(LIGHT.grey, "earlier, on a scale of its own", "–"): bool(joints),
        swatch(LIGHT.muted, "only one day is known, too few for a shape", "–"): len(shown) == 1,
        swatch(LIGHT.muted, f"the last {len(shown)} of {len(rows):,} days", "–"): len(rows) > len(shown),
    }
    said = "".join(part for part, is_there in notes.items() if is_there)
    sheet.head(f"<b>Index</b>, 1 is its largest day: a shape, no volume{said}", "y")
    return sheet


def _draw_segment(sheet: Sheet, rows: pd.DataFrame, *, is_latest: bool) -> None:
    color = LIGHT.slate if is_latest else LIGHT.grey
    for _, block in rows.groupby(rows["day"].diff().gt(1.5 * DAY).cumsum()):
        times = wall_times(block["day"])
        sheet.draw(
            "scatter", name="error", x=[*times, *reversed(times)],
            y=[*block["high"].round(4), *reversed(block["low"].round(4).tolist())], mode="lines", fill="toself",
            fillcolor=LIGHT.band, opacity=0.16, line={"width": 0}, hoverinfo="skip",
        )  # fmt: skip
        sheet.draw(
            "scatter", name="latest" if is_latest else "earlier", x=times, y=block["value"].round(4).tolist(),
            mode="lines+markers", line={"color": color, "width": 2.5 if is_latest else 1.5},
            marker={"size": 5 if len(rows) < 60 else 2, "color": color, "opacity": 1},
            hovertext=[_hover(row) for row in block.to_dict("records")], hoverinfo="text",
        )  # fmt: skip


def _hover(row: Mapping[Any, Any]) -> str:
    lines = {
        f"<b>index {short_number(round(row['value'], 2))}</b>": True,
        day_words(row["day"]): True,
        f"scale known to {share_words(row['scale_error'])}": row["scale_error"] > 0,
        f"mean of {row['pulls']:.0f} pulls": row["pulls"] > 1,
    }
    return "<br>".join(line for line, is_true in lines.items() if is_true)


def _draw_joint(sheet: Sheet, joint: "pd.Series[Any]", top: float) -> None:
    x = wall_time(joint["day"] - DAY / 2)
    sheet.line(x0=x, x1=x, y0=0, y1=top, line={"color": LIGHT.muted, "width": 1, "dash": "dot"})
    said = safe_text(joint["reason"], 40) or "not joined"
    sheet.note(f"new scale: {said}", name="joint", x=x, y=top, xanchor="left", yanchor="top", xshift=5,
               bgcolor=LIGHT.paper, font={"size": 12, "color": LIGHT.muted})  # fmt: skip
