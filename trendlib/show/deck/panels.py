"""Traces of trendlib's charts taken out of their figure as series of plain numbers.

What becomes of what: bars, lines and points become series whose numbers are the figure's; a filled
outline becomes its lower and upper line, and a shape behind; hatched bars (not covered) and bars
that hang in the air become boxes, so that nothing unknown is ever a number; heat maps become cells.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from trendlib.show.deck.around import corners, grid_lines, is_tied, note_of, outline_of, tick_notes
from trendlib.show.deck.axes import Axis, axis_of, listed, number
from trendlib.show.deck.drawing import Box, Cells, Drawing, Note, Outline, Panel, Series, Sized
from trendlib.show.theme import plain_text

_DAY_MS = 86_400_000
_FILLED = {"toself", "tozeroy", "tonexty", "tonext"}


def taken_apart(figure: go.Figure, size: Sized) -> Drawing:
    """Take a figure apart that is drawn at a size."""
    layout, margin = figure.layout, figure.layout.margin
    left, top = margin.l or 0, margin.t or 0
    plot = Box(left, top, size.width - left - (margin.r or 0), size.height - top - (margin.b or 0))
    axes = {name: _axis(figure, name, plot) for name in _axis_names(figure)}
    found = _Found(axes)
    for trace in figure.data:
        found.add(trace)
    panels = [
        Panel(
            axes[pair[0]], axes[pair[1]], series, layout.barmode == "stack",
            any(one.look.get("is_sideways") for one in series),
            {letter: axis.has_labels and is_tied(pair, letter, layout)
             for letter, axis in (("x", axes[pair[0]]), ("y", axes[pair[1]]))},
        )
        for pair, series in found.series.items()
    ]  # fmt: skip
    ticks = [note for pair in found.pairs for note in tick_notes(axes, pair, layout, is_native=pair in found.series)]
    grids = [line for x, y in found.pairs for line in grid_lines(axes[x], axes[y])]
    return Drawing(
        size=size,
        panels=panels,
        notes=[*(note_of(note, axes, plot, layout) for note in layout.annotations), *found.notes, *ticks],
        outlines=[*grids, *found.outlines, *(outline_of(shape, axes, plot) for shape in layout.shapes)],
        cells=found.cells,
    )


def _axis_names(figure: go.Figure) -> list[str]:
    own = {_axis_name(trace, letter) for trace in figure.data for letter in "xy"}
    tied = {
        f"{ref[0]}axis{ref.split()[0][1:]}"
        for thing in (*figure.layout.annotations, *figure.layout.shapes)
        for ref in (thing.xref, thing.yref)
        if ref and ref != "paper"
    }
    return sorted({"xaxis", "yaxis"} | own | tied)


def _axis_name(trace: Any, letter: str) -> str:
    return f"{letter}axis{(trace[f'{letter}axis'] or letter)[1:]}"


def _axis(figure: go.Figure, name: str, plot: Box) -> Axis:
    letter = name[0]
    span = (plot.x, plot.right) if letter == "x" else (plot.bottom, plot.y)
    own = [trace for trace in figure.data if trace.type != "heatmap" and _axis_name(trace, letter) == name]
    return axis_of(figure.layout[name], name, span, [value for trace in own for value in listed(trace[letter])])


class _Found:
    """What was taken out of traces so far."""

    def __init__(self, axes: Mapping[str, Axis]) -> None:
        self._axes = axes
        self.pairs: list[tuple[str, str]] = []
        self.series: dict[tuple[str, str], list[Series]] = {}
        self.outlines: list[Outline] = []
        self.cells: list[Cells] = []
        self.notes: list[Note] = []

    def add(self, trace: Any) -> None:
        """Take one trace."""
        pair = _axis_name(trace, "x"), _axis_name(trace, "y")
        x, y = self._axes[pair[0]], self._axes[pair[1]]
        if pair not in self.pairs:
            self.pairs.append(pair)
        if trace.type == "heatmap":
            self.cells.append(_cells(trace, x, y))
        elif trace.type == "bar" and (trace.base is not None or trace.marker.pattern.shape):
            self.outlines += _boxes(trace, x, y)
            self.notes += _bar_texts(trace, x, y)
        elif trace.type == "bar":
            self._keep(pair, [_bar(trace, x, y)])
        elif trace.type == "scatter" and trace.fill in _FILLED:
            self._keep(pair, _edges(trace, x, y))
            self.outlines += _fills(trace, x, y)
        elif trace.type == "scatter" and not (trace.hoverinfo == "skip" and _turns_back(x.places(trace.x))):
            # An outline that is drawn once more as a line says nothing new.
            self._keep(pair, [_scatter(trace, x, y)])
            self.notes += _point_texts(trace, x, y)

    def _keep(self, pair: tuple[str, str], series: list[Series]) -> None:
        told = [one for one in series if any(value is not None for value in one.y)]
        if told:
            self.series.setdefault(pair, []).extend(told)


def _turns_back(places: Sequence[float | None]) -> bool:
    known = [place for place in places if place is not None]
    return known != sorted(known)


def _name(trace: Any) -> str:
    return plain_text(trace.name, 60) or "values"


def _colors(colors: Any, count: int) -> list[str]:
    given = [str(color or "") for color in listed(colors)] or [""]
    return given * count if len(given) == 1 else given


def _numbers(values: Any, count: int) -> list[float]:
    given = [0.0 if value is None or not math.isfinite(value) else float(value) for value in listed(values)]
    return given * count if len(given) == 1 else given


def _errors(trace: Any, count: int) -> dict[str, tuple[list[float], list[float]]]:
    found = {}
    for letter in "xy":
        error = trace[f"error_{letter}"]
        if error.array is not None and error.visible is not False:
            up = _numbers(error.array, count)
            found[letter] = up, up if error.arrayminus is None else _numbers(error.arrayminus, count)
    return found


def _bar(trace: Any, x: Axis, y: Axis) -> Series:
    is_sideways = trace.orientation == "h"
    along, up = (y, x) if is_sideways else (x, y)
    places, values = along.places(trace[along.letter]), up.places(trace[up.letter])
    wide = along.lengths(trace.width, len(places))
    starts = [-one / 2 for one in wide] if trace.offset is None else along.lengths(trace.offset, len(places))
    middles = [
        None if place is None else place + start + one / 2
        for place, start, one in zip(places, starts, wide, strict=True)
    ]
    look = {
        "width": min(wide, default=0.8), "is_sideways": is_sideways,
        "opacities": _numbers(1 if trace.marker.opacity is None else trace.marker.opacity, len(places)),
    }  # fmt: skip
    xs, ys = (values, middles) if is_sideways else (middles, values)
    return Series(_name(trace), "bar", xs, ys, _colors(trace.marker.color, len(places)), look,
                  _errors(trace, len(places)))  # fmt: skip


def _scatter(trace: Any, x: Axis, y: Axis) -> Series:
    xs, ys = x.places(trace.x), y.places(trace.y)
    mode, marker, line = trace.mode or "lines", trace.marker, trace.line
    sizes, edges = _numbers(marker.size, 1), _numbers(marker.line.width, 1)
    colors = _colors(marker.color or line.color, len(xs))
    look = {
        "line": (line.color or colors[0] if colors else "") if "lines" in mode else "",
        "line_width": line.width or 2,
        "is_dotted": bool(line.dash and line.dash != "solid"),
        "symbol": marker.symbol if isinstance(marker.symbol, str) else "circle",
        "size": (sizes[0] if sizes else 6) if "markers" in mode else 0,
        "edges": _colors(marker.line.color, len(xs)) if edges else colors,
        "edge_width": edges[0] if edges else 0,
        "opacity": 1 if trace.opacity is None else trace.opacity,
    }
    return Series(_name(trace), "line" if "lines" in mode else "dots", xs, ys, colors, look, _errors(trace, len(xs)))


def _outlines(trace: Any, x: Axis, y: Axis) -> Iterator[list[tuple[float, float]]]:
    points: list[tuple[float, float]] = []
    for a, b in [*zip(x.places(trace.x), y.places(trace.y), strict=True), (None, None)]:
        if a is not None and b is not None:
            points.append((a, b))
        elif points:
            yield points
            points = []


def _edges(trace: Any, x: Axis, y: Axis) -> list[Series]:
    """Find the lower and the upper edge of an outline that runs forward along one and back along the other."""
    found: list[tuple[float | None, float | None, float | None]] = []
    for outline in _outlines(trace, x, y):
        half = len(outline) // 2
        forward, back = outline[:half], outline[::-1][:half]
        step = 2 if _is_stepped(forward) else 1
        found += [(None, None, None)] * bool(found)
        found += [
            (a, min(one, other), max(one, other))
            for (a, one), (_, other) in zip(forward[::step], back[::step], strict=True)
        ]
    places, low, high = (list(values) for values in zip(*found, strict=True)) if found else ([], [], [])
    look = {"line": trace.fillcolor or "", "line_width": 0.75, "opacity": 0.45, "size": 0, "is_edge": True}
    return [
        Series(f"{_name(trace)}, {edge}", "line", places, values, look=look)
        for edge, values in (("low", low), ("high", high))
    ]


def _is_stepped(points: Sequence[tuple[float, float]]) -> bool:
    pairs = list(zip(points[::2], points[1::2], strict=False))
    return (
        len(points) % 2 == 0 and bool(pairs) and all(one[1] == other[1] and one[0] < other[0] for one, other in pairs)
    )


def _fills(trace: Any, x: Axis, y: Axis) -> list[Outline]:
    return [
        Outline([(x.pixel(a), y.pixel(b)) for a, b in points], trace.fillcolor or "",
                1 if trace.opacity is None else trace.opacity, is_below=True)
        for points in _outlines(trace, x, y)
        if len(points) > 2
    ]  # fmt: skip


def _boxes(trace: Any, x: Axis, y: Axis) -> list[Outline]:
    bar = _bar(trace, x, y)
    wide = x.lengths(trace.width, len(bar.x))
    bases = [0.0] * len(bar.x) if trace.base is None else y.places(trace.base)
    return [
        Outline(
            corners(x.pixel(middle - one / 2), y.pixel(base), x.pixel(middle + one / 2), y.pixel(base + value)),
            color, is_hatched=bool(trace.marker.pattern.shape), is_below=True,
        )
        for middle, one, base, value, color in zip(bar.x, wide, bases, bar.y, bar.colors, strict=True)
        if middle is not None and value is not None and base is not None
    ]  # fmt: skip


def _bar_texts(trace: Any, x: Axis, y: Axis) -> list[Note]:
    font = trace.textfont
    rows = zip(listed(trace.text), x.places(trace.x), y.places(trace.base), y.places(trace.y), strict=False)
    return [
        Note(str(text), x.pixel(place), y.pixel(base + value / 2), size=font.size or 12, color=font.color or "")
        for text, place, base, value in rows
        if text and place is not None and base is not None and value is not None
    ]


def _point_texts(trace: Any, x: Axis, y: Axis) -> list[Note]:
    texts = listed(trace.text) if "text" in (trace.mode or "") else []
    sides = [str(side).split() for side in listed(trace.textposition or "middle right")]
    sides = sides * len(texts) if len(sides) == 1 else sides
    font = trace.textfont
    turned = {"right": "left", "left": "right", "top": "bottom", "bottom": "top"}
    return [
        Note(
            str(text).strip(), x.pixel(a) + {"right": 9, "left": -9}.get(side[1], 0), y.pixel(b),
            turned.get(side[1], "center"), turned.get(side[0], "middle"), font.size or 12, font.color or "",
        )
        for text, a, b, side in zip(texts, x.places(trace.x), y.places(trace.y), sides, strict=False)
        if text and a is not None and b is not None
    ]  # fmt: skip


def _cells(trace: Any, x: Axis, y: Axis) -> Cells:
    rows = [listed(row) for row in listed(trace.z)]
    columns = max(map(len, rows), default=0)
    if trace.x is None:
        step = number(1 if trace.dx is None else trace.dx) / (_DAY_MS if x.is_time else 1)
        first = number(0 if trace.x0 is None else trace.x0)
    else:
        places = [place for place in x.places(trace.x) if place is not None]
        first, step = places[0], (places[-1] - places[0]) / max(len(places) - 1, 1) or 1
    left, right = x.pixel(first - step / 2), x.pixel(first + step * (columns - 0.5))
    edges = sorted((y.pixel(-0.5), y.pixel(len(rows) - 0.5)))
    colors = [[_shade(cell, trace.zmin, trace.zmax, trace.colorscale) for cell in row] for row in rows]
    return Cells(Box(left, edges[0], right - left, edges[1] - edges[0]), colors, _name(trace))


def _shade(value: Any, low: float, high: float, scale: Sequence[tuple[float, str]]) -> str:
    """Find the colour of a value between the stops of a scale."""
    if value is None or not math.isfinite(value):
        return ""
    place = min(max((value - low) / ((high - low) or 1), 0), 1)
    upper = next(index for index, (stop, _) in enumerate(scale) if stop >= place or index == len(scale) - 1)
    (start, first), (end, second) = scale[max(upper - 1, 0)], scale[upper]
    part = (place - start) / ((end - start) or 1)
    ends = zip(bytes.fromhex(first[1:]), bytes.fromhex(second[1:]), strict=True)
    return "#" + bytes(round(a + part * (b - a)) for a, b in ends).hex()
