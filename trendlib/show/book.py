"""Several exhibits bound into one HTML page that needs nothing from outside.

A part that could not be shown keeps its place and says in a sentence why, so that nobody takes it for empty.
"""

import importlib
from collections.abc import Iterable
from dataclasses import dataclass

from trendlib.show import page
from trendlib.show.canvas import Words
from trendlib.show.exhibits import Exhibit
from trendlib.show.theme import plain_text, safe_text


@dataclass(frozen=True)
class Gap:
    """A part that could not be shown.

    Attributes
    ----------
    name, title
        As those of the exhibit that is missing.
    reason
        What is not known, and how to learn it.
    """

    name: str
    title: str
    reason: str


def book(words: Words, parts: Iterable[tuple[str, Exhibit | Gap]], *, is_practice: bool) -> str:
    """Bind parts into a page.

    Parameters
    ----------
    words
        Title, subtitle and caption of the whole.
    parts
        Short heading of each part, as the page's contents name it, and the part, in reading order.
    is_practice
        Whether any of it is of the practice world.

    Returns
    -------
        The page; the same parts give the same bytes.
    """
    contents, sections, figures = [], [], {}
    for number, (heading, part) in enumerate(parts, start=1):
        place = f"part-{number}"
        contents.append(f'<a href="#{place}">{safe_text(heading, 40)}</a>')
        if isinstance(part, Gap):
            title, reason = safe_text(part.title, 200), safe_text(part.reason, 600)
            sections.append(f'<section id="{place}"><h2>{title}</h2><p class="subtitle">{reason}</p></section>')
            continue
        sheet = part.bare_json
        if sheet:
            figures[f"{place}-picture"] = sheet
        own = Words(part.title, part.subtitle, part.caption)
        sections.append(page.section(part.table, own, sheet, place))
    caption = f'<p class="subtitle">{safe_text(words.caption, 600)}</p>' if words.caption else ""
    nav = f'{caption}<nav aria-label="Contents">{"".join(contents)}</nav>'
    return page.around(nav + "".join(sections), words, figures, is_practice=is_practice)


def leaf_through(words: Words, parts: Iterable[tuple[str, Exhibit | Gap]]) -> None:
    """Show parts one beneath the other in a notebook, under the title of the whole."""
    display = importlib.import_module("IPython.display").display  # it is there when this is called

    def say(one: Words) -> None:
        plain = plain_text(f"{one.title}: {one.subtitle}" if one.subtitle else one.title, 600)
        display({"text/html": page.leaf(page.heading(one)), "text/plain": plain}, raw=True)

    say(words)
    for _, part in parts:
        if isinstance(part, Gap):
            say(Words(part.title, part.reason))
        else:
            display(part)
