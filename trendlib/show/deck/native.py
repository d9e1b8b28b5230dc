"""A panel as a native chart of PowerPoint: its XML, and the workbook behind it.

Bars stand on categories as wide as the bars' own step, days without a number are empty ones. All
else is a scatter of numbers. The plot fills the same pixels as in the figure, so that what is
written around it stays in its place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import mode
from typing import Any
from xml.sax.saxutils import escape

from trendlib.show.deck.axes import Axis
from trendlib.show.deck.drawing import Box, Note, Panel, Series
from trendlib.show.deck.shapes import filled, lined, plain_markup
from trendlib.show.deck.workbook import Book
from trendlib.show.theme import LIGHT

_SYMBOLS = {"circle": "circle", "diamond": "diamond", "square": "square", "x": "x", "triangle-up": "triangle",
            "triangle-right": "triangle"}  # fmt: skip
_SPACES = (
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
_ALONG, _UP = 111, 222
_LEFT, _BELOW, _SIDE, _ABOVE = 58, 26, 10, 8


@dataclass(frozen=True)
class NativeChart:
    """A chart as PowerPoint holds it.

    Attributes
    ----------
    box
        Where it stands in the figure [px].
    xml, workbook
        The chart and the numbers behind it.
    """

    box: Box
    xml: bytes
    workbook: bytes


def native(panel: Panel, scale: float, notes: Sequence[Note] = ()) -> NativeChart:
    """Turn a panel into a native chart, its letters scaled; notes beside a row name its bars."""
    x, y = panel.x, panel.y
    left, right = sorted((x.start, x.end))
    top, floor = sorted((y.start, y.end))
    is_named = {letter: panel.is_marked.get(letter, False) for letter in "xy"}
    start = left - (_LEFT if is_named["y"] and y.code else _SIDE)
    end = floor + (_BELOW if is_named["x"] else _ABOVE)
    box = Box(start, top - _ABOVE, right + _SIDE - start, end - top + _ABOVE)
    book = Book()
    plots = _barred(panel, book, notes) if panel.bars else _scattered(panel, book)
    axes = _bar_axes(panel, scale) if panel.bars else _number_axes(panel, scale)
    place = "".join(
        f'<c:{name} val="{value:.6f}"/>'
        for name, value in (
            ("x", (left - box.x) / box.width), ("y", (top - box.y) / box.height),
            ("w", (right - left) / box.width), ("h", (floor - top) / box.height),
        )
    )  # fmt: skip
    xml = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<c:chartSpace {_SPACES}><c:date1904 val="0"/>'
        '<c:roundedCorners val="0"/><c:chart><c:autoTitleDeleted val="1"/><c:plotArea><c:layout><c:manualLayout>'
        '<c:layoutTarget val="inner"/><c:xMode val="edge"/><c:yMode val="edge"/>'
        f"{place}</c:manualLayout></c:layout>{plots}{axes}<c:spPr><a:noFill/><a:ln><a:noFill/></a:ln></c:spPr></c:plotArea>"
        f'<c:plotVisOnly val="1"/><c:dispBlanksAs val="{"span" if _is_unbroken(panel) else "gap"}"/></c:chart>'
        "<c:spPr><a:noFill/><a:ln><a:noFill/></a:ln></c:spPr>"
        f"{_letters(scale)}</c:chartSpace>"
    )
    return NativeChart(box, xml.encode(), book.packed())


def _numbers(ref: str, values: Sequence[float | None], code: str = "General") -> str:
    points = "".join(
        f'<c:pt idx="{place}"><c:v>{value!r}</c:v></c:pt>' for place, value in enumerate(values) if value is not None
    )
    cache = f'<c:formatCode>{escape(code)}</c:formatCode><c:ptCount val="{len(values)}"/>{points}'
    return f"<c:numRef><c:f>{ref}</c:f><c:numCache>{cache}</c:numCache></c:numRef>"


def _texts(ref: str, values: Sequence[str]) -> str:
    points = "".join(
        f'<c:pt idx="{place}"><c:v>{escape(text)}</c:v></c:pt>' for place, text in enumerate(values) if text
    )
    cache = f'<c:ptCount val="{len(values)}"/>{points}'
    return f"<c:strRef><c:f>{ref}</c:f><c:strCache>{cache}</c:strCache></c:strRef>"


def _head(place: int, name: str, ref: str) -> str:
    cell = ref.partition(":")[0].replace("$2", "$1")
    return f'<c:idx val="{place}"/><c:order val="{place}"/><c:tx>{_texts(cell, [name])}</c:tx>'


# Bars


def _barred(panel: Panel, book: Book, notes: Sequence[Note]) -> str:
    along = panel.along
    low, high = sorted((along.low, along.high))
    step = _step(panel)
    slots = max(round((high - low) / step), 1)
    if along.is_time:
        # Whole days are the days on which the spans begin.
        days = [float(int(low + 1e-6 + place * step)) for place in range(slots)]
        ref = book.add("day [UTC]", days, is_date=True)
        names = f"<c:cat>{_numbers(ref, days, 'd mmm')}</c:cat>"
    else:
        words = [_row_name(along, low + (place + 0.5) * step, notes) for place in range(slots)]
        names = f"<c:cat>{_texts(book.add('row', words), words)}</c:cat>"
    bars, lines = [], []
    for place, one in enumerate(panel.series):
        marks = [_slot(value, low, step, slots) for value in (one.y if panel.is_sideways else one.x)]
        values = one.x if panel.is_sideways else one.y
        if one.kind == "bar":
            bars.append(_bar_series(place, one, _Slotted(marks, values, slots), names, book))
        else:
            lines.append(_line_series(place, one, _Slotted(marks, values, slots), names, book))
    width = min(max(panel.bars[0].look["width"] / step, 0.05), 1)
    bar = (
        f'<c:barChart><c:barDir val="{"bar" if panel.is_sideways else "col"}"/>'
        f'<c:grouping val="{"stacked" if panel.is_stacked else "clustered"}"/><c:varyColors val="0"/>{"".join(bars)}'
        f'<c:gapWidth val="{min(round(100 * (1 - width) / width), 500)}"/><c:overlap val="100"/>'
        f'<c:axId val="{_ALONG}"/><c:axId val="{_UP}"/></c:barChart>'
    )
    line = (
        f'<c:lineChart><c:grouping val="standard"/><c:varyColors val="0"/>{"".join(lines)}<c:marker val="1"/>'
        f'<c:axId val="{_ALONG}"/><c:axId val="{_UP}"/></c:lineChart>'
    )
    return bar + (line if lines and not panel.is_sideways else "")


def _is_unbroken(panel: Panel) -> bool:
    """Tell whether lines beside bars run through slots without a number of theirs, as none of them breaks."""
    lines = [one for one in panel.series if one.kind != "bar"]
    return bool(panel.bars and lines) and not any(None in (*one.x, *one.y) for one in lines)


def _step(panel: Panel) -> float:
    places = sorted({p for one in panel.bars for p in (one.y if panel.is_sideways else one.x) if p is not None})
    gaps = [round(b - a, 6) for a, b in pairwise(places) if b - a > 1e-6]
    return min(gaps) if gaps else max(1.0, panel.bars[0].look["width"])


def _slot(value: float | None, low: float, step: float, slots: int) -> int | None:
    if value is None:
        return None
    place = int((value - low) / step + 1e-6)
    # What stands on the very end belongs to the last slot.
    return min(place, slots - 1) if 0 <= place <= slots and low - 1e-6 <= value <= low + slots * step + 1e-6 else None


def _row_name(along: Axis, value: float, notes: Sequence[Note]) -> str:
    named = {round(place): text for place, text in along.marks_on_it}
    if round(value) in named:
        return named[round(value)]
    beside = [note for note in notes if abs(note.y - along.pixel(value)) < 2 and note.across == "left"]
    return " ".join(plain_markup(note.markup) for note in sorted(beside, key=lambda note: note.x)[:2]) or f"{value:g}"


@dataclass(frozen=True)
class _Slotted:
    """Values by the slot they stand in."""

    marks: Sequence[int | None]
    values: Sequence[Any]
    slots: int

    def spread(self, values: Sequence[Any] | None = None) -> list[Any]:
        """Lay values into their slots, None where there is none."""
        laid: list[Any] = [None] * self.slots
        for mark, value in zip(self.marks, self.values if values is None else values, strict=True):
            if mark is not None:
                laid[mark] = value
        return laid


def _bar_series(place: int, one: Series, slotted: _Slotted, names: str, book: Book) -> str:
    values = slotted.spread()
    ref = book.add(one.name, values)
    colors, opacities = slotted.spread(one.colors), slotted.spread(one.look["opacities"])
    looks = [(color, opacity) for color, opacity in zip(colors, opacities, strict=True) if color]
    usual = mode(looks) if looks else (LIGHT.slate, 1.0)
    points = "".join(
        f'<c:dPt><c:idx val="{slot}"/><c:invertIfNegative val="0"/><c:bubble3D val="0"/>{_shape(*look)}</c:dPt>'
        for slot, look in enumerate(zip(colors, opacities, strict=True))
        if look[0] and look != usual and values[slot] is not None
    )
    return (
        f'<c:ser>{_head(place, one.name, ref)}{_shape(*usual)}<c:invertIfNegative val="0"/>{points}'
        f"{_error_bars(one, slotted, book)}{names}<c:val>{_numbers(ref, values)}</c:val></c:ser>"
    )


def _line_series(place: int, one: Series, slotted: _Slotted, names: str, book: Book) -> str:
    values = slotted.spread()
    ref = book.add(one.name, values)
    return (
        f"<c:ser>{_head(place, one.name, ref)}{_stroke(one)}{_marker(one)}{names}<c:val>{_numbers(ref, values)}</c:val>"
        '<c:smooth val="0"/></c:ser>'
    )


def _shape(color: str, opacity: float) -> str:
    return f"<c:spPr>{filled(color, opacity)}<a:ln><a:noFill/></a:ln></c:spPr>"


# Scatters


def _scattered(panel: Panel, book: Book) -> str:
    series = []
    parts = [part for given in panel.series for part in _parts(given)]
    most = max(len(part.x) for part in parts)
    for place, one in enumerate(parts):
        # LibreOffice leaves out a first series that is shorter than the others.
        x, y = ([*values, *[None] * (most - len(values))] for values in (one.x, one.y))
        xs, ys = book.add(f"{one.name}: x", x, is_date=panel.x.is_time), book.add(one.name, y)
        series.append(
            f"<c:ser>{_head(place, one.name, ys)}{_stroke(one)}{_marker(one)}<c:xVal>{_numbers(xs, x)}</c:xVal>"
            f'<c:yVal>{_numbers(ys, y)}</c:yVal><c:smooth val="0"/></c:ser>'
        )
    return (
        f'<c:scatterChart><c:scatterStyle val="lineMarker"/><c:varyColors val="0"/>{"".join(series)}'
        f'<c:axId val="{_ALONG}"/><c:axId val="{_UP}"/></c:scatterChart>'
    )


def _stroke(one: Series) -> str:
    if not one.look["line"]:
        return "<c:spPr><a:ln><a:noFill/></a:ln></c:spPr>"
    look = one.look
    line = lined(look["line"], look["line_width"], opacity=look["opacity"], is_dotted=look.get("is_dotted", False))
    return f"<c:spPr>{line}</c:spPr>"


def _marker(one: Series) -> str:
    if not one.look["size"] or not one.colors:
        return '<c:marker><c:symbol val="none"/></c:marker>'
    look = one.look
    symbol = _SYMBOLS.get(look["symbol"].removesuffix("-open"), "circle")
    edges = lined(look["edges"][0] or one.colors[0], look["edge_width"]) if look["edge_width"] else (
        "<a:ln><a:noFill/></a:ln>"
    )  # fmt: skip
    # An open mark has no fill: LibreOffice draws a mark in its fill's colour only.
    is_open = one.colors[0] == LIGHT.paper
    fill = "<a:noFill/>" if is_open else filled(one.colors[0], look["opacity"])
    size = min(max(round(0.75 * look["size"]), 2), 72)
    return f'<c:marker><c:symbol val="{symbol}"/><c:size val="{size}"/><c:spPr>{fill}{edges}</c:spPr></c:marker>'


def _parts(one: Series) -> list[Series]:
    """Divide a series: its intervals as lines from low to high, its dots by colour.

    LibreOffice draws neither error bars nor dots of their own colour in a scatter; series it draws.
    """
    intervals = [_interval(one, letter) for letter, (up, down) in one.error.items() if any(up) or any(down)]
    colors = list(zip(one.colors, one.look["edges"], strict=True)) if one.look["size"] else []
    if one.look["line"] or len(set(colors)) < 2:
        return [*intervals, one]
    return [*intervals, *(_of_color(one, color, colors) for color in dict.fromkeys(colors))]


def _of_color(one: Series, color: tuple[str, str], colors: Sequence[tuple[str, str]]) -> Series:
    kept = [place for place, own in enumerate(colors) if own == color]
    xs, ys = [one.x[place] for place in kept], [one.y[place] for place in kept]
    look = {**one.look, "edges": [color[1]] * len(kept)}
    return replace(one, x=xs, y=ys, colors=[color[0]] * len(kept), look=look, error={})


def _interval(one: Series, letter: str) -> Series:
    up, down = one.error[letter]
    xs: list[float | None] = []
    ys: list[float | None] = []
    for x, y, high, low in zip(one.x, one.y, up, down, strict=True):
        if x is not None and y is not None:
            across = [x - low, x + high] if letter == "x" else [x, x]
            upwards = [y - low, y + high] if letter == "y" else [y, y]
            xs += [*across, across[1]]
            ys += [*upwards, None]
    edges = [edge for edge in one.look["edges"] if edge]
    look = {"line": edges[0] if edges else LIGHT.muted, "line_width": 2, "opacity": 1, "size": 0}
    return Series(f"{one.name}: interval", "line", xs, ys, look=look)


def _error_bars(one: Series, slotted: _Slotted, book: Book) -> str:
    up, down = one.error.get("x" if one.look["is_sideways"] else "y", ((), ()))
    if not any(up) and not any(down):
        return ""
    sides = "".join(
        f"<c:{side}>{_numbers(book.add(f'{one.name}: {side}', values), values)}</c:{side}>"
        for side, values in (("plus", slotted.spread(up)), ("minus", slotted.spread(down)))
    )
    return (
        f'<c:errBars><c:errBarType val="both"/><c:errValType val="cust"/><c:noEndCap val="1"/>{sides}'
        f"<c:spPr>{lined(LIGHT.muted, 1)}</c:spPr></c:errBars>"
    )


# Axes


def _letters(scale: float) -> str:
    size = round(12 * 0.75 * scale * 100)
    return (
        '<c:txPr><a:bodyPr rot="0" vert="horz"/><a:lstStyle/><a:p><a:pPr>'
        f'<a:defRPr sz="{size}">{filled(LIGHT.muted)}</a:defRPr></a:pPr>'
        '<a:endParaRPr lang="en-US"/></a:p></c:txPr>'
    )


def _ends(axis: Axis, *, is_reversed: bool) -> str:
    low, high = sorted((axis.low, axis.high))
    if axis.is_log:
        low, high = 10**low, 10**high
    base = '<c:logBase val="10"/>' if axis.is_log else ""
    way = "maxMin" if is_reversed else "minMax"
    return f'<c:scaling>{base}<c:orientation val="{way}"/><c:max val="{high!r}"/><c:min val="{low!r}"/></c:scaling>'


def _number_axis(axis: Axis, own: int, other: Axis, scale: float, *, is_marked: bool) -> str:
    grid = "<c:majorGridlines><c:spPr>" + lined(LIGHT.grid, 1) + "</c:spPr></c:majorGridlines>"
    words = "none" if not is_marked or not axis.code else "high" if other.high < other.low else "low"
    unit = f'<c:majorUnit val="{axis.step!r}"/>' if axis.step else ""
    return (
        f'<c:valAx><c:axId val="{own}"/>{_ends(axis, is_reversed=axis.high < axis.low)}<c:delete val="0"/>'
        f'<c:axPos val="{"b" if axis.letter == "x" else "l"}"/>{grid if axis.has_grid and axis.step else ""}'
        f'<c:numFmt formatCode="{escape(axis.code or "General", {chr(34): "&quot;"})}" sourceLinked="0"/>'
        f'<c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="{words}"/>'
        f"<c:spPr><a:ln><a:noFill/></a:ln></c:spPr>{_letters(scale)}"
        f'<c:crossAx val="{_UP if own == _ALONG else _ALONG}"/><c:crosses val="min"/>'
        f'<c:crossBetween val="{{between}}"/>{unit}</c:valAx>'
    )


def _number_axes(panel: Panel, scale: float) -> str:
    x = _number_axis(panel.x, _ALONG, panel.y, scale, is_marked=panel.is_marked.get("x", False))
    y = _number_axis(panel.y, _UP, panel.x, scale, is_marked=panel.is_marked.get("y", False))
    return (x + y).replace("{between}", "midCat")


def _bar_axes(panel: Panel, scale: float) -> str:
    along, up, step = panel.along, panel.up, _step(panel)
    words = "low" if panel.is_marked.get(along.letter, False) and along.code else "none"
    look = (
        f'<c:scaling><c:orientation val="{"maxMin" if along.high < along.low else "minMax"}"/></c:scaling>'
        f'<c:delete val="0"/><c:axPos val="{"b" if along.letter == "x" else "l"}"/>'
        '<c:numFmt formatCode="d mmm" sourceLinked="0"/><c:majorTickMark val="none"/><c:minorTickMark val="none"/>'
        f'<c:tickLblPos val="{words}"/><c:spPr>{lined(LIGHT.grid, 1)}</c:spPr>{_letters(scale)}'
        f'<c:crossAx val="{_UP}"/><c:crosses val="autoZero"/><c:auto val="0"/>'
    )
    apart = (along.step or 0) / step
    if along.is_time and step == 1 and apart >= 1:
        axis = (
            f'<c:dateAx><c:axId val="{_ALONG}"/>{look}<c:lblOffset val="40"/><c:baseTimeUnit val="days"/>'
            f'<c:majorUnit val="{round(apart)}"/><c:majorTimeUnit val="days"/></c:dateAx>'
        )
    else:
        axis = (
            f'<c:catAx><c:axId val="{_ALONG}"/>{look}<c:lblAlgn val="ctr"/><c:lblOffset val="40"/>'
            f'<c:tickLblSkip val="{max(round(apart), 1)}"/><c:noMultiLvlLbl val="1"/></c:catAx>'
        )
    return axis + _number_axis(up, _UP, along, scale, is_marked=panel.is_marked.get(up.letter, False)).replace(
        "{between}", "between"
    )
