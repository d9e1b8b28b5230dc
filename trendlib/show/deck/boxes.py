"""Where everything stands on a slide of 1280 × 720 px, the same for every kind of file.

Nothing overlaps and nothing leaves the slide: words are measured first, and what they leave over is
for the pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from trendlib.show.deck.content import MOST_LINKS, Deck, Slide
from trendlib.show.deck.drawing import Box, Needs, Sized, needs, sized
from trendlib.show.deck.letters import LINE, Fitted, fitted, width
from trendlib.show.exhibits import Exhibit

WIDTH, HEIGHT = 1280, 720
EDGE = 56
_GAP = 24
_TOP, _FLOOR, _FOOT = 34, 648, 660
_PAGE = 200
_POINTS = 316
_HEADING, _UNHEADED, _BEHIND = 26, 10, 60


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
    """An exhibit in its box, its heading above it if the slide's title is another; without a size it is a table."""

    exhibit: Exhibit
    heading: Placed | None
    box: Box
    size: Sized | None

    @property
    def behind(self) -> Box:
        """Where the way to the table behind a picture stands."""
        return Box(self.box.right - _BEHIND, self.box.y - _HEADING, _BEHIND, _HEADING)


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
class Opening:
    """The first slide with everything in its place; None for what it has not."""

    title: Placed
    caption: Placed
    logo: Box
    name: Placed | None = None
    subtitle: Placed | None = None


def opened(deck: Deck) -> Opening:
    """Give everything on the first slide its place."""
    across = WIDTH - 2 * EDGE
    title = fitted(deck.title, across - 120, 3, [56, 48, 40, 34], is_bold=True)
    box = Box(EDGE, 220, across, title.height + 8)
    under = fitted(deck.subtitle, across - 120, 2, [24, 20, 18])
    said = fitted(deck.caption(Slide(title="")), across, 2, [15, 13])
    return Opening(
        title=Placed(box, title),
        caption=Placed(Box(EDGE, 640, across, 40), said),
        logo=Box(WIDTH - EDGE - 200, 52, 200, 64),
        name=Placed(Box(EDGE, 66, 600, 30), fitted(deck.brand.name, 590, 1, [18])) if deck.brand.name else None,
        subtitle=Placed(Box(EDGE, box.bottom + 12, across, under.height + 8), under) if deck.subtitle else None,
    )


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
        pictures=_framed(slide, rest),
        caption=Placed(Box(EDGE, _FOOT, beneath, 54), _captioned(caption, beneath)),
        page=Box(WIDTH - EDGE - _PAGE, _FOOT, _PAGE, 18),
    )  # fmt: skip


def _captioned(caption: str, room: float) -> Fitted:
    """Fit what the numbers rest on: more lines before it is cut, as it ends in what readers must not miss."""
    tried = [fitted(caption, room, 2, [12, 11]), fitted(caption, room, 3, [12, 11]), fitted(caption, room, 4, [10, 9])]
    return next((one for one in tried if not one.is_cut), tried[-1])


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
    room = box.width - 28
    for size in sizes:
        points = [fitted(bullet, room, 5, [size]) for bullet in bullets]
        if sum(_tall(point) for point in points) <= box.height and not any(point.is_cut for point in points):
            return Points(box, points, size)
    size = sizes[-1]
    kept: list[Fitted] = []
    free = box.height - 1.6 * size * LINE
    for bullet in bullets:
        point = fitted(bullet, room, 5, [size])
        if _tall(point) > free:
            break
        kept.append(point)
        free -= _tall(point)
    return Points(box, kept, size, left_out=len(bullets) - len(kept))


def _tall(point: Fitted) -> float:
    return point.height + 0.55 * point.size


def _framed(slide: Slide, room: Box) -> list[Framed]:
    """Frame the exhibits, arranged so that their pictures are as large as can be, the first above all."""
    needed = [None if exhibit.bare is None else needs(exhibit.bare) for exhibit in slide.exhibits]
    tried = [
        [_headed(*one, slide) for one in zip(slide.exhibits, needed, cells, strict=True)]
        for cells in _arrangements(len(slide.exhibits), room)
    ]
    return max(tried, key=lambda frames: sum(map(_worth, frames), start=_worth(frames[0]) if frames else 0.0))


def _worth(framed: Framed) -> float:
    if framed.size is not None:
        return min(framed.size.scale, 1)
    if framed.exhibit.bare is None:
        return min(framed.box.width / 640, framed.box.height / 260, 1)
    return 0


def _arrangements(count: int, room: Box) -> list[list[Box]]:
    if count <= 1:
        return [[room][:count]]
    halves, rows = _columns(room, 1, 1), _rows(room, 1, 1)
    if count == 2:
        return [halves, _columns(room, 4, 3), rows]
    if count == 3:
        wide, slim = _columns(room, 4, 3)
        upper, lower = _rows(wide, 3, 2)
        return [
            [upper, slim, lower],
            [wide, *_rows(slim, 1, 1)],
            [rows[0], *_columns(rows[1], 1, 1)],
            _columns(room, 1, 1, 1),
        ]
    return [[cell for row in rows for cell in _columns(row, 1, 1)], _columns(room, 1, 1, 1, 1)]


def _columns(room: Box, *parts: float) -> list[Box]:
    one = (room.width - _GAP * (len(parts) - 1)) / sum(parts)
    starts = accumulate(parts[:-1], lambda x, part: x + one * part + _GAP, initial=room.x)
    return [Box(x, room.y, one * part, room.height) for x, part in zip(starts, parts, strict=True)]


def _rows(room: Box, *parts: float) -> list[Box]:
    one = (room.height - _GAP / 2 * (len(parts) - 1)) / sum(parts)
    starts = accumulate(parts[:-1], lambda y, part: y + one * part + _GAP / 2, initial=room.y)
    return [Box(room.x, y, room.width, one * part) for y, part in zip(starts, parts, strict=True)]


def _headed(exhibit: Exhibit, needed: Needs | None, cell: Box, slide: Slide) -> Framed:
    top = Box(cell.x, cell.y, cell.width - _BEHIND, _HEADING)
    is_said = len(slide.exhibits) == 1 and exhibit.title in {slide.title, slide.section}
    down = _UNHEADED if is_said else _HEADING
    box = Box(cell.x, cell.y + down, cell.width, cell.height - down)
    heading = None if is_said else Placed(top, fitted(exhibit.title, top.width, 1, [15, 14, 13], is_bold=True))
    return Framed(exhibit, heading, box, None if needed is None else sized(needed, box))


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
