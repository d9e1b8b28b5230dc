"""Every notebook in JupyterLab: a cold kernel runs it to the end, without a complaint or a request to the outside."""

from pathlib import Path

import nbformat
import pytest
from browser.conftest import Lab
from browsing import Seen
from playwright.sync_api import expect

from trendlib.monitor import open_monitor

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
MOST_BYTES = 500_000

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("name", [path.name for path in NOTEBOOKS])
def test_a_notebook_runs_in_jupyterlab_from_a_cold_kernel_and_stays_small(name: str, lab: Lab, seen: Seen) -> None:
    page = seen.page
    lab.open(page, f"notebooks/{name}")
    lab.run_all(page)
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    assert page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').count() == 0
    expect(page.locator(".js-plotly-plot:visible").first).to_be_visible()
    page.locator(".js-plotly-plot:visible").first.scroll_into_view_if_needed()
    seen.picture(name.removesuffix(".ipynb"))
    assert not seen.outside
    assert not seen.errors
    saved = nbformat.read(lab.folder / "notebooks" / name, as_version=4)
    outputs = [output for cell in saved.cells for output in cell.get("outputs", ())]
    assert outputs
    assert not [output for output in outputs if output.get("name") == "stderr" or output.output_type == "error"]
    assert any("application/vnd.plotly.v1+json" in output.get("data", {}) for output in outputs)
    assert "Practice data" in "".join(str(output.get("data", {}).get("text/html", "")) for output in outputs)
    assert (lab.folder / "notebooks" / name).stat().st_size < MOST_BYTES
    page.evaluate("jupyterapp.shell.currentWidget.sessionContext.shutdown()")


def test_a_saved_explorer_opened_again_reads_well_though_its_widget_is_dead(lab: Lab, seen: Seen) -> None:
    page = seen.page
    lab.write("saved.ipynb", "import trendlib as tl\ntl.explore(tl.open())")
    lab.open(page, "saved.ipynb")
    lab.run_all(page)
    expect(page.locator(".tl-window h3")).not_to_be_empty()
    heading = page.locator(".tl-window h3").inner_text()
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    page.evaluate("jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    lab.open(page, "saved.ipynb")
    output = page.locator(".jp-OutputArea").first
    expect(output.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(output.locator(".js-plotly-plot")).to_contain_text(heading.split(" · ")[0])
    expect(output.locator(".trendlib.leaf").last).to_contain_text("Practice data")
    expect(output.locator(".trendlib.leaf table:visible").last).to_be_visible()
    seen.picture("explorer-saved")
    assert not seen.outside
    page.evaluate("jupyterapp.shell.currentWidget.sessionContext.shutdown()")


def test_a_saved_table_unfolds_and_scrolls_by_keyboard_when_no_kernel_runs_any_more(lab: Lab, seen: Seen) -> None:
    page = seen.page
    lab.write("unfolded.ipynb", "import trendlib as tl\ntl.open().sound('cherry').velocity()")
    lab.open(page, "unfolded.ipynb")
    lab.run_all(page)
    expect(page.locator(".trendlib .rows tr:visible")).to_have_count(11)
    page.evaluate("jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    summary = page.locator(".trendlib .rows summary")
    expect(summary).to_have_text("All 70 rows")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".trendlib .rows tr:visible")).to_have_count(71)
    seen.picture("unfolded")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("document.activeElement.scrollTop > 0")
    summary.click()
    expect(page.locator(".trendlib .rows tr:visible")).to_have_count(11)
    assert not seen.errors


def resized(seen: Seen) -> list[int]:
    """Give the heights of the charts, which follow the window's width, after each of some sudden changes of it."""
    page, heights = seen.page, []
    wide = page.locator(".js-plotly-plot").first.evaluate("one => one.clientWidth")
    for width, height, has_followed in ((1440, 6500, "=== wide"), (1000, 900, "< wide"), (1440, 900, "=== wide")):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(
            f"wide => document.querySelector('.js-plotly-plot').clientWidth {has_followed}", arg=wide
        )
        page.wait_for_timeout(500)  # what follows the window's height has no end to be waited for
        heights += page.evaluate("[...document.querySelectorAll('.js-plotly-plot')].map((one) => one.clientHeight)")
    return heights


def test_a_chart_keeps_its_height_in_a_window_of_any_size(lab: Lab, seen: Seen) -> None:
    lab.write("resized.ipynb", "import trendlib as tl\ntl.open().sound('cherry').velocity()")
    lab.open(seen.page, "resized.ipynb")
    lab.run_all(seen.page)
    expect(seen.page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    assert min(resized(seen)) > 400
    seen.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.shutdown()")


def test_a_saved_chart_keeps_its_height_in_a_window_of_any_size(own_home: Path, tmp_path: Path, seen: Seen) -> None:
    seen.page.goto(open_monitor(own_home).sound("cherry").velocity().save(tmp_path / "chart.html").as_uri())
    seen.page.emulate_media(color_scheme="dark")  # it is drawn again
    seen.page.wait_for_timeout(500)
    assert min(resized(seen)) > 400
