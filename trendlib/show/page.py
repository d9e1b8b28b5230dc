"""Exhibits as HTML: a page that needs nothing from outside, and a table for notebooks.

Other people's text reaches HTML through `trendlib.show.theme.safe_text` only; data reaches scripts
through `embedded` only. The page forbids itself every request, and wears the reader's light or
dark by exchanging colours in its figure.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import accumulate
from string import Template
from typing import Any

import pandas as pd
from plotly.offline import get_plotlyjs

from trendlib.show.canvas import EDGE, Words
from trendlib.show.cells import CELL_SIGNS, Column, columns, held_dates
from trendlib.show.theme import (
    CONFIG,
    DARK,
    DARKENED,
    FONT,
    LIGHT,
    STATUS_LOOKS,
    Palette,
    plain_text,
    safe_text,
    status_look,
    status_words,
)

_TABLE_STYLE = """
.trendlib { color: var(--ink); font-size: 13px; line-height: 1.45; }
.trendlib .scroll { overflow-x: auto; }
.trendlib table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 0; }
.trendlib th, .trendlib td { padding: 5px 12px 5px 0; text-align: left; border: 0; vertical-align: top; }
.trendlib th, .trendlib td[class] { white-space: nowrap; }
.trendlib td { max-width: 26em; overflow-wrap: anywhere; }
.trendlib th { color: var(--muted); font-weight: 500; font-size: 12px; border-bottom: 1px solid var(--grid); }
.trendlib td { border-bottom: 1px solid var(--grid); }
.trendlib .n { text-align: right; }
.trendlib a { color: var(--accent); white-space: nowrap; }
.trendlib i { font-style: normal; color: var(--muted); }
.trendlib .ok i, .trendlib .counter_only i { color: var(--accent); }
.trendlib h4 { font-size: 17px; font-weight: 650; margin: 12px 0 4px; }
.trendlib p { color: var(--muted); font-size: 12px; margin: 8px 0; max-width: 76em; }
"""
# Opened, a fold takes the place of the rows above it, in a room of its own with the heads in sight.
_FOLD_STYLE = """
.trendlib summary { color: var(--muted); cursor: pointer; font-size: 12px; margin: 8px 0; width: fit-content; }
.trendlib summary:hover { color: var(--ink); }
.trendlib :is(.scroll, summary):focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.trendlib .rows:has(> details[open]) > .scroll { display: none; }
.trendlib .rows > details > .scroll { max-height: 480px; overflow: auto; width: fit-content; max-width: 100%; }
.trendlib .rows > details th { position: sticky; top: 0; background: var(--paper); }
.trendlib .rows > details td { text-align: left; }
.trendlib .rows > details .n { text-align: right; }
@media print { .trendlib .rows > details > .scroll { max-height: none; } }
"""
MOST_UNFOLDED = 300
_ROWS_OF_A_SECTION = 100
_TOO_FEW_TO_FOLD = 3
_MOST_FOLDED_SIGNS = 25_000
_OWN_KEYS = 'data-lm-suppress-shortcuts="true"'  # in JupyterLab arrows would move cells, not these rows
_LEFT = ' style="text-align:left"'
_SHORT = 16
_NOTHING = "<p>Nothing to show.</p>"
_POST = re.compile(r"https://www\.tiktok\.com/[\w@./-]+", re.ASCII)
_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:">
<title>$title</title>
<style>
:root { $light }
@media (prefers-color-scheme: dark) { :root { $dark } }
@media print { :root { $light } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 $font; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 32px 64px; }
h1 { font-size: 30px; line-height: 1.2; letter-spacing: -0.015em; margin: 0; font-weight: 680; }
.subtitle { font-size: 17px; color: var(--muted); margin: 6px 0 0; }
.ribbon { background: var(--accent); color: var(--paper); font-weight: 600; font-size: 13px; }
.ribbon { text-align: center; padding: 6px 16px; }
figure { margin: 20px -20px 0; }
figure text { font-variant-numeric: tabular-nums; }
figure .modebar:focus-within { opacity: 1 !important; }
figcaption { color: var(--muted); font-size: 13px; max-width: 62em; margin: 8px 20px 36px; }
nav { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 20px 0 0; font-size: 14px; }
a { color: var(--accent); text-underline-offset: 3px; }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 2px; }
section { border-top: 1px solid var(--grid); margin-top: 44px; padding-top: 28px; }
h2 { font-size: 21px; line-height: 1.3; letter-spacing: -0.01em; margin: 0; font-weight: 650; }
section .subtitle { font-size: 15px; max-width: 62em; }
section figcaption { margin-bottom: 16px; }
summary { cursor: pointer; color: var(--muted); font-size: 13px; margin-bottom: 8px; }
$style
</style>
</head>
<body>
$ribbon
<main>
<header><h1>$title</h1>$subtitle</header>
$body
</main>
$scripts
</body>
</html>
""")
_SCRIPTS = Template("""<script>$plotly</script>
<script type="application/json" id="sheet">$sheet</script>
<script>
const { figures, config, darkened } = JSON.parse(document.getElementById("sheet").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");
function draw() {
  const inDark = (text) => text.replace(/(?<="(?=#.{6}")|color:)#[0-9a-f]{6}/g, (color) => darkened[color] ?? color);
  for (const [id, figure] of Object.entries(figures)) {
    const worn = dark.matches ? JSON.parse(inDark(JSON.stringify(figure))) : figure;
    const place = document.getElementById(id);
    place.style.height = `$${worn.layout.height}px`; // plotly forgets a figure's height when its width changes
    Plotly.react(place, worn.data, worn.layout, config);
  }
}
dark.addEventListener("change", draw);
draw();
</script>""")


def _darkening(figure_json: str) -> str:
    """Exchange the colours of a picture by style sheet, as `trendlib.show.theme.dressed` does in figures.

    A saved notebook holds this once for each picture: colours that it has not are left out.
    """
    rules = []
    for light, dark in DARKENED.items():
        if light not in figure_json:
            continue
        rgb = f"rgb({', '.join(str(int(light[at : at + 2], 16)) for at in (1, 3, 5))})"
        rules.append(
            f'[style*="fill: {rgb}"], [style*="fill:{light}"], [fill="{rgb}"] {{ fill: {dark} !important; }}\n'
            f'[style*="stroke: {rgb}"], [stroke="{rgb}"] {{ stroke: {dark} !important; }}\n'
        )
    return "".join(rules)


# In a notebook the front end says what is light or dark, also long after a picture was made.
_LEAF_STYLE = f"""
.trendlib.leaf {{ --ink: var(--jp-content-font-color1, {LIGHT.ink}); --accent: {LIGHT.accent}; margin-left: {EDGE}px;
  --muted: var(--jp-content-font-color2, {LIGHT.muted}); --grid: var(--jp-border-color2, {LIGHT.grid});
  --paper: var(--jp-layout-color0, {LIGHT.paper}); }}
[data-jp-theme-light="false"] .trendlib.leaf {{ --accent: {DARK.accent}; }}
"""
_PICTURE_STYLE = Template("""
[data-jp-theme-light="false"] .jp-OutputArea:has(.trendlib.leaf) .jp-RenderedPlotly > .plot-img {
  filter: invert(0.93) hue-rotate(180deg); }
[data-jp-theme-light="false"] .jp-OutputArea:has(.trendlib.leaf) .js-plotly-plot {
.main-svg, .modebar-group { background: transparent !important; }
.modebar-btn path { fill: $muted !important; }
.heatmaplayer image { filter: invert(0.93) hue-rotate(180deg); }
$rules}
""")


def page(frame: pd.DataFrame, words: Words, figure_json: str | None, *, is_practice: bool) -> str:
    """Write a whole page: heading, picture if there is one, caption, table; the same in, the same out."""
    body = _shown(words, figure_json, "picture") + f'<div class="trendlib">{table(frame, most_rows=1000)}</div>'
    return around(body, words, {"picture": figure_json} if figure_json else {}, is_practice=is_practice)


def section(frame: pd.DataFrame, words: Words, figure_json: str | None, place: str) -> str:
    """Write an exhibit as a part of a longer page: heading, picture, caption, table; ``place`` is its id there.

    Below a picture the table is folded up, and opened by a click or the keyboard.
    """
    rows = f'<div class="trendlib">{table(frame, _ROWS_OF_A_SECTION)}</div>'
    below = f"<details><summary>{folded(frame, _ROWS_OF_A_SECTION)}</summary>{rows}</details>" if figure_json else rows
    heading = f"<h2>{safe_text(words.title, 200)}</h2>{_subtitle(words)}"
    shown = _shown(words, figure_json, f"{place}-picture")
    return f'<section id="{place}">{heading}{shown}{below}</section>'


def folded(frame: pd.DataFrame, most_rows: int) -> str:
    """Say what a fold holds: ``Table, 12 of 1,234 rows``."""
    rest = f"{most_rows:,} of " if len(frame) > most_rows else ""
    return f"Table, {rest}{len(frame):,} row{'' if len(frame) == 1 else 's'}"


def around(body: str, words: Words, figures: Mapping[str, str], *, is_practice: bool) -> str:
    """Write a page around a body of markup; ``figures`` are the sheets of the pictures in it, by element id."""
    return _PAGE.substitute(
        title=safe_text(words.title, 200),
        subtitle=_subtitle(words),
        body=body,
        ribbon='<div class="ribbon">Practice data: a made-up world, no real sounds</div>' if is_practice else "",
        style=_TABLE_STYLE,
        font=FONT,
        light=_variables(LIGHT),
        dark=_variables(DARK),
        scripts=_scripts(figures) if figures else "",
    )


def _subtitle(words: Words) -> str:
    return f'<p class="subtitle">{safe_text(words.subtitle, 300)}</p>' if words.subtitle else ""


def _shown(words: Words, figure_json: str | None, place: str) -> str:
    title = safe_text(words.title, 200)
    picture = f'<div id="{place}" role="img" aria-label="{title}"></div>' if figure_json else ""
    return f"<figure>{picture}<figcaption>{safe_text(words.caption, 2000)}</figcaption></figure>"


def _scripts(figures: Mapping[str, str]) -> str:
    sheets = {place: json.loads(figure) for place, figure in figures.items()}
    sheet = {"figures": sheets, "config": dict(CONFIG), "darkened": dict(DARKENED)}
    return _SCRIPTS.substitute(plotly=get_plotlyjs(), sheet=embedded(sheet))


def fragment(frame: pd.DataFrame, words: Words, most_rows: int = 10, *, figure_json: str = "") -> str:
    """Write the table and caption of an exhibit for a notebook, in the notebook's own light or dark.

    Parameters
    ----------
    frame
        The table.
    words
        Title, subtitle and caption.
    most_rows
        How many rows it shows before it is unfolded.
    figure_json
        The picture above it, which says title and subtitle; without one the table has them as its heading.
    """
    title, caption = safe_text(words.title, 200), safe_text(words.caption, 2000)
    worn = _PICTURE_STYLE.substitute(muted=DARK.muted, rules=_darkening(figure_json)) if figure_json else ""
    above = f"<style>{worn}</style>" if worn else heading(words)
    return leaf(f"{above}{unfolding(frame, most_rows, title)}<p>{caption}</p>")


def heading(words: Words) -> str:
    """Write title and subtitle as a heading in a notebook."""
    subtitle = f"<p>{safe_text(words.subtitle, 600)}</p>" if words.subtitle else ""
    return f"<h4>{safe_text(words.title, 200)}</h4>{subtitle}"


def leaf(body: str) -> str:
    """Put markup on a leaf of a notebook, which wears the notebook's light or dark."""
    return f'<div class="trendlib leaf"><style>{_TABLE_STYLE}{_LEAF_STYLE}</style>{body}</div>'


def table(frame: pd.DataFrame, most_rows: int, label: str = "") -> str:
    """Write the first rows of a frame as an HTML table; ``label`` is markup for those who listen to it."""
    if frame.empty:
        return _NOTHING
    shown = frame.head(most_rows)
    told = columns(shown)
    rest = f"<p>{len(shown):,} of {len(frame):,} rows</p>" if len(shown) < len(frame) else ""
    return f'<div class="scroll">{_grid(told, _rows(told, shown), label)}</div>{rest}'


def unfolding(frame: pd.DataFrame, most_rows: int, label: str = "") -> str:
    """Write the first rows of a frame as a table, with more of them in a fold that opens without a kernel.

    A saved notebook holds what is folded: it has `MOST_UNFOLDED` rows at most, and fewer where rows are long.
    """
    if len(frame) <= most_rows + _TOO_FEW_TO_FOLD:
        return table(frame, len(frame), label)
    shown = frame.head(MOST_UNFOLDED)
    told = columns(shown)
    rows = _rows(told, shown)
    first = _grid(told, rows[:most_rows], label)
    lean = [row.replace(_LEFT, "").replace("</td>", "").removesuffix("</tr>") for row in rows]  # HTML needs no more
    held = bisect_right([*accumulate(map(len, lean))], _MOST_FOLDED_SIGNS)
    if held <= most_rows:
        return f'<div class="scroll">{first}</div><p>{most_rows:,} of {len(frame):,} rows</p>'
    summary = f"All {len(frame):,} rows" if held == len(frame) else f"The first {held:,} of {len(frame):,} rows"
    grid = _grid(told, lean[:held], label)
    inner = f'<div class="scroll" {_OWN_KEYS} tabindex="0" role="region" aria-label="{summary}">{grid}</div>'
    fold = f"<details><summary {_OWN_KEYS}>{summary}</summary>{inner}</details>"
    return f'<style>{_FOLD_STYLE}</style><div class="rows"><div class="scroll">{first}</div>{fold}</div>'


def _grid(told: Sequence[Column], rows: Sequence[str], label: str) -> str:
    heads = "".join(f"<th{_room(column)}>{safe_text(column.head, 40)}</th>" for column in told)
    named = f' aria-label="{label}"' if label else ""
    return f"<table{named}><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _rows(told: Sequence[Column], frame: pd.DataFrame) -> list[str]:
    special = {"status": _status_cells, "link": _link_cells}
    cells = [
        special[column.name](frame[column.name])
        if column.name in special
        else [f"<td{_side(column)}>{held_dates(safe_text(text, CELL_SIGNS))}</td>" for text in column.texts]
        for column in told
    ]
    return [f"<tr>{''.join(row)}</tr>" for row in zip(*cells, strict=True)]


def _room(column: Column) -> str:
    """Give a column its side, and one of short texts as much room as keeps them on one line: dates, moves."""
    longest = max(map(len, column.texts), default=0)
    is_short = not column.is_number and longest <= _SHORT
    return f' style="text-align:left;min-width:{longest + 1}ch"' if is_short else _side(column)


def _side(column: Column) -> str:
    return ' class="n"' if column.is_number else _LEFT


def _status_cells(statuses: pd.Series) -> list[str]:
    named = [("" if pd.isna(status) else str(status)) for status in statuses]
    return [
        f'<td class="{status if status in STATUS_LOOKS else "unknown"}" style="text-align:left">'
        f"<i>{status_look(status).sign}</i> {safe_text(status_words(status))}</td>"
        for status in named
    ]


def _link_cells(links: pd.Series) -> list[str]:
    """Write addresses of posts as links; what is no such address stands as text."""
    texts = [plain_text(link, CELL_SIGNS) for link in links]
    cells = [
        f'<a href="{text}" target="_blank" rel="noopener noreferrer">open ↗</a>'
        if _POST.fullmatch(text)
        else safe_text(text, CELL_SIGNS) or "–"
        for text in texts
    ]
    return [f'<td style="text-align:left">{cell}</td>' for cell in cells]


def embedded(data: Any) -> str:
    """Write data as JSON that can stand inside a script element, whatever texts it holds."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _variables(palette: Palette) -> str:
    colors: Mapping[str, str] = asdict(palette)
    return " ".join(f"--{name}: {color};" for name, color in colors.items())
