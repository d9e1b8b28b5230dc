"""The hashtag calendar in JupyterLab: a cell opens its posts, one hashtag opens its year, by mouse and by keyboard."""

import pytest
from browser.conftest import Desk
from playwright.sync_api import Locator, expect

CELLS = ("import trendlib as tl\ncalendar = tl.calendar(tl.open())\ncalendar",)

pytestmark = pytest.mark.browser


@pytest.fixture
def window(desk: Desk) -> Locator:
    one = desk.page.locator(".tl-window")
    expect(one.locator(".heatmaplayer image")).to_be_visible()
    expect(one).to_have_attribute("aria-busy", "false")
    return one


def test_it_opens_on_the_map_with_the_brief_for_creators(window: Locator, desk: Desk) -> None:
    expect(window.locator("h3")).to_have_text("When hashtags started and stopped")
    expect(window.locator(".tl-badge")).to_have_text("Practice data: no real hashtags")
    expect(window.locator(".tl-words h4")).to_have_text("Hashtags to post with today")
    assert window.locator(".tl-words a").first.get_attribute("href").startswith("https://www.tiktok.com/@")
    desk.picture("calendar")


def test_a_click_on_a_cell_shows_the_posts_of_that_day(window: Locator, desk: Desk) -> None:
    box = window.locator(".heatmaplayer").bounding_box()
    assert box is not None
    desk.page.mouse.click(box["x"] + box["width"] * 0.95, box["y"] + 12)
    expect(window.locator(".tl-words h4")).to_contain_text("from 14 Nov 2026")
    expect(window.locator("h3")).to_have_text("When hashtags started and stopped")


def test_one_hashtag_is_shown_as_a_year_and_its_days_chosen_by_keyboard(window: Locator, desk: Desk) -> None:
    window.locator("[data-control=hashtag] select").focus()
    desk.page.keyboard.press("ArrowDown")
    expect(window.locator("h3")).to_contain_text("A year of #")
    expect(window.locator(".tl-words h4")).to_contain_text("of the last 7 days")
    window.locator("[data-control=day] select").select_option(index=1)
    expect(window.locator(".tl-words h4")).to_contain_text("from 15 Nov 2026")
    desk.picture("calendar-year")


def test_nothing_is_asked_of_the_world_and_nothing_is_complained_of(window: Locator, desk: Desk) -> None:
    assert window.is_visible()
    assert not desk.outside
    assert not desk.errors
