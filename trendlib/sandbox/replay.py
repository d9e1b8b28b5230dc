"""Recordings as a source of answers: asked for an endpoint, parameters and a time, they give what was answered then."""

import bisect
import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from trendlib.errors import ConfigError

_FIRST_PAGE = {"cursor": "0"}
_URL_FAILED = {"code": -1, "msg": "Url parsing is failed! Please check url.", "processed_time": 0.1}
Question: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]


@dataclass
class Recordings:
    """Answers by question, each list in order of time. Bodies stay JSON text until somebody asks."""

    answers: dict[Question, list[tuple[datetime, int, str]]] = field(default_factory=dict)
    last: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    @classmethod
    def read(cls, paths: Iterable[Path]) -> "Recordings":
        """Read recordings and folders of them.

        Raises
        ------
        ConfigError
            If there are no recordings, or a line is not an answer.
        """
        found = cls()
        for file in _files(paths):
            for number, line in enumerate(_lines(file), start=1):
                try:
                    found.add(json.loads(line))
                except (ValueError, KeyError, TypeError) as error:
                    msg = f"{file.name}, line {number}: expected one recorded answer as a JSON object, found {error!r}"
                    raise ConfigError(msg) from error
        if not found.answers:
            msg = "no recorded answers; give .jsonl or .jsonl.gz files, or a folder of them"
            raise ConfigError(msg)
        for answers in found.answers.values():
            answers.sort()
        return found

    def add(self, line: Mapping[str, Any]) -> None:
        """Add one recorded answer."""
        moment = datetime.fromisoformat(line["fetched_at"]).astimezone(UTC)
        question = _question(line["endpoint"], line["params"])
        body = json.dumps(line["body"], ensure_ascii=False, separators=(",", ":"))
        self.answers.setdefault(question, []).append((moment, int(line["status"]), body))
        self.last = max(self.last, moment)

    def answer(self, path: str, params: Mapping[str, str], now: datetime) -> tuple[int, Any]:
        """Give the latest answer at or before ``now``, or the family's error when there is none."""
        known = self.answers.get(_question(path, params), [])
        place = bisect.bisect_right(known, now, key=lambda one: one[0])
        if place == 0:
            return 200, _URL_FAILED
        _, status, body = known[place - 1]
        return status, json.loads(body)


def _question(endpoint: str, params: Mapping[str, Any]) -> Question:
    """Write a question so that equal ones are equal: no first cursor, no count (it is only a wish)."""
    texts = {str(name): str(value) for name, value in params.items()}
    kept = {
        name: value for name, value in texts.items() if name != "count" and _FIRST_PAGE.get(name) != value and value
    }
    return endpoint, tuple(sorted(kept.items()))


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.iterdir() if file.name.endswith((".jsonl", ".jsonl.gz")))
        else:
            yield path


def _lines(file: Path) -> Iterator[str]:
    if file.suffix == ".gz":
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            yield from lines
    else:
        with file.open(encoding="utf-8") as lines:
            yield from lines
