"""Bodies as no provider should send them: a well-formed answer, broken in one to four places.

Every break is drawn from a generator that the caller seeds, so a failure can be had again by its number.
"""

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

DEEP = 5_000
WIDE = 2_000
_DEEP = "(a list in a list in a list)"  # Python can't write so deep a list itself; `written` puts it in

STRANGERS: tuple[Callable[[random.Random], Any], ...] = (
    lambda _: None,
    lambda draw: draw.choice([True, False]),
    lambda draw: draw.choice([0, -1, 1, 2**31, 2**53 + 1, 2**63, 2**64, -(2**63) - 1, 10**400]),
    lambda draw: draw.choice([0.0, -0.5, 1e308, float("nan"), float("inf"), float("-inf"), 7.654107803994333e18]),
    lambda draw: draw.choice(["", " ", "0", "-1", "NaN", "null", "1,234", "12.5K", "1e400", "\x00", "\ud83d", "٣٤"]),
    lambda draw: draw.choice(
        ["<script>alert(1)</script>", "=1+1", "'; DROP TABLE posts; --", "../../etc/passwd", "\u202e"]
    ),
    lambda draw: "x" * draw.choice([1_000, 100_000]),
    lambda _: [],
    lambda _: {},
    lambda _: [[[[]]]],
    lambda _: {"": {"": None}},
    lambda _: [None] * WIDE,
    lambda _: _DEEP,
    lambda draw: {f"k{number}": number for number in range(draw.choice([1, 500]))},
)


def written(record: Any) -> bytes:
    """Write a record as JSON, NaN, surrogate halves and all."""
    return json.dumps(record).replace(f'"{_DEEP}"', "[" * DEEP + "]" * DEEP).encode()


def mutated(body: Any, draw: random.Random) -> Any:
    """Break a copy of a body in one to four places."""
    broken = copy.deepcopy(body)
    for _ in range(draw.randint(1, 4)):
        broken = _broken_once(broken, draw)
    return broken


def _broken_once(body: Any, draw: random.Random) -> Any:
    places = list(_places(body))
    if not places or draw.random() < 0.02:
        return draw.choice(STRANGERS)(draw)
    *way, last = draw.choice(places)
    inner = body
    for step in way:
        inner = inner[step]
    break_ = draw.choice([_replace, _replace, _drop, _double, _as_text, _as_float])
    break_(inner, last, draw)
    return body


def _places(body: Any, way: tuple[str | int, ...] = (), depth: int = 12) -> Iterator[tuple[str | int, ...]]:
    if depth == 0:
        return
    inner = body.items() if isinstance(body, dict) else enumerate(body[:50]) if isinstance(body, list) else ()
    for step, value in inner:
        yield (*way, step)
        yield from _places(value, (*way, step), depth - 1)


def _replace(inner: Any, last: str | int, draw: random.Random) -> None:
    inner[last] = draw.choice(STRANGERS)(draw)


def _drop(inner: Any, last: str | int, _: random.Random) -> None:
    del inner[last]


def _double(inner: Any, last: str | int, _: random.Random) -> None:
    inner[last] = [inner[last], inner[last]]


def _as_text(inner: Any, last: str | int, _: random.Random) -> None:
    inner[last] = str(inner[last])[:100_000]


def _as_float(inner: Any, last: str | int, _: random.Random) -> None:
    try:
        inner[last] = float(inner[last])
    except (TypeError, ValueError, OverflowError):
        inner[last] = float("nan")
