"""The sheet every chart is drawn on: words around it, notes on it, axes in plain numbers and UTC.

Conventions of the sheet:

* `Words` and what `Sheet.say` says are plain text and made safe here. `Sheet.note` and `Sheet.head`
  take markup, so other people's text must pass `trendlib.show.theme.safe_text` first.
* Margins are given in pixels and fixed, so words line up with the sheet's edge, not with the plot.
* Times are drawn as UTC wall time: plotly knows no zones.
"""

import math
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, update_wrapper
from itertools import compress, pairwise
from typing import Any, Generic, ParamSpec

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go
from pandas.api.types import is_numeric_dtype
from plotly.io.json import to_json_plotly

from trendlib.errors import SchemaError
from trendlib.show.theme import LIGHT, plain_text, safe_text, share_words, short_number, template, time_words

DAY = pd.Timedelta(days=1)
DAY_MS = 86_400_000
EDGE = 20
_TITLE_SIGNS = 64
_CAPTION_SIGNS = 116
_DECADE_MARKS = (1, 2, 5)

_P = ParamSpec("_P")


@dataclass(frozen=True)
class Words:
    """What is written around a picture, as plain text.

    Attributes
    ----------
    title
        What is shown, or better: what it says.
    subtitle
        The finding in a sentence.
    caption
        As of when, from where, how many, how sure.
    """

    title: str = ""
    subtitle: str = ""
    caption: str = ""


NO_WORDS = Words()


class Sheet:
    """An empty sheet with words around a plot of ``height`` pixels; drawn on, then turned into a figure.

    It collects plain dictionaries, because a plotly figure examines all it holds at every addition.
    """

    def __init__(self, words: Words, *, height: int, left: int, right: int) -> None:
        title = _wrapped(words.title, _TITLE_SIGNS, lines=2)
        subtitle = _wrapped(words.subtitle, 100, lines=3)
        caption = _wrapped(words.caption, _CAPTION_SIGNS, lines=5)
        above = 36 + (EDGE + 27 * len([*title, *subtitle]) if title or subtitle else 0)
        below = 40 + (16 + 17 * len(caption) if caption else 0)
        self._left = left
        self._traces: list[dict[str, Any]] = []
        self._notes: list[dict[str, Any]] = []
        self._lines: list[dict[str, Any]] = []
        self._layout: dict[str, Any] = {
            "template": _light(),
            "height": height + above + below,
            "margin": {"l": left, "r": right, "t": above, "b": below},
            "title": _heading(title, subtitle),
        }
        if caption:
            self.note(
                "<br>".join(caption), name="caption", x=0, y=0, xref="paper", yref="paper", xanchor="left",
                yanchor="top", xshift=EDGE - left, yshift=-44, font={"size": 12, "color": LIGHT.muted},
            )  # fmt: skip

    def lay(self, **layout: Any) -> None:
        """Set parts of the layout."""
        self._layout.update(layout)

    def draw(self, kind: str, **trace: Any) -> None:
        """Draw a trace."""
        self._traces.append({"type": kind, **trace})

    def line(self, **place: Any) -> None:
        """Draw a straight line that is no data."""
        self._lines.append({"type": "line", **place})

    def box(self, **place: Any) -> None:
        """Draw a box that is no data."""
        self._lines.append({"type": "rect", **place})

    def note(self, markup: str, **place: Any) -> None:
        """Write a line of markup somewhere."""
        plain = {"showarrow": False, "align": "left", "borderpad": 0, "borderwidth": 0}
        self._notes.append({"text": markup, **plain, **place})

    def head(self, markup: str, axis: str) -> None:
        """Write the heading of a panel above its left edge."""
        self.note(
            markup, x=0, xref="paper", y=1, yref=f"{axis} domain", xanchor="left", yanchor="bottom",
            xshift=EDGE - self._left, yshift=8,
        )  # fmt: skip

    def say(self, text: str, y: float = 0.5) -> None:
        """Say in the middle of the picture, or at another height, what is missing from it."""
        self.note(
            "<br>".join(_wrapped(text, 70, lines=4)), name="missing", x=0.5, y=y, xref="paper", yref="paper",
            align="center", bgcolor=LIGHT.paper, bordercolor=LIGHT.grid, borderpad=10, borderwidth=1,
            font={"size": 14, "color": LIGHT.muted},
        )  # fmt: skip

    def cut(self, words: str, *, is_under_marks: bool = False) -> None:
        """Say under the plot what it leaves out; at its right and lower where marks are written."""
        place = (
            {"x": 1, "xanchor": "right", "yshift": -22}
            if is_under_marks
            else {"x": 0, "xanchor": "left", "yshift": -8, "xshift": EDGE - self._left}
        )
        font = {"size": 12, "color": LIGHT.muted}
        self.note(words, name="cut", y=0, xref="paper", yref="paper", yanchor="top", font=font, **place)

    def heat(
        self, cells: pd.DataFrame, hover: pd.DataFrame, start: pd.Timestamp, step: pd.Timedelta, **look: Any
    ) -> None:
        """Draw a table as a heat map: its rows from the top, its columns from ``start`` on, a ``step`` wide each.

        Cells without a value are hatched.
        """
        values = cells.to_numpy(dtype="float64", na_value=np.nan)
        self.draw(
            "heatmap",
            x0=wall_time(start + step / 2), dx=step / DAY * DAY_MS, y0=0, dy=1, xgap=1, ygap=1, showscale=False,
            z=[[None if math.isnan(cell) else cell for cell in row] for row in values.round(4).tolist()],
            hovertext=hover.to_numpy().tolist(), hoverinfo="text", **look,
        )  # fmt: skip
        where = {name: look[name] for name in ("yaxis",) if name in look}
        spans, rows = [], []
        for row, is_known in enumerate(~np.isnan(values)):
            edges = np.flatnonzero(np.diff(np.concatenate([[True], is_known, [True]])))
            spans += [(start + first * step, start + end * step) for first, end in edges.reshape(-1, 2).tolist()]
            rows += [row - 0.5] * (len(edges) // 2)
        self.hatch(spans, 1, base=rows, **where)

    def hatch(self, spans: Iterable[tuple[datetime, datetime]], top: float, **place: Any) -> None:
        """Hatch spans of time of which nothing is known, up to a height."""
        known = list(spans)
        pattern = {"shape": "/", "bgcolor": LIGHT.wash, "fgcolor": LIGHT.hatch, "size": 7, "solidity": 0.22}
        self.draw(
            "bar",
            name="not covered",
            x=wall_times(start for start, _ in known),
            y=[top] * len(known),
            width=[(end - start) / DAY * DAY_MS for start, end in known],
            offset=0,
            marker={"color": LIGHT.wash, "line": {"width": 0}, "pattern": pattern},
            hovertext=[
                f"<b>not covered</b><br>{time_words(start)}<br>to {time_words(end)}"
                "<br>nothing is known, which is not zero"
                for start, end in known
            ],
            hoverinfo="text",
            **place,
        )

    def figure(self) -> go.Figure:
        """Turn what was drawn into a figure, unexamined: it was made here, and plotly takes longer than the drawing."""
        return go.Figure(self._drawn, _validate=False)

    def to_json(self) -> str:
        """Write what was drawn as its figure would, which copies all of it twice before it does."""
        written: str = to_json_plotly(self._drawn)
        return written

    @property
    def _drawn(self) -> dict[str, Any]:
        layout = {**self._layout, "annotations": self._notes, "shapes": self._lines}
        return {"data": self._traces, "layout": layout}


class Chart(Generic[_P]):
    """A way to draw: called, it gives a figure; for pages that write its words themselves, `sheet` is all they need.

    Parameters
    ----------
    sheet
        Draws a sheet of finished frames.
    """

    def __init__(self, sheet: Callable[_P, Sheet]) -> None:
        update_wrapper(self, sheet)
        self.sheet = sheet

    def __call__(self, *args: _P.args, **how: _P.kwargs) -> go.Figure:
        """Draw a figure."""
        return self.sheet(*args, **how).figure()


@cache
def _light() -> go.layout.Template:
    return template()


def _heading(title: list[str], subtitle: list[str]) -> dict[str, Any]:
    under = [f'<span style="font-size:0.67em;color:{LIGHT.muted}">{line}</span>' for line in subtitle]
    lines = [*(f"<b>{line}</b>" for line in title), *under]
    return {
        "text": "<br>".join(lines),
        # plotly hangs one line by its middle and several by their first.
        "pad": {"t": EDGE if len(lines) == 1 else EDGE + 14, "l": EDGE},
        "x": 0, "xanchor": "left", "xref": "container",
        "y": 1, "yanchor": "top", "yref": "container",
    }  # fmt: skip


def _wrapped(text: str, signs: int, *, lines: int) -> list[str]:
    cut = textwrap.wrap(plain_text(text, limit=signs * lines), signs, max_lines=lines, placeholder=" …")
    return [safe_text(line, limit=signs) for line in cut]


def swatch(color: str, words: str, sign: str = "■") -> str:
    """Explain a colour where it is used: a sign in it, and what it means."""
    return f'   <span style="color:{color}">{sign}</span> <span style="color:{LIGHT.muted}">{words}</span>'


def ramp_key(colors: Sequence[str], low: str, high: str) -> str:
    """Explain a colour scale where it is used: its ends in words, and its colours between them."""
    steps = "".join(f'<span style="color:{color}">■</span>' for color in colors)
    quiet = f'<span style="color:{LIGHT.muted}">'
    return f"   {quiet}{low}</span> {steps} {quiet}{high}</span>"


def stops(colors: Sequence[str]) -> list[list[Any]]:
    """Space the colours of a scale evenly, the way plotly takes them."""
    return [[step / (len(colors) - 1), color] for step, color in enumerate(colors)]


def texts(values: pd.Series, instead: pd.Series | None = None) -> pd.Series:
    """Turn a column of texts into plain objects; where one is missing, that of another column, or ""."""
    other = "" if instead is None else texts(instead)
    return values.astype(object).where(values.notna(), other).map(str)


def columns(frame: pd.DataFrame, name: str, needed: str, optional: str = "") -> dict[str, pd.Series]:
    """Check that a frame has its columns and return them; optional ones that it lacks are missing.

    Times become UTC timestamps in ascending order (the first column ``day`` or ``observed_at``),
    rows without one are left out.

    Raises
    ------
    SchemaError
        If a column is lacking.
    """
    lacking = [column for column in needed.split() if column not in frame]
    if lacking:
        has = ", ".join(map(str, frame.columns)) or "no columns"
        raise SchemaError(
            f"{name} needs the column {lacking[0]}; it has {has}. See the chart's docstring for all of them"
        )
    missing = pd.Series(np.nan, frame.index)
    taken = {column: frame.get(column, missing) for column in (*needed.split(), *optional.split())}
    for column in [one for one in ("day", "observed_at") if one in taken]:
        times = taken[column]
        if not isinstance(times.dtype, pd.DatetimeTZDtype) or str(times.dtype.tz) != "UTC":
            taken[column] = times = pd.to_datetime(times, utc=True)
        if times.hasnans or not times.is_monotonic_increasing:
            order = times.reset_index(drop=True).dropna().sort_values(kind="stable").index.to_numpy()
            taken = {one: values.take(order) for one, values in taken.items()}
    return taken


def checked(frame: pd.DataFrame, name: str, needed: str, optional: str = "") -> pd.DataFrame:
    """Check a frame and put its rows in order as `columns` does, and return them as a frame."""
    return pd.concat(columns(frame, name, needed, optional), axis=1).reset_index(drop=True)


def numbers(values: pd.Series) -> pd.Series:
    """Turn a column of numbers of any type into floats, NaN where one is missing or infinite."""
    return pd.Series(floats(values), values.index)


def floats(values: pd.Series) -> npt.NDArray[np.float64]:
    """Turn a column of numbers of any type into an array, NaN where one is missing or infinite."""
    known = values if is_numeric_dtype(values.dtype) else pd.to_numeric(values, errors="coerce")
    given = known.to_numpy(dtype="float64", na_value=np.nan)
    return np.where(np.isfinite(given), given, np.nan)


def instants(times: pd.Series) -> list[datetime]:
    """Turn a column of UTC timestamps into plain instants."""
    found: list[datetime] = times.array.to_pydatetime().tolist()
    return found


def flags(values: pd.Series) -> list[bool]:
    """Turn a column of yes and no into booleans; a missing one is no."""
    found: list[bool] = (values if values.dtype == bool else values.isin([True])).tolist()
    return found


def blocks(days: Sequence[datetime]) -> list[slice]:
    """Cut a row of days where one is left out."""
    cuts = [place for place, (day, following) in enumerate(pairwise(days), start=1) if following - day > 1.5 * DAY]
    return [slice(*ends) for ends in pairwise([0, *cuts, len(days)])] if days else []


def uncovered(days: Sequence[datetime], is_known: Sequence[bool]) -> list[tuple[datetime, datetime]]:
    """Find spans of which nothing is known: days of which it is not, and days that have no row at all."""
    if not days:
        return []
    known = list(compress(days, is_known))
    starts = [days[0], *(day + DAY for day in known)]
    ends = [*known, days[-1] + DAY]
    return [(start, end) for start, end in zip(starts, ends, strict=True) if end - start > DAY / 2]


def wall_time(instant: datetime) -> str:
    """Write an instant the way plotly takes it."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def wall_times(instants: Iterable[datetime]) -> list[str]:
    """Write instants the way plotly takes them."""
    if isinstance(instants, pd.Series):  # many at once take a tenth of the time
        return [str(one).replace("T", " ") for one in np.datetime_as_string(instants.to_numpy("datetime64[s]"))]
    return [wall_time(instant) for instant in instants]


def time_axis(start: datetime, end: datetime) -> dict[str, Any]:
    """Make an axis from one instant to another, with days as its smallest marks."""
    is_short = end - start <= 12 * DAY
    return {
        "type": "date",
        "range": [wall_time(start), wall_time(end)],
        "tickformat": "%-d %b\n%Y",
        **({"dtick": DAY_MS, "tick0": wall_time(start)} if is_short else {"nticks": 9}),
    }


def count_axis(low: float, high: float, marks: int = 5) -> dict[str, Any]:
    """Make an axis for counts with at most ``marks`` round marks, written short."""
    rough = (high - low) / marks
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * mark for mark in (*_DECADE_MARKS, 10) if size * mark >= rough)
    values = [step * count for count in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return {"range": [low, high], "tickvals": values, "ticktext": [short_number(value) for value in values]}


def log_axis(low: float, high: float, sign: str = "", marks: Sequence[int] = _DECADE_MARKS) -> dict[str, Any]:
    """Make a logarithmic axis, marked at 1, 2 and 5 of each decade unless told otherwise."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values = [mark * 10.0**decade for decade in decades for mark in marks]
    shown = [value for value in values if low <= value <= high]
    return {
        "type": "log",
        "range": [math.log10(low), math.log10(high)],
        "tickvals": shown,
        "ticktext": [f"{short_number(value)}{sign}" for value in shown],
        "showgrid": True,
    }


def ratio_axis(low: float, high: float) -> dict[str, Any]:
    """Make a logarithmic axis for ratios."""
    return log_axis(low, high, "×")


def share_axis(low: float, high: float, marks: int = 5) -> dict[str, Any]:
    """Make an axis for shares in percent."""
    axis = count_axis(100 * low, 100 * high, marks)
    values = [value / 100 for value in axis["tickvals"]]
    return {"range": [low, high], "tickvals": values, "ticktext": [share_words(value) for value in values]}


def row_axis(rows: int, labels: Sequence[str] = ()) -> dict[str, Any]:
    """Make an axis of rows, counted from the top."""
    marks = {"tickvals": list(range(len(labels))), "ticktext": list(labels), "ticklabelstandoff": 6}
    return {"range": [max(rows, 1) - 0.5, -0.5], "showgrid": False, "showticklabels": bool(labels), **marks}
