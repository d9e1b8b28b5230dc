"""An exhibit: a metric with its picture, its table and its caption, as one object.

Conventions of every exhibit:

* The caption is made here, from as-of, source and tally, so none can be without it. What comes from
  the practice world says so first, in the caption and on every page.
* The picture is drawn when it is first looked at. The same exhibit gives the same bytes in every file.
* It shows itself in JupyterLab (picture, table, caption; small, and readable when nothing runs any
  more), in a plain terminal, and in files. Files appear whole or not at all.
"""

import base64
import csv
import importlib
import io
import json
import math
import os
import unicodedata
from array import array
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from glob import escape
from itertools import accumulate
from pathlib import Path
from textwrap import fill
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from trendlib.errors import ConfigError, NoDataError
from trendlib.schema import utc_text
from trendlib.show import page, pictures
from trendlib.show.canvas import NO_WORDS, Sheet, Words
from trendlib.show.cells import columns
from trendlib.show.theme import CONFIG, CONTROLS, STATUS_LOOKS, Look, dressed, plain_text, status_words, time_words

# What a spreadsheet takes for the beginning of a formula.
_FORMULA_SIGNS = ("=", "+", "-", "@")
_BLANKS = ("\t", "\r", "\n")
_PLOTLY = "application/vnd.plotly.v1+json"
_NO_CHART = "Its chart shows where plotly is drawn, as in JupyterLab; .save() writes it to a page or a picture."
_PLAIN_WIDTH, _PLAIN_LEAST, _PLAIN_GAP = 140, 20, 2
_LONGEST_WRITE_S = 10
_MANY_NUMBERS = 12


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Exhibit:
    """A metric's frame, figure and caption.

    Parameters
    ----------
    name
        What it is, in one word fit for a file name: ``leaderboard``.
    title
        Its heading, as plain text.
    frame
        The table.
    as_of
        The instant it shows the world as known at.
    source
        What the numbers rest on and how many they are: ``1,234 posts listed by TikLiveAPI``.
    draw
        Draws the sheet, or a figure, with these words around it, for example ``partial(charts.leaderboard.sheet,
        board)``; None for an exhibit that is a table only.
    tally
        How many of the things shown have which status.
    things
        What the tally counts, in the plural.
    columns
        The columns its tables show, all when none is named; files hold every column.
    subtitle
        The finding in a sentence, as plain text.
    note
        Anything else the caption has to say.
    is_practice
        It shows the practice world.
    look
        How its figure is dressed: light, dark or slides.
    most_rows
        How many rows its table shows in notebooks, where the others unfold, and in terminals.
    """

    name: str
    title: str
    frame: pd.DataFrame
    as_of: datetime
    source: str
    draw: Callable[[Words], Sheet | go.Figure] | None = None
    tally: Mapping[str, int] = field(default_factory=dict)
    things: str = "sounds"
    columns: Sequence[str] = ()
    subtitle: str = ""
    note: str = ""
    is_practice: bool = False
    look: Look = "light"
    most_rows: int = 10

    @cached_property
    def figure(self) -> go.Figure:
        """The chart with its words around it.

        Raises
        ------
        NoDataError
            If the exhibit is a table only.
        """
        if self.draw is None:
            message = (
                f"the exhibit {self.name!r} is a table without a picture; use .frame, or save it as html, csv or json"
            )
            raise NoDataError(message)
        return dressed(go.Figure(_figure(self.draw(self._words))), self.look)

    @property
    def headed_figure(self) -> go.Figure | None:
        """The chart with its heading alone, as a notebook shows it above table and caption; None for a table."""
        return None if self.draw is None else dressed(_figure(self.draw(Words(self.title, self.subtitle))), self.look)

    @cached_property
    def bare(self) -> go.Figure | None:
        """The chart alone, for slides that write its words themselves; None for a table."""
        return None if self._bare is None else _figure(self._bare)

    @property
    def bare_json(self) -> str | None:
        """The same as JSON, for pages and windows."""
        return None if self._bare is None else self._bare.to_json()

    @cached_property
    def _bare(self) -> Sheet | go.Figure | None:
        return None if self.draw is None else self.draw(NO_WORDS)

    @property
    def _words(self) -> Words:
        return Words(self.title, self.subtitle, self.caption)

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

    @property
    def _sheet(self) -> pd.DataFrame:
        return self.frame.assign(origin="practice data") if self.is_practice else self.frame

    @property
    def table(self) -> pd.DataFrame:
        """What its tables show: the frame's rows in the columns that matter to readers."""
        return self.frame[list(self.columns)] if self.columns else self.frame

    def listing(self, frame: pd.DataFrame, *columns: str, title: str) -> "Exhibit":
        """Show rows picked from its frame as a table, with its caption.

        Parameters
        ----------
        frame
            The rows.
        *columns
            Which columns its table shows, all when none is named.
        title
            Its heading.
        """
        return replace(self, frame=frame, columns=columns, title=title, subtitle="", draw=None, most_rows=20)

    def save(self, path: str | Path) -> Path:
        """Write the exhibit to a file; its ending says how: html, png, svg, pdf, csv or json.

        Folders that are missing are made. A csv or json holds the whole frame and nothing else; the
        practice world's has a last column ``origin`` that says so.

        Raises
        ------
        ConfigError
            If the ending is not one of these, or the file cannot be written.
        NoDataError
            If a png, svg or pdf is asked for and the exhibit has no picture.
        PictureError
            If a png, svg or pdf is asked for and no browser can print it.
        """
        target = Path(path)
        kind = target.suffix.lower().removeprefix(".")
        writers: dict[str, Callable[[], bytes]] = {
            "html": self._html_file,
            "csv": lambda: csv_text(self._sheet).encode(),
            "json": lambda: json_text(self._sheet).encode(),
            **dict.fromkeys(("png", "svg", "pdf"), lambda: self._picture(kind)),
        }
        if kind not in writers:
            message = f"cannot save an exhibit as {target.name!r}; name a file that ends in {', '.join(writers)}"
            raise ConfigError(message)
        write_file(target, writers[kind]())
        return target

    def _html_file(self) -> bytes:
        return page.page(self.table, self._words, self.bare_json, is_practice=self.is_practice).encode()

    def _picture(self, kind: str) -> bytes:
        return pictures.printed(self.figure, kind, width=pictures.WIDTHS[self.look], drawn_at=self.as_of)

    def __repr__(self) -> str:
        """Show title, first rows and caption in a plain terminal."""
        head = [fill(plain_text(text, 600), _PLAIN_WIDTH) for text in (self.title, self.subtitle) if text]
        return "\n".join(
            [
                *head,
                "",
                _plain_table(self.table, self.most_rows),
                "",
                fill(plain_text(self.caption, 1000), _PLAIN_WIDTH),
            ]
        )

    def fragment(self, *, is_headed: bool = False) -> str:
        """Return table and caption as HTML that fits into a notebook.

        Parameters
        ----------
        is_headed
            Whether title and subtitle stand above it though there is a picture that says them.
        """
        drawn = "" if is_headed else self.bare_json or ""
        return page.fragment(self.table, self._words, self.most_rows, figure_json=drawn)

    _repr_html_ = fragment

    def _ipython_display_(self) -> None:
        # Two outputs, because a front end shows only one kind of each. IPython is there when this is called.
        display = importlib.import_module("IPython.display").display
        figure = self.headed_figure
        if figure is not None:
            sheet = json.loads(figure.to_json())
            sheet["data"] = [{name: _packed(part) for name, part in trace.items()} for trace in sheet["data"]]
            # an export without plotly takes the next best, and still says what the chart found
            instead = page.heading(self._words) + f"<p>{_NO_CHART}</p>"
            # a notebook's renderer follows its own width; where plotly does so too, the two fold a chart to no height
            config = {**CONFIG, "responsive": False}
            display({_PLOTLY: {**sheet, "config": config}, "text/html": instead}, raw=True)
        display({"text/html": self.fragment(), "text/plain": repr(self)}, raw=True)


def _figure(drawn: Sheet | go.Figure) -> go.Figure:
    return drawn.figure() if isinstance(drawn, Sheet) else drawn


def tally_words(tally: Mapping[str, int], things: str = "sounds") -> str:
    """Say how many things have which status, the surest first.

    Examples
    --------
    >>> tally_words({"weak": 9, "ok": 82, "not_enough_coverage": 9})
    '100 sounds: 82 ok, 9 weak, 9 not enough coverage'
    >>> tally_words({"ok": 1})
    'status: ok'
    """
    order = [*STATUS_LOOKS, *sorted(set(tally) - set(STATUS_LOOKS))]
    said = {status_words(status): tally[status] for status in order if tally.get(status)}
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


def csv_text(frame: pd.DataFrame, separator: str = ",") -> str:
    """Write a frame as CSV that a spreadsheet opens without running anything: formulas in texts are quoted."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, delimiter=separator, lineterminator="\n")
    writer.writerow(map(_harmless, frame.columns))
    writer.writerows([_harmless(value) for value in row.values()] for row in records(frame))
    return sheet.getvalue()


def _packed(part: Any) -> Any:
    """Write numbers of a figure as plotly's typed arrays: a saved notebook gives each number of a list a line."""
    if not isinstance(part, list) or len(part) < _MANY_NUMBERS or not {*map(type, part)} <= {int, float}:
        return part
    return {"dtype": "f8", "bdata": base64.b64encode(array("d", part)).decode()}


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
    if not isinstance(value, str):
        return value
    # A bare carriage return would end the row for some readers.
    text = CONTROLS.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
    # signs of other widths count as the plain ones, and what is not seen before them is passed over
    begin = next((sign for sign in text if not sign.isspace() and unicodedata.category(sign) != "Cf"), "")
    is_formula = unicodedata.normalize("NFKC", begin).startswith(_FORMULA_SIGNS)
    return f"'{text}" if is_formula or text.startswith(_BLANKS) else text


def _plain_table(frame: pd.DataFrame, most_rows: int) -> str:
    if frame.empty:
        return "nothing to show"
    shown = frame.head(most_rows)
    told = [(plain_text(column.head, 40), column.texts) for column in columns(shown)]
    limit = _plain_limit([max(map(len, (head, *texts))) for head, texts in told])
    cells = [[plain_text(text, limit) for text in (head, *texts)] for head, texts in told]
    widths = [max(map(len, column)) for column in cells]
    kept = max(1, sum(reach <= _PLAIN_WIDTH for reach in accumulate(wide + _PLAIN_GAP for wide in widths)))
    sides = [str.rjust if column.is_number else str.ljust for column in columns(shown)][:kept]
    lines = [
        (" " * _PLAIN_GAP).join(side(text, wide) for side, text, wide in zip(sides, row, widths, strict=False)).rstrip()
        for row in zip(*cells[:kept], strict=True)
    ]
    left_out = {
        f"{len(frame) - len(shown):,} more rows": len(frame) > len(shown),
        f"the columns {', '.join(head for head, _ in told[kept:])}": kept < len(told),
    }
    said = " and ".join(words for words, is_left_out in left_out.items() if is_left_out)
    return "\n".join([*lines, *([f"… {said}: see .frame"] if said else [])])


def _plain_limit(lengths: Sequence[int]) -> int:
    """Find how long cells may be for all columns to stand side by side; less than twenty signs say nothing."""
    for limit in range(max(_PLAIN_LEAST, *lengths), _PLAIN_LEAST, -1):
        if sum(min(length, limit) + _PLAIN_GAP for length in lengths) <= _PLAIN_WIDTH:
            return limit
    return _PLAIN_LEAST


def write_file(target: Path, content: bytes, *, is_private: bool = False) -> None:
    """Write a file whole or not at all; folders that are missing are made. What is private is its owner's only.

    Raises
    ------
    ConfigError
        If it cannot be written.
    """
    draft = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(mode=0o700 if is_private else 0o777, parents=True, exist_ok=True)
        draft.touch(mode=0o600 if is_private else 0o666)
        draft.write_bytes(content)
        _tidy(target, draft.stat().st_mtime)
        draft.replace(target)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        message = f"cannot write {target}: {error.strerror}; choose a folder that can be written to"
        raise ConfigError(message) from error


def _tidy(target: Path, now_s: float) -> None:
    """Remove what killed programs left of the same file half written; another may be at it just now."""
    for left in target.parent.glob(f".{escape(target.name)}.*.tmp"):
        with suppress(OSError):
            if left.stat().st_mtime < now_s - _LONGEST_WRITE_S:
                left.unlink()
