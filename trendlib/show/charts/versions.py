"""Versions: how a song's posts divide among its official sound, sped up, slowed, remixed and ripped ones."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pandas as pd

from trendlib.schema import Status
from trendlib.show.canvas import (
    DAY,
    DAY_MS,
    NO_WORDS,
    Chart,
    Sheet,
    Words,
    checked,
    count_axis,
    instants,
    numbers,
    share_axis,
    swatch,
    texts,
    time_axis,
    uncovered,
    wall_times,
)
from trendlib.show.theme import CATEGORIES, LIGHT, day_words, safe_text, share_words, status_words, these_days

_MOST_DAYS, _MOST_VERSIONS = 180, len(CATEGORIES)
_OFFICIAL = "official"
_LEAST_APART = 0.09
_SURE, _UNSURE = 0.95, 0.4


@Chart
def versions(shares: pd.DataFrame, words: Words = NO_WORDS) -> Sheet:
    """Draw one song's shares of versions as stacked days, and the posts they rest on beneath.

    Parameters
    ----------
    shares
        A row a day and version of one song: ``day`` (start of the window [UTC]), ``version``, ``posts``, ``share``
        [0-1], ``n`` [posts], ``status``.
    words
        Title, subtitle and caption.

    Raises
    ------
    SchemaError
        If a column is lacking.
    """
    rows = checked(shares, "shares", "day version posts share n status")
    rows = rows.assign(**{name: numbers(rows[name]) for name in ("posts", "share", "n")})
    rows = rows.assign(version=texts(rows["version"]), status=texts(rows["status"]))
    every = rows["day"].drop_duplicates()
    rows = rows[rows["day"].isin(every.tail(_MOST_DAYS))].drop_duplicates(["day", "version"], keep="last")
    days = rows.drop_duplicates("day").reset_index(drop=True)
    days = days.assign(is_known=(days["n"] > 0) & (days["status"] != Status.NOT_ENOUGH_COVERAGE))
    sheet = Sheet(words, height=400, left=64, right=150)
    if days.empty:
        sheet.lay(xaxis={"showticklabels": False}, yaxis={"showticklabels": False, "showgrid": False})
        sheet.say("No day of this song is known yet, so its versions have no shares.")
        return sheet
    known = rows[rows["day"].isin(days.loc[days["is_known"], "day"])]
    is_told = not known.empty
    top = 1.15 * max([1.0, *days["n"].dropna()])
    sheet.lay(
        barmode="stack",
        xaxis={**time_axis(days["day"].iloc[0], days["day"].iloc[-1] + DAY), "anchor": "y2"},
        yaxis={**share_axis(0, 1), "domain": [0.36, 1], "showticklabels": is_told, "showgrid": False},
        yaxis2={**count_axis(0, top, marks=2), "domain": [0, 0.2], "showticklabels": is_told},
    )
    drawn = _order(known)
    for place, version in enumerate(drawn):
        _draw_version(sheet, known[known["version"] == version], CATEGORIES[place], version)
    spans = uncovered(instants(days["day"]), days["is_known"].tolist())
    sheet.hatch(spans, 1.0)
    sheet.hatch(spans, top, yaxis="y2")
    _draw_numbers(sheet, days[days["is_known"]])
    _write_names(sheet, known, drawn)
    notes = {
        "fainter: some of its sounds were not covered": bool((known["status"] == Status.WEAK).any()),
        f"the last {len(days)} of {len(every):,} days": len(every) > len(days),
        f"the {len(drawn)} largest versions": known["version"].nunique() > len(drawn),
    }
    sheet.head(
        "<b>Share of posts</b>" + "".join(swatch(LIGHT.muted, said, "–") for said, is_so in notes.items() if is_so), "y"
    )
    sheet.head("<b>Posts a day</b>", "y2")
    if not is_told:
        sheet.say(
            f"Nothing of {these_days(len(days))} is covered: posts may be known, but not all, so no shares.",
            y=0.7,
        )
    return sheet


def _order(known: pd.DataFrame) -> list[str]:
    sizes = known.groupby("version")["posts"].sum().reset_index()
    sizes = sizes.assign(is_official=sizes["version"] == _OFFICIAL)
    order = sizes.sort_values(["is_official", "posts", "version"], ascending=[False, False, True])
    return order["version"].head(_MOST_VERSIONS).tolist()


def _draw_version(sheet: Sheet, rows: pd.DataFrame, color: str, version: str) -> None:
    sheet.draw(
        "bar",
        name=safe_text(version, 20), x=wall_times(rows["day"] + DAY / 2), y=rows["share"].round(4).tolist(),
        width=[0.94 * DAY_MS] * len(rows),
        marker={"color": color, "line": {"width": 0},
                "opacity": [_UNSURE if status == Status.WEAK else _SURE for status in rows["status"]]},
        hovertext=[_hover(row) for row in rows.to_dict("records")], hoverinfo="text",
    )  # fmt: skip


def _hover(row: Mapping[Any, Any]) -> str:
    return (
        f"<b>{safe_text(row['version'], 20)}</b> {share_words(row['share'])}"
        f"<br>{row['posts']:,.0f} of {row['n']:,.0f} posts<br>{day_words(row['day'])}"
        f"<br>status: {safe_text(status_words(row['status']))}"
    )


def _draw_numbers(sheet: Sheet, days: pd.DataFrame) -> None:
    sheet.draw(
        "bar",
        name="n", x=wall_times(days["day"] + DAY / 2), y=days["n"].tolist(), width=[0.88 * DAY_MS] * len(days),
        yaxis="y2", marker={"color": LIGHT.slate_soft, "line": {"width": 0}},
        hovertext=[f"n = {row['n']:,.0f} posts<br>{day_words(row['day'])}" for row in days.to_dict("records")],
        hoverinfo="text",
    )  # fmt: skip


def _write_names(sheet: Sheet, known: pd.DataFrame, drawn: list[str]) -> None:
    """Name the bars at the height of the last day's, pushed apart where they are thin."""
    last = known[known["day"] == known["day"].max()].set_index("version")["share"]
    parts = [float(last.get(version, 0.0)) for version in drawn]
    wanted = [sum(parts[:place]) + part / 2 for place, part in enumerate(parts)]
    for place, (lower, upper) in enumerate(pairwise(wanted), start=1):
        wanted[place] = max(upper, min(lower, wanted[place - 1]) + _LEAST_APART, wanted[place - 1] + _LEAST_APART)
    too_high = max([0.0, *(y - 1 + _LEAST_APART / 2 for y in wanted)])
    for place, version in enumerate(drawn):
        color = CATEGORIES[place]
        share = f'<span style="color:{LIGHT.muted}">{share_words(parts[place])}</span>'
        sheet.note(
            f'<span style="color:{color}">■</span> {safe_text(version, 12)} {share}', name="version",
            x=1, xref="paper", y=wanted[place] - too_high, xanchor="left", xshift=10,
        )  # fmt: skip
