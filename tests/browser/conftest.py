"""A JupyterLab of its own on loopback, looked at through Chromium: what a test sees is what a person sees."""

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from browsing import WIDE, Seen, watched
from playwright.sync_api import Browser, Page

from trendlib.config import Config

ROOT = Path(__file__).parents[2]
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
STARTUP_S = 300


@dataclass
class Desk(Seen):
    """A notebook that ran, as its reader sees it; the sizes of what its kernel sent [bytes]."""

    path: Path
    sizes: list[int]


@pytest.fixture(scope="module")
def desk(request: pytest.FixtureRequest, browser: Browser, lab: "Lab") -> Iterator[Desk]:
    """Run a module's ``CELLS`` in a notebook, once for all its tests."""
    path = lab.folder / "notebooks" / f"{request.module.__name__.rpartition('.')[2]}.ipynb"
    cells = [nbformat.v4.new_code_cell(cell) for cell in request.module.CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=KERNEL), path)
    context = browser.new_context(viewport=WIDE, permissions=["clipboard-read", "clipboard-write"])
    one = Desk(**vars(watched(context)), path=path, sizes=[])
    one.page.on("websocket", lambda socket: socket.on("framereceived", lambda sent: one.sizes.append(len(sent))))
    one.page.on("console", lambda said: one.errors.append(said.text) if said.type == "error" else None)
    one.page.on("dialog", lambda dialog: (one.errors.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    lab.open(one.page, f"notebooks/{path.name}")
    lab.run_all(one.page)
    yield one
    context.close()


@dataclass
class Lab:
    """A running JupyterLab: its address, its token and its folder."""

    url: str
    token: str
    folder: Path

    def open(self, page: Page, notebook: str, *, theme: str = "light") -> None:
        """Open a notebook and wait until its kernel listens."""
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        page.goto(f"{self.url}/lab/tree/{notebook}?token={self.token}&reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.evaluate(
            """async () => { const panel = jupyterapp.shell.currentWidget; await panel.context.ready;
            await panel.sessionContext.ready; await panel.sessionContext.session.kernel.info }"""
        )

    def write(self, name: str, *cells: str) -> str:
        """Write a notebook of some cells of code; give its path."""
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}  # or JupyterLab asks for one
        made = [nbformat.v4.new_code_cell(cell) for cell in cells]
        notebook = nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel})
        nbformat.write(notebook, self.folder / name)
        return name

    def run_all(self, page: Page) -> None:
        """Run all cells from top to bottom, and wait for the last of them."""
        page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, practice_home: Path) -> Iterator[Lab]:
    """Start JupyterLab in a checkout's folders, as a user without a key would; the practice world is prepared."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(
        ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns("out", ".ipynb_checkpoints")
    )
    shutil.copytree(practice_home, folder / "data")
    shutil.copy(ROOT / "data" / "watchlist.toml", folder / "data")
    home = tmp_path_factory.mktemp("home")
    settings = home / "settings" / "@jupyterlab"
    (settings / "apputils-extension").mkdir(parents=True)
    (settings / "apputils-extension" / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    (settings / "notebook-extension").mkdir()
    (settings / "notebook-extension" / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
    (settings / "apputils-extension" / "themes.jupyterlab-settings").write_text('{"adaptive-theme": true}')
    token = secrets.token_hex(16)
    environment = {
        **{name: value for name, value in os.environ.items() if not _is_setting(name)},
        "HOME": str(home), "PYTHONPATH": str(ROOT), "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTER_CONFIG_DIR": str(home / "config"), "JUPYTER_DATA_DIR": str(home / "share"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"), "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_TOKEN": token,
    }  # fmt: skip
    arguments = [
        "--no-browser",
        "--allow-root",
        "--expose-app-in-browser",
        "--port=0",
        "--ip=127.0.0.1",
        f"--ServerApp.root_dir={folder}",
        f"--config={ROOT / 'notebooks' / 'lab_config.py'}",
    ]
    with (home / "lab.log").open("w") as log:
        command = [sys.executable, "-m", "jupyterlab", *arguments]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
    try:
        yield Lab(_address(process, home / "runtime", home / "lab.log"), token, folder)
    finally:
        process.terminate()
        process.wait(timeout=STARTUP_S)


def _is_setting(variable: str) -> bool:
    return variable.lower().removeprefix("trendlib_") in Config.model_fields


def _address(process: "subprocess.Popen[bytes]", runtime: Path, log: Path) -> str:
    """Wait until JupyterLab answers; give its address, which it notes down when it has a port."""
    file = runtime / f"jpserver-{process.pid}.json"
    ends = time.monotonic() + STARTUP_S
    while time.monotonic() < ends and process.poll() is None:
        with suppress(OSError, ValueError):  # not there, half written, not listening yet
            url = f"http://127.0.0.1:{json.loads(file.read_text())['port']}"
            with urllib.request.urlopen(f"{url}/api", timeout=STARTUP_S):  # noqa: S310 - our own loopback address
                return url
        time.sleep(0.25)
    pytest.fail(f"JupyterLab did not answer: {log.read_text()[-2000:]}")
