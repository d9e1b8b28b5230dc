"""What a column and a table are, and the two columns that every table has."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Kind = Literal["text", "int", "float", "bool", "time"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it is called, what it holds, in which unit, and who says so."""

    name: str
    kind: Kind
    unit: str
    meaning: str
    source: str = "derived"


@dataclass(frozen=True)
class Table:
    """One table of the warehouse.

    ``role`` tells how a read as of an instant condenses it: ``identity`` to one row a thing with
    the latest known word in each column, ``latest`` to the latest row a thing, ``log`` to all rows.
    ``key`` names the thing.
    """

    name: str
    role: Literal["identity", "latest", "log"]
    key: tuple[str, ...]
    meaning: str
    columns: tuple[Column, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def blank(self) -> Mapping[str, None]:
        """A row of which nothing is known, without the proof."""
        return dict.fromkeys(self.names[: -len(PROOF)])


OBSERVED_AT = Column("observed_at", "time", "UTC", "when the answer behind this row was fetched", "archive")
ANSWER_ID = Column("answer_id", "text", "id", "the archived answer this row rests on", "archive")
PROOF = (OBSERVED_AT, ANSWER_ID)


def table(name: str, role: Literal["identity", "latest", "log"], key: str, meaning: str, *columns: Column) -> Table:
    """Declare a table; the proof stands last in each."""
    return Table(name, role, tuple(key.split()), meaning, (*columns, *PROOF))
