"""A plotly axis as plain numbers: from data to pixels, and the marks on it.

Times are days since 1899-12-30, as spreadsheets count them. On a logarithmic axis `low` and `high`
are exponents, everything else is as it is in the data.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise, product
from typing import Any

import numpy as np

_ZERO_DAY = datetime(1899, 12, 30)  # noqa: DTZ001  # wall time in UTC, as plotly holds it
_DAY_MS = 86_400_000
_DAY = timedelta(days=1)
_MOST_MARKS, _MARK_WIDTH = 9, 58
_DIGITS = ("0", "0.0")


@dataclass(frozen=True)
class Axis:
    """An axis from ``low`` at pixel ``start`` to ``high`` at pixel ``end``.

    Attributes
    ----------
    letter
        ``x`` or ``y``.
    low, high, start, end
        Its ends, in numbers and pixels.
    is_time, is_log
        What its numbers are.
    marks
        Numbers and the words at them, when the chart named them.
    has_grid, has_labels
        Whether marks are drawn across the plot and written beside it.
    categories
        The words that stand for 0, 1, 2 …, when it counts words.
    """

    letter: str
    low: float
    high: float
    start: float
    end: float
    is_time: bool = False
    is_log: bool = False
    marks: Sequence[tuple[float, str]] = ()
    has_grid: bool = False
    has_labels: bool = True
    categories: Sequence[str] = field(default_factory=tuple)

    def part(self, fraction: float) -> float:
        """Find the pixel of a part of its length, whichever way it runs."""
        low, high = (min(self.start, self.end), max(self.start, self.end))
        return high - fraction * (high - low) if self.letter == "y" else low + fraction * (high - low)

    def pixel(self, value: float) -> float:
        """Find the pixel of a number."""
        shown = math.log10(max(value, 1e-12)) if self.is_log else value
        return self.start + (shown - self.low) / ((self.high - self.low) or 1) * (self.end - self.start)

    def place(self, value: Any) -> float:
        """Turn one of its values into a number."""
        return float(self.categories.index(str(value))) if self.categories else number(value)

    def places(self, values: Any) -> list[float | None]:
        """Turn its values into numbers, None where one is missing."""
        found = (None if _is_missing(value) else self.place(value) for value in listed(values))
        return [None if value is None or not math.isfinite(value) else value for value in found]

    def lengths(self, values: Any, count: int) -> list[float]:
        """Turn lengths along it into numbers, one for each of ``count`` bars."""
        if values is None:
            return [0.8] * count
        given = listed(values)
        scaled = [number(value) / (_DAY_MS if self.is_time else 1) for value in given]
        return scaled * count if len(scaled) == 1 else scaled

    def day_marks(self) -> list[tuple[float, str]]:
        """Mark days from its beginning on, as many as have room; the year where it begins."""
        most = min(max(int(abs(self.end - self.start) / _MARK_WIDTH), 2), _MOST_MARKS)
        days = max(round(self.high - self.low), 1)
        step = next(step for step in (1, 2, 3, 7, 14, 28, 56, 91, 182, 365, 10_000) if days / step <= most)
        marks, year = [], 0
        for place in range(0, days, step):
            moment = _ZERO_DAY + (self.low + place) * _DAY
            marks.append(
                (self.low + place, f"{moment.day} {moment:%b}" + (f"<br>{moment:%Y}" if moment.year != year else ""))
            )
            year = moment.year
        return marks

    @property
    def step(self) -> float | None:
        """How far apart its marks are, if a spreadsheet would put them at the same places."""
        values = [value for value, _ in self.marks_on_it]
        if self.is_log or len(values) < 2 or self.high < self.low or self.categories:
            return None
        step = values[1] - values[0]
        is_even = all(abs(b - a - step) < 1e-6 * step for a, b in pairwise(values))
        begins = (values[0] - self.low) / step if step > 0 else 0.5
        return step if is_even and abs(begins - round(begins)) < 1e-6 else None

    @property
    def code(self) -> str:
        """The number format that writes its marks the way they are written, "" if there is none."""
        if self.step is None:
            return ""
        if self.is_time:
            return "d mmm"
        marks = self.marks_on_it
        codes: dict[str, Callable[[float], str]] = {"0%": lambda value: f"{value:.0%}", "General": "{:g}".format}
        for millions, thousands in product((0, 1), repeat=2):
            code = f'[>=1000000]{_DIGITS[millions]},,"M";[>=1000]{_DIGITS[thousands]},"K";General'
            codes[code] = partial(_shortened, millions=millions, thousands=thousands)
        return next((code for code, write in codes.items() if all(write(value) == text for value, text in marks)), "")

    @property
    def marks_on_it(self) -> list[tuple[float, str]]:
        """The marks that lie on it, in ascending order."""
        marks = list(self.marks) or (self.day_marks() if self.is_time else list(enumerate(self.categories)))
        low, high = sorted((self.low, self.high))
        slack = 1e-6 * (high - low)
        return sorted(
            (float(value), text) for value, text in marks if self.is_log or low - slack <= value <= high + slack
        )


def _shortened(value: float, millions: int, thousands: int) -> str:
    """Write a number as a spreadsheet does that was told so many digits for millions and thousands."""
    if value >= 1e6:
        return f"{value / 1e6:.{millions}f}M"
    return f"{value / 1e3:.{thousands}f}K" if value >= 1e3 else f"{value:g}"


def number(value: Any) -> float:
    """Turn a number or a time into a number."""
    if isinstance(value, str):
        return (datetime.fromisoformat(value).replace(tzinfo=None) - _ZERO_DAY) / _DAY
    if isinstance(value, datetime):
        return (value.replace(tzinfo=None) - _ZERO_DAY) / _DAY
    return float(value)


def listed(values: Any) -> list[Any]:
    """Turn one value or many, of whatever kind plotly holds, into a list."""
    if values is None:
        return []
    if isinstance(values, np.ndarray):
        return list(values.tolist())
    return list(values) if isinstance(values, list | tuple) else [values]


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def axis_of(axis: Any, name: str, span: tuple[float, float], values: Sequence[Any]) -> Axis:
    """Read a plotly axis.

    Parameters
    ----------
    axis
        The axis.
    name
        Its name, ``yaxis2``.
    span
        The pixels of the plot along it, from its lower to its upper end.
    values
        What is drawn along it, for an axis without a range of its own.
    """
    lower, upper = axis.domain if axis.domain is not None else (0.0, 1.0)
    words = [value for value in values if isinstance(value, str)]
    is_time = axis.type == "date" or (axis.type is None and bool(words) and all(map(_is_time, words)))
    categories = [] if is_time or axis.type == "linear" else list(dict.fromkeys(words))
    low, high = _range(axis, categories, values)
    given = zip(listed(axis.tickvals), listed(axis.ticktext), strict=False)
    return Axis(
        letter=name[0], low=low, high=high,
        start=span[0] + lower * (span[1] - span[0]), end=span[0] + upper * (span[1] - span[0]),
        is_time=is_time, is_log=axis.type == "log",
        marks=[(number(value), str(text)) for value, text in given],
        has_grid=axis.showgrid is True or (axis.showgrid is None and name.startswith("y")),
        has_labels=axis.showticklabels is not False, categories=categories,
    )  # fmt: skip


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _range(axis: Any, categories: Sequence[str], values: Sequence[Any]) -> tuple[float, float]:
    if axis.range is not None:
        return number(axis.range[0]), number(axis.range[1])
    if categories:
        return -0.5, len(categories) - 0.5
    known = [number(value) for value in values if not _is_missing(value)]
    if not known:
        return 0.0, 1.0
    low, high = min(0.0, *known) if axis.type != "date" else min(known), max(known)
    return low, high + 0.08 * ((high - low) or 1)
