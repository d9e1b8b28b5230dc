"""`make app`: a notebook as a page, for who opens none; it answers, and asks nothing of the world."""

import shutil
from pathlib import Path

import pytest
from browsing import Seen
from doors import opened
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

RUN_S = 600


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_the_explorer_answers_on_a_page_without_a_notebook(tmp_path: Path, practice_home: Path, seen: Seen) -> None:
    pytest.importorskip("voila")
    shutil.copytree(practice_home, tmp_path / "data")
    page, refused = seen.page, set[str]()
    page.on("requestfailed", lambda asked: refused.add(asked.url) if asked.failure == "csp" else None)
    with opened("app", tmp_path) as address:
        door, _, token = address.partition("?")
        # the page comes when the notebook has run
        page.goto(f"{door.rstrip('/')}/voila/render/01_explore_a_sound.ipynb?{token}", timeout=RUN_S * 1000)
        window = page.locator(".tl-window").first
        expect(window.locator("h3")).not_to_be_empty()
        shown = window.locator("h3").inner_text()
        window.locator(".tl-list [data-id]").nth(3).click()
        expect(window.locator("h3")).not_to_have_text(shown)
        expect(window.locator(".main-svg").first).to_be_visible()
        expect(page.locator("body")).not_to_contain_text("import trendlib")
    # Voilà's template names two style sheets elsewhere; the door's policy refuses them before anything leaves
    assert not set(seen.outside) - refused
    # plotly's renderer keeps a picture of each chart in the notebook, and Voilà has no notebook to keep it in
    assert not [error for error in seen.errors if "setData is not a function" not in error]
