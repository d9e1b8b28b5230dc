"""A frame's columns as readers see them: their heads in plain words, their cells written out.

One place for all tables, whether they stand in a notebook, in a terminal, on a slide or in the explorer. What belongs
together is one column: a growth rate and its interval, posts of a day and of how many days they are the mean, a rule
and what it said. Files hold the frame as it is, under its own names.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype

from trendlib.show.places import region_words
from trendlib.show.theme import (
    daily_cell,
    plain_text,
    points_words,
    ratio_words,
    rule_words,
    share_words,
    status_words,
    times_words,
)

NO_ALERT = "none"
CELL_SIGNS = 160
_MONTHS = "|".join(f"{datetime(2000, month, 1, tzinfo=UTC):%b}" for month in range(1, 13))
_WITHIN_DATES = re.compile(rf"(?<=\d) (?=(?:{_MONTHS})\b)")
HELD = "\u00a0"
_MIDNIGHT = " 00:00"
_WHOLE_FROM = 100  # decimals of larger numbers tell a reader nothing
_GROWTH = ("growth_rate", "growth_low", "growth_high")

# What a name does not say by itself; any other name is its own head, without underscores.
_HEADS: Mapping[str, str] = MappingProxyType(
    {
        "age_h": "age in hours",
        "alerted_at": "alerted",
        "counts": "growth of",
        "daily_growth": "growth a day",
        "effective_creators": "creators' worth",
        "evidence_kind": "measured on",
        "exposure_days": "days covered",
        "growth_rate": "growth",
        "growth_rate_without": "growth without",
        "hashtag_rank": "rank",
        "is_commerce_music": "commercial",
        "is_crossover": "crosses over",
        "lead_days": "days to peak",
        "lift": "times usual",
        "n_own": "of own pace known",
        "n0": "creators before",
        "n1": "creators now",
        "n_unknown": "region unknown",
        "outcome_1w": "after 1 week",
        "outcome_2w": "2 weeks",
        "outcome_4w": "4 weeks",
        "outcome_8w": "8 weeks",
        "p0": "share before",
        "p1": "share now",
        "period_days": "span in days",
        "post_rank": "post",
        "posts_last_24h": "posts 24 h",
        "posts_left_out": "posts left out",
        "reach_per_post": "views a post",
        "duration_s": "seconds",
        "total_uses": "uses",
        "unknown_share": "share unknown",
        "uses_high": "at most",
        "uses_low": "at least",
        "uses_next": "uses ahead",
        "who_name": "which",
    }
)
_HEADS_OF_N: Mapping[str, str] = MappingProxyType(
    {"index": "listed", "reach_median": "seen at that age", "posts": "out of", "hits": "out of"}
)
_SHARES = frozenset({"share", "unknown_share", "top_creator_share", "p0", "p1", "rate", "base_rate"})
_TIMES = frozenset({"growth_rate", "growth_rate_without", "lift", "daily_growth"})
_LEFT_OUT_IF_EMPTY = frozenset({"advice", "mark", "note", "reason"})


@dataclass(frozen=True)
class Column:
    """A column as readers see it.

    Attributes
    ----------
    name
        What the frame calls it, or the first of the columns it is made of.
    head
        What stands above it.
    texts
        Its cells, as plain text.
    is_number
        Whether it is read from the right.
    """

    name: str
    head: str
    texts: Sequence[str]
    is_number: bool


def columns(frame: pd.DataFrame) -> list[Column]:
    """Write all columns of a frame for readers.

    Examples
    --------
    >>> frame = pd.DataFrame({"growth_rate": [2.93], "growth_low": [1.95], "growth_high": [4.36], "p0": [0.04]})
    >>> [(column.head, *column.texts) for column in columns(frame)]
    [('growth', '2.9× [1.9–4.4]'), ('share before', '4%')]
    """
    there = set(map(str, frame.columns))
    joined = _joined(frame, there)
    made = [_column(frame, str(name), joined, there) for name in frame.columns if str(name) not in _folded(there)]
    return [one for one in made if one.name not in _LEFT_OUT_IF_EMPTY or frame.empty or any(map(_is_told, one.texts))]


def _is_told(text: str) -> bool:
    return text not in {"", "–"}


def _folded(there: set[str]) -> set[str]:
    """Tell which columns stand in the cells of another."""
    folded = {"growth_low", "growth_high"} if set(_GROWTH) <= there else set()
    if {"rule", "alert"} <= there:
        folded |= {"alert", "last_alert"}
    return folded | ({"window_days"} if {"posts_last_24h", "status"} <= there else set())


def _joined(frame: pd.DataFrame, there: set[str]) -> dict[str, list[str]]:
    """Write the cells that several columns make."""
    made = {}
    if set(_GROWTH) <= there:
        made["growth_rate"] = [ratio_words(*row) for row in zip(*(frame[name] for name in _GROWTH), strict=True)]
    if {"posts_last_24h", "status"} <= there:
        days = frame["window_days"] if "window_days" in there else [None] * len(frame)
        rows = zip(frame["posts_last_24h"], days, frame["status"], strict=True)
        made["posts_last_24h"] = [daily_cell(*row) for row in rows]
    if {"rule", "alert"} <= there:
        last = frame["last_alert"] if "last_alert" in there else [None] * len(frame)
        made["rule"] = [_ruled(*row) for row in zip(frame["rule"], frame["alert"], last, strict=True)]
    return made


def _ruled(rule: Any, *alerts: Any) -> str:
    name, *said = rule_words(str(rule), *(str(alert) for alert in alerts if pd.notna(alert) and alert != NO_ALERT))
    return plain_text(f"{name}: {', then '.join(said)}" if said else name, CELL_SIGNS)


def _column(frame: pd.DataFrame, name: str, joined: Mapping[str, list[str]], there: set[str]) -> Column:
    values = frame[name]
    texts = joined.get(name) or [] if frame.empty else joined.get(name) or _written(values, name, there)
    return Column(name, _head(name, texts, there), texts, is_number=is_number(values))


def _head(name: str, texts: Sequence[str], there: set[str]) -> str:
    if name == "n":
        return next((head for other, head in _HEADS_OF_N.items() if other in there), "posts")
    if name == "low" and "p0" in there:
        return "at least by"
    if name == "high" and "p0" in there:
        return "at most by"
    if name == "day" and any(" " in text for text in texts):
        return "from"
    if name == "rule" and "alert" in there:
        return "alert"
    return _HEADS.get(name, name.removeprefix("is_").replace("_", " "))


def _written(values: pd.Series, name: str, there: set[str]) -> list[str]:
    return [write(value) for value in values.tolist()] if (write := _writer(name, there)) else shown_values(values)


def _writer(name: str, there: set[str]) -> Callable[[Any], str] | None:
    """Find how a column's cells are written when its name says more than its values."""
    if name in _SHARES or (name in {"low", "high"} and "rate" in there):
        return share_words
    if name in _TIMES:
        return times_words
    if name in {"low", "high"} and "p0" in there:
        return points_words
    return _WRITERS.get(name)


def _spaced(text: Any) -> str:
    return plain_text(text, CELL_SIGNS).replace("_", " ")


def held_dates(text: str) -> str:
    r"""Keep the day and the month of a date on one line, by `HELD` instead of a space.

    Examples
    --------
    >>> held_dates("early 14 Nov to 15 Nov") == "early 14\u00a0Nov to 15\u00a0Nov"
    True
    """
    return _WITHIN_DATES.sub(HELD, text)


def _tag(name: Any) -> str:
    return _begun_with("#", name)


def _handle(name: Any) -> str:
    return _begun_with("@", name)


def _begun_with(sign: str, name: Any) -> str:
    text = plain_text(name, CELL_SIGNS)
    return f"{sign}{text.removeprefix(sign)}" if text else "–"


def _check(text: Any) -> str:
    """Say which rule looks at what: ``breakout: posts 24 h``."""
    rule, colon, what = str(text).partition(": ")
    return plain_text(f"{_spaced(rule)}{colon}{_HEADS.get(what, _spaced(what))}", CELL_SIGNS)


_WRITERS: Mapping[str, Callable[[Any], str]] = MappingProxyType(
    {
        "beside": _tag,
        "check": _check,
        "country": region_words,
        "handle": _handle,
        "hashtag": _tag,
        "region": region_words,
        "released_in": region_words,
        "rule": _spaced,
        "status": status_words,
        "status_without": status_words,
    }
)


def shown_values(values: pd.Series) -> list[str]:
    """Write a column for readers: grouped digits, yes and no, UTC times or days, – for what is missing."""
    digits = _decimals([value for value in values.tolist() if isinstance(value, float) and math.isfinite(value)])
    shown = [_shown_value(value, digits) for value in values.tolist()]
    if is_datetime64_any_dtype(values) and all(text.endswith(_MIDNIGHT) or text == "–" for text in shown):
        shown = [text.removesuffix(_MIDNIGHT) for text in shown]
    return ["–" if text == NO_ALERT else text for text in shown] if values.name == "alert" else shown


def _decimals(numbers: Sequence[float]) -> int:
    """Choose how many decimals a column shows: the same in every row, none that tell a reader nothing."""
    sizes = [abs(number) for number in numbers if number]
    if all(round(size, 2).is_integer() for size in sizes):
        return 0
    if max(sizes) < _WHOLE_FROM:
        return 2
    return 0 if min(sizes) >= 1 else 1


def _shown_value(value: Any, digits: int) -> str:
    if not isinstance(value, list | dict | tuple) and pd.isna(value):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC) if value.tzinfo else value:%Y-%m-%d %H:%M}"
    if isinstance(value, int | float):
        return f"{value:,.{digits if isinstance(value, float) else 0}f}"
    return plain_text(value, CELL_SIGNS)


def is_number(values: pd.Series) -> bool:
    """Tell whether a column is read from the right."""
    return bool(is_numeric_dtype(values) and not is_bool_dtype(values))
