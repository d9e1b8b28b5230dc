"""Parsers, looked for weak spots by coverage: a broken body that reaches a line nobody reached is broken further.

No library does it: the standard tracing of Python tells which lines of the providers' rooms an answer reached.
"""

import json
import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType
from typing import Any

import pytest
from chaos.mutations import mutated, written

from trendlib.runs.loading import parsed
from trendlib.schema import TABLES, Answer, Call
from trendlib.store import frame_of

SECONDS = float(os.environ.get("TRENDLIB_CHAOS_FUZZ_S", "1.5"))
FEWEST = 60  # also where a second is short
SEED = int(os.environ.get("TRENDLIB_CHAOS_SEED", "20261121"))
KNOWN_AT = datetime(2026, 11, 20, 7, tzinfo=UTC)
ROOMS = (
    "/api/fields.py",
    "/api/refusals.py",
    "/api/tiklive",
    "/api/keyapi.py",
    "/api/layers.py",
    "/api/musicbrainz.py",
)
MOST_KEPT = 400
Line = tuple[str, int, int]


@contextmanager
def lines_reached() -> Iterator[set[Line]]:
    """Note which steps, from line to line, are taken in the providers' rooms."""
    reached: set[Line] = set()

    def enter(frame: FrameType, event: str, _: object) -> Any:
        name = frame.f_code.co_filename
        if event != "call" or not any(room in name for room in ROOMS):
            return None
        last = 0

        def step(inner: FrameType, kind: str, _: object) -> Any:
            nonlocal last
            if kind == "line":
                reached.add((name, last, inner.f_lineno))
                last = inner.f_lineno
            return step

        return step

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        yield reached
    finally:
        sys.settrace(before)


@pytest.mark.parametrize("provider", ["tiklive", "keyapi", "layers", "musicbrainz"])
def test_no_body_that_coverage_leads_to_breaks_a_parser(
    provider: str, bodies: dict[str, list[tuple[Call, Any]]], promise: Any
) -> None:
    draw = random.Random(f"{SEED} {provider}")  # noqa: S311 - breaks, not secrets
    pool = list(bodies[provider])
    known: set[Line] = set()
    with lines_reached() as reached:
        for call, body in pool:
            looked_at(call, body)
    known |= reached
    at_first, tried = len(known), 0
    ends = time.process_time() + SECONDS
    while time.process_time() < ends or tried < FEWEST:
        call, body = pool[-1 - int(len(pool) * draw.random() ** 2)]  # what was found last, more often
        broken = mutated(body, draw)
        with lines_reached() as reached:
            looked_at(call, broken)
        tried += 1
        if reached - known and len(written(broken)) < 200_000:
            pool = pool[-MOST_KEPT:]
            pool.append((call, broken))
        known |= reached
    assert len(known) > at_first
    promise(
        f"No body that coverage leads to breaks the parser of {provider}",
        f"{tried:,} bodies in {SECONDS:g} s; steps from line to line: {at_first:,} at first, {len(known):,} at last",
    )


def looked_at(call: Call, body: Any) -> None:
    """Parse a body as a load would; what comes out fits its tables, and has a reason where it is nothing."""
    try:
        read = json.loads(written(body))
    except (ValueError, RecursionError):  # the archive refuses it, and says so
        return
    loaded = parsed(Answer(KNOWN_AT, call.provider, call.endpoint, call.params, 200, read), "fuzz")
    for name, rows in loaded.rows.tables.items():
        frame_of(TABLES[name], [{**row, "observed_at": KNOWN_AT, "answer_id": "0"} for row in rows])
        if name == "rejects":
            assert all(row["reason"] and isinstance(row["raw"], str) for row in rows)
    assert loaded.error is None or loaded.error.strip()
