"""Where everything stands on a slide of 1280 × 720 px, the same for every kind of file.

Nothing overlaps and nothing leaves the slide: words are measured first, and what they leave over is
for the pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from trendlib.show.deck.content import MOST_LINKS, Slide
from trendlib.show.deck.letters import LINE, Fitted, fitted, width
from trendlib.show.exhibits import Exhibit
from trendlib.show.page import shown_values
from trendlib.show.theme import plain_text

WIDTH, HEIGHT = 1280, 720
EDGE = 56
_GAP = 24
_TOP, _FLOOR, _FOOT = 34, 648, 660
_PAGE = 200
_POINTS = 316
_HEADING = 26
_CELL = 9


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
class Placed:
    """Words in their box."""

    box: Box
    words: Fitted


@dataclass(frozen=True)
class Points:
    """Bullets in their box: each fitted, and how many found no room."""

    box: Box
    points: Sequence[Fitted]
    size: float
    left_out: int = 0


@dataclass(frozen=True)
class Framed:
    """An exhibit in its box, its heading above it."""

    exhibit: Exhibit
    heading: Placed
    box: Box


@dataclass(frozen=True)
class Plan:
    """A slide with everything in its place; None for what it has not."""

    title: Placed
    caption: Placed
    page: Box
    section: Placed | None = None
    finding: Placed | None = None
    points: Points | None = None
    caveat: Placed | None = None
    links: Box | None = None
    pictures: Sequence[Framed] = field(default_factory=tuple)


@dataclass(frozen=True)
class Grid:
    """A table made to fit: heads, rows of cells, widths [px], letter size [px], which columns hold numbers."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    numbers: Sequence[bool]
    row_height: float
    rest: str = ""
    size: float = 13


def planned(slide: Slide, caption: str) -> Plan:
    """Give everything on a slide its place."""
    across = WIDTH - 2 * EDGE
    y = float(_TOP)
    section = finding = caveat = links = None
    if slide.section:
        section = Placed(Box(EDGE, y, across - _PAGE, 20), fitted(slide.section, across - _PAGE - 20, 1, [13]))
        y += 24
    words = fitted(slide.title, across - 4, 2, [30, 27, 24, 21], is_bold=True)
    title = Placed(Box(EDGE, y, across, words.height + 4), words)
    y = title.box.bottom + 6
    if slide.finding:
        words = fitted(slide.finding, across - 4, 2, [18, 16, 15])
        finding = Placed(Box(EDGE, y, across, words.height + 4), words)
        y = finding.box.bottom
    bottom = float(_FLOOR)
    if slide.links:
        bottom -= 26
        links = Box(EDGE, bottom + 4, across, 22)
    if slide.caveat:
        words = fitted(f"Caveat: {slide.caveat}", across - 18, 2, [14, 13])
        bottom -= words.height + 6
        caveat = Placed(Box(EDGE, bottom + 4, across, words.height + 2), words)
    body = Box(EDGE, y + 16, across, bottom - 4 - (y + 16))
    points, rest = _points(slide, body)
    beneath = across - _PAGE - _GAP
    return Plan(
        title=title, section=section, finding=finding, points=points, caveat=caveat, links=links,
        pictures=_framed(slide.exhibits, rest),
        caption=Placed(Box(EDGE, _FOOT, beneath, 34), fitted(caption, beneath, 2, [12, 11])),
        page=Box(WIDTH - EDGE - _PAGE, _FOOT, _PAGE, 18),
    )  # fmt: skip


def _points(slide: Slide, body: Box) -> tuple[Points | None, Box]:
    """Bullets beside the pictures, or with the slide for themselves; and what is left of the body."""
    if not slide.bullets:
        return None, body
    if not slide.exhibits:
        alone = Box(body.x, body.y, min(body.width, 960), body.height)
        return _bulleted(slide.bullets, alone, [22, 20, 18, 16, 14]), body
    beside = Box(body.right - _POINTS, body.y, _POINTS, body.height)
    rest = Box(body.x, body.y, body.width - _POINTS - _GAP - 8, body.height)
    return _bulleted(slide.bullets, beside, [17, 16, 15, 14, 13]), rest


def _bulleted(bullets: Sequence[str], box: Box, sizes: Sequence[float]) -> Points:
    room = box.width - 20
    for size in sizes:
        points = [fitted(bullet, room, 4, [size]) for bullet in bullets]
        if sum(_tall(point) for point in points) <= box.height and not any(point.is_cut for point in points):
            return Points(box, points, size)
    size = sizes[-1]
    kept: list[Fitted] = []
    free = box.height - 1.6 * size * LINE
    for bullet in bullets:
        point = fitted(bullet, room, 4, [size])
        if _tall(point) > free:
            break
        kept.append(point)
        free -= _tall(point)
    return Points(box, kept, size, left_out=len(bullets) - len(kept))


def _tall(point: Fitted) -> float:
    return point.height + 0.55 * point.size


def _framed(exhibits: Sequence[Exhibit], room: Box) -> list[Framed]:
    return [_headed(exhibit, cell) for exhibit, cell in zip(exhibits, _cells(len(exhibits), room), strict=True)]


def _cells(count: int, room: Box) -> list[Box]:
    wide = (room.width - _GAP) / 2
    high = (room.height - _GAP / 2) / 2
    left, right, low = room.x, room.x + wide + _GAP, room.y + high + _GAP / 2
    if count <= 1:
        return [room][:count]
    if count == 2 and room.width > 900:
        return [Box(left, room.y, wide, room.height), Box(right, room.y, wide, room.height)]
    if count == 2:
        return [Box(left, room.y, room.width, high), Box(left, low, room.width, high)]
    if count == 3:
        big = 0.56 * (room.width - _GAP)
        small = room.width - _GAP - big
        corner = left + big + _GAP
        return [Box(left, room.y, big, room.height), Box(corner, room.y, small, high), Box(corner, low, small, high)]
    return [Box(x, y, wide, high) for y in (room.y, low) for x in (left, right)]


def _headed(exhibit: Exhibit, cell: Box) -> Framed:
    heading = fitted(exhibit.title, cell.width - 4, 1, [15, 14, 13], is_bold=True)
    top = Box(cell.x, cell.y, cell.width, _HEADING)
    return Framed(exhibit, Placed(top, heading), Box(cell.x, cell.y + _HEADING, cell.width, cell.height - _HEADING))


def grid(frame: pd.DataFrame, box: Box, size: float = 13) -> Grid:
    """Make a table fit into a box: cells in one line, columns and rows as many as there is room for."""
    row_height = size * LINE + _CELL
    most = max(int((box.height - row_height) // row_height) - 1, 1)
    shown = frame.head(most)
    heads: list[str] = []
    columns: list[list[str]] = []
    widths: list[float] = []
    used = 0.0
    for name in frame.columns:
        head = plain_text(str(name).replace("_", " "), 30)
        cells = [fitted(text, 250, 1, [size]).text for text in shown_values(shown[name])]
        wide = 22 + max([width(head, size), *(width(cell, size) for cell in cells)])
        if heads and used + wide > box.width:
            break
        heads.append(head)
        columns.append(cells)
        widths.append(min(wide, box.width))
        used += wide
    lacks = {
        f"{len(shown):,} of {len(frame):,} rows": len(shown) < len(frame),
        f"{len(heads)} of {len(frame.columns)} columns": len(heads) < len(frame.columns),
        "no rows": frame.empty,
    }
    return Grid(
        heads=heads, rows=list(zip(*columns, strict=True)), widths=widths, size=size, row_height=row_height,
        numbers=[pd.api.types.is_numeric_dtype(frame[name]) for name in frame.columns[: len(heads)]],
        rest=", ".join(words for words, is_so in lacks.items() if is_so),
    )  # fmt: skip


def linked(slide: Slide, box: Box, size: float = 14) -> list[Placed]:
    """Give each link its place in a row; those that find no room are left out."""
    placed, x = [], box.x
    for link in slide.links[:MOST_LINKS]:
        words = fitted(link.words or link.url, 260, 1, [size])
        wide = width(words.text, size) + 14
        if x + wide > box.right:
            break
        placed.append(Placed(Box(x, box.y, wide, box.height), words))
        x += wide + 16
    return placed
