"""The song page in a browser: read, followed and unfolded by mouse and by keyboard, with nothing from outside."""

from pathlib import Path

import pytest
from browsing import Seen
from playwright.sync_api import Page, expect

from trendlib.monitor import Monitor

PARTS = ("Sounds", "Versions", "Charts", "Audience", "Creators", "Use")

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def file(practice_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    song = Monitor.of_practice(practice_home).song("cherry cola")
    return song.save(tmp_path_factory.mktemp("song") / "song.html")


@pytest.fixture
def page(seen: Seen, file: Path) -> Page:
    seen.page.goto(file.as_uri())
    return seen.page


def test_the_page_shows_every_part_and_asks_the_world_for_nothing(page: Page, seen: Seen) -> None:
    assert page.locator("h1").inner_text() == "Cherry Cola Sky · Dario Solbakke"
    assert page.locator("nav a").all_inner_texts() == list(PARTS)
    assert page.locator("section").count() == len(PARTS)
    expect(page.locator("section .main-svg").first).to_be_visible()
    assert page.locator("figure:has(.main-svg)").count() == len(PARTS) - 1  # the last part is a table
    assert "rights must be confirmed" in page.locator("section").last.inner_text()
    assert "Practice data" in page.locator(".ribbon").inner_text()
    assert not page.locator('.modebar-btn[data-title*="Share"]').count()
    assert not seen.outside
    assert not seen.errors


def test_by_mouse_one_follows_the_contents_and_unfolds_a_table(page: Page) -> None:
    charts = page.locator("section", has_text="Where Cherry Cola Sky")
    page.get_by_role("link", name="Charts").click()
    expect(charts.locator("h2")).to_be_in_viewport()
    expect(charts.locator("table")).to_be_hidden()
    charts.locator("summary").click()
    expect(charts.locator("table")).to_be_visible()


def test_by_keyboard_alone_one_follows_the_contents_and_unfolds_a_table(page: Page) -> None:
    for _ in PARTS[:4]:
        page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Audience")).to_be_focused()
    page.keyboard.press("Enter")
    audience = page.locator("section", has_text="Who hears")
    expect(audience.locator("h2")).to_be_in_viewport()
    tools = audience.locator(".modebar-btn").count()
    page.keyboard.press("Tab")
    expect(audience.locator(".modebar")).to_have_css("opacity", "1")
    for _ in range(tools):
        page.keyboard.press("Tab")
    expect(audience.locator("summary")).to_be_focused()
    page.keyboard.press("Enter")
    expect(audience.locator("table")).to_be_visible()
    expect(audience.locator("tbody tr").first).to_contain_text("country")


def test_pointing_at_a_line_says_whose_rank_it_is(page: Page) -> None:
    chart = page.locator("section", has_text="Where Cherry Cola Sky").locator("figure")
    chart.scroll_into_view_if_needed()
    chart.locator(".scatterlayer .points path").last.hover(force=True)
    expect(chart.locator(".hoverlayer .hovertext")).to_contain_text("rank")


def test_the_page_wears_the_reader_s_dark(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    expect(page.locator("body")).to_have_css("background-color", "rgb(17, 22, 28)")
    expect(page.locator("section .main-svg").first).to_have_css("background-color", "rgb(17, 22, 28)")
