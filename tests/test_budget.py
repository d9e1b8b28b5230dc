"""What a run may spend."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from trendlib.api.budget import Budget
from trendlib.errors import BudgetError


def test_a_budget_says_how_much_of_it_is_spent_and_what_to_do() -> None:
    budget = Budget(3)
    budget.reserve(2)
    with pytest.raises(BudgetError, match=r"costs 2 credits; 2 of the 3 allowed are spent.*--budget"):
        budget.reserve(2)
    budget.reserve(1)
    assert budget.spent == 3


def test_a_budget_without_limit_only_counts() -> None:
    budget = Budget()
    budget.reserve(10**9)
    budget.save(7)
    assert (budget.spent, budget.saved) == (10**9, 7)


def test_a_budget_is_never_exceeded_by_threads_that_reserve_together() -> None:
    budget = Budget(500)

    def spend(_: int) -> int:
        spent = 0
        for _ in range(200):
            try:
                budget.reserve(1)
            except BudgetError:
                break
            spent += 1
        return spent

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(spend, range(8))) == 500
    assert repr(budget) == "Budget(limit=500, spent=500, saved=0)"
