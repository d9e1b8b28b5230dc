"""The deck's page in a browser without a network: walked through by keys and by touch, read, listened to, printed."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import Seen
from decks import AS_OF, TITLES, board, deck, decks, full, pick
from playwright.sync_api import Page, expect

from trendlib.show.deck import Slide, save

pytestmark = pytest.mark.browser

# What is wider or higher than its box would be cut, and what leaves the slide would not be seen.
CUT = """() => [...document.querySelectorAll('.slide.current .box')]
  .filter((one) => one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)
  .map((one) => one.textContent.slice(0, 60))"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    one = deck(pick("First finding"), Slide(title="Second finding", exhibits=[board()], section="Board"), pick("Third"))
    return save(one, tmp_path_factory.mktemp("deck") / "review.html")


@pytest.fixture
def page(seen: Seen, file: Path) -> Page:
    seen.page.context.set_offline(offline=True)
    seen.page.goto(file.as_uri())
    return seen.page


def stands_at(page: Page, number: int) -> None:
    expect(page.locator(".slide.current")).to_have_id(f"slide-{number}")


def test_keys_walk_through_the_slides(page: Page) -> None:
    walked = {
        "ArrowRight": 2,
        "Space": 3,
        "PageDown": 4,
        "ArrowDown": 4,
        "ArrowLeft": 3,
        "Home": 1,
        "End": 4,
        "PageUp": 3,
    }
    for key, where in walked.items():
        page.keyboard.press(key)
        stands_at(page, where)
    expect(page.locator("#said")).to_have_text("Slide 3 of 4: Second finding")
    expect(page).to_have_url(re.compile("#3$"))
    page.reload()
    stands_at(page, 3)


def test_buttons_and_the_overview_lead_to_slides(page: Page) -> None:
    page.get_by_role("button", name="Next").click()
    stands_at(page, 2)
    page.keyboard.press("o")
    page.get_by_role("link", name="Third").click()
    stands_at(page, 4)
    expect(page.locator("#overview")).to_be_hidden()


def test_a_finger_moves_the_slides(page: Page) -> None:
    swipe = """(way) => {
    const at = (x) => [new Touch({identifier: 1, target: document.body, clientX: x, clientY: 300})];
    dispatchEvent(new TouchEvent('touchstart', {touches: at(600)}));
    dispatchEvent(new TouchEvent('touchend', {changedTouches: at(600 + way)})); }"""
    page.evaluate(swipe, -200)
    stands_at(page, 2)
    page.evaluate(swipe, 200)
    stands_at(page, 1)


def test_a_phone_held_upright_shows_the_words_beneath_the_slide(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.keyboard.press("ArrowRight")
    stands_at(page, 2)
    page.wait_for_function("document.querySelector('.slide.current').getBoundingClientRect().width < 391")
    slide, notes = page.locator(".slide.current").bounding_box(), page.locator(".notes").bounding_box()
    assert (slide["x"], slide["y"], round(slide["width"])) == (0, 0, 390)
    assert notes["y"] >= slide["y"] + slide["height"] - 1
    expect(page.locator(".notes")).to_contain_text("Ask about rights")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    tools = page.locator(".tools").bounding_box()
    assert tools["y"] >= notes["y"] + notes["height"] - 1
    assert page.get_by_role("button", name="Next").bounding_box()["height"] >= 36


def test_speaker_notes_open_beside_the_slide_and_say_what_comes_next(page: Page) -> None:
    page.keyboard.press("ArrowRight")
    page.keyboard.press("s")
    notes = page.get_by_role("complementary", name="Speaker notes")
    expect(notes).to_be_visible()
    for said in ("Ask about rights", "Query and source: As of", "Numbers: day | posts", "Next: Second finding"):
        expect(notes).to_contain_text(said)


def test_charts_answer_the_mouse_without_a_network(page: Page, seen: Seen) -> None:
    page.keyboard.press("ArrowRight")
    expect(page.locator(".slide.current .main-svg").first).to_be_visible()
    bar = page.locator(".slide.current .bars .point").nth(2).bounding_box()
    page.mouse.move(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2, steps=3)
    expect(page.locator(".slide.current .hoverlayer").first).to_contain_text("102 posts")
    assert not seen.outside
    assert not seen.errors


def test_the_table_behind_a_chart_opens_by_the_keyboard(page: Page) -> None:
    page.keyboard.press("End")
    page.locator(".slide.current summary").first.focus()
    page.keyboard.press("Enter")
    table = page.get_by_role("table", name="Velocity")
    expect(table).to_be_visible()
    assert table.get_by_role("row").count() == 21
    stands_at(page, 4)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_slide(seen: Seen, tmp_path: Path, scheme: str) -> None:
    one = deck(pick(), Slide(title="Board", exhibits=[board()]), full(TITLES["leftwards"]), is_practice=True)
    seen.page.emulate_media(color_scheme=scheme)
    seen.page.goto(save(one, tmp_path / "deck.html").as_uri())
    found = []
    for key in ("Home", "ArrowRight", "ArrowRight", "ArrowRight", "s", "o"):
        seen.page.keyboard.press(key)
        found += [(key, one["id"], one["impact"]) for one in Axe().run(seen.page).response["violations"]]
    assert found == []


@pytest.mark.parametrize("name", decks())
def test_nothing_is_cut_on_any_slide(seen: Seen, tmp_path: Path, name: str) -> None:
    said: list[str] = []
    seen.page.on("dialog", lambda dialog: said.append(dialog.message))
    seen.page.goto(save(decks()[name], tmp_path / "deck.html").as_uri())
    for _ in range(seen.page.locator(".slide").count()):
        assert seen.page.evaluate(CUT) == []
        seen.page.keyboard.press("ArrowRight")
    assert not said
    assert not seen.outside
    assert not seen.errors


def test_a_printed_deck_has_a_slide_a_page_and_the_same_bytes(tmp_path: Path) -> None:
    one = deck(pick(), Slide(title="Board", exhibits=[board()]))
    first, second = (save(one, tmp_path / f"{name}.pdf").read_bytes() for name in ("one", "two"))
    assert first.startswith(b"%PDF")
    assert first.count(b"/Type /Page\n") == 3
    assert first.count(b"/MediaBox [0 0 960 540]") == 3
    assert f"{AS_OF:%Y%m%d}".encode() in first
    assert first == second
