"""What stands around the series of a figure: notes, marks and shapes, in pixels."""

from collections.abc import Mapping
from typing import Any

from trendlib.show.deck.axes import Axis, number
from trendlib.show.deck.drawing import Box, Note, Outline
from trendlib.show.theme import LIGHT

_GAP = 7


def note_of(note: Any, axes: Mapping[str, Axis], plot: Box, layout: Any) -> Note:
    """Read an annotation."""
    xref, yref = note.xref or "x", note.yref or "y"
    font = layout.template.layout.font
    return Note(
        markup=note.text or "",
        x=_tied("x", xref, note.x, axes, plot) + (note.xshift or 0),
        y=_tied("y", yref, note.y, axes, plot) - (note.yshift or 0),
        across=_side(note.xanchor, xref, note.x, ("left", "center", "right")),
        down=_side(note.yanchor, yref, note.y, ("bottom", "middle", "top")),
        size=note.font.size or font.size or 13,
        color=note.font.color or font.color or "",
        fill=note.bgcolor or "",
        angle=note.textangle or 0,
    )


def _side(anchor: str | None, ref: str, place: Any, sides: tuple[str, str, str]) -> str:
    """Say which side is tied; where it is left open, plotly takes the nearest of the sheet."""
    if anchor not in {None, "auto"}:
        return str(anchor)
    if ref != "paper":
        return sides[1]
    return sides[0] if place <= 1 / 3 else sides[2] if place >= 2 / 3 else sides[1]


def _tied(letter: str, ref: str, place: Any, axes: Mapping[str, Axis], plot: Box, *, is_shape: bool = False) -> float:
    """Find the pixel that something is tied to; on a logarithmic axis notes give exponents, shapes numbers."""
    if ref == "paper":
        part = number(place)
        return plot.x + part * plot.width if letter == "x" else plot.bottom - part * plot.height
    axis = axes[f"{letter}axis{ref.split(maxsplit=1)[0][1:]}"]
    if ref.endswith("domain"):
        return axis.part(number(place))
    return axis.pixel(10 ** number(place) if axis.is_log and not is_shape else axis.place(place))


def outline_of(shape: Any, axes: Mapping[str, Axis], plot: Box) -> Outline:
    """Read a shape."""
    (x0, x1), (y0, y1) = (
        [_tied(letter, ref or letter, place, axes, plot, is_shape=True) for place in ends]
        for letter, ref, ends in (("x", shape.xref, (shape.x0, shape.x1)), ("y", shape.yref, (shape.y0, shape.y1)))
    )
    line = shape.line
    is_drawn = line.width is None or line.width > 0
    return Outline(
        [(x0, y0), (x1, y1)] if shape.type == "line" else corners(x0, y0, x1, y1),
        fill="" if shape.type == "line" else shape.fillcolor or "",
        opacity=1 if shape.opacity is None else shape.opacity,
        line=(line.color or "") if is_drawn else "",
        line_width=line.width or 1,
        is_dotted=bool(line.dash and line.dash != "solid"),
        is_below=shape.layer in {"below", "between"},
    )


def corners(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float]]:
    """Go round a rectangle."""
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def grid_lines(x: Axis, y: Axis) -> list[Outline]:
    """Draw the marks of axes across the plot that no native axis can draw: those that are not evenly spaced."""
    look: dict[str, Any] = {"line": LIGHT.grid, "is_below": True}
    across = [Outline([(x.start, y.pixel(value)), (x.end, y.pixel(value))], **look) for value, _ in _unevenly(y)]
    return across + [Outline([(x.pixel(value), y.start), (x.pixel(value), y.end)], **look) for value, _ in _unevenly(x)]


def _unevenly(axis: Axis) -> list[tuple[float, str]]:
    return axis.marks_on_it if axis.has_grid and axis.step is None else []


def tick_notes(axes: Mapping[str, Axis], pair: tuple[str, str], layout: Any, *, is_native: bool) -> list[Note]:
    """Write the marks of a pair of axes where plotly writes them, unless a native chart writes them itself."""
    x, y = axes[pair[0]], axes[pair[1]]
    font = layout.template.layout.xaxis.tickfont
    look: dict[str, Any] = {"size": font.size or 12, "color": font.color or ""}
    floor, left = max(y.start, y.end), min(x.start, x.end)
    notes = []
    if x.has_labels and is_tied(pair, "x", layout) and not (x.code and is_native):
        notes += [Note(text, x.pixel(value), floor + 4, "center", "top", **look) for value, text in x.marks_on_it]
    if y.has_labels and is_tied(pair, "y", layout) and not (y.code and is_native):
        notes += [Note(text, left - _GAP, y.pixel(value), "right", "middle", **look) for value, text in y.marks_on_it]
    return notes


def is_tied(pair: tuple[str, str], letter: str, layout: Any) -> bool:
    """Tell whether an axis stands at this pair's plot: one axis may serve two plots, and stands at one of them."""
    own, other = pair if letter == "x" else pair[::-1]
    anchor = layout[own].anchor or ("y" if letter == "x" else "x")
    return anchor == "free" or f"{anchor[0]}axis{anchor[1:]}" == other
