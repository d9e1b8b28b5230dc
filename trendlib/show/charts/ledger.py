"""Ledger: what became of alerts after 1, 2, 4 and 8 weeks, and whether they hit more often than chance."""

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
    row_axis,
    share_axis,
    swatch,
    texts,
)
from trendlib.show.theme import LIGHT, day_words, rule_words, safe_text, share_words, times_words

_MOST_ALERTS, _MOST_RATES = 24, 12
_ROW, _GAP = 28, 52
_LEFT, _RIGHT, _DATE = 300, 230, 92
_UNKNOWN = "unknown"
_LOOKS: Mapping[str, tuple[str, str]] = {
    "hit": (LIGHT.accent, "hit: at least twice its baseline"),
    "miss": (LIGHT.slate_soft, "miss"),
    "not yet": (LIGHT.grid, "not yet"),
    _UNKNOWN: (LIGHT.hatch, "not known: too few days covered"),
}


@Chart
def ledger(outcomes: pd.DataFrame, words: Words = NO_WORDS, *, rates: pd.DataFrame | None = None) -> Sheet:
    """Draw alerts as rows of outcomes, the latest first, and above them hit rates beside those of sounds not flagged.

    Parameters
    ----------
    outcomes
        A row an alert and horizon: ``alerted_at`` [UTC], ``rule``, ``weeks``, ``lift`` [ratio], ``outcome`` (hit, miss,
        not yet, missing where unknown); optional ``sound_id``, ``title``, ``alert``.
    words
        Title, subtitle and caption.
    rates
        A row a rule and horizon: ``rule``, ``weeks``, ``hits``, ``n``, ``rate``, ``low``, ``high``, ``base_n``,
        ``base_rate``, ``base_low``, ``base_high`` [0-1], ``is_better``.

    Raises
    ------
    SchemaError
        If a frame lacks a column.
    """
    tiles, known = _tiles(outcomes), _rates(rates)
    alerts = tiles.drop_duplicates("key")
    shown, told = alerts.head(_MOST_ALERTS), known.head(_MOST_RATES)
    weeks = sorted(tiles["weeks"].dropna().unique())
    tall = {"rates": _ROW * len(told), "tiles": _ROW * max(len(shown), 4)}
    height = tall["tiles"] + (tall["rates"] + _GAP if len(told) else 0)
    sheet = Sheet(words, height=height, left=_LEFT, right=_RIGHT)
    below = tall["tiles"] / height
    sheet.lay(
        barmode="overlay",
        xaxis={"range": [-0.5, max(len(weeks), 1) - 0.5], "showticklabels": False, "anchor": "y"},
        yaxis={**row_axis(len(shown)), "domain": [0, below]},
    )
    if shown.empty:
        sheet.say("No alert has been sent yet, so there is nothing to look back on.", y=below / 2)
    else:
        _draw_tiles(sheet, tiles[tiles["key"].isin(shown["key"])], shown["key"].tolist(), weeks)
    if len(told):
        top = 1 - tall["rates"] / height
        sheet.lay(
            xaxis2={**share_axis(-0.02, 1.02, 4), "anchor": "y2", "showgrid": True},
            yaxis2={**row_axis(len(told)), "domain": [top, 1]},
        )
        _draw_rates(sheet, told)
    cuts = {
        f"the latest {len(shown)} of {len(alerts):,} alerts": len(alerts) > len(shown),
        f"{len(told)} of {len(known)} hit rates": len(known) > len(told),
    }
    said = "; ".join(words for words, is_cut in cuts.items() if is_cut)
    if said:
        sheet.cut(said)
    return sheet


def _tiles(outcomes: pd.DataFrame) -> pd.DataFrame:
    rows = checked(outcomes, "outcomes", "alerted_at rule weeks lift outcome", "sound_id title alert")
    rows = rows.assign(
        alerted_at=pd.to_datetime(rows["alerted_at"], utc=True),
        weeks=numbers(rows["weeks"]),
        lift=numbers(rows["lift"]),
    ).dropna(subset=["alerted_at", "weeks"])
    outcome = texts(rows["outcome"])
    rows = rows.assign(
        outcome=outcome.where(outcome.isin(list(_LOOKS)), _UNKNOWN),
        title=texts(rows["title"], rows["sound_id"]),
        rule=texts(rows["rule"]),
        alert=texts(rows["alert"]),
    )
    rows = rows.sort_values(["alerted_at", "title", "rule"], ascending=[False, True, True])
    who = texts(rows["sound_id"], rows["title"])
    return rows.assign(key=texts(rows["alerted_at"]) + "|" + who + "|" + rows["rule"])


def _rates(rates: pd.DataFrame | None) -> pd.DataFrame:
    needed = "rule weeks hits n rate low high base_n base_rate base_low base_high is_better"
    given = pd.DataFrame(columns=needed.split()) if rates is None else rates
    frame = checked(given, "rates", needed)
    measures = [name for name in needed.split() if name not in {"rule", "is_better"}]
    return frame.assign(**{name: numbers(frame[name]) for name in measures}, is_better=frame["is_better"].isin([True]))


def _draw_tiles(sheet: Sheet, tiles: pd.DataFrame, keys: list[Any], weeks: list[float]) -> None:
    rows, columns = {key: place for place, key in enumerate(keys)}, {week: place for place, week in enumerate(weeks)}
    tiles = tiles.assign(x=tiles["weeks"].map(columns), y=tiles["key"].map(rows))
    for outcome, (color, _) in _LOOKS.items():
        group = tiles[tiles["outcome"] == outcome]
        lifts = [times_words(lift) if outcome in {"hit", "miss"} else "" for lift in group["lift"]]
        sheet.draw(
            "bar",
            name=outcome, x=group["x"].tolist(), y=[0.84] * len(group), base=(group["y"] - 0.42).tolist(),
            width=0.94, marker={"color": color, "line": {"width": 0}}, text=lifts, textposition="inside",
            insidetextanchor="middle", textangle=0,
            textfont={"size": 12, "color": LIGHT.paper if outcome == "hit" else LIGHT.ink},
            hovertext=[_tile_hover(row) for row in group.to_dict("records")], hoverinfo="text",
        )  # fmt: skip
    for place, week in enumerate(weeks):
        sheet.note(f"{week:.0f} week{'s' if week > 1 else ''}", x=place, y=1, yref="y domain", yanchor="bottom",
                   yshift=4, font={"size": 12, "color": LIGHT.muted})  # fmt: skip
    first = tiles.drop_duplicates("key").sort_values("y")
    for row in first.to_dict("records"):
        quiet = f'<span style="color:{LIGHT.muted}">{day_words(row["alerted_at"])}</span>'
        edge = {"xref": "paper", "y": row["y"], "xanchor": "left"}
        sheet.note(quiet, x=0, xshift=EDGE - _LEFT, **edge)
        sheet.note(safe_text(row["title"], 24) or "untitled", x=0, xshift=EDGE - _LEFT + _DATE, **edge)
        said = safe_text(" ".join(rule_words(row["rule"], row["alert"])), 30)
        sheet.note(said, x=1, xshift=12, font={"color": LIGHT.muted}, **edge)
    there = set(tiles["outcome"])
    shown = [swatch(color if outcome != "not yet" else LIGHT.hatch, said, "□" if outcome == "not yet" else "■")
             for outcome, (color, said) in _LOOKS.items() if outcome in there]  # fmt: skip
    sheet.note("".join(shown).strip(), name="key", x=1, xref="paper", y=0, yref="y domain", xanchor="right",
               yanchor="top", yshift=-4, xshift=_RIGHT - EDGE, font={"size": 12})  # fmt: skip


def _tile_hover(row: Mapping[Any, Any]) -> str:
    lift = f"{times_words(row['lift'])} its baseline, " if pd.notna(row["lift"]) else ""
    return (
        f"<b>{safe_text(row['title'], 40) or 'untitled'}</b><br>after {row['weeks']:.0f} weeks: {lift}{row['outcome']}"
        f"<br>alerted {day_words(row['alerted_at'])} by {safe_text(row['rule'], 24)}"
    )


def _draw_rates(sheet: Sheet, rates: pd.DataFrame) -> None:
    looks = (("base_", "not flagged", LIGHT.grey, LIGHT.paper, 0.16), ("", "alerts", LIGHT.accent, LIGHT.accent, -0.16))
    for prefix, name, color, fill, lower in looks:
        rate, low, high = (rates[f"{prefix}{end}"] for end in ("rate", "low", "high"))
        sheet.draw(
            "scatter",
            name=name, x=rate.tolist(), y=[place + lower for place in range(len(rates))], xaxis="x2", yaxis="y2",
            mode="markers", marker={"size": 9, "opacity": 1, "color": fill, "line": {"color": color, "width": 2}},
            error_x={"array": (high - rate).tolist(), "arrayminus": (rate - low).tolist(), "symmetric": False,
                     "color": color, "thickness": 2, "width": 0},
            hovertext=[_rate_hover(row) for row in rates.to_dict("records")], hoverinfo="text",
        )  # fmt: skip
    for place, row in enumerate(rates.to_dict("records")):
        edge = {"xref": "paper", "y": place, "yref": "y2", "xanchor": "left"}
        weeks = f"after {row['weeks']:.0f} week{'s' if row['weeks'] > 1 else ''}"
        rule = safe_text(" ".join(rule_words(row["rule"])), 20)
        sheet.note(f'{rule} <span style="color:{LIGHT.muted}">{weeks}</span>', x=0, xshift=EDGE - _LEFT, **edge)
        said = (f"<b>{share_words(row['rate'])}</b> of {row['n']:.0f}" if row["n"] > 0 else "none is told yet") + (
            f", by chance {share_words(row['base_rate'])}" if row["base_n"] > 0 else ""
        )
        color = LIGHT.ink if row["is_better"] else LIGHT.muted
        sheet.note(said, x=1, xshift=12, font={"color": color}, **edge)
    key = swatch(LIGHT.accent, "alerts", "●") + swatch(LIGHT.grey, "sounds not flagged, with 90 % intervals", "○")
    sheet.head(f"<b>Hit rate</b>{key}", "y2")


def _rate_hover(row: Mapping[Any, Any]) -> str:
    def said(prefix: str, of: Any) -> str:
        if not of > 0:
            return "none told yet"
        low, high = (share_words(row[f"{prefix}{end}"]) for end in ("low", "high"))
        return f"{share_words(row[f'{prefix}rate'])} of {of:,.0f} [{low} to {high}]"

    verdict = "surely better than chance" if row["is_better"] else "not surely better than chance"
    return (
        f"<b>{safe_text(row['rule'], 24)}, {row['weeks']:.0f} weeks</b><br>alerts: {said('', row['n'])}"
        f"<br>not flagged: {said('base_', row['base_n'])}<br>{verdict}"
    )
