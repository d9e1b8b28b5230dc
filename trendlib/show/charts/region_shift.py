"""Region shift: from where a sound's posters came last week and come this week, and how sure the change is."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from trendlib.schema import Status
from trendlib.show.canvas import NO_WORDS, Chart, Sheet, Words, checked, numbers, row_axis, share_axis, swatch, texts
from trendlib.show.places import NAME_ROOM, NAME_SIGNS, region_name, region_words
from trendlib.show.theme import LIGHT, safe_text, share_words, short_number, status_words

_MOST_ROWS = 15
_RIGHT = 170
_SHARES, _CHANGE = [0.0, 0.5], [0.58, 1.0]


@Chart
def region_shift(shifts: pd.DataFrame, words: Words = NO_WORDS) -> Sheet:
    """Draw one sound's regions as last week's share and this week's, and their difference with its interval.

    Parameters
    ----------
    shifts
        A row a region of one sound: ``region``, ``p0`` and ``p1`` [0-1], ``difference``, ``low``, ``high`` [-1 to 1],
        ``n0``, ``n1`` and ``n_unknown`` [creators], ``status``, ``reason``, ``is_crossover``.
    words
        Title, subtitle and caption.

    Raises
    ------
    SchemaError
        If a column is lacking.
    """
    needed = "region p0 p1 difference low high n0 n1 n_unknown status reason is_crossover"
    rows = checked(shifts, "shifts", needed)
    measures = ["p0", "p1", "difference", "low", "high", "n0", "n1", "n_unknown"]
    rows = rows.assign(**{name: numbers(rows[name]) for name in measures}, region=texts(rows["region"]))
    rows = rows.assign(is_crossover=rows["is_crossover"].isin([True]), reason=texts(rows["reason"]))
    told = rows[(rows["region"] != "") & (rows["p0"].notna() | rows["p1"].notna())]
    told = told.sort_values(["p1", "region"], ascending=[False, True], ignore_index=True)
    shown = told.head(_MOST_ROWS)
    sheet = Sheet(words, height=34 * len(shown) or 120, left=NAME_ROOM, right=_RIGHT)
    names = [safe_text(region_name(one), NAME_SIGNS) for one in shown["region"]]
    top = max([0.1, *shown["p0"].dropna(), *shown["p1"].dropna()])
    reach = max([0.1, *shown[["difference", "low", "high"]].abs().max().dropna()])
    is_sure = bool(shown["difference"].notna().any())
    sheet.lay(
        xaxis={**share_axis(-0.02 * top, 1.08 * top, 4), "domain": _SHARES, "showgrid": True,
               "showticklabels": not shown.empty},
        xaxis2={**_points_axis(1.1 * reach), "domain": _CHANGE, "showgrid": is_sure, "showticklabels": is_sure,
                "anchor": "y"},
        yaxis=row_axis(len(shown), names),
    )  # fmt: skip
    if shown.empty:
        sheet.say("Of no post of these two weeks is the region known, so nothing can be compared.")
        return sheet
    _draw_shares(sheet, shown)
    _draw_change(sheet, shown)
    _write(sheet, shown)
    more = len(told) - len(shown)
    sheet.cut(_rests_on(shown.iloc[0]) + (f"; {more} more regions in the table" if more else ""), is_under_marks=True)
    return sheet


def _points_axis(reach: float) -> dict[str, Any]:
    axis = share_axis(-reach, reach, 4)
    return {**axis, "ticktext": [_points(value) for value in axis["tickvals"]]}


def _points(value: float) -> str:
    return f"{100 * value:+.0f}".replace("-", "−").replace("+0", "0")


def _draw_shares(sheet: Sheet, rows: pd.DataFrame) -> None:
    for place, row in enumerate(rows.to_dict("records")):
        if pd.notna(row["p0"]) and pd.notna(row["p1"]):
            color = LIGHT.accent if row["is_crossover"] else LIGHT.slate_soft
            sheet.line(
                x0=row["p0"], x1=row["p1"], y0=place, y1=place, line={"color": color, "width": 3}, layer="between"
            )
    colors = [LIGHT.accent if is_crossover else LIGHT.slate for is_crossover in rows["is_crossover"]]
    hover = [_hover(row) for row in rows.to_dict("records")]
    dots = {"y": list(range(len(rows))), "mode": "markers", "hovertext": hover, "hoverinfo": "text"}
    look = {"size": 10, "opacity": 1, "line": {"color": colors, "width": 2}}
    sheet.draw("scatter", name="week before", x=rows["p0"].tolist(), marker={**look, "color": LIGHT.paper}, **dots)
    sheet.draw("scatter", name="last week", x=rows["p1"].tolist(), marker={**look, "color": colors}, **dots)


def _hover(row: Mapping[Any, Any]) -> str:
    change = (
        row["reason"] or f"change {_points(row['difference'])} points [{_points(row['low'])} to {_points(row['high'])}]"
    )
    return (
        f"<b>{safe_text(region_words(row['region']))}</b>"
        f"<br>week before: {share_words(row['p0'])} of {row['n0']:,.0f} creators"
        f"<br>last week: {share_words(row['p1'])} of {row['n1']:,.0f} creators<br>{safe_text(change)}"
    )


def _draw_change(sheet: Sheet, rows: pd.DataFrame) -> None:
    sure = rows[rows["difference"].notna()]
    if sure.empty:
        return
    sheet.line(xref="x2", x0=0, x1=0, yref="paper", y0=0, y1=1, line={"color": LIGHT.muted, "width": 1}, layer="below")
    for is_crossover, group in sure.groupby("is_crossover"):
        color = LIGHT.accent if is_crossover else LIGHT.slate
        sheet.draw(
            "scatter",
            name="crossover" if is_crossover else "change",
            x=group["difference"].tolist(), y=group.index.tolist(), xaxis="x2", mode="markers",
            marker={"size": 9, "opacity": 1, "color": color},
            error_x={
                "array": (group["high"] - group["difference"]).tolist(),
                "arrayminus": (group["difference"] - group["low"]).tolist(),
                "symmetric": False, "color": color, "thickness": 2, "width": 0,
            },
            hovertext=[_hover(row) for row in group.to_dict("records")], hoverinfo="text",
        )  # fmt: skip


def _write(sheet: Sheet, rows: pd.DataFrame) -> None:
    for place, row in enumerate(rows.to_dict("records")):
        if pd.notna(row["difference"]):
            quiet = f'<span style="color:{LIGHT.muted}">[{_points(row["low"])} to {_points(row["high"])}]</span>'
            said = f"<b>{_points(row['difference'])} points</b> {quiet}"
            color = LIGHT.accent if row["is_crossover"] else LIGHT.ink
            sheet.note(said, x=1, xref="paper", y=place, xanchor="left", xshift=14, font={"color": color})
        else:
            sheet.note(safe_text(row["reason"], 40) or "not told", x=_CHANGE[0], xref="paper", y=place, xanchor="left",
                       font={"color": LIGHT.muted})  # fmt: skip
    key = swatch(LIGHT.slate, "week before", "○") + swatch(LIGHT.slate, "last week", "●")
    crossing = swatch(LIGHT.accent, "crossover", "●") if rows["is_crossover"].any() else ""
    sheet.head(f"<b>Share of creators</b>{key}{crossing}", "y")
    if rows["difference"].notna().any():
        sheet.note("<b>Change</b> in points", x=1, xref="paper", y=1, yref="y domain", xanchor="left",
                   yanchor="bottom", xshift=14, yshift=8)  # fmt: skip


def _rests_on(row: "pd.Series[Any]") -> str:
    """Say how many creators the two weeks have."""
    n = f"n = {short_number(row['n0'])}, then {short_number(row['n1'])} creators"
    unknown = f"; {short_number(row['n_unknown'])} more of unknown region" if row["n_unknown"] > 0 else ""
    doubt = "" if row["status"] == Status.OK else f"; status: {safe_text(status_words(row['status']))}"
    return f"{n}{unknown}{doubt}"
