"""A deck as one HTML file that needs nothing from outside, and printed as PDF by a browser.

The page forbids itself every request, and runs only the two scripts whose digests it names: plotly
and its own. Plotly and the charts' data are packed, as plotly alone has five megabytes: the page unpacks
them as it opens. Other people's text reaches it through `trendlib.show.theme.safe_text` and `_words` only,
data packed only.
"""

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from html import escape
from importlib import resources
from itertools import groupby
from string import Template
from typing import Any

from plotly.offline import get_plotlyjs

from trendlib.errors import ConfigError
from trendlib.show import pictures
from trendlib.show.deck import boxes
from trendlib.show.deck.boxes import Framed, Placed, Plan, Points, opened, planned
from trendlib.show.deck.content import PRACTICE, Deck, Slide, led, said_of
from trendlib.show.deck.drawing import Box, prepared
from trendlib.show.deck.letters import isolated
from trendlib.show.deck.tables import Grid, grid
from trendlib.show.page import table
from trendlib.show.theme import CONFIG, DARK, DARKENED, FONT, LIGHT, Palette, plain_text, safe_text, template

_BEHIND = 30
_LARGE = 1e5
_MIDNIGHT = re.compile(r"\d{4}-\d\d-\d\d 00:00:00")
_FONT = "Arial, Helvetica, sans-serif"
_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'; script-src $digests; img-src data: blob:">
<title>$title</title>
<style>
:root { $light --brand: $accent; }
@media (prefers-color-scheme: dark) { :root { $dark } }
@media print { :root { $light } }
$style
</style>
</head>
<body>
<main>
<h1 class="unseen">$title</h1>
<p id="said" class="unseen" aria-live="polite"></p>
$slides
</main>
<aside class="notes" aria-label="Speaker notes" tabindex="0"></aside>
<div class="progress"></div>
<nav class="tools" aria-label="Slides">
<button type="button" data-act="back" aria-label="Back">←</button>
<button type="button" data-act="next" aria-label="Next">→</button>
<button type="button" data-act="overview">Overview</button>
<button type="button" data-act="notes">Notes</button>
<button type="button" data-act="help" aria-label="Keys">?</button>
</nav>
<dialog id="overview" aria-label="Overview"><h2>$title</h2>$contents</dialog>
<dialog id="help" aria-label="Keys"><h2>Keys</h2><dl>
<dt>→ ↓ space</dt><dd>next slide</dd><dt>← ↑</dt><dd>back</dd><dt>Home, End</dt><dd>first, last</dd>
<dt>o</dt><dd>overview</dd><dt>s</dt><dd>speaker notes</dd><dt>f</dt><dd>full screen</dd><dt>?</dt><dd>these keys</dd>
</dl></dialog>
<script type="text/plain" id="library">$plotly</script>
<script type="text/plain" id="charts">$charts</script>
<script>$script</script>
</body>
</html>
""")  # noqa: E501  # a policy is one line


def html_page(deck: Deck) -> bytes:
    """Write a deck as one HTML page."""
    charts: list[Any] = []
    slides = [_opening(deck), *(_slide(deck, slide, page, charts) for page, slide in enumerate(deck.shown_slides, 2))]
    sheet = {
        "charts": charts, "config": {**CONFIG, "displayModeBar": False, "responsive": False},
        "darkened": _darkened(deck.brand.accent), "template": _template(),
    }  # fmt: skip
    script = resources.files(__package__).joinpath("deck.js").read_text(encoding="utf-8")
    return _PAGE.substitute(
        digests=" ".join(_digest(one) for one in (get_plotlyjs(), script)),
        title=safe_text(deck.title, 200),
        accent=deck.brand.accent,
        light=_variables(LIGHT),
        dark=_variables(DARK),
        style=resources.files(__package__).joinpath("deck.css").read_text(encoding="utf-8"),
        slides="\n".join(slides),
        contents=_contents(deck),
        charts=_packed(json.dumps(sheet, allow_nan=False, separators=(",", ":"))),
        plotly=_library(),
        script=script,
    ).encode()


def pdf_pages(deck: Deck) -> bytes:
    """Print a deck by a browser, a slide a page.

    Raises
    ------
    PictureError
        If there is no browser, or it fails or takes too long.
    """
    return pictures.printed_page(html_page(deck), drawn_at=deck.as_of)


def _template() -> Any:
    """Make the template of the deck's charts, in the letters that the slides were measured in."""
    return json.loads(json.dumps(template().to_plotly_json()).replace(FONT, _FONT))


@cache
def _library() -> str:
    return _packed(get_plotlyjs())


def _packed(text: str) -> str:
    """Pack a text for ``unpacked`` in deck.js; the same text gives the same letters."""
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def _digest(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _darkened(accent: str) -> dict[str, str]:
    lifted = "#" + bytes(round(part + 0.35 * (255 - part)) for part in bytes.fromhex(accent[1:])).hex()
    return dict(DARKENED) if accent == LIGHT.accent else {**DARKENED, accent: lifted}


def _variables(palette: Palette) -> str:
    return " ".join(f"--{name.replace('_', '-')}: {color};" for name, color in asdict(palette).items())


def _words(text: str, limit: int) -> str:
    """Make a sentence of ours harmless in HTML, with whatever it quotes."""
    return escape(isolated(plain_text(text, limit)))


def _at(box: Box) -> str:
    return f"left:{box.x:.1f}px;top:{box.y:.1f}px;width:{box.width:.1f}px;height:{box.height:.1f}px"


def _said(placed: Placed | None, tag: str, look: str) -> str:
    if placed is None:
        return ""
    style = f"{_at(placed.box)};font-size:{placed.words.size:g}px"
    return f'<{tag} class="box {look}" style="{style}">{_words(placed.words.text, 1300)}</{tag}>'


def _opening(deck: Deck) -> str:
    plan = opened(deck)
    parts = [
        _said(plan.name, "p", "bold"),
        _logo(deck, plan.logo),
        '<div class="bar"></div>',
        _said(plan.title, "h2", "bold"),
        _said(plan.subtitle, "p", "muted"),
        _said(plan.caption, "p", "muted"),
    ]
    return _section(1, deck.title, "".join(parts), deck.opening_notes())


def _section(page: int, title: str, inside: str, notes: Sequence[str]) -> str:
    said = _words(title, 300)
    lines = "\n".join(_words(line, 1000) for line in notes)
    return (
        f'<section class="slide" id="slide-{page}" data-title="{said}" aria-label="Slide {page}: {said}">'
        f"{inside}<template>{lines}</template></section>"
    )


def _logo(deck: Deck, room: Box) -> str:
    if deck.brand.logo is None:
        return ""
    try:
        picture = base64.b64encode(deck.brand.logo.read_bytes()).decode()
    except OSError as error:
        raise ConfigError(f"cannot read the logo {deck.brand.logo}: {error.strerror}; correct its path") from error
    name = safe_text(deck.brand.name, 60) or "the brand"
    source = f"data:{deck.brand.logo_type};base64,{picture}"
    return f'<img class="box logo" style="{_at(room)}" alt="Logo of {name}" src="{source}">'


def _slide(deck: Deck, slide: Slide, page: int, charts: list[Any]) -> str:
    plan: Plan = planned(slide, deck.caption(slide))
    foot = " · ".join(part for part in (safe_text(deck.brand.name, 24), str(page)) if part)
    parts = [
        _said(plan.section, "p", "muted"),
        f'<p class="tag">{PRACTICE}</p>' if deck.is_made_up else "",
        _said(plan.title, "h2", "bold"),
        _said(plan.finding, "p", "muted"),
        *(_picture(framed, deck, charts) for framed in plan.pictures),
        _points(plan.points) if plan.points else "",
        _said(plan.caveat, "p", "caveat"),
        _links(slide, plan.links) if plan.links else "",
        _said(plan.caption, "p", "muted caption"),
        f'<p class="box page" style="{_at(plan.page)}">{foot}</p>',
    ]
    return _section(page, slide.title, "".join(parts), deck.notes(slide))


def _points(points: Points) -> str:
    told = (led(point.text) for point in points.points)
    leads = ((f"<b>{_words(lead, 60)}</b> " if lead else "", rest) for lead, rest in told)
    items = "".join(f"<li>{lead}{_words(rest, 1300)}</li>" for lead, rest in leads)
    more = f'</ul><p class="muted">and {points.left_out} more in the notes</p>' if points.left_out else "</ul>"
    return f'<div class="box" style="{_at(points.box)};font-size:{points.size:g}px"><ul>{items}{more}</div>'


def _links(slide: Slide, box: Box) -> str:
    placed = boxes.linked(slide, box)
    return "".join(_linked(link.target, one) for link, one in zip(slide.links, placed, strict=False))


def _linked(target: str, placed: Placed) -> str:
    style = f"{_at(placed.box)};font-size:{placed.words.size:g}px"
    said = _words(placed.words.text, 300)
    if not target:
        return f'<p class="box" style="{style}">{said}</p>'
    href = escape(target, quote=True)
    return f'<p class="box" style="{style}"><a href="{href}" rel="noopener noreferrer" target="_blank">{said}</a></p>'


def _picture(framed: Framed, deck: Deck, charts: list[Any]) -> str:
    bare, exhibit = framed.exhibit.bare, framed.exhibit
    size = framed.size
    heading = _said(framed.heading, "h3", "bold")
    if bare is None or size is None:
        return heading + _gridded(grid(exhibit.table, framed.box), framed.box, exhibit.title)
    sheet = prepared(bare, deck.brand.accent, size)
    # One template serves all charts.
    del sheet["layout"]["template"]
    charts.append({"data": _slim(sheet["data"]), "layout": sheet["layout"]})
    said = _words(said_of(exhibit), 1000)
    style = f"width:{size.width:.1f}px;height:{size.height:.1f}px;transform:scale({size.scale:.4f})"
    room = f"max-width:{framed.box.width:.0f}px;max-height:{framed.box.height:.0f}px"
    name = safe_text(exhibit.title, 200)
    return (
        f'{heading}<div class="box" style="{_at(framed.box)}">'
        f'<div class="chart" style="{style}" data-chart="{len(charts) - 1}" role="img" aria-label="{said}"></div></div>'
        f'<details class="data" style="{_at(framed.behind)}">'
        f'<summary aria-label="Table: {name}">Table</summary>'
        f'<div tabindex="0" role="region" aria-label="Table of {name}" style="{room}">'
        f"{table(exhibit.table, _BEHIND, name)}</div></details>"
    )


def _slim(part: Any) -> Any:
    """Leave out digits that nobody sees, and midnights: sixty slides have to fit into a mail."""
    if isinstance(part, dict):
        return {name: _slim(inner) for name, inner in part.items()}
    if isinstance(part, list):
        return [_slim(inner) for inner in part]
    if isinstance(part, float) and abs(part) < _LARGE:
        return float(f"{part:.6g}")
    return part[:-9] if isinstance(part, str) and _MIDNIGHT.fullmatch(part) else part


def _gridded(laid: Grid, box: Box, title: str) -> str:
    sides = [' class="n"' if is_number else "" for is_number in laid.numbers]
    heads = "".join(
        f'<th scope="col"{side} style="width:{wide:.1f}px">{safe_text(text, 40)}</th>'
        for text, side, wide in zip(laid.heads, sides, laid.widths, strict=True)
    )
    rows = "".join(
        "<tr>"
        + "".join(f"<td{side}>{safe_text(text, 200)}</td>" for text, side in zip(cells, sides, strict=True))
        + "</tr>"
        for cells in laid.rows
    )
    rest = f'<p class="muted rest">{laid.rest}</p>' if laid.rest else ""
    style = f"width:{sum(laid.widths):.1f}px"
    return (
        f'<div class="box" style="{_at(box)};font-size:{laid.size:g}px">'
        f'<table class="grid" style="{style}" aria-label="{safe_text(title, 200)}"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table>{rest}</div>"
    )


def _contents(deck: Deck) -> str:
    pages = enumerate(deck.shown_slides, start=2)
    parts = [f'<a href="#1">1 · {safe_text(deck.title, 120)}</a>']
    for section, group in groupby(pages, key=lambda one: plain_text(one[1].section, 60)):
        parts.append(f"<h3>{safe_text(section, 60)}</h3>" if section else "")
        parts += [f'<a href="#{page}">{page} · {_words(slide.title, 120)}</a>' for page, slide in group]
    return "".join(parts)
