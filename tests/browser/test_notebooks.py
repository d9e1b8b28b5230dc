"""Every notebook in JupyterLab: a cold kernel runs it to the end, without a complaint or a request to the outside."""

from pathlib import Path

import nbformat
import pytest
from browser.conftest import Lab, Seen

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
    assert page.locator(".js-plotly-plot .main-svg").count() > 0
    assert not seen.outside
    assert not seen.errors
    saved = nbformat.read(lab.folder / "notebooks" / name, as_version=4)
    outputs = [output for cell in saved.cells for output in cell.get("outputs", ())]
    assert outputs
    assert "error" not in {output.output_type for output in outputs}
    assert (lab.folder / "notebooks" / name).stat().st_size < MOST_BYTES
    page.evaluate("jupyterapp.shell.currentWidget.sessionContext.shutdown()")
