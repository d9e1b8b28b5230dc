"""What a deck says: slides of findings, exhibits and points, in a brand's colours.

All texts are plain; whoever writes them to a file makes them safe there. A slide's caption and its
speaker notes are made here, so that no file is without as-of, source, count and status.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd

from trendlib.errors import ConfigError
from trendlib.show.cells import columns
from trendlib.show.exhibits import Exhibit
from trendlib.show.theme import LIGHT, plain_text, time_words

MOST_EXHIBITS, MOST_LINKS = 4, 6
PRACTICE = "Practice data"
_LOGOS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".svg": "image/svg+xml"}
_COLOR = re.compile(r"#[0-9a-f]{6}")
_NOTED_ROWS, _NOTED_COLUMNS = 12, 10
_LEAD = 48


@dataclass(frozen=True, kw_only=True)
class Brand:
    """Whose deck it is.

    Parameters
    ----------
    name
        Stands on every slide.
    logo
        A png, jpg or svg; svg stands in HTML and PDF only, as PowerPoint needs pixels beside it.
    accent
        The one colour that says "look here", as ``#rrggbb``.

    Raises
    ------
    ConfigError
        If the colour is none, or the logo is of another kind or not there.
    """

    name: str = ""
    logo: Path | None = None
    accent: str = LIGHT.accent

    def __post_init__(self) -> None:
        """Check colour and logo."""
        if not _COLOR.fullmatch(self.accent):
            raise ConfigError(f"the brand's accent is {self.accent!r}; write a colour as #rrggbb in lower case")
        if self.logo is not None and not (self.logo.suffix.lower() in _LOGOS and self.logo.is_file()):
            raise ConfigError(f"the brand's logo {self.logo} is no png, jpg or svg that exists; correct its path")

    @property
    def logo_type(self) -> str:
        """The logo's media type, "" without one."""
        return "" if self.logo is None else _LOGOS[self.logo.suffix.lower()]


@dataclass(frozen=True)
class Link:
    """Words that lead somewhere, if the address is a plain https one; otherwise they are only words."""

    words: str
    url: str

    @property
    def target(self) -> str:
        """The address, "" when it is none to be trusted."""
        address = self.url.strip()
        if not re.fullmatch(r"https://[!#-;=?-\[\]_a-z~]{1,2000}", address, flags=re.ASCII | re.IGNORECASE):
            return ""
        try:
            parts = urlsplit(address)
        except ValueError:
            return ""
        return address if parts.hostname and "@" not in parts.netloc else ""


@dataclass(frozen=True, kw_only=True)
class Slide:
    """One slide: a finding, and what it rests on.

    Parameters
    ----------
    title
        The finding, as a sentence.
    finding
        More of it, in a sentence or two.
    exhibits
        Up to four; beside bullets two have room for their pictures, more may become tables.
    bullets
        Points beside the charts, or alone.
    caveat
        What to be careful about, in a sentence.
    links
        Where to see for oneself.
    notes
        What the speaker says; the deck adds source and numbers of each exhibit.
    section
        To which part of the deck it belongs; neighbours of one part carry the same word.
    source
        What a slide without exhibits rests on.
    """

    title: str
    finding: str = ""
    exhibits: Sequence[Exhibit] = ()
    bullets: Sequence[str] = ()
    caveat: str = ""
    links: Sequence[Link] = ()
    notes: str = ""
    section: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        """Check that it is not too full."""
        if len(self.exhibits) > MOST_EXHIBITS:
            message = f"a slide holds at most {MOST_EXHIBITS} exhibits, and {self.title!r} has {len(self.exhibits)}"
            raise ConfigError(f"{message}; divide it")


@dataclass(frozen=True, kw_only=True)
class Deck:
    """Slides under a title, as of an instant.

    Parameters
    ----------
    title
        What the deck is called.
    as_of
        The instant it shows the world as known at.
    slides
        The slides after the opening one, which the deck makes itself.
    subtitle
        What it covers.
    brand
        Whose it is.
    is_practice
        It shows the practice world; exhibits that do say so for the whole deck.
    """

    title: str
    as_of: datetime
    slides: Sequence[Slide] = ()
    subtitle: str = ""
    brand: Brand = field(default_factory=Brand)
    is_practice: bool = False

    @property
    def is_made_up(self) -> bool:
        """Whether anything in it comes from the practice world."""
        return self.is_practice or any(exhibit.is_practice for slide in self.slides for exhibit in slide.exhibits)

    @property
    def shown_slides(self) -> Sequence[Slide]:
        """The slides, or one that says that there are none."""
        return self.slides or [
            Slide(
                title="Nothing to show yet",
                finding="No slide was asked for, or no data were known at this instant.",
            )
        ]

    def caption(self, slide: Slide) -> str:
        """As of when, from where, how many, how sure: what the slide's exhibits say, equal parts once."""
        practice = f"{PRACTICE}: a made-up world, no real sounds" if self.is_made_up else ""
        own = (f"As of {time_words(self.as_of)}", slide.source)
        said = [exhibit.caption for exhibit in slide.exhibits] or own
        parts = (part for caption in (practice, *said) for part in caption.split(" · ") if part)
        return " · ".join(dict.fromkeys(parts))

    def opening_notes(self) -> list[str]:
        """Lines for the speaker beside the first slide: what it is, and as of when."""
        lines = (plain_text(self.title, 300), plain_text(self.subtitle, 600), self.caption(Slide(title="")))
        return [line for line in lines if line]

    def notes(self, slide: Slide) -> list[str]:
        """Lines for the speaker: what to say, the caveat, then source and numbers of each exhibit."""
        lines = [plain_text(line, 1000) for line in slide.notes.splitlines()]
        rest = [f"Caveat: {slide.caveat}" if slide.caveat else "", *[f"• {bullet}" for bullet in slide.bullets]]
        lines += [plain_text(line, 1000) for line in rest]
        for exhibit in slide.exhibits:
            head = f"{exhibit.title} ({exhibit.name})" + (f": {exhibit.subtitle}" if exhibit.subtitle else "")
            lines += ["", plain_text(head, 600), f"Query and source: {plain_text(exhibit.caption, 1000)}"]
            lines += _numbers(exhibit.table)
        if not slide.exhibits:
            lines += ["", plain_text(self.caption(slide), 1000)]
        return [line for place, line in enumerate(lines) if line or (place and lines[place - 1])]


def _numbers(frame: pd.DataFrame) -> list[str]:
    if frame.empty:
        return ["Numbers: no rows"]
    shown = frame.head(_NOTED_ROWS)
    told = columns(shown)[:_NOTED_COLUMNS]
    texts = [[plain_text(text, 60) for text in column.texts] for column in told]
    rows = [" | ".join(cells) for cells in zip(*texts, strict=True)]
    head = " | ".join(plain_text(column.head, 40) for column in told)
    rest = f"… {len(frame) - len(shown):,} more rows" if len(frame) > len(shown) else ""
    return [f"Numbers: {head}", *rows, *([rest] if rest else [])]


def led(bullet: str) -> tuple[str, str]:
    """Divide a point into the words that lead it, as far as a colon near its beginning, and the rest.

    Examples
    --------
    >>> led("Next: about 450 uses"), led("It leaves the list at 2×")
    (('Next: ', 'about 450 uses'), ('', 'It leaves the list at 2×'))
    """
    lead, colon, rest = bullet.partition(": ")
    return (f"{lead}: ", rest) if colon and len(lead) <= _LEAD else ("", bullet)


def said_of(exhibit: Exhibit) -> str:
    """Say what a picture shows to somebody who does not see it."""
    count = len(exhibit.frame)
    rows = "no rows" if not count else "1 row" if count == 1 else f"{count:,} rows"
    kind = "Table" if exhibit.draw is None else "Chart"
    parts = (f"{kind}: {plain_text(exhibit.title, 200)}", plain_text(exhibit.subtitle, 300), f"Rests on {rows}")
    return ". ".join(part.rstrip(".") for part in parts if part) + f". {plain_text(exhibit.caption, 400)}"
