"""How trendlib looks: colours, letters, numbers, and other people's text made harmless.

Conventions of the eye:

* One accent (orange) says "look here"; everything else is slate. The pair stays apart for every
  kind of colour-blindness, and no meaning hangs on colour alone: status also has a symbol.
* Figures are drawn in the light palette. `dressed` turns a finished figure into another look by
  exchanging each colour for its counterpart, so charts know one palette only. For this a palette
  never uses one colour for two purposes.
* Nothing here touches plotly's default template: each figure carries its own.
* Titles, names and captions come from strangers. `plain_text` makes them readable, `safe_text`
  makes them safe for plotly and HTML alike; nothing else is shown.
"""

import html
import json
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go

Look = Literal["light", "dark", "slides"]


@dataclass(frozen=True)
class Palette:
    """The colours of one look, each with one purpose.

    Attributes
    ----------
    paper, ink, muted, grid, wash
        Background, text, quiet text, grid lines, quiet fills.
    accent, slate, slate_soft
        What matters, what is measured, what is measured in part.
    hatch, band, band_soft
        What is not covered, what was expected (seen through; as it looks on paper).
    grey
        Numbers to be taken with care.
    """

    paper: str
    ink: str
    muted: str
    grid: str
    wash: str
    accent: str
    slate: str
    slate_soft: str
    hatch: str
    band: str
    band_soft: str
    grey: str


LIGHT = Palette(
    paper="#ffffff",
    ink="#17212b",
    muted="#5b6875",
    grid="#e9edf1",
    wash="#f5f7f9",
    accent="#c8440c",
    slate="#6485a6",
    slate_soft="#c6d4e1",
    hatch="#b9c3cd",
    band="#24425f",
    band_soft="#b3bec9",
    grey="#8a95a0",
)
DARK = Palette(
    paper="#11161c",
    ink="#eef2f5",
    muted="#9ba8b5",
    grid="#232c35",
    wash="#181f26",
    accent="#ff8a4c",
    slate="#7c9dbf",
    slate_soft="#41597a",
    hatch="#4b5966",
    band="#d4e2ef",
    band_soft="#5a6773",
    grey="#82909d",
)

# Okabe and Ito's colours in an order that fits ours; a ramp that also reads in grey; and a scale of two
# sides, less in blue and more in orange. Little is near the paper, so ramp and scale turn with it.
CATEGORIES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")
RAMP = ("#f3f7fb", "#d3e1ee", "#a9c3dc", "#7ba0c4", "#4f7ca8", "#2f5a86", "#163a5f")
SCALE = ("#1f5a94", "#6f9fcb", "#c3d9ea", "#f3f3f0", "#f8d0b4", "#ea8f55", "#b8430b")
_DARK_RAMP = ("#1a242e", "#20364a", "#2a4d6a", "#39698c", "#5089b1", "#7bafd1", "#b8d9ef")
_DARK_SCALE = ("#7ab8f0", "#437bb0", "#294a6a", "#1e252c", "#5e361b", "#aa5922", "#ff9c60")

DARKENED: Mapping[str, str] = MappingProxyType(
    dict(zip((*astuple(LIGHT), *RAMP, *SCALE), (*astuple(DARK), *_DARK_RAMP, *_DARK_SCALE), strict=True))
)

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', Arial, sans-serif"

# What the plotly toolbar may hold: no logo, no buttons that need explaining, and nothing that sends a chart away.
CONFIG: Mapping[str, Any] = MappingProxyType(
    {
        "displaylogo": False,
        "plotlyServerURL": "",
        "showSendToCloud": False,
        "responsive": True,
        "modeBarButtonsToRemove": ["select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d", "pan2d"],
        "toImageButtonOptions": {"format": "png", "scale": 2},
    }
)


@dataclass(frozen=True)
class StatusLook:
    """How a status is drawn: colour, plotly's name of its symbol, and the sign for it in texts."""

    color: str
    symbol: str
    sign: str


STATUS_LOOKS: Mapping[str, StatusLook] = MappingProxyType(
    {
        "ok": StatusLook(LIGHT.accent, "circle", "●"),
        "counter_only": StatusLook(LIGHT.accent, "diamond", "◆"),
        "weak": StatusLook(LIGHT.grey, "circle-open", "○"),
        "rounded": StatusLook(LIGHT.grey, "diamond-open", "◇"),
        "new": StatusLook(LIGHT.muted, "triangle-up-open", "△"),
        "not_enough_coverage": StatusLook(LIGHT.muted, "x-open", "×"),
        "index_only": StatusLook(LIGHT.muted, "square-open", "□"),
    }
)
_UNKNOWN_STATUS = StatusLook(LIGHT.muted, "circle-open", "·")


# A colour is a whole value or stands in a style; "#17212b" in somebody's title stays as it is.
_COLOR = re.compile(r"(?:^(?=#.{6}$)|(?<=color:))#[0-9a-f]{6}")
_LENGTHS = frozenset({"size", "height", "l", "r", "t", "b", "xshift", "yshift"})
_SLIDE_SCALE = 1.25
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # what steers a terminal
_JOINER = "\u200d"
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SCALES = ((1, ""), (1e3, "K"), (1e6, "M"), (1e9, "B"))


def status_look(status: str) -> StatusLook:
    """Find how a status is drawn; one that nobody declared looks quiet."""
    return STATUS_LOOKS.get(status, _UNKNOWN_STATUS)


def status_words(status: str) -> str:
    """Say a status: ``not enough coverage``."""
    return plain_text(status, 30).replace("_", " ") or "status unknown"


def short_number(value: Any) -> str:
    """Write a number in at most five signs; ``–`` stands for a missing or infinite one.

    Examples
    --------
    >>> [short_number(number) for number in (0, 0.04, 2.44, 950, 12_345, 999_960, 1_234_567, None)]
    ['0', '0.04', '2.4', '950', '12.3K', '1M', '1.2M', '–']
    """
    if pd.isna(value) or not math.isfinite(value):
        return "–"
    size = abs(float(value))
    # 999,960 is 1M, not 1000K: the first scale on which the rounded number has three digits.
    unit, letter = next((scale for scale in _SCALES if round(size / scale[0]) < 1000), _SCALES[-1])
    digits = 2 if size < 0.095 else int(size / unit < 99.95)
    shown = round(size / unit, digits)
    figures = f"{shown:,.{digits}f}"
    if "." in figures:
        figures = figures.rstrip("0").rstrip(".")
    return f"−{figures}{letter}" if value < 0 and shown else f"{figures}{letter}"


def ratio_words(growth: Any, low: Any, high: Any) -> str:
    """Write a growth rate with its interval.

    Examples
    --------
    >>> ratio_words(3.42, 2.1, 5.2)
    '3.4× [2.1–5.2]'
    >>> ratio_words(None, None, None)
    '–'
    """
    return "–" if pd.isna(growth) else f"{_ratio(growth)}× [{_ratio(low)}–{_ratio(high)}]"


def times_words(ratio: Any) -> str:
    """Write a ratio by itself, with the decimals it has in `ratio_words`.

    Examples
    --------
    >>> [times_words(ratio) for ratio in (2, 2.93, 0.04, 656.4, None)]
    ['2.0×', '2.9×', '0.04×', '656×', '–']
    """
    return "–" if pd.isna(ratio) else f"{_ratio(ratio)}×"


def daily_words(posts: Any, window_days: Any, status: Any = "") -> str:
    """Write how many posts a day has; the mean of a window longer than a day says so, and so does a lower bound.

    Examples
    --------
    >>> daily_words(412, 1), daily_words(60, 7), daily_words(1, None)
    ('412 posts in 24 h', '60 posts a day over 7 d', '1 post in 24 h')
    >>> daily_words(29, 1, "not_enough_coverage")
    'at least 29 posts in 24 h'
    """
    number = short_number(posts)
    least = "at least " if is_lower_bound(posts, status) else ""
    counted = f"{least}{number} post{'' if number == '1' else 's'}"
    return (
        f"{counted} a day over {window_days:.0f} d"
        if pd.notna(window_days) and window_days > 1
        else f"{counted} in 24 h"
    )


def daily_cell(posts: Any, window_days: Any, status: Any = "") -> str:
    """Write the same in a cell under a heading that says posts of a day.

    Examples
    --------
    >>> daily_cell(1234, 1), daily_cell(67, 7), daily_cell(29, 1, "not_enough_coverage"), daily_cell(None, 1)
    ('1,234', '67 a day/7 d', 'at least 29', '–')
    """
    if pd.isna(posts):
        return "–"
    least = "at least " if is_lower_bound(posts, status) else ""
    mean = f" a day/{window_days:.0f} d" if pd.notna(window_days) and window_days > 1 else ""
    return f"{least}{posts:,.0f}{mean}"


def is_lower_bound(posts: Any, status: Any) -> bool:
    """Tell whether more posts may have been made than were found: what was fetched does not reach far enough."""
    return bool(pd.notna(posts) and status == "not_enough_coverage")


def share_words(share: Any) -> str:
    """Write a share of 0 to 1 in whole percent.

    Examples
    --------
    >>> [share_words(share) for share in (0.413, 0.002, 0, None)]
    ['41%', '<1%', '0%', '–']
    """
    if pd.isna(share):
        return "–"
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def points_words(change: Any) -> str:
    """Write a change of a share in whole points of a hundred.

    Examples
    --------
    >>> [points_words(change) for change in (0.264, -0.08, 0, None)]
    ['+26 points', '−8 points', '+0 points', '–']
    """
    return "–" if pd.isna(change) else f"{100 * change:+.0f} points".replace("-", "−")


def _ratio(value: Any) -> str:
    return f"{value:.1f}" if pd.notna(value) and 0.095 <= value < 100 else short_number(value)


def these_days(count: int) -> str:
    """Point at days: ``this day``, ``these 28 days``."""
    return "this day" if count == 1 else f"these {count:,} days"


def time_words(instant: datetime) -> str:
    """Write an instant for readers: ``Wed 20 Apr 2022, 00:00 UTC``."""
    moment = instant.astimezone(UTC)
    return f"{_WEEKDAYS[moment.weekday()]} {_day(moment)}, {moment.hour:02}:{moment.minute:02} UTC"


def day_words(instant: datetime) -> str:
    """Write the UTC day of an instant for readers: ``20 Apr 2022``."""
    return _day(instant.astimezone(UTC))


def _day(moment: datetime) -> str:
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def rule_words(rule: str, *alerts: str | None) -> list[str]:
    """Name a rule and what it said, in plain words and each once: an alert that only repeats its rule is left out.

    Examples
    --------
    >>> rule_words("catch_them_early", "early"), rule_words("breakout", "watch", "confirmed")
    (['catch them early'], ['breakout', 'watch', 'confirmed'])
    """
    name = rule.replace("_", " ")
    said = dict.fromkeys(alert.replace("_", " ") for alert in alerts if alert)
    return [*([name] if name else []), *(alert for alert in said if alert not in name.split())]


def plain_text(text: Any, limit: int = 80) -> str:
    r"""Make other people's text fit for one line: no control or direction signs, at most ``limit`` characters.

    Examples
    --------
    >>> plain_text("As\u202eIt\nWas"), plain_text("a" * 100, limit=5), plain_text(None)
    ('AsIt Was', 'aaaa…', '')
    """
    if not isinstance(text, str) and pd.isna(text):
        return ""
    # Nobody reads past the limit: looking at a little more is enough, however long the text is.
    opening = str(text)[: 20 * limit]
    spaced = " ".join(opening.split())
    if not spaced.isprintable():
        spaced = "".join(sign for sign in spaced if unicodedata.category(sign) not in _UNSEEN or sign == _JOINER)
    return spaced if len(spaced) <= limit else spaced[: limit - 1].rstrip() + "…"


def safe_text(text: Any, limit: int = 80) -> str:
    r"""Make other people's text harmless in HTML and in plotly's labels.

    Tags and entities are escaped, dollar signs too (plotly reads ``$…$`` as a formula), and words
    written from right to left are isolated, so that they cannot reorder what stands beside them.

    Examples
    --------
    >>> safe_text("<b>$x$</b>")
    '&lt;b&gt;&#36;x&#36;&lt;/b&gt;'
    """
    shown = plain_text(text, limit)
    # plotly knows the numbers of quotes, not their names.
    safe = html.escape(shown, quote=False).translate({34: "&#34;", 36: "&#36;", 39: "&#39;"})
    runs_leftwards = not shown.isascii() and any(unicodedata.bidirectional(sign) in {"R", "AL"} for sign in shown)
    return f"\u2068{safe}\u2069" if runs_leftwards else safe


@cache
def template(look: Look = "light") -> go.layout.Template:
    """Make the plotly template of a look. Hand it to a figure, which copies it; it is never anyone's default."""
    axis = {
        "automargin": False,
        "gridcolor": LIGHT.grid,
        "linecolor": LIGHT.grid,
        "tickfont": {"size": 12, "color": LIGHT.muted},
        "ticks": "",
        "zeroline": False,
    }
    layout = {
        "colorway": CATEGORIES,
        "font": {"family": FONT, "size": 13, "color": LIGHT.ink},
        "hoverlabel": {
            "align": "left",
            "bgcolor": LIGHT.paper,
            "bordercolor": LIGHT.hatch,
            "font": {"family": FONT, "size": 13, "color": LIGHT.ink},
        },
        "hovermode": "closest",
        "paper_bgcolor": LIGHT.paper,
        "plot_bgcolor": LIGHT.paper,
        "showlegend": False,
        "title": {"font": {"size": 21}},
        "xaxis": {**axis, "showgrid": False},
        "yaxis": axis,
    }
    return go.layout.Template(_in_look({"layout": layout}, look))


def dressed(figure: go.Figure, look: Look) -> go.Figure:
    """Return a figure that was drawn in the light palette in another look; the given one is left alone."""
    return figure if look == "light" else go.Figure(_in_look(json.loads(figure.to_json()), look))


def _in_look(part: Any, look: Look) -> Any:
    if isinstance(part, dict):
        return {name: _in_look(_scaled(name, inner, look), look) for name, inner in part.items()}
    if isinstance(part, list):
        return [_in_look(inner, look) for inner in part]
    if isinstance(part, str) and look == "dark":
        return _COLOR.sub(lambda found: DARKENED.get(found[0], found[0]), part)
    return part


def _scaled(name: str, value: Any, look: Look) -> Any:
    is_length = look == "slides" and name in _LENGTHS and isinstance(value, int | float)
    return value * _SLIDE_SCALE if is_length else value
