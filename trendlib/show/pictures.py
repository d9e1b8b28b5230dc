"""Figures printed to png, svg and pdf by a browser that plotly starts, never for longer than promised.

Kaleido needs Chrome or Chromium, may wait for it for ever, and leaves it behind when interrupted.
So it runs in a process of its own, with a time limit, and is ended with everything it started. The
page it draws on loads nothing from outside.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

import plotly.graph_objects as go

from trendlib.errors import PictureError

WIDTHS: Mapping[str, int] = MappingProxyType({"light": 1100, "dark": 1100, "slides": 1280})

_NO_KALEIDO, _NO_BROWSER = 41, 42
_PRINTER = f"""
import json, sys
try:
    import kaleido
    from kaleido.errors import ChromeNotFoundError
except ImportError:
    sys.exit({_NO_KALEIDO})
order = json.load(sys.stdin)
try:
    picture = kaleido.calc_fig_sync(order["figure"], opts=order["opts"], kopts={{"mathjax": False}})
except (ChromeNotFoundError, FileNotFoundError):
    sys.exit({_NO_BROWSER})
sys.stdout.buffer.write(picture)
"""
# A page is printed once everything on it is loaded and drawn.
_PAGE_PRINTER = f"""
import asyncio, base64, json, sys
try:
    import choreographer
    from choreographer.errors import ChromeNotFoundError
except ImportError:
    sys.exit({_NO_KALEIDO})
LOADED = "new Promise(done => document.readyState === 'complete' ? done() : addEventListener('load', done))"
DRAWN = LOADED + ".then(() => window.drawn)"
async def told(session, command, **params):
    said = await session.send_command(command, params=params)
    return said["result"]
async def pages(url):
    async with choreographer.Browser(headless=True) as browser:
        tab = await browser.create_tab()
        session = await tab.create_session()
        await told(session, "Page.navigate", url=url)
        await told(session, "Runtime.evaluate", expression=DRAWN, awaitPromise=True)
        return (await told(session, "Page.printToPDF", preferCSSPageSize=True, printBackground=True))["data"]
try:
    sys.stdout.buffer.write(base64.b64decode(asyncio.run(pages(json.load(sys.stdin)))))
except (ChromeNotFoundError, FileNotFoundError):
    sys.exit({_NO_BROWSER})
"""
_REMEDY = "html, csv and json need no browser: save to one of these, or"


def printed(figure: go.Figure, kind: str, *, width: int, drawn_at: datetime, seconds: float = 60) -> bytes:
    """Print a figure as ``png``, ``svg`` or ``pdf``; the same figure gives the same bytes.

    Parameters
    ----------
    figure
        What to print; its layout says how high it is.
    kind
        ``png``, ``svg`` or ``pdf``.
    width
        Width of the layout [px]; a png has twice as many.
    drawn_at
        The instant a pdf says it was made at.
    seconds
        How long to wait at most [s].

    Raises
    ------
    PictureError
        If kaleido or its browser is missing, fails, or takes too long.
    """
    options = {"format": kind, "width": width, "height": figure.layout.height, "scale": 2 if kind == "png" else 1}
    sheet = json.loads(figure.to_json())
    # Unnamed traces get random names, which an svg would show.
    sheet["data"] = [{**trace, "uid": f"{number:06d}"} for number, trace in enumerate(sheet["data"])]
    return _steady(_run(_PRINTER, {"figure": sheet, "opts": options}, kind, seconds), kind, drawn_at)


def printed_page(page: bytes, *, drawn_at: datetime, seconds: float = 180) -> bytes:
    """Print an HTML page that needs nothing from outside as ``pdf``; its style says how large the sheets are.

    Parameters
    ----------
    page
        The page.
    drawn_at
        The instant the pdf says it was made at.
    seconds
        How long to wait at most [s].

    Raises
    ------
    PictureError
        If kaleido or its browser is missing, fails, or takes too long.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_bytes(page)
        return _steady(_run(_PAGE_PRINTER, file.as_uri(), "pdf", seconds), "pdf", drawn_at)


# A browser prints without keys.
_SECRETS = ("_API_KEY", "_TOKEN", "_WEBHOOK")


def _run(program: str, order: object, kind: str, seconds: float) -> bytes:
    with subprocess.Popen(  # noqa: S603  # our own words, run by our own Python
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        env={name: value for name, value in os.environ.items() if not name.upper().endswith(_SECRETS)},
    ) as printer:  # fmt: skip
        try:
            picture, words = printer.communicate(json.dumps(order).encode(), timeout=seconds)
        except subprocess.TimeoutExpired as error:
            message = f"the browser took longer than {seconds:g} s to print a {kind}; {_REMEDY} try again"
            raise PictureError(message) from error
        finally:
            _end(printer)
    if printer.returncode:
        raise PictureError(_failure(kind, printer.returncode, words.decode(errors="replace")))
    return picture


def _end(printer: subprocess.Popen[bytes]) -> None:
    # The browser is a child of the printer: ending only the printer would leave it running.
    if os.name == "posix":
        try:
            os.killpg(printer.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
    else:
        printer.kill()


def _failure(kind: str, code: int, words: str) -> str:
    if code == _NO_KALEIDO:
        return f"a {kind} needs the package kaleido, which is not installed; {_REMEDY} run: pip install kaleido"
    if code == _NO_BROWSER:
        return (
            f"a {kind} needs Chrome or Chromium, and none was found; {_REMEDY} install one "
            "(or name it in the environment variable BROWSER_PATH)"
        )
    last = (words.strip().splitlines() or ["no reason given"])[-1]
    return f"the browser could not print a {kind} ({last[:200]}); {_REMEDY} try again"


def _steady(picture: bytes, kind: str, drawn_at: datetime) -> bytes:
    """Replace what differs from one printing to the next by things of the same length."""
    if kind == "svg":
        found = re.search(rb'id="defs-([0-9a-f]{6})"', picture)
        return picture.replace(found[1], b"000000") if found else picture
    if kind == "pdf":
        return re.sub(rb"\(D:\d{14}", b"(D:" + f"{drawn_at:%Y%m%d%H%M%S}".encode(), picture)
    return picture
