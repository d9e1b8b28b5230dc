"""Chromium with a page that can reach nothing but this machine: one of each for all tests of a process."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
WIDE = {"width": 1440, "height": 900}
_IS_IN_LOOK = """look => document.body.dataset.jpThemeLight === String(look === "light")
  && !document.querySelector("#jupyterlab-splash, .jupyterlab-splash")"""
LONGEST_MS = 180_000  # a busy machine must not fail a test
expect.set_options(timeout=LONGEST_MS)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as one:
        yield one


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("no Chromium on the PATH; install one, for example `apt-get install chromium`")
    with playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, timeout=LONGEST_MS) as one:
        yield one


@dataclass
class Seen:
    """A page, and what it asked the world for or complained of."""

    page: Page
    outside: list[str]
    errors: list[str]

    def picture(self, name: str) -> None:
        """Take pictures for people to look at, light and dark, if the environment names a folder for them."""
        if folder := os.environ.get("TRENDLIB_SCREENSHOTS"):
            for look in ("dark", "light"):
                self.page.emulate_media(color_scheme=look)
                self.page.wait_for_function(_IS_IN_LOOK, arg=look)
                self.page.screenshot(path=Path(folder) / f"{name}-{look}.png")


@pytest.fixture
def seen(browser: Browser) -> Iterator[Seen]:
    """Open a page that can reach nothing but this machine; whatever else it asks for is noted."""
    context = browser.new_context(viewport=WIDE, device_scale_factor=1)
    yield watched(context)
    context.close()


def watched(context: BrowserContext) -> Seen:
    context.set_default_timeout(LONGEST_MS)
    one = Seen(context.new_page(), [], [])

    def is_outside(url: str) -> bool:
        return not url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:", "file:", "about:"))

    context.on("request", lambda request: one.outside.append(request.url) if is_outside(request.url) else None)
    context.route(is_outside, lambda route: route.abort())
    one.page.on("pageerror", lambda error: one.errors.append(str(error)))
    return one
