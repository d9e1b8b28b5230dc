"""A deck: slides of exhibits as one HTML file, as PowerPoint, as PDF. It knows no trend.

The same deck gives the same bytes. The rooms: `content` (what is said), `letters` and `boxes`
(where it stands), `pages` (HTML), `powerpoint` and the rooms that take a plotly figure apart for it
(`axes`, `drawing`, `panels`, `around`) and write it natively (`native`, `shapes`, `workbook`, `template`).
"""

from collections.abc import Callable
from pathlib import Path

from trendlib.errors import ConfigError
from trendlib.show.deck.content import Brand, Deck, Link, Slide
from trendlib.show.deck.pages import html_page, pdf_pages
from trendlib.show.deck.powerpoint import powerpoint
from trendlib.show.exhibits import write_file

__all__ = ["Brand", "Deck", "Link", "Slide", "save"]


def save(deck: Deck, path: str | Path) -> Path:
    """Write a deck to a file; its ending says how: html, pptx or pdf.

    Parameters
    ----------
    deck
        The deck.
    path
        Where to; folders that are missing are made.

    Raises
    ------
    ConfigError
        If the ending is not one of these, the file cannot be written, or the logo cannot be read.
    PictureError
        If a pdf is asked for and no browser can print it.
    """
    target = Path(path)
    writers: dict[str, Callable[[Deck], bytes]] = {"html": html_page, "pptx": powerpoint, "pdf": pdf_pages}
    kind = target.suffix.lower().removeprefix(".")
    if kind not in writers:
        raise ConfigError(f"cannot save a deck as {target.name!r}; name a file that ends in {', '.join(writers)}")
    write_file(target, writers[kind](deck))
    return target
