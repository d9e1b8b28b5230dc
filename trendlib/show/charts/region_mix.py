"""Region mix: from where a sound's posters come, day by day or week by week, and how many of them are known."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from trendlib.show.canvas import (
    DAY,
    DAY_MS,
    NO_WORDS,
    Chart,
    Sheet,
    Words,
    checked,
    count_axis,
    numbers,
    ramp_key,
    row_axis,
    stops,
    swatch,
    texts,
    time_axis,
    wall_time,
    wall_times,
)
from trendlib.show.places import NAME_ROOM, NAME_SIGNS, region_name, region_words
from trendlib.show.theme import LIGHT, RAMP, day_words, safe_text, share_words

_MOST_REGIONS, _MOST_CELLS = 12, 92
_ROW, _GAP, _STRIP, _BARS = 26, 8, 20, 60


@Chart
def region_mix(
    mix: pd.DataFrame, words: Words = NO_WORDS, *, crossovers: pd.DataFrame | None = None, span_days: int = 1
) -> Sheet:
    """Draw one sound's shares of regions over time, the share of unknown beneath, and how many posts it rests on.

    Parameters
    ----------
    mix
        A row a region and span of time: ``region``, ``day`` (start of the span [UTC]), ``posts``, ``share`` [0-1],
        ``n`` and ``n_unknown`` [posts], ``unknown_share`` [0-1].
    words
        Title, subtitle and caption.
    crossovers
        Which cells to outline: ``region``, ``day``.
    span_days
        How long a span is: 1 for days, 7 for weeks.

    Raises
    ------
    SchemaError
        If a frame lacks a column.
    """
    rows = _rows(mix, span_days)
    regions, spans = _largest(rows), rows.drop_duplicates("day").set_index("day")
    is_told = bool(regions)
    sheet = Sheet(words, height=_ROW * max(len(regions), 4) + 2 * _GAP + _STRIP + 30 + _BARS, left=NAME_ROOM, right=28)
    height = _ROW * max(len(regions), 4) + 2 * _GAP + _STRIP + 30 + _BARS
    if rows.empty:
        sheet.lay(xaxis={"showticklabels": False}, yaxis={"showticklabels": False, "showgrid": False})
        sheet.say("No post of this sound is known in this time, so there is no mix of regions.")
        return sheet
    step = span_days * DAY
    start, end = rows["day"].min(), rows["day"].max() + step
    main = 1 - _ROW * max(len(regions), 4) / height
    names = [safe_text(region_name(one), NAME_SIGNS) for one in regions]
    sheet.lay(
        xaxis={**time_axis(start, end), "anchor": "y3"},
        yaxis={**row_axis(len(regions), names), "domain": [main, 1]},
        yaxis2={**row_axis(1, ["unknown"]), "domain": [main - (_GAP + _STRIP) / height, main - _GAP / height]},
        yaxis3={**count_axis(0, 1.15 * max(spans["n"].max(), 1.0), marks=2), "domain": [0, _BARS / height]},
    )
    days = pd.date_range(start, end - step, freq=step)
    if is_told:
        _draw_shares(sheet, rows, regions, days, step)
    _draw_unknown(sheet, spans.reindex(days), step)
    _draw_numbers(sheet, spans, step)
    crossed = _draw_crossovers(sheet, crossovers, regions, days, step)
    top = rows["share"].max()
    key = ramp_key(RAMP, "0%", share_words(top)) if is_told else ""
    sheet.head(f"<b>Share of posts by region</b>{key}{swatch(LIGHT.accent, 'crossover', '□') if crossed else ''}", "y")
    sheet.head(f'<span style="font-size:0.9em;color:{LIGHT.muted}">posts whose region is known</span>', "y3")
    if not is_told:
        sheet.say("Of no post is the region known, so there is no mix to show.", y=0.75)
    every, cells = rows["region"].replace("", None).nunique(), mix["day"].nunique()
    cuts = {
        f"the {len(regions)} largest of {every} regions": every > len(regions),
        f"the last {len(days)} of {cells:,} {'days' if span_days == 1 else 'weeks'}": cells > len(days),
    }
    if any(cuts.values()):
        sheet.cut(" · ".join(words for words, is_true in cuts.items() if is_true), is_under_marks=True)
    return sheet


def _rows(mix: pd.DataFrame, span_days: int) -> pd.DataFrame:
    rows = checked(mix, "mix", "region day posts share n n_unknown unknown_share")
    measures = ["posts", "share", "n", "n_unknown", "unknown_share"]
    rows = rows.assign(**{name: numbers(rows[name]) for name in measures}, region=texts(rows["region"]))
    if rows.empty:
        return rows
    # Spans lie on a grid that ends with the latest.
    last = rows["day"].max()
    places = ((last - rows["day"]) / (span_days * DAY)).round()
    rows = rows.assign(day=last - places * span_days * DAY)
    shown: pd.DataFrame = rows[places < _MOST_CELLS]
    return shown.drop_duplicates(["day", "region"], keep="last")


def _largest(rows: pd.DataFrame) -> list[str]:
    named = rows[(rows["region"] != "") & rows["share"].notna()]
    sizes = named.groupby("region")["posts"].sum().reset_index()
    return sizes.sort_values(["posts", "region"], ascending=[False, True])["region"].head(_MOST_REGIONS).tolist()


def _draw_shares(
    sheet: Sheet, rows: pd.DataFrame, regions: list[str], days: pd.DatetimeIndex, step: pd.Timedelta
) -> None:
    known = rows[rows["n"] > 0]
    counts = known.drop_duplicates("day").set_index("day")["n"].reindex(days)
    row, column = pd.Index(regions).get_indexer(pd.Index(known["region"])), days.get_indexer(pd.Index(known["day"]))
    is_shown = (row >= 0) & (column >= 0)
    shares, posts = np.zeros((2, len(regions), len(days)))
    for matrix, name in ((shares, "share"), (posts, "posts")):
        matrix[row[is_shown], column[is_shown]] = known.loc[is_shown, name].fillna(0.0)
    # A region without a post on a day that has posts has a share of 0; a day without posts has none.
    shares[:, counts.isna()] = np.nan
    begun = [f"</b> from {day_words(day)}<br>" for day in days]
    hover = []
    for region, own, part in zip(regions, posts.tolist(), shares.tolist(), strict=True):
        name = f"<b>{safe_text(region_words(region))}"
        found = [_said(*cell) for cell in zip(own, counts, part, strict=True)]
        hover.append([f"{name}{day}{words}" for day, words in zip(begun, found, strict=True)])
    cells, said = pd.DataFrame(shares, regions, days), pd.DataFrame(hover)
    sheet.heat(
        cells, said, days[0], step, name="shares", colorscale=stops(RAMP), zmin=0, zmax=max(rows["share"].max(), 0.01)
    )


def _said(posts: float, n: float, share: float) -> str:
    return f"{share_words(share)}: {posts:,.0f} of {n:,.0f} posts" if not math.isnan(share) else "nothing is known"


def _draw_unknown(sheet: Sheet, spans: pd.DataFrame, step: pd.Timedelta) -> None:
    hover = [
        f"{share_words(row['unknown_share'])}: of {row['n_unknown']:,.0f} posts no region is known"
        if pd.notna(row["unknown_share"])
        else "nothing is known"
        for row in spans.to_dict("records")
    ]
    first = spans.index[0]
    sheet.heat(
        spans[["unknown_share"]].T, pd.DataFrame([hover]), first, step, name="unknown", yaxis="y2", zmin=0, zmax=1,
        colorscale=stops((LIGHT.grid, LIGHT.muted)),
    )  # fmt: skip


def _draw_numbers(sheet: Sheet, spans: pd.DataFrame, step: pd.Timedelta) -> None:
    sheet.draw(
        "bar",
        name="n",
        x=wall_times(day + 0.06 * step for day in pd.DatetimeIndex(spans.index)),
        y=spans["n"].tolist(),
        width=[0.88 * step / DAY * DAY_MS] * len(spans),
        offset=0,
        yaxis="y3",
        marker={"color": LIGHT.slate_soft, "line": {"width": 0}},
        hovertext=[
            f"n = {n:,.0f} posts with a region<br>from {day_words(day)}"
            for day, n in zip(pd.DatetimeIndex(spans.index), spans["n"], strict=True)
        ],
        hoverinfo="text",
    )


def _draw_crossovers(
    sheet: Sheet, crossovers: pd.DataFrame | None, regions: list[str], days: pd.DatetimeIndex, step: pd.Timedelta
) -> int:
    if crossovers is None:
        return 0
    marks = checked(crossovers, "crossovers", "region day")
    found: Mapping[str, int] = {region: place for place, region in enumerate(regions)}
    drawn = 0
    for row in marks.drop_duplicates().to_dict("records"):
        place, start = found.get(row["region"]), days[0] + step * round((row["day"] - days[0]) / step)
        if place is not None and start in days:
            edges = {"x0": wall_time(start), "x1": wall_time(start + step), "y0": place - 0.5, "y1": place + 0.5}
            sheet.box(**edges, line={"color": LIGHT.accent, "width": 2})
            drawn += 1
    return drawn
