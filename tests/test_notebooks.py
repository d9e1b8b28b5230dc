"""Notebooks: each runs top to bottom on the practice world, without an error or a warning, and stays small.

Where there is Chromium, tests/browser runs them all in JupyterLab and demands the same, so here the first is enough.
"""

import os
import shutil
from pathlib import Path

import nbformat
import pytest
from browsing import CHROMIUM
from loopback import LONGEST_S
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))[: 1 if CHROMIUM else None]
MOST_BYTES = 500_000


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """Lay a checkout's folders out in an empty place: a notebook's folder, and the data beside it."""
    (tmp_path / "notebooks").mkdir()
    shutil.copytree(ROOT / "data" / "sample", tmp_path / "data" / "sample")
    shutil.copy(ROOT / "data" / "watchlist.toml", tmp_path / "data")
    return tmp_path / "notebooks"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom_without_a_complaint(path: Path, workplace: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    client = NotebookClient(
        notebook, timeout=LONGEST_S, startup_timeout=LONGEST_S, resources={"metadata": {"path": str(workplace)}}
    )
    client.execute(env=environment)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    complaints = [output for output in outputs if output.get("name") == "stderr" or output.output_type == "error"]
    assert not complaints
    assert any("application/vnd.plotly.v1+json" in output.get("data", {}) for output in outputs)
    shown = "".join(str(output.get("data", {}).get("text/html", "")) for output in outputs)
    assert "Practice data" in shown
    assert len(nbformat.writes(notebook)) < MOST_BYTES
