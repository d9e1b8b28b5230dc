"""Draw the pictures of README and docs from the practice world: ``make pictures`` (needs Chrome or Chromium)."""

import json
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from anywidget import AnyWidget
from playwright.sync_api import sync_playwright
from plotly.offline import get_plotlyjs

import trendlib as tl
from trendlib.review import Review, Settings
from trendlib.show.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

FOLDER = Path(__file__).parent / "pictures"
SIZE = {"width": 1440, "height": 900}
WINDOW = ("label", "badge", "look", "controls", "rows", "listing", "finds", "sheet", "said")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
# A widget as a notebook shows it, without a kernel: what it is told stands in the page.
STAGE = """<!doctype html><meta charset="utf-8"><style>body {{ margin: 28px; }} {style}</style><div id="place"></div>
<script type="module">{script}
const told = {told};
const model = {{ get: (name) => told[name], set: (name, value) => {{ told[name] = value; }},
  save_changes() {{}}, on() {{}}, off() {{}}, send() {{}} }};
render({{ model, el: document.getElementById("place") }});
</script>"""


def draw() -> None:
    """Save the exhibits and pages that README and docs show."""
    monitor = tl.open()
    board = monitor.leaderboard(top=10)
    board.save(FOLDER / "leaderboard.png")
    sound = monitor.sound(monitor.alerts().frame["sound_id"].iloc[0])
    sound.velocity().save(FOLDER / "velocity.png")
    monitor.charts.rank_paths(sound=sound.sound_id).save(FOLDER / "rank_paths.png")
    monitor.charts.audience(sound.sound_id).save(FOLDER / "audience.png")
    with browser() as page, tempfile.TemporaryDirectory() as folder:
        page.goto(monitor.song("cherry cola").save(Path(folder) / "song.html").as_uri())
        page.wait_for_selector("figure .main-svg")
        page.screenshot(path=FOLDER / "song.png")
        page.set_viewport_size({"width": 1280, "height": 720})
        page.goto(one_pick(monitor.review()).save(Path(folder) / "review.html")[0].as_uri())
        page.evaluate("window.drawn")
        page.keyboard.press("ArrowRight")
        page.wait_for_selector(".main-svg", state="attached")
        page.wait_for_timeout(1000)
        page.screenshot(path=FOLDER / "review.png")
        page.set_viewport_size({"width": 820, "height": 620})
        page.goto("about:blank")  # the deck's own rules would hold for what is set into its page
        picker = monitor.catalogue.picker()
        page.set_content(staged(picker, "track_picker", ("tracks", "label", "honoured", "picked")))
        page.get_by_role("option").nth(1).click()
        page.screenshot(path=FOLDER / "track_picker.png")
        page.set_viewport_size(SIZE)
        for name, window in (("explorer", tl.explore(monitor).widget), ("calendar", tl.calendar(monitor).widget)):
            shot(page, window, FOLDER / f"{name}.png")
        page.emulate_media(color_scheme="dark")
        shot(page, tl.explore(monitor).widget, FOLDER / "explorer_dark.png")


@contextmanager
def browser() -> "Iterator[Page]":
    """Open the machine's own Chrome or Chromium, in the light."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as one, one.chromium.launch(executable_path=found, args=["--no-sandbox"]) as opened:
        yield opened.new_page(viewport=SIZE, color_scheme="light")


def one_pick(review: Review) -> Review:
    """Leave the page of the first pick."""
    return replace(review, settings=Settings(sections=("breakouts",), picks=1))


def shot(page: "Page", window: Window, file: Path) -> None:
    """Take a picture of the explorer's or the calendar's window."""
    page.set_content(f"<script>{get_plotlyjs()}</script>{staged(window, 'window', WINDOW)}")
    page.wait_for_selector('[data-drawn="1"]')
    page.wait_for_timeout(500)
    page.screenshot(path=file)


def staged(widget: AnyWidget, room: str, told_names: tuple[str, ...]) -> str:
    """Put a widget on a page of its own."""
    file = Path(tl.__file__).parent / "show" / room
    told = json.dumps({name: getattr(widget, name) for name in told_names}).replace("<", "\\u003c")
    script = file.with_suffix(".js").read_text(encoding="utf-8").replace("export default { render };", "")
    return STAGE.format(style=file.with_suffix(".css").read_text(encoding="utf-8"), script=script, told=told)


if __name__ == "__main__":
    draw()
