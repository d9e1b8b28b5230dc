"""A question, its answer as it was archived, and the rows that are made of it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from trendlib.schema.columns import Table
from trendlib.schema.evidence import REJECTS


@dataclass(frozen=True)
class Call:
    """One question to a provider, as data: nothing is sent until the client fetches it.

    ``params`` never hold a key. ``region`` and the like stand among them as the provider spells them.
    """

    provider: str
    endpoint: str
    params: Mapping[str, str]

    @property
    def params_text(self) -> str:
        """The parameters, in the one way trendlib writes them down."""
        return json.dumps(dict(sorted(self.params.items())), ensure_ascii=False)

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two calls the same question."""
        return self.provider, self.endpoint, self.params_text


@dataclass(frozen=True)
class Answer:
    """One answer of a provider, as it was archived: the evidence everything else is derived from.

    ``fetched_at`` is when the provider gave it, in UTC; ``status`` is the HTTP status, 0 when no
    answer came at all; ``body`` is its JSON, or the bare text when it was none. ``params`` never
    hold a key.
    """

    fetched_at: datetime
    provider: str
    endpoint: str
    params: Mapping[str, str]
    status: int
    body: Any = field(repr=False)

    @property
    def call(self) -> Call:
        """The question this answers."""
        return Call(self.provider, self.endpoint, self.params)

    @cached_property
    def answer_id(self) -> str:
        """Sixteen hex digits that stand for who was asked what, when, and what came back."""
        words = (self.provider, self.endpoint, self.params, utc_text(self.fetched_at), self.status, self.body)
        written = json.dumps(words, sort_keys=True, check_circular=False)  # JSON has no circles
        return hashlib.blake2b(written.encode(), digest_size=8).hexdigest()


MOST_REJECTS = 1_000
YEARS = range(2000, 2101)  # every instant near them can be told in any time zone and any frame


@dataclass
class Rows:
    """What parsing gives: rows by table, each row with every column of its table but the proof.

    Attributes
    ----------
    tables
        Table → rows; ``rejects`` among them.
    rejected
        How many things were set aside, told or not.

    Examples
    --------
    >>> from trendlib.schema import SOUND_OBSERVATIONS
    >>> rows = Rows()
    >>> rows.add(SOUND_OBSERVATIONS, sound_id="7012345678901234567", total_uses=1200)
    >>> rows.tables["sound_observations"]
    [{'sound_id': '7012345678901234567', 'total_uses': 1200}]
    """

    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    rejected: int = 0

    def add(self, table: Table, **values: Any) -> None:
        """Add a row; columns not given are NULL."""
        row = values if len(values) == len(table.blank) else {**table.blank, **values}
        self.tables.setdefault(table.name, []).append(row)

    def reject(self, place: str, reason: str, raw: Any) -> None:
        """Set something aside with its reason; past `MOST_REJECTS` of one answer, the rest is counted in a last row."""
        self.rejected += 1
        if self.rejected > MOST_REJECTS:
            left_out = self.rejected - MOST_REJECTS + 1
            self.tables[REJECTS.name][-1] |= {"place": "$", "reason": f"{left_out:,} more were set aside", "raw": ""}
            return
        text = raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=True, default=str)
        self.add(REJECTS, place=place, reason=reason, raw=text[:2000])


def utc_text(instant: datetime) -> str:
    """Write an instant the one way trendlib writes instants: ``2022-04-20T00:00:00Z``.

    Raises
    ------
    ValueError
        If the instant has no time zone.
    """
    if instant.tzinfo is None:
        msg = f"{instant!r} has no time zone; give one, for example tzinfo=datetime.UTC"
        raise ValueError(msg)
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
