"""A frame as a table that fits into a box: whole and in one line each, whole in several lines, or in part."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, product
from typing import Any

import pandas as pd

from trendlib.show import cells
from trendlib.show.deck.drawing import Box
from trendlib.show.deck.letters import LINE, fitted, width
from trendlib.show.theme import plain_text, status_look, status_words

_SIZES = (16.0, 15.0, 14.0, 13.0)
_LINES, _MOST_ROWS = 3, 40
_GAP, _CELL, _REST = 22, 9, 24
_LEAST, _WIDEST = 96, 250
_APART = 1.4


@dataclass(frozen=True)
class Grid:
    """A table made to fit.

    Attributes
    ----------
    heads, rows
        What its cells say.
    widths, heights
        Of columns, and of rows after the one of heads [px].
    numbers
        Which columns hold numbers.
    size
        How large its letters are [px].
    rest
        What it leaves out, in words.
    is_cut
        Whether a cell says less than it would.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    heights: Sequence[float]
    numbers: Sequence[bool]
    size: float
    rest: str = ""
    is_cut: bool = False

    @property
    def head_height(self) -> float:
        """How high the row of heads is [px]."""
        return self.size * LINE + _CELL

    @property
    def height(self) -> float:
        """How high all of it is [px]."""
        return self.head_height + sum(self.heights)


@dataclass(frozen=True)
class _Column:
    head: str
    cells: Sequence[str]
    is_number: bool
    width: float  # in letters' sizes


def grid(frame: pd.DataFrame, box: Box) -> Grid:
    """Make a table fit into a box; what found no room is counted."""
    shown = frame.head(_MOST_ROWS)
    columns = [_column(column, shown[column.name]) for column in cells.columns(shown)]
    for lines, size in product((1, _LINES), _SIZES):
        widths = _widths(columns, box.width, size, lines)
        found = _laid(columns, widths, size, lines) if widths else None
        if found and not found.is_cut and len(found.rows) == len(frame) and found.height <= box.height:
            return _spread(replace(found, rest="no rows" if frame.empty else ""), box.width)
    return _in_part(frame, columns, box)


def _spread(laid: Grid, room: float) -> Grid:
    """Let columns stand further apart where there is room."""
    further = min(room / (sum(laid.widths) or room), _APART)
    return replace(laid, widths=[further * wide for wide in laid.widths])


def _in_part(frame: pd.DataFrame, columns: Sequence[_Column], box: Box) -> Grid:
    size = _SIZES[-1]
    widths = [min(size * column.width + _GAP, _WIDEST, box.width) for column in columns]
    kept = max(sum(reach <= box.width for reach in accumulate(widths)), 1)
    found = _laid(columns[:kept], widths[:kept], size, 1)
    most = max(int((box.height - _REST) // found.head_height) - 1, 1)
    shown = min(len(frame), len(found.rows), most)
    # Where all rows have room, words in several lines leave room for more columns.
    for count in range(len(columns), kept if shown == len(frame) else len(columns), -1):
        narrow = _widths(columns[:count], box.width, size, _LINES)
        wrapped = _laid(columns[:count], narrow, size, _LINES) if narrow else None
        if wrapped and wrapped.height <= box.height - _REST:
            found, kept = wrapped, count
            break
    lacks = {
        f"{shown:,} of {len(frame):,} rows": shown < len(frame),
        f"{kept} of {len(columns)} columns": kept < len(columns),
    }
    said = "no rows" if frame.empty else ", ".join(words for words, is_so in lacks.items() if is_so)
    return replace(found, rows=found.rows[:shown], heights=found.heights[:shown], rest=said)


def _column(column: cells.Column, values: "pd.Series[Any]") -> _Column:
    said = _statuses(values) if column.name == "status" else column.texts
    texts = [plain_text(text, 160) for text in said]
    head = plain_text(column.head, 30)
    return _Column(head, texts, column.is_number, max(width(text, 1) for text in (head, *texts)))


def _statuses(values: "pd.Series[Any]") -> list[str]:
    named = ["" if pd.isna(status) else str(status) for status in values.tolist()]
    return [f"{status_look(status.replace(' ', '_')).sign} {status_words(status)}" for status in named]


def _widths(columns: Sequence[_Column], room: float, size: float, lines: int) -> list[float] | None:
    """Find widths at which the columns fit beside each other, the widest made narrower; None if there are none."""
    natural = [size * column.width + _GAP for column in columns]
    if sum(natural) <= room:
        return natural
    if lines == 1:
        return None
    narrow = sorted(natural)
    for place, wide in enumerate(narrow):
        cap = (room - sum(narrow[:place])) / (len(narrow) - place)
        if cap <= wide:
            return [min(each, cap) for each in natural] if cap >= _LEAST else None
    return natural


def _laid(columns: Sequence[_Column], widths: Sequence[float], size: float, lines: int) -> Grid:
    rows = list(
        zip(
            *(
                [fitted(text, wide - _GAP + 1, lines, [size]) for text in column.cells]
                for column, wide in zip(columns, widths, strict=True)
            ),
            strict=True,
        )
    )
    return Grid(
        heads=[fitted(column.head, wide - 6, 1, [size]).text for column, wide in zip(columns, widths, strict=True)],
        rows=[[cell.text for cell in row] for row in rows],
        widths=widths,
        heights=[max(len(cell.lines) for cell in row) * size * LINE + _CELL for row in rows],
        numbers=[column.is_number for column in columns],
        size=size,
        is_cut=any(cell.is_cut for row in rows for cell in row),
    )
