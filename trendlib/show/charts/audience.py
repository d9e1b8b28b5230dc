"""Audience: who a sound reaches, as the chart's own index. An index compares rows of one list; it is no share."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from trendlib.show.canvas import EDGE, NO_WORDS, Chart, Sheet, Words, checked, count_axis, numbers, row_axis, texts
from trendlib.show.theme import LIGHT, plain_text, safe_text, short_number

_MOST_EACH = 8
_KINDS: Mapping[str, str] = {"country": "Countries", "age": "Ages", "interest": "Interests"}
_LEFT = 200


@Chart
def audience(scores: pd.DataFrame, words: Words = NO_WORDS) -> Sheet:
    """Draw the audience index of one sound: countries, ages and interests, the highest first.

    Parameters
    ----------
    scores
        A row an entry: ``kind`` (country, age, interest), ``name``, ``score`` [index]; optional ``code``.
    words
        Title, subtitle and caption.

    Raises
    ------
    SchemaError
        If a column is lacking.
    """
    rows = checked(scores, "scores", "kind name score", "code")
    rows = rows.assign(score=numbers(rows["score"]), kind=texts(rows["kind"]))
    rows = rows.assign(name=texts(rows["name"], rows["code"]))
    told = rows[rows["score"].notna()].drop_duplicates(["kind", "name", "code"])
    groups = {kind: _top(told, kind) for kind in _kinds(told)}
    lines = sum(1 + len(group) for group in groups.values())
    sheet = Sheet(words, height=max(25 * lines, 120), left=_LEFT, right=70)
    top = max([1.0, *(group["score"].max() for group in groups.values())])
    sheet.lay(xaxis={**count_axis(0, 1.02 * top), "showticklabels": False}, yaxis=row_axis(lines))
    if told.empty:
        sheet.say("No audience of this sound is known: it was on no chart whose audience was pulled.")
        return sheet
    sheet.head(
        f'<b>Audience index</b>   <span style="color:{LIGHT.muted}">compares the rows of one list</span>',
        "y",
    )
    place = 0
    for kind, group in groups.items():
        _draw_group(sheet, kind, group, place)
        place += 1 + len(group)
    hidden = len(told) - sum(len(group) for group in groups.values())
    if hidden:
        sheet.cut(f"and {hidden:,} more in the table")
    return sheet


def _kinds(told: pd.DataFrame) -> list[str]:
    there = set(told["kind"])
    return [*(kind for kind in _KINDS if kind in there), *sorted(there - set(_KINDS))[:2]]


def _top(told: pd.DataFrame, kind: str) -> pd.DataFrame:
    own = told[told["kind"] == kind].sort_values(["score", "name"], ascending=[False, True])
    return own.head(_MOST_EACH)


def _draw_group(sheet: Sheet, kind: str, group: pd.DataFrame, place: int) -> None:
    edge = {"x": 0, "xref": "paper", "xanchor": "left", "xshift": EDGE - _LEFT}
    heading = _KINDS.get(kind) or safe_text(plain_text(kind, 20).capitalize())
    sheet.note(f"<b>{heading}</b>", y=place, font={"color": LIGHT.muted}, **edge)
    places = list(range(place + 1, place + 1 + len(group)))
    sheet.draw(
        "bar",
        name=heading, orientation="h", x=group["score"].tolist(), y=places, width=0.6,
        marker={"color": [LIGHT.slate, *[LIGHT.slate_soft] * (len(group) - 1)], "line": {"width": 0}},
        hovertext=[_hover(row) for row in group.to_dict("records")], hoverinfo="text",
    )  # fmt: skip
    for y, row in zip(places, group.to_dict("records"), strict=True):
        sheet.note(safe_text(row["name"], 24) or "unnamed", y=y, **edge)
        sheet.note(short_number(row["score"]), x=row["score"], y=y, xanchor="left", xshift=6,
                   font={"color": LIGHT.muted})  # fmt: skip


def _hover(row: Mapping[Any, Any]) -> str:
    return f"<b>{safe_text(row['name'], 40) or 'unnamed'}</b><br>index {short_number(row['score'])}, which is no share"
