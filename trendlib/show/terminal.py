"""Exhibits in a terminal: heading, table, caption; one line a row, as wide as the window."""

import pandas as pd
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from trendlib.show.exhibits import Exhibit
from trendlib.show.page import shown_columns
from trendlib.show.theme import plain_text, ratio_words, status_words

_NUMBERS = (
    "rank",
    "growth",
    "posts 24 h",
    "uses",
    "posts",
    "exposure days",
    "creators",
    "views",
    "share before",
    "share now",
    "at least by",
    "n0",
    "n1",
    "unknown",
    "lead",
    "duration s",
)
_NAMES = {"title": 34, "artist": 20, "album": 16}
_SHORTER = {
    "posts_last_24h": "posts 24 h",
    "total_uses": "uses",
    "effective_creators": "creators",
    "p0": "share before",
    "p1": "share now",
    "low": "at least by",
    "high": "at most by",
    "n_unknown": "unknown",
    "alerted_at": "alerted",
    "outcome_1w": "1 week",
    "outcome_2w": "2 weeks",
    "outcome_4w": "4 weeks",
    "outcome_8w": "8 weeks",
    "lead_days": "lead",
    "is_commerce_music": "commercial",
}
_INTERVAL = ["growth_rate", "growth_low", "growth_high"]
_GAP = 2
_LONG_TEXT = 40  # what is longer runs on in a second line
_LEAST_SIGNS = 12
_DATE_SIGNS = 10
_GIVES_WAY = ("last alert", "album", "artist", "title", "uses", "posts 24 h")


def print_exhibit(exhibit: Exhibit, console: Console, *, most: int | None = None) -> None:
    """Print an exhibit; other people's text is printed as text, whatever stands in it.

    Parameters
    ----------
    exhibit
        What to print: the columns it shows to readers.
    console
        Where to. When it is narrow, artists give way first, then titles, then counts.
    most
        How many rows; by default all of them.
    """
    table = exhibit.table.head(most) if most else exhibit.table
    headings = [Text(plain_text(exhibit.title, 200), style="bold"), Text(plain_text(exhibit.subtitle, 300))]
    body: list[Table | Text] = [_table(table, console.width) if len(table) else Text("nothing to show")]
    if len(table) < len(exhibit.frame):
        body.append(Text(f"… and {len(exhibit.frame) - len(table):,} rows more", style="dim"))
    caption = Text(plain_text(exhibit.caption, 1000), style="dim")
    console.print(Group(Text(), *(line for line in headings if line.plain), Text(), *body, Text(), caption))


def _table(frame: pd.DataFrame, width: int) -> Table:
    cells = _cells(frame)
    lengths = {name: max(len(text) for text in (name, *column)) for name, column in cells.items()}
    sizes = {name: min(length, _LONG_TEXT) + _GAP for name, length in lengths.items()}
    sizes |= {name: min(sizes[name], limit + _GAP) for name, limit in _NAMES.items() if name in sizes}
    for name in _GIVES_WAY:
        lacking = sum(sizes.values()) - width
        if lacking > 0 and name in sizes:
            least = _LEAST_SIGNS if name == "title" else 0
            sizes[name] = max(sizes[name] - lacking, least + _GAP)
            if sizes[name] < _LEAST_SIGNS:
                del sizes[name]
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, _GAP, 0, 0))
    for name in sizes:
        table.add_column(name, justify="right" if name in _NUMBERS else "left")
    columns = [
        [plain_text(text, size - _GAP) if name in _NAMES else text for text in cells[name]]
        for name, size in sizes.items()
    ]
    for row in zip(*columns, strict=True):
        table.add_row(*(Text(cell) for cell in row))
    return table


def _cells(frame: pd.DataFrame) -> dict[str, list[str]]:
    """Write the columns for readers; a ratio and its interval are one thing to read."""
    cells: dict[str, list[str]] = {}
    for name, texts in shown_columns(frame).items():
        if name == "growth_rate":
            cells["growth"] = [ratio_words(*row) for row in frame[_INTERVAL].itertuples(index=False)]
        elif name == "status":
            cells["status"] = [status_words(status) for status in frame[name]]
        elif name == "alerted_at":
            cells["alerted"] = [text[:_DATE_SIGNS] for text in texts]
        elif name == "alert":
            cells["alert"] = ["" if alert == "–" else alert for alert in texts]
        elif name not in _INTERVAL:
            cells[_SHORTER.get(name, name.replace("_", " "))] = [plain_text(text, 200) for text in texts]
    return cells
