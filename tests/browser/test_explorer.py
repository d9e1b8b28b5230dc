"""The explorer in JupyterLab: searched, slid, clicked, kept, by mouse and keyboard; other people's text stays text."""

import re
import shutil
from pathlib import Path

import duckdb
import nbformat
import pytest
from browser.conftest import Desk, Lab
from playwright.sync_api import Locator, Page, expect

CELLS = (
    "import trendlib as tl\nexplorer = tl.explore(tl.open())\nexplorer",
    "hostile = tl.explore(tl.open('../hostile'))\nhostile",
)
COLA, COLA_ID = "Cherry Cola Sky · Dario Solbakke", "7590845459044748208"
HOSTILE = {
    "script": "<script>alert('run')</script>",
    "handler": '<img src=x onerror="alert(1)"><b onclick="alert(2)">bold</b>',
    "markdown": "[click](javascript:alert(1)) **loud** $$\\frac{x}{y}$$ &lt;i&gt;",
    "formula": '=HYPERLINK("http://evil.example","open")',
    "leftwards": "gnos \u202eevil\u202c \u05e9\u05dc\u05d5\u05dd",
    "long": "y" * 10_000,
}
MOST_BYTES, MOST_SAVED = 200_000, 500_000

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", autouse=True)
def hostile_home(lab: Lab, own_home: Path) -> Path:
    """Give the user a home of their own whose titles, artists, creators and captions mean harm."""
    home = lab.folder / "hostile"
    shutil.copytree(own_home, home)
    words = list(HOSTILE.values())
    with duckdb.connect(str(next(home.rglob("*.duckdb")))) as warehouse:
        for table, columns in {
            "sounds": ("title", "artist"),
            "creators": ("nickname", "handle"),
            "posts": ("caption",),
        }.items():
            changes = ", ".join(f"{column} = $words[1 + rowid % {len(words)}] || ' ' || rowid" for column in columns)
            warehouse.execute(f"UPDATE {table} SET {changes}", {"words": words})
    return home


@pytest.fixture
def page(desk: Desk) -> Page:
    return desk.page


@pytest.fixture
def window(page: Page) -> Locator:
    """Give the first explorer as it is when it was opened: on the sound that is flagged, now."""
    one = page.locator(".tl-window").first
    if one.locator("[data-control=instant] button", has_text="Latest").is_enabled():
        one.get_by_role("button", name="Latest").click()
    one.locator(f'.tl-list [data-id="{COLA_ID}"]').click()
    one.get_by_role("tab", name="Velocity").click()
    expect(one.locator("h3")).to_have_text(COLA)
    settled(one)
    return one


def settled(window: Locator) -> None:
    expect(window.locator("[aria-busy=true]")).to_have_count(0)
    expect(window).to_have_attribute("aria-busy", "false")


def search(window: Locator, text: str) -> Locator:
    window.get_by_role("combobox").first.fill(text)
    found = window.locator(".tl-found")
    expect(found).to_be_visible()
    return found


def test_it_opens_on_a_flagged_sound_and_says_whose_data_and_how_sure(window: Locator) -> None:
    expect(window.locator(".tl-badge")).to_have_text("Practice data: no real sounds")
    expect(window.locator(".tl-stage .main-svg").first).to_be_visible()
    caption = window.locator(".tl-caption").inner_text()
    assert "Practice data" in caption
    assert "As of Mon 16 Nov 2026, 07:01 UTC" in caption
    assert "status: counter only" in caption
    assert re.search(r"\d×", window.locator(".tl-subtitle").inner_text())
    rows = window.locator(".tl-list [role=option]")
    assert rows.count() == 50
    assert "confirmed" in window.locator(".tl-list [aria-selected=true]").inner_text()
    expect(window.locator(".tl-listing")).to_contain_text("◆ counter only")


def test_what_stands_in_for_it_is_hidden_while_it_lives(window: Locator, page: Page) -> None:
    assert window.is_visible()
    assert page.locator(".jp-RenderedPlotly").count() == 2
    assert not any(one.is_visible() for one in page.locator(".jp-RenderedPlotly").all())


@pytest.mark.parametrize(
    "typed", ["cherry cola", "SÖLBAKKE cherry", COLA_ID, f"https://www.tiktok.com/music/Cherry-{COLA_ID}?lang=en"]
)
def test_a_sound_is_found_by_title_artist_id_or_address(window: Locator, page: Page, typed: str) -> None:
    window.locator(".tl-list [role=option]").first.click()
    expect(window.locator("h3")).not_to_have_text(COLA)
    found = search(window, typed)
    expect(found.locator("[role=option]").first).to_contain_text("Cherry Cola Sky")
    page.keyboard.press("Enter")
    expect(window.locator("h3")).to_have_text(COLA)
    expect(found).to_be_hidden()


def test_what_is_misspelt_is_guessed_and_what_is_not_watched_can_be_added(window: Locator) -> None:
    found = search(window, "chery colla")
    expect(found.locator("p")).to_contain_text("Did you mean")
    expect(found.locator("[role=option]").first).to_contain_text("Cherry Cola Sky")
    found = search(window, "7012345678901234567")
    found.get_by_text("Add 7012345678901234567 to the watchlist").click()
    expect(window.locator(".tl-top + .tl-said")).to_contain_text("The practice world follows all its sounds")


def test_a_row_of_the_list_opens_by_click_and_by_keyboard(window: Locator, page: Page) -> None:
    rows = window.locator(".tl-list [role=option]")
    rows.nth(4).click()
    expect(window.locator("h3")).to_contain_text(rows.nth(4).locator("> b").inner_text())
    page.keyboard.press("ArrowDown")
    expect(rows.nth(5)).to_be_focused()
    page.keyboard.press("Enter")
    expect(window.locator("h3")).to_contain_text(rows.nth(5).locator("> b").inner_text())
    expect(rows.nth(5)).to_have_attribute("aria-selected", "true")


def test_a_dot_of_the_landscape_opens_its_sound(window: Locator, page: Page) -> None:
    window.get_by_role("tab", name="Board").click()
    dot = window.locator(".tl-stage .scatterlayer .trace .point").first
    expect(dot).to_be_visible()
    settled(window)
    dot.scroll_into_view_if_needed()
    box = dot.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(window.get_by_role("tab", name="Velocity")).to_have_attribute("aria-selected", "true")
    expect(window.locator(".tl-list [aria-selected=true]")).to_have_count(1)


def test_every_tab_shows_something_and_is_reached_by_arrows(window: Locator, page: Page, desk: Desk) -> None:
    tabs = window.get_by_role("tab")
    names = tabs.all_inner_texts()
    assert names == ["Board", "Velocity", "Regions", "Creators", "Hashtags", "Audience", "Forecast", "Why"]
    window.get_by_role("tab", name="Velocity").focus()
    for name in names[2:]:
        page.keyboard.press("ArrowRight")
        expect(window.get_by_role("tab", name=name)).to_be_focused()
        settled(window)
        for one in window.get_by_role("radio").all() or [window.get_by_role("tab", name=name)]:
            one.click()
            settled(window)
            expect(window.locator(".tl-stage, .tl-words .trendlib").first).to_be_attached()
            assert window.locator("h3").inner_text()
            assert "As of" in window.locator(".tl-caption").inner_text()
            assert not window.locator(".tl-said").inner_text()
            desk.picture(f"explorer-{name.lower()}-{re.sub(r'[^a-z]+', '-', one.inner_text().lower()).strip('-')}")
        window.get_by_role("tab", name=name).focus()


def test_a_chart_keeps_its_height_when_the_window_becomes_wider(window: Locator, page: Page) -> None:
    narrow = window.locator(".tl-stage .main-svg").first.bounding_box()
    assert narrow is not None
    page.evaluate("jupyterapp.shell.collapseLeft()")
    page.wait_for_function(
        "width => document.querySelector('.tl-stage .main-svg').clientWidth > width", arg=narrow["width"]
    )
    wide = window.locator(".tl-stage .main-svg").first.bounding_box()
    assert wide is not None
    assert wide["height"] == narrow["height"]
    page.evaluate("jupyterapp.shell.expandLeft()")


def test_nothing_of_one_chart_stays_in_the_next(window: Locator) -> None:
    strokes = window.locator('.tl-stage .shape-group path[style*="stroke-width: 3px"]')
    window.get_by_role("tab", name="Regions").click()
    window.get_by_role("radio", name="this week against last").click()
    expect(strokes).not_to_have_count(0)
    window.get_by_role("tab", name="Forecast").click()
    expect(window.locator("h3")).to_contain_text("What comes next")
    expect(strokes).to_have_count(0)


def test_the_slider_travels_in_time_by_keyboard(window: Locator, page: Page) -> None:
    now = window.locator(".tl-subtitle").inner_text()
    window.get_by_role("slider").focus()
    for _ in range(14):
        page.keyboard.press("ArrowLeft")
    expect(window.locator("output")).to_have_text("Mon 2 Nov 2026, 07:02 UTC")
    expect(window.locator(".tl-caption")).to_contain_text("As of Mon 2 Nov 2026, 07:02 UTC")
    expect(window.locator(".tl-subtitle")).not_to_have_text(now)
    window.get_by_role("button", name="Rank as of Mon 2 Nov").click()
    expect(window.locator(".tl-head")).to_contain_text("as of Mon 2 Nov 2026")
    window.get_by_role("button", name="Latest").click()
    expect(window.locator(".tl-subtitle")).to_have_text(now)
    window.get_by_role("button", name="Rank as of Mon 16 Nov").click()
    expect(window.locator(".tl-head")).to_contain_text("as of Mon 16 Nov 2026")


def test_before_anything_was_known_it_says_so_instead_of_showing_something_else(window: Locator, page: Page) -> None:
    window.get_by_role("slider").focus()
    page.keyboard.press("Home")
    expect(window.locator(".tl-caption")).to_contain_text("As of Mon 7 Sep 2026")
    settled(window)


def test_a_control_changes_what_is_shown(window: Locator) -> None:
    window.get_by_role("tab", name="Regions").click()
    first = window.locator(".tl-words").inner_text()
    window.locator("[data-control=by] select").select_option("week")
    expect(window.locator(".tl-words")).not_to_have_text(first)
    window.get_by_role("tab", name="Velocity").click()
    window.locator("[data-control=dialect] select").select_option("tutorial_sound")
    expect(window.locator(".tl-subtitle")).to_contain_text("tutorial")
    window.locator("[data-control=dialect] select").select_option("trendlib")
    expect(window.locator(".tl-subtitle")).not_to_contain_text("tutorial")


def test_the_table_unfolds_by_keyboard(window: Locator, page: Page) -> None:
    assert not window.locator(".tl-words table").is_visible()
    window.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(window.locator(".tl-words table")).to_be_visible()
    page.keyboard.press("Enter")
    expect(window.locator(".tl-words table")).to_be_hidden()


def test_what_is_shown_can_be_saved_and_copied(window: Locator, page: Page, desk: Desk) -> None:
    for kind in ("csv", "html"):
        window.locator("[data-control=kind] select").select_option(kind)
        window.get_by_role("button", name="Save").click()
        expect(window.locator(".tl-said")).to_have_text(f"Saved out/velocity-{COLA_ID}.{kind}")
        assert "practice data" in (desk.path.parent / "out" / f"velocity-{COLA_ID}.{kind}").read_text().lower()
    window.get_by_role("button", name="Copy table").click()
    expect(window.locator(".tl-said")).to_contain_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert copied[0].split("\t")[:2] == ["day", "posts"]
    assert f"Copied {len(copied) - 1} rows" in window.locator(".tl-said").inner_text()


def test_it_follows_the_notebook_into_the_dark(window: Locator, page: Page) -> None:
    ink = window.locator(".tl-stage .xtick text").first
    expect(window).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(ink).to_have_css("fill", "rgb(91, 104, 117)")
    page.emulate_media(color_scheme="dark")
    expect(window).to_have_css("background-color", "rgb(17, 22, 28)")
    expect(ink).to_have_css("fill", "rgb(155, 168, 181)")
    page.emulate_media(color_scheme="light")
    expect(ink).to_have_css("fill", "rgb(91, 104, 117)")


def test_plain_keys_are_the_window_s_and_ctrl_s_is_the_lab_s(window: Locator, page: Page) -> None:
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    window.locator(".tl-list [role=option]").first.focus()
    for key in ("d", "d", "b", "a"):
        page.keyboard.press(key)
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells


def test_hostile_words_show_as_text(page: Page) -> None:
    window = page.locator(".tl-window").nth(1)
    window.scroll_into_view_if_needed()
    assert not window.locator(".tl-badge").is_visible()
    for name in ("Board", "Creators", "Hashtags", "Velocity"):
        tab = window.get_by_role("tab", name=name)
        tab.click()
        settled(window)
        for one in window.get_by_role("radio").all() or [tab]:
            one.click()
            settled(window)
            assert not window.locator("script, img, b[onclick], [onerror], iframe, math").count()
            addresses = window.locator("a").evaluate_all("all => all.map((one) => one.getAttribute('href') ?? '')")
            assert all(one.startswith("https://www.tiktok.com/") for one in addresses if one)
    shown = " ".join(window.locator(".tl-list [role=option] > b").all_inner_texts())
    assert "<script>alert('run')</script>" in shown
    assert "[click](javascript:alert(1)) **loud**" in shown
    assert "\u202e" not in shown
    assert "yyyyyyyyyy" in shown
    assert max(map(len, window.locator(".tl-list [role=option] > b").all_inner_texts())) <= 60
    found = search(window, "<script>")
    expect(found.locator("[role=option] b").first).to_contain_text("<script>alert('run')</script>")
    window.get_by_role("combobox").first.press("Escape")
    expect(found).to_be_hidden()


def test_a_hostile_table_is_copied_without_a_formula(page: Page) -> None:
    window = page.locator(".tl-window").nth(1)
    window.get_by_role("tab", name="Board").click()
    window.get_by_role("radio", name="flagged").click()
    settled(window)
    window.get_by_role("button", name="Copy table").click()
    expect(window.locator(".tl-said")).to_contain_text("Copied")
    cells = re.split(r"[\t\n]", page.evaluate("navigator.clipboard.readText()"))
    assert not [cell for cell in cells if cell.startswith(("=", "@"))]


def test_messages_stay_small_nothing_is_asked_of_the_world_and_nothing_is_complained_of(desk: Desk) -> None:
    assert len([size for size in desk.sizes if size > MOST_BYTES]) <= 1  # plotly's library, once
    assert not desk.outside
    assert not desk.errors


def test_a_saved_notebook_reads_well_without_a_kernel(window: Locator, desk: Desk) -> None:
    assert window.is_visible()
    desk.page.keyboard.press("Control+s")
    desk.page.wait_for_function("() => !jupyterapp.shell.currentWidget.context.model.dirty")
    assert desk.path.stat().st_size < MOST_SAVED
    outputs = nbformat.read(desk.path, as_version=4).cells[0].outputs
    assert "Practice data" in "".join(str(one["data"].get("text/html", "")) for one in outputs)
    assert any("application/vnd.plotly.v1+json" in one["data"] for one in outputs)
