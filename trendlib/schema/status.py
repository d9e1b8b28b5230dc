"""How far a number can be trusted."""

from collections.abc import Mapping
from enum import StrEnum


class Status(StrEnum):
    """How far a number can be trusted. No metric travels without one.

    Examples
    --------
    >>> Status.COUNTER_ONLY.words, Status.COUNTER_ONLY.is_rankable
    ('counter only', True)
    """

    OK = "ok"
    WEAK = "weak"
    COUNTER_ONLY = "counter_only"
    ROUNDED = "rounded"
    NEW = "new"
    NOT_ENOUGH_COVERAGE = "not_enough_coverage"
    INDEX_ONLY = "index_only"

    @property
    def words(self) -> str:
        """The status as it is printed."""
        return self.value.replace("_", " ")

    @property
    def meaning(self) -> str:
        """What it says about the number beside it."""
        return _STATUS[self][0]

    @property
    def shown_as(self) -> str:
        """How a table or chart shows such a number."""
        return _STATUS[self][1]

    @property
    def is_rankable(self) -> bool:
        """Whether such a number may compete for a rank."""
        return self in {Status.OK, Status.WEAK, Status.COUNTER_ONLY}


_STATUS: Mapping[Status, tuple[str, str]] = {
    Status.OK: ("both windows are proven covered", "the ratio with its interval"),
    Status.WEAK: (
        "the baseline is half covered, has a gap of over 3 days, or the history is under 10 days",
        "the ratio with its interval, greyed",
    ),
    Status.COUNTER_ONLY: (
        "measured on the use counter, as no list of posts covers both windows",
        "the ratio with its interval",
    ),
    Status.ROUNDED: ("the counter is rounded too coarsely for its pace, even over two weeks", "a range, or nothing"),
    Status.NEW: ("first seen under 8 days ago, so no baseline exists", "apart: its level and distinct creators"),
    Status.NOT_ENOUGH_COVERAGE: (
        "what was fetched does not reach across the windows",
        "a lower bound (at least so many posts), never a ratio, never ranked, never taken for quiet",
    ),
    Status.INDEX_ONLY: ("a 0-1 curve without volume", "its shape only"),
}
