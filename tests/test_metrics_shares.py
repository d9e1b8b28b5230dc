"""Shares: Wilson's interval, and how much people who resemble each other tell."""

from hypothesis import given
from hypothesis import strategies as st

from trendlib.metrics.shares import effective, wilson


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 4))
def test_a_wilson_interval_holds_its_share(pair, z):
    hits, n = pair
    low, high = wilson(hits / n, n, z)
    assert -1e-9 <= low <= hits / n + 1e-9
    assert hits / n - 1e-9 <= high <= 1 + 1e-9


def test_people_who_resemble_each_other_tell_less():
    assert effective(300, 0.0) == 300
    assert effective(300, 1.0) == 1
    assert effective(0, 0.01) == 1
    assert 18 < effective(300, 0.05) < 19
