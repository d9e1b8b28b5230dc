"""A figure taken apart: series in panels, and everything around them, in pixels."""

import html
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import plotly.graph_objects as go

from trendlib.show.deck.axes import Axis, number
from trendlib.show.deck.letters import width
from trendlib.show.theme import LIGHT

_LARGEST, _SMALLEST = 1.25, 0.62
_LEAST_PLOT = 300
_SQUEEZED, _ROOMIEST = 0.45, 2.5
_SHRUNK = 0.72
_EDGE, _LETTER, _DAY_WIDTH = 20, 13, 62
_DAY_MS = 86_400_000


@dataclass(frozen=True)
class Box:
    """A rectangle on the slide [px], from its top left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height


@dataclass(frozen=True)
class Sized:
    """How large a figure is drawn [px], and by how much that is scaled to fill its box."""

    width: float
    height: float
    scale: float


@dataclass(frozen=True)
class Series:
    """Numbers drawn one way: ``bar``, ``line`` or ``dots``.

    Attributes
    ----------
    name, kind
        What it is called and how it is drawn.
    x, y
        The numbers, None where nothing is known; days since 1899-12-30 for times.
    colors
        A colour a number.
    look
        Further: line width and dash, symbol and its size, opacity, bar width.
    error
        By axis, the lengths of error bars upwards and downwards.
    """

    name: str
    kind: str
    x: Sequence[float | None]
    y: Sequence[float | None]
    colors: Sequence[str] = ()
    look: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, tuple[Sequence[float], Sequence[float]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Panel:
    """Series on one pair of axes; ``is_marked`` says for each axis whether its marks stand at this plot."""

    x: Axis
    y: Axis
    series: Sequence[Series]
    is_stacked: bool = False
    is_sideways: bool = False
    is_marked: Mapping[str, bool] = field(default_factory=dict)

    @property
    def bars(self) -> list[Series]:
        """The series drawn as bars."""
        return [one for one in self.series if one.kind == "bar"]

    @property
    def along(self) -> Axis:
        """The axis that bars stand on."""
        return self.y if self.is_sideways else self.x

    @property
    def up(self) -> Axis:
        """The axis that bars rise along."""
        return self.x if self.is_sideways else self.y


@dataclass(frozen=True)
class Note:
    """Markup at a place.

    Attributes
    ----------
    markup
        What it says, in plotly's markup.
    x, y, across, down
        Where its anchor is [px], and which side of the words that is.
    size, color, fill, angle
        Letters [px], their colour, the colour behind them, by how much they are turned [°].
    """

    markup: str
    x: float
    y: float
    across: str = "center"
    down: str = "middle"
    size: float = 12
    color: str = ""
    fill: str = ""
    angle: float = 0


@dataclass(frozen=True)
class Outline:
    """A shape that is no data: corners [px], fill, line."""

    corners: Sequence[tuple[float, float]]
    fill: str = ""
    opacity: float = 1
    line: str = ""
    line_width: float = 1
    is_dotted: bool = False
    is_hatched: bool = False
    is_below: bool = False


@dataclass(frozen=True)
class Cells:
    """A heat map: a colour a cell ("" where nothing is known), rows from the top, and its box [px]."""

    box: Box
    colors: Sequence[Sequence[str]]
    name: str = ""


@dataclass(frozen=True)
class Drawing:
    """A figure taken apart."""

    size: Sized
    panels: Sequence[Panel]
    notes: Sequence[Note]
    outlines: Sequence[Outline]
    cells: Sequence[Cells]


@dataclass(frozen=True)
class Needs:
    """What a figure needs to be readable at its own size [px]: how wide, how high; and how high it may become."""

    width: float
    height: float
    tallest: float = math.inf


def needs(figure: go.Figure) -> Needs:
    """Find what a figure needs."""
    margin = figure.layout.margin
    sides, ends = (margin.l or 0) + (margin.r or 0), (margin.t or 0) + (margin.b or 0)
    natural = figure.layout.height or 450
    # Rows need their height; a plot can be squeezed.
    counts_rows = any(_runs_down(axis) for axis in figure.select_yaxes())
    widest = max((_reach(note) for note in figure.layout.annotations), default=0)
    return Needs(
        width=max(sides + _LEAST_PLOT, _SHRUNK * widest),
        height=natural if counts_rows else ends + max(120.0, _SQUEEZED * (natural - ends)),
        tallest=ends + _ROOMIEST * (natural - ends) if counts_rows else math.inf,
    )


def sized(needed: Needs, box: Box) -> Sized | None:
    """Find how a figure fills a box and stays readable; None if it would be too small to read."""
    scale = min(_LARGEST, box.width / needed.width, box.height / needed.height)
    height = min(box.height / scale, needed.tallest)  # few rows stay together
    return None if scale < _SMALLEST else Sized(box.width / scale, height, scale)


def _reach(note: Any) -> float:
    """Find how wide a figure must be for a heading that begins at the left edge of its plot."""
    if note.xref != "paper" or note.x != 0 or note.xanchor != "left" or "<br>" in note.text:
        return 0
    return _EDGE + width(html.unescape(re.sub("<[^>]*>", "", note.text)), note.font.size or _LETTER)


def _runs_down(axis: Any) -> bool:
    return axis.range is not None and number(axis.range[0]) > number(axis.range[1])


def prepared(figure: go.Figure, accent: str, size: Sized) -> dict[str, Any]:
    """Make the sheet of a figure as a slide shows it: in its size and the brand's accent, its words not too wide."""
    sheet: dict[str, Any] = json.loads(_painted(figure.to_json(), accent))
    layout = sheet["layout"]
    layout.update(width=round(size.width, 1), height=round(size.height, 1))
    plot = size.width - layout["margin"]["l"] - layout["margin"]["r"]
    for name, axis in layout.items():
        if name.startswith("xaxis") and axis.get("type") == "date":
            start, end = axis.get("domain", (0, 1))
            _space(axis, max(int((end - start) * plot / _DAY_WIDTH), 2))
    for note, own in zip(layout.get("annotations", ()), figure.layout.annotations, strict=True):
        wide = _reach(own)
        if wide > size.width:
            note.setdefault("font", {})["size"] = round((own.font.size or _LETTER) * size.width / wide, 1)
    return sheet


def _painted(text: str, accent: str) -> str:
    # A colour is a whole value or stands in a style, never in somebody's words.
    ours = rf'(?<=")(?<!\\"){LIGHT.accent}(?=")|(?<=color:){LIGHT.accent}'
    return text if accent == LIGHT.accent else re.sub(ours, accent, text)


def _space(axis: dict[str, Any], marks: int) -> None:
    """Mark an axis of days no closer than its words allow."""
    axis["tickangle"] = 0
    first, last = (number(end) for end in axis["range"])
    if "dtick" not in axis or marks < (last - first) / (axis["dtick"] / _DAY_MS if axis["dtick"] != "M1" else 30):
        axis["nticks"] = min(marks, axis.get("nticks", marks))
        axis.pop("dtick", None)
        axis.pop("tick0", None)
