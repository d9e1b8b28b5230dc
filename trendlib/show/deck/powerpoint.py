"""A deck as a PowerPoint file: native charts and tables, real layouts, notes, the same bytes each time."""

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC
from itertools import count
from typing import Any

import plotly.graph_objects as go
from pptx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from pptx.opc.packuri import PackURI
from pptx.oxml import parse_xml
from pptx.parts.chart import ChartPart
from pptx.parts.embeddedpackage import EmbeddedXlsxPart

from trendlib.errors import ConfigError
from trendlib.show.deck import boxes, template
from trendlib.show.deck.boxes import Framed, Placed, Plan, Points, opened, planned
from trendlib.show.deck.content import PRACTICE, Deck, Slide, led, said_of
from trendlib.show.deck.drawing import Box, Drawing, prepared
from trendlib.show.deck.native import NativeChart, native
from trendlib.show.deck.panels import taken_apart
from trendlib.show.deck.shapes import PX, Run, drawn, emu, escaped, gridded, heated, noted, paragraph, words
from trendlib.show.deck.tables import grid
from trendlib.show.deck.workbook import zipped
from trendlib.show.theme import LIGHT, plain_text

_SECTIONS = "http://schemas.microsoft.com/office/powerpoint/2010/main"


def powerpoint(deck: Deck) -> bytes:
    """Write a deck as pptx."""
    show = template.empty(deck.brand.accent)
    _open(show, deck)
    charts = count(1)
    for place, slide in enumerate(deck.shown_slides, start=2):
        _Sheet(show, deck, slide, charts).write(place)
    _divide(show, deck)
    about = show.core_properties
    about.title, about.subject = plain_text(deck.title, 200), plain_text(deck.subtitle, 200)
    about.author = about.last_modified_by = plain_text(deck.brand.name, 100)
    about.created = about.modified = about.last_printed = deck.as_of.astimezone(UTC).replace(tzinfo=None)
    about.revision, about.keywords, about.comments = 1, "", plain_text(deck.caption(Slide(title="")), 400)
    file = io.BytesIO()
    show.save(file)
    with zipfile.ZipFile(file) as archive:
        return zipped({name: archive.read(name) for name in archive.namelist()})


def _open(show: Any, deck: Deck) -> None:
    slide = show.slides.add_slide(show.slide_layouts.get_by_name(template.OPENING))
    plan = opened(deck)
    holders = {holder.placeholder_format.idx: holder for holder in slide.placeholders}
    _say(holders[0], plan.title, LIGHT.ink, is_bold=True)
    _say(holders[template.FINDING], plan.subtitle, LIGHT.muted)
    _say(holders[template.CAPTION], plan.caption, LIGHT.muted)
    if deck.brand.logo is not None and deck.brand.logo_type != "image/svg+xml":
        _put_logo(slide, deck, plan.logo)
    if plan.name is not None:
        name = Run(plan.name.words.text, plan.name.words.size, LIGHT.ink, is_bold=True)
        slide.shapes.element.append(_xml(words(plan.name.box, [paragraph([name])], 90)))
    slide.notes_slide.notes_text_frame.text = "\n".join(deck.opening_notes())


def _put_logo(slide: Any, deck: Deck, room: Box) -> None:
    try:
        picture = slide.shapes.add_picture(str(deck.brand.logo), 0, 0)
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read the logo {deck.brand.logo}: {error}; give a png or jpg") from error
    scale = min(emu(room.width) / picture.width, emu(room.height) / picture.height)
    picture.width, picture.height = round(scale * picture.width), round(scale * picture.height)
    picture.left, picture.top = emu(room.right) - picture.width, emu(room.y)
    picture.name = "Logo"
    _describe(picture, f"Logo of {plain_text(deck.brand.name, 60)}")


def _describe(shape: Any, said: str) -> None:
    about = shape._element.xpath(".//p:cNvPr")[0]  # noqa: SLF001  # python-pptx has no other way to an alt text
    about.set("descr", escaped(said).replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"))


def _remove(holder: Any) -> None:
    element = holder._element  # noqa: SLF001  # nor to take a placeholder away
    element.getparent().remove(element)


def _xml(text: str) -> Any:
    return parse_xml(text.encode())


def _say(holder: Any, placed: Placed | None, color: str, *, is_bold: bool = False) -> None:
    """Fill a placeholder, put in its place, its letters as large as they were measured; one without words goes."""
    if placed is None:
        _remove(holder)
        return
    _fill(holder, placed.box, [paragraph([Run(placed.words.text, placed.words.size, color, is_bold)])])


def _fill(holder: Any, box: Box, paragraphs: Sequence[str]) -> None:
    holder.left, holder.top, holder.width, holder.height = (emu(side) for side in (box.x, box.y, box.width, box.height))
    body = holder.text_frame._txBody  # noqa: SLF001  # ready paragraphs are written whole
    for old in body.findall("{*}p"):
        body.remove(old)
    space = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="' + _RELATIONS + '"'
    for text in paragraphs:
        body.append(_xml(text.replace("<a:p>", f"<a:p {space}>", 1)))


_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


class _Sheet:
    """One slide being written."""

    def __init__(self, show: Any, deck: Deck, slide: Slide, charts: Iterator[int]) -> None:
        self._deck, self._slide, self._charts = deck, slide, charts
        name = template.POINTS if slide.bullets else template.CHARTS
        self._sheet = show.slides.add_slide(show.slide_layouts.get_by_name(name))
        self._plan: Plan = planned(slide, deck.caption(slide))
        self._numbers: Iterator[int] = iter(range(100, 1_000_000))

    def write(self, page: int) -> None:
        """Write everything in its place, in the order in which it is read out."""
        plan, deck = self._plan, self._deck
        holders = {holder.placeholder_format.idx: holder for holder in self._sheet.placeholders}
        _say(holders[0], plan.title, LIGHT.ink, is_bold=True)
        _say(holders[template.SECTION], plan.section, LIGHT.muted)
        _say(holders[template.FINDING], plan.finding, LIGHT.muted)
        for framed in plan.pictures:
            self._picture(framed)
        if plan.points is not None:
            _fill(holders[template.BULLETS], plan.points.box, _bulleted(plan.points))
            self._add_last(holders[template.BULLETS])
        if plan.caveat is not None:
            self._add(words(plan.caveat.box, [paragraph([Run(line, plan.caveat.words.size, LIGHT.ink)])
                                              for line in plan.caveat.words.lines], next(self._numbers)))  # fmt: skip
        self._link()
        _say(holders[template.CAPTION], plan.caption, LIGHT.muted)
        self._add_last(holders[template.CAPTION])
        if deck.is_made_up:
            tag = Run(PRACTICE, 12, LIGHT.ink, is_bold=True)
            self._add(
                words(Box(boxes.WIDTH - boxes.EDGE - 160, 34, 160, 18), [paragraph([tag], "r")], next(self._numbers))
            )
        foot = " · ".join(part for part in (plain_text(deck.brand.name, 24), str(page)) if part)
        self._add(words(plan.page, [paragraph([Run(foot, 12, LIGHT.muted)], "r")], next(self._numbers)))
        self._sheet.notes_slide.notes_text_frame.text = "\n".join(deck.notes(self._slide))

    def _add_last(self, holder: Any) -> None:
        self._sheet.shapes.element.append(holder._element)  # noqa: SLF001  # a placeholder comes with the slide

    def _add(self, xml: str, parent: Any = None) -> None:
        (self._sheet.shapes if parent is None else parent).element.append(_xml(xml))

    def _link(self) -> None:
        if self._plan.links is None:
            return
        for link, placed in zip(self._slide.links, boxes.linked(self._slide, self._plan.links), strict=False):
            target = link.target
            mark = self._sheet.part.relate_to(target, RELATIONSHIP_TYPE.HYPERLINK, is_external=True) if target else ""
            run = Run(placed.words.text, placed.words.size, LIGHT.ink, is_underlined=bool(target))
            self._add(words(placed.box, [paragraph([run])], next(self._numbers), link=mark))

    def _picture(self, framed: Framed) -> None:
        if framed.heading is not None:
            heading = Run(framed.heading.words.text, framed.heading.words.size, LIGHT.ink, is_bold=True)
            self._add(words(framed.heading.box, [paragraph([heading])], next(self._numbers)))
        bare = framed.exhibit.bare
        if bare is None or framed.size is None:
            self._table(framed)
        else:
            sheet = prepared(bare, self._deck.brand.accent, framed.size)
            self._chart(framed, taken_apart(go.Figure(sheet), framed.size))

    def _table(self, framed: Framed) -> None:
        table, box = grid(framed.exhibit.table, framed.box), framed.box
        name = plain_text(framed.exhibit.title, 100)
        self._add(gridded(table, box, next(self._numbers), name, said_of(framed.exhibit)))
        if table.rest:
            below = Box(box.x, box.y + table.height + 6, box.width, 16)
            self._add(words(below, [paragraph([Run(table.rest, 12, LIGHT.muted)])], next(self._numbers)))

    def _chart(self, framed: Framed, drawing: Drawing) -> None:
        scale, box, said = drawing.size.scale, framed.box, said_of(framed.exhibit)
        # A group keeps what is written around a chart beside it; PowerPoint takes no table into one.
        group = self._sheet.shapes if drawing.cells else self._group(box, framed, said)
        start = len(group.element)
        for outline in drawing.outlines:
            if outline.is_below:
                self._add(drawn(outline, scale, next(self._numbers)), group)
        for cells in drawing.cells:
            place = Box(scale * cells.box.x, scale * cells.box.y, scale * cells.box.width, scale * cells.box.height)
            self._add(heated(cells, place, next(self._numbers), said), group)
        for panel in drawing.panels:
            self._native(panel, drawing, group, said)
        for outline in drawing.outlines:
            if not outline.is_below:
                self._add(drawn(outline, scale, next(self._numbers)), group)
        for note in drawing.notes:
            self._add(noted(note, scale, next(self._numbers)), group)
        if drawing.cells:
            _shift(group.element[start:], box)

    def _group(self, box: Box, framed: Framed, said: str) -> Any:
        group = self._sheet.shapes.add_group_shape()
        group.name = plain_text(framed.exhibit.title, 100)
        _describe(group, said)
        # Inside the group everything stands where it stands in the figure.
        size = f'cx="{emu(box.width)}" cy="{emu(box.height)}"'
        space = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
        properties = group.shapes.element.grpSpPr
        for old in list(properties):
            properties.remove(old)
        properties.append(_xml(
            f'<a:xfrm {space}><a:off x="{emu(box.x)}" y="{emu(box.y)}"/><a:ext {size}/>'
            f'<a:chOff x="0" y="0"/><a:chExt {size}/></a:xfrm>'
        ))  # fmt: skip
        return group.shapes

    def _native(self, panel: Any, drawing: Drawing, group: Any, said: str) -> None:
        scale = drawing.size.scale
        chart = native(panel, scale, drawing.notes)
        place = [round(PX * scale * side) for side in (chart.box.x, chart.box.y, chart.box.width, chart.box.height)]
        mark = self._sheet.part.relate_to(_charted(chart, next(self._charts), self._sheet.part.package),
                                          RELATIONSHIP_TYPE.CHART)  # fmt: skip
        name = ", ".join(one.name for one in panel.series[:3])
        x, y, wide, high = place
        self._add(template.CHART.substitute(
            number=next(self._numbers), name=_attribute(name), said=_attribute(f"{said} Series: {name}"), mark=mark,
            x=x, y=y, width=wide, height=high,
        ), group)  # fmt: skip


def _charted(chart: NativeChart, number: int, package: Any) -> Any:
    """Make the part of a chart under a name of ours: python-pptx looks through all parts to find a free one."""
    name = PackURI(f"/ppt/embeddings/Microsoft_Excel_Sheet{number}.xlsx")
    part = ChartPart.load(PackURI(f"/ppt/charts/chart{number}.xml"), CONTENT_TYPE.DML_CHART, package, chart.xml)
    part.chart_workbook.xlsx_part = EmbeddedXlsxPart(name, EmbeddedXlsxPart.content_type, package, chart.workbook)
    return part


def _attribute(text: str) -> str:
    return escaped(text).replace('"', "&quot;")


def _shift(elements: Sequence[Any], box: Box) -> None:
    for element in elements:
        for corner in element.iter("{http://schemas.openxmlformats.org/drawingml/2006/main}off"):
            corner.set("x", str(int(corner.get("x")) + emu(box.x)))
            corner.set("y", str(int(corner.get("y")) + emu(box.y)))


def _bulleted(points: Points) -> list[str]:
    space = f'<a:spcAft><a:spcPts val="{round(75 * 0.55 * points.size)}"/></a:spcAft>'
    sign = '<a:buFont typeface="Arial"/><a:buChar char="•"/>'
    indent = emu(18)
    said = [
        paragraph([Run(lead, points.size, LIGHT.ink, is_bold=True), Run(rest, points.size, LIGHT.ink)][not lead :],
                  spacing=space + sign)
        for lead, rest in map(led, (point.text for point in points.points))
    ]  # fmt: skip
    written = [one.replace("<a:pPr ", f'<a:pPr marL="{indent}" indent="-{indent}" ', 1) for one in said]
    if points.left_out:
        more = Run(f"and {points.left_out} more in the notes", points.size - 1, LIGHT.muted)
        written.append(paragraph([more]))
    return written


def _divide(show: Any, deck: Deck) -> None:
    """Tell PowerPoint of the sections: each run of slides under one word."""
    ids = [slide.slide_id for slide in show.slides]
    sections: list[tuple[str, list[int]]] = [(plain_text(deck.title, 60) or "Deck", ids[:1])]
    for slide, number in zip(deck.shown_slides, ids[1:], strict=True):
        name = plain_text(slide.section, 60)
        if name and name != sections[-1][0]:
            sections.append((name, []))
        sections[-1][1].append(number)
    if len(sections) < 2:
        return
    listed = "".join(
        f'<p14:section name="{_attribute(name)}" id="{{00000000-0000-4000-8000-{place:012d}}}"><p14:sldIdLst>'
        f'{"".join(f"""<p14:sldId id="{number}"/>""" for number in numbers)}</p14:sldIdLst></p14:section>'
        for place, (name, numbers) in enumerate(sections, start=1)
    )
    space = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
    show.element.append(_xml(
        f'<p:extLst {space}><p:ext uri="{{521415D9-36F7-43E2-AB2F-B90AF26B5E84}}">'
        f'<p14:sectionLst xmlns:p14="{_SECTIONS}">{listed}</p14:sectionLst></p:ext></p:extLst>'
    ))  # fmt: skip
