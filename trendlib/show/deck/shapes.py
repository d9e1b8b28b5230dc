"""Shapes of a slide as DrawingML: words, lines, boxes, tables. Pixels become EMU here.

All words pass `escaped`, so that no sign is left that XML forbids, and none is markup.
"""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from xml.sax.saxutils import escape, quoteattr

from trendlib.show.deck.drawing import Box, Cells, Note, Outline
from trendlib.show.deck.letters import LINE, isolated, width
from trendlib.show.deck.tables import Grid
from trendlib.show.theme import LIGHT

PX = 9525
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPACES = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
_DECORATIVE = (
    '<a:extLst><a:ext uri="{C183D7F6-B498-43B3-948B-1728B52AA6E4}"><adec:decorative '
    'xmlns:adec="http://schemas.microsoft.com/office/drawing/2017/decorative" val="1"/></a:ext></a:extLst>'
)
_SIDES = {"left": "l", "center": "ctr", "right": "r"}


@dataclass(frozen=True)
class Run:
    """Words of one look: letters [px], colour, weight, and whether a line runs under them."""

    text: str
    size: float
    color: str
    is_bold: bool = False
    is_underlined: bool = False


def escaped(text: str) -> str:
    """Make words fit for XML."""
    return escape(_FORBIDDEN.sub("", text))


def hex_of(color: str, otherwise: str = LIGHT.muted) -> str:
    """Take a colour's six digits; another colour's if it is none of ours."""
    return (color if _HEX.fullmatch(color or "") else otherwise)[1:].upper()


def filled(color: str, opacity: float = 1) -> str:
    """Fill with a colour."""
    alpha = f'<a:alpha val="{round(100_000 * opacity)}"/>' if opacity < 1 else ""
    return f'<a:solidFill><a:srgbClr val="{hex_of(color)}">{alpha}</a:srgbClr></a:solidFill>'


def lined(color: str, thickness: float, *, opacity: float = 1, is_dotted: bool = False) -> str:
    """Draw a line of a thickness [px]."""
    dash = '<a:prstDash val="sysDot"/>' if is_dotted else ""
    return f'<a:ln w="{round(PX * thickness)}" cap="flat">{filled(color, opacity)}{dash}<a:round/></a:ln>'


def emu(pixels: float) -> int:
    """Turn pixels into EMU."""
    return round(pixels * PX)


# Where nothing is known.
_HATCHED = (
    f'<a:pattFill prst="ltUpDiag"><a:fgClr><a:srgbClr val="{hex_of(LIGHT.hatch)}"/></a:fgClr>'
    f'<a:bgClr><a:srgbClr val="{hex_of(LIGHT.wash)}"/></a:bgClr></a:pattFill>'
)


def _frame(box: Box, prefix: str = "a") -> str:
    return (
        f'<{prefix}:xfrm><a:off x="{emu(box.x)}" y="{emu(box.y)}"/>'
        f'<a:ext cx="{max(emu(box.width), 0)}" cy="{max(emu(box.height), 0)}"/></{prefix}:xfrm>'
    )


def paragraph(runs: Iterable[Run], side: str = "l", *, spacing: str = "", empty: float = 12) -> str:
    """Write a paragraph; without words it is as high as letters of the size ``empty`` [px]."""
    written = "".join(_run(run) for run in runs)
    # A line without words is as high as the letters it would have.
    end = "" if written else f'<a:endParaRPr lang="en-US" sz="{round(75 * empty)}"/>'
    return f'<a:p><a:pPr algn="{side}">{spacing}</a:pPr>{written}{end}</a:p>'


def _run(run: Run) -> str:
    bold = ' b="1"' if run.is_bold else ' b="0"'
    under = ' u="sng"' if run.is_underlined else ""
    look = f'<a:rPr lang="en-US" sz="{max(round(75 * run.size), 100)}"{bold}{under}>{filled(run.color)}</a:rPr>'
    return f"<a:r>{look}<a:t>{escaped(isolated(run.text))}</a:t></a:r>"


class _Markup(HTMLParser):
    """plotly's markup as lines of runs."""

    def __init__(self, size: float, color: str) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[list[Run]] = [[]]
        self._looks = [(size, color, False)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a look, or a line."""
        size, color, is_bold = self._looks[-1]
        if tag == "br":
            self.lines.append([])
            return
        style = dict(attrs).get("style") or ""
        part = re.search(r"font-size:([\d.]+)em", style)
        tint = re.search(r"color:(#[0-9a-fA-F]{6})", style)
        self._looks.append((size * float(part[1]) if part else size, tint[1] if tint else color, is_bold or tag == "b"))

    def handle_endtag(self, tag: str) -> None:
        """End a look."""
        if tag != "br" and len(self._looks) > 1:
            self._looks.pop()

    def handle_data(self, data: str) -> None:
        """Take words."""
        size, color, is_bold = self._looks[-1]
        self.lines[-1].append(Run(data, size, color, is_bold))


def runs_of(markup: str, size: float, color: str) -> list[list[Run]]:
    """Read plotly's markup: lines of runs."""
    parser = _Markup(size, color)
    parser.feed(markup)
    parser.close()
    return parser.lines


def plain_markup(markup: str) -> str:
    """Read the words of plotly's markup."""
    return html.unescape(re.sub(r"<[^>]*>", " ", markup)).strip()


def noted(note: Note, scale: float, number: int) -> str:
    """Write a note of a figure where it stands."""
    lines = runs_of(note.markup, note.size * scale, note.color or LIGHT.ink)
    wide = max((sum(width(run.text, run.size, is_bold=run.is_bold) for run in line) for line in lines), default=0) + 4
    tall = sum(max((run.size for run in line), default=note.size * scale) * LINE for line in lines)
    # Turned words are placed by where they stand, and turned about their middle.
    across, down = (tall, wide) if note.angle % 180 else (wide, tall)
    x = scale * note.x + {"left": across / 2, "right": -across / 2}.get(note.across, 0) - wide / 2
    y = scale * note.y + {"top": down / 2, "bottom": -down / 2}.get(note.down, 0) - tall / 2
    side = _SIDES.get(note.across, "ctr")
    return words(Box(x, y, wide, tall), [paragraph(line, side, empty=note.size * scale) for line in lines], number,
                 fill=note.fill, angle=note.angle)  # fmt: skip


def words(box: Box, paragraphs: Sequence[str], number: int, *, fill: str = "", angle: float = 0, link: str = "") -> str:
    """Write a text box without margins that grows for nothing; ``link`` is the id of where a click on it leads.

    LibreOffice muddles links of words in two directions, so the box is the link.
    """
    turn = f' rot="{round(60_000 * (angle % 360))}"' if angle else ""
    frame = _frame(box).replace("<a:xfrm", f"<a:xfrm{turn}", 1)
    back = filled(fill) if fill else "<a:noFill/>"
    click = f'<a:hlinkClick r:id="{link}"/>' if link else ""
    return (
        f'<p:sp {_SPACES}><p:nvSpPr><p:cNvPr id="{number}" name="Words {number}">{click}</p:cNvPr>'
        f'<p:cNvSpPr txBox="1"/><p:nvPr/></p:nvSpPr><p:spPr>{frame}<a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
        f"{back}</p:spPr><p:txBody>"
        '<a:bodyPr wrap="none" lIns="0" tIns="0" rIns="0" bIns="0" anchor="ctr"><a:noAutofit/></a:bodyPr><a:lstStyle/>'
        f"{''.join(paragraphs)}</p:txBody></p:sp>"
    )


def drawn(outline: Outline, scale: float, number: int) -> str:
    """Draw a shape that is no data, and say to those who listen that it is decoration."""
    points = [(scale * x, scale * y) for x, y in outline.corners]
    left, top = min(x for x, _ in points), min(y for _, y in points)
    box = Box(left, top, max(x for x, _ in points) - left, max(y for _, y in points) - top)
    steps = "".join(
        f'<a:{"lnTo" if place else "moveTo"}><a:pt x="{emu(x - left)}" y="{emu(y - top)}"/>'
        f"</a:{'lnTo' if place else 'moveTo'}>"
        for place, (x, y) in enumerate(points)
    )
    is_line = len(points) == 2
    path = (
        f'<a:custGeom><a:avLst/><a:gdLst/><a:ahLst/><a:cxnLst/><a:rect l="0" t="0" r="r" b="b"/><a:pathLst><a:path '
        f'w="{max(emu(box.width), 0)}" h="{max(emu(box.height), 0)}"{" fill=" + quoteattr("none") if is_line else ""}>'
        f"{steps}{'' if is_line else '<a:close/>'}</a:path></a:pathLst></a:custGeom>"
    )
    if outline.is_hatched:
        inside = _HATCHED
    else:
        inside = filled(outline.fill, outline.opacity) if outline.fill and not is_line else "<a:noFill/>"
    edge = (
        lined(outline.line, outline.line_width * scale, opacity=outline.opacity, is_dotted=outline.is_dotted)
        if outline.line else "<a:ln><a:noFill/></a:ln>"
    )  # fmt: skip
    return (
        f'<p:sp {_SPACES}><p:nvSpPr><p:cNvPr id="{number}" name="Line {number}">{_DECORATIVE}</p:cNvPr><p:cNvSpPr/>'
        f"<p:nvPr/></p:nvSpPr><p:spPr>{_frame(box)}{path}{inside}{edge}</p:spPr></p:sp>"
    )


# Tables


def _table(box: Box, number: int, name: str, said: str, inside: str) -> str:
    return (
        f'<p:graphicFrame {_SPACES}><p:nvGraphicFramePr><p:cNvPr id="{number}" name={quoteattr(escaped(name))} '
        f"descr={quoteattr(escaped(said))}/>"
        '<p:cNvGraphicFramePr><a:graphicFrameLocks noGrp="1"/></p:cNvGraphicFramePr><p:nvPr/></p:nvGraphicFramePr>'
        f'{_frame(box, "p")}<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/table">'
        f"{inside}</a:graphicData></a:graphic></p:graphicFrame>"
    )


def _cell(paragraph_: str, fill: str, *, edge: str = "", pad: float = 0) -> str:
    line = f'<a:lnB w="9525">{filled(edge)}</a:lnB>' if edge else '<a:lnB w="9525"><a:noFill/></a:lnB>'
    bare = "".join(f'<a:{side} w="9525"><a:noFill/></a:{side}>' for side in ("lnL", "lnR", "lnT"))
    inside = filled(fill) if fill else "<a:noFill/>"
    return (
        f"<a:tc><a:txBody><a:bodyPr/><a:lstStyle/>{paragraph_}</a:txBody>"
        f'<a:tcPr marL="0" marR="{emu(pad)}" marT="0" marB="0" anchor="ctr">{bare}{line}{inside}</a:tcPr></a:tc>'
    )


def gridded(grid: Grid, box: Box, number: int, name: str, said: str) -> str:
    """Write a table of words and numbers."""
    sides = ["r" if is_number else "l" for is_number in grid.numbers]
    head = "".join(
        _cell(paragraph([Run(text, grid.size - 1, LIGHT.muted)], side), "", edge=LIGHT.hatch, pad=14)
        for text, side in zip(grid.heads, sides, strict=True)
    )
    rows = [
        "".join(
            _cell(paragraph([Run(text, grid.size, LIGHT.ink)], side), "", edge=LIGHT.grid, pad=14)
            for text, side in zip(cells, sides, strict=True)
        )
        for cells in grid.rows
    ]
    columns = "".join(f'<a:gridCol w="{emu(wide)}"/>' for wide in grid.widths)
    heights = [grid.head_height, *grid.heights]
    lines = "".join(f'<a:tr h="{emu(high)}">{cells}</a:tr>' for high, cells in zip(heights, [head, *rows], strict=True))
    inside = f'<a:tbl><a:tblPr firstRow="1"/><a:tblGrid>{columns}</a:tblGrid>{lines}</a:tbl>'
    frame = Box(box.x, box.y, sum(grid.widths), grid.height)
    return _table(frame, number, name, said, inside)


def heated(cells: Cells, box: Box, number: int, said: str) -> str:
    """Write a heat map as a table whose cells are filled."""
    columns = max(map(len, cells.colors), default=1)
    wide, high = box.width / max(columns, 1), box.height / max(len(cells.colors), 1)
    # A cell is as high as its letters, even those of an empty paragraph.
    empty = '<a:p><a:endParaRPr lang="en-US" sz="100"/></a:p>'
    ready = {color: _tile(color, empty) for row in cells.colors for color in row}
    rows = "".join(f'<a:tr h="{emu(high)}">{"".join(ready[color] for color in row)}</a:tr>' for row in cells.colors)
    grid = "".join(f'<a:gridCol w="{emu(wide)}"/>' for _ in range(columns))
    return _table(box, number, cells.name, said, f"<a:tbl><a:tblPr/><a:tblGrid>{grid}</a:tblGrid>{rows}</a:tbl>")


def _tile(color: str, empty: str) -> str:
    edges = "".join(f'<a:{side} w="9525">{filled(LIGHT.paper)}</a:{side}>' for side in ("lnL", "lnR", "lnT", "lnB"))
    return (
        f"<a:tc><a:txBody><a:bodyPr/><a:lstStyle/>{empty}</a:txBody>"
        f'<a:tcPr marL="0" marR="0" marT="0" marB="0">{edges}{filled(color) if color else _HATCHED}</a:tcPr></a:tc>'
    )
