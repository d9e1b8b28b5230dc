"""The track picker and the song page in JupyterLab: searched and picked by mouse, and by keyboard alone."""

from collections.abc import Iterator

import pytest
from browser.conftest import Lab
from browsing import Seen, watched
from playwright.sync_api import Browser, Locator, Page, expect

CELLS = (
    "import trendlib as tl\nmonitor = tl.open()\npicker = monitor.catalogue.picker()\npicker",
    'monitor.song("cherry cola")',
    "'ready'",
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def looked_at(lab: Lab, browser: Browser) -> Iterator[Seen]:
    """Open a picker and a song in JupyterLab, once for all tests here."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    one = watched(context)
    lab.open(one.page, lab.write("picker.ipynb", *CELLS))
    lab.run_all(one.page)
    yield one
    context.close()


@pytest.fixture
def page(looked_at: Seen) -> Page:
    """Give the page with nothing searched for."""
    looked_at.page.get_by_role("searchbox", name="Search tracks").fill("")
    return looked_at.page


def said_by_the_kernel(page: Page, code: str) -> Locator:
    """Run code in the last cell, and give what it shows."""
    cell = page.locator(".jp-CodeCell").last
    cell.locator(".cm-content").fill(code)
    page.keyboard.press("Control+Enter")
    return cell.locator(".jp-OutputArea-output pre")


def test_by_mouse_one_searches_and_picks_a_track_and_takes_its_payload(page: Page) -> None:
    page.get_by_role("searchbox", name="Search tracks").fill("polaroid")
    expect(page.locator(".tl-count")).to_have_text("1 of 20 tracks")
    page.get_by_role("option", name="Polaroid Summer").click()
    expect(page.locator(".tl-picked")).to_contain_text("Picked: Polaroid Summer")
    expect(page.locator(".tl-picked")).to_contain_text("honoured with mode managed only")
    expect(said_by_the_kernel(page, "picker.track['title']")).to_have_text("'Polaroid Summer'")
    expect(page.locator(".tl-picked pre")).to_contain_text("tiktokMusic")


def test_by_keyboard_alone_one_searches_and_picks_a_track(page: Page) -> None:
    search = page.get_by_role("searchbox", name="Search tracks")
    search.focus()
    page.keyboard.type("heart")
    page.keyboard.press("ArrowDown")
    listed = page.get_by_role("listbox")
    expect(listed).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".tl-picked")).to_contain_text("Picked: Porcelain Heart")
    expect(listed.locator('[aria-selected="true"]')).to_contain_text("Porcelain Heart")
    expect(said_by_the_kernel(page, "picker.payload")).to_contain_text("tiktokMusic")


def test_arrow_keys_walk_the_list_and_leave_the_notebook_where_it_is(page: Page) -> None:
    listed = page.get_by_role("listbox")
    listed.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(listed.locator(".tl-active")).to_have_attribute("id", listed.get_attribute("aria-activedescendant") or "")
    assert listed.locator('[role="option"]').nth(2).evaluate("one => one.classList.contains('tl-active')")
    page.keyboard.press("End")
    expect(listed.locator('[role="option"]').last).to_be_in_viewport()


def test_a_hostile_title_is_text_and_nothing_is_asked_of_the_world(page: Page, looked_at: Seen) -> None:
    expect(page.get_by_role("option", name="<script>alert('sound')</script>")).to_have_count(1)
    assert page.locator(".tl-picker script, .tl-picker img").count() == 0
    assert not looked_at.outside
    assert not looked_at.errors


def test_a_song_shows_all_its_parts_in_the_notebook(page: Page) -> None:
    shown = page.locator(".jp-CodeCell").nth(1)
    expect(shown.locator("h4").first).to_have_text("Cherry Cola Sky · Dario Solbakke")
    expect(shown.locator(".js-plotly-plot")).to_have_count(5)
    expect(shown.locator(".leaf").last).to_contain_text("rights must be confirmed")


def test_in_the_dark_pictures_wear_the_dark_palette(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    title = page.locator(".js-plotly-plot .gtitle").first
    expect(title).to_have_css("fill", "rgb(238, 242, 245)")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_have_css("background-color", "rgba(0, 0, 0, 0)")
    page.emulate_media(color_scheme="light")
    expect(title).to_have_css("fill", "rgb(23, 33, 43)")
