"""Windows as matrices: joining posts and counters, frames and grids of the same counts."""

from datetime import UTC, datetime

import hypothesis.strategies as st
import numpy as np
import pandas as pd
from hypothesis import given

from trendlib.metrics import daily
from trendlib.metrics.engines import instant
from trendlib.metrics.windows import WHOLE_DAY, Counts

AS_OF = datetime(2026, 3, 2, 7, tzinfo=UTC)
NOW = instant(AS_OF)
WINDOWS = 6
COLUMNS = ("posts", "exposure_days", "net_change", "is_flagged", "rounding_unit", "creators")

window = st.none() | st.tuples(st.integers(0, 50), st.sampled_from([0.0, 0.4, 0.985, WHOLE_DAY, 1.0]))
sounds = st.dictionaries(st.sampled_from("abcd"), st.lists(window, min_size=WINDOWS, max_size=WINDOWS), max_size=4)


def counts(told, *, is_counter) -> Counts:
    """Make counts of what is said of each sound's windows: posts and exposure, or nothing."""
    names = sorted(told)
    cells = [[cell or (np.nan, 0.0) for cell in told[name]] for name in names]
    posts, exposure = (
        np.array([[cell[place] for cell in row] for row in cells], dtype=float).reshape(len(names), WINDOWS)
        for place in (0, 1)
    )
    is_told = np.array([[cell is not None for cell in told[name]] for name in names], dtype=bool)
    is_told = is_told.reshape(len(names), WINDOWS)
    unit = np.where(is_told, 100.0 if is_counter else 1.0, np.nan)
    columns = (np.where(exposure > 0, posts, np.nan), exposure, posts * 2, np.zeros_like(posts), unit, posts // 2)
    is_by_counter = is_told if is_counter else np.zeros_like(is_told)
    return Counts(pd.Index(names, dtype="str"), dict(zip(COLUMNS, columns, strict=True)), is_told, is_by_counter)


@given(sounds, sounds)
def test_a_window_stands_on_the_posts_that_cover_it_whole_then_on_the_counter_then_on_part_of_the_posts(
    listed, counted
):
    both = counts(listed, is_counter=False).beside(counts(counted, is_counter=True)).frame(NOW)
    found = {
        (row.sound_id, round((NOW - row.day) / pd.Timedelta(days=1)) - 1): (row.source, row.exposure_days)
        for row in both.itertuples()
    }
    expected = {}
    for name in {*listed, *counted}:
        for place in range(WINDOWS):
            seen, read = listed.get(name, [None] * WINDOWS)[place], counted.get(name, [None] * WINDOWS)[place]
            is_seen_whole = seen is not None and seen[1] >= WHOLE_DAY
            if is_seen_whole or (seen and not read):
                expected[name, place] = ("posts", seen[1])
            elif read:
                expected[name, place] = ("counter", read[1])
    assert found == expected


@given(sounds, sounds)
def test_a_grid_of_counts_is_the_grid_of_their_frame(listed, counted):
    both = counts(listed, is_counter=False).beside(counts(counted, is_counter=True))
    for days in (WINDOWS - 2, WINDOWS, WINDOWS + 1):
        ours, theirs = both.grid(days), daily.grid(both.frame(NOW), as_of=AS_OF, days=days)
        assert ours.sounds.tolist() == theirs.sounds.tolist()
        for name in ("posts", "exposure", "unit", "is_counter", "is_seen", "creators"):
            np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))


def test_a_frame_of_counts_is_in_the_order_of_sounds_and_days():
    frame = counts({"b": [(3, 1.0)] * WINDOWS, "a": [(4, 1.0)] * WINDOWS}, is_counter=True).frame(NOW)
    assert frame["sound_id"].tolist() == ["a"] * WINDOWS + ["b"] * WINDOWS
    assert frame.groupby("sound_id")["day"].apply(lambda days: days.is_monotonic_increasing).all()
