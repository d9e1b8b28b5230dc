"""The empty presentation: 16:9, its own theme, a master and three layouts with real placeholders."""

from string import Template
from typing import Any

from pptx import Presentation
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.opc.oxml import serialize_part_xml
from pptx.oxml import parse_xml
from pptx.util import Emu

from trendlib.show.deck.boxes import EDGE, HEIGHT, WIDTH
from trendlib.show.deck.drawing import Box
from trendlib.show.deck.shapes import emu, filled
from trendlib.show.theme import CATEGORIES, LIGHT

OPENING, CHARTS, POINTS = "Opening", "Finding and charts", "Finding, charts and points"
FINDING, BULLETS, CAPTION, SECTION = 10, 11, 12, 13
CHART = Template("""<p:graphicFrame xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"
 xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"
 xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><p:nvGraphicFramePr>
<p:cNvPr id="$number" name="$name" descr="$said"/><p:cNvGraphicFramePr/><p:nvPr/></p:nvGraphicFramePr>
<p:xfrm><a:off x="$x" y="$y"/><a:ext cx="$width" cy="$height"/></p:xfrm><a:graphic>
<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart">
<c:chart xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" r:id="$mark"/></a:graphicData></a:graphic>
</p:graphicFrame>""")
_FONT = "Arial"
_SPACES = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
_NAMES = {0: "Title", FINDING: "Finding", BULLETS: "Points", CAPTION: "Caption", SECTION: "Section"}
_LEVELS = "".join(
    f'<a:lvl{level}pPr marL="0" indent="0"><a:buNone/><a:defRPr sz="1400"/></a:lvl{level}pPr>' for level in range(1, 10)
)


def _holder(index: int, box: Box, size: float, *, is_bold: bool = False, color: str = LIGHT.muted) -> str:
    kind = 'type="title"' if index == 0 else f'type="body" sz="quarter" idx="{index}"'
    bold = ' b="1"' if is_bold else ' b="0"'
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="{index + 2}" name="{_NAMES[index]}"/>'
        f'<p:cNvSpPr><a:spLocks noGrp="1"/></p:cNvSpPr><p:nvPr><p:ph {kind}/></p:nvPr></p:nvSpPr><p:spPr>'
        f'<a:xfrm><a:off x="{emu(box.x)}" y="{emu(box.y)}"/>'
        f'<a:ext cx="{emu(box.width)}" cy="{emu(box.height)}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
        '</p:spPr><p:txBody><a:bodyPr lIns="0" tIns="0" rIns="0" bIns="0" anchor="t"><a:noAutofit/></a:bodyPr>'
        "<a:lstStyle>"
        f'<a:lvl1pPr marL="0" indent="0" algn="l"><a:spcBef><a:spcPts val="0"/></a:spcBef><a:buNone/>'
        f'<a:defRPr sz="{round(75 * size)}"{bold}>{filled(color)}</a:defRPr></a:lvl1pPr></a:lstStyle>'
        f'<a:p><a:r><a:rPr lang="en-US"/><a:t>{_NAMES[index]}</a:t></a:r></a:p></p:txBody></p:sp>'
    )


_ACROSS = WIDTH - 2 * EDGE
_TITLE = _holder(0, Box(EDGE, 58, _ACROSS, 80), 30, is_bold=True, color=LIGHT.ink)
_REST = (
    _holder(SECTION, Box(EDGE, 34, 700, 20), 13)
    + _holder(FINDING, Box(EDGE, 142, _ACROSS, 50), 18)
    + _holder(CAPTION, Box(EDGE, 660, _ACROSS - 224, 34), 12)
)
_LAYOUTS = {
    OPENING: _holder(0, Box(EDGE, 220, _ACROSS, 210), 56, is_bold=True, color=LIGHT.ink)
    + _holder(FINDING, Box(EDGE, 446, _ACROSS, 64), 24)
    + _holder(CAPTION, Box(EDGE, 640, _ACROSS, 40), 15),
    CHARTS: _TITLE + _REST,
    POINTS: _TITLE + _REST + _holder(BULLETS, Box(WIDTH - EDGE - 316, 208, 316, 430), 17, color=LIGHT.ink),
}


def empty(accent: str) -> Any:
    """Make the presentation without slides."""
    show = Presentation()
    show.slide_width, show.slide_height = Emu(emu(WIDTH)), Emu(emu(HEIGHT))
    master = show.slide_master
    for place, layout in enumerate(list(show.slide_layouts)):
        if place >= len(_LAYOUTS):
            show.slide_layouts.remove(layout)
    for layout, (name, holders) in zip(show.slide_layouts, _LAYOUTS.items(), strict=True):
        layout.name = name
        bar = _bar(accent, Box(EDGE, 196, 64, 6)) if name == OPENING else ""
        _put(layout.shapes.element, bar + holders)
        layout._element.attrib.pop("type", None)  # noqa: SLF001  # the old layouts' kinds are not ours
    _put(master.shapes.element, _TITLE + _holder(BULLETS, Box(EDGE, 208, _ACROSS, 430), 17, color=LIGHT.ink).replace(
        f'type="body" sz="quarter" idx="{BULLETS}"', 'type="body" idx="1"'))  # fmt: skip
    _put_styles(master)
    _put_theme(master, accent)
    _leave_out(show)
    return show


def _put(tree: Any, shapes: str) -> None:
    for old in tree.xpath("./p:sp|./p:pic|./p:cxnSp|./p:grpSp|./p:graphicFrame"):
        tree.remove(old)
    for shape in parse_xml(f"<p:spTree {_SPACES}>{shapes}</p:spTree>".encode()):
        tree.append(shape)


def _bar(color: str, box: Box) -> str:
    return (
        '<p:sp><p:nvSpPr><p:cNvPr id="40" name="Accent"/><p:cNvSpPr/><p:nvPr userDrawn="1"/></p:nvSpPr><p:spPr>'
        f'<a:xfrm><a:off x="{emu(box.x)}" y="{emu(box.y)}"/>'
        f'<a:ext cx="{emu(box.width)}" cy="{emu(box.height)}"/></a:xfrm>'
        f'<a:prstGeom prst="rect"><a:avLst/></a:prstGeom>{filled(color)}<a:ln><a:noFill/></a:ln></p:spPr></p:sp>'
    )


def _put_styles(master: Any) -> None:
    styles = master._element.find("{*}txStyles")  # noqa: SLF001  # python-pptx shows no styles
    title = f'<a:lvl1pPr algn="l"><a:buNone/><a:defRPr sz="2250" b="1">{filled(LIGHT.ink)}</a:defRPr></a:lvl1pPr>'
    new = (
        f"<p:txStyles {_SPACES}><p:titleStyle>{title}</p:titleStyle><p:bodyStyle>{_LEVELS}</p:bodyStyle>"
        f"<p:otherStyle>{_LEVELS}</p:otherStyle></p:txStyles>"
    )
    styles.getparent().replace(styles, parse_xml(new.encode()))


def _put_theme(master: Any, accent: str) -> None:
    part = master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    theme = parse_xml(part.blob)
    space = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
    accents = [accent, LIGHT.slate, *CATEGORIES[:4]]
    colors = {
        "dk1": LIGHT.ink, "lt1": LIGHT.paper, "dk2": LIGHT.muted, "lt2": LIGHT.wash,
        **{f"accent{place}": color for place, color in enumerate(accents, start=1)},
        "hlink": LIGHT.ink, "folHlink": LIGHT.muted,
    }  # fmt: skip
    for name, color in colors.items():
        slot = next(theme.iter(f"{space}{name}"))
        for old in list(slot):
            slot.remove(old)
        slot.append(parse_xml(
            f'<a:srgbClr xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" val="{color[1:].upper()}"/>'
            .encode()
        ))  # fmt: skip
    for kind in ("majorFont", "minorFont"):
        next(theme.iter(f"{space}{kind}")).find(f"{space}latin").set("typeface", _FONT)
    part.blob = serialize_part_xml(theme)


def _leave_out(show: Any) -> None:
    """Leave out what the default presentation brings along: a thumbnail and a printer's settings."""
    for part in (show.part, show.part.package):
        for mark, relation in list(part._rels.items()):  # noqa: SLF001  # python-pptx drops only what it counts
            if relation.reltype.endswith(("/thumbnail", "/printerSettings")):
                part._rels.pop(mark)  # noqa: SLF001
