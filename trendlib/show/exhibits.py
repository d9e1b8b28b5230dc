"""An exhibit: a metric with its picture, its table and its caption, as one object.

Conventions of every exhibit:

* The caption is made here, from as-of, source and tally, so none can be without it. What comes from
  the practice world says so first, in the caption and on every page.
* The picture is drawn when it is first looked at. The same exhibit gives the same bytes in every file.
* It shows itself in JupyterLab (picture, table, caption; small, and readable when nothing runs any
  more), in a plain terminal, and in files. Files appear whole or not at all.
"""

import importlib
import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from trendlib.errors import ConfigError
from trendlib.schema import utc_text
from trendlib.show import page, pictures
from trendlib.show.canvas import NO_WORDS, Words
from trendlib.show.theme import CONFIG, STATUS_LOOKS, Look, dressed, plain_text, time_words

# What a spreadsheet takes for the beginning of a formula.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_PLAIN_ROWS = 10


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Exhibit:
    """A metric's frame, figure and caption.

    Attributes
    ----------
    name
        What it is, in one word fit for a file name: ``leaderboard``.
    title, subtitle
        Its headings, as plain text.
    frame
        The table.
    draw
        Makes the figure with these words around it, for example ``partial(charts.leaderboard, board)``.
    as_of
        The instant it shows the world as known at.
    source
        What the numbers rest on and how many they are: ``1,234 posts listed by TikLiveAPI``.
    tally
        How many of the things shown have which status.
    things
        What the tally counts, in the plural.
    note
        Anything else the caption has to say.
    is_practice
        It shows the practice world.
    look
        How its figure is dressed: light, dark or slides.
    """

    name: str
    title: str
    frame: pd.DataFrame
    draw: Callable[[Words], go.Figure]
    as_of: datetime
    source: str
    tally: Mapping[str, int] = field(default_factory=dict)
    things: str = "sounds"
    subtitle: str = ""
    note: str = ""
    is_practice: bool = False
    look: Look = "light"

    @cached_property
    def figure(self) -> go.Figure:
        """The chart with its words around it."""
        return dressed(self.draw(Words(self.title, self.subtitle, self.caption)), self.look)

    @cached_property
    def caption(self) -> str:
        """As of when, from where, how many, how sure; practice data first of all."""
        parts = (
            "Practice data: a made-up world, no real sounds" if self.is_practice else "",
            f"As of {time_words(self.as_of)}",
            self.source,
            tally_words(self.tally, self.things),
            self.note,
        )
        return " · ".join(part for part in parts if part)

    def save(self, path: str | Path) -> Path:
        """Write the exhibit to a file; its ending says how: html, png, svg, pdf, csv or json.

        Folders that are missing are made. A csv or json holds the table only.

        Raises
        ------
        ConfigError
            If the ending is not one of these, or the file cannot be written.
        PictureError
            If a png, svg or pdf is asked for and no browser can print it.
        """
        target = Path(path)
        kind = target.suffix.lower().removeprefix(".")
        writers: dict[str, Callable[[], bytes]] = {
            "html": self._html_file,
            "csv": lambda: csv_text(self.frame).encode(),
            "json": lambda: json_text(self.frame).encode(),
            **dict.fromkeys(("png", "svg", "pdf"), lambda: self._picture(kind)),
        }
        if kind not in writers:
            message = f"cannot save an exhibit as {target.name!r}; name a file that ends in {', '.join(writers)}"
            raise ConfigError(message)
        _write(target, writers[kind]())
        return target

    def _html_file(self) -> bytes:
        words = Words(self.title, self.subtitle, self.caption)
        return page.page(self.frame, words, self.draw(NO_WORDS).to_json(), is_practice=self.is_practice).encode()

    def _picture(self, kind: str) -> bytes:
        return pictures.printed(self.figure, kind, width=pictures.WIDTHS[self.look], drawn_at=self.as_of)

    def __repr__(self) -> str:
        """Show title, first rows and caption in a plain terminal."""
        head = [plain_text(text, 120) for text in (self.title, self.subtitle) if text]
        return "\n".join([*head, "", _plain_table(self.frame), "", self.caption])

    def _repr_html_(self) -> str:
        return page.fragment(self.frame, Words(self.title, self.subtitle, self.caption))

    def _ipython_display_(self) -> None:
        # Two outputs, because a front end shows only one kind of each. IPython is there when this is called.
        display = importlib.import_module("IPython.display").display
        figure = dressed(self.draw(Words(self.title, self.subtitle)), self.look)
        display({_PLOTLY: {**json.loads(figure.to_json()), "config": dict(CONFIG)}}, raw=True)
        display({"text/html": self._repr_html_(), "text/plain": repr(self)}, raw=True)


_PLOTLY = "application/vnd.plotly.v1+json"


def tally_words(tally: Mapping[str, int], things: str = "sounds") -> str:
    """Say how many things have which status, the surest first.

    Examples
    --------
    >>> tally_words({"weak": 9, "ok": 82, "not_enough_coverage": 9})
    '100 sounds: 82 ok, 9 weak, 9 not enough coverage'
    >>> tally_words({"ok": 1})
    'status: ok'
    """
    counted = {status: tally[status] for status in [*STATUS_LOOKS, *sorted(set(tally) - set(STATUS_LOOKS))] if tally.get(status)}
    said = {STATUS_LOOKS[status].words if status in STATUS_LOOKS else status: count for status, count in counted.items()}
    total = sum(said.values())
    if total == 1:
        return f"status: {next(iter(said))}"
    return f"{total:,} {things}: {', '.join(f'{count:,} {words}' for words, count in said.items())}" if said else ""


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Turn a frame into rows of plain values: ISO times with Z, None for a missing or infinite one."""
    columns = {str(name): [_plain_value(value) for value in frame[name].tolist()] for name in frame.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def json_text(frame: pd.DataFrame) -> str:
    """Write a frame as a JSON list of rows."""
    return json.dumps(records(frame), ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def csv_text(frame: pd.DataFrame) -> str:
    """Write a frame as CSV that a spreadsheet opens without running anything: formulas in texts are quoted."""
    rows = pd.DataFrame(records(frame), columns=[str(name) for name in frame.columns], dtype=object)
    return rows.map(_harmless).to_csv(index=False, lineterminator="\n")


def _plain_value(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain_value(inner) for inner in value]
    if isinstance(value, str | bool | int):
        return value
    if pd.isna(value) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, datetime):
        return utc_text(value) if value.tzinfo else value.isoformat()
    return value if isinstance(value, float) else str(value)


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_SIGNS) else value


def _plain_table(frame: pd.DataFrame) -> str:
    if frame.empty:
        return "no rows"
    shown = frame.head(_PLAIN_ROWS)
    cells = pd.DataFrame({str(name): [page.shown_value(value) for value in shown[name].tolist()] for name in frame.columns})
    table = cells.to_string(index=False, max_colwidth=32, line_width=150)
    more = f"\n… {len(shown)} of {len(frame):,} rows; all are in .frame" if len(frame) > len(shown) else ""
    return table + more


def _write(target: Path, content: bytes) -> None:
    draft = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        draft.replace(target)
    except OSError as error:
        message = f"cannot write {target}: {error.strerror}; choose a folder that can be written to"
        raise ConfigError(message) from error
    finally:
        draft.unlink(missing_ok=True)
