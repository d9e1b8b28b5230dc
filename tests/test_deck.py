"""The deck: where everything stands, what is said, and what is in the files."""

import io
import json
import re
import struct
import zipfile
import zlib
from base64 import b64decode, b64encode
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from itertools import combinations

import pandas as pd
import pytest
from decks import (
    AS_OF,
    HOSTILE,
    LINK,
    TITLES,
    board,
    days,
    deck,
    decks,
    exhibit,
    forecast,
    full,
    is_close,
    mix,
    pick,
    picks,
    table,
    velocity,
)
from lxml import etree
from pptx import Presentation
from pptx.util import Emu

from trendlib.errors import ConfigError, PictureError
from trendlib.show import charts
from trendlib.show.deck import Brand, Link, Slide, save
from trendlib.show.deck.boxes import HEIGHT, WIDTH, planned
from trendlib.show.deck.drawing import Box, needs, sized
from trendlib.show.deck.letters import fitted, width
from trendlib.show.deck.pages import html_page
from trendlib.show.deck.powerpoint import powerpoint
from trendlib.show.deck.tables import grid

DECKS = decks()
ZERO_DAY = datetime(1899, 12, 30)  # noqa: DTZ001  # as a spreadsheet counts
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"


def shown(one):
    return list(Presentation(io.BytesIO(powerpoint(one))).slides)


def everything(shapes):
    for shape in shapes:
        yield shape
        if shape.shape_type == 6:
            yield from everything(shape.shapes)


def charts_of(slide):
    return [shape.chart for shape in everything(slide.shapes) if getattr(shape, "has_chart", False) and shape.has_chart]


def series_of(slide, name):
    return next(one for chart in charts_of(slide) for plot in chart.plots for one in plot.series if one.name == name)


def points(series, tag):
    cache = series._element.find(f"{CHART}{tag}")  # noqa: SLF001  # python-pptx reads no x of a scatter
    return [float(value.text) for value in cache.iter(f"{CHART}v")]


def known(values):
    return [value for value in values if value is not None]


def pairs_that_touch(boxes):
    return [
        (one, other)
        for one, other in combinations(boxes, 2)
        if min(one.right, other.right) - max(one.x, other.x) > 0.5
        and min(one.bottom, other.bottom) - max(one.y, other.y) > 0.5
    ]


# Where everything stands


def boxes_of(slide, caption):
    plan = planned(slide, caption)
    placed = [
        plan.section,
        plan.title,
        plan.finding,
        plan.caveat,
        plan.caption,
        *(one.heading for one in plan.pictures),
    ]
    others = [plan.page, plan.links, plan.points.box if plan.points else None, *(one.box for one in plan.pictures)]
    return [one.box for one in placed if one] + [box for box in others if box]


@pytest.mark.parametrize("name", [*DECKS, "60 picks"])
def test_nothing_on_a_slide_overlaps_or_leaves_it(name):
    one = picks(60) if name == "60 picks" else DECKS[name]
    for slide in one.shown_slides:
        boxes = boxes_of(slide, one.caption(slide))
        assert pairs_that_touch(boxes) == []
        for box in boxes:
            assert box.x >= 0 <= box.y, slide.title[:40]
            assert box.right <= WIDTH, slide.title[:40]
            assert box.bottom <= HEIGHT, slide.title[:40]
            assert min(box.width, box.height) > 10, slide.title[:40]


@pytest.mark.parametrize("text", TITLES.values(), ids=TITLES)
def test_words_are_measured_and_fit_their_box(text):
    plan = planned(full(text), text)
    for placed in (plan.section, plan.title, plan.finding, plan.caveat, plan.caption):
        assert placed.words.height <= placed.box.height + 0.1
        lines = [width(line, placed.words.size, is_bold=placed is plan.title) for line in placed.words.lines]
        assert max(lines) <= placed.box.width
    room = plan.points.box
    assert sum(point.height for point in plan.points.points) <= room.height
    assert len(plan.points.points) + plan.points.left_out == 9


@pytest.mark.parametrize("name", DECKS)
def test_shapes_in_powerpoint_stand_apart_and_on_the_slide(name):
    for slide in shown(DECKS[name]):
        own = [shape for shape in slide.shapes if not shape.has_chart or shape.shape_type == 6]
        boxes = [Box(*(side / 9525 for side in (one.left, one.top, one.width, one.height))) for one in own]
        for box in boxes:
            assert box.x > -1 < box.y
            assert box.right < WIDTH + 1
            assert box.bottom < HEIGHT + 1
        # What is drawn on a heat map stands on it: PowerPoint takes no table into a group.
        if not any(shape.has_table and not shape.table.cell(0, 0).text for shape in slide.shapes if shape.has_table):
            assert pairs_that_touch(boxes) == []


def test_pictures_are_arranged_so_that_they_are_as_large_as_can_be():
    beside = planned(pick(exhibits=[velocity(), mix()]), "")
    assert [framed.size is not None for framed in beside.pictures] == [True, True]
    first, *others = planned(Slide(title="Three", exhibits=[velocity(), mix(), forecast()]), "").pictures
    assert all(first.box.width >= other.box.width for other in others)
    assert all(framed.size is not None for framed in (first, *others))


def test_a_heading_that_the_title_says_already_is_left_out():
    (framed,) = planned(Slide(title="Velocity", exhibits=[velocity()]), "").pictures
    assert framed.heading is None
    (framed,) = planned(Slide(title="Another", exhibits=[velocity()]), "").pictures
    assert framed.heading.words.text == "Velocity"


def test_words_shrink_first_and_lose_their_end_then():
    assert fitted("short", 500, 2, [30, 20]).size == 30
    assert fitted("some longer words " * 4, 500, 2, [30, 20]).size == 20
    cut = fitted("far too many words " * 40, 500, 2, [30, 20])
    assert (cut.is_cut, len(cut.lines), cut.lines[-1][-1]) == (True, 2, "…")
    dated = "catch them early 14 Nov to 15 Nov, or so"
    lines = [fitted(dated, room, 20, [20]).lines for room in range(100, 500, 7)]
    assert all(" ".join(one) == dated for one in lines)
    assert not [line for one in lines for line in one if line.endswith(("14", "15"))]  # no date over two lines


def test_few_rows_stay_together_however_much_room_there_is():
    rows = pd.DataFrame({"title": ["One"], "artist": ["A"], "growth_rate": [2.0], "growth_low": [1.5],
                         "growth_high": [3.0], "status": ["ok"]})  # fmt: skip
    one, many = (charts.leaderboard(pd.concat([rows] * count)) for count in (1, 12))
    room = Box(0, 0, 1000, 500)
    assert sized(needs(one), room).height < 200 < sized(needs(many), room).height


def test_bullets_without_room_are_counted_and_stand_in_the_notes():
    one = deck(Slide(title="Points", bullets=[f"Point {place}: {TITLES['long']}" for place in range(20)]))
    assert re.search(r"and \d+ more in the notes", html_page(one).decode())
    notes = shown(one)[1].notes_slide.notes_text_frame.text
    assert [f"• Point {place}: A title" in notes for place in range(20)] == [True] * 20


# Tables


def test_a_small_table_is_written_large_and_whole():
    laid = grid(pd.DataFrame({"title": ["First Class"], "total_uses": [42_200]}), Box(0, 0, 600, 300))
    assert (laid.heads, laid.rows) == (["title", "uses"], [["First Class", "42,200"]])
    assert (laid.size, laid.numbers, laid.rest) == (16, [False, True], "")


def test_long_words_are_wrapped_before_anything_is_left_out():
    frame = pd.DataFrame({"title": ["First Class"] * 4, "advice": ["read its counter daily for eight days " * 4] * 4})
    laid = grid(frame, Box(0, 0, 600, 400))
    assert laid.rest == ""
    assert laid.rows[0][1].endswith("eight days")
    assert laid.height <= 400
    assert sum(laid.widths) <= 600 + 0.1


def test_what_a_table_leaves_out_is_said():
    frame = pd.DataFrame({f"column_{place}": ["some words here"] * 60 for place in range(12)})
    laid = grid(frame, Box(0, 0, 500, 200))
    assert laid.rest == f"{len(laid.rows)} of 60 rows, {len(laid.heads)} of 12 columns"
    assert laid.height <= 200
    assert sum(laid.widths) <= 500
    assert grid(frame.iloc[:0], Box(0, 0, 500, 200)).rest == "no rows"


def test_a_status_in_a_table_has_its_sign():
    laid = grid(pd.DataFrame({"status": ["counter_only", "not enough coverage", None]}), Box(0, 0, 500, 200))
    assert [row[0] for row in laid.rows] == ["◆ counter only", "× not enough coverage", "· status unknown"]


# What is said


def test_every_slide_says_as_of_when_and_from_where():
    one = deck(pick(), Slide(title="Words", bullets=["One"], source="the watchlist"), is_practice=True)
    texts = [" ".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame) for slide in shown(one)]
    for text in texts:
        assert "Practice data: a made-up world" in text
        assert "As of Wed 20 Apr 2022, 00:00 UTC" in text
    assert "1,234 posts listed by TikLiveAPI" in texts[1]
    assert "the watchlist" in texts[2]


@pytest.mark.parametrize("name", DECKS)
def test_every_slide_has_a_title_notes_and_words_for_what_is_not_text(name):
    for slide in shown(DECKS[name]):
        assert slide.shapes.title is not None
        assert slide.notes_slide.notes_text_frame.text
        for shape in everything(slide.shapes):
            about = shape._element.xpath(".//p:cNvPr")[0]  # noqa: SLF001  # python-pptx shows no alt text
            is_decoration = "decorative" in etree.tostring(about).decode()
            assert about.get("descr") or is_decoration or shape.has_text_frame, shape.name


def test_notes_hold_what_to_say_then_source_and_numbers():
    notes = shown(deck(pick(exhibits=[velocity()])))[1].notes_slide.notes_text_frame.text
    assert notes.startswith("Ask about rights\nCaveat: The counter is rounded to 1K\n• A dozen creators carry it")
    for said in (
        "Query and source: As of Wed 20 Apr 2022",
        "Numbers: day | posts",
        "2022-02-09 | 100",
        "8 more rows",
    ):
        assert said in notes


def test_sections_are_told_to_powerpoint_and_to_the_overview():
    one = deck(pick(section="New"), pick(section="New"), pick(section="Ledger"), title="Review")
    presentation = Presentation(io.BytesIO(powerpoint(one)))
    named = re.findall(r'section [^>]*name="([^"]*)"', etree.tostring(presentation.element).decode())
    assert named == ["Review", "New", "Ledger"]
    assert re.findall(r"<h3>([^<]*)</h3>", html_page(one).decode().partition('id="overview"')[2]) == ["New", "Ledger"]


def test_only_plain_https_addresses_become_links():
    wanted = {
        LINK: LINK, f" {LINK} ": LINK, "http://www.tiktok.com/x": "", "javascript:alert(1)": "", "https://": "",
        "https://kim@evil.example/": "", 'https://www.tiktok.com/"onclick=': "", "https://[bad": "", "": "",
    }  # fmt: skip
    assert {url: Link("a", url).target for url in wanted} == wanted


# What is in the files


def test_a_deck_is_saved_as_its_ending_says(tmp_path):
    one = deck(pick())
    assert save(one, tmp_path / "out" / "review.html").read_bytes() == html_page(one)
    assert save(one, tmp_path / "review.pptx").read_bytes() == powerpoint(one)
    with pytest.raises(ConfigError, match="html, pptx, pdf"):
        save(one, tmp_path / "review.docx")


@pytest.mark.parametrize("name", DECKS)
def test_the_same_deck_gives_the_same_bytes(name):
    assert html_page(DECKS[name]) == html_page(DECKS[name])
    first = powerpoint(DECKS[name])
    assert first == powerpoint(DECKS[name])
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {about.date_time for about in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("name", DECKS)
def test_ids_in_powerpoint_are_used_once_and_every_part_is_sound_xml(name):
    with zipfile.ZipFile(io.BytesIO(powerpoint(DECKS[name]))) as archive:
        assert len(archive.namelist()) == len(set(archive.namelist()))
        for part in archive.namelist():
            if part.endswith((".xml", ".rels")):
                tree = etree.fromstring(archive.read(part))
                ids = tree.xpath("//*[local-name()='cNvPr']/@id")
                assert len(ids) == len(set(ids)), part


def test_bars_and_lines_of_native_charts_are_the_frames_numbers():
    frame = velocity().frame
    slide = shown(deck(pick(exhibits=[velocity()])))[1]
    bars = series_of(slide, "posts")
    first = (frame["day"].iloc[0].tz_localize(None) - ZERO_DAY) / timedelta(days=1)
    places = [value - first for value in points(bars, "cat")]
    assert places == list(range(20))
    told = dict(zip(places, bars.values, strict=True))
    assert [told[place] for place in range(20)] == [None if pd.isna(value) else value for value in frame["posts"]]


def test_dots_and_intervals_of_native_charts_are_the_frames_numbers():
    frame = board().frame
    slide = shown(deck(Slide(title="Board", exhibits=[board()])))[1]
    names = [one.name for chart in charts_of(slide) for plot in chart.plots for one in plot.series]
    dots, intervals = ([name for name in names if ("interval" in name) is is_one] for is_one in (False, True))
    drawn = [value for name in dots for value in points(series_of(slide, name), "xVal")]
    assert all(any(is_close(value, other) for other in drawn) for value in frame["growth_rate"])
    ends = [value for name in intervals for value in points(series_of(slide, name), "xVal")]
    for side in ("growth_low", "growth_high"):
        assert all(any(is_close(value, other) for other in ends) for value in frame[side])


def test_a_forecast_is_native_to_its_last_horizon():
    slide = shown(deck(Slide(title="Ahead", exhibits=[forecast()])))[1]
    paces = forecast().frame["uses_next"] / forecast().frame["days"]
    line = known(series_of(slide, "forecast").values)
    assert is_close(line[-1], paces.iloc[-1])
    assert all(any(is_close(pace, value) for value in line) for pace in paces)


def test_a_heat_map_is_a_native_table_of_its_cells():
    slide = shown(deck(Slide(title="Mix", exhibits=[mix()])))[1]
    sizes = [(len(shape.table.rows), len(shape.table.columns)) for shape in slide.shapes if shape.has_table]
    assert (2, 14) in sizes


def test_a_native_chart_can_be_edited_its_workbook_says_what_it_shows():
    for chart in charts_of(shown(deck(pick(exhibits=[velocity(), board()])))[1]):
        with zipfile.ZipFile(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob)) as book:
            cells = etree.fromstring(book.read("xl/worksheets/sheet1.xml"))
        written = {cell.get("r"): "".join(cell.itertext()) for cell in cells.iter("{*}c")}
        for reference in chart._chartSpace.iter(f"{CHART}numRef", f"{CHART}strRef"):  # noqa: SLF001  # no other way to a cache
            column, row = re.match(r"Sheet1!\$([A-Z]+)\$(\d+)", reference.find(f"{CHART}f").text).groups()
            for point in reference.iter(f"{CHART}pt"):
                assert written[f"{column}{int(row) + int(point.get('idx'))}"] == point.find(f"{CHART}v").text


def test_what_is_not_covered_is_never_a_number():
    hidden = days(10, [None] * 10)
    one = exhibit("velocity", hidden, partial(charts.velocity, hidden))
    assert charts_of(shown(deck(Slide(title="Unknown", exhibits=[one])))[1]) == []


def test_titles_and_placeholders_are_real():
    presentation = Presentation(io.BytesIO(powerpoint(deck(pick()))))
    assert [layout.name for layout in presentation.slide_layouts] == [
        "Opening", "Finding and charts", "Finding, charts and points"
    ]  # fmt: skip
    slide = presentation.slides[1]
    said = {holder.placeholder_format.type.name: holder.text_frame.text for holder in slide.placeholders}
    assert said["TITLE"] == "Three sounds tripled in a week"
    assert (presentation.slide_width, presentation.slide_height) == (Emu(1280 * 9525), Emu(720 * 9525))


def test_a_logo_stands_on_the_opening_slide(tmp_path):
    logo = tmp_path / "logo.png"
    logo.write_bytes(png(40, 20))
    one = deck(brand=Brand(name="The Label", logo=logo, accent="#0055aa"))
    (picture,) = (shape for shape in shown(one)[0].shapes if shape.shape_type == 13)
    assert picture.width == 2 * picture.height
    text = html_page(one).decode()
    assert 'alt="Logo of The Label"' in text
    assert "--brand: #0055aa" in text
    logo.write_bytes(b"no picture")
    with pytest.raises(ConfigError, match="logo"):
        powerpoint(one)


def png(wide, high):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = zlib.compress(b"".join(b"\0" + b"\x7f" * wide for _ in range(high)))
    head = struct.pack(">IIBBBBB", wide, high, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def unpacked(text, part):
    return zlib.decompress(b64decode(re.search(f'id="{part}">([^<]*)</script>', text)[1])).decode()


def test_an_accent_colours_charts_but_nobodys_words():
    frame = board().frame.assign(title="my #c8440c dress")
    one = exhibit("board", frame, partial(charts.leaderboard, frame))
    text = html_page(deck(Slide(title="Board", exhibits=[one]), brand=Brand(accent="#0055aa"))).decode()
    (chart,) = json.loads(unpacked(text, "charts"))["charts"]
    assert json.dumps(chart["data"]).count("#0055aa") >= 2
    assert '"#c8440c"' not in json.dumps(chart["data"])
    assert any("my #c8440c dress" in note["text"] for note in chart["layout"]["annotations"])


# Strangers' words, and what is refused


def test_other_peoples_words_are_only_words():
    text = html_page(deck(pick(HOSTILE, bullets=[HOSTILE]), full(HOSTILE), title=HOSTILE)).decode()
    for markup in ("<script>alert", "<img src=x", "</script><script>"):
        assert markup not in text
    assert set(re.findall(r'<a href="(?!#)([^"]*)" rel', text)) == {LINK}
    assert text.count("<script") == 3
    assert shown(deck(pick(HOSTILE)))[1].shapes.title.text.startswith("</script><script>alert(1)")


def test_the_page_runs_its_own_two_scripts_and_asks_for_nothing():
    text = html_page(deck(pick())).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert "default-src 'none'" in policy
    assert re.fullmatch(r"script-src( 'sha256-[A-Za-z0-9+/=]+'){2}", re.search(r"script-src[^;]*", policy)[0])
    assert len(text) < 3_000_000
    assert re.match(r"/\*\*\n\* plotly\.js v", unpacked(text, "library"))
    assert f"'sha256-{b64encode(sha256(unpacked(text, 'library').encode()).digest()).decode()}'" in policy
    assert not re.findall(r'<(?:link|iframe|object|embed)\b|<(?:img|script)[^>]* src="(?!data:)', text)


def test_a_table_stands_behind_every_chart():
    text = html_page(deck(pick(exhibits=[velocity(), mix()]))).decode()
    assert text.count('data-chart="') == text.count("<details") == 2
    assert text.count("<table") == 2


def test_a_deck_without_slides_says_so():
    assert "Nothing to show yet" in html_page(deck()).decode()
    assert shown(deck())[1].shapes.title.text == "Nothing to show yet"


def test_what_cannot_be_shown_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="#rrggbb"):
        Brand(accent="orange")
    with pytest.raises(ConfigError, match="logo"):
        Brand(logo=tmp_path / "none.png")
    with pytest.raises(ConfigError, match="at most 4"):
        pick(exhibits=[table()] * 5)


def test_a_pdf_without_a_browser_is_a_sentence_with_a_remedy(tmp_path, monkeypatch):
    (tmp_path / "choreographer.py").write_text("raise ImportError('not here')", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(PictureError, match="pip install kaleido"):
        save(deck(pick()), tmp_path / "review.pdf")
    assert not (tmp_path / "review.pdf").exists()


def test_as_of_is_all_that_a_file_says_of_time():
    about = Presentation(io.BytesIO(powerpoint(deck(pick())))).core_properties
    assert {about.created, about.modified, about.last_printed} == {AS_OF.replace(tzinfo=None)}


def test_words_from_right_to_left_keep_to_themselves():
    said = "With: #tag1 4×, #أغنية_الصيف 2.8×, new"
    page = html_page(deck(pick(said, bullets=[said]))).decode()
    assert page.count("4×, \u2068#أغنية_الصيف\u2069 2.8×, new") >= 3
    slide = shown(deck(pick(said, bullets=[said])))[1]
    assert slide.shapes.title.text == "With: #tag1 4×, \u2068#أغنية_الصيف\u2069 2.8×, new"


def test_a_point_is_led_by_its_first_words():
    page = html_page(deck(pick(bullets=["Next: about 450 uses"]))).decode()
    assert "<li><b>Next:</b> about 450 uses</li>" in page
    slide = shown(deck(pick(bullets=["Next: about 450 uses"])))[1]
    (runs,) = (one.runs for shape in slide.placeholders for one in shape.text_frame.paragraphs if "Next" in one.text)
    assert [(run.text, run.font.bold) for run in runs] == [("Next: ", True), ("about 450 uses", False)]


def test_a_link_is_the_box_around_its_words():
    slide = shown(deck(pick(links=[Link("one", LINK), Link("none", "ftp://x.example")])))[1]
    found = {
        shape.text_frame.text: shape.click_action.hyperlink.address for shape in slide.shapes if shape.has_text_frame
    }
    assert (found["one"], found["none"]) == (LINK, None)


def test_a_slide_is_read_out_from_its_title_over_its_pictures_to_its_source():
    words = {"caveat": "Small numbers", "links": [Link("one", LINK)], "bullets": ["a point"]}
    one = shown(deck(pick(exhibits=[velocity()], **words)))[1]
    said = [shape.text_frame.text if shape.has_text_frame else "picture" for shape in one.shapes]
    wanted = [one.shapes.title.text, "Velocity", "picture", "a point", "Caveat: Small numbers", "one"]
    assert [text for text in said if text in wanted] == wanted
    assert said[-2].startswith("As of")
    assert said[-1] == "2"
