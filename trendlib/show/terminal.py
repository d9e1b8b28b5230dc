"""Exhibits in a terminal: heading, table, caption; one line a row, as wide as the window."""

from collections.abc import Mapping
from textwrap import fill

import pandas as pd
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from trendlib.show.cells import Column, columns
from trendlib.show.exhibits import Exhibit
from trendlib.show.theme import plain_text, status_words

_NAMES = {"title": 60, "artist": 32, "album": 24, "link": 160}
_GAP = 2
_LONG_TEXT = 40  # what is longer runs on in a second line
_LEAST_SIGNS = 12
_DATE_SIGNS = 10
_GIVES_WAY = ("link", "album", "artist", "first seen", "commercial", "title", "uses", "posts 24 h")


def print_exhibit(exhibit: Exhibit, console: Console, *, most: int | None = None) -> None:
    """Print an exhibit; other people's text is printed as text, whatever stands in it.

    Parameters
    ----------
    exhibit
        What to print: the columns it shows to readers.
    console
        Where to. When it is narrow, headings break, then artists give way, then titles, then counts; what is left
        out is said.
    most
        How many rows; by default all of them.
    """
    table = exhibit.table.head(most) if most else exhibit.table
    headings = [Text(plain_text(exhibit.title, 200), style="bold"), Text(plain_text(exhibit.subtitle, 300))]
    body: list[Table | Text] = _table(table, console.width) if len(table) else [Text("nothing to show")]
    if len(table) < len(exhibit.frame):
        body.append(Text(f"… and {len(exhibit.frame) - len(table):,} rows more", style="dim"))
    caption = Text(plain_text(exhibit.caption, 1000), style="dim")
    console.print(Group(Text(), *(line for line in headings if line.plain), Text(), *body, Text(), caption))


def _table(frame: pd.DataFrame, width: int) -> list[Table | Text]:
    told = {column.head: column for column in columns(frame)}
    cells = {head: _cells(column) for head, column in told.items()}
    lengths = {name: max(map(len, column)) for name, column in cells.items()}
    heads = {name: name for name in told}
    sizes = _sizes(heads, lengths)
    if sum(sizes.values()) > width:
        heads = {name: fill(name, min(lengths[name], _LONG_TEXT) or 1, break_long_words=False) for name in told}
        sizes = _sizes(heads, lengths)
    for name in _GIVES_WAY:
        lacking = sum(sizes.values()) - width
        if lacking > 0 and name in sizes:
            least = _LEAST_SIGNS if name == "title" else 0
            sizes[name] = max(sizes[name] - lacking, least + _GAP)
            if sizes[name] < _LEAST_SIGNS or name == "link":  # half an address is none
                del sizes[name]
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, _GAP, 0, 0))
    for name in sizes:
        table.add_column(heads[name], justify="right" if told[name].is_number else "left")
    runs_on = any(lengths[name] > _LONG_TEXT for name in sizes if name not in _NAMES)  # then names may do so too
    texts = [
        [plain_text(text, size - _GAP) if name in _NAMES and not runs_on else text for text in cells[name]]
        for name, size in sizes.items()
    ]
    for row in zip(*texts, strict=True):
        table.add_row(*(Text(cell) for cell in row))
    without = ", ".join(name for name in told if name not in sizes)
    return [table, *([Text(f"no room here for: {without}", style="dim")] if without else [])]


def _sizes(heads: Mapping[str, str], lengths: Mapping[str, int]) -> dict[str, int]:
    """Find how wide the columns want to be: as wide as a cell or a line of the heading."""
    needed = {name: max(lengths[name], *map(len, head.splitlines())) for name, head in heads.items()}
    return {name: min(need, _NAMES.get(name, _LONG_TEXT)) + _GAP for name, need in needed.items()}


def _cells(column: Column) -> list[str]:
    """Write a column where room is scarce: days without their hour, nothing where nothing was flagged."""
    if column.name == "status":
        return [status_words(status) for status in column.texts]
    if column.name == "alerted_at":
        return [text[:_DATE_SIGNS] for text in column.texts]
    if column.name == "alert":
        return ["" if text == "–" else text for text in column.texts]
    return [plain_text(text, 200) for text in column.texts]
