"""What trendlib itself said, kept like any provider's answer: alerts and notes, pure.

A rule may change, its word may not: what was said at an instant is archived as an answer, so that a
warehouse made anew holds the same alerts under any later rule. Such an answer costs nothing. It is
dated to the last microsecond before its as-of instant: as of then it is known, and no later.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from trendlib.api import fields as read
from trendlib.api.fields import Fields, reject
from trendlib.errors import ParseError
from trendlib.schema import ALERTS, NOTES, RULE_RUNS, Answer, Column, Rows, Status, Table, utc_text

PROVIDER = "trendlib"
ALERTS_ENDPOINT, NOTES_ENDPOINT = "alerts", "notes"
JUST_BEFORE = timedelta(microseconds=1)
PROOF = ("observed_at", "answer_id")


@dataclass(frozen=True)
class Words:
    """What the rules said at an instant.

    Attributes
    ----------
    runs
        The rules that were asked: columns of ``rule_runs``, thresholds as an object.
    new
        Episodes that begin: columns of ``alerts``, thresholds and inputs as objects.
    still
        Episodes that go on: ``alert_id`` and ``last_alert``.
    """

    runs: Sequence[Mapping[str, Any]] = ()
    new: Sequence[Mapping[str, Any]] = ()
    still: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


def alerts(words: Words, *, as_of: datetime, recorded_at: datetime) -> Answer:
    """Make the answer that keeps what the rules said as of an instant."""
    listed = {"runs": list(words.runs), "new": list(words.new), "still": list(words.still)}
    body = {"recorded_at": utc_text(recorded_at), **listed}
    return _answer(ALERTS_ENDPOINT, {"as_of": utc_text(as_of)}, as_of, body)


def note(alert_id: str, text: str, *, as_of: datetime, written_at: datetime) -> Answer:
    """Make the answer that keeps a note on an alert."""
    body = {"note": text, "written_at": utc_text(written_at)}
    return _answer(NOTES_ENDPOINT, {"alert_id": alert_id, "as_of": utc_text(as_of)}, as_of, body)


def parse(answer: Answer) -> Rows:
    """Turn what was said into rows; an alert without a name or of a status that says nothing is a reject.

    Raises
    ------
    ParseError
        If it is nothing that trendlib says.
    """
    as_of = answer.fetched_at + JUST_BEFORE
    if not isinstance(answer.body, Mapping) or answer.endpoint not in {ALERTS_ENDPOINT, NOTES_ENDPOINT}:
        raise ParseError(f"{answer.endpoint}: neither alerts nor a note of trendlib")
    rows = Rows()
    if answer.endpoint == NOTES_ENDPOINT:
        _add(rows, NOTES, "note", {**answer.body, "alert_id": answer.params.get("alert_id")})
        return rows
    spoken = {"recorded_at": answer.body.get("recorded_at"), "last_at": utc_text(as_of)}
    for place, run in _listed(answer.body, "runs"):
        _add(rows, RULE_RUNS, place, run, asked_as_of=utc_text(as_of))
    for place, one in _listed(answer.body, "new"):
        _add(rows, ALERTS, place, one, alerted_at=utc_text(as_of), **spoken)
    for place, one in _listed(answer.body, "still"):
        _add(rows, ALERTS, place, one, last_at=utc_text(as_of))
    return rows


def _answer(endpoint: str, params: Mapping[str, str], as_of: datetime, body: Mapping[str, Any]) -> Answer:
    return Answer(as_of.astimezone(UTC) - JUST_BEFORE, PROVIDER, endpoint, params, 200, body)


def _listed(body: Mapping[str, Any], name: str) -> Sequence[tuple[str, Any]]:
    items = body.get(name)
    return [(f"{name}[{number}]", item) for number, item in enumerate(items)] if isinstance(items, list) else []


def _add(rows: Rows, table: Table, place: str, item: Any, **given: Any) -> None:
    """Add one row, or set it aside: nothing stands in a table that cannot be told from others."""
    try:
        found = Fields({**item, **given} if isinstance(item, Mapping) else item, place, rows)
        key = {table.key[0]: found.read_key(read.text, table.key[0])} if table is not RULE_RUNS else {}
        columns = [column for column in table.columns if column.name not in {*PROOF, *key}]
        values = {column.name: found.read(_reader(column), column.name) for column in columns}
        if values.get("status") == Status.NOT_ENOUGH_COVERAGE:
            reject(rows, place, "an alert on not enough coverage is none", item)
        else:
            rows.add(table, **key, **values)
    except ParseError as error:
        reject(rows, place, str(error), item)


def _reader(column: Column) -> Callable[[Any], Any]:
    if column.unit == "JSON":
        return _written
    return {"text": read.text, "int": read.counter, "float": _real, "time": _moment, "bool": read.flag}[column.kind]


def _written(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _real(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ParseError(f"{str(value)[:40]!r} is no number")
    return float(value)


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise ParseError(f"{str(value)[:40]!r} is no time") from error
    if moment.tzinfo is None:
        raise ParseError(f"{str(value)[:40]!r} has no time zone, so it is no instant")
    return moment.astimezone(UTC)
