"""The deck: slides of exhibits as one HTML page and as PowerPoint."""

import io
import re
from datetime import UTC, datetime
from functools import partial

import pandas as pd
import pytest
from pptx import Presentation

from trendlib.errors import ConfigError
from trendlib.show import charts
from trendlib.show.deck import Brand, Deck, Link, Slide, save
from trendlib.show.deck.pages import html_page
from trendlib.show.deck.powerpoint import powerpoint
from trendlib.show.exhibits import Exhibit

AS_OF = datetime(2022, 4, 20, tzinfo=UTC)
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>&\u202e\"'$x$" + "y" * 300


def days(count):
    return pd.DataFrame(
        {
            "day": pd.date_range("2022-02-09", periods=count, tz="UTC"),
            "posts": [100.0 + number for number in range(count)],
            "exposure_days": 1.0,
            "source": "posts",
            "is_flagged": False,
            "rounding_unit": float("nan"),
        }
    )


def exhibit(**changes):
    frame = days(20)
    settings = {
        "name": "velocity",
        "title": "Posts a day",
        "frame": frame,
        "draw": partial(charts.velocity, frame),
        "as_of": AS_OF,
        "source": "1,234 posts listed by TikLiveAPI",
        "tally": {"ok": 1},
    }
    return Exhibit(**{**settings, **changes})


def pick(title="Three sounds tripled in a week", **changes):
    settings = {
        "finding": "3.4× [2.1–5.2] the week before",
        "exhibits": [exhibit()],
        "bullets": ["A dozen creators carry it", "Not in the charts yet"],
        "links": [Link("A post", "https://www.tiktok.com/@kim/video/7081"), Link("No post", "javascript:alert(1)")],
        "caveat": "The counter is rounded to 1K",
        "section": "Breakouts",
        "notes": "Ask about rights",
    }
    return Slide(title=title, **{**settings, **changes})


def deck(*slides, **changes):
    return Deck(**{"title": "Monday review", "as_of": AS_OF, "slides": slides, **changes})


def opened(one):
    return list(Presentation(io.BytesIO(powerpoint(one))).slides)


def everything(shapes):
    for shape in shapes:
        yield shape
        if shape.shape_type == 6:
            yield from everything(shape.shapes)


def test_a_deck_is_saved_as_its_ending_says(tmp_path):
    one = deck(pick())
    assert save(one, tmp_path / "out" / "review.html").read_bytes() == html_page(one)
    assert save(one, tmp_path / "review.pptx").read_bytes() == powerpoint(one)
    with pytest.raises(ConfigError, match="html, pptx, pdf"):
        save(one, tmp_path / "review.docx")


def test_the_same_deck_gives_the_same_bytes():
    assert html_page(deck(pick())) == html_page(deck(pick()))
    assert powerpoint(deck(pick())) == powerpoint(deck(pick()))


def test_powerpoint_has_titles_notes_and_native_charts():
    opening, slide = opened(deck(pick()))
    assert (opening.shapes.title.text, slide.shapes.title.text) == ("Monday review", "Three sounds tripled in a week")
    assert any(shape.has_chart for shape in everything(slide.shapes))
    notes = slide.notes_slide.notes_text_frame.text
    for said in ("Ask about rights", "Caveat: The counter", "1,234 posts listed", "Numbers: day | posts"):
        assert said in notes


def test_a_deck_without_slides_says_so():
    assert "Nothing to show yet" in html_page(deck()).decode()
    assert opened(deck())[1].shapes.title.text == "Nothing to show yet"


def test_other_peoples_words_are_only_words():
    text = html_page(deck(pick(HOSTILE, bullets=[HOSTILE]), title=HOSTILE)).decode()
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert re.findall(r'<a href="(?!#)([^"]*)" rel', text) == ["https://www.tiktok.com/@kim/video/7081"]
    assert opened(deck(pick(HOSTILE)))[1].shapes.title.text.startswith("</script><script>alert(1)")


def test_a_brand_that_cannot_be_shown_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="#rrggbb"):
        Brand(accent="orange")
    with pytest.raises(ConfigError, match="logo"):
        Brand(logo=tmp_path / "none.png")
    with pytest.raises(ConfigError, match="at most 4"):
        pick(exhibits=[exhibit()] * 5)
