"""What a run may spend at a provider: credits are set aside before a request leaves.

A request that failed may still have been charged, so it counts; one that was turned away at the door, its key refused
or its credits used up, cannot have been, so its credits come back. What the cache served is counted apart, as saved.
"""

import threading

from trendlib.errors import BudgetError


class Budget:
    """Credits allowed for one run at one provider, shared by all its threads.

    Parameters
    ----------
    limit
        Credits that may be spent; None for no limit.
    provider
        Whose credits, for the error's words.

    Examples
    --------
    >>> budget = Budget(2)
    >>> budget.reserve(2)
    >>> budget.spent
    2
    """

    def __init__(self, limit: int | None = None, *, provider: str = "the provider") -> None:
        self.limit = limit
        self._provider = provider
        self._spent = 0
        self._saved = 0
        self._is_closed = False
        self._lock = threading.Lock()

    def reserve(self, credits_asked: int) -> None:
        """Set credits aside for a request that is about to leave.

        Raises
        ------
        BudgetError
            If that would exceed the limit, or the budget is closed; nothing is set aside then.
        """
        with self._lock:
            if self._is_closed:
                raise BudgetError(f"The run asks {self._provider} nothing more. What was bought is kept: run again.")
            if self.limit is not None and self._spent + credits_asked > self.limit:
                raise BudgetError(
                    f"The next request to {self._provider} costs {credits_asked} credits;"
                    f" {self._spent} of the {self.limit} allowed are spent. What was bought is kept:"
                    " run again with a higher --budget to go on from here."
                )
            self._spent += credits_asked

    def give_back(self, credits_kept: int) -> None:
        """Take back credits of a request that was turned away."""
        with self._lock:
            self._spent -= credits_kept

    def close(self) -> None:
        """Allow no more requests: who waits to leave when a run ends stays."""
        with self._lock:
            self._is_closed = True

    def save(self, credits_saved: int) -> None:
        """Count credits that an answer from the cache made unnecessary."""
        with self._lock:
            self._saved += credits_saved

    @property
    def spent(self) -> int:
        """Credits spent so far [credits]."""
        return self._spent

    @property
    def saved(self) -> int:
        """Credits saved by the cache so far [credits]."""
        return self._saved

    def __repr__(self) -> str:
        """Show what is allowed, spent and saved."""
        return f"Budget(limit={self.limit}, spent={self._spent}, saved={self._saved})"
