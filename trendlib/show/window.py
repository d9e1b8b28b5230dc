"""The window of the explorer and of the calendar: controls, a list, a figure, a table, in one widget.

It holds no results and computes nothing: it shows what it is handed and says what was done to it. Titles and names
are set as text, tables are written by `trendlib.show.page`, and no address is ever asked for: the library that draws
comes from plotly's package over the notebook's own connection, once a page. It follows the notebook's light or dark,
and everything in it can be reached by keyboard.
"""

import asyncio
import gc
import gzip
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import traitlets
from anywidget import AnyWidget
from plotly.offline import get_plotlyjs

from trendlib.errors import TrendlibError
from trendlib.show import page
from trendlib.show.exhibits import Exhibit, csv_text
from trendlib.show.theme import CONFIG, DARKENED, plain_text

Options: TypeAlias = Sequence[tuple[str, str]]

KINDS = ("html", "csv", "json", "png", "svg", "pdf")
_ROWS = 12
_NO_LETTERS, _LONGEST_NAME = re.compile(r"[^\w-]+"), 150  # bytes, with room for what a draft adds
_REST_S, _STEP_S = 0.25, 0.01


class Window(AnyWidget):
    """A window that shows an exhibit with controls around it.

    Parameters
    ----------
    label
        What it is, for those who listen to the page.
    badge
        What stands in its corner: whose data it shows, when they are not the reader's.
    hear
        Told what was done: the name of a control and its value; or ``point`` and where, ``open`` and which row,
        ``search`` and what was typed.
    """

    _esm = Path(__file__).with_suffix(".js")
    _css = Path(__file__).with_suffix(".css")

    label = traitlets.Unicode().tag(sync=True)
    badge = traitlets.Unicode().tag(sync=True)
    look: "traitlets.Dict[str, Any]" = traitlets.Dict().tag(sync=True)
    controls: traitlets.List[Any] = traitlets.List().tag(sync=True)
    rows: traitlets.List[Any] = traitlets.List().tag(sync=True)
    listing: "traitlets.Dict[str, Any]" = traitlets.Dict().tag(sync=True)
    finds: "traitlets.Dict[str, Any]" = traitlets.Dict({"text": "", "found": [], "note": ""}).tag(sync=True)
    sheet: "traitlets.Dict[str, Any]" = traitlets.Dict().tag(sync=True)
    said = traitlets.Unicode().tag(sync=True)

    def __init__(self, label: str, badge: str, hear: Callable[[str, Any], None]) -> None:
        super().__init__(label=label, badge=badge, look={"config": dict(CONFIG), "darkened": dict(DARKENED)})
        self._hear = hear
        self._spare: asyncio.TimerHandle | None = None
        self.on_msg(lambda _, message, __: self.hear(message))

    def show(self, exhibit: Exhibit, *, chosen: str = "", beneath: Exhibit | None = None) -> None:
        """Show an exhibit: heading, figure, table, caption.

        Parameters
        ----------
        exhibit
            What is shown.
        chosen
            The row of the list that it belongs to.
        beneath
            An exhibit whose table stands beneath the figure instead of its own.
        """
        drawn = exhibit.bare_json
        self.sheet = {
            "figure": None if drawn is None else json.loads(drawn),
            "heading": plain_text(exhibit.title, 160),
            "subtitle": plain_text(exhibit.subtitle, 400),
            "caption": plain_text(exhibit.caption, 2000),
            "table": page.leaf(page.table(exhibit.table, _ROWS))
            if beneath is None
            else beneath.fragment(is_headed=True),
            "fold": page.folded(exhibit.frame, _ROWS) if drawn is not None and beneath is None else "",
            "chosen": chosen,
        }

    def save(self, exhibit: Exhibit, stem: str, kind: str) -> None:
        """Write an exhibit into the folder `out` beside the notebook, and say where it is.

        Other people's words may stand in the name: it keeps their letters, and leads nowhere else.
        """
        letters = _NO_LETTERS.sub("-", stem).encode()[:_LONGEST_NAME].decode(errors="ignore")
        self.said = f"Saved {exhibit.save(Path('out') / f'{letters}.{kind}')}"

    def copy(self, exhibit: Exhibit) -> None:
        """Put an exhibit's table on the reader's clipboard, ready for a spreadsheet, and say whether it went there."""
        self.send(
            {
                "copy": csv_text(exhibit.table, separator="\t"),
                "done": f"Copied {len(exhibit.table):,} rows: paste them into a spreadsheet.",
                "failed": "The browser did not let the table onto the clipboard; save it as csv instead.",
            }
        )

    def hear(self, message: Mapping[str, Any]) -> None:
        """Pass on what was done in the browser; an error of ours is said where the reader looks."""
        what = str(message.get("what"))
        if self._spare is not None:
            self._spare.cancel()
        if what == "plotly":
            self.send({"plotly": True}, [library()])
            return
        with _uncollected():
            try:
                self.said = ""  # at once: held back, it would wipe out what the browser says of a copy
                with self.hold_sync():
                    self._hear(what, message.get("value"))
            except TrendlibError as error:
                self.said = plain_text(str(error), 400)
            finally:
                self.send({"answered": True})

    def spend_rest(self, steps: Iterator[None]) -> None:
        """Do something step by step once all is answered and nothing is done in the browser for a quarter of a second.

        Whatever is done there first ends it, and so does an error of ours: it will be said to who needs it. Where
        no loop runs, as in a script, nobody rests.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._spare = loop.call_later(_REST_S, self._step, loop, steps)

    def _step(self, loop: asyncio.AbstractEventLoop, steps: Iterator[None]) -> None:
        with suppress(StopIteration, TrendlibError):
            next(steps)
            self._spare = loop.call_later(_STEP_S, self._step, loop, steps)  # what was typed meanwhile is heard first


@contextmanager
def _uncollected() -> Iterator[None]:
    """Collect no garbage while somebody waits: a look through all that a kernel holds takes longer than an answer."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def choice(name: str, place: str, label: str, options: Options | Sequence[str], value: str | int) -> dict[str, Any]:
    """Describe a control that takes one of several values, each with its words."""
    return {"name": name, "place": place, "kind": "choice", "label": label, "options": options, "value": value}


def button(name: str, place: str, label: str, hint: str) -> dict[str, Any]:
    """Describe a control that is pressed."""
    return {"name": name, "place": place, "kind": "button", "label": label, "hint": hint}


def keeping(kind: str) -> list[dict[str, Any]]:
    """Describe the controls ``kind``, ``save`` and ``copy``."""
    return [
        choice("kind", "foot", "Keep as", [(one, one) for one in KINDS], kind),
        button("save", "foot", "Save", "Writes a file into the folder out beside this notebook"),
        button("copy", "foot", "Copy table", "Puts the table on the clipboard, for a spreadsheet"),
    ]


@cache
def library() -> bytes:
    """Pack the library that draws."""
    return gzip.compress(get_plotlyjs().encode(), 6, mtime=0)
