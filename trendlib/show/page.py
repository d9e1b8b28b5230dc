"""Exhibits as HTML: a page that needs nothing from outside, and a table for notebooks.

Other people's text reaches HTML through `trendlib.show.theme.safe_text` only; data reaches scripts
through `embedded` only. The page forbids itself every request, and wears the reader's light or
dark by exchanging colours in its figure.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from string import Template
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from plotly.offline import get_plotlyjs

from trendlib.show.canvas import Words
from trendlib.show.theme import CONFIG, DARK, DARKENED, FONT, LIGHT, STATUS_LOOKS, Palette, plain_text, safe_text

_TABLE_STYLE = """
.trendlib { color: var(--ink); font-size: 13px; line-height: 1.45; }
.trendlib .scroll { overflow-x: auto; }
.trendlib table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 0; }
.trendlib th, .trendlib td { padding: 5px 14px 5px 0; text-align: left; white-space: nowrap; border: 0; background: none; }
.trendlib th { color: var(--muted); font-weight: 500; font-size: 12px; border-bottom: 1px solid var(--grid); }
.trendlib td { border-bottom: 1px solid var(--grid); }
.trendlib .n { text-align: right; }
.trendlib i { font-style: normal; color: var(--muted); }
.trendlib .ok i, .trendlib .counter_only i { color: var(--accent); }
.trendlib p { color: var(--muted); font-size: 12px; margin: 8px 0; max-width: 46em; }
"""
_NOTEBOOK_COLORS = (
    f"--ink:var(--jp-content-font-color1,{LIGHT.ink});--muted:var(--jp-content-font-color2,{LIGHT.muted});"
    f"--grid:var(--jp-border-color2,{LIGHT.grid});--accent:{LIGHT.accent}"
)
_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:">
<title>$title</title>
<style>
:root { $light }
@media (prefers-color-scheme: dark) { :root { $dark } }
@media print { :root { $light } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 $font; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 32px 64px; }
h1 { font-size: 30px; line-height: 1.2; letter-spacing: -0.015em; margin: 0; font-weight: 680; }
.subtitle { font-size: 17px; color: var(--muted); margin: 6px 0 0; }
.ribbon { background: var(--accent); color: var(--paper); font-weight: 600; font-size: 13px; text-align: center; padding: 6px 16px; }
figure { margin: 20px -20px 0; }
figure text { font-variant-numeric: tabular-nums; }
figcaption { color: var(--muted); font-size: 13px; max-width: 52em; margin: 8px 20px 36px; }
$style
</style>
</head>
<body>
$ribbon
<main>
<header><h1>$title</h1>$subtitle</header>
<figure><div id="picture" role="img" aria-label="$title"></div><figcaption>$caption</figcaption></figure>
$table
</main>
<script>$plotly</script>
<script type="application/json" id="sheet">$sheet</script>
<script>
const { figure, config, darkened } = JSON.parse(document.getElementById("sheet").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");
function draw() {
  const inDark = (text) => text.replace(/(?<="(?=#.{6}")|color:)#[0-9a-f]{6}/g, (color) => darkened[color] ?? color);
  const worn = dark.matches ? JSON.parse(inDark(JSON.stringify(figure))) : figure;
  Plotly.react("picture", worn.data, worn.layout, config);
}
dark.addEventListener("change", draw);
draw();
</script>
</body>
</html>
""")


def page(frame: pd.DataFrame, words: Words, figure_json: str, *, is_practice: bool) -> str:
    """Write a whole page around a figure: heading, picture, caption, table; the same in, the same out."""
    sheet = {"figure": json.loads(figure_json), "config": dict(CONFIG), "darkened": dict(DARKENED)}
    return _PAGE.substitute(
        title=safe_text(words.title, 200),
        subtitle=f'<p class="subtitle">{safe_text(words.subtitle, 300)}</p>' if words.subtitle else "",
        caption=safe_text(words.caption, 2000),
        ribbon='<div class="ribbon">Practice data: a made-up world, no real sounds</div>' if is_practice else "",
        table=f'<div class="trendlib">{table(frame, most_rows=1000)}</div>',
        style=_TABLE_STYLE,
        font=FONT,
        light=_variables(LIGHT),
        dark=_variables(DARK),
        plotly=get_plotlyjs(),
        sheet=embedded(sheet),
    )


def fragment(frame: pd.DataFrame, words: Words, most_rows: int = 10) -> str:
    """Write the table and caption of an exhibit for a notebook, in the notebook's own light or dark."""
    title, caption = safe_text(words.title, 200), safe_text(words.caption, 2000)
    return (
        f'<div class="trendlib" style="{_NOTEBOOK_COLORS}"><style>{_TABLE_STYLE}</style>'
        f"{table(frame, most_rows, title)}<p>{caption}</p></div>"
    )


def table(frame: pd.DataFrame, most_rows: int, label: str = "") -> str:
    """Write a frame as an HTML table of its first rows; ``label`` is markup for those who cannot see."""
    shown = frame.head(most_rows)
    is_number = {name: is_numeric_dtype(frame[name]) and not is_bool_dtype(frame[name]) for name in frame.columns}
    names = "".join(
        f"<th{_side(is_number[name])}>{safe_text(str(name).replace('_', ' '), 40)}</th>" for name in frame.columns
    )
    rows = [
        "".join(_cell(name, value, is_number=is_number[name]) for name, value in row.items()) for row in shown.to_dict("records")
    ]
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    more = f"<p>{len(shown):,} of {len(frame):,} rows</p>" if len(frame) > len(shown) else ""
    nothing = "<p>no rows</p>" if frame.empty else ""
    named = f' aria-label="{label}"' if label else ""
    return f'<div class="scroll"><table{named}><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table></div>{more}{nothing}'


def _cell(name: str, value: Any, *, is_number: bool) -> str:
    if name == "status" and value in STATUS_LOOKS:
        look = STATUS_LOOKS[value]
        return f'<td class="{value}"><i>{look.sign}</i> {look.words}</td>'
    return f"<td{_side(is_number)}>{safe_text(shown_value(value), 60)}</td>"


def _side(is_number: bool) -> str:  # noqa: FBT001
    return ' class="n"' if is_number else ""


def shown_value(value: Any) -> str:
    """Write one value of a table for readers: grouped digits, yes and no, UTC times, – for a missing one."""
    if not isinstance(value, list | dict | tuple) and pd.isna(value):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        return f"{moment:%Y-%m-%d %H:%M}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() else f"{value:,.2f}"
    return plain_text(value, 60)


def embedded(data: Any) -> str:
    """Write data as JSON that can stand inside a script element, whatever texts it holds."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _variables(palette: Palette) -> str:
    colors: Mapping[str, str] = asdict(palette)
    return " ".join(f"--{name}: {color};" for name, color in colors.items())
